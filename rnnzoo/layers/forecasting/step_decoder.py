"""Forecasts step by step: each answer is the next input. In training the truth is, so one pass takes all steps."""

import contextlib
import itertools

import keras
from keras import ops

from rnnzoo.layers.forecasting.history import real_steps_of, take_steps
from rnnzoo.layers.forecasting.losses import mean_over_window
from rnnzoo.layers.masking.padding import trailing
from rnnzoo.layers.recurrent import paths
from rnnzoo.layers.recurrent.classic import GRU, LSTM
from rnnzoo.layers.whole import Model

SMALLEST_DEVIATION = 1e-3


@keras.saving.register_keras_serializable("rnnzoo")
class StepDecoder(keras.layers.Layer):
    """Read a series, then write its continuation step by step.

    In: `(batch, time, features)`, with or without a mask. Out: `(batch, horizon, outputs)`. The encoder reads all real
    steps but the last, which is the decoder's first input; its next is its own answer. A decoder of its own also reads
    the encoder's last state at every step (Cho et al. 2014, https://arxiv.org/abs/1406.1078, section 2.2). With a
    likelihood the answer is the mean, or inside `sampling()` a draw. Inside `forced(truth)` the inputs are the true
    values (in training some are its own answers: scheduled sampling, https://arxiv.org/abs/1506.03099), and the output
    is that of the head: `(batch, horizon, outputs)`, or `2 * outputs` for mean and deviation.

    Args:
        units: Width of the state.
        horizon: Steps to forecast.
        outputs: Values a step, the first features.
        cell: `gru` or `lstm`.
        likelihood: `none`, trained by squared error, or `gaussian`, trained by likelihood.
        shared: One network reads and writes; else there are two. It reads the first `outputs` features, and
            `covariates` of the step that it forecasts (DeepAR, https://arxiv.org/abs/1704.04110, equation 1).
        dropout: Share of the states dropped before the head.
        covariates: Of a shared network: features behind the first `outputs`. What is known ahead stands `horizon`
            steps earlier than it holds, so that the last `horizon` steps are those of the forecast.
        scheduled_sampling: Share of the steps that read the decoder's own answer in training, not the truth.
    """

    def __init__(
        self,
        units,
        horizon,
        outputs,
        cell,
        likelihood="none",
        shared=False,
        dropout=0.0,
        scheduled_sampling=0.0,
        covariates=0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.units = units
        self.horizon = horizon
        self.outputs = outputs
        self.cell = cell
        self.likelihood = likelihood
        self.shared = shared
        self.dropout = dropout
        self.scheduled_sampling = scheduled_sampling
        self.covariates = covariates
        kind = {"gru": GRU, "lstm": LSTM}[cell]
        options = {"return_sequences": True, "return_state": True}
        self.decoder = kind(units, name="decoder", **options)
        self.encoder = self.decoder if shared else kind(units, name="encoder", **options)
        self.drop = keras.layers.Dropout(dropout, name="drop")
        self.head = keras.layers.Dense(outputs * (1 if likelihood == "none" else 2), name="head")
        self.coins = keras.random.SeedGenerator() if scheduled_sampling else None
        self._truth = None
        self._seed = None

    def build(self, input_shape):
        self.decoder.build((None, None, self.outputs + (self.covariates if self.shared else self.units)))
        if not self.shared:
            self.encoder.build((None, None, input_shape[-1]))
        self.head.build((None, None, self.units))

    def call(self, x, mask=None, training=False):
        x, count = real_steps_of(x, mask)
        last = take_steps(x[..., : self.outputs], count - 1)[:, 0]
        past, known = (x[..., : self.outputs], None) if self.shared else (x, None)
        if self.covariates:
            of_next = ops.arange(ops.shape(x)[1], dtype="int32")[None] + 1 - self.horizon
            past = ops.concatenate([past, self._known(x, ops.repeat(of_next, ops.shape(x)[0], axis=0))], axis=-1)
            known = self._known(x, count - self.horizon + ops.arange(self.horizon, dtype="int32"))
        if mask is None and x.shape[1] is not None and x.shape[1] > 1:
            _, *states = self.encoder(past[:, :-1], training=training)
        else:
            before_last = trailing(ops.arange(ops.shape(x)[1], dtype="int32")[None] < count - 1)
            _, *states = self.encoder(past, mask=before_last, training=training)
        summary = states[0]
        kept = self.drop(ops.ones_like(states[0]), training=training)  # one mask for all steps
        if self._truth is None:
            return self._step_by_step(last, summary, states, kept, known)[0]
        truth = ops.cast(self._truth, last.dtype)
        if training and self.scheduled_sampling:
            own = keras.random.uniform(ops.shape(truth)[:2], seed=self.coins) < self.scheduled_sampling
            return self._step_by_step(last, summary, states, kept, known, truth, own[..., None])[1]
        before = ops.concatenate([last[:, None], truth[:, :-1]], axis=1)
        beside = ops.repeat(summary[:, None], self.horizon, axis=1) if not self.shared else known
        outputs, *_ = self.decoder(self._with(beside, before), initial_state=states, training=training)
        return self.head(outputs * kept[:, None])

    def _known(self, x, index):
        """Return the covariates at `index` `(batch, steps)`."""
        return take_steps(x[..., self.outputs : self.outputs + self.covariates], index)

    def _with(self, beside, y):
        """What is read at each step: the value before, and the summary of the past, or the covariates, if any."""
        return y if beside is None else ops.concatenate([y, ops.cast(beside, y.dtype)], axis=-1)

    def _step_by_step(self, last, summary, states, kept, known=None, truth=None, own=None):
        """Return the answers `(batch, horizon, outputs)` and the head's outputs.

        After a step, `own` `(batch, horizon, 1)` tells whether its answer or the `truth` is read; None: the answer.
        """
        noise = ops.zeros((self.horizon, 1, 1), last.dtype)
        if self._seed is not None:
            noise = keras.random.normal((self.horizon, *last.shape), seed=self._seed)
        read_too = [] if known is None else [known]
        forced = [] if truth is None else [truth, own]
        inputs = [noise, *(ops.transpose(one, (1, 0, 2)) for one in (*read_too, *forced))]
        sizes = [self.outputs, *(self.units for _ in states), self.outputs, self.head.units]
        ends = list(itertools.accumulate(sizes))[:-1]

        def step(carry, inputs):
            read, *states, _, _ = ops.split(carry, ends, axis=-1)
            noise, *others = inputs
            beside = others.pop(0) if read_too else None if self.shared else summary
            state, states = self.decoder.cell(self._with(beside, read), states)
            output = self.head(state * kept)
            mean, deviation = self._distribution(output)
            answer = mean + deviation * noise
            read = ops.where(others[1], answer, others[0]) if others else answer
            carry = ops.concatenate([read, *states, answer, output], axis=-1)
            return carry, carry  # one tensor: `ops.scan` takes no other output than what it carries

        nothing = [ops.repeat(last[:, :1] * 0, size, axis=-1) for size in sizes[-2:]]
        carry = ops.concatenate([last, *states, *nothing], axis=-1)
        if paths.for_any_machine():  # ONNX has no word for the lists that `ops.scan` keeps
            made = itertools.accumulate(
                range(self.horizon), lambda carry, t: step(carry, [x[t] for x in inputs])[0], initial=carry
            )
            steps = ops.stack(list(made)[1:])
        else:
            _, steps = ops.scan(step, carry, inputs)
        *_, answers, outputs = ops.split(ops.transpose(steps, (1, 0, 2)), ends, axis=-1)
        return answers, outputs

    def _distribution(self, output):
        if self.likelihood == "none":
            return output, ops.zeros_like(output)
        mean, deviation = ops.split(output, 2, axis=-1)
        return mean, ops.softplus(deviation) + SMALLEST_DEVIATION

    def loss(self, truth, output, scale, y):
        """Return each window's loss `(batch,)` of the forced output: squared error as scaled data have it, or -log p.

        Args:
            truth: Normalised, `(batch, horizon, outputs)`.
            output: Of the head.
            scale: What normalisation divided by, `(batch, 1, outputs)`.
            y: NaN where the truth is not known.
        """
        mean, deviation = self._distribution(ops.cast(output, "float32"))
        error = ops.square(mean - truth)
        if self.likelihood == "none":
            return mean_over_window(error * ops.square(scale), y)
        log_two_pi = 1.8378770664
        return mean_over_window(error / (2 * ops.square(deviation)) + ops.log(deviation) + log_two_pi / 2, y)

    @contextlib.contextmanager
    def forced(self, truth):
        """Inside, the decoder reads the true values `(batch, horizon, outputs)`, normalised."""
        self._truth = truth
        try:
            yield
        finally:
            self._truth = None

    @contextlib.contextmanager
    def sampling(self, seed):
        """Inside, each call draws a path from the likelihood."""
        self._seed = seed
        try:
            yield
        finally:
            self._seed = None

    def compute_mask(self, inputs, mask=None):
        return None

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.horizon, self.outputs)

    def get_config(self):
        words = ["units", "horizon", "outputs", "cell", "likelihood", "shared", "dropout"]
        words += ["scheduled_sampling", "covariates"]
        return {**super().get_config(), **{word: getattr(self, word) for word in words}}


