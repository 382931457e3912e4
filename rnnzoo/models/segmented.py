"""Recurrent networks that read a series segment by segment."""

from rnnzoo._lazy import layers
from rnnzoo.registry import register


@register(paper="https://arxiv.org/abs/2308.11200", normalization="subtract_last")
def segrnn(x, *, outputs, horizon, units=256, segment_length=24, dropout=0.5):
    """SegRNN: a GRU over segments of each column; all segments of the forecast are decoded at once."""
    return layers.SegmentRNN(units, segment_length, horizon, outputs, dropout, name="segments")(x)
