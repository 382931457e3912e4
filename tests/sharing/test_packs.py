"""A run as one file: the same answers, none of the machine's folders, and a damaged or hostile file is one sentence."""

import contextlib
import hashlib
import json
import shutil
import zipfile

import numpy as np
import pytest
from refusals import one_sentence, refused

import rnnzoo
from rnnzoo import cli
from rnnzoo.errors import InvalidValue
from rnnzoo.sharing import compact, packs

INPUTS = [[[0.0, 1.0], [1.0, -1.0]], [[2.0, 2.0]], [[1.5, 1.4], [0.1, 0.3], [0.7, 0.7]]]


@pytest.fixture(scope="module")
def packed(finished, tmp_path_factory):
    """Return a finished run as a file, and as a compact one."""
    folder = tmp_path_factory.mktemp("packed")
    return [rnnzoo.pack(finished, folder / f"{small}.rnnzoo", compact=small) for small in (False, True)]


def parts_of(path):
    with zipfile.ZipFile(path) as file:
        return {name: file.read(name) for name in file.namelist()}


def write(path, parts, seal=True):
    """Write a packed run of these parts; its author makes a manifest that fits."""
    parts = dict(parts)
    if seal:
        own = {name: content for name, content in parts.items() if name != "manifest.json"}
        seals = {n: {"size": len(c), "sha256": hashlib.sha256(c).hexdigest()} for n, c in own.items()}
        parts["manifest.json"] = json.dumps({"files": seals}).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return path


def test_a_packed_run_answers_and_measures_as_the_run(finished, packed):
    run = rnnzoo.load(packed[0])
    np.testing.assert_array_equal(run.outputs(INPUTS), finished.outputs(INPUTS))
    assert run.predict(INPUTS) == finished.predict(INPUTS)
    file = finished.config["data"]["arguments"]["source"]
    assert run.evaluate(file) == finished.evaluate(file)
    one_sentence(run.evaluate, "classes.npz")  # the data are not in it
    assert run.results["metrics"] == finished.results["metrics"]
    assert run.recipe.model == finished.recipe.model


def test_small_numbers_are_as_near_as_they_say(finished, packed):
    run = rnnzoo.load(packed[1])
    for mine, theirs in zip(run.model.get_weights(), finished.model.get_weights(), strict=True):
        step = np.abs(theirs).max(axis=-1, keepdims=True) / 127 if theirs.ndim > 1 else np.abs(theirs) / 1024
        assert (np.abs(mine - theirs) <= step / 2 + 2**-11 * np.abs(theirs) + 1e-7).all()
    np.testing.assert_allclose(run.outputs(INPUTS), finished.outputs(INPUTS), atol=0.05)
    assert packed[1].stat().st_size < packed[0].stat().st_size


def test_the_same_run_gives_the_same_bytes(finished, packed, tmp_path):
    for small, path in enumerate(packed):
        again = rnnzoo.pack(finished, tmp_path / path.name, compact=bool(small))
        assert again.read_bytes() == path.read_bytes()


def test_a_packed_run_is_packed_again(packed, tmp_path):
    """Small numbers stay as they are."""
    again = rnnzoo.pack(packed[1], tmp_path / "again.rnnzoo", compact=True)
    assert again.read_bytes() == packed[1].read_bytes()


def test_no_folder_of_the_machine_is_told(finished, packed):
    parts = parts_of(packed[0])
    assert set(parts) == {"config.json", "data.json", "results.json", "history.csv", "model.keras", "about.json"} | {
        "manifest.json"
    }
    home = str(finished.folder.parents[1]).encode()
    assert not [name for name, content in parts.items() if home in content]
    assert json.loads(parts["config.json"])["data"]["arguments"]["source"] == "classes.npz"


