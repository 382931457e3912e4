"""Options of commands: those of a recipe and its data, and those that tasks have for their answers."""

import dataclasses
import itertools
import typing
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal

import docstring_parser
from tyro.conf import Positional, UseAppendAction, arg

from rnnzoo.errors import InvalidValue
from rnnzoo.tasks import all_tasks, find

Settings = UseAppendAction[tuple[str, ...]]
RUN = Annotated[
    Positional[str],
    arg(
        metavar="RUN", help="A run folder, a packed run, a preset such as imdb, or an address (hf://..., https://...)."
    ),
]
TRUST = Annotated[bool, arg(help="Import code of its author that a run names: its own data class or function.")]
DATA_DIR = Annotated[str | None, arg(help="Of TFDS, instead of TFDS_DATA_DIR.")]


def with_answer_options(command: type) -> type:
    """Add what tasks let a user set for their answers, such as `--beam`; use it as a decorator of a dataclass."""
    fields = [
        (word, Annotated[dial.kind | None, arg(help=f"Of {each.name}: {dial.help}.")], dataclasses.field(default=None))
        for each in all_tasks()
        for word, dial in each.answer_options.items()
    ]
    space = {"__doc__": command.__doc__, "__module__": command.__module__}
    return dataclasses.make_dataclass(command.__name__, fields, bases=(command,), namespace=space)


def answer_options(command: Any) -> dict[str, Any]:
    """Return those of a parsed command that were given."""
    words = {word for each in all_tasks() for word in each.answer_options}
    return {word: getattr(command, word) for word in words if getattr(command, word) is not None}


OF_TASK = "What is learnt of the labels; regression takes them as numbers."


def for_task(recipe: Any, words: Sequence[str]) -> Any:
    """Return the recipe for the task that a command line names, before its options are known."""
    for word, after in itertools.pairwise([*words, ""]):
        if word == "--task" or word.startswith("--task="):
            return recipe.with_task(after if word == "--task" else word.partition("=")[2])
    return recipe


def recipe_options(recipe: Any) -> dict[str, Any]:
    """Every setting of a recipe as an option; hyper-parameters of the model come as --set NAME=VALUE."""
    from rnnzoo.data.sources import tasks_of

    hidden = ("name", "data", "hyperparameters", "search")
    options = {name: kind for name, kind in _fields(recipe) if name not in hidden}
    options["task"] = Annotated[Literal[tuple({recipe.task: "", **tasks_of(recipe.data)})], arg(help=OF_TASK)]
    called, meaning = find(recipe.task).sequence_length_is
    if called != "sequence_length":
        options["sequence_length"] = Annotated[int | None, arg(name=called, help=meaning)]
    options["imports"] = Annotated[
        Settings,
        arg(name="import", metavar="MODULE", help="A module that registers models of your own; may be repeated."),
    ]
    options["set"] = Annotated[
        Settings, arg(metavar="NAME=VALUE", help="A hyper-parameter of the model; may be repeated.")
    ]
    return options


def data_options(data: Any) -> dict[str, Any]:
    """Every argument of a data object that can be given as a word."""
    options = {}
    for name, kind in _fields(data):
        if kind is not Any:
            options[name] = kind
        elif isinstance(getattr(data, name), str):
            options[name] = Annotated[str, arg(help="A file, a data set of TFDS, or 'module:function'.")]
    return options


def _fields(holder: Any) -> list[tuple[str, Any]]:
    """Return the fields of a recipe or a data object with types, and with help from its class's docstrings."""
    kind, helps = type(holder), dict[str, str]()
    for base in reversed(kind.__mro__):
        helps |= {p.arg_name: p.description or "" for p in docstring_parser.parse(base.__doc__ or "").params}
    hints = typing.get_type_hints(kind)
    return [
        (
            f.name,
            hints[f.name]
            if hints[f.name] is Any
            else Annotated[hints[f.name], _told(getattr(holder, f.name) is True, helps.get(f.name, ""))],
        )
        for f in dataclasses.fields(kind)
        if f.init
    ]


def _told(on: bool, text: str) -> Any:
    """Return a field's help; of what is on, whose flag begins with `no-`, what the flag switches off."""
    return arg(help=f"Switch off: {text}", help_behavior_hint="") if on else arg(help=text)


def make_command(
    doc: str, options: dict[str, Any], defaults: dict[str, Any], recipe: Any, run: Callable[[Any, Any], None]
) -> type:
    """Make a dataclass of options whose defaults are the recipe's, or else `defaults`, or else None."""

    def default(name):
        for holder in (recipe, recipe.data):
            if name in {f.name for f in dataclasses.fields(holder)} - {"search"}:
                return getattr(holder, name)
        return defaults.get(name)

    fields = [(name, kind, dataclasses.field(default=default(name))) for name, kind in options.items()]
    return dataclasses.make_dataclass(
        "Options", fields, namespace={"__doc__": doc, "execute": lambda self, _: run(self, recipe)}
    )


def names(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise InvalidValue(f"models must be names, separated by commas. Received: {text}")
    return names


def changed_recipe(recipe: Any, options: Any, model: str, others: Sequence[str] = ()) -> Any:
    """Return the recipe as the options change it.

    Args:
        recipe: The recipe.
        options: Parsed.
        model: Which it takes.
        others: Models that are trained beside it: what --set gives goes to those that have it.
    """
    from rnnzoo.data.sources import import_modules
    from rnnzoo.registry import describe
    from rnnzoo.sharing import places

    import_modules(options.imports, trust=True)
    changed = recipe if model == recipe.model else recipe.with_model(model)
    given = {f.name: getattr(options, f.name) for f in dataclasses.fields(options)}
    own = {f.name for f in dataclasses.fields(recipe)} - {"data", "model", "search"}
    of_data = {f.name: getattr(recipe.data, f.name) for f in dataclasses.fields(recipe.data) if f.init}
    data = type(recipe.data)(**of_data | _one_source(of_data, {k: v for k, v in given.items() if k in of_data}))
    known = describe(model).dials(recipe.task)
    dials = dict(changed.hyperparameters)
    if given.get("weights") is not None and recipe.weights is None:  # else the recipe's own settings are meant for such
        dials |= places.dials(given["weights"], model, known)
        if given["embedding_dim"] == recipe.embedding_dim:
            given["embedding_dim"] = places.settings(given["weights"]).get("embedding_dim", recipe.embedding_dim)
    for setting in given["set"]:
        name, equals, text = setting.partition("=")
        if not equals:
            raise InvalidValue(f"--set takes NAME=VALUE. Received: --set {setting}")
        if name not in known and any(name in describe(other).dials(recipe.task) for other in others):
            continue
        dials[name] = known[name].parse(name, text) if name in known else text
    return dataclasses.replace(
        changed, data=data, hyperparameters=dials, **{k: v for k, v in given.items() if k in own}
    ).check()


def _one_source(own: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """Let a `--file` take the place of the recipe's data set, and a `--dataset` that of its file."""
    for named, other in (("file", "dataset"), ("dataset", "file")):
        if given.get(named) is not None and given[named] != own[named] and given.get(other) == own.get(other):
            return {**given, other: None} if other in given else given
    return given
