"""What the registry and the results know of a model, under its heading on its family's page."""

import html
import json
import re
from pathlib import Path

import diagrams

import rnnzoo

RESULTS = Path(__file__).resolve().parents[1] / "recipes" / "results"


def filled(markdown: str) -> str:
    """Put what is known of each model behind its section; a section is a second heading with the model's name."""
    parts = re.split(r"^## (\w+)$", markdown, flags=re.MULTILINE)
    sections = [parts[0]]
    for name, text in zip(parts[1::2], parts[2::2], strict=True):
        info = rnnzoo.describe(name)
        sections.append(f"## {name}\n\n{info.summary} [Paper]({info.paper}){text.rstrip()}\n\n{_known(info)}\n\n")
    return "".join(sections)


def _known(info) -> str:
    """Return sizes, hyper-parameters, measured results and the diagram of a model."""
    model = example(info)
    looks = "No output depends on a later step." if info.causal else "It looks at later steps."
    line = f"**Tasks**: {', '.join(info.tasks)}. {looks} **Parameters**: {model.count_params():,} as built by default."
    rows = [f"| `{name}` | `{dial.default}` |" for name, dial in info.hyperparameters.items()]
    dials = "\n".join(["| hyper-parameter | default |", "| --- | --- |", *rows]) if rows else ""
    picture = f'<figure class="diagram" markdown="0">{diagrams.of_model(model)}</figure>'
    return "\n\n".join(part for part in (line, dials, results(info.name), picture) if part)


def example(info):
    """Build a model as `recipes/tables.py` measures it."""
    forecasts = info.tasks == ("forecasting",)
    sizes = {"features": 7, "horizon": 96, "sequence_length": 96} if forecasts else {}
    return rnnzoo.build(info.name, info.tasks[0], **sizes)


def results(name: str) -> str:
    """Return a table of the runs of a model, or nothing."""
    from rnnzoo.training.several.compare import main_metric

    rows = []
    for path in sorted(RESULTS.glob("*.json")):
        found = json.loads(path.read_text(encoding="utf-8"))
        if found["model"] == name:
            split, metric = list(found["metrics"])[-1], main_metric(found)
            quality = f"{split} {metric} {found['metrics'][split][metric]:.4f}"
            run = f"[{path.stem}](../../recipes/results/{path.name})"
            rows.append(f"| {run} | {html.escape(found['dataset'])} | {quality} | {found['seconds']} |")
    return "\n".join(["| run | data | quality | seconds |", "| --- | --- | --- | ---: |", *rows]) if rows else ""
