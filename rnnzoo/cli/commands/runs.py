"""`runs` and `summary`: what lies in run folders."""

import json
from dataclasses import dataclass
from typing import Any

from tyro.conf import Positional

from rnnzoo.cli.options import RUN, TRUST
from rnnzoo.cli.terminal import print_out
from rnnzoo.errors import InvalidValue, UserError
from rnnzoo.rounding import short


@dataclass
class Runs:
    """List the runs in a folder."""

    folder: Positional[str] = "runs"

    needs_keras = False

    def execute(self, _):
        """Print a table."""
        from rich.table import Table

        from rnnzoo.training.runs import list_runs

        table = Table(box=None, pad_edge=False)
        table.add_column("run", overflow="fold")
        for name in ("model", "epochs", "seconds", "quality"):
            table.add_column(name, overflow="fold")
        for run in list_runs(self.folder):
            try:
                table.add_row(run.folder.name, *_row(run))
            except UserError as error:  # one that is damaged hides none of the others
                table.add_row(run.folder.name, "-", "-", "-", f"damaged: {error}")
        if not table.rows:
            raise InvalidValue(f"There is no run in this folder. Received: {self.folder}")
        print_out(table)


def _row(run: Any) -> tuple[str, str, str, str]:
    """Return model, epochs, seconds and quality of a run.

    Raises:
        ValueError: A file of it is damaged.
    """
    if not run.finished:
        return run.config["model"], "-", "-", "not finished"
    r, _ = run.results, run.config
    split, values = list(r["metrics"].items())[-1]
    judged = (r["measure"], "loss") if "measure" in r else ("accuracy", "loss", "rmse", "perplexity")
    shown = "  ".join(f"{k} {short(values[k])}" for k in judged if k in values)
    return r["model"], str(r["epochs"]), str(r["seconds"]), f"{split}: {shown}"


@dataclass
class Summary:
    """Show a run's settings, results and model."""

    run: RUN
    trust: TRUST = False

    def execute(self, _):
        """Print everything."""
        from rnnzoo.training.runs import load

        run = load(self.run, trust=self.trust)
        print_out(json.dumps(run.config, indent=1))
        if run.finished:
            print_out(json.dumps(run.results, indent=1))
            run.model.summary(expand_nested=True)
