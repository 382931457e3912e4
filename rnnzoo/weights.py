"""Weights of one model for another: transfer."""

import os
from collections.abc import Mapping

from rnnzoo._lazy import keras, np
from rnnzoo.errors import InvalidType, InvalidValue
from rnnzoo.files import named, own_path
from rnnzoo.model_files import load_model
from rnnzoo.sharing import manifest, places
from rnnzoo.sharing.packs import model_file


def open_model(source):
    """Return a model: the source itself, or what its run or `.keras` file holds.

    Raises:
        ValueError: There is no such file.
        TypeError: The source is something else.
    """
    if isinstance(source, keras.Model):
        return source
    if not isinstance(source, str | os.PathLike):
        raise InvalidType(f"weights must be a run, a .keras file or a model. Received: weights={source!r}")
    path = named(source)
    if path.suffix == ".keras":
        if not path.is_file():
            raise InvalidValue(f"Weights come from a run or a .keras file; there is no such file. Received: {source}")
        return load_model(path)
    if places.is_run(source) or not path.is_dir():
        place = places.find(source)  # which keeps what was unpacked until the model is read
        path = place.folder
    name = model_file(path)
    if not own_path(path, name).is_file():
        raise InvalidValue(f"Weights come from a run or a .keras file; {name} is missing. Received: {source}")
    return load_model(manifest.check(path, name))


def taken_over(source, model, task, sizes, hyperparameters):
    """Return sizes and hyper-parameters with those of the weights' run where the caller left them open.

    Args:
        source: What `build` got as weights; a `.keras` file and a model tell nothing.
        model: `ModelInfo` of the model to build; of another one nothing is taken.
        task: Its task.
        sizes: Those of `build`, and `pad_value`.
        hyperparameters: Those that were given.
    """
    theirs = places.settings(source)
    if theirs.get("model") != model.name:
        return sizes, hyperparameters
    inputs, sizes = dict(theirs["inputs"]), dict(sizes)
    words = ["embedding_dim"] + ["outputs", "horizon", "sequence_length"] * (theirs.get("task") == task.name)
    if sizes["vocabulary_size"] is None and sizes["features"] is None:
        words += ["vocabulary_size", "features", "pad_value"] + ["characters"] * ("characters" in task.sizes)
    for word in words:
        if sizes[word] is None:
            sizes[word] = theirs.get(word) if word == "embedding_dim" else inputs.get(word)
    return sizes, {**places.dials(source, model.name, model.dials(task.name)), **hyperparameters}


def take_weights(model, source, rows: Mapping[int, int] | None = None, characters: Mapping[int, int] | None = None):
    """Copy embedding, body and, where every shape in it fits, head from `source` into `model`.

    Args:
        model: The model to change.
        source: A run folder, a `.keras` file or a model.
        rows: Embedding row here -> row there, for another vocabulary; rows not named keep their fresh values.
        characters: The same of the characters' embedding.

    Raises:
        ValueError: A weight of embedding or body has another shape; the layer is named.
    """
    source = open_model(source)
    for part in model.layers:
        if not part.weights:  # the state of a seed is none
            continue
        theirs = next((layer for layer in source.layers if layer.name == part.name), None)
        if part.name == "ngrams" and (rows is not None or theirs is None):
            continue  # training fits them to its own tokens
        if part.name == "head":
            if theirs is not None and [v.shape for v in theirs.weights] == [v.shape for v in part.weights]:
                part.set_weights(theirs.get_weights())
        elif theirs is None:
            raise InvalidValue(f"The weights' model has no {part.name}. Received: a model {source.name!r}")
        elif part.name == "embedding" and rows is not None:
            _copy_rows(theirs, part, rows)
        elif part.name == "with_characters" and characters is not None:
            _copy_rows(theirs.embedding, part.embedding, characters)
            _copy(theirs.reader, part.reader)
        else:
            _copy(theirs, part)


def _copy_rows(source, target, rows):
    mine, other = np.array(target.embeddings), np.array(source.embeddings)
    mine[list(rows)] = other[list(rows.values())]
    target.set_weights([mine])


def _copy(source, target):
    found, wanted = ([(_path(layer, v), v) for v in layer.weights] for layer in (source, target))
    if len(found) != len(wanted):
        raise InvalidValue(
            f"{target.name} here has {len(wanted)} weights, the given one {len(found)}: build it with the same "
            f"hyper-parameters. Received: {[name for name, _ in found]}"
        )
    for (_, theirs), (name, mine) in zip(found, wanted, strict=True):
        if theirs.shape != mine.shape:
            raise InvalidValue(
                f"The weights do not fit layer {name}: it has shape {tuple(mine.shape)}. "
                f"Received: {tuple(theirs.shape)}"
            )
    target.set_weights(source.get_weights())


def _path(part, variable):
    """Return `body/gru_0/gru_cell/kernel`: Keras's paths leave out the model that a layer is nested in."""
    return variable.path if variable.path.startswith(f"{part.name}/") else f"{part.name}/{variable.path}"
