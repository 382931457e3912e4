"""Texts of TensorFlow Datasets, opened to be read one by one: with labels, alone, or in pairs."""

import itertools
from collections.abc import Iterator
from typing import Any

from rnnzoo.data.files.columns import choose_pair
from rnnzoo.data.splits import PARTS
from rnnzoo.data.tfds.prepared import examples, flatten, part_of, prepared_builder
from rnnzoo.errors import InvalidValue


def open_texts(
    name: str, text: str | None, label: str | None, data_dir: str | None
) -> dict[str, Iterator[tuple[str, str]]]:
    """Open texts with labels, to be read row by row: `{"train": rows, "test": rows}`.

    Args:
        name: `data_set` or `data_set/config`.
        text: The text's name. Default: the only text feature.
        label: The answer's name. Default: the only class label.
        data_dir: Where TFDS keeps its data.
    """
    import tensorflow_datasets as tfds

    builder = prepared_builder(name, data_dir)
    text = _field(builder, name, "text", text)
    label = _field(builder, name, "label", label)
    feature = flatten(builder.info.features)[label]
    named = isinstance(feature, tfds.features.ClassLabel)

    def rows(split):
        for values in examples(builder, split):
            answer = feature.int2str(int(values[label])) if named else values[label]
            yield values[text].decode("utf-8"), answer.decode() if isinstance(answer, bytes) else str(answer)

    return {part: rows(split) for split in builder.info.splits if (part := part_of(split))}


def open_plain_texts(
    name: str, text: str | None, data_dir: str | None, splits: str | None = None
) -> dict[str, Iterator[str]]:
    """Open texts, to be read one by one: `{"train": texts, "test": texts}`; see `open_texts`.

    With `splits`, such as `train+unsupervised`, those alone, one after the other: `{"train": texts}`.
    """
    builder = prepared_builder(name, data_dir)
    text = _field(builder, name, "text", text)

    def texts(split):
        for values in examples(builder, split):
            yield values[text].decode("utf-8")

    if splits is not None:
        wanted = [split.strip() for split in splits.split("+")]
        if unknown := [split for split in wanted if split not in builder.info.splits]:
            valid = ", ".join(builder.info.splits)
            raise InvalidValue(f"{name} has the splits {valid}. Received: {unknown[0]!r}")
        return {"train": itertools.chain.from_iterable(texts(split) for split in wanted)}
    found = {str(part_of(split)): texts(split) for split in builder.info.splits if part_of(split)}
    return {part: found[part] for part in PARTS if part in found}


def open_pairs(
    name: str, source: str | None, target: str | None, data_dir: str | None
) -> dict[str, Iterator[tuple[str, str]]]:
    """Open pairs of texts, to be read one by one: `{"train": pairs, "test": pairs}`. One without a side is left out.

    Args:
        name: `data_set` or `data_set/config`.
        source: The text to read. Default: the first of the data set's own pair, or of its only two texts.
        target: The text to write. Default: the second.
        data_dir: Where TFDS keeps its data.
    """
    import tensorflow_datasets as tfds

    builder = prepared_builder(name, data_dir)
    flat = flatten(builder.info.features)
    texts = [key for key, feature in flat.items() if isinstance(feature, tfds.features.Text)]
    own = builder.info.supervised_keys or ()
    usual = own if len(own) == 2 and set(own) <= set(texts) else texts if len(texts) == 2 else ()
    chosen = choose_pair(list(flat), source, target, usual, name)

    def pairs(split):
        for values in examples(builder, split):
            one, other = (values[key].decode("utf-8") for key in chosen)
            if one.strip() and other.strip():
                yield one, other

    return {part: pairs(split) for split in builder.info.splits if (part := part_of(split))}


def open_tagged(
    name: str, words: str | None, tags: str | None, data_dir: str | None
) -> dict[str, Iterator[tuple[list[str], list[str]]]]:
    """Open sentences with a tag for each word, to be read one by one; words without a tag (`_`) are left out.

    Args:
        name: `data_set` or `data_set/config`.
        words: The words' name. Default: `tokens` or `words`.
        tags: The tags' name. Default: the only sequence of classes.
        data_dir: Where TFDS keeps its data.
    """
    import tensorflow_datasets as tfds

    builder = prepared_builder(name, data_dir)
    flat = {key: feature.feature for key, feature in flatten(builder.info.features).items()
            if isinstance(feature, tfds.features.Sequence)}  # fmt: skip
    classes = [key for key, feature in flat.items() if isinstance(feature, tfds.features.ClassLabel)]
    words = words or next((key for key in ("tokens", "words") if key in flat), None)
    tags = tags or (classes[0] if len(classes) == 1 else None)
    if not (words in flat and tags in flat):
        raise InvalidValue(
            f"{name} has the sequences {', '.join(flat) or 'none'}; say with --words and --tags which hold words and "
            f"tags. Received: --words {words} --tags {tags}"
        )
    named = flat[tags].int2str if tags in classes else bytes.decode

    def sentences(split):
        for values in examples(builder, split):
            pairs = [(word.decode(), named(tag)) for word, tag in zip(values[words], values[tags], strict=True)]
            pairs = [(word, tag) for word, tag in pairs if tag != "_"]
            if pairs:
                yield [word for word, _ in pairs], [tag for _, tag in pairs]

    found = {str(part_of(split)): sentences(split) for split in builder.info.splits if part_of(split)}
    return {part: found[part] for part in PARTS if part in found}


def _field(builder: Any, name: str, role: str, given: str | None) -> str:
    """Return the field that is meant: the one given, or the only one of its kind."""
    import tensorflow_datasets as tfds

    kind = {"text": tfds.features.Text, "label": tfds.features.ClassLabel}[role]
    flat = flatten(builder.info.features)
    fitting = [key for key, feature in flat.items() if isinstance(feature, kind)]
    if given is None and len(fitting) != 1:
        raise InvalidValue(f"Say which field of {name} is the {role}, with --{role}. Received: {', '.join(flat)}")
    if given is not None and given not in flat:
        raise InvalidValue(f"{name} has the fields {', '.join(flat)}. Received: --{role} {given}")
    return given or fitting[0]
