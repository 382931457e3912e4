"""Published results of the recipes, which lessons with long trainings rest on."""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[1] / "recipes" / "results"


def read(name: str) -> dict[str, Any]:
    """Return a published run's results."""
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def linked(name: str) -> str:
    """Return a link to it, from a lesson's page."""
    return f"[{name}](../../recipes/results/{name}.json)"
