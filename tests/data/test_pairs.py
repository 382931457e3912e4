"""Pairs of texts: what is read, numbered and batched, and what is refused."""

import dataclasses
import itertools
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnzoo.data import TextPairs
from rnnzoo.data.batches import bucket_shapes
from rnnzoo.data.files.text_table import choose_pair
from rnnzoo.data.pairs import tokenizers
from rnnzoo.data.pairs.pair_batches import PairBatches
from rnnzoo.data.text.vocabulary import END, UNKNOWN

settings.register_profile("patient", deadline=None)  # a busy machine is no failure
settings.load_profile("patient")

SIZES = st.lists(st.tuples(st.integers(1, 30), st.integers(1, 30)), min_size=1, max_size=150)


def pairs_of(sizes, batch_size, seed=None, buckets=None):
    """Pairs that name themselves: source and target i are the token i + 3, repeated; the target ends with END."""
    x = [np.full(n, i + 3, "int32") for i, (n, _) in enumerate(sizes)]
    y = [np.append(np.full(n, i + 3, "int32"), np.int32(END)) for i, (_, n) in enumerate(sizes)]
    buckets = buckets or bucket_shapes(np.add(sizes, [0, 1]), batch_size)
    return PairBatches(x, y, buckets, batch_size, seed=seed)


@given(SIZES, st.integers(1, 17), st.none() | st.integers(0, 99), st.integers(0, 5))
def test_every_pair_once_in_few_shapes(sizes, batch_size, seed, epoch):
    made, seen, shapes = pairs_of(sizes, batch_size, seed), [], set()
    for (source, target_in), target, weight in made.arrays(epoch):
        shapes.add((source.shape, target.shape))
        assert target_in.shape == target.shape == weight.shape
        for row in range(len(source)):
            i = int(source[row, 0]) - 3
            n, m = sizes[i]
            np.testing.assert_array_equal(source[row], [i + 3] * n + [0] * (source.shape[1] - n))
            behind = [0] * (target.shape[1] - m - 1)
            np.testing.assert_array_equal(target[row], [i + 3] * m + [END] + behind)
            np.testing.assert_array_equal(target_in[row], [END] + [i + 3] * m + behind)  # one step later
            assert set(weight[row, : m + 1]) <= {0.0, 1.0}
            assert not weight[row, m + 1 :].any()
            if weight[row, 0]:
                seen.append(i)
    assert sorted(seen) == list(range(len(sizes)))
    assert len(shapes) <= max(1, min(4, len(sizes) // (8 * batch_size)))


@given(SIZES, SIZES)
def test_longer_pairs_than_in_train_cost_one_more_shape(train, test):
    made = pairs_of(test, 4, buckets=pairs_of(train, 4).buckets)
    shapes = {(source.shape, target.shape) for (source, _), target, _ in made.arrays()}
    assert len(shapes) <= len(pairs_of(train, 4).buckets) + 1
    assert sum(weight[:, 0].sum() for _, _, weight in made.arrays()) == len(test)


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(1, 40), st.integers(1, 40)), min_size=80, max_size=200))
def test_buckets_of_pairs_nest_and_waste_less_than_one(sizes):
    lengths = np.array(sizes)
    buckets = bucket_shapes(lengths, 2)
    assert all(a <= c and b <= d for (a, b), (c, d) in itertools.pairwise(buckets))
    assert buckets[-1] == tuple(lengths.max(axis=0))
    padded = sum(min(sum(b) for b in buckets if b[0] >= n and b[1] >= m) for n, m in sizes)
    assert padded <= len(sizes) * sum(buckets[-1])


def test_the_pipeline_yields_what_arrays_does():
    made = pairs_of([(3, 5)] * 50 + [(3, 9)] * 50, 5, seed=1)
    dataset = made.dataset(2)
    ((source, target_in), target, weight) = dataset.element_spec
    assert source.shape == (5, 3)  # the same everywhere
    assert target_in.shape == target.shape == weight.shape == (5, None)
    for found, expected in zip(dataset.as_numpy_iterator(), made.arrays(2), strict=True):
        for a, b in zip((*found[0], *found[1:]), (*expected[0], *expected[1:]), strict=True):
            assert a.dtype == b.dtype
            np.testing.assert_array_equal(a, b)


