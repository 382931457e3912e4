"""Models for serving."""

import functools
import json
import tempfile
import warnings
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import keras
import numpy as np

from rnnzoo.errors import InvalidValue, UserError, WriteFailed
from rnnzoo.files import TEMPORARY, named
from rnnzoo.private.tensorflow import with_metadata
from rnnzoo.rebuilding import rebuild
from rnnzoo.serving import text_in
from rnnzoo.serving.translating import write_saved_model, written
from rnnzoo.training.runs import Run, load

ENDINGS = {"tf_saved_model": "saved_model", "onnx": "model.onnx", "litert": "model.tflite"}
SAVED_MODEL = ("saved_model.pb", "fingerprint.pb", "variables/variables.*")
"""The files of a SavedModel."""
TOLERANCE = 1e-4


def export(
    run: str | Path | Run,
    format: str = "tf_saved_model",
    output: str | Path | None = None,
    batch_size: int | None = None,
    sequence_length: int | None = None,
) -> tuple[Path, float]:
    """Write a run's model for serving and compare its answers with those of the run's own model.

    What is at `output` already is replaced only if it is an export of the same format.

    Args:
        run: A finished run, by whatever `rnnzoo.load` takes, or a `Run`.
        format: `tf_saved_model`, `onnx`, or `litert`, which needs fixed sizes.
        output: Where to; by default inside the run folder.
        batch_size: Fix it; for litert 1 by default.
        sequence_length: Fix the steps.

    Returns:
        The path, and the largest difference between its answers and the model's on random input of several lengths.

    Raises:
        ValueError: A format without its sizes, one that cannot hold the model (of a translation, any but the first) or
            whose answers differ by more than 1e-4, or something else in the way.
        UserError: A library is missing.
        OSError: The file cannot be written.
    """
    if format not in ENDINGS:
        raise InvalidValue(f"format must be {' or '.join(ENDINGS)}. Received: {format=}")
    opened = run if isinstance(run, Run) else load(run)
    translates = opened.task.sequences > 1
    if translates and (format != "tf_saved_model" or batch_size or sequence_length or not _on_tensorflow()):
        raise InvalidValue(
            "A translation is written token by token, so it is exported to tf_saved_model, of free sizes, and on "
            f"TensorFlow. Received: {format=}, {batch_size=}, {sequence_length=}"
        )
    path = named(output) if output else opened.desk / ENDINGS[format]
    _refuse_foreign(path, format)
    litert = format == "litert"
    if litert and sequence_length is None:
        raise InvalidValue("litert needs a fixed --sequence-length. Received: sequence_length=None")
    if litert and "characters" in opened.data.inputs:
        raise InvalidValue("A model that reads characters is exported to tf_saved_model or onnx. Received: litert")
    if litert:
        batch_size = batch_size or 1
    model = opened.model
    if not translates:
        unroll = True if litert else None
        model = rebuild(model, batch_size=batch_size, sequence_length=sequence_length, unroll=unroll)
    batches = _examples(model, opened.data.inputs)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=TEMPORARY) as folder:
            made = Path(folder) / ENDINGS[format]  # exporters look at the ending
            answers = _write(opened, model, made, format, batches)
            expected = functools.partial(written, opened) if translates else opened.model.predict_on_batch
            differences = [np.abs(a - expected(x)).max() for a, x in zip(answers, batches, strict=True)]
            error = float(np.max(differences))  # NaN, if one is
            if not error <= TOLERANCE:
                raise InvalidValue(f"The exported model answers differently by {error:.1e}. Received: {format}")
            if path.is_dir():
                path.rename(Path(folder) / "before")
            made.replace(path)
    except ImportError as missing:
        raise UserError(
            f"Export to {format} needs more libraries ({missing}): pip install 'rnnzoo[onnx]'."
        ) from missing
    except OSError as error:
        raise WriteFailed(f"Cannot write {path}: {error.strerror or error}. Received: output={str(path)!r}") from error
    return path, error


def _write(run, model, path, format, batches):
    """Export, and return the file's answers."""
    try:
        if run.task.sequences > 1:
            write_saved_model(run, str(path))
            return _answers(path, format, batches)
        model(batches[0])  # Keras exports only what has been called
        if format == "tf_saved_model" and text_in.reads_texts(run.data) and _on_tensorflow():
            text_in.write_saved_model(run, model, str(path))
        else:
            model.export(str(path), format=format, verbose=False)
        if format != "tf_saved_model":
            describe(path, format, text_in.rule(run))
        return _answers(path, format, batches)
    except (ImportError, OSError, UserError):
        raise
    except Exception as error:  # of a converter or of a runtime: each has its own
        why = next(iter(str(error).splitlines()), type(error).__name__)[:200]
        raise InvalidValue(f"No runtime can answer by {format} of this model ({why}). Received: {format}") from error


