"""Run folders: what they hold, and using them again."""

import json
import shutil

import keras
import numpy as np
import pytest
from run_files import history
from scipy.special import log_softmax
from sklearn import metrics as sk

import rnnzoo
from rnnzoo.data import SequenceClassification
from rnnzoo.errors import InvalidValue, UserError
from rnnzoo.training.runs import list_runs

KEYS = {"recipe", "dataset", "task", "model", "hyperparameters", "parameters", "metrics"} | {
    "seconds",
    "epochs",
    "seed",
    "device",
    "versions",
    "commit",
}


# What is in the folder. ---------------------------------------------------------------------------------------------


def test_contents(finished):
    names = {str(path.relative_to(finished.folder)) for path in finished.folder.rglob("*") if path.is_file()}
    drawn = ("curves", "input_lengths", "inputs", "confusion", "roc", "wrong")
    plots = {f"plots/{name}.png" for name in drawn}
    sealed = plots | {"config.json", "data.json", "checkpoint", "model.keras", "history.csv", "results.json"}
    assert names == sealed | {"manifest.json", "report.html"}
    assert json.loads((finished.folder / "manifest.json").read_text())["files"].keys() == sealed


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
    own = {"mse_original", "rmse_original", "mae_original"}
    assert {"loss", "mse", "rmse", "mae", "r2"} | own == run.results["metrics"]["test"].keys()
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
