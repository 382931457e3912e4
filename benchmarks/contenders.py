"""The same small model three times: rnnzoo, stock Keras and PyTorch, each trained and asked in its ordinary way."""

import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np

LAYERS = ("LSTM", "GRU", "SimpleRNN", "BiLSTM", "BiGRU")
LIBRARIES = ("rnnzoo", "keras", "pytorch")
FEWEST, MOST = 2, 16
"""Times that an epoch goes over the same four batches."""


@dataclass(frozen=True)
class Case:
    """One recurrent layer and a linear output, on `batch` rows of `time` steps."""

    layer: str = "LSTM"
    batch: int = 64
    time: int = 200
    padded: bool = False
    features: int = 64
    units: int = 128
    options: dict[str, Any] = field(default_factory=dict)
    """More of the layer's arguments; PyTorch has none."""

    @property
    def repeats(self) -> int:
        """How often an epoch goes over the four batches: the smaller they are, the more, for their times vary more."""
        return max(FEWEST, min(MOST, FEWEST * 64 * 200 // (self.batch * self.time)))

    def batches(self):
        """Return four batches, `(inputs, targets, lengths)` stacked, the same for every contender."""
        return [np.stack(parts) for parts in zip(*map(self._batch, range(4)), strict=True)]

    def _batch(self, seed):
        """Return a batch; if padded, its lengths are spread as in IMDB reviews (median 0.35 time)."""
        rng = np.random.default_rng(seed)
        x = rng.normal(size=(self.batch, self.time, self.features)).astype("float32")
        lengths = np.full(self.batch, self.time)
        if self.padded:
            lengths = np.clip(rng.lognormal(np.log(0.35 * self.time), 0.6, self.batch), 1, self.time).astype(int)
            lengths[0] = self.time
            x *= (np.arange(self.time) < lengths[:, None])[:, :, None]
        return x, rng.normal(size=(self.batch, 1)).astype("float32"), lengths


class Stopwatch:
    """Seconds from one `lap` to the next."""

    def __init__(self):
        self.last, self.laps = time.perf_counter(), []

    def lap(self):
        """Note the seconds since the last lap."""
        now = time.perf_counter()
        self.laps.append(now - self.last)
        self.last = now


def contender(library: str, case: Case):
    """Return two functions: an epoch of training and one of prediction; each returns the seconds of its steps.

    The first step of an epoch is left out: it starts the pipeline.
    """
    return _pytorch(case) if library == "pytorch" else _keras(library, case)


def _keras(library, case):
    import keras

    import rnnzoo.layers

    layers = rnnzoo.layers if library == "rnnzoo" else keras.layers
    bidirectional = case.layer.startswith("Bi")
    recurrent = getattr(layers, case.layer.removeprefix("Bi"))(case.units, **case.options)
    parts = [keras.Input((None, case.features)), layers.Bidirectional(recurrent) if bidirectional else recurrent]
    if case.padded:
        parts.insert(1, keras.layers.Masking())
    model = keras.Sequential([*parts, keras.layers.Dense(1)])
    model.compile("adam", "mse")
    x, y, _ = case.batches()
    data = _fed(x, y, case)

    class Steps(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.watch = Stopwatch()

        def on_train_batch_end(self, batch, logs=None):
            float(logs["loss"])  # a GPU runs ahead of Python; PyTorch's loop waits for its loss too
            self.watch.lap()

    def train():
        steps = Steps()
        model.fit(**data, shuffle=False, verbose=0, callbacks=[steps])
        return steps.watch.laps[1:]

    def predict():
        watch = Stopwatch()
        for rows in [*x] * case.repeats:
            model.predict_on_batch(rows)
            watch.lap()
        return watch.laps[1:]

    return train, predict


def _fed(x, y, case):
    """Return what `fit` reads: TensorFlow's own pipeline under TensorFlow, arrays elsewhere."""
    import keras

    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        return {"x": tf.data.Dataset.from_tensor_slices((x, y)).repeat(case.repeats).prefetch(2)}
    x, y = (np.concatenate([*rows] * case.repeats) for rows in (x, y))
    return {"x": x, "y": y, "batch_size": case.batch}


def _pytorch(case):
    import torch

    torch.set_flush_denormal(True)
    bidirectional = case.layer.startswith("Bi")
    kind = {"LSTM": torch.nn.LSTM, "GRU": torch.nn.GRU, "SimpleRNN": torch.nn.RNN}[case.layer.removeprefix("Bi")]
    recurrent = kind(case.features, case.units, batch_first=True, bidirectional=bidirectional)
    dense = torch.nn.Linear(case.units * (1 + bidirectional), 1)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    recurrent.to(device)
    dense.to(device)
    optimizer = torch.optim.Adam([*recurrent.parameters(), *dense.parameters()])
    batches = list(zip(*map(torch.as_tensor, case.batches()), strict=True)) * case.repeats

    def forward(x, lengths):
        rows: Any = x.to(device)
        if case.padded:
            rows = torch.nn.utils.rnn.pack_padded_sequence(rows, lengths, batch_first=True, enforce_sorted=False)
        state = recurrent(rows)[1]
        state = state[0] if isinstance(state, tuple) else state
        return dense(torch.cat(list(state), 1))

    def train():
        watch = Stopwatch()
        for x, y, lengths in batches:
            optimizer.zero_grad()
            loss = torch.nn.functional.mse_loss(forward(x, lengths), y.to(device))
            loss.backward()
            optimizer.step()
            loss.item()
            watch.lap()
        return watch.laps[1:]

    def predict():
        watch = Stopwatch()
        for x, _, lengths in batches:
            with torch.inference_mode():
                forward(x, lengths).cpu().numpy()
            watch.lap()
        return watch.laps[1:]

    return train, predict
