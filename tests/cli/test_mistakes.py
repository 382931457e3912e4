"""A mistake on the command line is one sentence and exit status 2."""

import dataclasses
import functools
import resource

import numpy as np
import pytest
from refusals import one_sentence, refused

from rnnzoo import Recipe, cli
from rnnzoo.data import SequenceClassification

WRONG = {
    "unknown model": (["--model", "bilstn"], "'bilstm'"),
    "unknown hyper-parameter": (["--set", "unit=3"], "'units'"),
    "no units": (["--set", "units=0"], "units=0"),
    "words for units": (["--set", "units=many"], "units=many"),
    "too much dropout": (["--set", "dropout=1.5"], "dropout=1.5"),
    "no value": (["--set", "units"], "NAME=VALUE"),
    "pooling of a baseline": (["--set", "pooling=mean"], "no hyper-parameter 'pooling'"),
    "unknown pooling": (["--model", "gru", "--set", "pooling=median"], "pooling='median'"),
    "no epoch": (["--epochs", "0"], "epochs=0"),
    "negative learning rate": (["--learning-rate", "-1"], "learning_rate=-1"),
    "learning rate that is no number": (["--learning-rate", "nan"], "learning_rate=nan"),
    "unmeasured monitor": (["--monitor", "val_f1"], "val_f1"),
    "no weights there": (["--weights", "nowhere"], "nowhere"),
    "too few left": (["--limit", "1"], "two classes"),
    "endless sequences": (["--sequence-length", "9999999999999999999"], "sequence_length must be a whole number"),
    "endless layers": (["--model", "lstm", "--set", f"num_layers={10**30}"], "num_layers must be a whole number"),
    "impossible share": (["--test", "2"], "test=2"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_settings(recipe, capsys, tmp_path, monkeypatch, wrong):
    monkeypatch.chdir(tmp_path)
    arguments, expected = WRONG[wrong]
    assert expected in refused(capsys, cli.main, recipe, ["train", *arguments])
    assert not list(tmp_path.iterdir())  # nothing was begun


FIELDS = {
    "schedule": ("x", "'constant' | 'cosine' | 'plateau'"),
    "class_weight": ("x", "'balanced' or None"),
    "trainable_body": ("no", "True or False"),
    "learning_rate": (float("inf"), "a number >= 1e-12, and finite"),
    "epochs": (True, "a whole number >= 1"),
    "batch_size": (0, "a whole number >= 1"),
    "patience": (-1, "a whole number >= 1"),
    "seed": (2**32, "and < 4,294,967,296"),
    "limit": ("5", "a whole number >= 1"),
    "sequence_length": (2**40, "and < 10,000,000"),
    "optimizer": ("adan", "'adam' | 'sgd' | 'rmsprop'"),
    "monitor": (5, "a word"),
    "hyperparameters": ([1], "values by name"),
    "name": ("a/b", "no /"),
    "task": (5, "must be a string"),
    "model": (None, "must be a string"),
    "weights": (5, "a word or None"),
}


@pytest.mark.parametrize("field", FIELDS)
def test_every_field_of_a_recipe_is_checked(recipe, field):
    value, expected = FIELDS[field]
    wrong = dataclasses.replace(recipe, **{field: value})
    assert expected in one_sentence(wrong.check, "Received: ")


@pytest.mark.parametrize(
    ("task", "settings", "expected"),
    [
        ("language_modeling", {"model": "bilstm"}, "later steps"),
        ("tagging", {"model": "bilstm", "hyperparameters": {"pooling": "mean"}}, "pooling"),
        ("tagging", {}, "one summary"),
        ("translaton", {}, "Unknown task"),
    ],
)
def test_wrong_tasks(recipe, capsys, tmp_path, monkeypatch, task, settings, expected):
    monkeypatch.chdir(tmp_path)
    wrong = dataclasses.replace(recipe, **{"hyperparameters": {}, "task": task, **settings})
    assert expected in refused(capsys, cli.main, wrong, ["train"])


@pytest.mark.parametrize("field", [field.name for field in dataclasses.fields(Recipe)])
def test_no_field_of_a_recipe_takes_anything(recipe, field):
    wrong = dataclasses.replace(recipe, **{field: object()})
    assert field in one_sentence(wrong.check, "Received: ").replace("A task's name", "task").replace(
        "A model's", "model"
    )


LINES = {
    "an unknown choice": (["train", "--schedule", "x"], "--schedule must be 'constant' | 'cosine' | 'plateau'."),
    "an unknown choice or none": (["train", "--class-weight=x"], "--class-weight must be 'balanced' or None."),
    "no whole number": (["train", "--epochs", "many"], "--epochs must be a whole number. Received: --epochs many"),
    "no number or none": (["train", "--clip", "x"], "--clip must be a finite number or None. Received: --clip x"),
    "underscores": (["train", "--batch_size", "1.5"], "must be a whole number. Received: --batch_size 1.5"),
    "no value": (["train", "--epochs"], "--epochs must be a whole number. Received: --epochs"),
    "an unknown option": (["train", "--epoch", "3"], "--help` shows what there is. Did you mean '--epochs'?"),
    "an unknown flag": (["train", "--trainable-body"], "Did you mean '--no-trainable-body'?"),
    "a word too many": (["train", "quickly"], "Unknown: quickly; `recipes/tiny.py train --help` shows"),
    "an unknown command": (["trian"], "`recipes/tiny.py --help` shows what there is. Did you mean 'train'?"),
    "no run": (["evaluate"], "It needs run; `recipes/tiny.py evaluate --help` shows"),
    "no prompt": (["generate", "run", "--promt", "a"], "Did you mean '--prompt'? Received: generate run --promt a"),
    "an unknown format": (
        ["export", "run", "--format", "onyx"],
        "--format must be 'tf_saved_model' | 'onnx' | 'litert'",
    ),
    "an unknown tuner": (["tune", "--tuner", "x"], "--tuner must be 'bayesian' | 'hyperband' | 'random' | 'grid'."),
}


@pytest.mark.parametrize("line", LINES)
def test_a_line_that_cannot_be_read(recipe, capsys, line):
    words, expected = LINES[line]
    of_any_run = words[0] in ("generate", "export")
    said = refused(capsys, cli.entry_point if of_any_run else functools.partial(cli.main, recipe), words)
    assert expected in said


X, Y = np.ones((12, 4, 2), "float32"), np.arange(12) % 2


IDS = np.tile([1, 2, 3, 4], (12, 1))


DATA = {
    "no file": (None, "no such file"),
    "wrong type": ({"x": np.full((12, 4), "a"), "y": Y}, "numbers"),
    "wrong rank": ({"x": X[..., None], "y": Y}, "shape"),
    "left-padded": ({"x": IDS * (np.arange(4) >= np.arange(12)[:, None] % 3), "y": Y}, "left"),
    "empty": ({"x": X[:0], "y": Y[:0]}, "empty data set"),
    "one class": ({"x": X, "y": Y * 0}, "two classes"),
    "new label": ({"x_train": X, "y_train": Y, "x_test": X, "y_test": Y + 1}, "train has not"),
    "NaN": ({"x": X * np.nan, "y": Y}, "NaN"),
}


@pytest.mark.parametrize("wrong", DATA)
def test_wrong_data(recipe, capsys, tmp_path, monkeypatch, wrong):
    monkeypatch.chdir(tmp_path)
    arrays, expected = DATA[wrong]
    if arrays:
        np.savez("bad.npz", **arrays)
    bad = dataclasses.replace(recipe, data=SequenceClassification("bad.npz"))
    assert expected in refused(capsys, cli.main, bad, ["train"])


def test_wrong_folders(recipe, capsys, tmp_path, run):
    (tmp_path / "thesis.tex").write_text("x")
    assert "no run" in refused(capsys, cli.main, recipe, ["train", "--run", str(tmp_path)])
    other = ["train", "--run", run, "--epochs", "3", "--learning-rate", "0.05", "--set", "units=5"]
    assert "units=4 there, 5 here" in refused(capsys, cli.main, recipe, other)
    for command in ("evaluate", "predict"):
        assert "does not exist" in refused(capsys, cli.main, recipe, [command, "nowhere"])
    for command in (["summary", "nowhere"], ["export", "nowhere"], ["runs", str(tmp_path)]):
        refused(capsys, cli.entry_point, command)


def test_wrong_inputs(recipe, capsys, tmp_path, run):
    (tmp_path / "half.npy").write_bytes(b"\x93NUMPY")
    np.savez(tmp_path / "other.npz", z=X)
    for arguments, expected in (
        ([], "nothing to predict"),
        (["hello"], "JSON"),
        (["[[1, 2, 3]]"], "2 features"),
        (["[[1, 2]]", "--file", "x.txt"], "not both"),
        (["--file", str(tmp_path / "nowhere.txt")], "Cannot read"),
        (["--file", str(tmp_path / "half.npy")], "Cannot read"),
        (["--file", str(tmp_path / "other.npz")], "must hold an array x"),
    ):
        assert expected in refused(capsys, cli.main, recipe, ["predict", run, *arguments])


def test_wrong_comparisons(recipe, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for arguments, expected in (
        (["--models", "mlp,bilstn"], "'bilstm'"),
        (["--models", ","], "models"),
        (["--seeds", "a"], "seeds"),
    ):
        assert expected in refused(capsys, cli.main, recipe, ["compare", *arguments])


def test_unknown_names(capsys):
    assert "'bilstm'" in refused(capsys, cli.entry_point, ["describe", "bilstn"])
    assert "*transformer*" in refused(capsys, cli.entry_point, ["list", "*transformer*"])
    assert "task='taging'" in refused(capsys, cli.entry_point, ["list", "--task", "taging"])


def test_traceback_shows_where_it_comes_from(recipe):
    with pytest.raises(ValueError, match="units=0"):
        cli.main(recipe, ["train", "--traceback", "--set", "units=0"])


def test_a_full_disk(recipe, capsys, tmp_path):
    """No file may be larger than 16 kB: the model is."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16_000, hard))
    try:
        said = refused(capsys, cli.main, recipe, ["train", "--run", str(tmp_path / "run"), "--set", "units=64"])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert said.startswith("error: Cannot write ")
    assert {path.name for path in (tmp_path / "run").iterdir()} == {"config.json", "data.json"}