# Vocabularies --------------------------------------------------------------------------------------------------------

TEXTS = ["The dog's bone, the cat!", "the DOG", "ein Hund — der Hund"]


def test_words_are_kept_as_they_are_written():
    found = tokenizers.restore(tokenizers.fit(TEXTS, "words", 100, 3))
    assert found.pieces(TEXTS[0]) == ["The", "dog's", "bone", ",", "the", "cat", "!"]
    assert found.text(found.encode(TEXTS[0])) == "The dog's bone , the cat !" == found.normal(TEXTS[0])
    assert found.ids["the"] == 3  # the most frequent one, before those met later
    assert found.tokens([0, 1, 2, 3]) == ["", "⁇", "■", "the"]
    assert found.text(found.encode("the Hund barks")) == "the Hund ⁇"
    assert found.normal("the Hund barks") == "the Hund barks"  # so that an unknown word is never right


def test_characters_keep_all():
    found = tokenizers.restore(tokenizers.fit(TEXTS, "characters", 100, 2))
    assert found.text(found.encode(TEXTS[0])) == TEXTS[0] == found.normal(TEXTS[0])
    assert len(found) == 2 + len(set("".join(TEXTS)))
    assert found.ids[" "] == 2


def test_subwords_write_any_text_of_their_letters():
    texts = [f"{a} {b} the dogs are barking." for a in ("old", "young", "small") for b in ("and", "or", "but")] * 4
    fitted = tokenizers.fit(texts, "subwords", 40, 3)
    found = tokenizers.restore(json.loads(json.dumps(fitted)))  # as a run keeps it
    assert found.text(found.encode("the young dog")) == "the young dog"
    assert found.pieces("the  dog")[0].startswith("▁")
    assert len(found.encode("the dog")) == len(found.pieces("the dog")) > 0
    assert found.encode("the dog").min() >= 3
    assert UNKNOWN in found.encode("dög")
    assert found.normal("ﬁve  dogs ") == "five dogs"
    assert "⁇" in found.tokens(found.encode("ö"))
    assert len(found) <= 40
    assert tokenizers.fit(texts, "subwords", 40, 3) == fitted, "the same texts give the same pieces"


@given(st.lists(st.text(alphabet="ab c.", min_size=1), min_size=1, max_size=10))
def test_rows_of_ids_are_those_of_each_text(texts):
    texts = ["a", *texts]
    for first in (2, 3):
        found = tokenizers.restore(tokenizers.fit(texts, "words", 50, first))
        rows = tokenizers.encode_all(found, texts)
        for row, text in zip(rows, texts, strict=True):
            expected = [*found.encode(text)] + ([END] if first == 3 else [])
            assert row.tolist() == (expected or [UNKNOWN])


@pytest.mark.parametrize(
    ("texts", "unit", "size", "message"),
    [
        (["a b"], "words", 3, "room for a token"),
        ([" "], "words", 9, "no token"),
        (["a b c d e f g"], "subwords", 5, "Vocabulary size is smaller"),
        ([" "], "subwords", 9, "no token"),
    ],
)
def test_vocabularies_that_cannot_be(texts, unit, size, message):
    with pytest.raises(ValueError, match=f"{message}.*Received: "):
        tokenizers.fit(texts, unit, size, 3)


# Files and data sets -------------------------------------------------------------------------------------------------


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
        ("en\tde", ["a\tb", "c"], {}, "needs both.*nothing in column de of line 3"),
        ("en\tde", ["a\tb", " \td"], {}, "needs both.*nothing in column en of line 3"),
        ("en\tde", ["a\tb"], {"source": "fr"}, "has the columns en, de; .*--source.*Received: fr"),
        ("en\tde\tfr", ["a\tb\tc"], {"source": "de"}, "say which two.*source='de', target=None"),
        ("en\tde", ["a\tb"], {"source": "de", "target": "de"}, "say which two"),
        ("en", ["a"], {}, "two columns or more"),
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
    assert data.read_inputs(table(rows=["1 2\tone two", "\t", "3\tthree"])) == ["one two", "three"]
    with pytest.raises(ValueError, match=r"has the columns a, b\. Received: source='target'"):
        data.read_inputs(table("other.tsv", "a\tb", ["c\td"]))


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
