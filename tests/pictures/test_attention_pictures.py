"""Attention in colour: one scale for all texts, letters that can be read, and a page of a run."""

import base64
import re

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from rnnzoo.pictures import attention
from rnnzoo.training.report import page

pytestmark = pytest.mark.draws

WORDS = ["good", "film", "it", "was"] * 5


def explained(weights):
    return attention.Explanation("pos", WORDS, np.asarray(weights))


def test_even_attention_looks_even_and_a_peak_strong():
    even, peak = np.full(20, 1 / 20), np.r_[1.0, np.zeros(19)]
    np.testing.assert_allclose(explained(even).shades, 0, atol=1e-9)
    assert explained(peak).shades.tolist() == [1.0] + [0.0] * 19
    some = explained(np.r_[0.3, np.full(19, 0.7 / 19)]).shades
    assert some[0] == pytest.approx(np.log(0.3 * 20) / np.log(20))


def test_letters_are_readable_on_every_shade():
    """By the contrast of WCAG: at least 4.5 to 1."""

    def luminance(colour):
        channels = np.array(to_rgb(colour))
        linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
        return linear @ [0.2126, 0.7152, 0.0722]

    for shade in np.linspace(0, 1, 101):
        light, dark = sorted((luminance(attention.COLOURS(shade)), luminance(attention.ink(shade))), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, shade


def test_a_report_is_one_page_with_its_pictures(tmp_path):
    (tmp_path / "plots").mkdir()
    (tmp_path / "plots" / "curves.png").write_bytes(b"a picture")
    results = {
        "recipe": "<b>", "model": "gru", "task": "classification", "dataset": "mine", "parameters": 1234,
        "seconds": 5.0, "epochs": 3, "best_epoch": 2,
        "metrics": {"validation": {"loss": 0.5}, "test": {"loss": 0.25, "accuracy": 0.875}},
        "hyperparameters": {"units": 8}, "seed": 0, "device": "CPU", "commit": None, "versions": {"keras": "3"},
    }  # fmt: skip
    text = page(results, "python recipes/x.py train", tmp_path, ["plots/curves.png"])
    assert "<b>:" not in text
    assert "0.8750" in text
    (data,) = re.findall(r'src="data:image/png;base64,(.*?)"', text)
    assert base64.b64decode(data) == b"a picture"
    assert not re.search(r'(src|href)="(?!data:)', text)
