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
    splits = run.data.load(sequence_length=None, batch_size=200, seed=0)
    (x, y, weight), (held_out, truth, counted) = (next(iter(splits.parts[k].arrays())) for k in ("train", "validation"))
    seen = rnnzoo.features(run.model)
    h, y = seen.predict_on_batch(x)[weight > 0].astype("float64"), y[weight > 0]
    size = (np.sum(h**2) + len(h)) / (h.shape[1] + 1)
    found = [Ridge(ridge * size, solver="cholesky").fit(h, y) for ridge in RIDGES]
    errors = [np.sum((one.predict(seen.predict_on_batch(held_out)) - truth)[counted > 0] ** 2) for one in found]
    np.testing.assert_allclose(run.model.predict_on_batch(x)[weight > 0].ravel(),
                               found[int(np.argmin(errors))].predict(h).ravel(), atol=1e-3)  # fmt: skip


def test_other_tasks_train_it_as_any_head(fit):
    run = fit(model="echo_state", epochs=2, hyperparameters={"units": 6})
    assert run.results["epochs"] == 2


def test_normalised_windows_are_refused():
    with pytest.raises(InvalidValue, match=r"solved for values as they are: normalization='none'. Received"):
        readout.is_solved("echo_state", "forecasting", {"normalization": "instance"})
