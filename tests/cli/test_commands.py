"""What the commands do."""

import dataclasses
import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from rnnzoo import cli, layers, load


def test_set_accumulates_and_settings_name_the_run(call):
    call("train", "--set", "units=6", "--set", "dropout=0.1", "--batch-size", "16", "--seed", "3")
    (folder,) = Path("runs").iterdir()
    config = load(folder).config
    assert (config["hyperparameters"]["units"], config["hyperparameters"]["dropout"]) == (6, 0.1)
    assert (config["batch_size"], config["seed"]) == (16, 3)
    assert folder.name == "tiny-mlp-batch_size=16-units=6-dropout=0.1-3"
    assert "Finished already" in call(
        "train", "--set", "units=6", "--set", "dropout=0.1", "--batch-size", "16", "--seed", "3"
    )


def test_settings_beside_weights(recipe, run, call):
    """What is not given is the run's, unless the recipe names weights itself: then its settings are meant for such."""
    own = dataclasses.replace(recipe, hyperparameters={"units": 4, "dropout": 0.25})
    cli.main(own, ["train", "--run", "kept"])
    assert load("kept").config["hyperparameters"]["dropout"] == 0.25
    theirs = load(run).config["hyperparameters"]["dropout"]
    assert theirs != 0.25
    cli.main(own, ["train", "--run", "taken", "--weights", run])
    assert load("taken").config["hyperparameters"]["dropout"] == theirs
    cli.main(dataclasses.replace(own, weights="kept"), ["train", "--run", "others", "--weights", run])
    assert load("others").config["hyperparameters"]["dropout"] == 0.25
    assert load("others").config["weights"] == run


def test_training_says_where_its_plots_are(call, tmp_path):
    said = call("train")
    assert "runs/tiny-mlp-0/plots/curves.png" in said
    assert (tmp_path / "runs/tiny-mlp-0/plots/curves.png").is_file()


def test_predict_takes_inputs_files_and_lines(call, run, home, tmp_path, monkeypatch):
    with np.load(home / "data.npz") as file:
        x = file["x"][:4]
    expected = [(a["label"], round(a["probability"], 4)) for a in load(run).predict(list(x))]
    assert [label for label, _ in expected] == ["low", "high", "low", "high"]
    words = [json.dumps(row.tolist()) for row in x]
    np.save(tmp_path / "x.npy", x)
    np.savez(tmp_path / "x.npz", x=x)
    long = np.concatenate([x, np.full((4, 9, 2), 50.0, "float32")], axis=1)
    np.savez(tmp_path / "cut.npz", x=long, lengths=[4] * 4)
    (tmp_path / "x.txt").write_text("\n".join(words) + "\n\n")
    ways = [words, *(["--file", str(tmp_path / name)] for name in ("x.npy", "x.npz", "cut.npz", "x.txt")), ["-"]]
    for way in ways:
        monkeypatch.setattr(sys, "stdin", io.StringIO("\n".join(words) + "\n"))
        lines = call("predict", run, *way).splitlines()
        assert [(w[0], float(w[1])) for w in (line.split() for line in lines)] == expected
    answers = [json.loads(line) for line in call("predict", run, *words, "--json").splitlines()]
    assert [(a["label"], round(a["probability"], 4)) for a in answers] == expected


def test_evaluate(call, run, home):
    expected = load(run).results["metrics"]["test"]
    found = {name: float(value) for name, value in (line.split() for line in call("evaluate", run).splitlines())}
    assert found == pytest.approx(expected, abs=1e-4)
    said = call("evaluate", run, "--file", str(home / "data.npz"))
    assert said.split()[:2] == ["loss", f"{load(run).evaluate(str(home / 'data.npz'))['loss']:.4f}"]


def test_summary_and_runs(call, run, home, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    said = call("summary", run, zoo=True)
    assert '"learning_rate": 0.05' in said
    assert '"best_epoch"' in said
    assert "dense_1" in said
    _header, row = call("runs", str(home), zoo=True).splitlines()
    accuracy = load(run).results["metrics"]["test"]["accuracy"]
    assert row.split()[:3] == ["run", "mlp", "3"]
    assert f"accuracy {accuracy:.4f}" in row


@pytest.mark.parametrize("command", [["list", "*lstm*"], ["describe", "bilstm"]])
def test_names_are_shown_without_a_backend(command):
    code = (
        f"import sys; from rnnzoo import cli; cli.entry_point({command!r}); "
        "loaded = {'keras', 'tensorflow', 'numpy', 'jax', 'torch'} & sys.modules.keys(); "
        "sys.exit(f'loaded {loaded}' if loaded else 0)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert found.returncode == 0, found.stderr
    assert "bilstm" in found.stdout
    assert "gru " not in found.stdout


def test_compare(call, tmp_path, drawn):
    with layers.use("general"):  # compiles in no time
        said = call("compare", "--models", "mlp,simple_rnn", "--seeds", "0,1", "--set", "units=4", "--epochs", "2")
    rows = json.loads((tmp_path / "runs/tiny-compare/compare.json").read_text())
    assert {row["model"] for row in rows} == {"mlp", "simple_rnn"}
    assert rows[0]["accuracy"] >= rows[1]["accuracy"]
    for row in rows:
        runs = [load(path).results for path in (tmp_path / "runs").glob(f"tiny-{row['model']}-*")]
        values = [r["metrics"]["test"]["accuracy"] for r in runs]
        assert len(values) == 2
        assert row["accuracy"] == pytest.approx(np.mean(values))
        assert row["deviation"] == pytest.approx(np.std(values, ddof=1))
        assert f"{row['model']} {np.mean(values):.4f}" in " ".join(said.split())
    assert (tmp_path / "runs/tiny-compare/compare.png").stat().st_size > 5_000
