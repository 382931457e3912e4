"""Pairs of texts from files and from TFDS: what becomes of them, and what is refused."""

import dataclasses
import json

import pytest

from rnnzoo.data import TextPairs
from rnnzoo.data.files.columns import choose_pair
from rnnzoo.data.text.vocabulary import END, UNKNOWN


@pytest.fixture
def table(tmp_path):
    """Return a function that writes a table of 40 pairs, numbers and their words, and returns its path."""

    def write(name="pairs.tsv", head="source\ttarget", rows=None):
        words = ["zero", "one", "two", "three"]
        made = [f"{i // 4} {i % 4}\t{words[i // 4 % 4]} {words[i % 4]}" for i in range(40)]
        text = "\n".join([head, *(rows or made)]) + "\n"
        path = tmp_path / name
        path.write_text(text if name.endswith(".tsv") else text.replace("\t", ","), encoding="utf-8")
        return str(path)

    return write


def test_a_table(table):
    data = TextPairs(table(), vocabulary_size=9)
    splits = data.load(batch_size=8)
    assert {name: len(part) for name, part in splits.parts.items()} == {"train": 28, "validation": 4, "test": 8}
    assert data.inputs == {"vocabulary_size": 9, "outputs": 7}
    assert data.name == "pairs.tsv"
    assert data.longest == (2, 3)
    test = splits.parts["test"]
    assert [data.target_vocabulary.text(ids[:-1]) for ids in test.y] == test.texts
    assert splits.parts["train"].texts is None
    for ids, text in zip(test.x, test.texts, strict=True):
        unit = data.vocabulary.text(ids).split()[1]
        assert text.split()[1] == ["zero", "one", "two", "three"][int(unit)]
    other = TextPairs(table("pairs.csv"), vocabulary_size=9)
    other.load(batch_size=8)
    assert other.fitted == data.fitted


def test_source_and_target_have_vocabularies_of_their_own(table):
    data = TextPairs(table(), tokens="characters", target_tokens="words", target_vocabulary_size=5)
    data.load()
    assert set(data.vocabulary.ids) == set("0123456789 ")
    assert len(data.target_vocabulary) == 5
    assert data.longest == (3, 3)


def test_a_run_keeps_the_vocabularies(table, tmp_path):
    for tokens in ("words", "characters", "subwords"):
        data = TextPairs(table(), tokens=tokens, vocabulary_size=60)
        data.load()
        data.save(tmp_path)
        again = TextPairs(table(), tokens=tokens, vocabulary_size=60).restore(tmp_path)
        assert again.fitted == data.fitted
        assert [list(row) for row in again.encode(["1 2"])] == [list(row) for row in data.encode(["1 2"])]
        assert again.target_vocabulary.text([5, 4]) == data.target_vocabulary.text([5, 4])


def test_columns_by_name_or_the_first_two(table):
    rows = [f"{i}\t{i} {i}\tx{i}" for i in range(20)]
    for head, options, source, target in [
        ("en\tde\tfr", {}, "4", "4 4"),
        ("target\tx\tsource", {}, "x4", "4"),
        ("en\tde\tfr", {"source": "fr", "target": "en"}, "x4", "4"),
        ("en\ttarget\tsource", {"source": "en"}, "4", "4 4"),
    ]:
        data = TextPairs(table(head=head, rows=rows), **options, validation=0, test=0, tokens="characters")
        train = data.load().parts["train"]
        found = {
            data.vocabulary.text(x): data.target_vocabulary.text(y[:-1]) for x, y in zip(train.x, train.y, strict=True)
        }
        assert found[source] == target


def test_json_lines_and_quotes(tmp_path):
    path = tmp_path / "pairs.jsonl"
    path.write_text("".join(json.dumps({"source": f"a {i}", "target": f"b {i}"}) + "\n" for i in range(9)))
    assert len(TextPairs(str(path), validation=0, test=0).load().parts["train"]) == 9
    path = tmp_path / "quotes.tsv"
    path.write_text('source\ttarget\n"yes\tja\nhe said "no"\t"nein\n')  # not a cell of two lines
    data = TextPairs(str(path), validation=0, test=0, tokens="characters")
    train = data.load().parts["train"]
    assert {data.vocabulary.text(x) for x in train.x} == {'"yes', 'he said "no"'}


@pytest.mark.parametrize(
    ("head", "rows", "options", "message"),
    [
        ("en\tde", ["a\tb", "c\t", "d\te"], {}, "needs both.*nothing in column de of line 3"),
        ("en\tde", ["a\tb", "c"], {}, "1 of 2 rows with fewer, the first in line 3"),
        ("en\tde", ["a\tb", " \td"], {}, "needs both.*nothing in column en of line 3"),
        ("en\tde", ["a\tb"], {"source": "fr"}, "has the columns en, de; .*--source.*Received: fr"),
        ("en\tde\tfr", ["a\tb\tc"], {"source": "de"}, "say which two.*source='de', target=None"),
        ("en\tde", ["a\tb"], {"source": "de", "target": "de"}, "say which two"),
        ("en", ["a"], {}, "has the columns en; say which two"),
        ("en\tde", ["\t", "\t"], {}, "no pair of texts"),
        ("en\tde", ["a\tb"], {"vocabulary_size": 2}, "room for a token"),
        ("en\tde", ["a\tb"], {"test": 1.5}, "test must be"),
    ],
)
def test_bad_files(table, head, rows, options, message):
    with pytest.raises(ValueError, match=message) as error:
        TextPairs(table(head=head, rows=rows), **{"validation": 0, "test": 0} | options).load()
    assert "Received: " in str(error.value)


