"""A task of somebody else's is one file: the docs' own, from an entry point to a tuned run on the command line."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "contributors.md").read_text(encoding="utf-8")
DATA = '''
import numpy as np

def tokens():
    """Sequences of 3 to 9 tokens, and how many of them are 7s."""
    rng = np.random.default_rng(0)
    x = [rng.choice([5, 6, 7], rng.integers(3, 10)) for _ in range(120)]
    return {"x": x, "y": np.array([(row == 7).sum() for row in x], "float32")}
'''
RECIPE = """
import sys

import rnnzoo
from rnnzoo import Recipe, cli, layers
from rnnzoo.data import SequenceRegression

recipe = Recipe(name="count", task="counting", model="mlp",
                data=SequenceRegression("counted:tokens", scale_answers="none"),
                hyperparameters={"units": 4}, epochs=2, learning_rate=0.01, monitor="val_mae")

if __name__ == "__main__":
    with layers.use("general"):  # compiles in no time
        for words in (["train", "--run", "run"], ["evaluate", "run", "--trust"],
                      ["predict", "run", "[7, 5, 7]", "--json"], ["compare", "--models", "gru", "--epochs", "1"],
                      ["tune", "--trials", "1", "--epochs", "1", "--output", "search"]):
            cli.main(recipe, words)
    print(*rnnzoo.list_models(task="counting"))
    print(*rnnzoo.describe("han").tasks)
"""


@pytest.fixture
def folder(tmp_path):
    """Lay the page's task, data and a recipe into a folder, as pip would lay a package."""
    (task,) = re.findall(r"```python\n(# my_tasks\.py\n.*?)```", PAGE, re.DOTALL)
    (entry,) = re.findall(r'```toml\n\[project\.entry-points\."rnnzoo\.tasks"\]\n(.*?)```', PAGE, re.DOTALL)
    (tmp_path / "my_tasks.py").write_text(task)
    (tmp_path / "counted.py").write_text(DATA)
    (tmp_path / "count.py").write_text(RECIPE)
    info = tmp_path / "my_tasks-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my-tasks\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[rnnzoo.tasks]\n" + entry.replace('"', ""))
    return tmp_path


def test_it_is_built_trained_judged_predicted_drawn_compared_and_tuned(folder, python, monkeypatch):
    monkeypatch.chdir(folder)
    done = python("import runpy; runpy.run_path('count.py', run_name='__main__')", path=folder)
    assert done.returncode == 0, done.stderr
    results = json.loads((folder / "run" / "results.json").read_text())
    assert set(results["metrics"]["test"]) == {"loss", "mae"}
    assert {path.name for path in (folder / "run" / "plots").iterdir()} >= {"curves.png", "errors.png"}
    assert json.loads(next(line for line in done.stdout.splitlines() if line.startswith('{"values"')))["values"][0] > 0
    (row,) = json.loads((folder / "runs" / "count-compare" / "compare.json").read_text())
    assert row["model"] == "gru"
    assert np.isfinite(row["mae"])
    assert json.loads((folder / "search" / "best" / "results.json").read_text())["task"] == "counting"
    names, tasks = (line.split() for line in done.stdout.splitlines()[-2:])
    assert {"lstm", "mlp", "bilstm_bahdanau"} <= set(names)  # every body that gives a summary
    assert not {"segrnn", "seq2seq_gru"} & set(names)
    assert "counting" in tasks
