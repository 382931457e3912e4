"""Any mask as lengths: each row's real steps moved to its front, and what came of them put back where they were.

A recurrent layer leaves its state as it is at a masked step, so those steps may as well stand at the end of the row.
Then a length says all, and no kernel sees a mask. What is at the end already stays where it is: the zoo's own masks are
known to be of that kind, of any other it is found out by the run, from the mask alone.
"""

import functools

import keras
from keras import ops

from rnnzoo.layers.masking.padding import known_to_trail, lengths
from rnnzoo.layers.masking.real_steps import fill_padding


class Packing:
    """The places of a mask's real steps.

    Args:
        mask: `(batch, time)`, or with a last axis of 1 as Keras's loop takes it; True at real steps: at the front, the
            end, with holes, none or all of them.

    Attributes:
        lengths: Real steps of each row, int32 `(batch,)`.
    """

    def __init__(self, mask):
        self.trails = known_to_trail(mask)
        mask = ops.convert_to_tensor(mask)
        self.mask = ops.cast(mask[..., 0] if len(mask.shape) == 3 else mask, "bool")
        self.lengths = lengths(self.mask) if self.trails else ops.sum(ops.cast(self.mask, "int32"), axis=1)

    @functools.cached_property
    def _in_front(self):
        return ops.all(self.lengths == lengths(self.mask))

    def pack(self, x):
        """Return `x` `(batch, time, ...)` with the real steps of each row at its front, in their order."""

        def moved():
            step = ops.arange(ops.shape(x)[1], dtype="int32")
            order = ops.argsort(ops.where(self.mask, step, step + ops.shape(x)[1]), axis=1)
            return _take(x, order)

        return self._if_in_front(lambda: x, moved)

    def spread(self, x, otherwise=0):
        """Put packed steps `(batch, time, ...)` back in their places, and `otherwise` at the masked ones."""

        def anywhere():
            found = _take(x, ops.maximum(self._seen() - 1, 0))
            return ops.where(_beside(self.mask, x), found, otherwise)

        return self._if_in_front(lambda: ops.where(_beside(self.mask, x), x, otherwise), anywhere)

    def unpack(self, outputs, last, initial, *, backwards, zeros):
        """Put the outputs of packed steps back in their places.

        At a masked step stands the output of the real step read before it; where there is none, what Keras's loop has
        there (see `blank`).

        Args:
            outputs: `(batch, time, units)`, in the order of time; anything after the real steps.
            last: That of the step read last, `(batch, units)`.
            initial: The initial state, `(batch, units)`.
            backwards: The steps were read from the end.
            zeros: Put 0 at masked steps instead.
        """
        if zeros:
            return self.spread(outputs, 0.0)

        def behind():
            """Every masked step is at the end: read after the others, or before them all."""
            there = blank(initial) if backwards else last
            return fill_padding(outputs, self.lengths, there[:, None])

        def anywhere():
            seen = self._seen()
            place = seen - ops.cast(self.mask, "int32") if backwards else seen - 1
            inside = ops.logical_and(place >= 0, place < self.lengths[:, None])
            found = _take(outputs, ops.clip(place, 0, ops.shape(outputs)[1] - 1))
            return ops.where(inside[..., None], found, blank(initial)[:, None])

        return self._if_in_front(behind, anywhere)

    def _seen(self):
        """Return the real steps up to each one, int32 `(batch, time)`."""
        return ops.cumsum(ops.cast(self.mask, "int32"), axis=1)

    def _if_in_front(self, simple, always):
        """Return `simple()` where that will do. `always()` will.

        XLA, which must know every shape, gets only that; and so does a file, whose formats know few words in a branch.
        """
        from rnnzoo.layers.recurrent.paths import exporting  # whose room is made of this one

        if self.trails:
            return simple()
        if keras.backend.backend() == "jax" or in_xla() or exporting():
            return always()
        return ops.cond(self._in_front, simple, always)


def in_xla():
    """Tell whether TensorFlow is tracing what XLA will compile as a whole, as `compile(jit_compile=True)` asks."""
    if keras.backend.backend() != "tensorflow":
        return False
    import tensorflow as tf

    from rnnzoo.private.tensorflow import inside_xla

    return not tf.executing_eagerly() and inside_xla(tf.compat.v1.get_default_graph())


def blank(initial):
    """What Keras's loop gives out before the first real step: on JAX the initial state, elsewhere zeros."""
    return initial if keras.backend.backend() == "jax" else ops.zeros_like(initial)


def _take(x, order):
    """Return each row's steps `order` `(batch, time)` of `x` `(batch, time, ...)`."""
    return ops.reshape(ops.take_along_axis(x, _beside(order, x), axis=1), ops.shape(x))


def _beside(steps, x):
    """Return `steps` `(batch, time)` with as many axes as `x` has."""
    return ops.reshape(steps, (*ops.shape(steps), *[1] * (len(x.shape) - 2)))
