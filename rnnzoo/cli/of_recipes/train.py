"""`train`: a recipe into a run folder."""

from pathlib import Path
from typing import Annotated, Any

from tyro.conf import arg

from rnnzoo.cli.options import DATA_DIR, TRUST, changed_recipe

DOC = "Train; the same command goes on where it stopped."
OPTIONS: dict[str, Any] = {
    "run": Annotated[
        str | None,
        arg(help="The run folder; by default runs/<recipe>-<data>-<model>-<settings>-<seed>: what was changed."),
    ],
    "restart": Annotated[bool, arg(help="Begin anew.")],
    "new_data": Annotated[
        bool, arg(help="Where the files of data have changed, train on with them from the run's weights.")
    ],
    "trust": TRUST,
    "data_dir": DATA_DIR,
}
DEFAULTS = {"set": (), "restart": False, "new_data": False, "trust": False}


def execute(options: Any, recipe: Any) -> None:
    """Train the recipe as the options change it."""
    changed = changed_recipe(recipe, options, options.model)
    folder = options.run or Path("runs") / changed.run_name(recipe)
    from rnnzoo.training.fit import train

    given = {name: getattr(options, name) for name in ("restart", "new_data", "trust", "data_dir")}
    train(changed, folder, **given)
