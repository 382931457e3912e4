"""Recurrences without a matrix on the state: h_t = a_t ⊙ h_{t-1} + b_t, and element-wise ones that are not linear.

Each unit is a recurrence of its own, so that all products with matrices are done for all steps at once, before the
loop or after it. `rnnzoo.layers.recurrent.paths.elementwise` decides how the loop runs. What is linear can also run in
parallel over time: Blelloch (1990), "Prefix sums and their applications", https://www.cs.cmu.edu/~guyb/papers/Ble93.pdf.
"""

import contextlib
from collections.abc import Callable
from typing import NamedTuple

import keras
from keras import ops

from rnnzoo.errors import InvalidValue
from rnnzoo.layers.masking import real_steps
from rnnzoo.layers.recurrent import paths


class Recurrence(NamedTuple):
    """One step, as pure functions of lists of arrays `(batch, units)`, or `(batch, time, units)` for `coefficients`.

    Args:
        step: `step(z, state, constants) -> state`; z is what the step reads, the constants are the same at every step.
        states: How many arrays the state has.
        coefficients: Of a linear one: `coefficients(z, constants) -> a, b`, each a list: the number itself, or its real
            and imaginary part.
        read: How many states, the first ones, are read after every step; of the others the last is all that is wanted.
            None: all.
        answer: `answer(z, state, constants) -> list`: what is read after every step instead of the state, for one that
            is larger than what is made of it; also for all steps at once.
        whole: A step reads each array of z as it is: those of z and of the state, `(batch, ...)`, are of shapes that
            the step can join. Otherwise arrays are cut into those of a state's width.
    """

    step: Callable
    states: int = 1
    coefficients: Callable | None = None
    read: int | None = None
    answer: Callable | None = None
    whole: bool = False

    def places(self, z, units):
        """Return where the arrays of a step stand in z: which one, from where, and their shape without the batch."""
        if self.whole:
            return [(k, 0, tuple(part.shape[2:])) for k, part in enumerate(z)]
        return [(k, start, (units,)) for k, part in enumerate(z) for start in range(0, part.shape[-1], units)]

    def blocks(self, z, units):
        """Cut arrays `(..., k * units)` into those that a step reads."""
        if self.whole:
            return list(z)
        return [block for part in z for block in ops.split(part, part.shape[-1] // units, axis=-1)]

    def answers(self, z, state, constants):
        """Return what is read after a step, or with a time axis after all of them."""
        if self.answer is None:
            return state[: self.read]
        return self.answer(self.blocks(z, state[0].shape[-1]), state, constants)


def linear(coefficients, **options):
    """Make `coefficients(z, constants) -> a, b` a recurrence h_t = a ⊙ h_{t-1} + b; use it as a decorator."""

    def step(z, state, constants):
        a, b = coefficients(z, constants)
        return [a * state[0] + b]

    return Recurrence(step, 1, lambda z, constants: [[part] for part in coefficients(z, constants)], **options)


def complex_linear(coefficients):
    """The same for complex numbers: `coefficients` gives the pairs a and b of real and imaginary part."""

    def step(z, state, constants):
        a, b = coefficients(z, constants)
        return [product + add for product, add in zip(_times(a, state), b, strict=True)]

    return Recurrence(step, 2, coefficients)


_REAL = linear(lambda z, constants: z)
_COMPLEX = complex_linear(lambda z, constants: (z[:2], z[2:]))


def linear_recurrence(a, b, initial=None, lengths=None, reverse=False):
    """Compute h_t = a_t ⊙ h_{t-1} + b_t.

    Args:
        a: `(batch, time, units)`, float32; for complex numbers the pair of real and imaginary part.
        b: As a.
        initial: The state before, `(batch, units)`; None is zeros. A pair for complex numbers.
        lengths: Real steps of each row, int32 `(batch,)`, the others being padding at its end, where the state stays as
            it is; None means all.
        reverse: Whether to run from the end to the start: h_t = a_t ⊙ h_{t+1} + b_t.

    Returns:
        All states, as b, and the last one, as initial.

    Raises:
        ValueError: One is a pair and another is not.
    """
    pairs = {isinstance(x, (tuple, list)) for x in (a, b, initial) if x is not None}
    if len(pairs) > 1:
        raise InvalidValue(
            "a, b and the initial state are arrays, or all of them pairs of real and imaginary part. "
            f"Received: a={type(a).__name__}, b={type(b).__name__}, initial={type(initial).__name__}"
        )
    of_pairs = pairs.pop()
    z = [*a, *b] if of_pairs else [a, b]
    state = initial if of_pairs or initial is None else [initial]
    if state is None:
        state = [ops.zeros_like(part[:, 0]) for part in (b if of_pairs else [b])]
    recurrence = _COMPLEX if of_pairs else _REAL
    path = paths.elementwise(linear=True, steps=z[0].shape[1])
    hs, last = run(path, recurrence, z, list(state), [], lengths, reverse)
    return (tuple(hs), tuple(last)) if of_pairs else (hs[0], last[0])


def last_state(h, reverse):
    """The state after the last step; at padded steps it stays as it is."""
    return h[:, 0] if reverse else h[:, -1]


def run(path, recurrence, z, state, constants, lengths, reverse, every=True):
    """Run a recurrence over time.

    Args:
        path: How: `compiled`, `scan`, `associative` or `general`.
        recurrence: Its step.
        z: What the steps read: a list of `(batch, time, k * units)`, float32, which count as k arrays side by side
            unless the recurrence reads them whole; then `(batch, time, ...)`.
        state: A list of `(batch, units)`, or of `(batch, ...)`.
        constants: A list of `(units,)`, or of shapes that the step can join with the state.
        lengths: As for `linear_recurrence`.
        reverse: As for `linear_recurrence`.
        every: Whether what is read after every step is wanted, not the last state alone.

    Returns:
        Each array that is read, `(batch, time, ...)`: after each step; None unless `every`. And all states after the
        last one.
    """
    if path == "compiled":
        from rnnzoo.layers.recurrent.compiled import elementwise

        return elementwise.run(recurrence, z, state, constants, lengths, reverse, every)
    how = {"scan": _scan, "associative": _associative, "general": _general}[path]
    hs = how(recurrence, z, state, constants, lengths, reverse)
    return recurrence.answers(z, hs, constants) if every else None, [last_state(h, reverse) for h in hs]


def _scan(recurrence, z, state, constants, lengths, reverse):
    """JAX's own loop. On a CPU eight steps make one of the loop."""
    from rnnzoo.layers.recurrent import scanned

    unroll = 8 if paths.device() == "cpu" else 1
    return scanned.run(recurrence, z, state, constants, lengths, reverse, unroll)


def _associative(recurrence, z, state, constants, lengths, reverse):
    """In parallel over time, in about 2 log2(time) rounds."""
    a, b = recurrence.coefficients(recurrence.blocks(z, state[0].shape[-1]), constants)
    a, b = [ops.broadcast_to(part, ops.shape(b[0])) for part in a], list(b)
    if lengths is not None:  # a padded step changes nothing
        real = real_steps.is_real(lengths, ops.shape(z[0])[1])
        real = ops.reshape(real, (*ops.shape(real)[:2], *[1] * (len(b[0].shape) - 2)))
        a = [ops.where(real, part, 1.0 - k) for k, part in enumerate(a)]
        b = [ops.where(real, part, 0.0) for part in b]
    first = slice(-1, None) if reverse else slice(0, 1)
    start = _times([part[:, first] for part in a], [part[:, None] for part in state])
    joined = [(part[:, :-1], add + part[:, -1:]) if reverse else (add + part[:, :1], part[:, 1:])
              for part, add in zip(b, start, strict=True)]  # fmt: skip
    b = [ops.concatenate(pair, axis=1) for pair in joined]

    def after(before, now):
        (a, b), (a_now, b_now) = before, now
        carried = _times(a_now, b)
        return _times(a_now, a), [x + y for x, y in zip(carried, b_now, strict=True)]

    with _where(b[0]):
        return list(ops.associative_scan(after, (a, b), reverse=reverse, axis=1)[1])


def _where(x):
    """On torch Keras's associative scan makes arrays on torch's own default device, wherever its arguments are."""
    return x.device if keras.backend.backend() == "torch" else contextlib.nullcontext()


def _general(recurrence, z, state, constants, lengths, reverse):
    """A loop in Python."""
    found, steps, units = [], range(z[0].shape[1]), state[0].shape[-1]
    for t in reversed(steps) if reverse else steps:
        after = recurrence.step(recurrence.blocks([part[:, t] for part in z], units), state, constants)
        if lengths is not None:
            after = [
                ops.where(real_steps.per_row(t < lengths, new), new, old) for new, old in zip(after, state, strict=True)
            ]
        state = after
        found.append(state)
    return [ops.stack(h, axis=1) for h in zip(*(found[::-1] if reverse else found), strict=True)]


def _times(a, b):
    """The product of two numbers, each a list: the number itself, or real and imaginary part."""
    if len(a) == 1:
        return [a[0] * b[0]]
    return [a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0]]
