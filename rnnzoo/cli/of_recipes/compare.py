"""`compare`: several models on one recipe."""

import dataclasses
from pathlib import Path
from typing import Annotated, Any

from tyro.conf import arg

from rnnzoo.cli.options import DATA_DIR, TRUST, changed_recipe, names
from rnnzoo.errors import InvalidValue

DOC = "Train several models and show quality, seconds and parameters side by side."
OPTIONS: dict[str, Any] = {
    "models": Annotated[str, arg(help="Names, separated by commas.")],
    "seeds": Annotated[str, arg(help="Seeds, separated by commas.")],
    "output": Annotated[str | None, arg(help="Where table and picture go; by default runs/<recipe>-compare.")],
    "trust": TRUST,
    "data_dir": DATA_DIR,
}
DEFAULTS = {"set": (), "models": "", "seeds": "0", "trust": False}


def execute(options: Any, recipe: Any) -> None:
    """Train each model with each seed, and compare."""
    models = names(options.models or "simple_rnn,lstm,gru")
    try:
        seeds = [int(seed) for seed in options.seeds.split(",")]
    except ValueError:
        raise InvalidValue(f"seeds must be whole numbers, separated by commas. Received: {options.seeds}") from None
    recipes = [
        dataclasses.replace(changed_recipe(recipe, options, name, models), seed=seed).check()
        for name in models
        for seed in seeds
    ]
    from rnnzoo.training.several.compare import compare

    output = options.output or Path("runs") / f"{recipe.name}-compare"
    compare(recipes, recipe, output, trust=options.trust, data_dir=options.data_dir)
