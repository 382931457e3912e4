"""The commands that work on any run and on the registry: what they take, and what they do."""

import json
from dataclasses import dataclass
from typing import Annotated, Literal

from tyro.conf import Positional, arg

from rnnzoo.cli.console import print_out
from rnnzoo.cli.predict import Predict as Predict
from rnnzoo.errors import InvalidValue


@dataclass
class List:
    """List models."""

    pattern: Positional[str] = "*"
    """With wildcards: "*lstm*"."""
    task: str | None = None
    """Only models that can do it."""

    def execute(self, _):
        """Print a table."""
        from rich.table import Table

        from rnnzoo.registry import BODY_TASKS, describe, list_models

        table = Table("model", "what it is", "tasks", box=None, pad_edge=False)
        names = list_models(self.pattern, task=self.task)
        if not names:
            raise InvalidValue(f"No model matches; `rnnzoo list` shows all. Received: {self.pattern}")
        for info in map(describe, names):
            table.add_row(info.name, info.summary, info.tasks_in_words)
        print_out(table)
        if any(describe(name).tasks_in_words.startswith("all") for name in names):
            print_out(f"\nall: every task of one sequence ({', '.join(BODY_TASKS)})")


@dataclass
class Describe:
    """Describe a model."""

    name: Positional[str]
    """As `rnnzoo list` shows it."""

    def execute(self, _):
        """Print what the registry knows."""
        from rich.table import Table

        from rnnzoo.registry import describe

        info = describe(self.name)
        print_out(f"{info.name}: {info.summary}\npaper: {info.paper or '-'}\ntasks: {', '.join(info.tasks)}")
        print_out(f"causal: {'yes' if info.causal else 'no'}\n")
        dials = dict(info.hyperparameters)
        for task in info.tasks:
            dials |= info.dials(task)
        table = Table("hyper-parameter", "default", "valid", "what it does", box=None, pad_edge=False)
        for name, dial in dials.items():
            table.add_row(name, repr(dial.default), dial.valid, dial.help)
        print_out(table)
        sizes = ", features=7, horizon=96" if info.tasks[0] == "forecasting" else ""
        print_out(f'\nrnnzoo.build("{info.name}", task="{info.tasks[0]}"{sizes})')


@dataclass
class Runs:
    """List the runs in a folder."""

    folder: Positional[str] = "runs"

    def execute(self, _):
        """Print a table."""
        from rich.table import Table

        from rnnzoo.training.runs import list_runs

        table = Table(box=None, pad_edge=False)
        table.add_column("run", overflow="fold")
        for name in ("model", "epochs", "seconds", "quality"):
            table.add_column(name, overflow="fold")
        for run in list_runs(self.folder):
            if run.finished:
                r = run.results
                split, values = list(r["metrics"].items())[-1]
                judged = (r["measure"], "loss") if "measure" in r else ("accuracy", "loss", "rmse", "perplexity")
                shown = "  ".join(f"{k} {values[k]:.4f}" for k in judged if k in values)
                table.add_row(run.folder.name, r["model"], str(r["epochs"]), str(r["seconds"]), f"{split}: {shown}")
            else:
                table.add_row(run.folder.name, run.config["model"], "-", "-", "not finished")
        if not table.rows:
            raise InvalidValue(f"There is no run in this folder. Received: {self.folder}")
        print_out(table)


@dataclass
class Summary:
    """Show a run's settings, results and model."""

    run: Annotated[Positional[str], arg(metavar="RUN", help="A run folder.")]

    def execute(self, _):
        """Print everything."""
        from rnnzoo.training.runs import load

        run = load(self.run)
        print_out(json.dumps(run.config, indent=1))
        if run.finished:
            print_out(json.dumps(run.results, indent=1))
            run.model.summary(expand_nested=True)


@dataclass
class Evaluate:
    """Measure a run on its test split, or on a labelled file."""

    run: Annotated[Positional[str], arg(metavar="RUN", help="A run folder.")]
    file: str | None = None
    """Labelled data instead of the test split: x and y in an .npz file, a table of texts, sentences with tags."""
    data_dir: str | None = None
    """Of TFDS, instead of TFDS_DATA_DIR."""
    beam: int = 1
    """Of translation: how many answers are followed side by side."""

    def execute(self, _):
        """Print the metrics."""
        from rnnzoo.training.runs import load

        run = load(self.run)
        for name, value in run.evaluate(self.file, data_dir=self.data_dir, beam=self.beam).items():
            print_out(f"{name:<12}{value:.4f}")
        if run.recipe.task == "tagging":
            from rnnzoo.pictures.classification import table_by_class

            print_out(table_by_class(run.by_tag(self.file, data_dir=self.data_dir)))


@dataclass
class Generate:
    """Let a language model continue a text."""

    run: Annotated[Positional[str], arg(metavar="RUN", help="A run folder.")]
    prompt: str
    """What is continued."""
    characters: int = 500
    """How much to write: characters, or words for a model of words."""
    temperature: float = 0.8
    """Below 1 the likely becomes likelier; 0 always takes the likeliest."""
    top_k: int | None = None
    """Draw from so many likeliest characters alone."""
    seed: int | None = None
    """The same seed writes the same text."""

    def execute(self, _):
        """Print the prompt, and the continuation as it comes."""
        from rnnzoo.serving.generating import stream

        pieces = stream(
            self.run,
            self.prompt,
            characters=self.characters,
            temperature=self.temperature,
            top_k=self.top_k,
            seed=self.seed,
        )
        print(self.prompt, end="", flush=True)
        for piece in pieces:
            print(piece, end="", flush=True)
        print()


@dataclass
class Export:
    """Write a run's model for serving, and check that it answers the same."""

    run: Annotated[Positional[str], arg(metavar="RUN", help="A run folder.")]
    format: Literal["tf_saved_model", "onnx", "litert"] = "tf_saved_model"
    """onnx needs pip install 'rnnzoo[onnx]'; litert needs --sequence-length."""
    output: str | None = None
    """Where to; by default inside the run folder."""
    batch_size: int | None = None
    """Fix the batch size."""
    sequence_length: int | None = None
    """Fix the steps."""

    def execute(self, _):
        """Print where it lies."""
        from rnnzoo.serving.exporting import export

        path, error = export(self.run, self.format, self.output, self.batch_size, self.sequence_length)
        print_out(f"{path}: answers as the model does, largest difference {error:.1e}")
