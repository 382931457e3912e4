"""Run folders: what they hold, how a training goes on, and what stops it."""

import csv
import errno
import io
import json
import os
import shutil

import keras
import numpy as np
import pytest
from rich.console import Console
from scipy.special import log_softmax
from sklearn import metrics as sk

import rnnzoo
from rnnzoo.data import SequenceClassification, SequenceRegression
from rnnzoo.errors import Diverged, InvalidType, InvalidValue, UserError, WriteFailed, differences
from rnnzoo.tasks.judging import measures
from rnnzoo.training import checkpoint
from rnnzoo.training.runs import list_runs

KEYS = {"recipe", "dataset", "task", "model", "hyperparameters", "parameters", "metrics"} | {
    "seconds",
    "epochs",
    "seed",
    "device",
    "versions",
    "commit",
}


def history(run):
    with open(run.folder / "history.csv", newline="") as file:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]


def same_weights(a, b):
    return all(np.array_equal(x, y) for x, y in zip(a.get_weights(), b.get_weights(), strict=True))


def leftovers(folder):
    return [path for path in folder.rglob("*") if path.name.startswith(".")]


# What is in the folder. ---------------------------------------------------------------------------------------------


def test_contents(finished):
    names = {str(path.relative_to(finished.folder)) for path in finished.folder.rglob("*") if path.is_file()}
    plots = {"plots/curves.png", "plots/confusion.png", "plots/roc.png"}
    assert names == plots | {"config.json", "data.json", "checkpoint", "model.keras", "history.csv", "results.json"}


def test_history_has_a_row_an_epoch(finished):
    rows = history(finished)
    assert [row["epoch"] for row in rows] == [1, 2, 3]
    assert all(row.keys() == {"epoch", "loss", "accuracy", "val_loss", "val_accuracy"} for row in rows)


def test_results(finished):
    results = json.loads((finished.folder / "results.json").read_text())
    assert results.keys() >= KEYS
    assert results["parameters"] == sum(int(np.prod(w.shape)) for w in finished.model.get_weights())
    assert results["hyperparameters"]["units"] == 8
    assert "dropout" in results["hyperparameters"]  # defaults are written down too: they may change
    assert results["versions"]["keras"] == keras.__version__
    assert (results["epochs"], results["seed"], results["model"], results["dataset"]) == (3, 0, "mlp", "classes.npz")
    assert set(results["metrics"]) == {"validation", "test"}


def test_config_rebuilds_the_recipe(finished, recipe):
    assert finished.recipe == recipe(epochs=3).check()


def test_published_numbers_are_those_of_the_saved_model(finished, sequences):
    """Predict the test split one sequence at a time, without padding, and measure with scikit-learn."""
    splits = SequenceClassification(str(sequences / "classes.npz")).load()
    for name in ("validation", "test"):
        part = splits.parts[name]
        logits = np.concatenate([finished.model.predict_on_batch(x[None]) for x in part.x]).astype("float64")
        found = finished.results["metrics"][name]
        loss = -log_softmax(logits, axis=1)[np.arange(len(part.y)), part.y].mean()
        assert found["loss"] == pytest.approx(loss, abs=2e-6)
        assert found["accuracy"] == pytest.approx(np.mean(logits.argmax(axis=1) == part.y), abs=1e-6)
        assert found["f1"] == pytest.approx(sk.f1_score(part.y, logits.argmax(axis=1), average="macro"), abs=1e-6)


def test_regression(fit):
    run = fit(task="regression", monitor="val_mae", epochs=3, learning_rate=0.01)
    assert {"loss", "mse", "rmse", "mae", "r2"} == run.results["metrics"]["test"].keys()
    assert (run.folder / "plots" / "errors.png").is_file()
    assert history(run)[-1]["loss"] < history(run)[0]["loss"]


# Using it again. ----------------------------------------------------------------------------------------------------


def test_predictions_keep_the_order_of_the_inputs(finished, sequences):
    with np.load(sequences / "classes.npz") as file:
        rows = [x[:n] for x, n in zip(file["x"], file["lengths"], strict=True)]
    together = rnnzoo.load(finished.folder).predict(rows)
    for i in (0, 7, 64, 119):
        (alone,) = finished.predict([rows[i].tolist()])
        assert alone["label"] == together[i]["label"]
        assert alone["probability"] == pytest.approx(together[i]["probability"], abs=1e-5)


def test_evaluate_measures_the_test_split(finished):
    assert finished.evaluate() == pytest.approx(finished.results["metrics"]["test"], abs=1e-6)


