"""Pictures of translations: lengths, alignments and examples."""

import warnings

import numpy as np
import pytest

from rnnzoo.pictures import alignment
from rnnzoo.pictures import translations as pictures
from rnnzoo.pictures.figures import save
from rnnzoo.tasks.judging.translations import Translation

pytestmark = pytest.mark.draws


def answer(source, target, attention=True, score=-0.1):
    weights = np.full((len(target) + 1, len(source)), 1 / len(source), "float32") if attention else None
    return Translation(" ".join(target), score, source, [*target, "■"], weights)


def test_bars_show_the_share_of_each_length():
    lengths, right = np.array([1, 1, 2, 2, 2, 5]), np.array([True, False, True, True, False, True])
    (axes,) = pictures.by_length(lengths, right, "test").axes
    assert [bar.get_height() for bar in axes.patches] == pytest.approx([1 / 2, 2 / 3, 1])
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["1\n2", "2\n3", "5\n1"]
    wide = np.arange(1, 50)
    (axes,) = pictures.by_length(wide, wide < 25, "test").axes
    assert len(axes.patches) <= pictures.BARS
    assert sum(int(tick.get_text().split("\n")[1]) for tick in axes.get_xticklabels()) == len(wide)


def test_heat_maps_have_the_tokens_on_their_axes():
    figure = alignment.picture([answer(["a", " ", "$"], ["x"]), answer(["b"], ["y", "z"])])
    first, second = (axes for axes in figure.axes if axes.images)
    assert [tick.get_text() for tick in first.get_xticklabels()] == ["a", "␣", "$"]
    assert [tick.get_text() for tick in second.get_yticklabels()] == ["y", "z", "■"]
    assert first.images[0].get_array().shape == (2, 3)


def test_examples_show_the_truth_of_wrong_answers():
    found = [answer(["a"], ["x"]), answer(["b"], ["y"], score=-2.0)]
    figure = pictures.examples(found, ["x", "z"], np.array([True, False]))
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert [t for t in texts if t] == [
        "right, 0.905",
        "read     a",
        "written  x",
        "wrong, 0.135",
        "read     b",
        "written  y",
        "truth    z",
    ]


def test_letters_that_no_font_has_are_drawn_without_a_warning(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        save(alignment.picture([answer(["語", "𒀀"], ["本"])]), tmp_path / "a.png")
    assert (tmp_path / "a.png").exists()
