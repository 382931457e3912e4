"""The command lines: `main(recipe)` for a recipe's script, `entry_point` for `rnnzoo` itself."""

import dataclasses
import functools
import importlib.util
import json
import logging
import operator
import os
import sys
import tempfile
import typing
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import docstring_parser
import tyro
from tyro.conf import Positional, UseAppendAction, arg

from rnnzoo.errors import InvalidValue, UserError

Settings = UseAppendAction[tuple[str, ...]]


def main(recipe: Any, arguments: Sequence[str] | None = None) -> None:
    """Run a recipe's command line: `train`, `evaluate`, `predict`, `compare`.

    Args:
        recipe: A `rnnzoo.Recipe`.
        arguments: Instead of `sys.argv[1:]`.
    """
    options = _options(recipe)
    data_options = {name: kind for name, kind in _fields(type(recipe.data)) if kind is not Any}
    commands = {
        "train": _command("Train; the same command goes on where it stopped.", options | data_options | _RUN, recipe),
        "compare": _command(
            "Train several models and show quality, seconds and parameters side by side.",
            {k: v for k, v in options.items() if k not in ("model", "seed")} | data_options | _COMPARE,
            recipe,
        ),
        "evaluate": _Evaluate,
        "predict": _Predict,
    }
    _dispatch(commands, recipe.name, arguments, recipe)


def entry_point(arguments: Sequence[str] | None = None) -> None:
    """Run `rnnzoo`: what works from anywhere, on any run."""
    commands = {
        "list": _List,
        "describe": _Describe,
        "runs": _Runs,
        "summary": _Summary,
        "predict": _Predict,
        "export": _Export,
    }
    _dispatch(commands, "rnnzoo", arguments, None)


# What the commands take. -------------------------------------------------------------------------------------------


@dataclasses.dataclass
class _List:
    """List models."""

    pattern: Positional[str] = "*"
    """With wildcards: "*lstm*"."""
    task: str | None = None
    """Only models that can do it."""

    def execute(self, _):
        """Print a table."""
        from rich.table import Table

        from rnnzoo.registry import TASKS, describe, list_models

        table = Table("model", "what it is", "tasks", box=None, pad_edge=False)
        names = list_models(self.pattern, task=self.task)
        for name in names:
            info = describe(name)
            lacking = [task for task in TASKS if task not in info.tasks]
            tasks = "all" if not lacking else ", ".join(info.tasks)
            table.add_row(name, info.summary, tasks if len(lacking) != 1 else f"all but {lacking[0]}")
        if not names:
            raise InvalidValue(f"No model matches; `rnnzoo list` shows all. Received: {self.pattern}")
        _print(table)


@dataclasses.dataclass
class _Describe:
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
        table = Table("hyper-parameter", "default", "valid", "what it does", box=None, pad_edge=False)
        for name, dial in info.hyperparameters.items():
            table.add_row(name, repr(dial.default), dial.valid, dial.help)
        _print(table)
        _print(f'\nrnnzoo.build("{info.name}", task="{info.tasks[0]}")')


@dataclasses.dataclass
class _Runs:
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


@dataclasses.dataclass
class _Summary:
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


@dataclasses.dataclass
class _Evaluate:
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


@dataclasses.dataclass
class _Predict:
    """Answer inputs: given here, in a file, or line by line from standard input (-)."""

    run: Annotated[Positional[str], arg(metavar="RUN", help="A run folder.")]
    inputs: Annotated[Positional[tuple[str, ...]], arg(metavar="INPUT")] = ()
    """Texts, or sequences as JSON: [[0.1, 0.2], [0.3, 0.4]]."""
    file: str | None = None
    """An .npy or .npz file (its x), or a text file with one input a line."""
    json: bool = False
    """Print JSON Lines."""
    explain: bool = False
    """Colour each word by the model's attention, and save the picture in the run's plots."""

    def execute(self, _):
        """Print one line an input."""
        from rnnzoo.training.runs import load

        run = load(self.run)
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
                shown = "  ".join(f"{v:.4f}" if isinstance(v, float) else str(v) for v in answer.values())
                text = str(item if isinstance(item, str) else getattr(item, "tolist", lambda i=item: i)())
                print(f"{shown}  {text if len(text) <= 60 else text[:57] + '...'}")


@dataclasses.dataclass
class _Export:
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


_RUN: dict[str, Any] = {
    "run": Annotated[
        str | None, arg(help="The run folder; by default runs/<recipe>-<model>-<changed settings>-<seed>.")
    ],
    "restart": Annotated[bool, arg(help="Begin anew.")],
    "data_dir": Annotated[str | None, arg(help="Of TFDS, instead of TFDS_DATA_DIR.")],
}
_COMPARE: dict[str, Any] = {
    "models": Annotated[str, arg(help="Names, separated by commas.")],
    "seeds": Annotated[str, arg(help="Seeds, separated by commas.")],
    "output": Annotated[str | None, arg(help="Where table and picture go; by default runs/<recipe>-compare.")],
    "data_dir": _RUN["data_dir"],
}
_DEFAULTS = {
    "run": None,
    "restart": False,
    "data_dir": None,
    "models": "simple_rnn,lstm,gru",
    "seeds": "0",
    "output": None,
}


def _options(recipe: Any) -> dict[str, Any]:
    """Every setting of a recipe as an option; hyper-parameters of the model come as --set NAME=VALUE."""
    hidden = ("name", "task", "data", "hyperparameters")
    options = {name: kind for name, kind in _fields(type(recipe)) if name not in hidden}
    options["set"] = Annotated[
        Settings, arg(metavar="NAME=VALUE", help="A hyper-parameter of the model; may be repeated.")
    ]
    return options


