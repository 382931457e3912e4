"""A model in a module of one's own: named at training, remembered by the run, imported again only when trusted."""

import json
import shutil
import sys
from pathlib import Path

import pytest
from refusals import one_sentence
from rich.console import Console

import rnnzoo
from rnnzoo import cli, registry
from rnnzoo.training.recipe import Recipe

MODULE = '''
import pathlib
import keras
from rnnzoo import register

pathlib.Path("imported").touch()

@register
def twofold(x, *, return_sequences, units=6):
    """Twofold: the mean of a dense layer."""
    x = keras.layers.Dense(units, name="dense")(x)
    return x if return_sequences else keras.layers.GlobalAveragePooling1D(name="mean")(x)
'''


@pytest.fixture
def forgetful(tmp_path, monkeypatch, clean_registry):
    """Lay the module into the working folder; return what forgets it, as a new process would."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "their_models.py").write_text(MODULE)
    monkeypatch.setattr(sys, "path", [*sys.path])

    def forget():
        sys.modules.pop("their_models", None)
        registry._models.pop("twofold", None)
        (tmp_path / "imported").unlink(missing_ok=True)
        return tmp_path / "imported"

    yield forget
    forget()


def test_a_module_is_remembered_by_the_run_and_imported_when_it_is_trusted(forgetful, capsys):
    short = ["--epochs", "1", "--limit", "60", "--set", "units=3"]
    cli.entry_point(["train", "digits", "--import", "their_models", "--model", "twofold", *short, "--run", "run"])
    assert json.loads(Path("run/config.json").read_text())["imports"] == ["their_models"]
    image = json.dumps([[0.0] * 8] * 8)
    witness = forgetful()
    for enter in (lambda run: run.model, lambda run: run.evaluate(), lambda run: run.recipe):
        one_sentence(lambda enter=enter: enter(rnnzoo.load("run")), "only if you trust it.*their_models")
    with pytest.raises(SystemExit):
        cli.entry_point(["predict", "run", image])
    assert not witness.exists()
    cli.entry_point(["predict", "run", image, "--trust"])
    assert witness.exists()
    forgetful()
    assert rnnzoo.load("run", trust=True).evaluate()
    assert rnnzoo.load("run").model.name == "twofold"  # this program knows it by now
    capsys.readouterr()


def test_a_run_of_a_model_that_no_module_is_named_for_says_what_to_do(forgetful, recipe):
    sys.path.append(".")
    import their_models  # noqa: F401

    run = rnnzoo.train(recipe(model="twofold", units=3, epochs=1), "run", console=Console(quiet=True))
    assert run.results["model"] == "twofold"
    forgetful()
    one_sentence(lambda: rnnzoo.load("run").model, "train with --import MODULE.*'twofold'")
    shutil.rmtree("run")


@pytest.mark.parametrize(
    ("imports", "said"),
    [(("no_such",), "No module named.*no_such"), (("a/b",), "as import names it"), ("os", "must be words")],
)  # fmt: skip
def test_what_is_no_module_is_refused(recipe, imports, said):
    one_sentence(lambda: recipe(imports=imports).check(), said)
    if isinstance(imports, tuple):
        one_sentence(lambda: Recipe.from_config({**recipe().to_config(), "imports": imports}, trust=True), said)
