"""Towers: slices of a batch, which TensorFlow runs side by side.

A compiled loop runs in one thread, and one step's products are too small to be worth sharing between several.
"""

import tensorflow as tf

TOWERS = 2


def rows(batch, towers, idle):
    """Equal slices of the batch, so that one compiled program serves them all; the last ones may overlap.

    If towers may be `idle`, the first takes all of a few rows: two towers would each run the same single row.
    Yields `(slice, skip)`: the first `skip` rows of the slice are another tower's too and are dropped.
    """
    size = (batch + towers - 1) // towers
    if idle:
        size = tf.where(batch < 2 * towers, batch, size)
    for k in range(towers):
        start = tf.minimum(k * size, batch - size)
        skip = k * size - start
        if idle and k:
            few = batch < 2 * towers
            start, skip = tf.where(few, batch, start), tf.where(few, 0, skip)
        yield slice(start, start + size), skip


def towers_of(layer, x):
    """How many towers a layer's batch `x` is cut into: one if the layer is half of a pair, or if the rows are few."""
    return TOWERS if layer.alone and (x.shape[0] is None or x.shape[0] >= 2 * TOWERS) else 1


def side_by_side(function, arrays, towers):
    """Return the list that `function(*arrays)` returns, made tower by tower; None among `arrays` stays None.

    No tower is idle: TensorFlow's convolution of no rows has another length than that of some.
    """
    batch = arrays[0].shape[0]
    if batch is not None and batch % towers == 0:  # nothing is copied, and the gradients are not added up
        cut = [[None] * towers if a is None else tf.split(a, towers) for a in arrays]
        pieces = [function(*some) for some in zip(*cut, strict=True)]
    else:
        pieces = []
        for some, skip in rows(tf.shape(arrays[0])[0], towers, idle=False):
            found = function(*(None if a is None else a[some] for a in arrays))
            pieces.append([a[skip:] for a in found])
    return [tf.concat(parts, 0) for parts in zip(*pieces, strict=True)]
