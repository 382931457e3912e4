"""Texts in, labels out: the tokenizer, the vocabulary and the labels inside an exported model, as TensorFlow's own ops.

The rule, which files of other formats carry as metadata: a text is split into words (lower case, without markup) or
characters; token number i of the vocabulary has the id i + 2, an unknown one 1; 0 pads on the right.
"""

import functools
import itertools
import re
import sys
from collections.abc import Callable
from typing import Any

from rnnzoo.data import MultilabelTexts
from rnnzoo.data.text.vocabulary import FIRST, MARKUP, UNKNOWN, UNSPACED, Signs, words, words_before

MARK, CONTROL = "\x01", "[\\x00\\x01]"
"""What stands around each word; what no word holds, and TensorFlow does not read as Python does."""


def reads_texts(data: Any) -> bool:
    """Tell whether a data object reads texts as one sequence of tokens, and answers with classes."""
    return hasattr(data, "vocabulary") and hasattr(data, "pieces") and "classes" in data.fitted.get("answers", {})


def rule(run: Any) -> dict[str, Any]:
    """Return what a file needs beside a model, for readers without rnnzoo: labels, vocabulary, and how a text is read.

    Args:
        run: A `rnnzoo.training.runs.Run`.
    """
    data, inputs = run.data, run.data.inputs
    told: dict[str, Any] = {"model": run.config["model"], "task": run.config["task"], "inputs": inputs}
    if "classes" in data.fitted.get("answers", {}):
        told["labels"] = [str(label) for label in data.classes]
    scalers = {"scaler": data.fitted.get("scaler"), "answer_scaler": data.fitted.get("answers", {}).get("scaler")}
    told |= {name: found for name, found in scalers.items() if found is not None}
    if reads_texts(data):
        told["vocabulary"] = data.vocabulary.tokens
        told["tokenizer"] = {
            "unit": data.tokens,
            **(
                {"removed": MARKUP.pattern, "lower_case": True, "word": word_pattern(data.rule)}
                if _by_word(data)
                else {}
            ),
            "padding": 0,
            "unknown": UNKNOWN,
            "first_id": FIRST,
            "longest": data.fitted.get("sequence_length"),
            "truncate": data.truncate,
        }
    return told


def write_saved_model(run: Any, model: Any, path: str) -> None:
    """Write a SavedModel that answers token ids (`serve`) and texts (`answer`).

    `answer` takes `texts`, strings `(batch,)`, and gives `label` and `probability` `(batch,)`, `probabilities`
    `(batch, labels)` and `labels`; with several labels a text the last two alone.

    Args:
        run: Whose data read texts; see `reads_texts`.
        model: Its model.
        path: The folder.
    """
    import keras
    import tensorflow as tf

    data, one_label = run.data, not isinstance(run.data, MultilabelTexts)
    keys = tf.constant(data.vocabulary.tokens)
    ids = tf.range(FIRST, len(data.vocabulary.tokens) + FIRST)
    table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(keys, ids), UNKNOWN)
    names = tf.constant([str(label) for label in data.classes])

    def answer(texts):
        tokens = table.lookup(
            words_of(texts, data.rule) if _by_word(data) else split(texts, "characters", word_pattern)
        )
        logits = model(padded(_truncated(tokens, data.fitted.get("sequence_length"), data.truncate)))
        shares = (tf.nn.softmax if one_label else tf.nn.sigmoid)(logits)
        found = {"probabilities": shares, "labels": names}
        if one_label:
            found |= {"label": tf.gather(names, tf.argmax(shares, -1)), "probability": tf.reduce_max(shares, -1)}
        return found

    archive = keras.export.ExportArchive()
    archive.track(table)
    tokens = model.inputs[0]
    archive.track(model)
    archive.add_endpoint("serve", model.__call__, [keras.InputSpec(tokens.dtype, tokens.shape, name=tokens.name)])
    archive.add_endpoint("answer", answer, [tf.TensorSpec([None], tf.string, name="texts")])
    archive.write_out(path, verbose=False)


