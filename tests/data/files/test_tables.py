"""The reader of tables: what is read, and what is refused with the line."""

import gzip
import io
import json
import zipfile

import pandas as pd
import pytest

from rnnzoo.data.files.tables import open_table
from rnnzoo.errors import UserError

ROWS = [("good film", "pos"), ("bad, really", "neg"), ('a "quote"', "pos"), ("two\nlines", "neg"), ("grüßt", "pos")]


def frame():
    return pd.DataFrame(ROWS, columns=["text", "label"])


def zipped(content, name="inner.csv"):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(name, content)
    return packed.getvalue()


def as_bytes(write):
    held = io.BytesIO()
    write(held)
    return held.getvalue()


CSV = frame().to_csv(index=False)
JSONL = "".join(json.dumps(row) + "\n" for row in frame().to_dict("records"))
GOOD = {
    "a.csv": CSV.encode(),
    "A.CSV": CSV.encode("utf-8-sig"),
    "utf16.csv": CSV.encode("utf-16"),
    "bare.csv": CSV.encode("utf-16-le"),
    "west.csv": CSV.encode("cp1252"),
    "semi.csv": frame().to_csv(index=False, sep=";").encode(),
    "bar.txt": frame().to_csv(index=False, sep="|").encode(),
    "tab.txt": frame().to_csv(index=False, sep="\t").encode("utf-16"),
    "a.tsv": frame().to_csv(index=False, sep="\t").encode(),
    "a.jsonl": JSONL.encode(),
    "a.ndjson": JSONL.encode("utf-8-sig"),
    "list.json": frame().to_json(orient="records").encode(),
    "a.csv.gz": gzip.compress(CSV.encode()),
    "a.jsonl.gz": gzip.compress(JSONL.encode()),
    "a.zip": zipped(CSV),
    "packed.csv": zipped(CSV),
    "b.zip": zipped(JSONL, "b.jsonl"),
    "a.xlsx": as_bytes(lambda file: frame().to_excel(file, index=False)),
    "a.parquet": as_bytes(lambda file: frame().to_parquet(file, index=False)),
}


@pytest.mark.parametrize("name", GOOD)
def test_every_make_of_a_table_holds_the_same_rows(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(GOOD[name])
    found = pd.concat(open_table(path).chunks())
    assert list(found.itertuples(index=False, name=None)) == ROWS
    if name.endswith("csv"):
        assert found.index.tolist() == [2, 3, 4, 5, 7]  # one row has two lines


def test_a_frame_is_a_table():
    found = pd.concat(open_table(frame().assign(n=[1, 2.5, None, 3, 4])).chunks())
    assert found.n.tolist() == ["1.0", "2.5", None, "3.0", "4.0"]


def test_what_was_recognised_is_said(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("Größe;Wert\nhöher;1,5\nkürzer\nx;2\n".encode("cp1252") + b"y;1\n" * 40)
    table = open_table(path)
    assert len(pd.concat(table.chunks(["Wert"]))) == 42
    assert (table.separator, table.encoding) == (";", "cp1252")
    said = " ".join(table.notes)
    assert "semicolon" in said
    assert "cp1252 (guessed" in said
    assert "1 row with too few cells left out (line 3)" in said
    assert open_table(path, encoding="cp1250", separator=";").notes == []


BAD = {
    "empty": (b"", "is empty"),
    "header alone": (b"text,label\n", "no rows"),
    "unclosed quote": (b'text,label\na,1\n"b,2\nc,3\n' + b"d,4\n" * 90, "never closed.*line 3"),
    "quote closed by another": (b'text,label\na,1\n"b,2\nc,3\n"d e",4\n', "begins in line 3"),
    "comma too many": (b"text,label\na,1\nb,c,2\n", "3 cells in line 3"),
    "cells missing": (b"text,label\n" + b"a,1\nb\n" * 9, "9 of 18 rows with fewer, the first in line 3"),
    "all cells missing": (b"text,label\na b c\n", "1 of 1 rows"),
    "a column twice": (b"text,label,text\na,1,b\n", "'text' twice"),
    "header twice": (b"text,label\na,1\ntext,label\nb,2\n", "header again in line 3"),
    "no text": (b"text,label\na\0b,1\n", "no text"),
    "old Excel": (b"\xd0\xcf\x11\xe0rest", "save it as .xlsx"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_right_is_refused_with_its_line(tmp_path, name):
    path = tmp_path / "a.csv"
    path.write_bytes(BAD[name][0])
    with pytest.raises(UserError, match=BAD[name][1]) as caught:
        list(open_table(path).chunks())
    assert "Received: " in str(caught.value)
    assert "\n" not in str(caught.value)


BAD_FILES = {
    "deep.jsonl": (b'{"a": ' + b"[" * 100_000 + b"}\n", "too deep.*line 1"),
    "digits.jsonl": (b'{"a": ' + b"1" * 5000 + b"}\n", "digits.*line 1"),
    "half.jsonl": (b'{"a": "b"}\n{"a": "\\ud800"}\n', "surrogate.*line 2"),
    "twice.jsonl": (b'{"a": 1, "a": 2}\n', "'a' twice.*line 1"),
    "broken.jsonl": (b'{"a": 1}\n{"a": \n', "no JSON.*line 2"),
    "other.jsonl": (b"[1, 2]\n", "JSON object"),
    "cut.csv.gz": (gzip.compress(CSV.encode())[:-9], "cannot be read"),
    "cut.zip": (zipped(CSV)[:50], "cannot be read"),
    "none.gz": (b"abc", "no .gz"),
    "garbage.xlsx": (b"garbage", "no .xlsx"),
    "garbage.parquet": (b"PAR1garbage", "cannot be read"),
    "cut.xlsx": (GOOD["a.xlsx"][:-500], "cannot be read"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_damaged_files_are_one_sentence(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(BAD_FILES[name][0])
    with pytest.raises(UserError, match=BAD_FILES[name][1]) as caught:
        list(open_table(path).chunks())
    assert "Received: " in str(caught.value)


def test_wrong_settings_are_refused(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(CSV, encoding="utf-8")
    for wrong in ({"separator": "ab"}, {"encoding": "utf-99"}, {"encoding": "ascii"}):
        with pytest.raises(UserError, match="Received: "):
            list(open_table(path, **wrong).chunks())
    with pytest.raises(UserError, match="has the columns text, label"):
        list(open_table(path).chunks(["texts"]))
