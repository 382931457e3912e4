"""Translation from pairs in a file to the run folder and back."""

import dataclasses
import json
import os

import matplotlib.image
import numpy as np
import pytest
from refusals import refused
from rich.console import Console
from scipy.special import log_softmax

import rnnzoo
from rnnzoo import Recipe, cli, layers
from rnnzoo.data import TextPairs
from rnnzoo.pictures import alignment
from rnnzoo.training.several.compare import compare

pytestmark = pytest.mark.draws

QUIET = Console(quiet=True)


WORDS = {"null": "zero", "eins": "one", "zwei": "two", "drei": "three"}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Write 160 pairs of three words each: every word of the source has one in the target."""
    folder, rng = tmp_path_factory.mktemp("pairs"), np.random.default_rng(0)
    rows = ["source\ttarget"]
    for _ in range(160):
        words = rng.choice(list(WORDS), 3)
        rows.append(f"{' '.join(words)}\t{' '.join(WORDS[word] for word in words)}")
    (folder / "pairs.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def numbers(home):
    return Recipe(
        name="numbers",
        task="translation",
        data=TextPairs(str(home / "pairs.tsv")),
        model="seq2seq_bahdanau",
        hyperparameters={"units": 16, "dropout": 0.0},
        embedding_dim=8,
        epochs=12,
        batch_size=8,
        learning_rate=0.03,
        patience=None,
    )


@pytest.fixture(scope="module")
def run(numbers, home):
    with layers.use("general"):  # compiles in no time
        return rnnzoo.train(numbers, home / "run", console=QUIET)


@pytest.fixture(scope="module")
def without_attention(numbers, home):
    with layers.use("general"):
        plain = dataclasses.replace(numbers.with_model("seq2seq_gru"), epochs=1)
        return rnnzoo.train(plain, home / "plain", console=QUIET)


def test_it_learns_and_its_results_say_so(run):
    for split in ("validation", "test"):
        scores = run.results["metrics"][split]
        assert list(scores) == ["loss", "accuracy", "exact_match", "bleu", "chrf", "cer"]
        assert scores["exact_match"] == scores["accuracy"] == 1.0
        assert scores["bleu"] == pytest.approx(100)  # of answers of three words
        assert scores["cer"] == 0
    assert run.results["measure"] == "exact_match"
    assert run.evaluate() == pytest.approx(run.results["metrics"]["test"], abs=1e-5)
    assert run.evaluate(beam=3)["exact_match"] == 1.0


def test_teacher_forced_measures_are_those_of_the_probabilities(run):
    batches = run.recipe.load().parts["test"]
    nats, right, tokens = 0.0, 0, 0
    for (source, target_in), target, weight in batches.arrays():
        log_p = log_softmax(np.asarray(run.model.predict_on_batch((source, target_in))), axis=-1)
        for row, step in zip(*np.nonzero(weight), strict=True):
            nats -= log_p[row, step, target[row, step]]
            right += log_p[row, step].argmax() == target[row, step]
            tokens += 1
    found = run.results["metrics"]["test"]
    assert found["loss"] == pytest.approx(nats / tokens, abs=1e-5)
    assert found["accuracy"] == pytest.approx(right / tokens)
    assert tokens == 4 * len(batches)  # three words and the end


@pytest.mark.slow
def test_a_fresh_process_writes_the_same(run, python):
    sources = ["eins zwei drei", "null null eins", "drei"]
    here = run.predict(sources)
    code = "import sys, json, rnnzoo; print(json.dumps(rnnzoo.load(sys.argv[1]).predict(sys.argv[2:])))"
    done = python(code, run.folder, *sources)
    assert done.returncode == 0, done.stderr
    there = json.loads(done.stdout.splitlines()[-1])
    assert [a["text"] for a in there] == [a["text"] for a in here]
    assert here[0]["text"] == "one two three"
    np.testing.assert_allclose([a["score"] for a in there], [a["score"] for a in here], atol=1e-5)


def test_attention_looks_at_the_word_that_is_written(run):
    (found,) = run.explain(["drei null zwei"])
    assert list(found.source) == ["drei", "null", "zwei"]
    assert list(found.target) == ["three", "zero", "two", "■"]
    assert found.attention.shape == (4, 3)
    np.testing.assert_allclose(found.attention.sum(axis=1), 1, atol=1e-5)
    shown = alignment.in_terminal(found).plain.splitlines()
    assert shown[0] == "three zero two"
    assert [line.split()[:4] for line in shown[1:4]] == [[w, "drei", "null", "zwei"] for w in found.target[:3]]
    assert shown[1].split()[-1] == f"{found.attention[0].max():.2f}"


def test_doubtful_sources_get_a_note(run):
    known, unknown, long = run.predict(["eins", "§ §", "eins zwei drei null"])
    assert "note" not in known
    assert "knows no token" in unknown["note"]
    assert "4 tokens is longer than any in training (3)" in long["note"]
    for raw, message in [([""], "nothing to read in this input"), ([], "nothing to read")]:
        with pytest.raises(ValueError, match=message):
            run.predict(raw)
        with pytest.raises(ValueError, match=message):
            run.explain(raw)


def test_pictures(run, without_attention):
    for name in ("curves", "lengths", "examples", "alignment"):
        pixels = matplotlib.image.imread(run.folder / "plots" / f"{name}.png")
        assert pixels[..., :3].std() > 0.01, name
    assert not (without_attention.folder / "plots" / "alignment.png").exists()
    assert (without_attention.folder / "plots" / "examples.png").exists()


def test_a_file_is_measured_and_its_sources_are_answered(run, tmp_path, capsys):
    path = tmp_path / "more.tsv"
    path.write_text("source\ttarget\neins zwei drei\tone two three\ndrei drei null\tthree zero\n", encoding="utf-8")
    scores = run.evaluate(str(path))
    assert scores["exact_match"] == 0.5
    assert scores["cer"] == pytest.approx(len("three ") / len("one two three" + "three zero"))
    cli.entry_point(["predict", str(run.folder), "--file", str(path)])
    assert capsys.readouterr().out.splitlines() == ["one two three", "three three zero"]
    path.write_text("source\ttarget\neins\t\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"needs both a source and a target.*line 2"):
        run.evaluate(str(path))
    path.write_text("german\tenglish\neins\tone\n", encoding="utf-8")
    assert run.evaluate(str(path))["accuracy"] <= 1  # the first two columns


def test_commands(run, capsys):
    folder = str(run.folder)
    cli.entry_point(["predict", folder, "eins eins zwei", "§", "--beam", "3"])
    first, second = capsys.readouterr().out.splitlines()
    assert first == "one one two"
    assert second.endswith("(the model knows no token of this input: the answer is its bias)")
    cli.entry_point(["predict", folder, "eins eins zwei", "--json"])
    answer = json.loads(capsys.readouterr().out)
    assert answer["text"] == "one one two"
    assert answer["score"] < 0
    cli.entry_point(["predict", folder, "eins eins zwei", "--explain"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "one one two"
    assert lines[-1] == f"picture: {run.folder / 'plots' / 'explained.png'}"
    assert (run.folder / "plots" / "explained.png").stat().st_size > 3000
    cli.main(run.recipe, ["evaluate", folder])
    assert "exact_match 1.0000" in " ".join(capsys.readouterr().out.split())
    cli.entry_point(["runs", str(run.folder.parent)])
    assert "exact_match 1.0000" in capsys.readouterr().out


def test_refusals(run, without_attention, finished, capsys):
    folder = str(run.folder)
    assert "nothing to read in this input" in refused(capsys, cli.entry_point, ["predict", folder, ""])
    assert "beam" in refused(capsys, cli.entry_point, ["predict", folder, "eins", "--beam", "0"])
    assert "no attention" in refused(
        capsys, cli.entry_point, ["predict", str(without_attention.folder), "eins", "--explain"]
    )
    assert "written token by token" in refused(capsys, cli.entry_point, ["export", folder, "--format", "onnx"])
    assert "Only translation has a beam" in refused(
        capsys, cli.entry_point, ["predict", str(finished.folder), "[[1, 2]]", "--beam", "2"]
    )


def test_compare_judges_by_exact_match(numbers, run, without_attention, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    os.mkdir("runs")
    for done in (run, without_attention):
        os.symlink(done.folder, f"runs/{done.recipe.run_name(numbers)}")
    rows = compare([without_attention.recipe, run.recipe], numbers, tmp_path / "out", console=QUIET)
    assert [row["model"] for row in rows] == ["seq2seq_bahdanau", "seq2seq_gru"]
    assert rows[0]["exact_match"] == 1.0 > rows[1]["exact_match"]


@pytest.mark.slow
def test_a_resumed_training_ends_as_an_undisturbed_one(numbers, tmp_path):
    few = dataclasses.replace(numbers, model="seq2seq_gru", limit=40, hyperparameters={"units": 4, "dropout": 0.3})
    with layers.use("general"):
        for folder, epochs in (("a", 1), ("a", 3), ("b", 3)):
            rnnzoo.train(dataclasses.replace(few, epochs=epochs), tmp_path / folder, measure=False, console=QUIET)
    one, other = (np.load(tmp_path / folder / "checkpoint") for folder in "ab")
    arrays = [name for name in one.files if name != "state"]
    assert arrays
    for name in arrays:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)


def test_weights_of_another_run(numbers, run, tmp_path):
    """Words of the source may differ; those of the target must be the same."""
    rows = ["source\ttarget", *("vier drei\tzero three", "eins zwei\tone two") * 20]
    (tmp_path / "pairs.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    data = TextPairs(str(tmp_path / "pairs.tsv"))
    few = dataclasses.replace(numbers, data=data, weights=str(run.folder), epochs=1)
    with layers.use("general"), pytest.raises(ValueError, match="writes other tokens"):
        rnnzoo.train(few, tmp_path / "run", console=QUIET)
    with pytest.raises(ValueError, match="no head apart from its body"):
        dataclasses.replace(numbers, trainable_body=False).check()