def test_evaluate_a_file_cuts_at_lengths(finished, sequences):
    """Steps after a sequence's end are not padding by their value; only `lengths` tells."""
    found = finished.evaluate(str(sequences / "classes.npz"))
    with np.load(sequences / "classes.npz") as file:
        rows = [x[:n] for x, n in zip(file["x"], file["lengths"], strict=True)]
        labels = np.array([answer["label"] for answer in finished.predict(rows)])
        assert found["accuracy"] == pytest.approx(np.mean(labels == file["y"]))


@pytest.mark.parametrize(
    ("file", "match"),
    [
        ("nowhere.npz", "no such file"),
        ({"x": np.ones((3, 4, 2))}, "x and y"),
        ({"x": np.ones((3, 4, 2)), "y": ["a"]}, "as many rows"),
        ({"x": np.ones((1, 4, 2)), "y": ["z"]}, "label that train has not"),
        ({"x": np.ones((1, 4, 3)), "y": ["a"]}, "2 features"),
    ],
)
def test_evaluate_refuses(finished, file, match):
    with pytest.raises(UserError, match=match):
        finished.evaluate(file)


def test_predict_refuses(finished):
    for raw, match in (([], "nothing"), ("[[1, 2]]", "list of inputs"), (["x"], "JSON")):
        with pytest.raises(UserError, match=match):
            finished.predict(raw)


def test_load_refuses_what_is_no_run(tmp_path):
    with pytest.raises(InvalidValue, match="does not exist"):
        rnnzoo.load(tmp_path / "nowhere")
    with pytest.raises(InvalidValue, match=r"config\.json"):
        rnnzoo.load(tmp_path)


def test_list_runs(finished, tmp_path):
    shutil.copytree(finished.folder, tmp_path / "b")
    shutil.copytree(finished.folder, tmp_path / "a")
    (tmp_path / "a" / "results.json").unlink()
    (tmp_path / "notes").mkdir()
    assert [(run.folder.name, run.finished) for run in list_runs(tmp_path)] == [("a", False), ("b", True)]
    with pytest.raises(InvalidValue, match="goes on where it stopped"):
        _ = rnnzoo.load(tmp_path / "a").results


# The same command again. --------------------------------------------------------------------------------------------


def test_a_finished_run_is_left_alone(finished, recipe):
    before = {path: path.stat().st_mtime_ns for path in finished.folder.rglob("*")}
    said = io.StringIO()
    rnnzoo.train(recipe(epochs=3), finished.folder, console=Console(file=said, width=200))
    assert "Finished already after 3 epochs" in said.getvalue()
    assert {path: path.stat().st_mtime_ns for path in finished.folder.rglob("*")} == before


def test_more_epochs_are_as_if_never_interrupted(fit):
    """With dropout, shuffling, momentum and sequences of unequal length."""
    settings = {"model": "gru", "learning_rate": 0.02}
    fit("parts", epochs=1, **settings)
    parts, whole = fit("parts", epochs=3, **settings), fit("whole", epochs=3, **settings)
    assert same_weights(parts.model, whole.model)
    assert history(parts) == history(whole)
    assert parts.results["metrics"] == whole.results["metrics"]
    assert parts.results["epochs"] == 3


def test_what_stops_a_training_does_not_change_it(fit, recipe, tmp_path):
    """An exception after the second epoch, then the same command."""

    def stop(epoch, _):
        if epoch == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rnnzoo.train(recipe(epochs=3), tmp_path / "cut", console=Console(quiet=True), on_epoch_end=stop)
    assert not (tmp_path / "cut" / "results.json").exists()
    (tmp_path / "cut" / ".writing-abc.npz").write_text("a kill -9 came while writing")
    cut, whole = fit("cut", epochs=3), fit("whole", epochs=3)
    assert same_weights(cut.model, whole.model)
    assert not leftovers(cut.folder)


def test_a_kill_after_the_last_checkpoint_loses_nothing(fit):
    whole = fit("run")
    rows, weights = history(whole), whole.model
    for name in ("history.csv", "results.json", "model.keras"):
        (whole.folder / name).unlink()
    again = fit("run")
    assert history(again) == rows
    assert same_weights(again.model, weights)


@pytest.mark.parametrize("there", [["config.json"], [".writing-x"], ["config.json", "data.json", ".writing-y.npz"]])
def test_a_kill_before_the_first_epoch_blocks_nothing(finished, fit, tmp_path, there):
    (tmp_path / "run").mkdir()
    for name in there:
        source = finished.folder / name
        (tmp_path / "run" / name).write_bytes(source.read_bytes() if source.exists() else b"half a f")
    assert fit("run", epochs=3).finished


