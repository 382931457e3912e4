"""`presets`, `pack` and `push`: models that come with the package, and runs as one file."""

from dataclasses import dataclass
from typing import Annotated

from tyro.conf import Positional, arg

from rnnzoo.cli.options import RUN
from rnnzoo.cli.terminal import print_out
from rnnzoo.errors import InvalidValue


@dataclass
class Presets:
    """List the models that come with the package: `rnnzoo predict NAME ...` answers at once."""

    pattern: Positional[str] = "*"
    """Of their names."""

    needs_keras = False

    def execute(self, _):
        """Print a table."""
        from rich.table import Table

        from rnnzoo.sharing.places import presets
        from rnnzoo.sharing.presets import list_presets

        table = Table(
            "preset", "what it does", "model", "quality", "MB", "licence of its data", box=None, pad_edge=False
        )
        for found in list_presets(self.pattern):
            size = f"{found.size / 1e6:.2f}"
            table.add_row(found.name, found.summary, found.model, found.in_words, size, found.licence)
        if not table.rows:
            raise InvalidValue(f"No preset has such a name; there are {', '.join(presets())}. Received: {self.pattern}")
        print_out(table)


@dataclass
class Pack:
    """Write a run as one file, which `rnnzoo` commands and `rnnzoo.load` open anywhere."""

    run: RUN
    path: Annotated[Positional[str], arg(metavar="FILE", help="The file; ends in .rnnzoo.")]
    compact: bool = False
    """Weights as 8-bit and 16-bit numbers: a fourth of the size."""

    def execute(self, _):
        """Print where it lies, and how large it is."""
        from rnnzoo.sharing.giving import pack

        path = pack(self.run, self.path, compact=self.compact)
        print_out(f"{path}: {path.stat().st_size / 1e6:.2f} MB")


@dataclass
class Push:
    """Give a run to the Hugging Face Hub, with a model card; log in with `hf auth login` first."""

    run: RUN
    address: Annotated[Positional[str], arg(metavar="ADDRESS", help="hf://user/name")]
    compact: bool = False
    """Weights as 8-bit and 16-bit numbers: a fourth of the size."""
    private: bool = False
    """A new place is for you alone."""

    def execute(self, _):
        """Print the page's address."""
        from rnnzoo.sharing.fetching import push

        print_out(push(self.run, self.address, compact=self.compact, private=self.private))
