"""Sentences with tags: files good and bad, vocabularies, batches, and how a raw sentence is divided."""

import numpy as np
import pytest

from rnnzoo.data import Tagging
from rnnzoo.data.tags.tagging import WORDS

LINE = "{}\t{}\t_\t{}\t{}\t_\t_\t_\t_\t_\n"
DOG = "# text = The dogs' bark\n" + "".join(
    LINE.format(*row.split())
    for row in [
        "1 The DET DT",
        "2-3 dogs' _ _",
        "2 dogs NOUN NNS",
        "3 ' PART POS",
        "4 bark NOUN NN",
        "4.1 is AUX VBZ",
    ]
)
RUN = LINE.format(1, "Dogs", "NOUN", "NNS") + LINE.format(2, "run", "VERB", "VBP")
TABLE = "words,tags\n" + "the dog barks,DET NOUN VERB\na cat,DET NOUN\n" * 10


@pytest.fixture
def write(tmp_path):
    def write(text, name="train.conllu"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(path)

    return write


def sentences(data, part="train"):
    """Put words (lower case, ? where unknown) and tags of a part together again."""
    batches = data.load(batch_size=4).parts[part]
    words = [data.vocabulary.decode(row[:, 0] if data.characters else row) for row in batches.x]
    return [(w, [data.classes[i] for i in tags]) for w, tags in zip(words, batches.y, strict=True)]


@pytest.mark.parametrize("ending", ["", "\n", "\n\n\n"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_conllu(write, ending, newline):
    """What is written together and what is not written at all are no words; comments are no sentences."""
    path = write((DOG + "\n" + RUN + ending).replace("\n", newline))
    assert sorted(sentences(Tagging(file=path, validation=0, test=0))) == [
        (["dogs", "run"], ["NOUN", "VERB"]),
        (["the", "dogs", "'", "bark"], ["DET", "NOUN", "PART", "NOUN"]),
    ]
    other = Tagging(file=path, tags="xpos", validation=0, test=0)
    assert (["dogs", "run"], ["NNS", "VBP"]) in sentences(other)
    assert other.classes == ["DT", "NN", "NNS", "POS", "VBP"]


def test_a_table(write):
    data = Tagging(file=write(TABLE, "train.csv"), test=0)
    assert {str(s) for s in sentences(data)} == {
        "(['the', 'dog', 'barks'], ['DET', 'NOUN', 'VERB'])",
        "(['a', 'cat'], ['DET', 'NOUN'])",
    }
    same = Tagging(file=write(TABLE.replace(",", "\t").replace("words", "w"), "t.tsv"), words="w", test=0)
    assert sentences(same) == sentences(data)


def test_parts_of_one_file_and_files_of_their_own(write):
    path = write(TABLE, "train.csv")
    assert {k: len(v) for k, v in Tagging(file=path).load().parts.items()} == {"train": 14, "validation": 2, "test": 4}
    other = write("words,tags\na dog,DET NOUN\n", "test.csv")
    found = Tagging(file=path, test_file=other, validation_file=other).load().parts
    assert {k: len(v) for k, v in found.items()} == {"train": 20, "validation": 1, "test": 1}


def test_a_rare_tag_is_known_whatever_part_it_is_drawn_into(write):
    path = write(TABLE + "oh,INTJ\n", "train.csv")
    for seed in range(3):
        data = Tagging(file=path, split_seed=seed)
        data.load(limit=2)
        assert data.classes == ["DET", "INTJ", "NOUN", "VERB"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "The file is empty"),
        (b"words\xff", "10 columns, divided by tabs. Received: 1 in line 1"),
        (DOG + "\n\n" + RUN, "an empty sentence, line 9"),
        (DOG + "\n# only this\n\n" + RUN, "an empty sentence that ends in line 10"),
        ("# only this\n", "an empty sentence that ends in line 2"),
        ("\n\n", "There is no sentence with tags"),
        (DOG + "1\tDogs\tNOUN\n", "10 columns, divided by tabs. Received: 3 in line 8"),
        (DOG + "Dogs run\n", "10 columns, divided by tabs. Received: 1 in line 8"),
        (RUN.replace("2\t", "3\t"), "2 is next. Received: '3' in line 2"),
        (RUN.replace("2\t", "two\t"), "2 is next. Received: 'two' in line 2"),
        (RUN.replace("2\t", "-\t"), "2 is next. Received: '-' in line 2"),
        (RUN.replace("VERB", "_"), "Each word needs a tag in the column upos. Received: run without one in line 2"),
        (RUN.replace("VERB", "NOUN"), "two tags or more. Received: only NOUN"),
    ],
)
def test_bad_conllu(write, text, said):
    path = write(text)
    with pytest.raises(ValueError, match=r"Received: ") as raised:
        Tagging(file=path, validation=0, test=0).load()
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("words,pos\nthe dog,DET NOUN\n", "has the columns words, pos; say with --words and --tags"),
        ("the dog\n", "has the columns the dog; say with --words and --tags"),
        ("words,tags\nthe dog,DET\n", "2 words and 1 tags in line 2"),
        ("words,tags\nthe,DET NOUN\n", "1 words and 2 tags in line 2"),
        ("words,tags\nthe\n", "1 of 1 rows with fewer, the first in line 2"),
        ("words,tags\nthe,DET\n ,DET\n", "an empty sentence in line 3"),
        ("words,tags\n", "a header and no rows"),
    ],
)
def test_bad_tables(write, text, said):
    with pytest.raises(ValueError, match=r"Received: ") as raised:
        Tagging(file=write(text, "train.csv")).load()
    assert said in str(raised.value)


