"""`pack`: a run as one file, to keep or to give away."""

import os
from pathlib import Path
from typing import Any

from rnnzoo.files import named
from rnnzoo.sharing import packs, places


def pack(run: Any, path: str | os.PathLike, *, compact: bool = False) -> Path:
    """Write a finished run as one file, which `rnnzoo.load` opens anywhere.

    The file is a zip of the run's settings, vocabulary, results, history and model, with their checksums. It holds no
    code and no pickle; neither pictures, nor the data, nor folders of this machine.

    Args:
        run: Whatever `rnnzoo.load` takes, or a `Run`.
        path: The file; ends in `.rnnzoo`.
        compact: Weights as 8-bit numbers with a scale a row, and 16-bit ones: a fourth of the size, and answers that
            differ a little. Measure them: `rnnzoo evaluate FILE`.

    Raises:
        ValueError: The run is not finished, or damaged.
        OSError: The file cannot be written.

    Example:
        >>> rnnzoo.pack("runs/imdb-bilstm-0", "imdb.rnnzoo", compact=True)
    """
    place = None if hasattr(run, "folder") else places.find(run)
    return packs.pack(run.folder if place is None else place.folder, named(path), small=compact)
