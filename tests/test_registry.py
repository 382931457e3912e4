"""Names, patterns, registration; and what must not be imported for them."""

import json
from typing import Annotated, Literal, TypedDict, Unpack

import pytest

import rnnzoo
from rnnzoo.errors import InvalidType, InvalidValue
from rnnzoo.hyperparameters import Default, HyperParameter

FORBIDDEN = ("keras", "tensorflow", "jax", "torch")


def test_names_are_sorted_and_match_patterns():
    names = rnnzoo.list_models()
    assert names == sorted(names)
    assert {"mlp", "simple_rnn", "lstm", "gru", "birnn", "bilstm", "bigru", "layernorm_lstm"} <= set(names)
    assert {"stacked_rnn", "stacked_lstm", "stacked_gru", "stacked_bilstm", "stacked_bigru"} <= set(names)
    assert rnnzoo.list_models("*lstm*") == [name for name in names if "lstm" in name]
    assert rnnzoo.list_models("cnn_???m") == ["cnn_lstm"]
    assert rnnzoo.list_models("nothing*") == []


@pytest.mark.parametrize("pattern", [5, None, ["lstm"], b"lstm"])
def test_a_pattern_is_a_string(pattern):
    with pytest.raises(InvalidType, match=r"^pattern must be a string with wildcards\. Received: pattern="):
        rnnzoo.list_models(pattern)


def test_tasks_follow_from_the_signature():
    assert "mlp" not in rnnzoo.list_models(task="tagging")
    assert "mlp" in rnnzoo.list_models(task="forecasting")
    speaking = rnnzoo.list_models(task="language_modeling")
    assert {"lstm", "gru", "cnn_lstm", "stacked_gru", "layernorm_lstm"} <= set(speaking)
    assert not [name for name in speaking if "bi" in name]
    with pytest.raises(InvalidValue, match=r"Did you mean 'tagging'.*Received: task='taging'$"):
        rnnzoo.list_models(task="taging")


def test_describe():
    info = rnnzoo.describe("bilstm")
    assert info.name == "bilstm"
    assert info.summary == "Bidirectional LSTM: reads the sequence from both ends."
    assert info.paper.startswith("https://")
    assert info.tasks == ("classification", "regression", "forecasting", "tagging", "multilabel")
    assert not info.causal
    assert info.hyperparameters["units"].default == 64
    assert info.hyperparameters["dropout"].kind is float
    assert info.hyperparameters["pooling"].choices == ("last", "mean", "max", "mean_max", "concat")
    assert "return_sequences" not in info.hyperparameters


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("simple_rnn", "units num_layers dropout recurrent_dropout l2 pooling activation"),
        ("stacked_bigru", "units num_layers dropout recurrent_dropout l2 pooling"),
        ("cnn_lstm", "filters kernel_size units num_layers dropout recurrent_dropout l2 pooling"),
        ("bilstm_luong", "units num_layers dropout recurrent_dropout l2 alignment"),
        ("seq2seq_bahdanau", "units num_layers dropout scheduled_sampling"),
        ("seq2seq_luong", "units num_layers dropout bidirectional alignment input_feeding scheduled_sampling"),
        ("han", "units sentence_length dropout recurrent_dropout l2"),  # its signature's
        ("lstnet", "units filters kernel_size period lags dropout"),
    ],
)
def test_the_order_that_names_runs_and_seeds_searches_stays(name, words):
    assert " ".join(rnnzoo.describe(name).hyperparameters) == words


@pytest.mark.parametrize("name", rnnzoo.list_models())
def test_every_entry_is_complete(name):
    info = rnnzoo.describe(name)
    assert info.name == name == name.lower()
    assert info.summary.endswith(".")
    assert len(info.summary) < 120
    assert info.paper.startswith("https://")
    assert info.tasks
    assert all(dial.help for dial in info.hyperparameters.values())


@pytest.mark.parametrize(("wrong", "right"), [("bilstn", "bilstm"), ("gruu", "gru"), ("stackedlstm", "stacked_lstm")])
def test_an_unknown_name_gets_the_closest(wrong, right):
    with pytest.raises(InvalidValue, match=rf"^Unknown model. Did you mean '{right}'.*Received: '{wrong}'$"):
        rnnzoo.describe(wrong)


def test_an_unknown_name_without_a_close_one():
    with pytest.raises(InvalidValue, match=r"^Unknown model. `rnnzoo list` shows all \d+. Received: 'xylophone'$"):
        rnnzoo.describe("xylophone")


def test_a_name_is_a_string():
    with pytest.raises(InvalidType, match=r"must be a string. Received: 7$"):
        rnnzoo.describe(7)  # type: ignore[arg-type]


@pytest.mark.usefixtures("clean_registry")
def test_register_reads_annotations():
    @rnnzoo.register(paper="https://example.org", causal=True)
    def mine(
        x,
        *,
        return_sequences,
        units=8,
        heat: Annotated[float, HyperParameter(float, low=0, below=9, help="how hot")] = 1,
        colour: Literal["red", "blue"] = "red",
        fast=False,
    ):
        """Mine: first line.

        Not this one.
        """

    info = rnnzoo.describe("mine")
    assert info.summary == "Mine: first line."
    assert info.causal
    assert "language_modeling" in info.tasks
    assert info.hyperparameters["heat"].default == 1.0
    assert type(info.hyperparameters["heat"].default) is float
    assert info.hyperparameters["colour"].choices == ("red", "blue")
    assert info.hyperparameters["fast"].kind is bool
    found = info.check("regression", {"heat": 3, "fast": True})
    assert found == {"units": 8, "heat": 3.0, "colour": "red", "fast": True}
    for word, value in (("heat", 9), ("heat", -1), ("colour", "green"), ("heat", float("nan"))):
        with pytest.raises(InvalidValue, match=rf"^{word} must be .* Received: {word}="):
            info.check("classification", {word: value})
    for word, value in (("heat", "hot"), ("colour", 3), ("fast", 1), ("units", True), ("units", 2.0)):
        with pytest.raises(InvalidType, match=rf"^{word} must be .* Received: {word}="):
            info.check("classification", {word: value})


