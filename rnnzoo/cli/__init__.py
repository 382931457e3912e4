"""The command lines: `main(recipe)` for a recipe's script, `entry_point` for `rnnzoo` itself."""

import dataclasses
import functools
import importlib.util
import logging
import operator
import os
import sys
import tempfile
import typing
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import docstring_parser
import tyro
from tyro.conf import UseAppendAction, arg

from rnnzoo.cli import commands, tune
from rnnzoo.errors import InvalidValue, UserError

Settings = UseAppendAction[tuple[str, ...]]


def main(recipe: Any, arguments: Sequence[str] | None = None) -> None:
    """Run a recipe's command line: `train`, `evaluate`, `predict`, `compare`, `tune`.

    Args:
        recipe: A `rnnzoo.Recipe`.
        arguments: Instead of `sys.argv[1:]`.
    """
    options = _options(recipe)
    data_options = _data_options(recipe.data)
    table = {
        "train": _command(
            "Train; the same command goes on where it stopped.", options | data_options | _RUN, recipe, _train
        ),
        "compare": _command(
            "Train several models and show quality, seconds and parameters side by side.",
            {k: v for k, v in options.items() if k not in ("model", "seed")} | data_options | _COMPARE,
            recipe,
            _compare,
        ),
        "tune": _command(
            "Search the best settings; the same command goes on where it stopped.",
            options | data_options | tune.OPTIONS,
            recipe,
            _tune,
        ),
        "evaluate": commands.Evaluate,
        "predict": commands.Predict,
    }
    if recipe.task == "language_modeling":
        table["generate"] = commands.Generate
    _dispatch(table, recipe.name, arguments, recipe)


def entry_point(arguments: Sequence[str] | None = None) -> None:
    """Run `rnnzoo`: what works from anywhere, on any run."""
    table = {
        "list": commands.List,
        "describe": commands.Describe,
        "runs": commands.Runs,
        "summary": commands.Summary,
        "predict": commands.Predict,
        "generate": commands.Generate,
        "export": commands.Export,
    }
    _dispatch(table, "rnnzoo", arguments, None)


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
_DEFAULTS = {"models": "", "seeds": "0", "set": (), "restart": False, **tune.DEFAULTS}
"""Of options that the recipe has not; the others' is None."""


def _options(recipe: Any) -> dict[str, Any]:
    """Every setting of a recipe as an option; hyper-parameters of the model come as --set NAME=VALUE."""
    hidden = ("name", "task", "data", "hyperparameters", "search")
    options = {name: kind for name, kind in _fields(type(recipe)) if name not in hidden}
    if recipe.task == "forecasting":
        from rnnzoo.training.recipe import LOOKBACK

        lookback = arg(name=LOOKBACK, help="Steps of the past that the model reads.")
        options["sequence_length"] = Annotated[int | None, lookback]
    options["set"] = Annotated[
        Settings, arg(metavar="NAME=VALUE", help="A hyper-parameter of the model; may be repeated.")
    ]
    return options


def _data_options(data: Any) -> dict[str, Any]:
    """Every argument of a data object that can be given as a word."""
    options = {}
    for name, kind in _fields(type(data)):
        if kind is not Any:
            options[name] = kind
        elif isinstance(getattr(data, name), str):
            options[name] = Annotated[str, arg(help="A file, a data set of TFDS, or 'module:function'.")]
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


def _command(doc: str, options: dict[str, Any], recipe: Any, run: Callable[[Any, Any], None]) -> type:
    """Make a dataclass of options whose defaults are the recipe's."""

    def default(name):
        for holder in (recipe, recipe.data):
            if name in {f.name for f in dataclasses.fields(holder)} - {"search"}:
                return getattr(holder, name)
        return _DEFAULTS.get(name)

    fields = [(name, kind, dataclasses.field(default=default(name))) for name, kind in options.items()]
    return dataclasses.make_dataclass(
        "Options", fields, namespace={"__doc__": doc, "execute": lambda self, _: run(self, recipe)}
    )


def _train(options: Any, recipe: Any) -> None:
    changed = _changed(recipe, options, options.model)
    folder = options.run or Path("runs") / changed.run_name(recipe)
    from rnnzoo.training.fit import train

    train(changed, folder, restart=options.restart, data_dir=options.data_dir)


def _compare(options: Any, recipe: Any) -> None:
    names = _names(options.models or "simple_rnn,lstm,gru")
    try:
        seeds = [int(seed) for seed in options.seeds.split(",")]
    except ValueError:
        raise InvalidValue(f"seeds must be whole numbers, separated by commas. Received: {options.seeds}") from None
    recipes = [
        dataclasses.replace(_changed(recipe, options, name), seed=seed).check() for name in names for seed in seeds
    ]
    from rnnzoo.training.compare import compare

    compare(recipes, recipe, options.output or Path("runs") / f"{recipe.name}-compare", data_dir=options.data_dir)


def _tune(options: Any, recipe: Any) -> None:
    models = _names(options.models) if options.models else []
    tune.execute(options, _changed(recipe, options, options.model), recipe, models)


def _names(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise InvalidValue(f"models must be names, separated by commas. Received: {text}")
    return names


def _changed(recipe: Any, options: Any, model: str) -> Any:
    """Return the recipe as the options change it."""
    from rnnzoo.registry import describe

    changed = recipe if model == recipe.model else recipe.with_model(model)
    given = {f.name: getattr(options, f.name) for f in dataclasses.fields(options)}
    own = {f.name for f in dataclasses.fields(recipe)} - {"data", "model", "search"}
    of_data = {f.name: getattr(recipe.data, f.name) for f in dataclasses.fields(recipe.data) if f.init}
    data = type(recipe.data)(**of_data | {k: v for k, v in given.items() if k in of_data})
    known = describe(model).dials(recipe.task)
    dials = dict(changed.hyperparameters)
    for setting in given["set"]:
        name, equals, text = setting.partition("=")
        if not equals:
            raise InvalidValue(f"--set takes NAME=VALUE. Received: --set {setting}")
        dials[name] = known[name].parse(name, text) if name in known else text
    return dataclasses.replace(
        changed, data=data, hyperparameters=dials, **{k: v for k, v in given.items() if k in own}
    ).check()


def _dispatch(table: dict[str, type], program: str, arguments: Sequence[str] | None, recipe: Any) -> None:
    """Parse, run, and turn an error of ours into one sentence and exit status 2."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # TensorFlow's greetings; errors still show
    words = list(sys.argv[1:] if arguments is None else arguments)
    loud = "--traceback" in words
    words = [word for word in words if word != "--traceback"]
    kinds = tuple(Annotated[kind, tyro.conf.subcommand(name, prefix_name=False)] for name, kind in table.items())
    options: Any = tyro.cli(
        functools.reduce(operator.or_, kinds),  # type: ignore[call-overload]
        prog=program if recipe is None else f"recipes/{program}.py",
        description="Add --traceback to see where an error comes from.",
        args=words or ["--help"],
        config=(tyro.conf.OmitArgPrefixes, tyro.conf.FlagCreatePairsOff, tyro.conf.HelptextFromCommentsOff),
    )
    try:
        if not isinstance(options, commands.List | commands.Describe | commands.Runs):
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