def test_another_configuration_is_named(finished, recipe):
    changed = recipe(epochs=3, units=9, learning_rate=0.5)
    with pytest.raises(InvalidValue, match=r"learning_rate=0\.001 there, 0\.5 here; units=8 there, 9 here"):
        rnnzoo.train(changed, finished.folder)
    with pytest.raises(InvalidValue, match="model='mlp' there, 'gru' here"):
        rnnzoo.train(recipe(epochs=3, model="gru"), finished.folder)


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize(("name", "content"), [("thesis.tex", "x"), ("config.json", '{"model_type": "bert"}')])
def test_a_folder_of_something_else_is_kept(recipe, tmp_path, restart, name, content):
    (tmp_path / name).write_text(content)
    with pytest.raises(InvalidValue, match="no run"):
        rnnzoo.train(recipe(), tmp_path, restart=restart)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == content


def test_a_file_is_no_folder(recipe, tmp_path):
    (tmp_path / "run").write_text("x")
    with pytest.raises(InvalidValue, match="a file"):
        rnnzoo.train(recipe(), tmp_path / "run")


def test_restart_begins_anew_and_keeps_what_is_not_its_own(finished, fit, tmp_path):
    shutil.copytree(finished.folder, tmp_path / "run")
    (tmp_path / "run" / "notes.txt").write_text("mine")
    run = fit("run", restart=True, units=4, epochs=1)
    assert (run.results["epochs"], run.results["hyperparameters"]["units"]) == (1, 4)
    assert len(history(run)) == 1
    assert (run.folder / "notes.txt").read_text() == "mine"


def test_a_restart_that_cannot_begin_keeps_the_old_run(finished, recipe, tmp_path):
    shutil.copytree(finished.folder, tmp_path / "run")
    x, y = np.ones((9, 3, 2)), np.arange(9) % 3
    for data in (SequenceClassification((x, y)), SequenceClassification("nowhere.npz")):
        with pytest.raises(UserError):
            rnnzoo.train(recipe(data=data), tmp_path / "run", restart=True, console=Console(quiet=True))
        assert rnnzoo.load(tmp_path / "run").results == finished.results


def test_arrays_in_memory_make_no_run(recipe, tmp_path):
    data = SequenceClassification((np.ones((9, 3, 2)), np.arange(9) % 3))
    with pytest.raises(InvalidType, match=r"\.npz"):
        rnnzoo.train(recipe(data=data), tmp_path / "run", console=Console(quiet=True))
    assert not (tmp_path / "run").exists()


