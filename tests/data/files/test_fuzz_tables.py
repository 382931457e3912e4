"""Whatever stands in a table: it becomes a data set, or one sentence. `pytest -m slow` tries thousands."""

import json
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rnnzoo.data import MultilabelTexts, Tagging, TextClassification, TextPairs
from rnnzoo.errors import UserError

CELL = st.one_of(
    st.text(max_size=12),
    st.text(alphabet="ab ,;\t|\"'\n\r$\\\0é中\ufeff\ud800", max_size=12),
    st.sampled_from(["", "1", "1.0", "nan", "true", "True", "null", "a b", " pos ", "DET NOUN", "1e309", "9" * 5000]),
)
VALUE = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), CELL),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(CELL, inner, max_size=2)),
    max_leaves=4,
)
HEADER = st.sampled_from(["text", "label", "labels", "source", "target", "words", "tags", "", "x"])
KINDS = {
    "text": lambda path: TextClassification(file=path),
    "labels": lambda path: MultilabelTexts(file=path),
    "pairs": lambda path: TextPairs(path),
    "tags": lambda path: Tagging(file=path),
}
USUAL = {
    "text": ["text", "label"],
    "labels": ["text", "labels"],
    "pairs": ["source", "target"],
    "tags": ["words", "tags"],
}


@st.composite
def tables(draw, kind):
    """Draw a file: its name and bytes."""
    usual = USUAL[kind]
    make = draw(st.sampled_from(["cells", "quoted", "json", "bytes"]))
    if make == "bytes":
        return draw(st.sampled_from(["a.csv", "a.jsonl", "a.xlsx", "a.gz", "a.zip", "a.txt"])), draw(
            st.binary(max_size=80)
        )
    header = draw(st.one_of(st.just(usual), st.lists(HEADER, min_size=1, max_size=4)))
    if make == "json":
        row = st.one_of(st.fixed_dictionaries(dict.fromkeys(usual, VALUE)), st.dictionaries(HEADER, VALUE, max_size=3))
        lines = [json.dumps(value) for value in draw(st.lists(row, min_size=1, max_size=8))]
        return "a.jsonl", "\n".join(lines).encode()
    separator = draw(st.sampled_from(",;\t|"))
    width = st.integers(len(header) - 1, len(header) + 1) if draw(st.booleans()) else st.just(len(header))
    rows = [header]
    for _ in range(draw(st.integers(0, 9))):
        count = draw(width)
        rows.append(draw(st.lists(CELL, min_size=count, max_size=count)))
    if make == "quoted":
        rows = [['"' + cell.replace('"', '""') + '"' for cell in row] for row in rows]
    text = "\n".join(separator.join(row) for row in rows)
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]))
    return draw(st.sampled_from(["a.csv", "a.tsv", "a.txt"])), text.encode(encoding, errors="replace")


def check(kind, file, folder):
    """Read a file as data, for training and for answering."""
    name, content = file
    path = os.path.join(folder, name)
    with open(path, "wb") as opened:
        opened.write(content)
    for use in (lambda data: data.load(batch_size=4), lambda data: list(data.inputs_of(path))):
        try:
            use(KINDS[kind](path))
        except UserError as error:
            assert "Received: " in str(error), str(error)  # noqa: PT017


def fuzz(kind, examples):
    quiet = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]

    @settings(max_examples=examples, deadline=None, suppress_health_check=quiet, derandomize=examples < 1000)
    @given(file=tables(kind))
    def run(folder, file):
        check(kind, file, folder)

    return run


@pytest.mark.parametrize("kind", KINDS)
def test_every_table_is_data_or_one_sentence(kind, tmp_path):
    fuzz(kind, 60)(str(tmp_path))


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_thousands_of_tables(kind, tmp_path):
    fuzz(kind, 2000)(str(tmp_path))
