"""A model card, in the Hugging Face Hub's format, written from a packed run."""

import json
import os
from collections.abc import Mapping
from typing import Any

from rnnzoo.rounding import short
from rnnzoo.sharing import packs
from rnnzoo.tasks import find

OF_TEXTS = {
    "classification": "text-classification",
    "multilabel": "text-classification",
    "tagging": "token-classification",
    "language_modeling": "text-generation",
    "translation": "translation",
}
"""The Hub's word for a task of texts; for series it has one alone."""
OF_SERIES = {"forecasting": "time-series-forecasting"}


def write(path: str | os.PathLike, address: str) -> str:
    """Return the card: what the run is for, what it was trained on, what it is worth, how to use it and its limits.

    Args:
        path: The packed run.
        address: Where it will be found: `hf://user/name`.
    """
    found = packs.contents(path, (packs.ABOUT, packs.RESULTS, packs.CONFIG, packs.DATA))
    told, results, config = found[packs.ABOUT], found[packs.RESULTS], found[packs.CONFIG]
    task, name = results["task"], address.rpartition("/")[2]
    pipeline = (OF_TEXTS if "vocabulary_size" in found[packs.DATA].get("inputs", {}) else OF_SERIES).get(task)
    summary = told.get("summary", f"a model for {task}")
    writes = "generate" in find(task).commands
    head = {
        "library_name": "rnnzoo",
        "tags": ["rnnzoo", "keras", results["model"], task],
        **({"pipeline_tag": pipeline} if pipeline else {}),
        "model-index": [{"name": name, "results": [_index(results, split) for split in results["metrics"]]}],
    }
    lines = [
        "---",
        *(f"{word}: {json.dumps(value, ensure_ascii=False)}" for word, value in head.items()),  # JSON is YAML too
        "---",
        "",
        f"# {name}",
        "",
        f"{summary[:1].upper()}{summary[1:]}: `{results['model']}` of rnnzoo, "
        f"{results['parameters']:,} parameters, trained on {told.get('data', results['dataset'])}.",
        "",
        "## How to use it",
        "",
        "```python",
        "import rnnzoo  # pip install 'rnnzoo[cpu,hub]'",
        "",
        f'run = rnnzoo.load("{address}")',
        'print(rnnzoo.generate(run, "..."))' if writes else "print(run.predict([...]))",
        "```",
        "",
        "The file holds no code and no pickle.",
        "",
        "## What it is worth",
        "",
        "| split | measure | value |",
        "| --- | --- | ---: |",
        *(f"| {split} | {k} | {short(v)} |" for split, scores in results["metrics"].items() for k, v in scores.items()),
        "",
        *_small(told),
        "## Training",
        "",
        f"Recipe `{results['recipe']}`, seed {results['seed']}, {results['epochs']} epochs, {results['seconds']} s on "
        f"{results['device']}" + (f", commit {results['commit']}" if results.get("commit") else "") + "."
        + (f" `{told['command']}`" if "command" in told else ""),
        "",
        "```json",
        json.dumps({"model": config["model"], "hyperparameters": config["hyperparameters"]}, indent=1),
        "```",
        "",
        "## Licence and limits",
        "",
        f"Licence of the data: {told.get('licence', 'not told')}. "
        + told.get("limits", "It answers whatever it is asked, and is as right as its data were like yours."),
        "",
    ]  # fmt: skip
    return "\n".join(lines)


def _index(results: Mapping[str, Any], split: str) -> dict[str, Any]:
    """Return a split's scores as the Hub's `model-index` has them."""
    return {
        "task": {"type": results["task"]},
        "dataset": {"name": results["dataset"], "type": results["dataset"], "split": split},
        "metrics": [{"type": word, "value": value} for word, value in results["metrics"][split].items()],
    }


def _small(told: Mapping[str, Any]) -> list[str]:
    """Return what the small weights cost, where that was measured."""
    if not (q := told.get("quality")):
        return []
    return [
        f"These are of the weights as trained. The file's are 8-bit and 16-bit numbers: {q['split']} {q['measure']} "
        f"{short(q['compact'])} instead of {short(q['trained'])}.",
        "",
    ]
