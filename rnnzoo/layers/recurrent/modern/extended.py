"""xLSTM: exponential gates, and a memory that is a matrix (mLSTM) or a vector that is read (sLSTM).

An exponential gate has no largest value. What is stored is therefore divided by exp(m), m being the largest exponent so
far, equation 15. The outputs do not depend on m, so no gradient goes through it.
"""

import functools

import keras
from keras import ops

from rnnzoo.errors import InvalidValue
from rnnzoo.layers.masking import real_steps
from rnnzoo.layers.recurrent import linear, paths
from rnnzoo.layers.recurrent.modern.base import Cell, Recurrent

CHUNK = 64
"""Steps whose products are taken together; the matrix of a memory is kept once for so many."""
NEVER = -1e9
"""The exponent of a gate that is closed."""


def _largest(z, state, constants):
    """(15) m_t = max(log f_t + m_{t-1}, i~_t)."""
    return [ops.maximum(z[0] + state[0], z[1])]


largest = linear.Recurrence(_largest)


@functools.partial(linear.linear, whole=True)
def between_chunks(z, constants):
    """C' = a C + b, one a for all numbers of a head's matrix."""
    return z


class _Cell(Cell):
    """What both have: heads, and a short convolution with SiLU behind it."""

    def __init__(self, units, num_heads=4, **kwargs):
        if num_heads < 1 or units % num_heads:
            raise InvalidValue(f"units must be a multiple of num_heads. Received: {units=}, {num_heads=}")
        self.num_heads, self.head = num_heads, units // num_heads
        super().__init__(units, **kwargs)

    def make_taps(self, width):
        """Make the weights of the convolution."""
        bound = self.kernel_size**-0.5
        uniform = keras.initializers.RandomUniform(-bound, bound)
        self.taps = self.add_weight(shape=(self.kernel_size, width), name="taps", initializer=uniform)
        self.taps_bias = self.vector("taps_bias", width=width)

    def convolved(self, x):
        """Return SiLU of the short convolution."""
        return self.elementwise(ops.silu, self.short_convolution(x, self.taps) + ops.cast(self.taps_bias, x.dtype))

    def heads(self, x):
        """`(..., units)` as `(..., heads, units of one)`."""
        return ops.reshape(x, (*ops.shape(x)[:-1], self.num_heads, x.shape[-1] // self.num_heads))

    def normalized(self, x):
        """Normalise each head by itself (GroupNorm)."""
        x = self.heads(x)
        x = (x - ops.mean(x, axis=-1, keepdims=True)) / ops.sqrt(ops.var(x, axis=-1, keepdims=True) + 1e-5)
        return ops.reshape(x, (*ops.shape(x)[:-2], self.units)) * ops.cast(self.scale, x.dtype)

    def get_config(self):
        return {**super().get_config(), "num_heads": self.num_heads}


@keras.saving.register_keras_serializable("rnnzoo")
class MLSTMCell(_Cell):
    """One step of an mLSTM block (figure 11), without its last projection.

    The states are the memory `[C n]` of each head, n being the column of a value that is always 1, and m.
    """

    recurrence = between_chunks
    looks_back = True

    def shapes(self):
        return [(self.num_heads, self.head * (self.head + 1)), (self.num_heads,)]

    def build(self, input_shape):
        super().build(input_shape)
        self.w_gate = self.kernel(self.features, self.units, "branch_kernel")
        self.w_x = self.kernel(self.features, self.units, "input_kernel")
        self.make_taps(self.units)
        self.w_qk = self.kernel(self.units, 2 * self.units, "query_key_kernel")
        self.w_v = self.kernel(self.units, self.units, "value_kernel")
        self.w_if = self.kernel(3 * self.units, 2 * self.num_heads, "gate_kernel", "zeros")

        def remembering(shape, dtype=None):
            noise = keras.random.normal((self.num_heads,), 0.0, 0.1, dtype=dtype)
            return ops.concatenate([noise, ops.linspace(3.0, 6.0, self.num_heads, dtype=dtype)])

        self.b_if = self.vector("gate_bias", remembering, width=2 * self.num_heads)
        self.scale, self.skip = self.vector("scale", "ones"), self.vector("skip", "ones")

    def inputs(self, x):
        # Without a bias the projection of no step is zero, so that the window may hold unprojected steps.
        up = self.dense(x, self.w_x)
        u = self.convolved(up)
        q, k = ops.split(self.dense(u, self.w_qk), 2, axis=-1)  # (22), (23)
        v = self.dense(self.window(up)[-1], self.w_v)  # (24)
        i, f = ops.split(self.dense(ops.concatenate([q, k, v], axis=-1), self.w_if, self.b_if), 2, axis=-1)
        return [i, ops.log_sigmoid(f), q, k * self.head**-0.5, v], (u, self.dense(self.window(x)[-1], self.w_gate))

    def with_one(self, v):
        """Values of each head, and the 1 that sums the gates: n is a column of C."""
        v = self.heads(v)
        return ops.concatenate([v, ops.ones_like(v[..., :1])], axis=-1)

    def outputs(self, extra, states):
        """(21) h~_t = C_t q_t / max(|n_t q_t|, 1), of the product and m; then figure 11."""
        product, m = states
        u, gate = (ops.cast(part, product.dtype) for part in extra)
        below = ops.maximum(ops.abs(product[..., -1:]), ops.exp(-m)[..., None])
        h = product[..., :-1] / (below + 1e-6)
        h = self.normalized(ops.reshape(h, (*ops.shape(h)[:-2], self.units)))
        return (h + ops.cast(self.skip, h.dtype) * u) * ops.silu(gate)

    def step(self, z, extra, states):
        (i, log_f, q, k, v), (c, m) = z, states
        before, m = m, ops.stop_gradient(ops.maximum(log_f + m, i))  # (15)
        i, f = ops.exp(i - m), ops.exp(log_f + before - m)  # (16), (17)
        c = ops.reshape(c, (-1, self.num_heads, self.head, self.head + 1))
        c = f[..., None, None] * c + i[..., None, None] * self.heads(k)[..., None] * self.with_one(v)[..., None, :]
        product = ops.sum(self.heads(q)[..., None] * c, axis=-2)  # (19), (20)
        outputs = self.outputs(extra, [product[:, None], m[:, None]])
        return outputs, [ops.reshape(c, (-1, self.num_heads * self.head * (self.head + 1))), m]

    def run(self, path, z, extra, states, lengths, reverse, every=True):
        (i, log_f, *qkv), (c, m) = z, states
        if lengths is not None:
            real = real_steps.is_real(lengths, ops.shape(i)[1])
            i, log_f = ops.where(real, i, NEVER), ops.where(real, log_f, 0.0)
        gates, before = [ops.stop_gradient(log_f), ops.stop_gradient(i)], ops.stop_gradient(m)
        path_of_m = paths.elementwise(linear=False, steps=i.shape[1])
        (ms,), _ = linear.run(path_of_m, largest, gates, [before], [], None, False)
        ms = ops.stop_gradient(ms)
        befores = ops.concatenate([before[:, None], ms[:, :-1]], axis=1)
        i, log_f = ops.exp(i - ms), log_f + befores - ms  # (16), and the logarithm of (17)
        product, c = self.chunked(path, [i, log_f, *qkv], *self.shaped([c, before])[:1])
        return self.outputs(extra, [product, ms]), self.flat([c, ms[:, -1]])

    def chunked(self, path, z, c):
        """Return C_t q_t with n_t q_t, `(batch, time, heads, head + 1)`, and the last C.

        Within a chunk each step meets every step before it, weighed by i and by all f since; what came before the chunk
        is in the matrix at its beginning: a linear recurrence from chunk to chunk.
        """
        i, log_f, q, k, v = z
        time = i.shape[1] or ops.shape(i)[1]
        size = min(CHUNK, time) if isinstance(time, int) else CHUNK
        parts = [self.heads(q), self.heads(k), self.with_one(v), i, log_f]
        q, k, v, i, log_f = (self._in_chunks(part, time, size) for part in parts)
        since = ops.cumsum(log_f, axis=2)  # log of all f from the chunk's beginning to each step
        after = ops.where(ops.tril(ops.ones((size, size), "bool"))[None, None, :, :, None],
                          since[:, :, :, None] - since[:, :, None], NEVER)  # fmt: skip
        weights = ops.exp(after) * i[:, :, None]  # (batch, chunks, now, then, heads)
        scores = ops.einsum("bcthd,bcshd->bctsh", q, k) * weights
        within = ops.einsum("bctsh,bcshe->bcthe", scores, v)
        to_end = ops.exp(since[:, :, -1:] - since) * i
        made = ops.einsum("bcshd,bcshe->bchde", k * to_end[..., None], v)
        made = ops.reshape(made, (-1, ops.shape(made)[1], *self.shapes()[0]))
        whole = ops.exp(since[:, :, -1])[..., None]
        (cs,), (last,) = linear.run(path, between_chunks, [whole, made], [c], [], None, False)
        befores = ops.concatenate([c[:, None], cs[:, :-1]], axis=1)
        befores = ops.reshape(befores, (-1, ops.shape(cs)[1], self.num_heads, self.head, self.head + 1))
        earlier = ops.einsum("bcthd,bchde->bcthe", q * ops.exp(since)[..., None], befores)
        product = ops.reshape(within + earlier, (-1, ops.shape(q)[1] * size, self.num_heads, self.head + 1))
        return product[:, :time], last

    def _in_chunks(self, x, time, size):
        """`(batch, time, ...)` as `(batch, chunks, size, ...)`; steps that are added have gates and values of 0."""
        rest = list(x.shape[2:])
        x = ops.pad(x, [[0, 0], [0, -time % size], *([0, 0] for _ in rest)])
        return ops.reshape(x, (-1, ops.shape(x)[1] // size, size, *rest))


@keras.saving.register_keras_serializable("rnnzoo")
class MLSTM(Recurrent):
    """mLSTM in its block: a matrix of keys and values a head, read by queries; to be projected.

    Queries, keys and values are made of the inputs alone, so that steps are taken many at once.

    Args:
        num_heads: Memories side by side; `units` is a multiple of it.

    Reference: Beck et al. (2024), equations 19 to 27, figure 11, https://arxiv.org/abs/2405.04517
    """

    cell_class = MLSTMCell

    def __init__(self, units, *, kernel_size=4, **kwargs):
        super().__init__(units, kernel_size=kernel_size, **kwargs)


@keras.saving.register_keras_serializable("rnnzoo")
class SLSTMCell(_Cell):
    """One step of an sLSTM with the convolution before its gates (figure 10). The states are h, c, n and m."""

    recurrence = linear.Recurrence(lambda *_: None, states=4)  # no element-wise one: `step` and `run` are its own
    looks_back = True

    def build(self, input_shape):
        super().build(input_shape)
        self.make_taps(self.features)
        self.w_if = self.kernel(self.features, 2 * self.units, "gate_kernel")
        self.w_zo = self.kernel(self.features, 2 * self.units, "kernel")
        shape = (4, self.num_heads, self.head, self.head)

        def of_heads(shape, dtype=None):
            # An initializer of Keras gives the same matrix twice.
            blocks = [keras.initializers.Orthogonal()(shape[2:], dtype) for _ in range(shape[0] * shape[1])]
            return ops.reshape(ops.stack(blocks), shape)

        self.r = self.add_weight(
            shape=shape, name="recurrent_kernel", initializer=of_heads, regularizer=self.kernel_regularizer
        )

        def remembering(shape, dtype=None):
            zeros = ops.zeros((self.units,), dtype)
            return ops.concatenate([zeros, ops.linspace(3.0, 6.0, self.units, dtype=dtype), zeros, zeros])

        self.b, self.scale = self.vector("bias", remembering, width=4 * self.units), self.vector("scale", "ones")

    def inputs(self, x):
        b_if, b_zo = ops.split(self.b, 2)
        u = self.convolved(x)
        return [self.dense(u, self.w_if, b_if), self.dense(self.window(x)[-1], self.w_zo, b_zo)], None

    def outputs(self, extra, states):
        return self.normalized(states[0])

    def recurrent_kernels(self):
        """The matrices of i, f, z and o, `(units, units)` each: blocks on the diagonal, one a head."""
        r, here = ops.cast(self.r, self.state_dtype), ops.eye(self.num_heads, dtype=self.state_dtype)
        return [
            ops.reshape(part[:, :, None, :] * here[:, None, :, None], (self.units, self.units))
            for part in ops.unstack(r)
        ]

    def gated(self, gates, state):
        """(8) to (18), of what the gates see."""
        (i, f, z, o), (_, c, n, m) = gates, state
        log_f = ops.log_sigmoid(f)
        before, m = m, ops.stop_gradient(ops.maximum(log_f + m, i))  # (15)
        i, f = ops.exp(i - m), ops.exp(log_f + before - m)  # (16), (17)
        c, n = f * c + i * ops.tanh(z), f * n + i  # (8), (9)
        return [ops.sigmoid(o) * c / ops.maximum(n, 1e-30), c, n, m]  # (10)

    def step(self, z, extra, states):
        gates = ops.split(ops.concatenate(z, axis=-1), 4, axis=-1)
        seen = [gate + ops.matmul(states[0], r) for gate, r in zip(gates, self.recurrent_kernels(), strict=True)]
        after = self.gated(seen, states)
        return self.outputs(extra, [after[0][:, None]]), after

    def run(self, path, z, extra, states, lengths, reverse, every=True):
        from rnnzoo.layers.recurrent.compiled.scan import scan

        gates = ops.split(ops.concatenate(z, axis=-1), 4, axis=-1)
        gates = [ops.swapaxes(gate, 0, 1) for gate in gates]
        padded = lengths is not None
        if padded:
            real = ops.cast(real_steps.is_real(lengths, ops.shape(z[0])[1]), self.state_dtype)
            gates.append(ops.swapaxes(real, 0, 1))

        def core(z, products, state, statics):
            after = self.gated([gate + y for gate, y in zip(z[:4], products[0], strict=True)], state)
            if padded:
                after = [ops.where(z[4] > 0, new, old) for new, old in zip(after, state, strict=True)]
            return after, []

        hs, _ = scan(core, states, gates, [self.recurrent_kernels(), None, None, None], [], [])
        return self.outputs(extra, [ops.swapaxes(hs[0], 0, 1)]), [h[-1] for h in hs]


@keras.saving.register_keras_serializable("rnnzoo")
class SLSTM(Recurrent):
    """sLSTM: exponential gates that see the state before, within each head.

    Args:
        num_heads: States that do not see each other; `units` is a multiple of it.

    Reference: Beck et al. (2024), equations 8 to 18, figure 10, https://arxiv.org/abs/2405.04517
    """

    cell_class = SLSTMCell

    def __init__(self, units, *, kernel_size=4, **kwargs):
        super().__init__(units, kernel_size=kernel_size, **kwargs)

    def _way(self, x):
        """The state meets a matrix: TensorFlow's graphs on a CPU have a compiled loop, all else Keras's."""
        return "compiled" if x is not None and not self.unroll and paths.compiles_loops(x) else "general"
