"""Forecasts of series: what a forecast must beat (no model at all, one linear layer), and networks made for them."""

from rnnzoo._lazy import keras, layers
from rnnzoo.models.blocks import dropped
from rnnzoo.registry import register


def recent(x, lags, outputs):
    """The last `lags` steps of the targets, or as many as there are: `(batch, lags, outputs)`."""
    return layers.Recent(min(lags, x.shape[1] or lags), outputs, name="recent")(x)


def of_each_column(x, horizon, name):
    """One weight for each pair of lag and horizon step, the same for every column: `(batch, lags, columns)`."""
    x = keras.layers.Permute((2, 1), name=f"{name}_columns")(x)
    small = keras.initializers.RandomNormal(stddev=1e-3)  # hundreds of alike inputs: from wider weights it over-fits
    x = keras.layers.Dense(horizon, kernel_initializer=small, dtype="float32", name=name)(x)
    return keras.layers.Permute((2, 1), name=f"{name}_forecast")(x)


@register(paper="https://otexts.com/fpp3/simple-methods.html", normalization="none")
def repeat_last(x, *, outputs, horizon):
    """Repeat the last value: the naive forecast."""
    return layers.Repeat(1, horizon, outputs, name="repeat")(x)


@register(paper="https://otexts.com/fpp3/simple-methods.html", normalization="none")
def seasonal_naive(x, *, outputs, horizon, period=24):
    """Repeat the last `period` steps: the naive forecast of a series with a season."""
    return layers.Repeat(period, horizon, outputs, name="repeat")(x)


@register(paper="https://arxiv.org/abs/2205.13504", normalization="subtract_last", only_targets=True)
def nlinear(x, *, outputs, horizon, lags=336, dropout=0.0):
    """NLinear: one linear layer from the last `lags` steps of a column to its forecast."""
    x = dropped(recent(x, lags, outputs), dropout, name="dropout")
    return of_each_column(x, horizon, "linear")


@register(paper="https://arxiv.org/abs/2205.13504", normalization="none", only_targets=True)
def dlinear(x, *, outputs, horizon, lags=336, kernel_size=25, dropout=0.0):
    """DLinear: a moving average and what remains, each through a linear layer of its own."""
    x = dropped(recent(x, lags, outputs), dropout, name="dropout")
    trend = layers.MovingAverage(kernel_size, name="trend")(x)
    rest = keras.layers.Subtract(name="rest")([x, trend])
    parts = [of_each_column(trend, horizon, "of_trend"), of_each_column(rest, horizon, "of_rest")]
    return keras.layers.Add(name="sum")(parts)


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
    options = {"likelihood": "gaussian", "shared": True, "dropout": dropout, "covariates": x.shape[-1] - outputs}
    return layers.StepDecoder(units, horizon, outputs, "lstm", **options, name="decoder")(x)


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
    linear = of_each_column(recent(x, lags, outputs), horizon, "linear")
    return keras.layers.Add(name="sum")([neural, linear])
