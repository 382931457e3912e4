"""What the package uses of TensorFlow, Keras and tyro beyond their public API, one module for each library.

A release may move any of it. So nothing else in the package touches a private name of theirs, each use is a function
here that says why there is no public way, and `tests/test_private.py` checks all of them. What is used of KerasTuner's
oracles beyond its public API is in the subclasses of `rnnzoo.search.oracle`.
"""

import importlib
from typing import Any

from rnnzoo.errors import Moved


def find(module: str, name: str) -> Any:
    """Return `module.name` of a library.

    Raises:
        ImportError: The installed release has it no longer.
    """
    try:
        return getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError):
        raise moved(f"{module}.{name}") from None


def moved(name: str) -> Moved:
    """Return the error which says that a library no longer has `name`, written `library.more`."""
    library = name.partition(".")[0]
    release = getattr(importlib.import_module(library), "__version__", "of an unknown release")
    return Moved(
        f"This release of {library} has moved a private part that rnnzoo uses: install an older one. "
        f"Received: {library} {release} without {name}"
    )
