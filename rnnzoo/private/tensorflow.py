"""Private parts of TensorFlow: whether XLA compiles a graph, slices whose start may be a tensor and size is fixed, and
the format of LiteRT's files.

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


def with_metadata(model, name, content):
    """Return a LiteRT model's bytes with an entry of metadata; a package of its own, tflite-support, is not kept up.

    Args:
        model: The file's bytes.
        name: Of the entry.
        content: Its bytes.
    """
    import flatbuffers
    import numpy as np

    schema = "tensorflow.lite.python.schema_py_generated"
    parts = find(schema, "ModelT").InitFromPackedBuf(model)
    buffer, entry = find(schema, "BufferT")(), find(schema, "MetadataT")()
    buffer.data = np.frombuffer(content, "uint8")
    entry.name, entry.buffer = name, len(parts.buffers)
    parts.buffers.append(buffer)
    parts.metadata = [*(parts.metadata or []), entry]
    builder = flatbuffers.Builder(len(model) + len(content))
    builder.Finish(parts.Pack(builder), b"TFL3")
    return bytes(builder.Output())