def test_an_unknown_tag_in_the_test_file(write):
    train, test = write(TABLE, "train.csv"), write("words,tags\nfive cats,NUM NOUN\n", "test.csv")
    with pytest.raises(
        ValueError, match=r"^test has a tag that train has not; train has DET, NOUN, VERB. Received: NUM$"
    ):
        Tagging(file=train, test_file=test).load()
    data = Tagging(file=train)
    data.load()
    with pytest.raises(ValueError, match="the file has a tag that train has not"):
        data.batches_of(test)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({}, "Name the data"),
        ({"file": "a.csv", "dataset": "b"}, "Name the data"),
        ({"file": "nowhere.conllu"}, "no such file"),
        ({"file": "TABLE", "tags": "pos"}, "Received: --tags pos"),
        ({"file": "CONLLU", "tags": "pos"}, "id, form, lemma, upos"),
        ({"file": "TABLE", "vocabulary_size": 2}, "vocabulary_size must be a whole number >= 3"),
        ({"file": "TABLE", "word_length": 1}, "word_length must be a whole number >= 2"),
    ],
)
def test_wrong_arguments(write, arguments, said):
    paths = {"TABLE": write(TABLE, "train.csv"), "CONLLU": write(DOG)}
    arguments = {k: paths.get(v, v) for k, v in arguments.items()}
    with pytest.raises(ValueError, match=r"Received: ") as raised:
        Tagging(**arguments).load()
    assert said in str(raised.value)


def test_words_are_lower_case_and_characters_are_as_written(write):
    data = Tagging(file=write(TABLE, "train.csv"), test=0, validation=0, word_length=6)
    data.load()
    assert data.inputs == {"vocabulary_size": 7, "characters": 14, "outputs": 3}
    (row,) = data.encode(["THE dog Xylophones"])
    assert row.shape == (3, 7)
    assert data.vocabulary.decode(row[:, 0]) == ["the", "dog", "?"]
    letters = ["".join(data.alphabet.decode(word)) for word in row[:, 1:]]
    assert letters == ["???", "dog", "????es"]  # of a long word the beginning and the end


def test_batches_hold_words_characters_and_tags(write):
    data = Tagging(file=write(TABLE, "train.csv"), test=0, validation=0)
    batches = data.load(batch_size=8).parts["train"]
    words = 0
    for (tokens, letters), y, weight in batches.arrays():
        assert (tokens.shape, letters.shape, y.shape) == (weight.shape, (*weight.shape, 20), weight.shape)
        assert ((tokens > 0) >= (weight > 0)).all()
        assert not letters[tokens == 0].any()
        assert (letters[tokens > 0][:, 0] > 0).all()
        words += weight.sum()
    assert words == 50
    (tokens, letters), y, _ = next(iter(batches.dataset()))
    assert letters.shape == (*tokens.shape, 20)
    assert y.shape == tokens.shape
    plain = Tagging(file=write(TABLE, "train.csv"), characters=False)
    x, _, _ = next(plain.load(batch_size=8).parts["train"].arrays())
    assert x.shape == (8, 3)
    assert "characters" not in plain.inputs


