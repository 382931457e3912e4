"""The products with matrices that a cell's step is made of, as the loop that runs it wants to see them.

A cell says `product(h, self.u)`. Step by step that is `ops.matmul`. A compiled loop (`compiled.scan`) makes those of
what the step reads for all steps at once, before it, and the gradients of all matrices behind it.
"""

import contextlib
from collections.abc import Callable, Iterator

from keras import ops

_loops: list[Callable] = []


def product(a, matrix, parts=1):
    """Return a W, `(batch, columns)`.

    Args:
        a: `(batch, rows)`.
        matrix: W `(rows, columns)`, a variable of the cell.
        parts: Cut the columns into so many arrays of equal width: the gates of a cell. They come as a list.
    """
    found = _loops[-1](a, matrix, parts) if _loops else plain(a, matrix, parts)
    return found[0] if parts == 1 else found


def plain(a, matrix, parts):
    """Return the parts of the product at once."""
    return ops.split(ops.matmul(a, matrix), parts, axis=-1)


@contextlib.contextmanager
def seen_by(loop: Callable) -> Iterator[None]:
    """Have `loop(a, matrix, parts)` make the products, and return their parts as a list."""
    _loops.append(loop)
    try:
        yield
    finally:
        _loops.pop()
