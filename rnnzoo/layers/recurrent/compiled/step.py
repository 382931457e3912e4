"""A step of an element-wise recurrence within a compiled loop."""

import tensorflow as tf

from rnnzoo.layers.masking import real_steps
from rnnzoo.layers.recurrent.compiled.fused import read, write


class Step:
    """One step of a recurrence, as the compiled loops take it, back as well."""

    def __init__(self, recurrence, places):
        self.recurrence, self.places = recurrence, places

    def blocks(self, z, t):
        """What step t reads."""
        return [read(z[k], t, start, shape) for k, start, shape in self.places]

    def after(self, t, lengths, z_t, state, constants):
        """Return the state after the step; at a padded one it stays as it is."""
        after = self.recurrence.step(z_t, state, constants)
        if lengths is None:
            return after
        return [tf.where(real_steps.per_row(t < lengths, new), new, old) for new, old in zip(after, state, strict=True)]

    def write(self, dz, d_z, t):
        """Write the gradients of what step t read."""
        dz = list(dz)
        for (k, start, _), value in zip(self.places, d_z, strict=True):
            dz[k] = write(dz[k], value, t, start)
        return dz


def vjp(function, *arguments):
    """Return `function(*arguments)` and how its gradients become those of the arguments, lists of arrays."""
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(arguments)
        found = function(*arguments)
    return found, lambda d: tape.gradient(found, arguments, d, unconnected_gradients="zero")


def added(these, those):
    """Add arrays one by one."""
    return [a + b for a, b in zip(these, those, strict=True)]