def _fields(kind: type) -> list[tuple[str, Any]]:
    """Return the fields of a dataclass with types, and with help from its docstring and its bases'."""
    helps: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        helps |= {p.arg_name: p.description or "" for p in docstring_parser.parse(base.__doc__ or "").params}
    hints = typing.get_type_hints(kind)
    return [
        (f.name, hints[f.name] if hints[f.name] is Any else Annotated[hints[f.name], arg(help=helps.get(f.name, ""))])
        for f in dataclasses.fields(kind)
        if f.init
    ]


def _command(doc: str, options: dict[str, Any], recipe: Any) -> type:
    """Make a dataclass of options whose defaults are the recipe's."""

    def default(name):
        for holder in (recipe, recipe.data):
            if name in {f.name for f in dataclasses.fields(holder)}:
                return getattr(holder, name)
        return () if name == "set" else _DEFAULTS[name]

    fields = [(name, kind, dataclasses.field(default=default(name))) for name, kind in options.items()]
    run = _train if "run" in options else _compare
    return dataclasses.make_dataclass(
        "Options", fields, namespace={"__doc__": doc, "execute": lambda self, _: run(self, recipe)}
    )


def _train(options: Any, recipe: Any) -> None:
    changed = _changed(recipe, options, options.model)
    folder = options.run or Path("runs") / changed.run_name(recipe)
    from rnnzoo.training.fit import train

    train(changed, folder, restart=options.restart, data_dir=options.data_dir)


def _compare(options: Any, recipe: Any) -> None:
    names = [name.strip() for name in options.models.split(",") if name.strip()]
    if not names:
        raise InvalidValue(f"models must be names, separated by commas. Received: {options.models}")
    try:
        seeds = [int(seed) for seed in options.seeds.split(",")]
    except ValueError:
        raise InvalidValue(f"seeds must be whole numbers, separated by commas. Received: {options.seeds}") from None
    recipes = [
        dataclasses.replace(_changed(recipe, options, name), seed=seed).check() for name in names for seed in seeds
    ]
    from rnnzoo.training.compare import compare

    compare(recipes, recipe, options.output or Path("runs") / f"{recipe.name}-compare", data_dir=options.data_dir)


def _changed(recipe: Any, options: Any, model: str) -> Any:
    """Return the recipe as the options change it."""
    from rnnzoo.registry import describe

    changed = recipe if model == recipe.model else recipe.with_model(model)
    given = {f.name: getattr(options, f.name) for f in dataclasses.fields(options)}
    own = {f.name for f in dataclasses.fields(recipe)} - {"data", "model"}
    of_data = {f.name: getattr(recipe.data, f.name) for f in dataclasses.fields(recipe.data) if f.init}
    data = type(recipe.data)(**of_data | {k: v for k, v in given.items() if k in of_data})
    known = describe(model).hyperparameters
    dials = dict(changed.hyperparameters)
    for setting in given["set"]:
        name, equals, text = setting.partition("=")
        if not equals:
            raise InvalidValue(f"--set takes NAME=VALUE. Received: --set {setting}")
        dials[name] = known[name].parse(name, text) if name in known else text
    return dataclasses.replace(
        changed, data=data, hyperparameters=dials, **{k: v for k, v in given.items() if k in own}
    ).check()


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


def _dispatch(commands: dict[str, type], program: str, arguments: Sequence[str] | None, recipe: Any) -> None:
    """Parse, run, and turn an error of ours into one sentence and exit status 2."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # TensorFlow's greetings; errors still show
    words = list(sys.argv[1:] if arguments is None else arguments)
    loud = "--traceback" in words
    words = [word for word in words if word != "--traceback"]
    kinds = tuple(Annotated[kind, tyro.conf.subcommand(name, prefix_name=False)] for name, kind in commands.items())
    options: Any = tyro.cli(
        functools.reduce(operator.or_, kinds),  # type: ignore[call-overload]
        prog=program if recipe is None else f"recipes/{program}.py",
        description="Add --traceback to see where an error comes from.",
        args=words or ["--help"],
        config=(tyro.conf.OmitArgPrefixes, tyro.conf.FlagCreatePairsOff, tyro.conf.HelptextFromCommentsOff),
    )
    try:
        if not isinstance(options, _List | _Describe | _Runs):
            for module in ("keras", "tensorflow"):  # the data needs TensorFlow on every backend
                if importlib.util.find_spec(module):
                    _import_quietly(module)
            logging.getLogger("tensorflow").setLevel(logging.ERROR)  # no advice on tracing once for each bucket
        options.execute(recipe)
    except UserError as error:
        if loud:
            raise
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        print("stopped; the same command goes on after the last whole epoch", file=sys.stderr)
        raise SystemExit(130) from None
    except BrokenPipeError:  # the reader, `head` say, has seen enough
        sys.stderr.close()


def _import_quietly(module: str) -> None:
    """Import what brings TensorFlow along without its greetings, which no log level silences; errors still show."""
    sys.stderr.flush()
    stderr = os.dup(2)
    with tempfile.TemporaryFile() as said:
        os.dup2(said.fileno(), 2)
        try:
            importlib.import_module(module)
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
            said.seek(0)
            for line in said.read().decode(errors="replace").splitlines():
                if not line.startswith(("I0000", "WARNING: All log messages before absl")):
                    print(line, file=sys.stderr)


def _print(thing: Any) -> None:
    """Print a table, or plain text as it is."""
    from rich.console import Console

    Console(highlight=False, markup=False, soft_wrap=isinstance(thing, str)).print(thing)
