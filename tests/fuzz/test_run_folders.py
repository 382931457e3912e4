"""Run folders that are damaged in any way: what is sealed answers as before or not at all."""

import json
import shutil

import numpy as np
import pytest
from hypothesis import strategies as st

import rnnzoo
from rnnzoo.cli.commands.runs import _row
from rnnzoo.training import checkpoint, folders

LIGHT = ["config.json", "data.json", "results.json", "manifest.json"]
NAMES = ["digits", "tags", "series", "pairs"]
OTHER = {"digits": "tags", "tags": "pairs", "series": "digits", "pairs": "series"}
HOW = ["truncate", "flip", "swap", "link", "remove", "folder", "empty", "grow"]
VALUES = [None, True, -1, 0, 3, 10**30, 1.5, float("nan"), "", "x", "../x", "os:system", [], [1], {}, {"x": 1}]


def damage(path, how, place, other):
    content = path.read_bytes()
    at = int(place * max(len(content) - 1, 0))
    if how == "swap":
        shutil.copyfile(other, path)
    elif how in ("link", "remove", "folder"):
        path.unlink()
        if how == "link":
            path.symlink_to(other)
        elif how == "folder":
            path.mkdir()
    else:
        changed = bytearray(content)
        if how == "flip" and content:
            changed[at] ^= 1 << int(place * 1e6) % 8
        path.write_bytes({"truncate": content[:at], "empty": b"", "grow": content + b"}"}.get(how, bytes(changed)))


def mend(path, before):
    """Put back what was there."""
    if path.is_dir() and not path.is_symlink():
        path.rmdir()
    else:
        path.unlink(missing_ok=True)
    path.write_bytes(before)


def opened(folder):
    """Return all that is read without the model."""
    run = rnnzoo.load(folder)
    row, fitted = _row(run), run.data.fitted
    return row, json.dumps(fitted), json.dumps(run.config), json.dumps(run.results), run.recipe.identity()


@pytest.mark.usefixtures("speed")
def test_damaged_files(campaign, runs):
    whole = {name: opened(folder) for name, folder in runs.items()}
    case = st.tuples(st.sampled_from(NAMES), st.sampled_from(LIGHT), st.sampled_from(HOW), st.floats(0, 1))

    def check(outcomes, case):
        name, file, how, place = case
        path = runs[name] / file
        before = path.read_bytes()
        damage(path, how, place, runs[OTHER[name]] / file)
        try:
            found = outcomes.of(lambda: opened(runs[name]))
            assert found is None or found == whole[name] or file == "manifest.json" or path.read_bytes() == before
            if file == "manifest.json" and found is not None:
                assert found == whole[name]
        finally:
            mend(path, before)

    campaign(case, check, quick=150, slow=20_000)


def changed(content, route, value):
    """Return JSON with another value, or None where something is taken away, at a place that `route` chooses."""
    if isinstance(content, dict) and content and route:
        key = sorted(content)[route[0] % len(content)]
        rest = {k: v for k, v in content.items() if k != key}
        if len(route) > 1 and isinstance(content[key], dict | list) and content[key]:
            return {**content, key: changed(content[key], route[1:], value)}
        return rest if value == "take away" else {**content, key: value}
    if isinstance(content, list) and content and route:
        at = route[0] % len(content)
        return [*content[:at], *([] if value == "take away" else [value]), *content[at + 1 :]]
    return value


@pytest.mark.usefixtures("speed")
def test_other_structures(campaign, runs):
    """Without a manifest, as a stranger or an older version would make them."""
    for folder in runs.values():
        (folder / "manifest.json").unlink()
    raw = {
        "digits": [[[0.0] * 8] * 3],
        "tags": ["the old man rows"],
        "pairs": ["small red car"],
        "series": [np.ones((30, 2)).tolist()],
    }
    case = st.tuples(
        st.sampled_from(NAMES), st.sampled_from(LIGHT[:3]),
        st.lists(st.integers(0, 40), min_size=1, max_size=3), st.sampled_from([*VALUES, "take away"]),
    )  # fmt: skip

    def check(outcomes, case):
        name, file, route, value = case
        path = runs[name] / file
        before = path.read_bytes()
        path.write_text(json.dumps(changed(json.loads(before), route, value)))
        try:
            outcomes.of(lambda: opened(runs[name]))
            outcomes.of(lambda: len(rnnzoo.load(runs[name]).data.encode(raw[name])))
        finally:
            path.write_bytes(before)

    campaign(case, check, quick=150, slow=20_000)


@pytest.mark.usefixtures("speed")
def test_damaged_models(campaign, runs):
    rows = [np.ones((5, 8)) * i for i in range(3)]
    expected = rnnzoo.load(runs["digits"]).predict(rows)
    case = st.tuples(st.booleans(), st.sampled_from(HOW), st.floats(0, 1))

    def check(outcomes, case):
        sealed, how, place = case
        path, seal = runs["digits"] / "model.keras", runs["digits"] / "manifest.json"
        before, seals = path.read_bytes(), seal.read_bytes()
        if not sealed:
            seal.unlink()
        damage(path, how, place, runs["tags"] / "model.keras")
        try:
            found = outcomes.of(lambda: rnnzoo.load(runs["digits"]).predict(rows))
            assert found is None or found == expected
        finally:
            mend(path, before)
            seal.write_bytes(seals)

    campaign(case, check, quick=15, slow=3_000)


@pytest.mark.usefixtures("speed")
def test_damaged_checkpoints(campaign, runs):
    path = runs["digits"] / "checkpoint"
    before = path.read_bytes()
    arrays, state = checkpoint.read(path)

    def check(outcomes, case):
        how, place = case
        damage(path, how, place, runs["tags"] / "model.keras")
        try:
            found = outcomes.of(lambda: checkpoint.read(path) if path.is_file() else None)
            if found is not None:
                assert found[1] == state
                assert all(np.array_equal(found[0][name], array) for name, array in arrays.items() if name in found[0])
            outcomes.of(lambda: folders.pictures(runs["digits"]))
        finally:
            mend(path, before)

    campaign(st.tuples(st.sampled_from(HOW), st.floats(0, 1)), check, quick=60, slow=10_000)
