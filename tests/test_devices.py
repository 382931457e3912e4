"""Several devices train what one trains, and measure exactly. Devices are made at start: each case is a process."""

import json
import socket
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

CODE = """
import json, os, sys
from pathlib import Path
folder, devices = Path(sys.argv[1]), int(sys.argv[2])
if os.environ["KERAS_BACKEND"] == "tensorflow" and devices > 1:
    import tensorflow as tf
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * devices)
import numpy as np
from rnnzoo import Recipe, train
from rnnzoo.data import SequenceClassification
data = SequenceClassification("rnnzoo.data.embedded:digits")
for epochs in ((1, 2) if "twice" in sys.argv else (2,)):  # twice: go on from the file of the first epoch
    recipe = Recipe(name="digits", task="classification", data=data, model="gru", epochs=epochs,
                    hyperparameters={"units": 8, "dropout": 0.0}, batch_size=64, learning_rate=0.01, limit=301)
    run = train(recipe, folder)
with np.load(folder / "checkpoint") as file:
    arrays = {name: file[name] for name in file.files if name.startswith("model/") and "float" in str(file[name].dtype)}
np.savez(folder / "weights.npz", **arrays)
from rnnzoo import devices as module
print(json.dumps({"count": module.count(), "again": run.evaluate()}))
"""


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_two_devices_train_what_one_trains(python, tmp_path, backend):
    """301 examples in batches of 64: the last is partial; so are validation's and test's."""
    if backend == "jax":
        pytest.importorskip("jax")
    found = {}
    for devices in (1, 2):
        folder = tmp_path / str(devices)
        flags = {"XLA_FLAGS": f"--xla_force_host_platform_device_count={devices}"} if backend == "jax" else {}
        done = python(CODE, folder, devices, KERAS_BACKEND=backend, **flags)
        found[devices] = result(done, folder, devices)
    assert_equal(found[1], found[2])


def result(done, folder, devices):
    """Return the weights and metrics of a training that ended well."""
    assert done.returncode == 0, done.stderr[-3000:]
    last = json.loads(done.stdout.splitlines()[-1])
    assert last["count"] == devices
    with np.load(folder / "weights.npz") as file:
        weights = {name: file[name] for name in file.files}
    results = json.loads((folder / "results.json").read_text())
    assert ("as 2 devices" in done.stdout) == (devices == 2)
    assert last["again"] == pytest.approx(results["metrics"]["test"], abs=1e-5)
    return weights, results["metrics"]


def assert_equal(one, two):
    (weights, metrics), (others, other) = one, two
    assert weights.keys() == others.keys()
    for name in weights:
        np.testing.assert_allclose(others[name], weights[name], atol=1e-4)
    for split in metrics:
        assert other[split] == pytest.approx(metrics[split], abs=1e-4)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_two_processes_train_what_one_trains(python, tmp_path):
    """As on two machines: the same command twice, joined through the loopback device."""
    pytest.importorskip("jax")
    one = result(python(CODE, tmp_path / "one", 1, KERAS_BACKEND="jax"), tmp_path / "one", 1)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    together = {"KERAS_BACKEND": "jax", "KERAS_DISTRIBUTION_JOB_ADDRESSES": address}
    together |= {"KERAS_DISTRIBUTION_NUM_PROCESSES": "2"}
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(
            lambda i: python(CODE, tmp_path / "two", 2, "twice", KERAS_DISTRIBUTION_PROCESS_ID=str(i), **together),
            range(2),
        )
    assert second.returncode == 0, second.stderr[-3000:]
    assert "epoch" not in second.stdout  # the first alone tells
    assert_equal(one, result(first, tmp_path / "two", 2))


WRONG = """
import os, sys
import keras
from rnnzoo import Recipe, train
from rnnzoo.data import SequenceClassification
if sys.argv[1] in ("TF_CONFIG", "KERAS_DISTRIBUTION_NUM_PROCESSES"):
    os.environ[sys.argv[1]] = "2"
else:
    keras.distribution.set_distribution(keras.distribution.DataParallel(devices=["cpu:0"]))
data = SequenceClassification("rnnzoo.data.embedded:lab", validation=0, test=0)
try:
    train(Recipe(name="lab", task="classification", data=data, model="mlp", epochs=1), sys.argv[2])
except ValueError as error:
    print(error)
"""


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    ("what", "said"),
    [("TF_CONFIG", "TF_CONFIG"), ("distribution", "DataParallel"), ("KERAS_DISTRIBUTION_NUM_PROCESSES", "JAX backend")],
)
def test_what_is_known_not_to_work_is_refused(python, tmp_path, what, said):
    done = python(WRONG, what, tmp_path / "run", KERAS_BACKEND="tensorflow")
    assert said in done.stdout.splitlines()[-1], done.stderr[-2000:]
    assert not (tmp_path / "run").exists()