def _on_tensorflow() -> bool:
    return keras.backend.backend() == "tensorflow"


def describe(path: Path, format: str, told: dict[str, Any]) -> None:
    """Put labels, vocabulary and the tokenizer's rule into a file as its metadata `rnnzoo`, in JSON."""
    words = json.dumps(told, ensure_ascii=False)
    if format == "litert":
        path.write_bytes(with_metadata(path.read_bytes(), "rnnzoo", words.encode()))
        return
    import onnx

    model = onnx.load(str(path))
    onnx.helper.set_model_props(model, {"rnnzoo": words})
    onnx.save(model, str(path))


def _refuse_foreign(path, format):
    """Raise unless `path` is free, or holds nothing but an export of this format."""
    if format != "tf_saved_model":
        own = path.is_file() and path.suffix == Path(ENDINGS[format]).suffix
    else:
        files = [p.relative_to(path).as_posix() for p in path.rglob("*") if not p.is_dir()]
        own = path.is_dir() and all(any(fnmatch(name, pattern) for pattern in SAVED_MODEL) for name in files)
    if path.exists() and not own:
        what = "a folder" if format == "tf_saved_model" else f"a file *{Path(ENDINGS[format]).suffix}"
        raise InvalidValue(
            f"Something else is there, which an export must not replace: name {what} that is new or an export's own. "
            f"Received: output={str(path)!r}"
        )


def _examples(model: Any, inputs: dict[str, Any]) -> list[Any]:
    """Random batches; where the model knows padding, rows of several lengths: full, one step, and between."""
    batch, time, *rest = model.inputs[0].shape
    rng, time = np.random.default_rng(0), time or 12
    lengths = [time, 1, (time + 1) // 2, max(1, time - 1), max(1, time // 3)]
    return [
        _example(rng, inputs, np.resize(np.roll(lengths, -k), batch or len(lengths)), (time, *rest))
        for k in range(0, len(lengths), batch or len(lengths))
    ]


def _example(rng, inputs, lengths, shape):
    """A random batch whose rows have these lengths, padded to `shape`."""
    real = np.arange(shape[0]) < lengths[:, None]
    if "vocabulary_size" in inputs:
        x = np.where(real, rng.integers(1, inputs["vocabulary_size"], real.shape), 0).astype("int32")
    else:
        x = rng.normal(size=(len(lengths), *shape)).astype("float32")
        if inputs.get("pad_value") is not None:
            x[~real] = inputs["pad_value"]
    if "characters" in inputs:
        letters = rng.integers(1, inputs["characters"], (*real.shape, 5)).astype("int32")
        return x, np.where(real[..., None], letters, 0)
    return x


def _answers(path: Path, format: str, batches: list[Any]) -> list[np.ndarray]:
    """Run the exported file."""
    if format == "tf_saved_model":
        import tensorflow as tf

        loaded = tf.saved_model.load(str(path))  # must outlive the call: `serve` does not hold its variables
        if hasattr(loaded, "write"):
            return [np.asarray(loaded.write(x)["tokens"]) for x in batches]
        return [np.asarray(loaded.serve(list(x) if isinstance(x, tuple) else x)) for x in batches]
    if format == "onnx":
        import onnxruntime

        session = onnxruntime.InferenceSession(str(path))
        names = [i.name for i in session.get_inputs()]
        fed = [dict(zip(names, x if isinstance(x, tuple) else (x,), strict=True)) for x in batches]
        return [session.run(None, x)[0] for x in fed]
    import tensorflow as tf

    with warnings.catch_warnings():  # it will move to ai_edge_litert one day; until then TensorFlow brings it along
        warnings.filterwarnings("ignore", message=".*tf.lite.Interpreter is deprecated")
        interpreter = tf.lite.Interpreter(str(path))
    interpreter.allocate_tensors()
    answers = []
    for x in batches:
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], x)
        interpreter.invoke()
        answers.append(interpreter.get_tensor(interpreter.get_output_details()[0]["index"]))
    return answers
