"""README and docs tell the truth: their tables are up to date, their code runs, their commands exist."""

import dataclasses
import functools
import importlib
import importlib.util
import json
import os
import re
import runpy
import shlex
import tomllib
import types
from pathlib import Path

import pytest
from marks import others_slow

import rnnzoo
from recipes import leaderboard, published
from rnnzoo import cli, layers
from rnnzoo.cli.of_recipes.recipes import OF_RECIPES
from rnnzoo.training.catalog import NO_RECIPES

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
PAGES = {"README.md": README} | {
    str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs").rglob("*.md"))
}
TEXTS = "\n".join(PAGES.values())


def blocks(language, text=TEXTS):
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def examples():
    """Yield every block of Python that runs on its own, by the page that it stands on."""
    for page, text in PAGES.items():
        for number, code in enumerate(blocks("python", text)):
            if not re.search("my_(models|tasks).py", code):
                yield pytest.param(code, id=f"{page}-{number}")


def block(words):
    return next(code for code in blocks("python") if words in code)


def commands():
    """Every command of README, docs and CONTRIBUTING, as a list of words: of their blocks, and of cells of tables."""
    found = []
    cells = re.findall(r"\| `((?:python|rnnzoo) [^`]*)` \|", TEXTS)
    for line in "\n".join(blocks("bash") + blocks("bash", CONTRIBUTING) + cells).splitlines():
        for command in line.split("&&"):
            words = [word for word in shlex.split(command, comments=True) if not re.match(r"[A-Z_]+=", word)]
            if words and words not in found:
                found.append(words)
    return found


