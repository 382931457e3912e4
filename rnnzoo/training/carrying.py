"""Truncated backpropagation through time: the state is carried from window to window, the gradient is not.

Reference: Williams and Peng (1990), https://doi.org/10.1162/neco.1990.2.4.490
"""

from collections.abc import Mapping
from typing import Any

from rnnzoo import checked
from rnnzoo.builder import make_optimizer
from rnnzoo.data.batches import Batches
from rnnzoo.devices import processes
from rnnzoo.rebuilding import rebuild
from rnnzoo.tasks import find
from rnnzoo.training.recipe import Recipe


def trainer(model: Any, task: str, train: Batches, stateful: bool) -> Any:
    """Return what is trained: the model itself, or a twin of it that carries its state.

    Args:
        model: From `build`, compiled.
        task: Its task.
        train: Batches whose row r goes on where row r of the batch before ended.
        stateful: Whether to carry the state.

    Raises:
        ValueError: The body cannot carry its state.
    """
    if not stateful:
        return model
    return compiled(rebuild(model, stateful=True, batch_size=train.size), task, _like(model))


def spread(model: Any, task: str) -> Any:
    """Return a twin whose variables lie on the devices of all processes; the model itself where there is one process.

    The model stays on its own process, where it can be asked without the others.
    """
    return model if processes()[1] == 1 else compiled(rebuild(model), task, _like(model))


def compiled(model: Any, task: str, optimizer: Any) -> Any:
    """Compile a model that `rebuild` made with its task's loss and metrics, and return it."""
    model.compile(optimizer=optimizer, loss=find(task).loss(), weighted_metrics=find(task).metrics())
    model.optimizer.build(model.trainable_variables)
    return model


def bare(model: Any) -> Any:
    """Return a copy without the optimizer, whose state is twice the weights: the checkpoint has it."""
    copy = type(model).from_config(model.get_config())
    copy.set_weights(model.get_weights())
    return copy


def anew(model: Any, config: Mapping[str, Any]) -> Any:
    """Compile a model as the recipe of a run's config says, without what its optimizer had learnt."""
    settings: dict[str, Any] = {"optimizer": "adam", "learning_rate": 1e-3, "clip": 1.0}
    settings |= {word: config[word] for word in settings if word in config}
    for word, value in settings.items():
        checked.value(word, Recipe.__annotations__[word], value)
    optimizer = make_optimizer(settings["optimizer"], settings["learning_rate"], clip=settings["clip"])
    return compiled(model, config["task"], optimizer)


def _like(model):
    found = type(model.optimizer).from_config(model.optimizer.get_config())
    if hasattr(model.optimizer, "rates"):  # those of `beginning.layerwise`
        found.rates = model.optimizer.rates
    return found


def begin_anew(model: Any) -> None:
    """Set every carried state to zero: the text begins again."""
    for layer in model.get_layer("body").layers:
        if getattr(layer, "stateful", False):
            layer.reset_state()
