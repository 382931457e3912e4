"""A readout that is solved."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

import rnnzoo
from rnnzoo.errors import InvalidValue
from rnnzoo.inference import readout
from rnnzoo.inference.readout import RIDGES


def test_the_readout_is_ridge_regression(fit):
    run = fit(task="regression", model="echo_state", epochs=5, hyperparameters={"units": 6})
    assert run.results["epochs"] == 1  # solved, whatever the epochs
    assert run.results["stopped"]
    splits, seen = run.data.load(sequence_length=None, batch_size=16, seed=0), rnnzoo.features(run.model)
    (h, y, found), (held_out, truth, _) = (
        _read(splits.parts[part], seen, run.model) for part in ("train", "validation")
    )
    size = (np.sum(h**2) + len(h)) / (h.shape[1] + 1)  # the mean of all squares, with the column of ones
    solved = [Ridge(ridge * size, solver="cholesky").fit(h, y) for ridge in RIDGES]
    best = min(solved, key=lambda one: np.sum((one.predict(held_out).ravel() - truth.ravel()) ** 2))
    np.testing.assert_allclose(found.ravel(), best.predict(h).ravel(), atol=1e-3)


def _read(batches, seen, model):
    """Return what the head reads of all examples, their answers, and the model's."""
    found = [(seen.predict_on_batch(x), y, model.predict_on_batch(x), weight > 0) for x, y, weight in batches.arrays()]
    return [
        np.concatenate([part[i][part[3]].reshape(sum(part[3]), -1).astype("float64") for part in found])
        for i in range(3)
    ]


def test_other_tasks_train_it_as_any_head(fit):
    run = fit(model="echo_state", epochs=2, hyperparameters={"units": 6})
    assert run.results["epochs"] == 2


def test_normalised_windows_are_refused():
    with pytest.raises(InvalidValue, match=r"solved for values as they are: normalization='none'. Received"):
        readout.is_solved("echo_state", "forecasting", {"normalization": "instance"})
