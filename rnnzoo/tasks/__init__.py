"""What a model is for. A task is an object; everything else asks it, and knows no task by its name.

The zoo's own tasks are a module each, named as the task. Other packages name theirs by an entry point
`[project.entry-points."rnnzoo.tasks"] mytask = "mypkg.tasks"`, whose module calls `register`; a script calls it itself.
"""

import functools
import importlib
import importlib.metadata
import warnings
from typing import Any

from rnnzoo.errors import InvalidType, InvalidValue, did_you_mean
from rnnzoo.tasks.task import Task

OWN = ("classification", "regression", "forecasting", "tagging", "language_modeling", "translation", "multilabel")

_tasks: dict[str, Task] = {}


def register(task: Task) -> Task:
    """Add a task under its name.

    Args:
        task: An instance of a subclass of `rnnzoo.tasks.Task`.

    Raises:
        TypeError: It is something else.
        ValueError: Another task has its name, or it watches nothing.
    """
    if not isinstance(task, Task):
        raise InvalidType(f"A task is an instance of a subclass of rnnzoo.tasks.Task. Received: {task!r}")
    known = _tasks.get(task.name)
    place = (type(task).__module__, type(task).__qualname__)
    if known and (type(known).__module__, type(known).__qualname__) != place:
        raise InvalidValue(f"A task of this name is registered already, by {type(known).__module__}. Received: {place}")
    if "loss" not in task.watched:
        raise InvalidValue(f"A task watches its loss after every epoch. Received: watched={task.watched!r}")
    _tasks[task.name] = task
    return task


def find(name: str) -> Task:
    """Return the task of this name.

    Raises:
        TypeError: It is no string.
        ValueError: There is none.
    """
    _load()
    if not isinstance(name, str):
        raise InvalidType(f"A task's name must be a string: {', '.join(_tasks)}. Received: task={name!r}")
    if name not in _tasks:
        raise InvalidValue(
            f"Unknown task; valid are {', '.join(_tasks)}.{did_you_mean(name, _tasks)} Received: task={name!r}"
        )
    return _tasks[name]


def names() -> tuple[str, ...]:
    """Return the names of all tasks, the zoo's own first."""
    _load()
    return tuple(_tasks)


def all_tasks() -> tuple[Task, ...]:
    """Return all tasks, the zoo's own first."""
    _load()
    return tuple(_tasks.values())


def with_size(word: str) -> list[str]:
    """Return the names of the tasks that take a size beyond those of any input: `horizon`."""
    return [task.name for task in all_tasks() if word in task.sizes]


def more_is_better(metric: str) -> bool:
    """Tell a metric's direction from its name: `val_accuracy` up, `val_loss` down."""
    return any(metric.removeprefix("val_") in task.higher_is_better for task in all_tasks())


def check_options(task: Task, given: dict[str, Any]) -> dict[str, Any]:
    """Return a task's answer options, defaults filled in.

    Raises:
        TypeError: No task has such an option; a value of the wrong type.
        ValueError: Another task has it; a value out of bounds.
    """
    known = {word: other for other in all_tasks() for word in other.answer_options}
    for word, value in given.items():
        if word not in known:
            raise InvalidType(f"No task has this option; there are {', '.join(known)}. Received: {word}={value!r}")
        if word not in task.answer_options and value != known[word].answer_options[word].default:
            raise InvalidValue(
                f"Only {known[word].name} has a {word}. Received: {word}={value!r}, a run of {task.name}"
            )
    wanted = {word: (dial, given.get(word, dial.default)) for word, dial in task.answer_options.items()}
    return {word: dial.check(word, value) for word, (dial, value) in wanted.items() if value is not None}


@functools.cache
def _load() -> None:
    for name in OWN:
        importlib.import_module(f"rnnzoo.tasks.{name}")
    for entry in importlib.metadata.entry_points(group="rnnzoo.tasks"):
        try:
            entry.load()
        except Exception as error:  # whatever a plug-in does, the zoo stays usable
            warnings.warn(f"Plug-in {entry.name!r} ({entry.value}) is skipped: {error}", stacklevel=2)
