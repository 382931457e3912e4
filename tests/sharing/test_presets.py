"""The models that come with the package: each is there, small, told of, and worth what it says."""

import importlib.util
import os
import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest
from marks import others_slow
from refusals import one_sentence, refused

import rnnzoo
from rnnzoo import cli, layers
from rnnzoo.training.catalog import find_recipe

ROOT = Path(__file__).parents[2]
NAMES = [preset.name for preset in rnnzoo.list_presets()]
LARGEST, ALL = 3_000_000, 12_000_000


def script():
    spec = importlib.util.spec_from_file_location("presets", ROOT / "recipes" / "presets.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def data_are_here(name):
    """Tell whether a preset is measured without a download."""
    needed = {"digits": None, "imdb": "imdb_reviews", "english_pos": "universal_dependencies", "etth1": "ett/h1"} | {
        "shakespeare": "tiny_shakespeare"
    }
    folder = needed.get(name, name)
    return folder is None or Path(os.environ.get("TFDS_DATA_DIR", ""), folder).is_dir()


def test_the_list():
    found = rnnzoo.list_presets()
    assert set(NAMES) <= set(script().PRESETS)
    assert {"digits", "dates", "imdb"} <= set(NAMES) == {path.stem for path in (ROOT / "rnnzoo/presets").iterdir()}
    assert sum(preset.size for preset in found) <= ALL
    for preset in found:
        assert preset.size <= LARGEST
        assert preset.model in rnnzoo.list_models(task=preset.task)
        assert abs(preset.quality["trained"] - preset.quality["compact"]) <= 0.002
        assert preset.command == script().PRESETS[preset.name].command
        assert preset.commit
        assert "+" not in preset.commit  # trained from a committed checkout
        assert find_recipe(preset.command.split("/")[1].split(".")[0]).task == preset.task
    assert [preset.name for preset in rnnzoo.list_presets("d*s")] == ["dates", "digits"]
    assert rnnzoo.list_presets("x*") == []
    one_sentence(lambda: rnnzoo.list_presets(5), "Received")


def test_the_command(capsys):
    cli.entry_point(["presets"])
    said = capsys.readouterr().out
    assert all(name in said for name in NAMES)
    assert "digits" in refused(capsys, cli.entry_point, ["presets", "nothing"])


def test_a_preset_answers_at_once(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    good, bad = rnnzoo.load("imdb").predict(["a gorgeous, witty film", "a dull, endless, stupid mess"])
    assert (good["label"], bad["label"]) == ("pos", "neg")
    cli.entry_point(["predict", "imdb", "a gorgeous, witty film"])
    assert "pos" in capsys.readouterr().out
    assert not list(tmp_path.iterdir())
    run = rnnzoo.load("dates")
    assert [answer["text"] for answer in run.predict(["søndag den 5. marts 2023", "3 July 1987"])] == [
        "2023-03-05",
        "1987-07-03",
    ]


def test_what_is_made_of_a_preset_lies_in_a_folder_of_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cli.entry_point(["predict", "dates", "3 July 1987", "--explain"])
    assert [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.png")] == ["dates/plots/explained.png"]


def test_names(finished, tmp_path, monkeypatch):
    """A folder of a preset's name is a path."""
    monkeypatch.chdir(tmp_path)
    assert "Did you mean 'digits'" in one_sentence(lambda: rnnzoo.load("digts"), "presets")
    assert "Did you mean 'digits'" in one_sentence(lambda: rnnzoo.build("cnn_bigru", weights="digts"), "presets")
    shutil.copytree(finished.folder, "digits")
    assert rnnzoo.load("./digits").config["model"] == "mlp"
    assert rnnzoo.load(Path("digits")).config["model"] == "mlp"
    with pytest.warns(UserWarning, match=r"the run folder here is './digits'"):
        assert rnnzoo.load("digits").config["model"] == "cnn_bigru"
    assert "Did you mean 'digits'" in one_sentence(lambda: rnnzoo.load("digitss"), "runs")


def test_weights_of_a_preset():
    model = rnnzoo.build("bilstm", weights="imdb", outputs=5)
    assert model.output_shape == (None, 5)
    theirs = rnnzoo.load("imdb")
    np.testing.assert_array_equal(
        model.get_layer("embedding").get_weights()[0], theirs.model.get_layer("embedding").get_weights()[0]
    )
    assert model.get_layer("embedding").input_dim == len(theirs.data.vocabulary)
    same = rnnzoo.build("bilstm", weights="imdb")
    tokens = theirs.data.encode(["a gorgeous, witty film"])[0][None]
    np.testing.assert_allclose(same(tokens), theirs.model(tokens), atol=1e-6)


def test_training_from_a_preset(tmp_path, monkeypatch, capsys):
    """The model's settings are the preset's, unless they are given; words are matched."""
    monkeypatch.chdir(tmp_path)
    rows = "".join(f"a good film {i},good\na dull film {i},bad\n" for i in range(30))
    Path("reviews.csv").write_text("text,label\n" + rows)
    command = ["train", "text", "--file", "reviews.csv", "--weights", "imdb", "--epochs", "1", "--run", "run"]
    with layers.use("general"):  # compiles in no time
        cli.entry_point(command)
    run = rnnzoo.load("run")
    assert run.config["hyperparameters"]["units"] == rnnzoo.load("imdb").config["hyperparameters"]["units"]
    assert run.config["weights"] == "imdb"
    answers = run.predict(["a good film", "a dull film"])
    assert [answer["label"] for answer in answers] == ["good", "bad"]


@pytest.mark.parametrize("name", others_slow(NAMES, ["digits"]))
def test_a_preset_is_worth_what_it_says(name):
    if not data_are_here(name):
        pytest.skip(f"the data of {name} are not in TFDS_DATA_DIR")
    with warnings.catch_warnings():
        assert script().check([name]) == []
