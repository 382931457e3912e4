"""The same small model three times: rnnzoo, stock Keras and PyTorch; each gives a training step and a prediction."""

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np

LAYERS = ("LSTM", "GRU", "SimpleRNN", "BiLSTM", "BiGRU")
LIBRARIES = ("rnnzoo", "keras", "pytorch")


@dataclass(frozen=True)
class Case:
    """One recurrent layer and a linear output, on `batch` rows of `time` steps."""

    layer: str = "LSTM"
    batch: int = 64
    time: int = 200
    padded: bool = False
    features: int = 64
    units: int = 128

    def batches(self):
        """Return an endless round of four batches `(inputs, targets, lengths)`, the same for every contender."""
        return itertools.cycle([self._batch(np.random.default_rng(seed)) for seed in range(4)])

    def _batch(self, rng):
        """Return a batch; if padded, its lengths are spread as in IMDB reviews (median 0.35 time)."""
        x = rng.normal(size=(self.batch, self.time, self.features)).astype("float32")
        lengths = np.full(self.batch, self.time)
        if self.padded:
            lengths = np.clip(rng.lognormal(np.log(0.35 * self.time), 0.6, self.batch), 1, self.time).astype(int)
            lengths[0] = self.time
            x *= (np.arange(self.time) < lengths[:, None])[:, :, None]
        return x, rng.normal(size=(self.batch, 1)).astype("float32"), lengths


def contender(library: str, case: Case):
    """Return `(training step, prediction)`, two functions without arguments."""
    return _pytorch(case) if library == "pytorch" else _keras(library, case)


def _keras(library, case):
    import keras

    import rnnzoo.layers

    layers = rnnzoo.layers if library == "rnnzoo" else keras.layers
    bidirectional = case.layer.startswith("Bi")
    recurrent = getattr(layers, case.layer.removeprefix("Bi"))(case.units)
    parts = [keras.Input((None, case.features)), layers.Bidirectional(recurrent) if bidirectional else recurrent]
    if case.padded:
        parts.insert(1, keras.layers.Masking())
    model = keras.Sequential([*parts, keras.layers.Dense(1)])
    model.compile("adam", "mse")
    batches = case.batches()
    return lambda: model.train_on_batch(*next(batches)[:2]), lambda: model.predict_on_batch(next(batches)[0])


def _pytorch(case):
    import torch

    torch.set_flush_denormal(True)
    bidirectional = case.layer.startswith("Bi")
    kind = {"LSTM": torch.nn.LSTM, "GRU": torch.nn.GRU, "SimpleRNN": torch.nn.RNN}[case.layer.removeprefix("Bi")]
    recurrent = kind(case.features, case.units, batch_first=True, bidirectional=bidirectional)
    dense = torch.nn.Linear(case.units * (1 + bidirectional), 1)
    optimizer = torch.optim.Adam([*recurrent.parameters(), *dense.parameters()])
    batches = itertools.cycle([[torch.as_tensor(a) for a in batch] for batch in itertools.islice(case.batches(), 4)])

    def forward(x, lengths):
        rows: Any = x
        if case.padded:
            rows = torch.nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        state = recurrent(rows)[1]
        state = state[0] if isinstance(state, tuple) else state
        return dense(torch.cat(list(state), 1))

    def train():
        x, y, lengths = next(batches)
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(forward(x, lengths), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    def predict():
        x, _, lengths = next(batches)
        with torch.inference_mode():
            return forward(x, lengths).numpy()

    return train, predict
