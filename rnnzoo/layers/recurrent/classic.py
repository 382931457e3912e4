"""SimpleRNN, LSTM and GRU: Keras's own arguments, weights and numbers, each run the fastest exact way where it stands.

`rnnzoo.layers.recurrent.paths` decides which way; `layer.path` tells. Masks may be of any pattern: they become lengths
(see `rnnzoo.layers.masking.packing`), and no fast kernel sees a mask. A row without a real step keeps its state, and
its output is what Keras's loop gives there: 0, on JAX the initial state.
"""

import contextlib

import keras
from keras import ops

from rnnzoo.layers.masking import real_steps
from rnnzoo.layers.masking.packing import Packing, blank
from rnnzoo.layers.masking.refusing import check_sequence
from rnnzoo.layers.recurrent import cudnn, paths


@keras.saving.register_keras_serializable("rnnzoo")
class RNN(keras.layers.RNN):
    """Run any cell over the time axis: by Keras's own loop, or compiled.

    A cell that says `equations = True` is trained by a compiled loop where there is one: TensorFlow's graphs, on a CPU,
    in float32. It promises that `call(x, states)` depends on nothing else, has h, its first state, as its output, and
    changes no variable. Its products with matrices should be `layers.product`.
    """

    alone = True
    """False for one of two directions: they run side by side as they are, where halves of a batch would."""

    def call(self, sequences, initial_state=None, mask=None, training=False):
        check_sequence(sequences)
        return super().call(sequences, initial_state=initial_state, mask=mask, training=training)

    def inner_loop(self, sequences, initial_state, mask, training=False):
        equations = training and getattr(self.cell, "equations", False) and not self.unroll
        if equations and paths.compiles_loops(sequences):
            return self._packed(sequences, list(initial_state), mask, self._by_equations)
        # Keras's LSTM and GRU take cuDNN here where they can; whether to is decided by `paths` alone.
        loop = super().inner_loop if getattr(self, "use_cudnn", None) is True else self._plain_loop
        if not (self.unroll and self.go_backwards):
            return loop(sequences, initial_state, mask, training=training)
        # Keras's unrolled loop reverses its outputs, but not the mask that it zeroes them by.
        sequences, mask = ops.flip(sequences, axis=1), None if mask is None else ops.flip(mask, axis=1)
        with self._asked(go_backwards=False):
            return loop(sequences, initial_state, mask, training=training)

    def _packed(self, x, state, mask, run):
        """Run over a mask of any pattern; return the last output, the outputs of all steps, and the states.

        Args:
            x: `(batch, time, features)`.
            state: A list of `(batch, units)`.
            mask: As Keras's loop takes it, or None.
            run: `run(x, state, lengths) -> outputs, states`: real steps come first, see `Packing`; outputs are in the
                order of time, anything at padded steps. Unless all are returned, that of the step read last will do.
        """
        mask = mask[0] if isinstance(mask, (list, tuple)) else mask
        packing = None if mask is None else Packing(mask)
        x, lengths = (x, None) if packing is None else (packing.pack(x), packing.lengths)
        outputs, after = run(x, state, lengths)
        last = self._last(outputs, state, packing)
        if not self.return_sequences:
            return last, last, after
        if packing is not None:
            outputs = packing.unpack(
                outputs, last, self._none(state, outputs), backwards=self.go_backwards, zeros=self.zero_output_for_mask
            )
        return last, ops.flip(outputs, axis=1) if self.go_backwards else outputs, after

    def _last(self, outputs, state, packing):
        """Return the output of the step read last; zeros if that is masked and masked steps give zeros."""
        first = self.go_backwards or outputs.shape[1] == 1
        if packing is None:
            return outputs[:, 0] if first else outputs[:, -1]
        none = blank(self._none(state, outputs))
        if first:
            last = ops.where((packing.lengths > 0)[:, None], outputs[:, 0], none)
        else:
            last = real_steps.last_real(outputs, packing.lengths, none)
        if self.zero_output_for_mask and not self.return_sequences:
            read_last = packing.mask[:, 0] if self.go_backwards else packing.mask[:, -1]
            last = ops.where(read_last[:, None], last, 0.0)
        return last

    def _none(self, state, outputs):
        """Return what stands for an output before the first step."""
        return ops.cast(state[0], outputs.dtype)

    def _by_equations(self, x, state, lengths):
        """Run the cell's own `call`, compiled (`compiled.scan`)."""
        from rnnzoo.layers.recurrent.compiled.scan import scan

        cell = self.cell
        z = [ops.swapaxes(real_steps.turn(x, lengths) if self.go_backwards else x, 0, 1)]
        if lengths is not None:
            z.append(ops.swapaxes(ops.cast(real_steps.is_real(lengths, ops.shape(x)[1]), x.dtype), 0, 1))

        def core(z, products, state, statics):
            after = cell.call(z[0], state)[1]
            if lengths is not None:
                after = [ops.where(z[1] > 0, new, old) for new, old in zip(after, state, strict=True)]
            return after, []

        found, _ = scan(core, list(state), z, [None] * len(state), [], cell.weights)
        outputs = ops.swapaxes(found[0], 0, 1)
        return real_steps.turn(outputs, lengths) if self.go_backwards else outputs, [a[-1] for a in found]

    def _plain_loop(self, sequences, initial_state, mask, training):
        return keras.layers.RNN.inner_loop(self, sequences, initial_state, mask, training=training)

    @contextlib.contextmanager
    def _asked(self, **options):
        """Run Keras's loop by other options than the layer's."""
        own = {word: getattr(self, word) for word in options}
        for word, value in options.items():
            setattr(self, word, value)
        try:
            yield
        finally:
            for word, value in own.items():
                setattr(self, word, value)