def test_sequence_length_cuts_the_sentences_of_train_alone(write):
    data = Tagging(file=write(TABLE, "train.csv"))
    parts = data.load(sequence_length=1).parts
    assert {len(row) for row in parts["train"].x} == {len(row) for row in parts["train"].y} == {1}
    assert min(len(row) for row in parts["test"].x) == 2
    assert len(data.encode(["the dog barks"])[0]) == 3


def test_raw_input(write):
    data = Tagging(file=write(TABLE, "train.csv"))
    data.load()
    by_words, by_text = data.encode([["the", "dog"]]), data.encode(["the dog"])
    np.testing.assert_array_equal(by_words[0], by_text[0])
    with pytest.raises(ValueError, match=r"A sentence needs a word. Received: '  '"):
        data.encode(["the dog", "  "])
    with pytest.raises(TypeError, match=r"An input is a sentence. Received: int 3"):
        data.encode([3])
    (found,) = data.inputs_of(write(DOG + "\n" + RUN))
    assert found.raw == [["The", "dogs", "'", "bark"], ["Dogs", "run"]]
    (found,) = data.inputs_of(write("words\nthe dog\n", "x.csv"))
    assert found.raw == [["the", "dog"]]


@pytest.mark.parametrize(
    ("text", "raw"),
    [
        ("the dog barks loudly .\n", ["the dog barks loudly ."]),
        ("the dog\na cat\n", ["the dog", "a cat"]),
        ("the dog\n\na cat\n", ["the dog", "a cat"]),
        ("the dog barks.\nRun!\n", ["the dog barks.", "Run!"]),
        ("the\ndog\n\nRun\n!\n", [["the", "dog"], ["Run", "!"]]),
        ("the NOUN\ndog VERB\n\n", [["the", "dog"]]),
        ("the DT VERB\ndog NN NOUN\n", [["the", "dog"]]),
        ("the DT\ndog NN\n\nRun VB\n! .\n", [["the", "dog"], ["Run", "!"]]),
        ("the\tDT\ndog\tNN\n", [["the", "dog"]]),
    ],
)
def test_lines_of_a_text_are_no_columns(write, text, raw):
    """Each was read as columns: of `the dog` the tag of one word was answered."""
    data = Tagging(file=write(DOG + "\n" + RUN, "train.conllu"), test=0, validation=0)
    data.load()
    assert {"NOUN", "VERB"} <= {*data.classes}
    (found,) = data.inputs_of(write(text, "new.txt"))
    assert found.raw == raw


def test_a_full_stop_is_a_word_and_may_be_a_tag(write):
    data = Tagging(file=write("the DT\ndog NN\nbarks VB\n. .\n\n" * 3, "train.conll"), test=0, validation=0)
    data.load()
    assert "." in data.classes
    for text in ("the dog barks .\n", "Run .\nbark .\n"):
        (found,) = data.inputs_of(write(text, "new.txt"))
        assert found.raw == text.splitlines()
    (found,) = data.inputs_of(write("Run VB\n. .\n", "new.txt"))
    assert found.raw == [["Run", "."]]


def test_a_word_without_its_tag_is_named(write):
    data = Tagging(file=write(DOG + "\n" + RUN, "train.conllu"), test=0, validation=0)
    data.load()
    with pytest.raises(ValueError, match=r"2 columns.* Received: 1 in line 2 of .*new.txt: dog"):
        list(data.inputs_of(write("the NOUN\ndog\nruns VERB\n", "new.txt")))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("the old man the boat", "the old man the boat"),
        ("Didn't Tom's dog bark?", "Did n't Tom 's dog bark ?"),
        ('"I’ll go," he said...', '" I ’ll go , " he said ...'),
        ("Mr. O'Brien (aged 3.5) is well-known.", "Mr. O'Brien ( aged 3.5 ) is well-known ."),
        ("at five o'clock", "at five o'clock"),
    ],
)
def test_how_a_sentence_is_divided(text, words):
    assert WORDS.findall(text) == words.split()


def test_lines(tfds_dir):
    """UD 2.10: 3,457 sentences to learn from; rows without a tag, words written together, are left out."""
    data = Tagging("universal_dependencies/en_lines")
    parts = data.load(data_dir=tfds_dir).parts
    sizes = {part: (len(b), sum(map(len, b.y))) for part, b in parts.items()}
    assert sizes == {"train": (3457, 64684), "validation": (1118, 21637), "test": (1121, 19984)}
    assert len(data.classes) == 17
    assert "_" not in data.classes
