"""One of a kind by default, all by name."""

import pytest


def others_slow(cases, quick, ids=str):
    """Return parameters for `pytest.mark.parametrize`, of which those that are not in `quick` are marked slow."""
    missing = [case for case in quick if case not in cases]
    assert not missing, missing
    slow = pytest.mark.slow
    return [pytest.param(case, id=ids(case), marks=() if case in quick else slow) for case in cases]