@pytest.mark.usefixtures("clean_registry")
def test_tasks_of_other_signatures():
    @rnnzoo.register
    def answers_itself(x, *, outputs, units=8):
        """Give the answer."""

    @rnnzoo.register
    def forecasts_itself(x, *, outputs, horizon):
        """Give the forecast."""

    @rnnzoo.register(tasks=["regression"])
    def only_values(x, *, units=8):
        """Give values."""

    assert rnnzoo.describe("answers_itself").tasks == ("classification", "regression", "multilabel")
    assert rnnzoo.describe("forecasts_itself").tasks == ("forecasting",)
    assert rnnzoo.describe("only_values").tasks == ("regression",)
    assert not rnnzoo.describe("forecasts_itself").hyperparameters


@pytest.mark.usefixtures("clean_registry")
def test_register_refuses():
    def lstm(x, *, units=8):
        """Another one."""

    def silent(x, *, units=8):
        pass

    def strange(x, *, flux=1.0):
        """Has a keyword without a meaning."""

    def bare(x, *, units):
        """Has no default."""

    def wild(x, *, units=0):
        """Has a default out of bounds."""

    def bare_field(x, **options: Unpack[TypedDict("Bare", {"units": int})]):
        """Has a field without a default."""

    def strange_field(x, **options: Unpack[TypedDict("Strange", {"flux": Annotated[float, Default(1.0)]})]):
        """Has a field without a meaning."""

    def wild_field(x, **options: Unpack[TypedDict("Wild", {"units": Annotated[int, Default(0)]})]):
        """Has a field with a default out of bounds."""

    for body, error, words in (
        (lstm, InvalidValue, "registered already, from rnnzoo.models.classic.*Received: .*lstm$"),
        (silent, InvalidValue, "docstring is its summary.*Received: silent$"),
        (strange, InvalidType, "no hyper-parameter of this name.*Annotated.*Received: flux$"),
        (bare, InvalidType, "needs a default; .* Received: units$"),
        (wild, InvalidValue, "units must be a whole number >= 1 and < 10,000. Received: units=0$"),
        (bare_field, InvalidType, r"needs a default; in a TypedDict .*Default\(.*Received: units$"),
        (strange_field, InvalidType, "no hyper-parameter of this name.*Annotated.*Received: flux$"),
        (wild_field, InvalidValue, "units must be a whole number >= 1 and < 10,000. Received: units=0$"),
    ):
        with pytest.raises(error, match=words):
            rnnzoo.register(body)
        assert body is lstm or body.__name__ not in rnnzoo.list_models()


@pytest.mark.usefixtures("clean_registry")
def test_registering_the_same_function_again_is_a_reload():
    info = rnnzoo.describe("lstm")
    assert rnnzoo.register(info.function, paper="new", causal=True) is info.function
    assert rnnzoo.describe("lstm").paper == "new"


# What is not imported. ---------------------------------------------------------------------------------------------

LOADED = """
import json, sys
{code}
print("LOADED", json.dumps(sorted({{name.partition(".")[0] for name in sys.modules}})))
"""


@pytest.mark.parametrize(
    "code",
    [
        "import rnnzoo",
        "import rnnzoo; rnnzoo.list_models('*lstm*', task='tagging'); rnnzoo.describe('bilstm')",
        "from rnnzoo import cli; cli.entry_point(['list', '*lstm*'])",
        "from rnnzoo import cli; cli.entry_point(['describe', 'bilstm'])",
    ],
)
def test_names_need_no_backend(python, code):
    done = python(LOADED.format(code=code))
    assert done.returncode == 0, done.stderr
    loaded = json.loads(done.stdout.rpartition("LOADED ")[2])
    assert "rnnzoo" in loaded
    assert not {*FORBIDDEN, "numpy"} & set(loaded)


def test_bodies_and_builder_import_where_keras_is_not_installed(python):
    code = """
FORBIDDEN = {forbidden}
import importlib, pkgutil, sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in FORBIDDEN:
            raise ModuleNotFoundError(f"{name} is not installed")

sys.meta_path.insert(0, Blocked())
import rnnzoo, rnnzoo.models

names = ["registry", "hyperparameters", "builder", "weights", "rebuilding", "cli"]
names += ["models." + module.name for module in pkgutil.iter_modules(rnnzoo.models.__path__)]
for name in names:
    importlib.import_module("rnnzoo." + name)
try:
    import keras
except ModuleNotFoundError:
    print("BLOCKED", len(names))
""".replace("{forbidden}", repr(FORBIDDEN))
    done = python(code)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.rpartition("BLOCKED ")[2]) >= 13


def test_bodies_import_the_registry_and_not_the_other_way_round(python):
    code = """
import rnnzoo.models.blocks, sys
print("rnnzoo.registry" in sys.modules)
from rnnzoo.models import classic
import rnnzoo
print(rnnzoo.describe("lstm").function is classic.lstm, "han" in rnnzoo.list_models())
"""
    done = python(code)
    assert done.stdout == "False\nTrue True\n", done.stderr


def test_public_names():
    assert {"build", "list_models", "describe", "register", "rebuild", "load", "train", "Recipe"} <= set(dir(rnnzoo))
    with pytest.raises(AttributeError, match=r"no attribute 'bild'"):
        rnnzoo.bild  # noqa: B018
