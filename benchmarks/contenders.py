"""The same small model three times: rnnzoo, stock Keras and PyTorch; each gives a training step and a prediction."""

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

    def data(self):
        """Return inputs, targets and lengths; if padded, lengths spread as in IMDB reviews (median 0.35 time)."""
        rng = np.random.default_rng(0)
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
    x, y, _ = case.data()
    return lambda: model.train_on_batch(x, y), lambda: model.predict_on_batch(x)


def _pytorch(case):
    import torch

    torch.set_flush_denormal(True)
    bidirectional = case.layer.startswith("Bi")
    kind = {"LSTM": torch.nn.LSTM, "GRU": torch.nn.GRU, "SimpleRNN": torch.nn.RNN}[case.layer.removeprefix("Bi")]
    recurrent = kind(case.features, case.units, batch_first=True, bidirectional=bidirectional)
    dense = torch.nn.Linear(case.units * (1 + bidirectional), 1)
    optimizer = torch.optim.Adam([*recurrent.parameters(), *dense.parameters()])
    x, y, lengths = (torch.as_tensor(a) for a in case.data())

    def forward():
        rows: Any = x
        if case.padded:
            rows = torch.nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        state = recurrent(rows)[1]
        state = state[0] if isinstance(state, tuple) else state
        return dense(torch.cat(list(state), 1))

    def train():
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(forward(), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    def predict():
        with torch.inference_mode():
            return forward().numpy()

    return train, predict
