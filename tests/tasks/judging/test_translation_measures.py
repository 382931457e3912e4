"""BLEU, exact match and character error rate against their definitions."""

import collections
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnzoo.data import TextPairs
from rnnzoo.tasks.judging import translations


def edits(a, b):
    """Count edits by the table of Wagner and Fischer."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        row, before = [i], row
        for j, y in enumerate(b, 1):
            row.append(min(before[j] + 1, row[-1] + 1, before[j - 1] + (x != y)))
    return row[-1]


def bleu(written, faultless):
    """Papineni et al. (2002), four-grams, one reference, without smoothing: 0 where an order has no match."""
    logs, lengths = [], np.sum([[len(a), len(b)] for a, b in zip(written, faultless, strict=True)], axis=0)
    for n in range(1, 5):
        hits = total = 0
        for a, b in zip(written, faultless, strict=True):
            grams = [collections.Counter(zip(*(s[i:] for i in range(n)), strict=False)) for s in (a, b)]
            hits += sum((grams[0] & grams[1]).values())
            total += sum(grams[0].values())
        if not hits:
            return 0.0
        logs.append(math.log(hits / total))
    return 100 * math.exp(min(0, 1 - lengths[1] / lengths[0]) + sum(logs) / 4)


def data_of(tokens, target_tokens=None):
    return TextPairs("none", tokens=tokens, target_tokens=target_tokens)


TEXTS = st.text(alphabet="ab .,", max_size=12)


@given(st.lists(st.tuples(TEXTS, TEXTS.filter(str.strip)), min_size=1, max_size=5))
def test_exact_match_and_character_error_rate(pairs):
    written, faultless = map(list, zip(*pairs, strict=True))
    found = translations.measures(written, faultless, data_of("characters"))
    assert found["exact_match"] == np.mean([a == b for a, b in pairs])
    assert found["cer"] == pytest.approx(sum(edits(b, a) for a, b in pairs) / sum(len(b) for _, b in pairs))
    assert all(0 <= found[name] <= 100.001 for name in ("bleu", "chrf"))


SAID = ["the cat sat on the old mat today .", "I_JUMP I_WALK I_WALK I_RUN I_RUN"]


TRUE = ["the cat sat on the mat today .", "I_JUMP I_WALK I_WALK I_WALK I_RUN I_RUN"]


@pytest.mark.parametrize(
    ("tokens", "split"), [("words", str.split), ("characters", lambda text: list(text.replace(" ", "")))]
)
def test_bleu_counts_the_vocabularys_own_tokens(tokens, split):
    for data in (data_of(tokens), data_of("subwords", tokens)):  # the target's count
        found = translations.measures(SAID, TRUE, data)
        assert found["bleu"] == pytest.approx(bleu([*map(split, SAID)], [*map(split, TRUE)]), abs=1e-6)


def test_perfect_answers():
    found = translations.measures(TRUE, TRUE, data_of("words"))
    assert found == pytest.approx({"exact_match": 1.0, "bleu": 100.0, "chrf": 100.0, "cer": 0.0})


@pytest.mark.parametrize(("metric", "up"), [("exact_match", True), ("bleu", True), ("chrf", True), ("cer", False)])
def test_directions(metric, up):
    from rnnzoo.tasks import more_is_better

    assert more_is_better(metric) is more_is_better(f"val_{metric}") is up
