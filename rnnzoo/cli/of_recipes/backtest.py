"""`backtest`: a forecasting recipe on several parts of its series."""

from pathlib import Path
from typing import Annotated, Any

from tyro.conf import arg

from rnnzoo.cli.options import DATA_DIR, TRUST, changed_recipe

DOC = "Judge forecasts on the last rows, fold after fold, each from what came before it."
OPTIONS: dict[str, Any] = {
    "folds": Annotated[int, arg(help="How many.")],
    "fold_rows": Annotated[
        int | None, arg(help="Rows of a fold; by default the test rows divided, at least --horizon.")
    ],
    "refit": Annotated[bool, arg(help="Train anew before each fold; else once, before the first.")],
    "sliding": Annotated[bool, arg(help="As many rows before each fold as before the first; else all.")],
    "output": Annotated[str | None, arg(help="Where table and picture go; by default runs/<recipe>-backtest.")],
    "trust": TRUST,
    "data_dir": DATA_DIR,
}
DEFAULTS = {"set": (), "folds": 5, "refit": False, "sliding": False, "trust": False}


def execute(options: Any, recipe: Any) -> None:
    """Train the recipe as the options change it, and judge it fold by fold."""
    changed = changed_recipe(recipe, options, options.model)
    from rnnzoo.training.several.backtest import backtest

    output = options.output or Path("runs") / f"{changed.run_name(recipe)}-backtest"
    given = {name: getattr(options, name) for name in ("refit", "sliding", "fold_rows", "trust", "data_dir")}
    backtest(changed, options.folds, output, **given)
