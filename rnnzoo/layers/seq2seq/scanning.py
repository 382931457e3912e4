"""A loop over time of any step: the fastest way where it stands."""

from keras import ops

from rnnzoo.layers.recurrent import paths
from rnnzoo.layers.seq2seq.steps import gates


def scan(core, state, z, units, matrices, statics, variables, training):
    """Run `core(z_t, products, state, statics) -> state, outs` over the leading axis of `z`.

    Args:
        core: One step; `z_t` and `products`, the states times their matrices, are lists by gate. Lists in, lists out.
        state: Tensors `(batch, width)`, a list.
        z: What each step reads, `(time, batch, gates * units)`.
        units: Width of a gate.
        matrices: For each state one `(width, gates * units)`, or None.
        statics: What every step reads, `(batch, ...)` each.
        variables: Those that `core` uses.
        training: Whether a gradient will be asked for.

    Returns:
        The states after each step, and the outs: `(time, batch, ...)` each.
    """
    if training and paths.compiles_loops(z):
        from rnnzoo.layers.recurrent.compiled import scan

        matrices = [None if m is None else gates(m, units) for m in matrices]
        return scan.scan(core, state, gates(z, units), matrices, statics, variables)

    def step(carry, z):
        state = carry[: len(matrices)]
        state, outs = core(gates(z, units), multiply(state, matrices, units), state, statics)
        return [*state, *outs], [*state, *outs]  # `ops.scan` gives back what it carries, nothing else

    first, _ = step(state, z[0])
    _, found = ops.scan(step, [*state, *map(ops.zeros_like, first[len(state) :])], z)
    return found[: len(state)], found[len(state) :]


def multiply(state, matrices, units):
    """Return the states times their matrices, lists by gate; None where there is none."""
    found = zip(state, matrices, strict=True)
    return [None if m is None else gates(ops.matmul(s, m), units) for s, m in found]