@keras.saving.register_keras_serializable("rnnzoo")
class TeacherForced(Model):
    """A model of the zoo whose body is a `StepDecoder`: in training its loss is that of the decoder fed with the truth.

    To that of quantiles around its own answers their own loss is added. Constructor: that of `keras.Model`. Metrics are
    those of the decoder on its own, in training too.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        if not training:
            return super().compute_loss(x, y, y_pred, sample_weight, training)
        y = ops.cast(y, "float32")
        decoder = self.get_layer("body").get_layer("decoder")
        last = ops.cast(x[:, -1:, : decoder.outputs], "float32")
        shift, scale = 0.0, ops.ones((1, 1, 1))
        for layer in self.layers:
            if layer.name == "normalize":
                x, shift, scale = layer(x)
            elif layer.name == "padding":
                x = layer(x)
        truth = (ops.where(ops.isnan(y), last, y) - shift) / scale  # an unknown one is read as the last
        with decoder.forced(truth):
            output = self.get_layer("body")(x, training=True)
        losses = decoder.loss(truth, output, scale, y)
        if sample_weight is not None:
            losses = losses * ops.cast(sample_weight, losses.dtype)
        own = (
            super().compute_loss(x, y, y_pred, sample_weight, training) if len(y_pred.shape) == 4 else sum(self.losses)
        )
        return ops.mean(losses) + own
