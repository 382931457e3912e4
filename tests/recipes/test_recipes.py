"""The recipes end where they say they do."""

import csv
import importlib.util
import json
import re
from pathlib import Path

import numpy as np
import pytest

from rnnzoo import build, cli
from rnnzoo import layers as kernels
from rnnzoo.data import builders

FOLDER = Path(__file__).parents[2] / "recipes"


def script(name):
    """Import a recipe's script."""
    spec = importlib.util.spec_from_file_location(f"recipe_{name}", FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def recipe(name):
    """Return the recipe of a script."""
    return script(name).recipe


def train(name, folder, *arguments):
    """Run the train command; return results and history."""
    cli.main(recipe(name), ["train", "--run", str(folder), *arguments])
    with open(folder / "history.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    return json.loads((folder / "results.json").read_text()), rows


@pytest.mark.slow
@pytest.mark.parametrize("model", ["lstm", "mlp"])
def test_lab(tmp_path, capsys, model):
    results, rows = train("lab", tmp_path / "run", "--model", model)
    assert len(rows) == 100
    assert results["metrics"]["train"]["loss"] < 0.02
    assert results["metrics"]["train"]["accuracy"] == 1.0
    said = capsys.readouterr().out
    assert re.findall(r"^epoch +(\d+)/100 .*loss", said, re.MULTILINE) == ["20", "40", "60", "80", "100"]


def test_lab_data():
    found = recipe("lab").data.load(batch_size=10).parts["train"]
    x = np.stack(found.x)
    assert x.shape == (10, 5, 2)
    assert (x[found.y == 0].max(axis=(0, 1)) < x[found.y == 1].min(axis=(0, 1))).all()  # low values against high


def test_every_test_of_memory_has_a_recipe_and_a_data_set():
    memory = script("memory")
    known = {config.name for config in builders.memory.Builder.BUILDER_CONFIGS}
    for task in memory.TASKS:
        made = memory.recipe_of(task, 200).check()
        assert made.name == f"memory_{task}_200"
        if task == "adding":
            assert made.data.source == "adding/t200"
        else:
            assert made.data.dataset.removeprefix("memory/") in known


def test_digits_builds():
    digits = recipe("digits").check()
    splits = digits.data.load(batch_size=digits.batch_size)
    assert {name: len(part) for name, part in splits.parts.items()} == {"train": 1293, "validation": 144, "test": 360}
    assert digits.data.inputs == {"features": 8, "outputs": 10}
    model = build(digits.model, digits.task, **digits.data.inputs, **digits.hyperparameters)
    x, y, weight = next(splits.parts["train"].arrays())
    assert np.isfinite(model.train_on_batch(x, y, weight)).all()
    assert model.predict_on_batch(x).shape == (32, 10)


@pytest.mark.slow
def test_digits(tmp_path):
    results, _ = train("digits", tmp_path / "run")
    assert results["metrics"]["test"]["accuracy"] >= 0.97


@pytest.mark.slow
def test_eight_layers_train_as_well_as_two(tmp_path):
    accuracy = {}
    for layers in (2, 8):
        arguments = ["--model", "stacked_gru", "--set", f"num_layers={layers}"]
        results, _ = train("digits", tmp_path / str(layers), *arguments)
        accuracy[layers] = {split: found["accuracy"] for split, found in results["metrics"].items()}
    for split in ("validation", "test"):
        assert accuracy[8][split] >= accuracy[2][split] - 0.02


def test_shakespeare(tmp_path, tfds_dir):
    settings = ["--model", "simple_rnn", "--set", "units=8", "--sequence-length", "16", "--limit", "64"]
    results, _ = train("shakespeare", tmp_path / "run", "--epochs", "1", *settings)
    assert set(results["metrics"]) == {"validation"}
    assert results["metrics"]["validation"]["loss"] < 4.5


@pytest.mark.slow
def test_sine(tmp_path):
    results, _ = train("sine", tmp_path / "run", "--data-dir", str(tmp_path / "data"))
    scores = results["metrics"]["test"]
    assert scores["r2_by_step"] >= 0.99
    assert scores["rmse_fed_back"] < 0.1


@pytest.mark.slow
def test_adding(tmp_path):
    results, _ = train("adding", tmp_path / "run", "--data-dir", str(tmp_path / "data"))
    assert results["metrics"]["test"]["mse"] < 1e-3


@pytest.mark.slow
def test_ett(tmp_path, tfds_dir):
    """The direct linear forecast reaches what is published for it, by the same windows."""
    if not (Path(tfds_dir) / "ett" / "h1").is_dir():
        pytest.skip("ett/h1 is not prepared")
    results, _ = train("ett", tmp_path / "run", "--model", "nlinear", "--lookback", "336")
    assert results["metrics"]["test"]["mse"] < 0.38


TINY = ["--limit", "24", "--epochs", "1", "--set", "units=4", "--batch-size", "8"]


def test_dates_prepares_its_data_and_trains(tmp_path, monkeypatch):
    monkeypatch.setattr(builders.dates, "SIZES", {"train": 60, "validation": 30, "test": 30})
    folder = tmp_path / "run"
    with kernels.use("general"):  # compiles in no time
        results, rows = train("dates", folder, *TINY, "--data-dir", str(tmp_path / "data"))
    assert list(results["metrics"]) == ["validation", "test"]
    assert results["measure"] == "exact_match"
    assert results["metrics"]["test"]["loss"] < 4
    assert {"val_loss", "val_accuracy"} <= rows[0].keys()
    assert (folder / "plots" / "lengths.png").is_file()


@pytest.mark.slow
def test_scan_has_its_own_test(tmp_path, tfds_dir):
    with kernels.use("general"):
        results, _ = train("scan", tmp_path / "run", *TINY)
    assert list(results["metrics"]) == ["validation", "test"]


@pytest.mark.slow
def test_translate_takes_your_own_pairs(tmp_path, capsys):
    path = tmp_path / "pairs.tsv"
    words = ["one two", "two three", "three one", "four", "one four three"]
    path.write_text("german\tenglish\n" + "".join(f"{w[::-1]} {i}\t{w} {i}\n" for i in range(8) for w in words))
    own = ["--dataset", str(path), "--source", "german", "--target", "english", "--vocabulary-size", "60"]
    with kernels.use("general"):
        results, _ = train("translate", tmp_path / "run", *own, *TINY, "--embedding-dim", "4")
    assert results["dataset"] == "pairs.tsv"
    assert results["measure"] == "bleu"
    with pytest.raises(SystemExit) as stopped:
        train("translate", tmp_path / "other", "--dataset", str(path), "--source", "french", *TINY)
    assert stopped.value.code == 2
    assert "has the columns german, english" in capsys.readouterr().err


@pytest.mark.slow
def test_dates(tmp_path):
    results, _ = train("dates", tmp_path / "run", "--data-dir", str(tmp_path / "data"))
    assert results["metrics"]["test"]["exact_match"] >= 0.99