# What goes wrong. ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("writes", [0, 2, 4, 6])
def test_a_full_disk(fit, recipe, tmp_path, monkeypatch, writes):
    """After so many files the disk is full: an error of ours, nothing half-written, and the same command goes on."""
    fsync, done = os.fsync, []

    def full(descriptor):
        done.append(descriptor)
        if len(done) > writes:
            raise OSError(errno.ENOSPC, "No space left on device")
        fsync(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(WriteFailed, match=r"Cannot write .*No space left"):
            fit("run")
    assert not leftovers(tmp_path)
    for path in (tmp_path / "run").glob("*.json"):
        json.loads(path.read_text())  # whole
    assert fit("run").finished


def test_a_damaged_checkpoint(fit):
    run = fit("run")
    path = run.folder / "checkpoint"
    whole = path.read_bytes()
    for damaged in (whole[: len(whole) // 2], b"", b"not a zip file"):
        path.write_bytes(damaged)
        with pytest.raises(InvalidValue, match=r"damaged.*--restart"):
            fit("run", epochs=3)
    path.unlink()
    with pytest.raises(InvalidValue, match="without its checkpoint"):
        fit("run", epochs=3)


def test_a_checkpoint_of_another_model(tmp_path):
    def model(units):
        return rnnzoo.build("mlp", features=2, units=units)

    checkpoint.save(tmp_path / "checkpoint", model(3), checkpoint.State(epoch=1))
    with pytest.raises(InvalidValue, match="another model"):
        checkpoint.restore(tmp_path / "checkpoint", model(4))


@pytest.mark.parametrize("batch_size", [16, 120])
@pytest.mark.parametrize("task", ["regression", "classification"])
def test_a_loss_that_is_no_number_stops_the_training(fit, tmp_path, task, batch_size):
    """Also when a single step an epoch leaves no second loss to look at."""
    with pytest.raises(Diverged, match="smaller --learning-rate"):
        fit(task=task, batch_size=batch_size, optimizer="sgd", learning_rate=1e38, epochs=3)
    assert not (tmp_path / "run" / "results.json").exists()


def test_monitor_must_be_measured(fit):
    with pytest.raises(InvalidValue, match=r"val_loss, val_accuracy.*val_mae"):
        fit(monitor="val_mae")


# How it trains. -----------------------------------------------------------------------------------------------------


@pytest.fixture
def validation(monkeypatch):
    """Return a function that dictates the validation losses, epoch by epoch."""

    def dictate(*losses):
        left = iter(losses)
        monkeypatch.setattr(measures, "evaluate", lambda *_: {"loss": next(left), "accuracy": 0.5})

    return dictate


def test_early_stopping_keeps_the_best_weights(fit, validation):
    validation(0.9, 0.5, 0.7, 0.6, 0.4)
    stopped = fit("stopped", epochs=10, patience=2)
    assert (stopped.results["epochs"], stopped.results["best_epoch"], stopped.results["stopped"]) == (4, 2, True)
    validation(0.9, 0.5)
    assert same_weights(stopped.model, fit("short", epochs=2, patience=2).model)


def test_patience_goes_on_over_a_break(fit, recipe, validation, tmp_path):
    def stop(epoch, _):
        if epoch == 2:
            raise KeyboardInterrupt

    validation(0.5, 0.6, 0.7, 0.8, 0.4)
    with pytest.raises(KeyboardInterrupt):
        rnnzoo.train(recipe(epochs=9, patience=3), tmp_path / "run", console=Console(quiet=True), on_epoch_end=stop)
    run = fit("run", epochs=9, patience=3)
    assert (run.results["epochs"], run.results["best_epoch"]) == (4, 1)


def test_more_may_be_better(fit, monkeypatch):
    accuracies = iter([0.5, 0.9, 0.7])
    monkeypatch.setattr(measures, "evaluate", lambda *_: {"loss": 1.0, "accuracy": next(accuracies)})
    assert fit(epochs=3, monitor="val_accuracy", patience=None).results["best_epoch"] == 2


def test_without_validation_the_last_epoch_counts(fit, sequences):
    data = SequenceClassification(str(sequences / "classes.npz"), validation=0, test=0)
    run = fit(data=data, epochs=3, patience=1)
    assert (run.results["epochs"], run.results["best_epoch"]) == (3, 3)
    assert set(run.results["metrics"]) == {"train"}


def final_learning_rate(run):
    with np.load(run.folder / "checkpoint") as file:
        return float(file["optimizer/1"])


def test_plateau_halves_the_learning_rate(fit, validation):
    """Patience 4: a half after every 2 epochs without progress, so after epochs 3 and 6."""
    validation(0.5, 0.6, 0.6, 0.4, 0.6, 0.6)
    run = fit(schedule="plateau", epochs=6, patience=4, learning_rate=0.01)
    assert final_learning_rate(run) == pytest.approx(0.0025)


def test_constant_stays(fit):
    assert final_learning_rate(fit(learning_rate=0.01)) == pytest.approx(0.01)


def test_cosine_ends_at_zero(fit, recipe):
    run = fit(schedule="cosine", epochs=2, learning_rate=0.01)
    schedule = run.model.optimizer.get_config()["learning_rate"]["config"]
    steps = 2 * recipe().data.load(batch_size=16).parts["train"].steps()
    cosine = keras.optimizers.schedules.CosineDecay.from_config(schedule)
    found = [float(cosine(step)) for step in (0, steps / 2, steps)]
    np.testing.assert_allclose(found, [0.01, 0.005, 0], atol=1e-8)


@pytest.mark.parametrize("optimizer", ["adam", "sgd", "rmsprop"])
def test_optimizers_learn(fit, optimizer):
    run = fit(optimizer=optimizer, epochs=4, learning_rate=0.01)
    assert type(run.model.optimizer).__name__.lower() == optimizer
    losses = [row["val_loss"] for row in history(run)]
    assert losses[-1] < 0.9 * losses[0]


def test_averaged_weights(fit, recipe):
    """An epoch ends with the moving average of the weights after each of its steps; resuming changes nothing."""
    settings = {"optimizer": "sgd", "learning_rate": 0.05, "hyperparameters": {"units": 8, "dropout": 0.0}}
    run = fit("averaged", epochs=1, average=2, **settings)
    small = recipe(epochs=1, **settings)
    batches = small.data.load(batch_size=16).parts["train"]
    optimizer = keras.optimizers.SGD(0.05, momentum=0.9, global_clipnorm=1.0)
    model = rnnzoo.build("mlp", **small.data.inputs, **small.hyperparameters, seed=0, optimizer=optimizer)
    average, momentum = model.get_weights(), 1 - 1 / (2 * batches.steps())  # two epochs back
    for step, (x, y, weight) in enumerate(batches.arrays(0)):
        model.train_on_batch(x, y, sample_weight=weight)
        share = momentum if step else 0.0  # Keras starts the average at the weights after the first step
        average = [share * a + (1 - share) * w for a, w in zip(average, model.get_weights(), strict=True)]
    for found, expected in zip(run.model.get_weights(), average, strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-6)
    extended, whole = (fit(folder, epochs=2, average=2, **settings) for folder in ("averaged", "whole"))
    assert same_weights(extended.model, whole.model)


@pytest.mark.parametrize("class_weight", [None, "balanced"])
def test_the_training_loss_is_the_mean_over_examples(fit, sequences, tmp_path, class_weight):
    """Fillers count nothing; balanced, every class counts the same however rare it is."""
    with np.load(sequences / "classes.npz") as file:
        keep = np.concatenate([np.flatnonzero(file["y"] == name)[:n] for name, n in (("a", 40), ("b", 20), ("c", 7))])
        np.savez(tmp_path / "uneven.npz", **{name: file[name][keep] for name in file.files})
    data = SequenceClassification(str(tmp_path / "uneven.npz"), validation=0, test=0)
    settings = {"data": data, "class_weight": class_weight, "epochs": 1, "learning_rate": 1e-12}  # nothing moves
    run = fit(hyperparameters={"units": 8, "dropout": 0.0}, **settings)
    train = data.load().parts["train"]
    logits = np.concatenate([run.model.predict_on_batch(x[None]) for x in train.x]).astype("float64")
    losses = -log_softmax(logits, axis=1)[np.arange(67), train.y]
    expected = losses.mean()
    if class_weight:
        expected = np.mean([losses[train.y == c].mean() for c in range(3)])
    assert history(run)[0]["loss"] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("precision", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision(fit, precision):
    """It learns, its weights stay float32, it resumes exactly, and the process is as before."""
    before = keras.config.dtype_policy()
    settings = {"precision": precision, "learning_rate": 0.02}
    fit("parts", epochs=1, **settings)
    parts, whole = fit("parts", epochs=3, **settings), fit("whole", epochs=3, **settings)
    assert keras.config.dtype_policy() == before
    assert {w.dtype for w in parts.model.get_weights()} == {np.dtype("float32")}
    assert any(layer.compute_dtype != "float32" for layer in parts.model.get_layer("body").layers)
    assert same_weights(parts.model, whole.model)
    assert history(parts)[-1]["val_loss"] < history(parts)[0]["val_loss"]


def test_transfer_keeps_the_body(finished, fit):
    run = fit(task="regression", weights=str(finished.folder), trainable_body=False, learning_rate=0.1, epochs=2)
    assert same_weights(run.model.get_layer("body"), finished.model.get_layer("body"))
    fresh = fit("fresh", task="regression", epochs=1)
    assert not same_weights(fresh.model.get_layer("body"), finished.model.get_layer("body"))


def test_transfer_starts_where_the_other_ended(finished, fit):
    run = fit(weights=str(finished.folder), epochs=1, learning_rate=1e-12)
    assert run.results["metrics"]["test"] == pytest.approx(finished.results["metrics"]["test"], abs=1e-4)


def test_transfer_refuses_another_shape(finished, fit):
    with pytest.raises(InvalidValue, match="body"):
        fit(weights=str(finished.folder), units=5)
    with pytest.raises(InvalidValue, match="nowhere"):
        fit(weights="nowhere")


def test_seeds_decide(fit):
    a, b, c = fit("a", epochs=1), fit("b", epochs=1), fit("c", epochs=1, seed=1)
    assert same_weights(a.model, b.model)
    assert not same_weights(a.model, c.model)


def test_class_weights_belong_to_classification(recipe):
    with pytest.raises(InvalidValue, match="class_weight"):
        recipe(task="regression", data=SequenceRegression("x.npz"), class_weight="balanced").check()


def test_many_differences_are_named_in_part():
    there = {"name": "imdb", "model": "gru", "units": 8, "epochs": 3, "limit": None, "seed": 0}
    here = {"name": "digits", "model": "lstm", "units": 16, "epochs": 4, "limit": 10, "seed": 0}
    words = "name='imdb' there, 'digits' here; model='gru' there, 'lstm' here; epochs=3 there, 4 here; "
    assert differences(there, here) == words + "limit=None there, 10 here; 1 more"
    assert differences(there, there) == ""
