"""Generation: step by step equals the full pass, seeds, sampling, and what is refused."""

from pathlib import Path

import keras
import numpy as np
import pytest
from marks import others_slow
from rich.console import Console

import rnnzoo
from rnnzoo import Recipe
from rnnzoo.cli import entry_point
from rnnzoo.data import LanguageModeling
from rnnzoo.serving.generating import draw, stream
from rnnzoo.tasks.judging import measures


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Learn `abcabc...` until it is known by heart."""
    folder = tmp_path_factory.mktemp("language")
    (folder / "abc.txt").write_text("abc" * 600, encoding="utf-8")
    recipe = Recipe(
        name="abc",
        task="language_modeling",
        data=LanguageModeling(file=str(folder / "abc.txt")),
        model="gru",
        hyperparameters={"units": 8, "dropout": 0.0},
        sequence_length=20,
        embedding_dim=4,
        epochs=8,
        learning_rate=0.05,
    )
    return rnnzoo.train(recipe, folder / "run", console=Console(quiet=True))


def test_it_goes_on_as_it_has_learned(run):
    assert rnnzoo.generate(run, "ab", characters=10, temperature=0) == "cabcabcabc"
    assert rnnzoo.generate(run.folder, "a", characters=4, temperature=0) == "bcab"


def test_the_same_seed_writes_the_same_text(run):
    texts = [rnnzoo.generate(run, "a", characters=60, temperature=3.0, seed=seed) for seed in (1, 1, 2)]
    assert texts[0] == texts[1] != texts[2]


def test_step_by_step_equals_the_full_pass(run):
    """What is drawn from at each step are the logits of the whole text so far, at its last step."""
    ids = run.data.encode(["abcbcabacb"])[0]
    full = run.model.predict_on_batch(ids[None])[0]
    stateful = rnnzoo.rebuild(run.model, stateful=True, batch_size=1)
    steps = [stateful.predict_on_batch(ids[None, t : t + 1])[0, 0] for t in range(len(ids))]
    np.testing.assert_allclose(steps, full, atol=1e-5)


LANGUAGE_MODELS = sorted({*rnnzoo.list_models(task="language_modeling")} - {"cnn_lstm", "tcn"})


@pytest.mark.parametrize("name", others_slow(LANGUAGE_MODELS, ["awd_lstm", "gru"]))
def test_every_model_step_by_step(name):
    """A convolution, which looks back over steps that are gone, is refused: see `tests/test_rebuild.py`."""
    model = rnnzoo.build(name, "language_modeling", vocabulary_size=9, units=4, tie_weights=True, seed=0)
    ids = np.random.default_rng(0).integers(1, 9, (1, 10)).astype("int32")
    full = np.asarray(model(ids))[0]
    stateful = rnnzoo.rebuild(model, stateful=True, batch_size=1)
    steps = [np.asarray(stateful(ids[:, t : t + 1]))[0, 0] for t in range(10)]
    np.testing.assert_allclose(steps, full, atol=1e-5)


def test_carried_evaluation_is_one_long_pass(run):
    """The state goes from window to window: the loss is that of the text in one piece."""
    batches = run.data.load(sequence_length=20).parts["validation"]
    ids = np.append(np.concatenate(list(batches.x)), batches.y[len(batches) - 1][-1:])
    logits = run.model.predict_on_batch(ids[None, :-1])[0]
    loss = measures.cross_entropy(ids[1:], logits).mean()
    assert measures.carried(run.model, batches)["loss"] == pytest.approx(loss, abs=1e-5)
    assert run.results["metrics"]["validation"]["loss_carried"] == pytest.approx(loss, abs=1e-5)


def test_draw():
    rng, logits = np.random.default_rng(0), np.array([9.0, 9.0, 1.0, 2.0, 3.0])
    assert draw(logits, rng, 0, None) == 4
    drawn = [draw(logits, rng, 1.0, None) for _ in range(3000)]
    share = np.bincount(drawn, minlength=5) / 3000
    np.testing.assert_allclose(share, [0, 0, *(np.exp([1, 2, 3]) / np.exp([1, 2, 3]).sum())], atol=0.03)
    assert {draw(logits, rng, 5.0, 2) for _ in range(200)} == {3, 4}
    assert {draw(logits, rng, 5.0, 99) for _ in range(200)} == {2, 3, 4}


@pytest.mark.parametrize(
    ("prompt", "options", "message"),
    [
        ("", {}, "Give a prompt"),
        ("ax", {}, r"no such character. Received: 'x'"),
        ("a", {"temperature": -1.0}, "temperature must be"),
        ("a", {"top_k": 0}, "top_k must be"),
        ("a", {"characters": 0}, "characters must be"),
        ("a", {"seed": -1}, "seed must be"),
    ],
)
def test_refused_before_anything_is_written(run, prompt, options, message):
    with pytest.raises(ValueError, match=message):
        stream(run, prompt, **options)


def test_on_the_command_line(run, capsys):
    entry_point(["generate", str(run.folder), "--prompt", "ab", "--characters", "4", "--temperature", "0"])
    assert capsys.readouterr().out == "abcabc\n"
    with pytest.raises(SystemExit) as stopped:
        entry_point(["generate", str(run.folder), "--prompt", ""])
    assert stopped.value.code == 2
    with pytest.raises(SystemExit) as stopped:
        entry_point(["predict", str(run.folder), "ab"])
    assert stopped.value.code == 2
    assert "use generate" in capsys.readouterr().err


def test_another_file_is_measured(run, tmp_path):
    (tmp_path / "other.txt").write_text("abc" * 30, encoding="utf-8")
    assert run.evaluate(tmp_path / "other.txt")["accuracy"] > 0.9


def test_other_runs_are_refused():
    with pytest.raises(ValueError, match=r"Only a language model.*'classification'"):
        rnnzoo.generate(Path(__file__).parents[1] / "fixtures" / "before" / "digits", "a")


def test_it_has_learned(run):
    assert isinstance(run.model, keras.Model)
    assert run.results["metrics"]["validation"]["accuracy"] > 0.9
