"""Rows of different length in one array `(batch, time, features)`: the real steps first, then padding.

With `lengths` `(batch,)` a kernel needs no mask: run it over everything, then look only where the real steps are.
"""

from keras import ops


def is_real(lengths, time):
    """Booleans `(batch, time, 1)`: True at the real steps."""
    return (ops.arange(time, dtype="int32") < lengths[:, None])[:, :, None]


def per_row(values, x):
    """Return `values` `(batch,)` in a shape that joins with `x` `(batch, ...)`."""
    return ops.reshape(values, (-1, *[1] * (len(x.shape) - 1)))


def flip_real(x, lengths):
    """Reverse the real steps of each row and leave the padding where it is; its own inverse."""
    step = ops.arange(ops.shape(x)[1], dtype="int32")
    mirrored = lengths[:, None] - 1 - step
    return ops.take_along_axis(x, ops.where(mirrored >= 0, mirrored, step)[:, :, None], axis=1)


def turn(x, lengths):
    """Reverse the real steps of each row; with lengths None all steps."""
    return ops.flip(x, axis=1) if lengths is None else flip_real(x, lengths)


def last_real(x, lengths, otherwise):
    """The last real step of each row, `(batch, features)`; `otherwise`, of that shape, for a row without one."""
    last = ops.take_along_axis(x, ops.maximum(lengths - 1, 0)[:, None, None], axis=1)[:, 0]
    return ops.where((lengths > 0)[:, None], last, otherwise)


def fill_padding(x, lengths, value):
    """`x` with `value`, which broadcasts to it, at the padded steps."""
    return ops.where(is_real(lengths, ops.shape(x)[1]), x, value)


def read_last(x, steps, lengths, reverse):
    """The step of `x` that is read last, `(batch, 1, ...)`; x may have more steps in front than there are to read."""
    if x is None:
        return None
    first = ops.shape(x)[1] - steps
    if reverse:
        return x[:, first : first + 1]
    if lengths is None:
        return x[:, -1:]
    place = first + ops.maximum(lengths - 1, 0)
    return ops.take_along_axis(x, per_row(place, x), axis=1)


def newest(extended, lengths, count):
    """The last `count` real steps of rows that begin with as many from before."""
    if lengths is None:
        return extended[:, -count:]
    return ops.take_along_axis(extended, (lengths[:, None] + ops.arange(count, dtype="int32"))[:, :, None], axis=1)