def _by_word(data: Any) -> bool:
    return data.tokens == "words"


def split(texts: Any, unit: str, pattern: Callable[[], str]) -> Any:
    """Return the tokens of each text, as Python splits it: a ragged tensor of strings.

    Args:
        texts: Strings, `(batch,)`.
        unit: `words` or `characters`.
        pattern: Gives that of a word.
    """
    import tensorflow as tf

    if unit == "characters":
        return tf.strings.unicode_split(texts, "UTF-8")
    plain = tf.strings.regex_replace(texts, CONTROL, " ")
    return tf.strings.split(tf.strings.regex_replace(plain, pattern(), rf"{MARK}\0{MARK}"), MARK)[:, 1::2]


def words_of(texts: Any, rule: int) -> Any:
    """Return the words of each text, as `rnnzoo.data.text.vocabulary.tokenize` does by this rule."""
    import tensorflow as tf

    plain = tf.strings.regex_replace(tf.strings.regex_replace(texts, CONTROL, " "), MARKUP.pattern, " ")
    found = split(tf.strings.lower(plain, "utf-8"), "words", lambda: word_pattern(rule))
    return found if rule == 1 else found.with_flat_values(tf.strings.regex_replace(found.flat_values, "\ufe0f", ""))


@functools.cache
def word_pattern(rule: int) -> str:
    """Return the pattern of a word for RE2, whose classes are ASCII: all that Python knows to be letters, as ranges."""
    unspaced = _ranges(f"[{UNSPACED}]")
    if rule == 1:
        letters = _ranges(rf"[^\W{UNSPACED}]")
        return words_before(unspaced, f"[{letters}]")
    usual = Signs()
    classes = ("letter", "mark", "picture", "modifier", "flag")
    known = {name: f"[{_ranges(getattr(usual, name), by_property=True)}]" for name in classes}
    return words(
        Signs(
            unspaced=unspaced, keycap=r"\x{fe0f}?\x{20e3}", joiner=r"\x{200d}", no_word_before=r"\B",
            no_word_after=r"\B", no_word_after_letter=r"\b", **known,
        )
    )  # fmt: skip


@functools.cache
def written_pattern() -> str:
    """Return `rnnzoo.data.pairs.tokenizers.WRITTEN` for RE2."""
    letters, spaces = _ranges(r"\w"), _ranges(r"\s")
    return rf"[{letters}]+(?:['’][{letters}]+)*|[^{letters}{spaces}]"


def _ranges(kind: str, by_property: bool = False) -> str:
    """Return a class of characters of Python, or of the library `regex`, as the ranges of a class of RE2."""
    own: Any = re.compile(kind) if not by_property else _by_property(kind)
    known = [code for code in range(sys.maxunicode + 1) if own.match(chr(code))]
    runs = (list(group) for _, group in itertools.groupby(enumerate(known), lambda pair: pair[1] - pair[0]))
    return "".join(rf"\x{{{group[0][1]:x}}}-\x{{{group[-1][1]:x}}}" for group in runs)


def padded(rows: Any) -> Any:
    """Return ragged ids as a tensor `(batch, time)`, padded with 0, of one step at least."""
    import tensorflow as tf

    ids = rows.to_tensor(0)
    return tf.pad(ids, [[0, 0], [0, tf.maximum(0, 1 - tf.shape(ids)[1])]])


def _by_property(kind: str) -> Any:
    import regex

    return regex.compile(f"(?V1){kind}")


def _truncated(tokens: Any, length: int | None, keep: str) -> Any:
    """Keep at most `length` tokens of each row; see `rnnzoo.data.ragged.truncate`."""
    import tensorflow as tf

    if length is None:
        return tokens
    if keep == "head":
        return tokens[:, :length]
    if keep == "tail":
        return tokens[:, -length:]
    head = (length + 1) // 2
    places, total = tf.ragged.range(tokens.row_lengths()), tf.expand_dims(tokens.row_lengths(), 1)
    return tf.ragged.boolean_mask(tokens, (places < head) | (places >= total - (length - head)))
