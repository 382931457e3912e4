"""Element-wise recurrences under JAX: its own loop, and the way back arranged by hand.

The way forward keeps the states alone; the way back takes each step once more, as `compiled.elementwise` says. JAX's
own gradient of a loop keeps every intermediate value of every step.
"""

import jax
from jax import numpy as jnp

from rnnzoo.layers.masking import real_steps


def run(recurrence, z, state, constants, lengths, reverse, unroll):
    """Run a recurrence over z, arrays `(batch, time, ...)`; see `rnnzoo.layers.recurrent.linear.run`.

    Args:
        recurrence: As there.
        z: As there.
        state: As there.
        constants: As there.
        lengths: As there.
        reverse: As there.
        unroll: Steps of the recurrence in one of the loop.
    """
    units, time = state[0].shape[-1], jnp.arange(z[0].shape[1])

    def step(z_t, state, constants, lengths, t):
        after = recurrence.step(recurrence.blocks(z_t, units), state, constants)
        if lengths is None:
            return after
        return [
            jnp.where(real_steps.per_row(t < lengths, new), new, old) for new, old in zip(after, state, strict=True)
        ]

    @jax.custom_vjp
    def through_time(z, state, constants, lengths):
        def body(state, now):
            t, z_t = now
            after = step(z_t, state, constants, lengths, t)
            return after, after

        return jax.lax.scan(body, state, (time, z), reverse=reverse, unroll=unroll)[1]

    def forward(*given):
        hs = through_time(*given)
        return hs, (given, hs)

    def backward(kept, upstream):
        (z, state, constants, lengths), hs = kept
        pairs = zip(state, hs, strict=True)
        befores = [jnp.concatenate([h[1:], s[None]] if reverse else [s[None], h[:-1]]) for s, h in pairs]

        def body(carried, now):
            (d, sums), (t, z_t, before, asked) = carried, now
            d = [a + b for a, b in zip(d, asked, strict=True)]

            def again(z_t, before, constants):
                return step(z_t, before, constants, lengths, t)

            _, pull = jax.vjp(again, z_t, before, constants)
            d_z, d, d_constants = pull(d)
            return (d, [a + b for a, b in zip(sums, d_constants, strict=True)]), d_z

        start = [jnp.zeros_like(s) for s in state], [jnp.zeros_like(c) for c in constants]
        steps = (time, z, befores, upstream)
        (d, sums), d_z = jax.lax.scan(body, start, steps, reverse=not reverse, unroll=unroll)
        return d_z, d, sums, None

    through_time.defvjp(forward, backward)
    hs = through_time([jnp.swapaxes(part, 0, 1) for part in z], list(state), list(constants), lengths)
    return [jnp.swapaxes(h, 0, 1) for h in hs]
