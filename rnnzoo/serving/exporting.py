"""Models for serving."""

import shutil
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from rnnzoo import layers
from rnnzoo.errors import InvalidValue, UserError
from rnnzoo.files import TEMPORARY
from rnnzoo.rebuilding import rebuild
from rnnzoo.training.runs import Run, load

ENDINGS = {"tf_saved_model": "saved_model", "onnx": "model.onnx", "litert": "model.tflite"}


def export(
    run: str | Path | Run,
    format: str = "tf_saved_model",
    output: str | Path | None = None,
    batch_size: int | None = None,
    sequence_length: int | None = None,
) -> tuple[Path, float]:
    """Write a run's model for serving and compare its answers with the model's.

    Args:
        run: A finished run folder, or a `Run`.
        format: `tf_saved_model`, `onnx`, or `litert`, which needs fixed sizes.
        output: Where to; by default inside the run folder.
        batch_size: Fix it; for litert 1 by default.
        sequence_length: Fix the steps.

    Returns:
        The path, and the largest difference between its answers and the model's on random input.

    Raises:
        ValueError: A run of translation, a format without its sizes, or one whose answers differ by more than 1e-4.
        UserError: A library is missing.
    """
    opened = run if isinstance(run, Run) else load(run)
    if opened.task.sequences > 1:
        raise InvalidValue(
            "Only models that answer in one call are exported; a translation is written token by token. "
            f"Received: {opened.folder}"
        )
    path = Path(output) if output else opened.folder / ENDINGS[format]
    litert = format == "litert"
    if litert and sequence_length is None:
        raise InvalidValue("litert needs a fixed --sequence-length. Received: sequence_length=None")
    if litert and "characters" in opened.data.inputs:
        raise InvalidValue("A model that reads characters is exported to tf_saved_model or onnx. Received: litert")
    if litert:
        batch_size = batch_size or 1
    model = rebuild(
        opened.model, batch_size=batch_size, sequence_length=sequence_length, unroll=True if litert else None
    )
    x = _example(model, opened.data.inputs)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(TEMPORARY + ENDINGS[format])  # exporters look at the ending
    try:
        with layers.use("general"):  # the fast kernels are for this machine, the file is for any
            model(x)  # Keras exports only what has been called
            model.export(str(temporary), format=format, verbose=False)
        error = float(np.abs(_answer(temporary, format, x) - model.predict_on_batch(x)).max())
        if not error < 1e-4:
            raise InvalidValue(f"The exported model answers differently by {error:.1e}. Received: {format}")
        if path.is_dir():
            shutil.rmtree(path)
        temporary.replace(path)
    except ImportError as missing:
        raise UserError(
            f"Export to {format} needs more libraries ({missing}): pip install 'rnnzoo[onnx]'."
        ) from missing
    finally:
        if temporary.is_dir():
            shutil.rmtree(temporary)
        temporary.unlink(missing_ok=True)
    return path, error


def _example(model: Any, inputs: dict[str, Any]) -> Any:
    """Random input, the last two steps of the first row padded where the model knows padding."""
    batch, time, *rest = model.inputs[0].shape
    rng = np.random.default_rng(0)
    shape = (batch or 2, time or 7, *rest)
    if "vocabulary_size" in inputs:
        fill: float | None = 0
        x = rng.integers(1, inputs["vocabulary_size"], shape).astype("int32")
    else:
        x, fill = rng.normal(size=shape).astype("float32"), inputs.get("pad_value")
    if fill is not None and shape[1] > 2:
        x[0, -2:] = fill
    if "characters" in inputs:
        letters = rng.integers(1, inputs["characters"], (*shape, 5)).astype("int32")
        return x, np.where(x[..., None] == 0, 0, letters)
    return x


def _answer(path: Path, format: str, x: np.ndarray) -> np.ndarray:
    """Run the exported file."""
    if format == "tf_saved_model":
        import tensorflow as tf

        loaded = tf.saved_model.load(str(path))  # must outlive the call: `serve` does not hold its variables
        return np.asarray(loaded.serve(list(x)) if isinstance(x, tuple) else loaded.serve(x))
    if format == "onnx":
        import onnxruntime

        session = onnxruntime.InferenceSession(str(path))
        inputs = x if isinstance(x, tuple) else (x,)
        return session.run(None, {i.name: a for i, a in zip(session.get_inputs(), inputs, strict=True)})[0]
    import tensorflow as tf

    with warnings.catch_warnings():  # it will move to ai_edge_litert one day; until then TensorFlow brings it along
        warnings.filterwarnings("ignore", message=".*tf.lite.Interpreter is deprecated")
        interpreter = tf.lite.Interpreter(str(path))
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], x)
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