class _Recurrent(RNN):
    """What the three layers share: Keras does everything around the loop over time, this the loop."""

    kind: str

    @property
    def path(self):
        """The way this layer runs padded batches here: "cudnn", "bptt", "scan" or "general"."""
        return self._way(padded=True)

    def _way(self, padded):
        return paths.choose(
            paths.Situation(
                backend=keras.backend.backend(),
                device=paths.device(),
                kind=self.kind,
                dtype=keras.backend.standardize_dtype(self.compute_dtype),
                activation=_name(self.cell.activation),
                recurrent_activation=_name(getattr(self.cell, "recurrent_activation", None)),
                use_bias=self.cell.use_bias,
                reset_after=getattr(self.cell, "reset_after", True),
                recurrent_dropout=self.cell.recurrent_dropout,
                unroll=self.unroll,
                separate_dropout=bool(self.cell.dropout) and getattr(self.cell, "implementation", 2) == 1,
                use_cudnn=getattr(self, "use_cudnn", "auto"),
                padded=padded,
                needs_state=self.return_state or self.stateful,
                zero_last_output=self.zero_output_for_mask and not self.return_sequences,
            )
        )

    def inner_loop(self, sequences, initial_state, mask, training=False):
        """Return the last output, the outputs of all steps, and the states, as Keras's own `inner_loop` does."""
        mask = mask[0] if isinstance(mask, (list, tuple)) else mask
        state = list(initial_state) if isinstance(initial_state, (list, tuple)) else [initial_state]
        path = self._way(padded=mask is not None)
        if path in ("scan", "general"):
            return super().inner_loop(sequences, state, mask, training=training)
        if training and self.cell.dropout:
            sequences = sequences * self.cell.get_dropout_mask(sequences[:, 0, :])[:, None, :]
        run = cudnn.run if path == "cudnn" else _bptt
        packing = None if mask is None else Packing(mask)
        if packing is None:
            outputs, after = run(self, sequences, state, None, bool(training))
            last = after[0]
        else:
            outputs, after = run(self, packing.pack(sequences), state, packing.lengths, bool(training))
            last = ops.where(packing.lengths[:, None] > 0, after[0], blank(state[0]))
        if not self.return_sequences:
            return last, last, list(after)
        if packing is not None:
            outputs = packing.unpack(
                outputs, last, state[0], backwards=self.go_backwards, zeros=self.zero_output_for_mask
            )
        return last, ops.flip(outputs, axis=1) if self.go_backwards else outputs, list(after)


def _name(activation):
    return getattr(activation, "__name__", str(activation))


def _bptt(layer, sequences, state, lengths, training):
    from rnnzoo.layers.recurrent.compiled import bptt

    return bptt.run_layer(layer, sequences, state, lengths, training)


@keras.saving.register_keras_serializable("rnnzoo")
class SimpleRNN(_Recurrent, keras.layers.SimpleRNN):
    """h_t = tanh(W x_t + U h_{t-1} + b). Arguments and weights are those of `keras.layers.SimpleRNN`.

    Reference: Elman (1990), https://doi.org/10.1207/s15516709cog1402_1
    """

    kind = "simple_rnn"

    def get_config(self):
        return {**super().get_config(), "seed": self.cell.seed}


class _WithCudnn(_Recurrent):
    def get_config(self):
        return {**super().get_config(), "use_cudnn": self.use_cudnn}


@keras.saving.register_keras_serializable("rnnzoo")
class LSTM(_WithCudnn, keras.layers.LSTM):
    """Long short-term memory with a forget gate. Arguments and weights are those of `keras.layers.LSTM`.

    Reference: Hochreiter and Schmidhuber (1997), https://doi.org/10.1162/neco.1997.9.8.1735
    """

    kind = "lstm"


@keras.saving.register_keras_serializable("rnnzoo")
class GRU(_WithCudnn, keras.layers.GRU):
    """Gated recurrent unit, by default in cuDNN's form. Arguments and weights are those of `keras.layers.GRU`.

    Reference: Cho et al. (2014), https://arxiv.org/abs/1406.1078
    """

    kind = "gru"
