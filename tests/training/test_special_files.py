"""Run folders with what is no file, or with one that grows: said at once, and neither waited for nor unpacked."""

import os
import shutil
import zipfile

import pytest
from refusals import refused

from rnnzoo import cli

NAMES = ["config.json", "data.json", "model.keras", "manifest.json"]


@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", NAMES)
def test_a_pipe_is_not_waited_for(finished, tmp_path, capsys, name):
    run = shutil.copytree(finished.folder, tmp_path / "run")
    (run / name).unlink()
    os.mkfifo(run / name)
    assert "ordinary file" in refused(capsys, cli.entry_point, ["predict", str(run), "[[0, 1]]"])


def test_a_model_file_that_grows_is_not_unpacked(finished, tmp_path, capsys):
    run = shutil.copytree(finished.folder, tmp_path / "run")
    (run / "manifest.json").unlink()
    with zipfile.ZipFile(run / "model.keras") as file:
        parts = {name: file.read(name) for name in file.namelist()}
    parts["config.json"] += b" " * 10**8
    with zipfile.ZipFile(run / "model.keras", "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            file.writestr(name, content)
    assert "unpacks to far more" in refused(capsys, cli.entry_point, ["predict", str(run), "[[0, 1]]"])
