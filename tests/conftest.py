"""What several tests share."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before anything imports TensorFlow

import subprocess
import sys
from pathlib import Path

import pytest

import rnnzoo
from rnnzoo import registry


@pytest.fixture
def tfds_dir():
    """The folder with prepared TFDS data sets; without one, the test is skipped and says so."""
    folder = os.environ.get("TFDS_DATA_DIR")
    if not folder or not Path(folder).is_dir():
        pytest.skip("set TFDS_DATA_DIR to a folder of prepared TFDS data sets")
    return folder


@pytest.fixture
def python():
    """Run Python code in a fresh process, with `path` first among its folders: `python(code, path=...)`."""

    def run(code, *arguments, path=None, **environment):
        env = {**os.environ, **environment}
        if path is not None:
            env["PYTHONPATH"] = os.pathsep.join(p for p in (str(path), env.get("PYTHONPATH")) if p)
        return subprocess.run(
            [sys.executable, "-c", code, *map(str, arguments)], env=env, capture_output=True, text=True, timeout=300
        )

    return run


@pytest.fixture
def clean_registry():
    """Whatever a test registers is gone after it."""
    rnnzoo.list_models()
    before = dict(registry._models)
    yield
    registry._models.clear()
    registry._models.update(before)
