"""The importance of settings, on trials whose score is known to come from some of them alone."""

import math

import numpy as np
import pytest

from rnnzoo.pictures.search import importance as picture
from rnnzoo.search.analysis.importance import importance
from rnnzoo.search.space import Dimension
from rnnzoo.search.trials import DONE, Trial

pytestmark = pytest.mark.draws

SPACE = [
    Dimension("learning_rate", 1e-3, 1e-4, 1e-1, log=True),
    Dimension("units", 32, 16, 256, whole=True, log=True),
    Dimension("pooling", "last", choices=("last", "mean", "max")),
    Dimension("kernel_size", 3, 2, 5, whole=True, models=("cnn",)),
]


def trials(score, count=40, seed=0):
    rng = np.random.default_rng(seed)
    found = []
    for i in range(count):
        settings = {
            "learning_rate": float(10 ** rng.uniform(-4, -1)),
            "units": int(2 ** rng.uniform(4, 8)),
            "pooling": ("last", "mean", "max")[rng.integers(3)],
        }
        if i % 3:
            settings["kernel_size"] = int(rng.integers(2, 6))
        score_ = float(score(settings) + rng.normal(0, 0.01))
        found.append(Trial(f"{i:04}", {}, 0, 0, settings, i, state=DONE, score=score_))
    return found


def by_rate(settings):
    return -((math.log10(settings["learning_rate"]) + 2.5) ** 2)


@pytest.mark.parametrize(
    ("score", "first"),
    [
        (by_rate, "learning_rate"),
        (lambda s: {"last": 0, "mean": 1, "max": 0.2}[s["pooling"]], "pooling"),
        (lambda s: float("kernel_size" in s), "kernel_size"),
    ],
)
def test_what_decides_comes_first(score, first):
    found = importance(trials(score), SPACE)
    assert next(iter(found)) == first
    assert found[first] > 0.7
    assert sum(found.values()) == pytest.approx(1)
    assert list(found.values()) == sorted(found.values(), reverse=True)
    assert importance(trials(score), SPACE) == found


def test_two_that_decide_share_it():
    found = importance(trials(lambda s: by_rate(s) + (s["pooling"] == "mean")), SPACE)
    assert {*list(found)[:2]} == {"learning_rate", "pooling"}


def test_noise_and_few_trials_tell_nothing():
    assert importance(trials(lambda s: 0.0), SPACE) == {}
    assert importance(trials(by_rate, count=7), SPACE) == {}
    assert importance(trials(by_rate), []) == {}


def test_the_picture_has_a_bar_for_each():
    shares = importance(trials(by_rate), SPACE)
    (axes,) = picture(shares, "val_loss", 40).axes
    assert [bar.get_width() for bar in axes.patches] == pytest.approx([100 * share for share in shares.values()])
    assert [label.get_text() for label in axes.get_yticklabels()] == list(shares)
