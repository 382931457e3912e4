"""Recurrent networks made for forecasting."""

from rnnzoo._lazy import keras, layers
from rnnzoo.models.baselines import of_each_column
from rnnzoo.models.blocks import dropped
from rnnzoo.registry import register


@register(paper="https://arxiv.org/abs/2308.11200", normalization="subtract_last", only_targets=True)
def segrnn(x, *, outputs, horizon, units=256, segment_length=24, dropout=0.5):
    """SegRNN: a GRU over segments of each column; all segments of the forecast are decoded at once."""
    return layers.SegmentRNN(units, segment_length, horizon, outputs, dropout, name="segments")(x)


@register(paper="https://arxiv.org/abs/1406.1078", teacher_forced=True)
def encoder_decoder_gru(x, *, outputs, horizon, units=64, dropout=0.2, scheduled_sampling=0.95):
    """One GRU reads the past, another writes the forecast step by step, each step from the one before."""
    return layers.StepDecoder(
        units, horizon, outputs, "gru", dropout=dropout, scheduled_sampling=scheduled_sampling, name="decoder"
    )(x)


@register(paper="https://arxiv.org/abs/1704.04110", teacher_forced=True)
def deepar(x, *, outputs, horizon, units=64, dropout=0.1):
    """DeepAR: an LSTM that gives mean and deviation of the next value; `rnnzoo.sample` draws paths from it."""
    return layers.StepDecoder(
        units, horizon, outputs, "lstm", likelihood="gaussian", shared=True, dropout=dropout, name="decoder"
    )(x)


@register(paper="https://arxiv.org/abs/1703.07015")
def lstnet(x, *, outputs, horizon, units=64, filters=64, kernel_size=6, period=24, lags=24, dropout=0.2):
    """LSTNet: convolution, a GRU, a GRU from season to season, and a linear forecast of each column beside them."""
    seen = layers.Conv1D(filters, kernel_size, padding="causal", activation="relu", name="convolution")(x)
    seen = dropped(seen, dropout, name="dropout")
    states = layers.GRU(units, return_sequences=True, name="gru")(seen)
    short = layers.Pooling("last", name="last")(states)
    long = layers.SkipGRU(max(1, units // 8), period, name="skip")(seen)
    summary = dropped(keras.layers.Concatenate(name="both")([short, long]), dropout, name="dropout_both")
    neural = keras.layers.Dense(horizon * outputs, dtype="float32", name="neural")(summary)
    neural = keras.layers.Reshape((horizon, outputs), name="neural_forecast")(neural)
    recent = layers.Recent(min(lags, x.shape[1] or lags), outputs, name="recent")(x)
    return keras.layers.Add(name="sum")([neural, of_each_column(recent, horizon, "linear")])
