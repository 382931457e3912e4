"""`recipes`, and what begins with the name of one: `rnnzoo train imdb`."""

import ast
from dataclasses import dataclass
from typing import Any

from tyro.conf import Positional

from rnnzoo.cli.terminal import print_out


@dataclass
class Recipes:
    """List recipes."""

    needs_keras = False

    def execute(self, _: Any) -> None:
        """Print a table; no recipe is run for it."""
        from rich.table import Table

        from rnnzoo.training.catalog import names, scripts

        own = scripts()
        table = Table("recipe", "what it trains", box=None, pad_edge=False)
        for name in names():
            text = ast.get_docstring(ast.parse(own[name].read_text(encoding="utf-8"))) if name in own else None
            table.add_row(name, (text or "of another package").partition("\n\n")[0].replace("\n", " "))
        print_out(table)
        print_out("\nrnnzoo train NAME --help shows a recipe's options")


@dataclass
class _OfRecipe:
    recipe: Positional[str]
    """A name that `rnnzoo recipes` shows, or a script of your own: ./my_recipe.py. Its options: NAME --help."""


class Train(_OfRecipe):
    """Train a recipe; the same command goes on where it stopped."""


class Compare(_OfRecipe):
    """Train several models on a recipe and show quality, seconds and parameters side by side."""


class Tune(_OfRecipe):
    """Search a recipe's best settings; the same command goes on where it stopped."""


class Backtest(_OfRecipe):
    """Judge a forecasting recipe on several parts of its series, each from what came before it."""


OF_RECIPES: dict[str, type] = {"train": Train, "compare": Compare, "tune": Tune, "backtest": Backtest}
