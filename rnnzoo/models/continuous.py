"""Networks that think of time as continuous, and one that is not trained at all but for its readout."""

from typing import Unpack

from rnnzoo._lazy import keras, layers
from rnnzoo.hyperparameters import Pooling
from rnnzoo.models.blocks import Recurrent, finish
from rnnzoo.models.variants import cells
from rnnzoo.registry import register

_LMU = "https://papers.nips.cc/paper/2019/hash/952285b9b7e7a1be5aa7849f32ffff05-Abstract.html"


@register(paper=_LMU, causal=True)
def lmu(x, *, num_layers=1, memory_size=32, window=100, **options: Unpack[Recurrent]):
    """Legendre memory unit: the last `window` steps as polynomials, beside a state that reads them."""
    return cells(x, layers.LMUCell, "lmu", num_layers, memory_size=memory_size, window=window, **options)


@register(paper="https://arxiv.org/abs/2106.13898", causal=True)
def cfc(x, *, backbone_units=64, time_feature=False, **options: Unpack[Recurrent]):
    """Closed-form continuous-time network: its equation holds the time between two steps.

    With `time_feature` the last feature is the time since the step before; otherwise all steps are 1 apart.
    """
    return cells(x, layers.CfCCell, "cfc", 1, backbone_units=backbone_units, time_feature=time_feature, **options)


@register(paper="https://arxiv.org/abs/1606.01865", causal=True, normalization="none", reads_missing=True)
def gru_d(x, *, time_feature=False, **options: Unpack[Recurrent]):
    """GRU-D: a GRU for values that are missing (NaN): they fade from the last one seen to the mean.

    With `time_feature` the last feature is the time since the step before; otherwise all steps are 1 apart.
    """
    return cells(x, layers.GRUDCell, "gru_d", 1, time_feature=time_feature, **options)


@register(paper="https://doi.org/10.1126/science.1091277", causal=True, normalization="none", readout_solved=True)
def echo_state(
    x, *, return_sequences, units=500, spectral_radius=0.9, input_scale=0.3, leaking_rate=0.7,
    pooling: Pooling = "last",
):  # fmt: skip
    """Echo state network: a random reservoir that is not trained; what reads it is solved, not descended to.

    Of regression and forecasting the readout is the solution of ridge regression, in float64, the ridge chosen by the
    validation part; of other tasks it is trained like any head.
    """
    options = {"spectral_radius": spectral_radius, "input_scale": input_scale, "leaking_rate": leaking_rate}
    states = layers.RNN(layers.ReservoirCell(units, name="cell", **options), return_sequences=True, name="reservoir")(x)
    return finish(keras.layers.Concatenate(name="beside_input")([states, x]), return_sequences, pooling)
