"""People's own files through the command line: read right, or refused in one sentence that says where."""

import dataclasses
import importlib.util
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from marks import others_slow
from refusals import refused

from rnnzoo import cli, layers
from rnnzoo.data import SequenceClassification
from rnnzoo.training.catalog import NO_RECIPES

FOLDER = Path(__file__).parents[2] / "recipes"
TINY = ["--epochs", "1", "--run", "run", "--batch-size", "64"]
TEXTS = [("a good film", "pos"), ("a bad film", "neg"), ("so good", "pos"), ("so bad it hurts", "neg")] * 15
PAIRS = [("one two", "eins zwei"), ("two", "zwei"), ("three one", "drei eins")] * 12
TAGGED = [("the dog barks", "DET NOUN VERB"), ("a cat", "DET NOUN")] * 12


def recipe(name, **changes):
    """Return a recipe's script as it stands, with a model that trains in a moment."""
    spec = importlib.util.spec_from_file_location(f"recipe_{name}", FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found = module.recipe
    small = {"units": 2} if found.task != "tagging" else {"filters": 2, "num_layers": 1, "character_model": "cnn"}
    model = {"classification": "mlp", "multilabel": "mlp", "tagging": "tcn", "translation": "seq2seq_gru"}[found.task]
    found = dataclasses.replace(found, model=model, hyperparameters=small, sequence_length=None, embedding="random")
    numbers = isinstance(found.data, SequenceClassification)
    changes |= {} if numbers else {"embedding_dim": 2}
    return dataclasses.replace(found, average=None, monitor="val_loss", **changes)


def table(rows, head, separator=","):
    return "\n".join([head, *(separator.join(row) for row in rows)]) + "\n"


def jsonl(rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


@pytest.fixture
def train(tmp_path, monkeypatch, capsys):
    """Return a function that writes a file and trains on it; it returns results and what was printed."""
    monkeypatch.chdir(tmp_path)

    def run(name, file, content, *options):
        data = content if isinstance(content, bytes) else content.encode()
        Path(file).write_bytes(data)
        capsys.readouterr()
        with layers.use("general"):  # compiles in no time
            cli.main(recipe(name), ["train", "--file", file, *TINY, *options])
        return json.loads(Path("run/results.json").read_text()), capsys.readouterr().out

    return run


TEXT = table(TEXTS, "text,label")
PAIR = table(PAIRS, "source\ttarget", "\t")
REFUSED = {
    "a quote that never closes": ("text", "a.csv", TEXT.replace("\nso good", '\n"so good', 1), "line 4"),
    "a quote that never closes, words": (
        "tagging", "a.csv", table(TAGGED, "words,tags").replace("\na cat", '\n"a cat', 1), "line 3",
    ),
    "a comma too many, text first": ("text", "a.csv", TEXT.replace("so good", "so, good", 1), "3 cells in line 4"),
    "a comma too many, text last": (
        "text", "a.csv", table([(b, a.replace("so ", "so, ")) for a, b in TEXTS], "label,text"), "3 cells in line 4",
    ),
    "a comma too many, pairs": (
        "translate", "a.csv", table(PAIRS, "source,target").replace("one two", "one, two", 1), "3 cells in line 2",
    ),
    "too few cells": ("text", "a.csv", TEXT.replace("so good,pos", "so good"), "15 of 60 rows with fewer"),
    "a column twice, texts": ("text", "a.csv", table([(*r, "x") for r in TEXTS], "text,label,text"), "'text' twice"),
    "a column twice, pairs": (
        "translate", "a.tsv", table([(*r, "x") for r in PAIRS], "source\ttarget\ttarget", "\t"), "'target' twice",
    ),
    "a column twice, tags": (
        "tagging", "a.csv", table([(*r, "X X X") for r in TAGGED], "words,tags,tags"), "'tags' twice",
    ),
    "true beside 1": ("text", "a.jsonl", jsonl({"text": "a b", "label": v} for v in [True, 1, 0.0] * 9), "true and"),
    "lists of labels": ("text", "a.jsonl", jsonl({"text": "a", "label": ["a", "b"]} for _ in "ab"), "multilabel"),
    "the header once more": ("text", "a.csv", TEXT + TEXT, "header again in line 62"),
    "nested too deep": ("text", "a.jsonl", '{"text": ' + "[" * 99_999 + "\n", "too deep"),
    "5,000 digits": ("text", "a.jsonl", '{"text": ' + "1" * 5000 + "}\n", "digits"),
    "half a pair of UTF-16": ("translate", "a.jsonl", '{"source": "\\ud800", "target": "b"}\n', "surrogate"),
    "no table": ("text", "a.xlsx", "garbage", "no .xlsx"),
    "a word a row, its sentence elsewhere": (
        "tagging", "a.csv", "s,words,tags\n1,a,X\n2,b,Y\n1,c,X\n", "'1' once more in line 4", "--sentence", "s",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_refused_with_the_place(case, tmp_path, monkeypatch, capsys):
    name, file, content, said, *options = REFUSED[case]
    monkeypatch.chdir(tmp_path)
    Path(file).write_text(content, encoding="utf-8")
    arguments = ["train", "--file", file, *TINY, *options]
    assert said in refused(capsys, cli.main, recipe(name), arguments)
    assert not Path("run").exists()


def labelled(labels):
    return table([(f"word{i % 7} film", label) for i, label in enumerate(labels * 12)], "text,label")


CLASSES = {
    "spaces": (labelled(["pos", "pos ", "neg", " neg"]), ["neg", "pos"]),
    "numbers": (labelled(["1", "1.0", "0", "0.0"]), ["0", "1"]),
    "truth": (labelled(["True", "true", "FALSE"]), ["false", "true"]),
    "missing": (labelled(["a", "b", "nan", "NaN", "null", ""]), ["a", "b"]),
    "dollars": (labelled(["$5_$10", "$1", "a$^{b"]), ["$1", "$5_$10", "a$^{b"]),
}


@pytest.mark.parametrize("case", CLASSES)
def test_one_spelling_a_label(train, case, request):
    content, classes = CLASSES[case]
    if case == "dollars":
        request.getfixturevalue("drawn")
    results, _ = train("text", "a.csv", content)
    assert list(results["data"]["classes"]) == classes
    if case == "missing":
        assert results["data"]["left_out"] == {"no label (first: line 4)": 48}
    if case == "dollars":
        assert Path("run/plots/confusion.png").stat().st_size > 5_000


def test_a_missing_label_in_json_and_by_its_own_word(train):
    rows = [{"text": "a b", "label": label} for label in ["x", "y", None, float("nan"), "?"] * 10]
    results, said = train("text", "a.jsonl", jsonl(rows), "--missing", "?")
    assert list(results["data"]["classes"]) == ["x", "y"]
    assert "left out 30 with no label (first: line 3)" in said


def test_few_short_rows_are_said(train):
    results, said = train("text", "a.csv", TEXT.replace("so good,pos", "so good", 1))
    assert results["data"]["rows"] == 59
    assert "1 row with too few cells left out (line 4)" in said


def test_chinese_is_divided(train):
    rows = [("这部电影很好看", "pos"), ("这部电影不好", "neg")] * 20
    results, _ = train("text", "a.csv", table(rows, "text,label"))
    assert results["data"]["steps"]["longest"] == 7


def test_degenerate_data_are_noted(train):
    _, said = train("text", "a.csv", table([(f"w{i % 3}", "ab"[i % 2]) for i in range(40)], "text,label"))
    assert "note: nearly every text has one token" in said
    assert "examples of test are in train too" in said
    _, said = train("tagging", "b.csv", table([("a", "X"), ("b", "Y")] * 20, "words,tags"), "--restart")
    assert "--sentence COLUMN" in said


def test_classes_written_in_several_ways_are_noted(train):
    rows = [("a b", "Positive"), ("c d", "positive "), ("e f", "no"), ("g h", "\uff2e\uff2f")] * 10
    results, said = train("text", "a.csv", table(rows, "text,label"))
    assert len(results["data"]["classes"]) == 4
    assert "written in several ways, but learnt as classes of their own: Positive, positive" in said
    assert "learnt as classes of their own: no, \uff2e\uff2f" in said
    _, said = train("text", "b.csv", table([("a b", "x"), ("c d", "y")] * 20, "text,label"), "--restart")
    assert "classes of their own" not in said


def test_numbers_to_learn_are_said_as_they_are_written(train):
    """Not as they are scaled for the network."""
    rows = [(f"w{i}", str(1 + i % 5)) for i in range(40)]
    _, said = train("text", "a.csv", table(rows, "text,label"), "--task", "regression")
    assert "target from 1 to 5" in said


MADE = {
    "a.txt": TEXT.encode(),
    "A.CSV": TEXT.replace(",", ";").encode("utf-16"),
    "west.csv": TEXT.replace("film", "fête").encode("cp1252"),
}


@pytest.mark.parametrize("file", MADE)
def test_a_table_is_the_same_for_training_measuring_and_answering(train, file, capsys):
    train("text", file, MADE[file])
    cli.main(recipe("text"), ["evaluate", "run", "--file", file])
    assert "accuracy" in capsys.readouterr().out
    cli.main(recipe("text"), ["predict", "run", "--file", file, "--output", "answers.csv"])
    found = pd.read_csv("answers.csv")
    assert len(found) == 60
    assert list(found.columns) == ["text", "label", "predicted_label", "probability", "note"]
    assert found.label.tolist() == [label for _, label in TEXTS]


def test_new_texts_are_found_by_the_column_of_training_and_the_header_is_none(train, capsys):
    train("text", "a.csv", TEXT.replace("text,label", "review,stars"), "--text", "review", "--label", "stars")
    Path("new.csv").write_text("id,day,review\n" + "".join(f"{i},1 May,{text}\n" for i, (text, _) in enumerate(TEXTS)))
    capsys.readouterr()
    cli.entry_point(["predict", "run", "--file", "new.csv", "--output", "answers.csv"])
    cli.entry_point(["predict", "run", *[text for text, _ in TEXTS], "--output", "alone.csv"])
    found, alone = pd.read_csv("answers.csv"), pd.read_csv("alone.csv")
    assert list(found.columns) == ["id", "day", "review", "label", "probability", "note"]
    assert found.review.tolist() == [text for text, _ in TEXTS]
    assert found.id.tolist() == list(range(len(TEXTS)))
    pd.testing.assert_frame_equal(found[["label", "probability"]], alone[["label", "probability"]], atol=1e-5)


@pytest.mark.parametrize(
    "name", others_slow(["text", "tagging", "translate", "imdb", "dates", "scan"], ["imdb", "scan"])
)
def test_a_file_takes_the_place_of_the_recipes_data_set(train, name):
    head, rows = {
        "tagging": ("words\ttags", TAGGED), "translate": ("source\ttarget", PAIRS),
        "dates": ("source\ttarget", PAIRS), "scan": ("source\ttarget", PAIRS),
    }.get(name, ("text\tlabel", TEXTS))  # fmt: skip
    options = ["--vocabulary-size", "20"] if name in ("translate", "dates", "scan") else []
    results, _ = train(name, "a.tsv", table(rows, head, "\t"), *options)
    assert results["dataset"] == "a.tsv"


def test_every_recipe_with_a_data_set_and_a_file_lets_the_file_win():
    from rnnzoo.cli.options import _one_source

    for path in FOLDER.glob("*.py"):
        if path.stem in NO_RECIPES:
            continue
        spec = importlib.util.spec_from_file_location(f"recipe_{path.stem}", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        own = {f.name: getattr(module.recipe.data, f.name) for f in dataclasses.fields(module.recipe.data) if f.init}
        if {"file", "dataset"} <= own.keys():
            found = _one_source(own, own | {"file": "mine.csv"})
            assert (found["file"], found["dataset"]) == ("mine.csv", None), path


def test_readmes_command_for_tags(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = "1\t{}\t_\tNOUN\tNN\t_\t_\t_\t_\t_\n2\truns\t_\tVERB\tVB\t_\t_\t_\t_\t_\n\n"
    for file in ("train.conllu", "dev.conllu", "test.conllu"):
        Path(file).write_text("".join(words.format(word) for word in ("dog", "cat") * 6), encoding="utf-8")
    files = [
        "--file",
        "train.conllu",
        "--validation-file",
        "dev.conllu",
        "--test-file",
        "test.conllu",
        "--tags",
        "xpos",
    ]
    cli.main(recipe("tagging"), ["train", *files, *TINY])
    assert list(json.loads(Path("run/results.json").read_text())["data"]["classes"]) == ["NN", "VB"]


CONLL2003 = (
    "-DOCSTART- -X- -X- O\n\nEU NNP B-NP B-ORG\nrejects VBZ B-VP O\n\nPeter NNP B-NP B-PER\nspoke VBD B-VP O\n\n"
)
KAGGLE = "Sentence #,Word,POS\n" + "".join(f'Sentence: {i},Dogs,NNS\n,bark,VBP\n,"said ""x""",VBD\n' for i in range(20))


def test_a_word_a_row(train, capsys):
    options = ["--sentence", "Sentence #", "--words", "Word", "--tags", "POS"]
    results, _ = train("tagging", "ner.csv", KAGGLE.encode("cp1252"), *options)
    assert results["data"]["rows"] == 20
    assert results["data"]["steps"] == {"mean": 3.0, "longest": 3}
    cli.main(recipe("tagging"), ["predict", "run", "--file", "ner.csv", "--json"])
    assert len(capsys.readouterr().out.splitlines()) == 20


def test_conll_2003(train):
    results, _ = train("tagging", "eng.conll", CONLL2003 * 10)
    assert list(results["data"]["classes"]) == ["B-ORG", "B-PER", "O"]
    assert results["data"]["rows"] == 20
    results, _ = train("tagging", "eng.txt", CONLL2003 * 10, "--tags", "chunk", "--restart")
    assert list(results["data"]["classes"]) == ["B-NP", "B-VP"]


@pytest.mark.parametrize("file", ["a.jsonl", "a.csv", "a.parquet"])
def test_several_labels(train, file, capsys):
    rows = [{"text": "war and money", "labels": ["war", "money"]}, {"text": "money", "labels": ["money"]}] * 15
    rows += [{"text": "war", "labels": ["war "]}, {"text": "love", "labels": []}] * 15
    frame = pd.DataFrame(rows)
    if file == "a.parquet":
        frame.to_parquet(file)
        content = Path(file).read_bytes()
    elif file == "a.csv":
        frame["labels"] = frame.labels.map("|".join)
        content = frame.to_csv(index=False)
    else:
        content = jsonl(rows)
    results, _ = train("multilabel", file, content)
    assert set(results["data"]["classes"]) == {"war", "money"}
    assert {"loss", "f1_micro", "f1_macro", "average_precision", "exact_match"} <= results["metrics"]["test"].keys()
    assert set(results["labels"]["test"]) == {"war", "money"}
    cli.main(recipe("multilabel"), ["predict", "run", "--file", file, "--output", "answers.jsonl"])
    answers = [json.loads(line) for line in Path("answers.jsonl").read_text().splitlines()]
    assert [answer["text"] for answer in answers] == [row["text"] for row in rows]
    assert set(answers[0]["probabilities"]) == {"war", "money"}


def padded(left, value=0.0):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 10, 2)).astype("float32")
    for row, length in zip(x, rng.integers(3, 10, 40), strict=True):
        row[: 10 - length] = value
    return x if left else x[:, ::-1]


ARRAYS = {
    "padded on the left": (padded(True), None, "padded on the left"),
    "padded on the right": (padded(False), "end in steps of zeros", None),
    "channels before steps": (np.random.default_rng(0).normal(size=(40, 3, 200)), "channels stand behind", None),
}


@pytest.mark.parametrize("case", ARRAYS)
def test_arrays(case, tmp_path, monkeypatch, capsys):
    x, noted, refusal = ARRAYS[case]
    monkeypatch.chdir(tmp_path)
    np.savez("sensors.npz", x=x, y=np.arange(40) % 2)
    arguments = ["train", *TINY]
    small = recipe("series_classification")
    if refusal:
        assert refusal in refused(capsys, cli.main, small, arguments)
        return
    cli.main(small, arguments)
    assert re.search(f"note: .*{noted}", capsys.readouterr().out)


def huge():
    head = str({"descr": "<f8", "fortran_order": False, "shape": (10**15,)}).encode().ljust(118) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head


@pytest.mark.parametrize("content", [b"garbage", b"PK\x03\x04garbage", huge(), b""])
@pytest.mark.parametrize("file", ["sensors.npz", "sensors.npy"])
def test_damaged_arrays(file, content, tmp_path, monkeypatch, capsys, home, run):
    monkeypatch.chdir(tmp_path)
    Path(file).write_bytes(content)
    assert "Received: " in refused(capsys, cli.entry_point, ["predict", run, "--file", file])
    if file.endswith("npz"):
        assert "Received: " in refused(capsys, cli.main, recipe("series_classification"), ["train", *TINY])


def test_inputs_that_are_no_text(train, capsys):
    train("text", "a.csv", TEXT)
    assert "surrogate" in refused(capsys, cli.main, recipe("text"), ["predict", "run", "a \ud800"])
    Path("other.csv").write_text("review,n\na,1\n", encoding="utf-8")
    said = refused(capsys, cli.main, recipe("text"), ["predict", "run", "--file", "other.csv"])
    assert "has the columns review, n" in said
    for wrong in ("answers.doc", "."):
        arguments = ["predict", "run", "--file", "a.csv", "--output", wrong]
        assert "Received: " in refused(capsys, cli.main, recipe("text"), arguments)
