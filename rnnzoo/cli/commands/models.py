"""`list` and `describe`: what the registry knows."""

from dataclasses import dataclass

from tyro.conf import Positional

from rnnzoo.cli.terminal import print_out
from rnnzoo.errors import InvalidValue


@dataclass
class List:
    """List models."""

    pattern: Positional[str] = "*"
    """With wildcards: "*lstm*"."""
    task: str | None = None
    """Only models that can do it."""

    needs_keras = False

    def execute(self, _):
        """Print a table."""
        from rich.table import Table

        from rnnzoo.registry import describe, list_models
        from rnnzoo.tasks import all_tasks

        table = Table("model", "what it is", "tasks", box=None, pad_edge=False)
        names = list_models(self.pattern, task=self.task)
        if not names:
            raise InvalidValue(f"No model matches; `rnnzoo list` shows all. Received: {self.pattern}")
        for info in map(describe, names):
            table.add_row(info.name, info.summary, info.tasks_in_words)
        print_out(table)
        if any(describe(name).tasks_in_words.startswith("all") for name in names):
            of_one = ", ".join(each.name for each in all_tasks() if each.sequences == 1)
            print_out(f"\nall: every task of one sequence ({of_one})")


@dataclass
class Describe:
    """Describe a model."""

    name: Positional[str]
    """As `rnnzoo list` shows it."""

    needs_keras = False

    def execute(self, _):
        """Print what the registry knows."""
        from rich.table import Table

        from rnnzoo.registry import describe

        info = describe(self.name)
        print_out(f"{info.name}: {info.summary}\npaper: {info.paper or '-'}\ntasks: {', '.join(info.tasks)}")
        print_out(f"causal: {'yes' if info.causal else 'no'}\n")
        dials = dict(info.hyperparameters)
        for each in info.tasks:
            dials |= info.dials(each)
        table = Table("hyper-parameter", "default", "valid", "what it does", box=None, pad_edge=False)
        for name, dial in dials.items():
            table.add_row(name, repr(dial.default), dial.valid, dial.help)
        print_out(table)
        sizes = ", features=7, horizon=96" if info.tasks[0] == "forecasting" else ""
        print_out(f'\nrnnzoo.build("{info.name}", task="{info.tasks[0]}"{sizes})')
