"""What a forecast must beat: no model at all, and one linear layer."""

from rnnzoo._lazy import keras, layers
from rnnzoo.models.blocks import dropped
from rnnzoo.registry import register


def _lags(x, lags):
    """Return how many steps to read: not more than there are."""
    return min(lags, x.shape[1] or lags)


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
    x = layers.Recent(_lags(x, lags), outputs, name="recent")(x)
    return of_each_column(dropped(x, dropout, name="dropout"), horizon, "linear")


@register(paper="https://arxiv.org/abs/2205.13504", normalization="none", only_targets=True)
def dlinear(x, *, outputs, horizon, lags=336, kernel_size=25, dropout=0.0):
    """DLinear: a moving average and what remains, each through a linear layer of its own."""
    x = layers.Recent(_lags(x, lags), outputs, name="recent")(x)
    x = dropped(x, dropout, name="dropout")
    trend = layers.MovingAverage(kernel_size, name="trend")(x)
    rest = keras.layers.Subtract(name="rest")([x, trend])
    return keras.layers.Add(name="sum")(
        [of_each_column(trend, horizon, "of_trend"), of_each_column(rest, horizon, "of_rest")]
    )
