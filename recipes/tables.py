"""Rewrite the generated tables of docs/, `results.csv` and recipes/results/series.md: models, recipes, benchmarks.

`python recipes/tables.py` rewrites them, `--check` only tells whether they are stale (exit status 1), and
`add RUN` publishes a finished run: its results.json is copied to recipes/results/<recipe>-<model>-<seed>.json, where
forecasts also have data set and steps in the name. Tests of memory go to recipes/results/memory, with a picture of all.
"""

import argparse
import functools
import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT)]  # a script sees its own folder alone

import rnnzoo  # noqa: E402
from benchmarks import tables as benchmarks  # noqa: E402
from benchmarks.tables import table  # noqa: E402
from recipes import leaderboard, published  # noqa: E402
from rnnzoo.errors import InvalidValue, UserError  # noqa: E402
from rnnzoo.files import write_text  # noqa: E402

DOCS = ROOT / "docs"


def models() -> str:
    """Every model of the package, plug-ins left out; parameters of `rnnzoo.build(name)`."""
    rows = []
    for info in map(rnnzoo.describe, rnnzoo.list_models()):
        if info.function.__module__.startswith("rnnzoo."):
            forecasts = info.tasks == ("forecasting",)
            sizes: dict[str, Any] = {"features": 7, "horizon": 96, "sequence_length": 96} if forecasts else {}
            model = rnnzoo.build(info.name, info.tasks[0], **sizes)
            body, total = model.get_layer("body").count_params(), model.count_params()
            tasks = info.tasks_in_words
            rows.append((f"`{info.name}`", info.summary, f"[paper]({info.paper})", tasks, f"{body:,}", f"{total:,}"))
    return table(("model", "what it is", "paper", "tasks", "body", "total"), rows, numbers=2)


def presets() -> str:
    """Every model that comes with the package, as its own file tells of it."""
    rows = []
    for p in rnnzoo.list_presets():
        worth = (p.in_words, f"{p.quality['trained']:.4f}", f"{p.parameters:,}", f"{p.size / 1e6:.2f}")
        rows.append((f"`{p.name}`", p.summary, f"`{p.model}`", p.data, p.licence, f"`{p.command}`", *worth))
    head = ("preset", "what it does", "model", "trained on", "licence of the data", "made by")
    return table((*head, "quality", "as trained", "parameters", "MB"), rows, numbers=3)


PAGES: dict[str, dict[str, Callable[[], str]]] = {
    "benchmarks.md": {
        "layers": benchmarks.layers,
        "busy": functools.partial(benchmarks.layers, "layers-busy"),
        "jax": functools.partial(benchmarks.layers, "layers-jax"),
        "modern": benchmarks.modern,
        "cells": benchmarks.cells,
        "gpu": functools.partial(benchmarks.layers, "layers-jax-gpu"),
        "modern_gpu": functools.partial(benchmarks.modern, "modern-jax-gpu"),
        "padding": benchmarks.padding,
        "first_fit": benchmarks.first_fit,
        "imdb": benchmarks.imdb,
        "serving": benchmarks.serving,
    },
    "memory.md": {"memory": published.memory},
    "guides/presets.md": {"presets": presets},
    "models/index.md": {"models": models},
    "results.md": {"results": published.results},
    "../recipes/results/language.md": {"shakespeare": published.shakespeare},
    "../recipes/results/series.md": {"series": published.series, "intervals": published.intervals},
    "../recipes/results/leaderboard.md": {"leaderboard": leaderboard.boards},
}


def fresh(page: str) -> str:
    """Return a page's text with its tables made anew, each between its markers `<!-- name -->` and `<!-- /name -->`."""
    text = (DOCS / page).read_text(encoding="utf-8")
    for name, make in PAGES[page].items():
        between = re.compile(rf"(?<=<!-- {name} -->\n).*?(?=<!-- /{name} -->)", re.DOTALL)
        if len(between.findall(text)) != 1:
            raise InvalidValue(f"docs/{page} must have one pair of markers for each table. Received: none for {name!r}")
        made = f"\n{make()}\n\n"
        text = between.sub(lambda _, made=made: made, text)  # type: ignore[misc]
    return text


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="exit with status 1 when a table is stale")
    commands = parser.add_subparsers(dest="command")
    publish = commands.add_parser("add", help="publish a finished run")
    publish.add_argument("run", metavar="RUN")
    publish.add_argument("--name", help="of the file, for other settings than the recipe's")
    options = parser.parse_args(arguments)
    try:
        if options.command == "add":
            print(published.add(options.run, options.name).relative_to(ROOT))
        made = {DOCS / page: fresh(page) for page in PAGES} | {published.RESULTS / "results.csv": published.as_csv()}
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    stale = {page: text for page, text in made.items() if not page.exists() or text != page.read_text("utf-8")}
    if not stale:
        print("the tables of docs are up to date")
    elif options.check:
        print(
            f"stale tables in docs: {', '.join(page.name for page in stale)}. Run: python recipes/tables.py",
            file=sys.stderr,
        )
        return 1
    for page, text in stale.items():
        write_text(page, text)
        print(f"{os.path.relpath(page)} rewritten")
    return 0


if __name__ == "__main__":
    sys.exit(main())
