"""What is searched: the default space, narrowed and widened."""

import numpy as np
import pytest
from refusals import one_sentence

from rnnzoo.search.space import make_space
from rnnzoo.training.catalog import find_recipe


def space(recipe, models=("gru",), lengths=True, tokens=True, **search):
    facts = {"longest": 100, "examples": 1000, "lengths": lengths, "tokens": tokens}
    return {d.name: d for d in make_space(recipe, models, search, **facts)}


@pytest.mark.parametrize(
    ("name", "value"), [("embedding_dim", (8, 16)), ("word_dropout", (0.1, 0.3)), ("embedding", ["random", "ppmi"])]
)
def test_numbers_have_no_vectors_to_search(recipe, name, value):
    assert name in space(recipe(model="gru"), **{name: value})
    one_sentence(lambda: space(recipe(model="gru"), tokens=False, **{name: value}), "nothing of this name to search")


def test_the_length_of_pictures_is_searched_only_if_told(recipe):
    digits = find_recipe("digits")
    assert not digits.data.searches_sequence_length(np.array([8, 8, 8]))
    assert digits.data.searches_sequence_length(np.array([3, 8]))
    assert find_recipe("text").data.searches_sequence_length(np.array([8, 8]))
    assert "sequence_length" not in space(recipe(model="gru"), lengths=False)
    assert space(recipe(model="gru"), lengths=False, sequence_length=(2, 8))["sequence_length"].high == 8


def test_the_default_space(recipe):
    found = space(recipe(model="gru", units=64, learning_rate=0.5, sequence_length=30))
    assert list(found) == ["learning_rate", "units", "num_layers", "dropout", "sequence_length", "batch_size"]
    assert (found["learning_rate"].low, found["learning_rate"].high, found["learning_rate"].log) == (1e-4, 1e-2, True)
    assert found["learning_rate"].start == 1e-2  # the recipe's own lies outside
    assert (found["units"].low, found["units"].high, found["units"].start, found["units"].whole) == (16, 256, 64, True)
    assert (found["sequence_length"].low, found["sequence_length"].high) == (16, 100)  # no sequence is longer
    assert found["sequence_length"].start == 30


def test_recipe_and_caller_narrow_and_widen_it(recipe):
    own = recipe(model="gru", search={"units": (32, 64), "pooling": ["last", "mean"], "dropout": None})
    found = space(own, units=[8, 16], optimizer=["adam", "sgd"], l2=(1e-6, 1e-4))
    assert found["units"].choices == (8, 16)
    assert found["pooling"].choices == ("last", "mean")
    assert found["optimizer"].choices == ("adam", "sgd")
    assert (found["l2"].low, found["l2"].high) == (1e-6, 1e-4)
    assert "dropout" not in found
    assert "search" not in own.to_config()
