"""Inputs and files of any kind for trained models."""

import io
import json

import numpy as np
import pytest
from hypothesis import strategies as st

import rnnzoo

NUMBERS = st.one_of(st.integers(-3, 12), st.sampled_from([1e39, 10**30, float("nan"), float("inf"), 0.5, True]))
ANY = st.recursive(
    st.one_of(NUMBERS, st.none(), st.text(max_size=5), st.binary(max_size=3)),
    lambda inside: st.lists(inside, max_size=4),
    max_leaves=8,
)
ROWS = st.lists(st.lists(st.lists(NUMBERS, min_size=7, max_size=9), max_size=3), max_size=3)
GOOD = st.lists(st.lists(st.lists(st.integers(-3, 3), min_size=8, max_size=8), min_size=1, max_size=3), min_size=1)
RAW = st.one_of(
    GOOD, st.lists(ANY, max_size=3), ANY, ROWS, ROWS.map(json.dumps), st.lists(st.text(max_size=20), max_size=3)
)


@pytest.mark.parametrize("name", ["digits", "tags", "series"])
@pytest.mark.usefixtures("speed")
def test_inputs(campaign, runs, name):
    run = rnnzoo.load(runs[name])

    def check(outcomes, raw):
        found = outcomes.of(lambda: run.predict(raw))
        if found is not None:
            assert len(found) == len(raw)
            json.dumps(found, allow_nan=False)

    campaign(RAW, check, quick=60, slow=10_000)


@pytest.mark.usefixtures("speed")
def test_arrays_in_files(campaign, runs, tmp_path):
    run, path = rnnzoo.load(runs["digits"]), tmp_path / "file.npz"
    file = io.BytesIO()
    np.savez(file, x=np.ones((4, 3, 8), "float32"), y=np.array(list("0123")))
    whole = file.getvalue()
    kinds = ["float32", "int8", "U3", "complex64", "bool", "M8[s]"]
    arrays = st.dictionaries(
        st.sampled_from(["x", "y", "lengths", "x_train", "z"]),
        st.tuples(st.sampled_from(kinds), st.lists(st.integers(0, 4), max_size=3)),
    )

    def check(outcomes, case):
        kind, given, at = case
        if kind == "arrays":
            np.savez(path, **{name: np.ones(shape).astype(dtype) for name, (dtype, shape) in given.items()})
        else:
            changed = bytearray(whole)
            changed[int(at * (len(whole) - 1))] ^= 16
            path.write_bytes(whole[: int(at * len(whole))] if kind == "cut" else bytes(changed))
        outcomes.of(lambda: run.evaluate(str(path)))

    campaign(
        st.tuples(st.sampled_from(["arrays", "cut", "flip"]), arrays, st.floats(0, 1)), check, quick=30, slow=5_000
    )


def test_a_sequence_of_no_steps_beside_another(runs):
    """Found by `test_inputs`: once TensorFlow has traced several lengths, no shape tells any more."""
    run = rnnzoo.load(runs["digits"])
    for length in (1, 2, 3, 1):
        run.predict([[[0.0] * 8] * length])
    with pytest.raises(ValueError, match=r"at least 1 step\. Received: input 1 without one$"):
        run.predict([[[0.0] * 8], []])
