"""Which way a recurrent layer runs, decided in one place.

- `cudnn`: NVIDIA's fused kernels, on a GPU.
- `bptt`: backpropagation through time written by hand, on a CPU under TensorFlow (`compiled.bptt`).
- `scan`: Keras's loop, which JAX compiles as a scan: JAX where cuDNN cannot go, and every TPU.
- `general`: Keras's loop, for everything else. It can do all that Keras can.
"""

import contextlib
import os
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Literal, NamedTuple, get_args

import keras
import wrapt

from rnnzoo.errors import InvalidValue
from rnnzoo.private import tf2onnx

Path = Literal["cudnn", "bptt", "scan", "general"]

_forced: list[Path] = []
_exporting: list[bool] = []


class Situation(NamedTuple):
    """All that the choice depends on. `device` is "cpu", "gpu" or "tpu"; `kind` "lstm", "gru" or "simple_rnn"."""

    backend: str
    device: str
    kind: str
    dtype: str = "float32"
    activation: str = "tanh"
    recurrent_activation: str = "sigmoid"
    use_bias: bool = True
    reset_after: bool = True
    recurrent_dropout: float = 0.0
    unroll: bool = False
    separate_dropout: bool = False  # one dropout mask per gate (`implementation=1`)
    use_cudnn: bool | str = "auto"
    padded: bool = False
    needs_state: bool = False  # the state after the last real step is asked for: return_state, stateful
    zero_last_output: bool = False  # zero_output_for_mask without return_sequences


def choose(s: Situation) -> Path:
    """Return the fastest path that gives Keras's numbers in this situation."""
    if _forced:
        return _forced[-1] if _forced[-1] in ("general", _fastest(s)) else "general"
    return _fastest(s)


def _fastest(s: Situation) -> Path:
    loop: Path = "scan" if s.backend == "jax" or s.device == "tpu" else "general"
    plain_equations = (
        s.activation == "tanh"
        and (s.kind == "simple_rnn" or s.recurrent_activation == "sigmoid")
        and (s.kind != "gru" or s.reset_after)
        and not s.recurrent_dropout
        and not s.separate_dropout
        and not s.unroll
        and not s.zero_last_output
    )
    if not plain_equations:
        return loop
    if s.device == "gpu" and _has_cudnn(s):
        return "cudnn"
    if s.device == "cpu" and s.backend == "tensorflow" and s.dtype == "float32" and s.use_cudnn is not True:
        return "bptt"
    return loop


def _has_cudnn(s: Situation) -> bool:
    if s.use_cudnn is False or s.kind == "simple_rnn" or not s.use_bias:
        return False
    if s.backend == "tensorflow":
        return True
    # JAX's cuDNN LSTM is right by itself but, compiled into a larger model, can give other numbers (JAX 0.11 on an
    # H200, beside a convolution), and it takes no half precision. On torch, without sequence lengths, cuDNN tells the
    # output of the last real step but not the LSTM's carry.
    return s.backend == "torch" and not (s.kind == "lstm" and s.padded and s.needs_state)


def device() -> str:
    """Return "cpu", "gpu" or "tpu": where Keras's backend runs."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        return next((kind.lower() for kind in ("TPU", "GPU") if tf.config.list_logical_devices(kind)), "cpu")
    if keras.backend.backend() == "jax":
        import jax

        return {"cuda": "gpu", "rocm": "gpu"}.get(jax.default_backend(), jax.default_backend())
    if keras.backend.backend() == "torch":
        import torch

        return "gpu" if torch.cuda.is_available() else "cpu"
    return "cpu"


def use(path: Path | Literal["auto"]) -> contextlib.AbstractContextManager[None]:
    """Make every recurrent layer take `path`; "auto" undoes it. A layer that cannot take it takes the general one.

    It acts at once, and as a context manager until the block's end. A model's compiled functions keep the path that
    they were traced with.

    Example:
        with rnnzoo.layers.use("general"):
            outputs = model(inputs)
    """
    if path not in ("auto", *get_args(Path)):
        raise ValueError(f"A path is one of {', '.join(get_args(Path))} or auto. Received: path={path!r}")
    before = list(_forced)
    _forced[:] = [] if path == "auto" else [path]
    return _restore(before)


@contextlib.contextmanager
def _restore(before: list[Path]) -> Iterator[None]:
    try:
        yield
    finally:
        _forced[:] = before


def for_any_machine():
    """Tell whether only the general way may be taken, as while Keras exports."""
    return _forced[-1:] == ["general"]


def compiles_loops(x):
    """Tell whether a loop over `x` is trained by `compiled.scan`: in TensorFlow's graphs, on a CPU, in float32."""
    if _forced or keras.backend.backend() != "tensorflow" or device() != "cpu":
        return False
    import tensorflow as tf

    return not tf.executing_eagerly() and keras.backend.standardize_dtype(x.dtype) == "float32"


def elementwise(*, linear, steps, unroll=False):
    """Return how a recurrence without a matrix on its state runs (`rnnzoo.layers.recurrent.linear`).

    `compiled`: XLA's loop with a gradient by hand, under TensorFlow. `scan`: JAX's loop. `associative`: in parallel
    over time, where there are processors enough; `steps`, if known, tells how many. `general`: Keras's loop.
    """
    if _forced or unroll:
        return "general"
    backend, parallel = keras.backend.backend(), linear and device() != "cpu"
    if backend == "jax":
        return "associative" if parallel else "scan"
    if parallel and steps is not None:  # under TensorFlow Keras's associative scan must know
        return "associative"
    return "compiled" if backend == "tensorflow" else "general"


def exporting() -> bool:
    """Tell whether Keras's `model.export` is at work."""
    return bool(_exporting)


def _export(export, model, args, kwargs):
    """Keras's `model.export`: the fast kernels are for this machine, the file is for any.

    Wrapped for every model and not for the zoo's own alone: these layers stand in models that others make, Keras tells
    no layer that it is being exported, and tf2onnx writes a file with what it has no word for and says so in a log.
    """
    told = dict(zip(("filepath", "format"), args, strict=False)) | kwargs
    to_onnx = told.get("format") == "onnx" and keras.backend.backend() != "torch" and find_spec("tf2onnx") is not None
    if to_onnx:
        tf2onnx.teach()
    _exporting.append(True)
    try:
        with use("general"):
            found = export(*args, **kwargs)
    except ValueError as error:
        if "has never called" not in str(error):
            raise
        raise InvalidValue(
            "Keras exports a model that has answered: call its predict once before. Received: a model that never has"
        ) from None
    finally:
        _exporting.pop()
    if to_onnx and (unknown := tf2onnx.unknown_words(str(told["filepath"]))):
        os.remove(told["filepath"])
        raise InvalidValue(
            f"ONNX has no word for {', '.join(unknown)}, which this model is made of: export it to tf_saved_model. "
            "Received: format='onnx'"
        )
    return found


wrapt.wrap_function_wrapper(keras.Model, "export", _export)
