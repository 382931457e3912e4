"""Texts to continue: windows, parts, vocabulary, and what is refused."""

import numpy as np
import pytest

from rnnzoo.data import LanguageModeling

TEXT = "".join(f"line {i} of the text\n" for i in range(400))


@pytest.fixture
def book(tmp_path):
    path = tmp_path / "book.txt"
    path.write_text(TEXT, encoding="utf-8")
    return str(path)


def read(found, part):
    """Put a part's text together again from its windows."""
    decode = found.vocabulary.decode
    batches = found.load(sequence_length=50, batch_size=4).parts[part]
    return ["".join(decode(x)) for x in batches.x], ["".join(decode(y)) for y in batches.y]


def test_windows_cover_the_text_once_and_the_answer_is_the_next_character(book):
    found = LanguageModeling(file=book)
    found.load(sequence_length=50)
    cut = round(0.9 * len(TEXT))
    for part, text, length in (("train", TEXT[:cut], 50), ("validation", TEXT[cut:], 256)):
        x, y = read(found, part)
        assert "".join(x) == text[:-1]
        assert "".join(y) == text[1:]
        whole = x[:-2] if part == "train" else x[:-1]  # in train one is kept for what is left over when they move
        assert {len(window) for window in whole} == {length}


def test_each_epoch_cuts_train_elsewhere_and_reads_all_of_it(book):
    """The windows of an epoch, put in order, are the text; each answer is the next character."""
    found = LanguageModeling(file=book)
    batches = found.load(sequence_length=50, batch_size=4, seed=3).parts["train"]
    text, decode = TEXT[: round(0.9 * len(TEXT))], found.vocabulary.decode
    beginnings = set()
    for epoch in range(4):
        windows, again = ([*batches.arrays(epoch)] for _ in range(2))
        assert len(windows) == batches.steps()
        fed = batches.dataset(epoch).as_numpy_iterator()
        assert all(np.array_equal(one[0], two[0]) for one, two in zip(windows, fed, strict=True))
        assert all(
            np.array_equal(a, b) for one, two in zip(windows, again, strict=True) for a, b in zip(one, two, strict=True)
        )
        rows = [row for batch in windows for row in zip(*batch, strict=True)]
        pieces = [("".join(decode(x[w > 0])), "".join(decode(y[w > 0]))) for x, y, w in rows if w.any()]
        places = {piece: text.find(piece[0] + piece[1][-1]) for piece in pieces}  # lines have numbers: nothing repeats
        assert all(text[start + 1 : start + 1 + len(y)] == y for (_, y), start in places.items() if len(y) > 20)
        assert sum(len(x) for x, _ in pieces) == len(text) - 1
        beginnings.add(frozenset(start % 50 for (x, _), start in places.items() if len(x) == 50))
    assert len(beginnings) == 4
    assert all(len(found) == 1 for found in beginnings)


@pytest.mark.parametrize("seed", range(2))
def test_a_text_of_few_windows_is_fed(seed):
    """Whichever window an epoch reads last; a text that fills no window stays whole."""
    for tokens in (9, 10, 21):
        train = LanguageModeling(["ab" * 30]).load(sequence_length=5, batch_size=2, seed=seed, limit=tokens // 5)
        batches = train.parts["train"]
        for epoch in range(3):
            found = [*batches.dataset(epoch).as_numpy_iterator()]
            assert len(found) == batches.steps()
            assert sum(weight.sum() for _, _, weight in found) == batches.x.lengths.sum()


def test_the_last_window_is_shorter_and_padded_steps_weigh_nothing(book):
    batches = LanguageModeling(file=book).load(sequence_length=50, batch_size=4).parts["validation"]
    weights = sum(weight.sum() for _, _, weight in batches.arrays())
    assert weights == len(TEXT) - round(0.9 * len(TEXT)) - 1


def test_the_vocabulary_comes_from_train_alone(tmp_path):
    path = tmp_path / "book.txt"
    path.write_text("ab" * 90 + "cd" * 10, encoding="utf-8")
    found = LanguageModeling(file=str(path))
    splits = found.load(sequence_length=10)
    assert sorted(found.vocabulary.tokens) == ["a", "b"]
    assert {int(i) for row in splits.parts["validation"].x for i in row} == {1}


def test_words(book):
    found = LanguageModeling(file=book, tokens="words")
    found.load(sequence_length=5)
    assert found.vocabulary.decode(found.encode(["Line 3 of zebra"])[0]) == ["line", "3", "of", "?"]


def test_an_unknown_character_is_named(book):
    found = LanguageModeling(file=book)
    found.load()
    with pytest.raises(ValueError, match=r"has no such character. Received: '€'$"):
        found.encode(["line €"])


@pytest.mark.parametrize(
    ("content", "settings", "message"),
    [
        (b"", {}, "The file is empty"),
        (b"a", {}, "two tokens or more"),
        (b"abc", {"validation": 0.4}, "validation is shorter"),
        (b"\xff\xfe", {}, "not in UTF-8"),
        (b"ab" * 50, {"vocabulary_size": 2}, "at least 3"),
        (b"ab" * 50, {"validation": 0.5, "test": 0.5}, "leave something for train"),
        (b"ab" * 50, {"validation": 1.5}, "validation must be"),
        (b"ab" * 50, {"dataset": "tiny_shakespeare"}, "Name the text"),
    ],
)
def test_refused(tmp_path, content, settings, message):
    path = tmp_path / "book.txt"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=rf"{message}.*Received: "):
        LanguageModeling(file=str(path), **settings).load()