def script(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "recipes" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder that holds what the pages' code expects there: a (short) run of digits."""
    folder = tmp_path_factory.mktemp("readme")
    recipe = runpy.run_path(str(ROOT / "recipes" / "digits.py"))["recipe"]
    with layers.use("general"):  # compiles in no time
        rnnzoo.train(dataclasses.replace(recipe, epochs=1), folder / "runs" / "digits-cnn_bigru-0")
    return folder


def test_the_readme_is_short():
    assert len(README.splitlines()) <= 200


@pytest.mark.parametrize("page", PAGES)
def test_every_link_to_a_file_holds(page):
    links = re.findall(r"\]\(([^)\s#]+)(?:#[^)]*)?\)", re.sub(r"```.*?```", "", PAGES[page], flags=re.DOTALL))
    here = (ROOT / page).parent
    assert not [link for link in links if not re.match("https?:", link) and not (here / link).exists()]


@pytest.mark.parametrize("page", others_slow(script("tables").PAGES, {*script("tables").PAGES} - {"models/index.md"}))
def test_tables_are_up_to_date(page):
    assert script("tables").fresh(page) == (ROOT / "docs" / page).read_text(encoding="utf-8"), (
        "run: python recipes/tables.py"
    )


def test_the_results_as_csv_are_up_to_date():
    assert published.as_csv() == (ROOT / "recipes/results/results.csv").read_text(), "run: python recipes/tables.py"


def test_tables_tells_a_stale_page_from_a_fresh_one(tmp_path, monkeypatch, capsys):
    tables = script("tables")
    monkeypatch.setattr(tables, "PAGES", {"results.md": {"results": published.results}})
    monkeypatch.setattr(tables, "DOCS", tmp_path)
    page = tmp_path / "results.md"
    page.write_text("before\n<!-- results -->\nold\n<!-- /results -->\nbehind\n")
    assert tables.main(["--check"]) == 1
    assert "old" in page.read_text()
    assert tables.main([]) == 0
    text = page.read_text()
    assert re.fullmatch(r"before\n.*behind\n", text, re.DOTALL)
    assert "old" not in text
    assert tables.main(["--check"]) == 0
    page.write_text("no markers")
    assert tables.main([]) == 2
    assert "markers" in capsys.readouterr().err


def test_tables_publishes_a_run(place, tmp_path, monkeypatch):
    monkeypatch.setattr(published, "RESULTS", tmp_path / "results")
    path = published.add(place / "runs" / "digits-cnn_bigru-0")
    assert path == tmp_path / "results" / "digits-cnn_bigru-0.json"
    assert published.add(place / "runs" / "digits-cnn_bigru-0", "other").name == "other.json"
    found = json.loads(path.read_text())
    assert found.pop("settings")["learning_rate"] == 3e-3
    assert found.pop("command") == "python recipes/digits.py train --epochs 1"
    assert found == json.loads((place / "runs" / "digits-cnn_bigru-0" / "results.json").read_text())
    row = next(row for row in published.results().splitlines() if row.startswith("| [other]"))
    assert row.startswith("| [other](../recipes/results/other.json) | digits | `cnn_bigru` | test accuracy 0.")
    assert row.endswith("`python recipes/digits.py train --epochs 1` |")  # where it differs from the recipe


def test_tables_publishes_forecasts_of_other_steps_apart(tmp_path, monkeypatch):
    monkeypatch.setattr(published, "RESULTS", tmp_path / "results")
    run = types.SimpleNamespace(recipe=runpy.run_path(str(ROOT / "recipes" / "ett.py"))["recipe"])
    monkeypatch.setattr(rnnzoo, "load", lambda _: run)
    found = {"recipe": "ett", "dataset": "ett/h1", "lookback": 96, "task": "forecasting", "model": "gru", "seed": 0}
    found |= {"metrics": {"test": {"mse": 0.4}}, "parameters": 1, "seconds": 2.0, "epochs": 3, "device": "CPU"}
    found |= {"hyperparameters": {}, "stopped": False}
    for horizon in (96, 720):
        run.results = found | {"horizon": horizon}
        assert published.add("run").name == f"ett-ett_h1-96to{horizon}-gru-0.json"
    run = "[ett-ett_h1-96to720-gru-0](../recipes/results/ett-ett_h1-96to720-gru-0.json)"
    assert f"| {run} | ett/h1, 96 → 720 | `gru` | test mse 0.4000 |" in published.results()


def test_the_leaderboard_takes_the_settings_that_were_best_on_validation(tmp_path, monkeypatch):
    monkeypatch.setattr(published, "RESULTS", tmp_path)
    same = {"recipe": "imdb", "model": "gru", "dataset": "imdb_reviews", "task": "classification", "parameters": 7}
    same |= {"hyperparameters": {}, "seconds": 60.0}
    for name, seed, validation, test in (
        ("imdb-gru-0", 0, 0.8, 0.99), ("imdb-gru-wide-0", 0, 0.9, 0.7), ("imdb-gru-wide-1", 1, 0.86, 0.8)
    ):  # fmt: skip
        metrics = {"validation": {"accuracy": validation}, "test": {"accuracy": test}}
        (tmp_path / f"{name}.json").write_text(json.dumps(same | {"seed": seed, "metrics": metrics}))
    (tmp_path / "published.toml").write_text(
        '[[board]]\ntitle = "T"\nmeasure = ["test", "accuracy"]\nrecipes = ["imdb"]\nprotocol = "P"\n'
        'published = [{name = "a", value = 0.74, kind = "linear", source = "u"}, '
        '{name = "b", value = 0.76, kind = "other", source = "u"}]\n'
    )
    first, ours, last = leaderboard.boards().splitlines()[-3:]
    assert first.startswith("| b (other) | 0.7600 |")
    assert last.startswith("| a (linear) | 0.7400 |")
    assert ours.startswith(
        "| **`gru`** | 0.7500 ± 0.0707 | [0](imdb-gru-wide-0.json), [1](imdb-gru-wide-1.json) | 7 | 1.0 | `python"
    )


def test_what_is_remembered_is_the_recall_of_what_is_asked(tmp_path, monkeypatch):
    monkeypatch.setattr(published, "RESULTS", tmp_path)
    (tmp_path / "memory").mkdir()
    same = {"hyperparameters": {}, "seconds": 9.0, "parameters": 7, "seed": 0}
    tags = {"-": {"recall": 1.0}, "a": {"recall": 0.5}, "b": {"recall": 0.7}}
    copy = {"recipe": "memory_copy_200", "model": "lru", "task": "tagging", "dataset": "memory/copy_200"}
    copy |= {"metrics": {"test": {"accuracy": 0.98}}, "tags": {"test": tags}}
    copy["command"] = "python recipes/memory.py --task copy --length 200 train --model lru --epochs 3"
    adding = {"recipe": "memory_adding_1000", "model": "gru", "task": "regression", "dataset": "adding/t1000"}
    adding |= {"metrics": {"test": {"mse": 0.0009}}}
    for run in (copy, adding):
        (tmp_path / "memory" / f"{run['recipe']}.json").write_text(json.dumps(same | run))
    table, how = published.memory().split("\n\n")
    assert table.splitlines()[0] == "| model | adding 1000 | copy 200 |"
    assert table.splitlines()[2:] == ["| `gru` | **9.0e-04** |  |", "| `lru` |  | 0.600 |"]
    assert "`python recipes/memory.py --task copy --length 200 train --model lru --epochs 3` |" in how


@pytest.mark.parametrize("code", examples())
def test_code_runs_and_prints_the_shapes_that_its_comments_promise(code, place, monkeypatch, capsys):
    monkeypatch.chdir(place)
    exec(compile(code, "page", "exec"), {"__name__": "readme"})
    promised = re.findall(r"# (\(\d.*\))$", code, re.MULTILINE) if "print(" in code else []
    assert capsys.readouterr().out.splitlines()[: len(promised)] == promised


def test_own_recipe_trains(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "readme"}
    exec(block("np.savez"), names)
    exec(block("my_recipe.py"), names)
    with layers.use("general"):
        cli.main(names["recipe"], ["train", "--epochs", "1"])
    assert "test: loss" in capsys.readouterr().out


def test_a_series_goes_from_file_to_forecast(tmp_path, monkeypatch, drawn):
    """Every command of the worked example, in their order, with fewer epochs."""
    monkeypatch.chdir(tmp_path)
    exec(block("sales.csv"), {"__name__": "readme"})
    recipe = runpy.run_path(str(ROOT / "recipes" / "series.py"))["recipe"]
    example = next(code for code in blocks("bash") if "--output forecast.csv" in code)
    for line in example.splitlines():
        _, _, *words = shlex.split(line)
        cli.main(recipe, [*words, "--epochs", "2"] if words[0] == "train" else words)
    assert (tmp_path / "forecast.csv").read_text().startswith("time,sold,sold_low_80,sold_high_80,sold_low_95,")
    assert (tmp_path / "forecast.png").stat().st_size > 10_000


def test_own_model_is_found_by_its_entry_point(tmp_path, python):
    """In a process of its own, so that the zoo of the other tests stays as it is."""
    (tmp_path / "my_models.py").write_text(block("my_models.py"))
    (entries,) = (tomllib.loads(code) for code in blocks("toml") if "rnnzoo.models" in code)
    info = tmp_path / "my_models-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my_models\nVersion: 1.0\n")
    lines = [f"{k} = {v}" for k, v in entries["project"]["entry-points"]["rnnzoo.models"].items()]
    (info / "entry_points.txt").write_text("[rnnzoo.models]\n" + "\n".join(lines) + "\n")
    code = """
import numpy as np, rnnzoo
from rnnzoo import layers
assert "two_speed_gru" in rnnzoo.list_models()
for task in rnnzoo.describe("two_speed_gru").tasks:
    horizon = 3 if task == "forecasting" else None
    model = rnnzoo.build("two_speed_gru", task, units=8, vocabulary_size=9, horizon=horizon)
    tokens = np.array([[1, 2, 3]], "int32")
    padded = np.array([[1, 2, 3, 0, 0]], "int32")
    steps = slice(None, 3) if task in ("tagging", "language_modeling") else slice(None)
    with layers.use("general"):
        a, b = np.asarray(model(tokens)), np.asarray(model(padded))[:, steps]
    assert np.allclose(a, b, atol=1e-5), task
    print(task)
"""
    done = python(code, path=tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.split()) == 6


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_command_exists(words, capsys, monkeypatch):
    """Every script, command and option that is named is there."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    program, *rest = words
    if program == "pip":
        assert all(set(named.split(",")) <= extras.keys() for named in re.findall(r"\[(.*?)\]", " ".join(rest)))
        return
    if program not in ("python", "rnnzoo"):
        assert program in ("python3.11", ".", "export", "pytest", "ruff", "mypy", "pre-commit", "mkdocs") or os.access(
            ROOT / program, os.X_OK
        )
        return
    options = [word for word in rest if word.startswith("--")]
    path = rest.pop(0) if program == "python" else ""
    if path == "-m":
        package = importlib.util.find_spec(rest[0]).submodule_search_locations
        show, arguments = importlib.import_module(f"{rest[0]}.__main__" if package else rest[0]).main, ["--help"]
    elif Path(path).parent.name == "recipes" and Path(path).stem in NO_RECIPES:
        show, arguments = script(Path(path).stem).main, ["--help"]
    elif program == "rnnzoo":
        of_recipe = rest[0] in OF_RECIPES and len(rest) > 1 and not rest[1].startswith(("-", "."))
        show, arguments = cli.entry_point, [*rest[: 1 + of_recipe], "--help"]
    elif rest[0].startswith("--"):  # the script's own, before the command
        at = next(at for at, word in enumerate(rest) if word in OF_RECIPES)
        options = [word for word in options if word not in rest[:at]]
        monkeypatch.setattr("sys.argv", [path, *rest[: at + 1], "--help"])
        show, arguments = functools.partial(runpy.run_path, run_name="__main__"), str(ROOT / path)
    else:
        recipe = runpy.run_path(str(ROOT / path.replace("my_recipe.py", "recipes/digits.py")))["recipe"]
        show, arguments = functools.partial(cli.main, recipe), [rest[0], "--help"]
    with pytest.raises(SystemExit) as stopped:
        show(arguments)
    assert not stopped.value.code
    shown = capsys.readouterr().out
    for option in options:
        assert re.search(rf"{option}(?![\w-])", shown), f"{option} is not in the help"


def test_ci_runs_the_readmes_command():
    """`.ci/run` takes the one line of the README that its pattern finds."""
    pattern = re.search(r"grep -m 1 -E '(.*?)' README\.md", (ROOT / ".ci" / "run").read_text())[1]
    found = [line for line in README.splitlines() if re.search(pattern, line)]
    assert len(found) == 1
    assert "pip install '.[cpu,dev]'" in found[0]
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
