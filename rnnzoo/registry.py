"""Names of models and what the zoo knows of each."""

import functools
import importlib
import importlib.metadata
import inspect
import pkgutil
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, TypeVar, overload

from rnnzoo import hyperparameters as hp
from rnnzoo.errors import InvalidType, InvalidValue, did_you_mean
from rnnzoo.notebook import html
from rnnzoo.tasks import all_tasks
from rnnzoo.tasks import find as find_task

Body = TypeVar("Body", bound=Callable[..., Any])
_models: dict[str, "ModelInfo"] = {}


@dataclass(frozen=True)
class ModelInfo:
    """What the zoo knows of one model.

    Args:
        name: The function's name.
        summary: The first line of its docstring.
        paper: Address of the paper.
        causal: Its output at one step depends on no later step.
        hyperparameters: Its keywords with types, bounds and defaults.
        function: The body itself.
        normalization: How forecasting normalises each window by default.
        teacher_forced: In training its layer `decoder` reads the true values.
        only_targets: It reads the past of the targets alone; of a forecast the effect of other features is added.
        declared: Its tasks, where they do not follow from the signature.
        reads_missing: NaN is a missing value to it.
        readout_solved: Where the answer is linear and its loss the squared error, it is solved by ridge regression.

    Attributes:
        tasks: What `build` can make of it.
    """

    name: str
    summary: str
    paper: str
    causal: bool
    hyperparameters: Mapping[str, hp.HyperParameter]
    function: Callable[..., Any]
    normalization: str = "instance"
    teacher_forced: bool = False
    only_targets: bool = False
    declared: tuple[str, ...] | None = None
    readout_solved: bool = False
    reads_missing: bool = False

    def _repr_html_(self) -> str:
        title = f"{self.name}: {self.summary}"
        rows = [(name, repr(dial.default), dial.valid, dial.help) for name, dial in self.hyperparameters.items()]
        said = f"<p>tasks: {', '.join(self.tasks)}; causal: {'yes' if self.causal else 'no'}</p>"
        return html.table(title, rows, ("hyper-parameter", "default", "valid", "what it does")) + said

    @property
    def tasks(self) -> tuple[str, ...]:
        """What `build` can make of it, as its signature tells: each task knows what it asks of a body."""
        return self.declared or tuple(each.name for each in all_tasks() if not each.refuses(self))

    @property
    def tasks_in_words(self) -> str:
        """The tasks for a table: `all` is all that are made of one sequence."""
        lacking = [each.name for each in all_tasks() if each.sequences == 1 and each.name not in self.tasks]
        return "all" if not lacking else f"all but {lacking[0]}" if len(lacking) == 1 else ", ".join(self.tasks)

    def dials(self, task: str) -> dict[str, hp.HyperParameter]:
        """Return the hyper-parameters that can be given for a task: the body's, and those of the task."""
        return {**self.hyperparameters, **find_task(task).dials(self)}

    def takes(self, keyword: str) -> bool:
        """Tell whether the body's signature has this keyword."""
        return keyword in hp.keywords(self.function)

    def check(self, task: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return every hyper-parameter that the task has a use for: the given ones checked, the others as by default.

        Raises:
            ValueError: An unknown task or hyper-parameter, one that the task has no use for, or a value out of bounds.
            TypeError: A value of the wrong type.
        """
        wanted, dials = find_task(task), self.dials(task)
        if task not in self.tasks:
            why = wanted.refuses(self) or "it was not made for it"
            raise InvalidValue(
                f"{self.name} cannot do {task}: {why}; it does {', '.join(self.tasks)}. Received: task={task!r}"
            )
        for name, value in given.items():
            if name not in dials:
                raise InvalidValue(
                    f"{self.name} has no hyper-parameter {name!r}; it has {', '.join(dials) or 'none'}."
                    f"{did_you_mean(name, dials)} Received: {name}={value!r}"
                )
            if dials[name].summary_only and wanted.per_step:
                raise InvalidValue(
                    f"{name} makes one summary of a sequence, but {task} needs an answer for every step: leave it out. "
                    f"Received: {name}={value!r}"
                )
        values = {
            name: dial.check(name, given[name]) if name in given else dial.default
            for name, dial in dials.items()
            if not (dial.summary_only and wanted.per_step)
        }
        if wanted.causal and values.get("bidirectional"):
            raise InvalidValue(
                f"{task} must not look at later steps: leave bidirectional out. Received: bidirectional=True"
            )
        return values


@overload
def register(function: Body) -> Body: ...


@overload
def register(
    function: None = None, *, paper: str = ..., causal: bool = ..., tasks: Sequence[str] | None = ...,
    normalization: str = ..., teacher_forced: bool = ..., only_targets: bool = ...,
    readout_solved: bool = ..., reads_missing: bool = ...,
) -> Callable[[Body], Body]: ...  # fmt: skip


def register(
    function: Callable[..., Any] | None = None,
    *,
    paper: str = "",
    causal: bool = False,
    tasks: Sequence[str] | None = None,
    normalization: str = "instance",
    teacher_forced: bool = False,
    only_targets: bool = False,
    readout_solved: bool = False,
    reads_missing: bool = False,
) -> Any:
    """Add a body to the zoo under its function's name; use it as a decorator.

    A body takes the sequence `(batch, time, width)` first and hyper-parameters as keywords with defaults. What it can
    do follows from its signature: with `return_sequences`, every task of one sequence; without, it gives one summary;
    with `outputs` or `horizon`, it gives the answer itself, without a head; with `source` and `target`, it translates.

    Args:
        function: The body.
        paper: Address of its paper.
        causal: Declare that no output depends on a later step, which language modelling needs.
        tasks: The tasks, where they do not follow from the signature.
        normalization: How forecasting normalises each window by default: `none`, `subtract_last` or `instance`.
        teacher_forced: Declare that its only layer is a `StepDecoder` named `decoder`, to be trained with the truth.
        only_targets: Declare that it forecasts from the first `outputs` features alone.
        readout_solved: Declare that nothing but the head is trained, by ridge regression where its answer is linear.
        reads_missing: Declare that NaN is a missing value to it.

    Raises:
        ValueError: The name is taken.
        TypeError: A keyword has no default or no known meaning.

    Example:
        >>> @register(paper="https://doi.org/10.1109/78.650093")
        ... def bilstm(x, *, return_sequences, units=64): ...
    """
    if function is None:
        return functools.partial(
            register,
            paper=paper,
            causal=causal,
            tasks=tasks,
            normalization=normalization,
            teacher_forced=teacher_forced,
            only_targets=only_targets,
            readout_solved=readout_solved,
            reads_missing=reads_missing,
        )
    name = function.__name__
    known = _models.get(name)
    if known and (known.function.__module__, known.function.__qualname__) != (
        function.__module__,
        function.__qualname__,
    ):
        raise InvalidValue(
            f"A model of this name is registered already, from {known.function.__module__}. "
            f"Received: {function.__module__}.{name}"
        )
    if not (function.__doc__ or "").strip():
        raise InvalidValue(f"A model's docstring is its summary; write one. Received: {name}")
    _models[name] = ModelInfo(
        name=name,
        summary=inspect.cleandoc(function.__doc__ or "").splitlines()[0],
        paper=paper,
        causal=causal,
        hyperparameters=hp.from_signature(function),
        function=function,
        normalization=hp.TABLE["normalization"].check("normalization", normalization),
        teacher_forced=teacher_forced,
        only_targets=only_targets,
        declared=tuple(tasks) if tasks else None,
        readout_solved=readout_solved,
        reads_missing=reads_missing,
    )
    return function


def list_models(pattern: str = "*", *, task: str | None = None) -> list[str]:
    """List the names of models, sorted.

    Args:
        pattern: With wildcards: `"*lstm*"`.
        task: Only models that can do it. This imports plug-ins; without it their names suffice.

    Raises:
        TypeError: The pattern is no string.
        ValueError: There is no such task.
    """
    if not isinstance(pattern, str):
        raise InvalidType(f"pattern must be a string with wildcards. Received: pattern={pattern!r}")
    wanted = None if task is None else find_task(task)
    _load_zoo()
    names = [name for name in {*_models, *_plugins()} if fnmatchcase(name, pattern)]
    if wanted is not None:
        names = [name for name in names if (info := _lookup(name)) and wanted.name in info.tasks]
    return sorted(names)


def describe(name: str) -> ModelInfo:
    """Tell what the zoo knows of one model.

    Raises:
        ValueError: There is no model of this name.
    """
    if not isinstance(name, str):
        raise InvalidType(f"A model's name must be a string. Received: {name!r}")
    info = _lookup(name)
    if info is None:
        names = list_models()
        raise InvalidValue(
            f"Unknown model.{did_you_mean(name, names)} `rnnzoo list` shows all {len(names)}. Received: {name!r}"
        )
    return info


@functools.cache
def _load_zoo() -> None:
    for module in pkgutil.iter_modules(importlib.import_module("rnnzoo.models").__path__):
        importlib.import_module(f"rnnzoo.models.{module.name}")


@functools.cache
def _plugins() -> dict[str, importlib.metadata.EntryPoint]:
    """Models of other packages: names from their entry points, no module imported yet."""
    _load_zoo()
    found = {}
    for entry in importlib.metadata.entry_points(group="rnnzoo.models"):
        taken = _models.get(entry.name)
        if entry.name in found or (taken and taken.function.__module__.startswith("rnnzoo.")):
            warnings.warn(f"Model {entry.name!r} of {entry.value} is skipped: the name is taken.", stacklevel=2)
        else:
            found[entry.name] = entry
    return found


def _lookup(name: str) -> ModelInfo | None:
    _load_zoo()
    if name not in _models and name in _plugins():
        entry = _plugins()[name]
        try:
            entry.load()
            if name not in _models:
                raise LookupError(f"it registers no model {name!r}")
        except Exception as error:  # whatever a plug-in does, the zoo stays usable
            warnings.warn(f"Plug-in {name!r} ({entry.value}) is skipped: {error}", stacklevel=2)
            del _plugins()[name]
    return _models.get(name)
