"""The command `tune` of every recipe: its options, and how they become a call of `rnnzoo.tune`."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from tyro.conf import UseAppendAction, arg

from rnnzoo.cli.options import DATA_DIR, TRUST, changed_recipe, names
from rnnzoo.errors import InvalidValue

DOC = "Search the best settings; the same command goes on where it stopped."
OPTIONS: dict[str, Any] = {
    "trials": Annotated[int | None, arg(help="How many; by default 20, for grid and hyperband as many as they have.")],
    "workers": Annotated[int, arg(help="Trials side by side.")],
    "tuner": Annotated[Literal["bayesian", "hyperband", "random", "grid"], arg(help="What proposes trials.")],
    "objective": Annotated[str | None, arg(help="val_accuracy, val_loss, ...; by default the task's main metric.")],
    "models": Annotated[str, arg(help="Names, separated by commas, to choose from; by default the model alone.")],
    "search": Annotated[
        UseAppendAction[tuple[str, ...]],
        arg(metavar="NAME=RANGE", help="units=16:256, pooling=last,mean or dropout=off; may be repeated."),
    ],
    "max_minutes": Annotated[float | None, arg(help="End after so long, with the best so far.")],
    "trial_minutes": Annotated[float | None, arg(help="A trial that takes longer has failed.")],
    "output": Annotated[str | None, arg(help="The search's folder; by default runs/<recipe>-tune.")],
    "restart": Annotated[bool, arg(help="Begin anew.")],
    "tensorboard": Annotated[bool, arg(help="Write logs for TensorBoard's HParams plugin.")],
    "ray_address": Annotated[str | None, arg(help="Run trials on a Ray cluster: auto, local or host:port.")],
    "trust": TRUST,
    "data_dir": DATA_DIR,
}
DEFAULTS = {
    "set": (),
    "models": "",
    "restart": False,
    "trust": False,
    "workers": 1,
    "tuner": "bayesian",
    "search": (),
    "tensorboard": False,
}


def execute(options: Any, base: Any, program: Sequence[str] = ()) -> None:
    """Search around a recipe; what the options set is not searched."""
    from rnnzoo.registry import describe
    from rnnzoo.search.driver import tune
    from rnnzoo.search.space import OF_TRAINING, WORDS_OF_TRAINING, parse
    from rnnzoo.tasks import find

    models = names(options.models) if options.models else []
    recipe = changed_recipe(base, options, options.model)
    fixed = {setting.partition("=")[0] for setting in options.set}
    known = {name for model in models or [recipe.model] for name in describe(model).dials(recipe.task)}
    fixed = (fixed & known) | {
        name for name in (*OF_TRAINING, *WORDS_OF_TRAINING) if getattr(recipe, name) != getattr(base, name)
    }
    called, _ = find(base.task).sequence_length_is
    search = {"sequence_length" if n == called else n: value for n, value in map(parse, options.search)}
    if both := sorted(fixed & {name for name, value in search.items() if value is not None}):
        raise InvalidValue(f"A setting is either given or searched. Received: {', '.join(both)}, given and searched")
    given = {name: getattr(options, name) for name in OPTIONS if name not in ("models", "search")}
    tune(recipe, **given, models=models, search={**dict.fromkeys(fixed), **search}, base=base, program=program)
