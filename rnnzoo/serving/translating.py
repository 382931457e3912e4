"""A translation model in one SavedModel: encoder, decoder and the search around them; tokenizers and vocabularies."""

from typing import Any

import numpy as np

from rnnzoo.data.text.vocabulary import END, UNKNOWN
from rnnzoo.inference.decoding import decode, parts_of
from rnnzoo.serving import text_in
from rnnzoo.tasks.judging.translations import most_steps

LENGTH_PENALTY = 0.6
"""Of no effect on one beginning alone."""


def write_saved_model(run: Any, path: str) -> None:
    """Write a SavedModel that writes the likeliest token at each step.

    `write` takes source ids, `(batch, time)` int32 padded with 0 on the right, and gives `tokens`, ids `(batch, steps)`
    without the end token, and `score`, the log-probability of each. `answer` takes `texts`, strings `(batch,)`, and
    gives `text` and `score`; models of subwords have not got it.

    Args:
        run: A `rnnzoo.training.runs.Run` of a translation.
        path: The folder.
    """
    import keras
    import tensorflow as tf

    from rnnzoo.layers.seq2seq.beam_search import BeamSearch

    data, longest = run.data, most_steps(run.data)
    search = BeamSearch(*parts_of(run.model), 1, LENGTH_PENALTY, longest, END)  # type: ignore[call-arg]
    search(np.zeros((1, 8), "int32") + UNKNOWN)  # Keras exports only what has been called

    def write(source):
        log_p, _, tokens, *_ = search(source)
        ids = tf.transpose(tokens[:, :, 0])
        real = tf.cumsum(tf.cast(ids == END, "int32"), axis=1) == 0
        return {"tokens": tf.where(real, ids, 0), "score": log_p[:, 0]}

    archive = keras.export.ExportArchive()
    archive.track(search)
    archive.add_endpoint("write", write, [tf.TensorSpec([None, None], tf.int32, name="source")])
    source, target = data.vocabulary, data.target_vocabulary
    if "subwords" not in (source.unit, target.unit):
        keys, ids = tf.constant(list(source.ids)), tf.constant(list(source.ids.values()))
        table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(keys, ids), UNKNOWN)
        signs = tf.constant(target.tokens(range(len(target))))
        between = "" if target.unit == "characters" else " "

        def answer(texts):
            ids = text_in.padded(table.lookup(text_in.split(texts, source.unit, text_in.written_pattern)))
            first = tf.where(ids[:, :1] == 0, UNKNOWN, ids[:, :1])  # of an empty text, as the run reads it
            found = write(tf.concat([first, ids[:, 1:]], axis=1))
            tokens = tf.RaggedTensor.from_tensor(found["tokens"], padding=0)
            return {"text": tf.strings.reduce_join(tf.gather(signs, tokens), axis=-1, separator=between)} | {
                "score": found["score"]
            }

        archive.track(table)
        archive.add_endpoint("answer", answer, [tf.TensorSpec([None], tf.string, name="texts")])
    archive.write_out(path, verbose=False)


def written(run: Any, source: np.ndarray) -> np.ndarray:
    """Return what the run itself writes for source ids, padded with 0: `(batch, steps)`, as `write` does."""
    steps = most_steps(run.data)
    rows = decode(run.model, source, max_length=steps).tokens
    return np.stack([np.pad(row, (0, steps - len(row))) for row in rows])