def test_no_file():
    with pytest.raises(ValueError, match=r"There is no such file. Received: nowhere.txt"):
        LanguageModeling(file="nowhere.txt").load()


def test_shakespeare_is_cut_at_ninety_per_cent(tfds_dir):
    found = LanguageModeling("tiny_shakespeare", joined=True)
    parts = found.load(sequence_length=256).parts
    tokens = {name: int(part.x.lengths.sum()) + 1 for name, part in parts.items()}
    assert tokens == {"train": 1_003_855, "validation": 111_539}
    assert len(found.vocabulary.tokens) == 65
    assert "".join(found.vocabulary.decode(parts["train"].x[0])).startswith("First Citizen:")
    np.testing.assert_array_equal(parts["validation"].x[0][1:], parts["validation"].y[0][:-1])


def test_splits_are_joined_in_their_order_and_others_are_not_read(tmp_path):
    import tensorflow_datasets as tfds

    class Sayings(tfds.core.GeneratorBasedBuilder):
        """Numbers."""

        VERSION = tfds.core.Version("1.0.0")

        def _info(self):
            return tfds.core.DatasetInfo(
                builder=self, features=tfds.features.FeaturesDict({"text": tfds.features.Text()})
            )

        def _split_generators(self, dl_manager):
            return {split: self._generate_examples(split) for split in ("train", "test", "unsupervised")}

        def _generate_examples(self, split):
            for i in range(20):
                yield i, {"text": f"{split}{i} "}

    Sayings(data_dir=str(tmp_path)).download_and_prepare()
    found = LanguageModeling("sayings", tokens="words", splits="unsupervised+train", validation=0.1)
    parts = found.load(sequence_length=7, data_dir=str(tmp_path)).parts
    assert set(parts) == {"train", "validation"}
    words = {part: [w for x in parts[part].x for w in found.vocabulary.decode(x)] for part in parts}
    assert {word.rstrip("0123456789") for word in words["train"][:20]} == {"unsupervised"}
    assert {word.rstrip("0123456789") for word in words["train"][20:]} == {"train"}
    assert len(words["train"]) + len(words["validation"]) == 38  # the last of a part is an answer alone
    with pytest.raises(ValueError, match=r"sayings has the splits .*unsupervised.*Received: 'labelled'$"):
        LanguageModeling("sayings", splits="train+labelled").load(data_dir=str(tmp_path))


def test_judging_answers_no_more_at_once_than_fits(book, monkeypatch):
    """As many windows as `MOST_SCORES` numbers allow, one at least."""
    for most, rows in ((10**9, 4), (256 * 23 * 3, 3), (1, 1)):
        monkeypatch.setattr("rnnzoo.data.text.language_modeling.MOST_SCORES", most)
        found = LanguageModeling(file=book, validation=0.2)
        parts = found.load(sequence_length=50, batch_size=4).parts
        assert len(found.vocabulary) == 23
        assert parts["validation"].size == rows
        assert parts["train"].size == 4


def test_stateful_rows_go_on_where_they_ended(book):
    """Each row of the batches, read one after the other, is a stretch of the text; together they are nearly all."""
    found = LanguageModeling(file=book, stateful=True)
    batches = found.load(sequence_length=50, batch_size=4).parts["train"]
    text = TEXT[: round(0.9 * len(TEXT))]
    rows: list[str] = [""] * 4
    for epoch in range(2):
        for x, _, weight in batches.arrays(epoch):
            for r in range(4):
                rows[r] += "".join(found.vocabulary.decode(x[r][weight[r] > 0]))
    each = (len(text) - 1) // 4
    assert rows == [2 * text[r * each : (r + 1) * each] for r in range(4)]