def test_quantize():
    rng = np.random.default_rng(0)
    weight = rng.normal(size=(40, 64)).astype("float32") * rng.uniform(0.01, 10, (40, 1)).astype("float32")
    weight[3] = 0
    number, scale = compact.quantize(weight)
    assert (number.dtype, scale.shape) == (np.int8, (40, 1))
    assert (np.abs(compact.restore(number, scale) - weight) <= scale / 2 * 1.0001).all()
    assert (compact.restore(number, scale)[3] == 0).all()
    bias = rng.normal(size=7).astype("float32")
    assert compact.quantize(bias)[0].dtype == np.float16
    for odd in (np.array([1e6], "float32"), np.array([np.nan, 1], "float32"), np.array([3], "int32")):
        number, scale = compact.quantize(odd)
        np.testing.assert_array_equal(compact.restore(number, scale), odd)


def test_weights_of_a_packed_run(finished, packed):
    """Sizes and hyper-parameters that are left open are the run's."""
    for path in packed:
        model = rnnzoo.build("mlp", weights=path, outputs=5)
        assert model.output_shape == (None, 5)
        kernel = model.get_layer("body").get_weights()[0]
        np.testing.assert_allclose(kernel, finished.model.get_layer("body").get_weights()[0], atol=0.02)


def test_commands_take_a_packed_run(packed, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    shutil.copy(packed[1], "mine.rnnzoo")
    cli.entry_point(["predict", "mine.rnnzoo", "[[0, 1]]"])
    cli.entry_point(["summary", "mine.rnnzoo"])
    cli.entry_point(["pack", "mine.rnnzoo", "other.rnnzoo"])
    assert "other.rnnzoo: 0.0" in capsys.readouterr().out
    assert {path.name for path in tmp_path.iterdir()} == {"mine.rnnzoo", "other.rnnzoo"}
    assert "ends in .rnnzoo" in refused(capsys, cli.entry_point, ["pack", "mine.rnnzoo", "other.zip"])
    assert "no run that rnnzoo packed" in refused(capsys, cli.entry_point, ["predict", __file__, "x"])


HOSTILE = {
    "a name that leads out": lambda parts: {**parts, "../evil.py": b"x"},
    "an absolute name": lambda parts: {**parts, "/tmp/evil.py": b"x"},
    "code": lambda parts: {**parts, "evil.py": b"x"},
    "a pickle": lambda parts: {**parts, "checkpoint": b"cos\nsystem\n."},
    "no config": lambda parts: {name: parts[name] for name in parts if name != "config.json"},
    "about of another kind": lambda parts: {**parts, "about.json": b'{"quality": 5}'},
    "a later format": lambda parts: {**parts, "about.json": b'{"format": 2}'},
    "a list": lambda parts: {**parts, "about.json": b"[]"},
    "a bomb": lambda parts: {**parts, "history.csv": bytes(2**28)},
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_file_is_refused(packed, tmp_path, kind):
    path = write(tmp_path / "hostile.rnnzoo", HOSTILE[kind](parts_of(packed[0])))
    said = one_sentence(lambda: rnnzoo.load(path), "Received")
    assert str(path) in said
    assert {found.name for found in tmp_path.iterdir()} == {"hostile.rnnzoo"}


def test_what_the_manifest_does_not_know_is_refused(packed, tmp_path):
    parts = parts_of(packed[0])
    changed = {**parts, "results.json": parts["results.json"].replace(b"epochs", b"epoches")}
    one_sentence(lambda: rnnzoo.load(write(tmp_path / "a.rnnzoo", changed, seal=False)), "manifest")
    less = {name: parts[name] for name in parts if name != "history.csv"}
    one_sentence(lambda: rnnzoo.load(write(tmp_path / "b.rnnzoo", less, seal=False)), "manifest")


def test_every_damaged_byte_is_noticed(packed, tmp_path):
    """A byte flipped anywhere: one sentence, or, where it says nothing, the same answers."""
    whole = packed[1].read_bytes()
    expected = rnnzoo.load(packed[1]).config
    for place in range(0, len(whole), max(1, len(whole) // 60)):
        path = tmp_path / "damaged.rnnzoo"
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        with contextlib.suppress(InvalidValue):
            assert rnnzoo.load(path).config == expected
    for length in (0, 10, len(whole) // 2, len(whole) - 1):
        (tmp_path / "damaged.rnnzoo").write_bytes(whole[:length])
        one_sentence(lambda: rnnzoo.load(tmp_path / "damaged.rnnzoo"), "Received")


def test_a_weight_that_is_mostly_empty_is_kept_by_its_rows():
    """A hashed table of millions would unpack to far more than it is."""
    table = np.zeros((1000, 3), "float32")
    table[[7, 999]] = [[1, 2, 3], [0, 0, -0.5]]
    rows = compact.filled(table)
    np.testing.assert_array_equal(rows, [7, 999])
    np.testing.assert_array_equal(compact.spread(table[rows], rows, table.shape), table)
    np.testing.assert_array_equal(compact.filled(np.zeros((4, 2))), [])
    for full in (np.ones(()), np.zeros((0, 3)), np.eye(4), np.array([0, 5, 0, 5], "int32")):
        assert compact.filled(full) is None
        assert compact.spread(full, None, full.shape) is full


@pytest.mark.parametrize("change", ["another shape", "objects", "less", "more", "rows outside", "rows of others"])
def test_a_hostile_compact_model_is_refused(packed, tmp_path, change):
    import io

    parts = parts_of(packed[1])
    inner = parts_of(io.BytesIO(parts["model.compact"]))
    wrong = io.BytesIO()
    np.lib.format.write_array(wrong, np.zeros((3, 3), object if change == "objects" else "float32"))
    inner |= {"less": {}, "more": {f"{len(inner)}.npy": wrong.getvalue()}}.get(change, {"0.npy": wrong.getvalue()})
    if change == "less":
        del inner["1.npy"]
    if "rows" in change:  # of the first weight one row, that it has not, or that is not the first
        row = io.BytesIO()
        np.lib.format.write_array(row, np.array([10**6 if "outside" in change else 0], "int32"))
        inner["0.rows.npy"] = row.getvalue()
    if change == "more":
        count = len(rnnzoo.load(packed[1]).model.get_weights())
        inner[f"{count}.npy"] = wrong.getvalue()
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        for name, content in inner.items():
            made.writestr(name, content)
    path = write(tmp_path / "hostile.rnnzoo", {**parts, "model.compact": file.getvalue()})
    one_sentence(lambda: rnnzoo.load(path).model, "model file is damaged")


def test_only_finished_runs_are_packed(finished, tmp_path):
    half = shutil.copytree(finished.folder, tmp_path / "half")
    (half / "results.json").unlink()
    one_sentence(lambda: rnnzoo.pack(half, tmp_path / "x.rnnzoo"), "finished")
    damaged = shutil.copytree(finished.folder, tmp_path / "damaged")
    (damaged / "config.json").write_text((damaged / "config.json").read_text() + " ")
    one_sentence(lambda: rnnzoo.pack(damaged, tmp_path / "x.rnnzoo"), "damaged")
    assert not (tmp_path / "x.rnnzoo").exists()
    assert packs.ENDING == ".rnnzoo"


@pytest.mark.parametrize("backend", ["jax"])
def test_another_backend_answers_the_same(packed, finished, python, backend):
    asked = "rnnzoo.load(sys.argv[1]).outputs(json.loads(sys.argv[2]))"
    code = f"import sys, json, rnnzoo; print(json.dumps({asked}.tolist()))"
    said = python(code, packed[1], json.dumps(INPUTS), KERAS_BACKEND=backend)
    assert said.returncode == 0, said.stderr
    expected = rnnzoo.load(packed[1]).outputs(INPUTS)
    np.testing.assert_allclose(json.loads(said.stdout), expected, atol=1e-5)
    assert finished.finished
