"""Texts from files and from TFDS: what becomes of them, and what is refused."""

import json
import resource

import numpy as np
import pytest

from rnnzoo.data import TextClassification
from rnnzoo.data.text.vocabulary import tokenize

ROWS = [("Good, good film!", "pos"), ("bad <br /> film", "neg"), ("it's good", "pos"), ("bad bad", "neg")] * 10


@pytest.fixture
def reviews(tmp_path):
    path = tmp_path / "reviews.csv"
    lines = ["review,stars", *(f'"{text}",{label}' for text, label in ROWS)]
    path.write_text("\n".join(lines), encoding="utf-8")
    return str(path)


def data(file, **options):
    return TextClassification(file=file, **{"text": "review", "label": "stars", **options})


def test_tokens():
    assert tokenize("It's <b>GREAT</b>, isn't it?", "words") == ["it's", "great", "isn't", "it", "?"]
    assert tokenize("Aé ", "characters") == ["A", "é", " "]


def test_the_vocabulary_comes_from_train_alone_by_frequency(reviews):
    found = data(reviews, vocabulary_size=4)
    splits = found.load(batch_size=4)
    counts: dict[str, int] = {}
    train = splits.parts["train"]
    assert found.inputs == {"vocabulary_size": 4, "outputs": 2}
    assert max(int(row.max()) for row in train.x) <= 3
    everything = data(reviews)
    for row in everything.load(batch_size=4).parts["train"].x:
        for word in everything.vocabulary.decode(row):
            counts[word] = counts.get(word, 0) + 1
    frequent = sorted(counts, key=lambda word: -counts[word])
    assert found.vocabulary.tokens == frequent[:2]
    np.testing.assert_array_equal(
        found.encode(["good zebra bad"])[0], [found.vocabulary.ids["good"], 1, found.vocabulary.ids["bad"]]
    )


def test_parts_are_disjoint_and_complete(reviews):
    parts = data(reviews).load(batch_size=4).parts
    assert {name: len(part) for name, part in parts.items()} == {"train": 28, "validation": 4, "test": 8}
    assert [int(part.y.sum()) * 2 for part in parts.values()] == [28, 4, 8], "each part has as many of each class"


def test_json_lines_give_the_same(reviews, tmp_path):
    path = tmp_path / "reviews.jsonl"
    path.write_text("\n".join(json.dumps({"review": t, "stars": s}) for t, s in ROWS), encoding="utf-8")
    one, other = data(reviews), data(str(path))
    a, b = one.load(batch_size=4), other.load(batch_size=4)
    assert one.fitted == other.fitted
    for x, y in zip(a.parts["test"].x, b.parts["test"].x, strict=True):
        np.testing.assert_array_equal(x, y)


def test_saved_and_restored_it_encodes_the_same(reviews, tmp_path):
    found = data(reviews, truncate="both")
    found.load(sequence_length=3, batch_size=4)
    found.save(tmp_path)
    again = data(reviews, truncate="both").restore(tmp_path)
    text = "good film, bad film it's good"
    np.testing.assert_array_equal(again.encode([text])[0], found.encode([text])[0])
    assert again.pieces([text]) == [["good", "film,", "good"]]


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        (b"", {}, "The file is empty"),
        (b"text,label\na,b\n", {}, r"has the columns text, label; .*--text.*Received: review, stars"),
        (b"review,stars\ngood,pos\nfine,pos\n", {}, "two classes or more"),
        (b"review,stars\n", {}, "a header and no rows"),
        (b"review,stars\n,\ngood,\n", {}, "no row with a text and a label"),
        (b"review,stars\ng\xe9nial,pos\nmal,neg\n", {"encoding": "utf-8"}, "not in utf-8"),
        (b"review\ngood\n", {}, "has the columns review; .*Received: stars"),
        (b"review,stars\ngood,pos\nbad,neg\n", {"vocabulary_size": 2}, "at least 3"),
    ],
)
def test_bad_files(tmp_path, content, options, message):
    path = tmp_path / "reviews.csv"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message) as error:
        data(str(path), test=0, validation=0, **options).load()
    assert "Received: " in str(error.value)


def test_bad_json(tmp_path):
    path = tmp_path / "reviews.jsonl"
    path.write_text('{"review": "good", "stars": "pos"}\nno json\n', encoding="utf-8")
    with pytest.raises(ValueError, match=r"no JSON .*line 2 "):
        data(str(path)).load()


def test_no_source_or_two(reviews):
    with pytest.raises(ValueError, match="--file"):
        TextClassification().load()
    with pytest.raises(ValueError, match="--dataset"):
        TextClassification("imdb_reviews", file=reviews).load()


def test_an_empty_text_is_read_as_nothing(reviews):
    found = data(reviews)
    found.load(batch_size=4)
    assert [len(row) for row in found.encode(["", "...", "good"])] == [0, 0, 1]
    with pytest.raises(TypeError, match="Received: int"):
        found.encode([3])


def test_memory_holds_token_ids_and_no_texts(tmp_path):
    """A file of 60 MB is read with little more memory than four bytes a token, twice (as met, and as encoded)."""
    path = tmp_path / "reviews.csv"
    words = " ".join(f"interminableword{i}" for i in range(500))  # 8.9 kB of text, 500 tokens
    with open(path, "w", encoding="utf-8") as file:
        file.write("review,stars\n")
        for row in range(7000):
            file.write(f"{words},{row % 2}\n")
    size = path.stat().st_size
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    data(str(path)).load(batch_size=64)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    tokens = 7000 * 500
    assert size > 60e6
    assert grown < 8 * tokens * 1.5, f"grew by {grown / 1e6:.0f} MB for {size / 1e6:.0f} MB of text"


def test_imdb(tfds_dir):
    found = TextClassification("imdb_reviews", truncate="both")
    splits = found.load(sequence_length=400, batch_size=64, limit=200, data_dir=tfds_dir)
    assert found.classes == ["neg", "pos"]
    assert len(splits.parts["test"]) == 200
    assert max(len(row) for row in splits.parts["train"].x) == 400
