"""The command lines: what they do, and that a mistake is one sentence and exit status 2."""

import dataclasses
import io
import json
import resource
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from rnnzoo import Recipe, cli, load
from rnnzoo.data import SequenceClassification


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Make a folder with data: 60 sequences of 4 steps x 2 features, of the classes low and high."""
    folder = tmp_path_factory.mktemp("home")
    rng = np.random.default_rng(0)
    kind = np.arange(60) % 2
    x = rng.normal(2.0 * kind[:, None, None], 0.3, (60, 4, 2)).astype("float32")
    np.savez(folder / "data.npz", x=x, y=np.array(["low", "high"])[kind])
    return folder


@pytest.fixture(scope="module")
def recipe(home):
    """Return a recipe for it that trains in a moment."""
    data = SequenceClassification(str(home / "data.npz"))
    return Recipe(name="tiny", task="classification", data=data, model="mlp", hyperparameters={"units": 4}, epochs=1)


@pytest.fixture(scope="module")
def run(recipe, home):
    """Train it once, from the command line."""
    cli.main(recipe, ["train", "--run", str(home / "run"), "--epochs", "3", "--learning-rate", "0.05"])
    return str(home / "run")


@pytest.fixture
def call(recipe, tmp_path, monkeypatch, capsys):
    """Return a function that runs a command in an empty folder and returns what it printed."""
    monkeypatch.chdir(tmp_path)

    def run_it(*arguments, zoo=False):
        capsys.readouterr()
        cli.entry_point(arguments) if zoo else cli.main(recipe, arguments)
        return capsys.readouterr().out

    return run_it


def refused(capsys, function, *arguments):
    """Assert that a command ends with status 2 and one line on standard error; return the line."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as caught:
        function(*arguments)
    said = capsys.readouterr().err
    assert caught.value.code == 2
    assert said.startswith("error: ")
    assert said.count("\n") == 1
    assert "Traceback" not in said
    return said


# Wrong calls. -------------------------------------------------------------------------------------------------------

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
    "impossible share": (["--test", "2"], "test=2"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_settings(recipe, capsys, tmp_path, monkeypatch, wrong):
    monkeypatch.chdir(tmp_path)
    arguments, expected = WRONG[wrong]
    assert expected in refused(capsys, cli.main, recipe, ["train", *arguments])
    assert not list(tmp_path.iterdir())  # nothing was begun


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
        (["--file", str(tmp_path / "other.npz")], "Cannot read"),
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


SCRIPT = """
import sys
from rnnzoo import Recipe, cli
from rnnzoo.data import SequenceClassification
data = SequenceClassification(sys.argv.pop(1))
cli.main(Recipe(name="tiny", task="classification", data=data, model="mlp", epochs=1))
"""


def test_a_full_disk(home, tmp_path):
    """No file may be larger than 16 kB: the model is."""
    found = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(home / "data.npz"), "train", "--run", "run", "--set", "units=64"],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (16_000, 16_000)),
    )  # fmt: skip
    assert found.returncode == 2, found.stderr
    assert found.stderr.startswith("error: Cannot write ")
    assert found.stderr.count("\n") == 1
    assert {path.name for path in (tmp_path / "run").iterdir()} == {"config.json", "data.json"}


# What the commands do. ----------------------------------------------------------------------------------------------


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


@pytest.mark.parametrize(("form", "sizes"), [("tf_saved_model", []), ("litert", ["--sequence-length", "4"])])
def test_export_answers_the_same(call, run, tmp_path, form, sizes):
    import tensorflow as tf

    path = tmp_path / "exported"
    assert str(path) in call("export", run, "--format", form, "--output", str(path), *sizes, zoo=True)
    x = np.random.default_rng(5).normal(size=(1, 4, 2)).astype("float32")
    if form == "litert":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # TensorFlow announces that its interpreter will move
            interpreter = tf.lite.Interpreter(str(path))
        interpreter.allocate_tensors()
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], x)
        interpreter.invoke()
        found = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    else:
        loaded = tf.saved_model.load(str(path))
        found = np.asarray(loaded.serve(x))
    np.testing.assert_allclose(found, load(run).model.predict_on_batch(x), atol=1e-5)
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".")]


def test_export_needs_sizes(capsys, run):
    assert "--sequence-length" in refused(capsys, cli.entry_point, ["export", run, "--format", "litert"])


def test_compare(call, tmp_path):
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
