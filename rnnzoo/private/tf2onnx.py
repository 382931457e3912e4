"""Private parts of tf2onnx: how it is taught a word of TensorFlow. What it has no word for it leaves in the file.

Such a file is written without an error, and no runtime opens it.
"""

import functools
from collections.abc import Iterator
from typing import Any

import numpy as np

from rnnzoo.private import find


@functools.cache
def teach() -> None:
    """Teach tf2onnx `Erfc`, which is in GELU, and `Expm1`, for as long as the process lasts."""
    tf_op = find("tf2onnx.handler", "tf_op")

    @tf_op("Erfc")
    class Erfc:
        @classmethod
        def version_9(cls, ctx, node, **_):
            """1 - erf(x)."""
            draft = _Draft(ctx, node)
            draft.write("Sub", draft.number(1), draft.make("Erf", draft.x))

    @tf_op("Expm1")
    class Expm1:
        @classmethod
        def version_7(cls, ctx, node, **_):
            """tanh(x / 2) (exp(x) + 1), which is exact near 0 too."""
            draft = _Draft(ctx, node)
            half = draft.make("Mul", draft.x, draft.number(0.5))
            above = draft.make("Add", draft.make("Exp", draft.x), draft.number(1))
            draft.write("Mul", draft.make("Tanh", half), above)


class _Draft:
    """A node of TensorFlow, as several of ONNX with its shape and type.

    Args:
        ctx: tf2onnx's graph.
        node: The node.
    """

    def __init__(self, ctx, node):
        self._ctx, self._node, self.x = ctx, node, node.input[0]
        shape, kind = ctx.get_shape(node.output[0]), ctx.get_dtype(node.output[0])
        self._kind, self._told = kind, {"shapes": [shape], "dtypes": [kind]}

    def number(self, value: float) -> str:
        """Return a constant."""
        kind = find("tf2onnx.utils", "map_onnx_to_numpy_type")(self._kind)
        return self._ctx.make_const(find("tf2onnx.utils", "make_name")("number"), np.array(value, kind)).output[0]

    def make(self, word: str, *inputs: str) -> str:
        """Return what a new node gives."""
        return self._ctx.make_node(word, list(inputs), **self._told).output[0]

    def write(self, word: str, *inputs: str) -> None:
        """Put a last node in the place of TensorFlow's."""
        name, output = self._node.name, list(self._node.output)
        self._ctx.remove_node(name)
        self._ctx.make_node(word, list(inputs), outputs=output, name=name, **self._told)


def unknown_words(path: str) -> list[str]:
    """Return what stands in an ONNX file and is no operation of ONNX."""
    import onnx

    return sorted({node.op_type for node in _nodes(onnx.load(path).graph) if not _known(node)})


def _known(node: Any) -> bool:
    import onnx

    return onnx.defs.has(node.op_type, node.domain)


def _nodes(graph: Any) -> Iterator[Any]:
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs):
                yield from _nodes(inner)
