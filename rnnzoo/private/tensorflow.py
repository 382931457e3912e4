"""Private parts of TensorFlow: whether XLA compiles a graph, and slices whose start may be a tensor and size is fixed.

`tf.slice` inside a program for XLA compiles it anew for every longest length it meets. `tf.raw_ops` leaves these two
operations out; Keras takes them from the same module. `keras.ops.slice` is `tf.slice`, and `keras.ops.slice_update`,
which is the second of them today, promises nothing of it.
"""

from rnnzoo.private import find

XLA = "tensorflow.compiler.tf2xla.python.xla"
CONTROL_FLOW = "tensorflow.python.ops.control_flow_util"


def dynamic_slice(array, start, size):
    """Return the piece of `array` that begins at `start`; both `start` and `size` have an entry for each axis."""
    return find(XLA, "dynamic_slice")(array, start, size)


def dynamic_update_slice(array, piece, start):
    """Return `array` with `piece` from `start` on, an entry for each axis; XLA writes it in place where it can."""
    return find(XLA, "dynamic_update_slice")(array, piece, start)


def inside_xla(graph):
    """Tell whether a graph, or one around it, is traced for XLA to compile as a whole; nothing public tells."""
    return find(CONTROL_FLOW, "GraphOrParentsInXlaContext")(graph)
