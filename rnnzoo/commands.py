"""The commands that work on any run and on the registry: what they take, and what they do."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from tyro.conf import Positional, arg

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
        _print(table)
        if any(describe(name).tasks_in_words.startswith("all") for name in names):
            _print(f"\nall: every task of one sequence ({', '.join(BODY_TASKS)})")


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
        _print(f"{info.name}: {info.summary}\npaper: {info.paper or '-'}\ntasks: {', '.join(info.tasks)}")
        _print(f"causal: {'yes' if info.causal else 'no'}\n")
        forecasts = "forecasting" in info.tasks
        table = Table("hyper-parameter", "default", "valid", "what it does", box=None, pad_edge=False)
        for name, dial in {**info.hyperparameters, **(info.dials("forecasting") if forecasts else {})}.items():
            table.add_row(name, repr(dial.default), dial.valid, dial.help)
        _print(table)
        sizes = ", features=7, horizon=96" if info.tasks[0] == "forecasting" else ""
        _print(f'\nrnnzoo.build("{info.name}", task="{info.tasks[0]}"{sizes})')


@dataclass
class Runs:
    """List the runs in a folder."""

    folder: Positional[str] = "runs"

    def execute(self, _):
        """Print a table."""
        from rich.table import Table

        from rnnzoo.training.runs import list_runs

        table = Table(box=None, pad_edge=False)
        table.add_column("run", overflow="fold", min_width=30)
        for name in ("model", "epochs", "seconds", "quality"):
            table.add_column(name)
        for run in list_runs(self.folder):
            if run.finished:
                r = run.results
                split, values = list(r["metrics"].items())[-1]
                shown = "  ".join(
                    f"{k} {values[k]:.4f}" for k in ("accuracy", "loss", "rmse", "perplexity") if k in values
                )
                table.add_row(run.folder.name, r["model"], str(r["epochs"]), str(r["seconds"]), f"{split}: {shown}")
            else:
                table.add_row(run.folder.name, run.config["model"], "-", "-", "not finished")
        if not table.rows:
            raise InvalidValue(f"There is no run in this folder. Received: {self.folder}")
        _print(table)


@dataclass
class Summary:
    """Show a run's settings, results and model."""

    run: Annotated[Positional[str], arg(metavar="RUN", help="A run folder.")]

    def execute(self, _):
        """Print everything."""
        from rnnzoo.training.runs import load

        run = load(self.run)
        _print(json.dumps(run.config, indent=1))
        if run.finished:
            _print(json.dumps(run.results, indent=1))
            run.model.summary(expand_nested=True)


@dataclass
class Evaluate:
    """Measure a run on its test split, or on a labelled file."""

    run: Annotated[Positional[str], arg(metavar="RUN", help="A run folder.")]
    file: str | None = None
    """Labelled data instead of the test split: x and y in an .npz file, or a table of texts."""
    data_dir: str | None = None
    """Of TFDS, instead of TFDS_DATA_DIR."""

    def execute(self, _):
        """Print the metrics."""
        from rnnzoo.training.runs import load

        for name, value in load(self.run).evaluate(self.file, data_dir=self.data_dir).items():
            _print(f"{name:<12}{value:.4f}")


@dataclass
class Predict:
    """Answer inputs: given here, in a file, or line by line from standard input (-)."""

    run: Annotated[Positional[str], arg(metavar="RUN", help="A run folder.")]
    inputs: Annotated[Positional[tuple[str, ...]], arg(metavar="INPUT")] = ()
    """Texts, or sequences as JSON: [[0.1, 0.2], [0.3, 0.4]]."""
    file: str | None = None
    """An .npy or .npz file (its x), a text file with one input a line, or a table of a series: what comes after it?"""
    json: bool = False
    """Print JSON Lines."""
    explain: bool = False
    """Colour each word by the model's attention, and save the picture in the run's plots."""

    def execute(self, _):
        """Print one line an input."""
        from rnnzoo.training.runs import load

        run = load(self.run)
        if self.file and self.file.endswith((".csv", ".tsv")) and hasattr(run.data, "read_inputs"):
            raw = run.data.read_inputs(self.file)
        else:
            raw = _read_inputs(self.inputs, self.file)
        if self.explain:
            from rnnzoo.training import explain, report

            found = run.explain(raw)
            for one in found:
                _print(explain.in_terminal(one))
            path = run.folder / "plots" / "explained.png"
            report.save(explain.picture(found), path)
            _print(f"picture: {path}")
            return
        for item, answer in zip(raw, run.predict(raw), strict=True):
            if self.json:
                print(json.dumps(answer))
            else:
                shown = "  ".join(_shown(name, value) for name, value in answer.items())
                text = str(item if isinstance(item, str) else getattr(item, "tolist", lambda i=item: i)())
                print(f"{shown}  {text if len(text) <= 60 else text[:57] + '...'}")


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
        from rnnzoo.generating import stream

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
        from rnnzoo.export import export

        path, error = export(self.run, self.format, self.output, self.batch_size, self.sequence_length)
        _print(f"{path}: answers as the model does, largest difference {error:.1e}")


def _shown(name: str, value: Any) -> str:
    """Return an answer's value as a person reads it; a forecast with the name of its column."""
    if isinstance(value, list) and name != "values":
        return f"{name}: " + " ".join(f"{v:.5g}" for v in value)
    return f"{value:.4f}" if isinstance(value, float) else str(value)


def _read_inputs(inputs: Sequence[str], file: str | None) -> list[Any]:
    if file and inputs:
        raise InvalidValue(f"Give inputs or --file, not both. Received: {len(inputs)} inputs and --file {file}")
    if file and file.endswith((".npy", ".npz")):
        import numpy as np

        from rnnzoo.data.arrays import rows_of_x

        try:
            with open(file, "rb") as opened:
                found = np.load(opened, allow_pickle=False)
                return rows_of_x({"x": found} if isinstance(found, np.ndarray) else dict(found))
        except (OSError, ValueError, KeyError) as error:
            raise InvalidValue(f"Cannot read an array x from this file ({error}). Received: {file}") from None
    if file and file != "-":
        try:
            lines = Path(file).read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidValue(f"Cannot read this text file ({error}). Received: {file}") from None
        return [line for line in lines if line.strip()]
    if file == "-" or list(inputs) == ["-"]:
        return [line.rstrip("\n") for line in sys.stdin if line.strip()]
    if not inputs:
        raise InvalidValue("Give inputs, --file, or - for standard input. Received: nothing to predict")
    return list(inputs)


def _print(thing: Any) -> None:
    """Print a table, or plain text as it is."""
    from rich.console import Console

    Console(highlight=False, markup=False, soft_wrap=isinstance(thing, str)).print(thing)