def test_no_file(tmp_path):
    with pytest.raises(ValueError, match="no such file"):
        TextPairs(str(tmp_path / "none.tsv")).load()


def test_blank_lines_are_left_out(table):
    rows = ["a\tb", "", "\t", "c\td"]
    assert len(TextPairs(table(rows=rows), validation=0, test=0).load().parts["train"]) == 2


def test_long_pairs_are_left_out_of_train_alone(table):
    rows = [f"{'a ' * (1 + i % 5)}\t{'b ' * (1 + i % 3)}" for i in range(60)]
    data = TextPairs(table(rows=rows))
    whole, short = data.load(), data.load(sequence_length=2)
    assert data.longest == (2, 3)
    assert max(map(len, short.parts["train"].x)) == 2
    assert len(short.parts["train"]) < len(whole.parts["train"])
    for part in ("validation", "test"):
        assert len(short.parts[part]) == len(whole.parts[part])
        assert max(map(len, short.parts[part].x)) > 2
    with pytest.raises(ValueError, match="No pair of train is that short"):
        TextPairs(table(rows=["a b\tc d"] * 9)).load(sequence_length=1)


def test_what_cannot_be_read(table):
    data = TextPairs(table())
    with pytest.raises(ValueError, match=r"Load the data first"):
        data.encode(["1 2"])
    data.load()
    with pytest.raises(ValueError, match="nothing to read"):
        data.encode([])
    with pytest.raises(ValueError, match=r"nothing to read in this input\. Received: '  '"):
        data.encode(["1 2", "  "])
    with pytest.raises(TypeError, match=r"An input is a text\. Received: int"):
        data.encode([3])
    assert [row.tolist() for row in data.encode(["…"])] == [[UNKNOWN]]


def test_sources_of_a_table(table):
    data = TextPairs(table(), source="target", target="source")
    (found,) = data.inputs_of(table(rows=["1 2\tone two", "\t", "3\tthree"]))
    assert found.raw == ["one two", None, "three"]
    with pytest.raises(ValueError, match=r"has the columns a, b; .*Received: target"):
        list(data.inputs_of(table("other.tsv", "a\tb", ["c\td"])))


@pytest.mark.parametrize(
    ("source", "target", "usual", "found"),
    [
        (None, None, ("a", "b"), ("a", "b")),
        ("b", None, ("a", "b"), ("b", "a")),
        (None, "a", ("a", "b"), ("b", "a")),
        ("c", None, ("a", "b"), ("c", "b")),
        (None, "c", ("a", "b"), ("a", "c")),
        ("c", "a", (), ("c", "a")),
    ],
)
def test_the_other_column_follows(source, target, usual, found):
    assert choose_pair(["a", "b", "c"], source, target, usual, "it") == found


def test_scan(tfds_dir):
    data = TextPairs("scan/simple")
    splits = data.load(limit=300, data_dir=tfds_dir)
    assert data.inputs == {"vocabulary_size": 15, "outputs": 9}
    assert splits.parts["test"].texts[0].startswith("I_")
    back = TextPairs("scan/simple", source="actions")
    back.load(limit=300, data_dir=tfds_dir)
    assert back.inputs == {"vocabulary_size": 8, "outputs": 16}
    with pytest.raises(ValueError, match=r"has the columns .*commands.*Received: orders"):
        TextPairs("scan/simple", source="orders").load(data_dir=tfds_dir)


def test_translations_of_tfds(tmp_path):
    """A data set of `tfds.features.Translation`, with a side missing here and there."""
    import tensorflow_datasets as tfds

    class Little(tfds.core.GeneratorBasedBuilder):
        """Numbers."""

        VERSION = tfds.core.Version("1.0.0")

        def _info(self):
            languages = tfds.features.Translation(languages=("en", "pt"))
            return tfds.core.DatasetInfo(builder=self, features=languages, supervised_keys=("pt", "en"))

        def _split_generators(self, dl_manager):
            return {"train": self._generate_examples()}

        def _generate_examples(self):
            for i in range(30):
                yield i, {"en": f"number {i}", "pt": "" if i < 3 else f"número {i}"}

    Little(data_dir=str(tmp_path)).download_and_prepare()
    data = TextPairs("little", validation=0, test=0)
    train = data.load(data_dir=str(tmp_path)).parts["train"]
    assert len(train) == 27
    assert data.vocabulary.text(train.x[0]).startswith("número ")
    assert dataclasses.replace(data, source="en").load(data_dir=str(tmp_path)).parts["train"].y[0][-1] == END
