"""One of a kind by default, all by name."""

import pytest


def others_slow(cases, quick, ids=str, spread=False):
    """Return parameters for `pytest.mark.parametrize`, of which those that are not in `quick` are marked slow.

    With `spread` each case is the values of several parameters.
    """
    missing = [case for case in quick if case not in cases]
    assert not missing, missing
    slow = pytest.mark.slow
    return [
        pytest.param(*(case if spread else (case,)), id=ids(case), marks=() if case in quick else slow)
        for case in cases
    ]
