"""Tagging from file to tags: training, measures by tag, prediction, transfer, export."""

import json

import numpy as np
import pytest
from rich.console import Console

import rnnzoo
from rnnzoo import cli, layers
from rnnzoo.data import Tagging
from rnnzoo.training.fit import train

SMALL = {"units": 8, "character_units": 4, "dropout": 0.0}


@pytest.fixture(scope="module", autouse=True)
def quick():
    """Run by Keras's own loops, which compile in no time."""
    with layers.use("general"):
        yield


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """Sentences of made-up words; their endings tell the tags."""
    rng = np.random.default_rng(0)
    endings = {"VERB": "eth", "NOUN": "dom", "ADJ": "ous"}
    rows = []
    for _ in range(120):
        tags = rng.choice(list(endings), rng.integers(2, 6))
        stems = ("".join(rng.choice(list("bcdfgklmnp"), 3)) for _ in tags)
        rows.append(f"{' '.join(s + endings[t] for s, t in zip(stems, tags, strict=True))},{' '.join(tags)}")
    path = tmp_path_factory.mktemp("tagging") / "sentences.csv"
    path.write_text("words,tags\n" + "\n".join(rows) + "\n")
    return path


def recipe(table, **changes):
    given = {"epochs": 12, "batch_size": 16, "learning_rate": 0.02, "embedding_dim": 8, "word_dropout": 0.3} | changes
    data = given.pop("data", None) or Tagging(file=str(table))
    dials = SMALL | given.pop("dials", {})
    return rnnzoo.Recipe(name="tagging", task="tagging", data=data, model="bilstm", hyperparameters=dials, **given)


def run(recipe, folder):
    return train(recipe, folder, console=Console(quiet=True))


@pytest.fixture(scope="module")
def finished(table, tmp_path_factory):
    """A run with characters and CRF, for all that only look."""
    return run(recipe(table, dials={"crf": True}), tmp_path_factory.mktemp("finished") / "run")


def test_unknown_words_are_tagged_by_their_endings(finished):
    found = finished.results
    assert found["metrics"]["test"]["accuracy"] > 0.95
    assert set(found["tags"]["test"]) == {"ADJ", "NOUN", "VERB"}
    assert finished.predict(["Zzzdom xxeth qous"]) == [
        {"words": ["Zzzdom", "xxeth", "qous"], "tags": ["NOUN", "VERB", "ADJ"]}
    ]
    plots = {path.name for path in (finished.folder / "plots").iterdir()}
    assert plots == {"curves.png", "input_lengths.png", "confusion.png", "tags.png"}


def test_without_characters_they_are_not(table, tmp_path):
    other = run(recipe(table, epochs=2, data=Tagging(file=str(table), characters=False)), tmp_path / "run")
    assert other.results["metrics"]["test"]["accuracy"] < 0.8
    assert len(other.model.inputs) == 1


def test_answers_are_those_of_each_sentence_alone(finished):
    sentences = ["abcdom", "abceth defous ghidom klmdom npqous", "bcdous cdeeth"]
    together = finished.predict(sentences)
    assert together == [answer for text in sentences for answer in finished.predict([text])]
    assert [len(answer["tags"]) for answer in together] == [1, 5, 2]
    assert finished.predict([text.split() for text in sentences]) == together


def test_evaluation_by_tag(finished, table, capsys):
    scores, by_tag = finished.evaluate(), finished.by_tag()
    assert scores == pytest.approx(finished.results["metrics"]["test"], abs=1e-5)
    for tag, found in by_tag.items():
        assert found == pytest.approx(finished.results["tags"]["test"][tag], abs=1e-5)
    assert np.mean([found["f1"] for found in by_tag.values()]) == pytest.approx(scores["f1"])
    cli.main(recipe(table), ["evaluate", str(finished.folder), "--file", str(table)])
    said = capsys.readouterr().out
    assert "accuracy" in said
    assert "NOUN" in said
    count = sum(line.split(",")[1].split().count("NOUN") for line in table.read_text().splitlines()[1:])
    assert f"{count}" in said


def test_the_command_prints_words_with_tags(finished, table, tmp_path, capsys):
    cli.main(recipe(table), ["predict", str(finished.folder), "abcdom", "abceth defous"])
    assert capsys.readouterr().out == "abcdom/NOUN\nabceth/VERB defous/ADJ\n"
    cli.entry_point(["predict", str(finished.folder), "abcdom", "--json"])
    assert json.loads(capsys.readouterr().out) == {"words": ["abcdom"], "tags": ["NOUN"]}
    path = tmp_path / "raw.conllu"
    path.write_text("1\tabceth" + "\t_" * 8 + "\n\n")
    cli.entry_point(["predict", str(finished.folder), "--file", str(path)])
    assert capsys.readouterr().out == "abceth/VERB\n"


@pytest.mark.slow
def test_another_seed_of_weights_starts_where_the_run_ended(finished, table, tmp_path):
    """Words and characters of another vocabulary are matched one by one."""
    other = tmp_path / "other.csv"
    head, *rows = table.read_text().splitlines()
    other.write_text("\n".join([head, *[row for row in rows if "k" not in row.split(",")[0]]]) + "\n")
    begun = recipe(other, epochs=1, learning_rate=1e-9, weights=str(finished.folder), dials={"crf": True})
    assert run(begun, tmp_path / "run").results["metrics"]["test"]["accuracy"] > 0.9


def test_a_run_is_exported_with_both_inputs(finished):
    from rnnzoo.serving.exporting import export

    path, error = export(finished.folder, output=finished.folder.parent / "exported")
    assert path.is_dir()
    assert error < 1e-4
    with pytest.raises(ValueError, match=r"tf_saved_model or onnx. Received: litert"):
        export(finished.folder, "litert", sequence_length=4)


@pytest.mark.slow
def test_a_resumed_run_is_the_same(table, tmp_path):
    data = Tagging(file=str(table), characters=False)
    settings = {"epochs": 2, "dials": {"crf": True}, "average": 1, "limit": 30, "data": data}
    whole = run(recipe(table, **settings), tmp_path / "whole")

    class Stopped(Exception):
        pass

    def stop(epoch, _):
        raise Stopped

    with pytest.raises(Stopped):
        train(recipe(table, **settings), tmp_path / "run", on_epoch_end=stop, console=Console(quiet=True))
    again = run(recipe(table, **settings), tmp_path / "run")
    for a, b in zip(whole.model.get_weights(), again.model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_vectors_may_start_from_the_words_company(table, tmp_path):
    found = run(recipe(table, epochs=1, limit=30, embedding="ppmi"), tmp_path / "run")
    assert found.finished
