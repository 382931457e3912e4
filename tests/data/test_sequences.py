"""Sequences of numbers or tokens: from where they come, how they are split and scaled, what is refused."""

import json
import socket
import time
import types

import numpy as np
import pytest

from rnnzoo import Recipe
from rnnzoo.data import SequenceClassification, SequenceRegression
from rnnzoo.errors import UserError


def ragged(n=60, features=2, seed=0):
    """Return `n` float sequences of 2 to 6 steps, their classes 0, 1 and 2, and example i's number in its values."""
    rng = np.random.default_rng(seed)
    x = [rng.normal(size=(2 + i % 5, features)).astype("float32") for i in range(n)]
    return x, np.arange(n) % 3


def padded(x, value):
    lengths = np.array([len(s) for s in x])
    out = np.full((len(x), lengths.max(), *x[0].shape[1:]), value, x[0].dtype)
    for row, s in zip(out, x, strict=True):
        row[: len(s)] = s
    return out, lengths


def real(batches):
    """Return what a split holds, without fillers, as bytes -> answer: batches may come in any order."""
    found = []
    for x, y, weight in batches.arrays():
        found += [(x[i], y[i]) for i in np.flatnonzero(weight)]
    return found


def everything(splits):
    return [pair for batches in splits.parts.values() for pair in real(batches)]


def same_examples(a, b):
    def keys(pairs):
        return sorted((x.shape, x.tobytes(), np.asarray(y).tobytes()) for x, y in pairs)

    return keys(everything(a)) == keys(everything(b))


def gesture(i):
    """Return label and `(3 + i % 4, 3)` readings of the i-th recording."""
    rng = np.random.default_rng(i)
    return i % 3, rng.normal(i % 3, 0.1, (3 + i % 4, 3)).astype("float32")


@pytest.fixture(scope="module")
def gestures(tmp_path_factory):
    """Prepare `tiny_gestures`, whose readings are nested as those of `smartwatch_gestures` are; return its folder."""
    import tensorflow_datasets as tfds

    class TinyGestures(tfds.core.GeneratorBasedBuilder):
        """Nested sequences with a class label, a flat sequence, and a number without a time axis."""

        VERSION = tfds.core.Version("1.0.0")

        def _info(self):
            axes = {f"accel_{axis}": np.float32 for axis in "xyz"}
            features = {
                "readings": tfds.features.Sequence(axes),
                "steps": tfds.features.Sequence(np.int64),
                "person": np.int64,
                "hand": tfds.features.Text(),
                "gesture": tfds.features.ClassLabel(names=["wave", "shake", "nod"]),
            }
            return tfds.core.DatasetInfo(builder=self, features=tfds.features.FeaturesDict(features))

        def _split_generators(self, dl_manager):
            return {"train": self._generate_examples(0, 60), "val": self._generate_examples(60, 75)}

        def _generate_examples(self, start, stop):
            for i in range(start, stop):
                label, readings = gesture(i)
                yield (
                    i,
                    {
                        "readings": {f"accel_{axis}": readings[:, k] for k, axis in enumerate("xyz")},
                        "steps": np.arange(1, 3 + i % 4),
                        "person": i,
                        "hand": ["left", "right"][i % 2],
                        "gesture": label,
                    },
                )

    folder = tmp_path_factory.mktemp("tfds")
    TinyGestures(data_dir=folder).download_and_prepare()
    return str(folder)


# Where they come from. ----------------------------------------------------------------------------------------------


def test_every_source_of_the_same_sequences_gives_the_same(tmp_path, monkeypatch):
    x, y = ragged()
    full, lengths = padded(x, 0)
    np.savez(tmp_path / "data.npz", x=full, y=y, lengths=lengths)
    module = types.ModuleType("my_sequences")
    module.make = lambda: {"x": x, "y": y}
    monkeypatch.setitem(__import__("sys").modules, "my_sequences", module)
    expected = SequenceClassification((x, y)).load(batch_size=8)
    assert len(everything(expected)) == 60
    for source in ({"x": x, "y": y}, {"x": full, "y": y, "lengths": lengths}, str(tmp_path / "data.npz"),
                   "my_sequences:make", ([s.tolist() for s in x], y.tolist())):  # fmt: skip
        assert same_examples(SequenceClassification(source).load(batch_size=8), expected)


def test_trailing_pad_value_is_padding():
    x, y = ragged()
    expected = SequenceClassification((x, y), pad_value=-9.0).load(batch_size=8)
    found = SequenceClassification((padded(x, -9.0)[0], y), pad_value=-9.0).load(batch_size=8)
    assert same_examples(found, expected)


def test_given_parts_are_kept():
    x, y = ragged()
    data = {"x_train": x[:40], "y_train": y[:40], "x_test": x[40:], "y_test": y[40:]}
    splits = SequenceClassification(data, validation=0.25).load()
    assert {name: len(part) for name, part in splits.parts.items()} == {"train": 30, "validation": 10, "test": 20}
    tested = {s.tobytes() for s in splits.parts["test"].x}
    assert tested == {s.tobytes() for s in x[40:]}


def test_tokens_are_whole_numbers_and_trailing_zeros_are_padding():
    x = [[5, 0, 3, 0, 0], [2, 2, 2, 2, 2], [1, 4, 0, 0, 0]] * 10
    data = SequenceClassification((x, [0, 1, 1] * 10))
    splits = data.load(batch_size=4)
    assert data.inputs == {"vocabulary_size": 6, "outputs": 2}
    assert {tuple(s) for s in splits.parts["train"].x} == {(5, 0, 3), (2, 2, 2, 2, 2), (1, 4)}  # an interior 0 stays
    assert splits.parts["train"].x[0].dtype == "int32"


def test_tokens_may_be_empty_sequences():
    """A text of unknown words alone, say."""
    x = [[], [3, 1], [2]] * 10
    data = SequenceClassification((x, [0, 1, 1] * 10))
    splits = data.load(batch_size=4)
    assert data.inputs["vocabulary_size"] == 4
    assert {tuple(s) for s in splits.parts["train"].x} == {(), (3, 1), (2,)}
    assert [s.tolist() for s in data.encode([[], [1]])] == [[], [1]]


def test_rows_of_floats_are_one_feature():
    x = np.random.default_rng(0).normal(size=(20, 6))
    data = SequenceRegression((x, x.sum(axis=1)), test=0, validation=0)
    splits = data.load()
    assert data.inputs == {"features": 1, "outputs": 1}
    for values, total in real(splits.parts["train"]):
        assert values.shape == (6, 1)
        np.testing.assert_allclose(values.sum(), total, rtol=1e-5, atol=1e-6)


def test_regression_takes_several_values():
    x, _ = ragged()
    y = np.random.default_rng(0).normal(size=(60, 4))
    data = SequenceRegression((x, y))
    splits = data.load()
    assert data.inputs["outputs"] == 4
    assert splits.parts["train"].y.shape == (len(splits.parts["train"]), 4)
    assert data.decode(np.float32([[1, 2, 3, 4.5]])) == [{"values": [1, 2, 3, 4.5]}]


def test_tfds_sequences(gestures):
    """Nested sequences become the features of a step; splits get our names."""
    fields = ("readings/accel_x", "readings/accel_y", "readings/accel_z")
    data = SequenceClassification("tiny_gestures", fields=fields, test=0)
    splits = data.load(data_dir=gestures)
    assert {name: len(part) for name, part in splits.parts.items()} == {"train": 60, "validation": 15}
    assert data.classes == ["nod", "shake", "wave"]
    recordings = {gesture(i)[1].tobytes(): ["wave", "shake", "nod"][gesture(i)[0]] for i in range(75)}
    for part in splits.parts.values():
        for x, y in zip(part.x, part.y, strict=True):
            assert recordings.pop(x.tobytes()) == data.classes[y]
    assert not recordings


def test_tfds_finds_fields_by_itself(gestures):
    """All numeric features with a time axis: not the person's number, not the words."""
    everything = SequenceClassification("tiny_gestures")  # the steps are one shorter than the readings
    one_sentence(lambda: everything.load(data_dir=gestures), r"accel_x \(\d,\), .*steps \(\d,\)")
    data = SequenceClassification("tiny_gestures", fields=("steps",))
    data.load(data_dir=gestures)
    assert data.inputs == {"vocabulary_size": 6, "outputs": 3}


def test_tfds_version_in_the_name(gestures):
    splits = SequenceClassification("tiny_gestures:1.0.0", fields=("steps",)).load(data_dir=gestures)
    assert sum(len(part) for part in splits.parts.values()) == 75


def test_tfds_label_of_words(gestures):
    data = SequenceClassification("tiny_gestures", fields=("steps",), label="hand")
    data.load(data_dir=gestures)
    assert data.classes == ["left", "right"]


def test_groups_of_a_tfds_data_set(gestures):
    """All examples of the named groups, of whatever part, are test, and no other."""
    data = SequenceClassification("tiny_gestures", fields=("steps",), group="person", test_groups=("3", "70", "71"))
    splits = data.load(data_dir=gestures)
    assert {name: len(part) for name, part in splits.parts.items()} == {"train": 64, "validation": 8, "test": 3}


def test_groups_of_arrays():
    x, y = ragged()
    group = np.array(["ann", "bob", "eve"])[np.arange(60) // 20]
    found = SequenceClassification({"x": x, "y": y, "group": group}, test_groups=("bob",), validation=0).load()
    assert sorted(s.tobytes() for s in found.parts["test"].x) == sorted(s.tobytes() for s in x[20:40])
    assert len(found.parts["train"]) == 40
    for settings, match in (
        ({"test_groups": ("tom",)}, "must be some of ann, bob, eve. Received: tom"),
        ({"test_groups": ("ann", "bob", "eve")}, "must be some of"),
    ):
        one_sentence(
            lambda settings=settings: SequenceClassification({"x": x, "y": y, "group": group}, **settings).load(), match
        )
    one_sentence(
        lambda: SequenceClassification((x, y), test_groups=("ann",)).load(), "needs the group of every example"
    )


def test_tfds_errors(gestures, tmp_path):
    for name, match in (
        ("tiny_gesture", "'tiny_gestures'"),
        ("Bad Name!!", "Bad Name!!"),
        ("tiny_gestures/nonesuch", "nonesuch"),
    ):
        one_sentence(lambda name=name: SequenceClassification(name).load(data_dir=gestures), match)
    fields = SequenceClassification("tiny_gestures", fields=("readings/accel_w",))
    one_sentence(lambda: fields.load(data_dir=gestures), "accel_w")
    label = SequenceClassification("tiny_gestures", fields=("steps",), label="foot")
    one_sentence(lambda: label.load(data_dir=gestures), "foot")


def test_tfds_out_of_reach_fails_soon(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OSError("no network here")

    monkeypatch.setattr(socket, "create_connection", refuse)
    began = time.monotonic()
    data = SequenceClassification("smartwatch_gestures")
    error = one_sentence(lambda: data.load(data_dir=str(tmp_path)), "TFDS_DATA_DIR")
    assert time.monotonic() - began < 15
    assert "smartwatch_gestures" in error
    assert str(tmp_path) in error
    assert not any(tmp_path.rglob("*.tfrecord*"))


def test_tfds_asks_the_proxy_where_there_is_one(tmp_path, monkeypatch):
    """Behind a proxy the host itself is out of reach, and need not be."""
    asked = []

    def refuse(address, *_, **__):
        asked.append(address)
        raise OSError("no network here")

    monkeypatch.setattr(socket, "create_connection", refuse)
    for name in ("https_proxy", "http_proxy", "HTTPS_PROXY", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://proxy.example:3128")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    with pytest.raises(UserError, match=r"proxy\.example"):
        SequenceClassification("smartwatch_gestures").load(data_dir=str(tmp_path))
    assert asked[0] == ("proxy.example", 3128)


# Splits, scaling, length. -------------------------------------------------------------------------------------------


def test_splits_are_stratified_and_disjoint():
    x = np.arange(200, dtype="float32").reshape(200, 1, 1)
    y = np.repeat([0, 1], [160, 40])
    splits = SequenceClassification((x, y)).load()
    members = {name: {float(s[0, 0]) for s in part.x} for name, part in splits.parts.items()}
    assert {name: len(ids) for name, ids in members.items()} == {"train": 144, "validation": 16, "test": 40}
    assert len(set.union(*members.values())) == 200
    for part in splits.parts.values():
        assert np.mean(part.y) == pytest.approx(0.2, abs=0.02)


def test_split_seed_alone_decides_the_splits():
    x, y = ragged()

    def tested(split_seed, **settings):
        splits = SequenceClassification((x, y), split_seed=split_seed).load(**settings)
        return [s.tobytes() for s in splits.parts["test"].x]

    assert tested(0) == tested(0, seed=5, batch_size=3)
    assert tested(0) != tested(1)


@pytest.mark.parametrize("split_seed", range(5))
def test_rare_classes_stay_in_train(split_seed):
    """Drawn for the test, a class would be unknown there."""
    x, _ = ragged()
    y = np.concatenate([np.arange(20), np.zeros(40, int)])  # 19 classes of one example each
    splits = SequenceClassification((x, y), split_seed=split_seed).load()
    assert {name: len(part) for name, part in splits.parts.items()} == {"train": 43, "validation": 5, "test": 12}
    assert set(splits.parts["train"].y) == set(range(20))
    examples = [s.tobytes() for part in splits.parts.values() for s in part.x]
    assert len(set(examples)) == 60


@pytest.mark.parametrize("kind", ["standard", "minmax"])
def test_scaler_is_fitted_on_train_alone(kind):
    rng = np.random.default_rng(0)
    train, test = rng.normal(5, 3, (40, 7, 2)), rng.normal(100, 50, (20, 7, 2))
    data = {"x_train": train, "y_train": np.arange(40) % 2, "x_test": test, "y_test": np.arange(20) % 2}
    splits = SequenceClassification(data, scale=kind, validation=0).load()
    flat = train.astype("float32").reshape(-1, 2).astype("float64")
    shift, scale = (flat.mean(0), flat.std(0)) if kind == "standard" else (flat.min(0), flat.max(0) - flat.min(0))
    for name, raw in (("train", train), ("test", test)):
        np.testing.assert_allclose(np.stack(splits.parts[name].x), (raw - shift) / scale, rtol=1e-4, atol=1e-5)


def test_padding_does_not_count_for_the_scaler():
    x, y = ragged()
    full, _ = padded(x, 99.0)
    data = SequenceClassification((full, y), scale="standard", pad_value=99.0, test=0, validation=0)
    steps = np.concatenate(data.load().parts["train"].x)
    np.testing.assert_allclose(steps.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(steps.std(axis=0), 1, atol=1e-5)


@pytest.mark.parametrize(
    "settings", [{}, {"pad_value": 0.0, "scale": "standard"}, {"pad_value": 1.0, "scale": "minmax"}]
)
def test_no_real_step_looks_like_padding(settings):
    """Scaling may turn a real step into the very number that marked padding before: here 5 into 0, and 6 into 1."""
    x = [np.full((2 + i % 4, 1), 4.0 + i % 3) for i in range(36)]
    data = SequenceClassification((x, np.arange(36) % 2), test=0, validation=0, **settings)
    train = data.load().parts["train"]
    assert "pad_value" in data.inputs
    assert train.pad_value == data.inputs["pad_value"]
    assert not any((s == data.inputs["pad_value"]).all(axis=1).any() for s in train.x)


@pytest.mark.parametrize(
    ("keep", "expected"), [("head", [1, 2, 3, 4, 5]), ("tail", [5, 6, 7, 8, 9]), ("both", [1, 2, 3, 8, 9])]
)
def test_truncate(keep, expected):
    x = [[1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 2]] * 10
    data = SequenceClassification((x, [0, 1] * 10), truncate=keep)
    splits = data.load(sequence_length=5)
    assert {tuple(s) for part in splits.parts.values() for s in part.x} == {tuple(expected), (1, 2)}
    assert data.encode(["[1, 2, 3, 4, 5, 6, 7, 8, 9]"])[0].tolist() == expected  # the same when predicting


def test_limit():
    x, y = ragged(300)
    splits = SequenceClassification((x, y)).load(limit=20)
    assert {len(part) for part in splits.parts.values()} == {20}
    whole = SequenceClassification((x, y)).load()
    for name, part in splits.parts.items():  # a sample of the same part
        assert {s.tobytes() for s in part.x} <= {s.tobytes() for s in whole.parts[name].x}
        assert len(set(part.y.tolist())) > 1


# There and back. ----------------------------------------------------------------------------------------------------


def test_labels_may_be_words():
    x, _ = ragged()
    words = np.array(["sit", "walk", "run"])[np.arange(60) % 3]
    data = SequenceClassification((x, words))
    train = data.load().parts["train"]
    assert data.classes == ["run", "sit", "walk"]
    by_bytes = {s.tobytes(): w for s, w in zip(x, words, strict=True)}
    assert all(data.classes[c] == by_bytes[s.tobytes()] for s, c in zip(train.x, train.y, strict=True))


def test_decode_names_the_class_and_its_probability():
    x, y = ragged()
    data = SequenceClassification((x, y * 10))
    data.load()
    logits = np.float32([[0, 1, 3], [5, 1, 0]])
    answers = data.decode(logits)
    assert [a["label"] for a in answers] == ["20", "0"]
    for row, answer in zip(logits.astype("float64"), answers, strict=True):
        assert answer["probability"] == pytest.approx(np.exp(row.max()) / np.exp(row).sum())


def test_save_and_restore(tmp_path):
    x, y = ragged()
    full, lengths = padded(x, 0)
    np.savez(tmp_path / "data.npz", x=full, y=y, lengths=lengths)
    data = SequenceClassification(str(tmp_path / "data.npz"), scale="standard", truncate="tail")
    data.load(sequence_length=4)
    data.save(tmp_path)
    again = SequenceClassification(str(tmp_path / "data.npz"), scale="standard", truncate="tail").restore(tmp_path)
    assert again.inputs == data.inputs
    assert again.pad_with == data.pad_with
    assert again.classes == data.classes
    for a, b in zip(again.encode(x), data.encode(x), strict=True):
        assert a.dtype == b.dtype == "float32"
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(again.encode_answers([2, 0]), data.encode_answers([2, 0]))


def test_a_damaged_file_is_one_sentence(tmp_path):
    (tmp_path / "data.json").write_text('{"fill": ')
    one_sentence(lambda: SequenceClassification("a:b").restore(tmp_path), r"data\.json")
    (tmp_path / "data.json").unlink()
    one_sentence(lambda: SequenceClassification("a:b").restore(tmp_path), r"data\.json")


def test_json_is_read_as_arrays_are():
    x, y = ragged()
    data = SequenceClassification((x, y), scale="minmax")
    data.load()
    np.testing.assert_array_equal(data.encode([json.dumps(x[0].tolist())])[0], data.encode(x[:1])[0])


def test_config_of_a_recipe_rebuilds_the_data():
    data = SequenceClassification("rnnzoo.data.embedded:digits", scale="minmax", fields=("a", "b"), truncate="both")
    recipe = Recipe(name="r", task="classification", data=data, model="mlp")
    assert Recipe.from_config(json.loads(json.dumps(recipe.to_config()))).data == data


# What is refused. ---------------------------------------------------------------------------------------------------


def one_sentence(call, match):
    """Assert that `call` refuses with an error of ours, one line long, and return it."""
    with pytest.raises(UserError, match=match) as caught:
        call()
    assert "\n" not in str(caught.value)
    return str(caught.value)


ONES = np.ones((9, 5, 2), "float32")
LABELS = np.arange(9) % 3
IDS = np.tile(np.arange(1, 6), (9, 1))
LEFT = np.where(np.arange(5) < np.arange(9)[:, None] % 3, 0, IDS)
BAD = {
    "words as numbers": ({"x": [["a", "b"]] * 9, "y": LABELS}, "must hold numbers"),
    "objects": ({"x": [[None, 1.0]] * 9, "y": LABELS}, "must hold numbers"),
    "complex numbers": ({"x": ONES * 1j, "y": LABELS}, "must hold numbers"),
    "no array": ({"x": 5, "y": LABELS}, "array or a list"),
    "rank 1": ({"x": ONES[:, 0, 0], "y": LABELS}, "shape"),
    "rank 4": ({"x": ONES[..., None], "y": LABELS}, "shape"),
    "mixed ranks": ({"x": [ONES[0], ONES[0, :, 0]] * 4, "y": LABELS[:8]}, "shape"),
    "other widths": ({"x": [ONES[0], ONES[0, :, :1]] * 4, "y": LABELS[:8]}, "same features"),
    "no width": ({"x": ONES[:, :, :0], "y": LABELS}, "no step"),
    "no step": ({"x": [[], []], "y": [0, 1]}, "no step"),
    "empty": ({"x": [], "y": []}, "empty data set"),
    "NaN": ({"x": np.where(np.arange(9)[:, None, None] == 4, np.nan, ONES), "y": LABELS}, "finite"),
    "infinity": ({"x": np.full((9, 5, 2), np.inf), "y": LABELS}, "finite"),
    "too big for float32": ({"x": np.full((9, 5, 2), 1e300), "y": LABELS}, "finite"),
    "left-padded": ({"x": LEFT, "y": LABELS}, "left"),
    "negative ids": ({"x": -IDS, "y": LABELS}, "Token ids"),
    "ids beyond int32": ({"x": IDS * 2**31, "y": LABELS}, "Token ids"),
    "rows": ({"x": ONES, "y": LABELS[:4]}, "as many rows"),
    "no rows": ({"x": ONES, "y": 3}, "one answer a sequence"),
    "ragged y": ({"x": ONES, "y": [[1], [1, 2]] * 4 + [[1]]}, "unequal length"),
    "no y": ({"x": ONES}, "x and y"),
    "no train": ({"x_test": ONES, "y_test": LABELS}, "x_train"),
    "unknown part": ({"x": ONES, "y": LABELS, "x_holdout": ONES, "y_holdout": LABELS}, "x_holdout"),
    "lengths of others": ({"x": ONES, "y": LABELS, "lengths": [1, 2]}, "lengths"),
    "negative lengths": ({"x": ONES, "y": LABELS, "lengths": np.full(9, -1)}, "lengths"),
    "too long lengths": ({"x": ONES, "y": LABELS, "lengths": np.full(9, 6)}, "lengths"),
    "one class": ({"x": ONES, "y": np.zeros(9, int)}, "only 0"),
    "float labels": ({"x": ONES, "y": LABELS.astype(float)}, "whole numbers or words"),
    "one-hot labels": ({"x": ONES, "y": np.eye(3, dtype=int)[LABELS]}, "whole numbers or words"),
    "missing labels": ({"x": ONES, "y": np.array([None, "a", "b"] * 3, object)}, "whole numbers or words"),
    "test has a new label": (
        {"x_train": ONES, "y_train": LABELS, "x_test": ONES, "y_test": LABELS + 1},
        "test has a label that train has not",
    ),
    "validation has a new label": (
        {"x_train": ONES, "y_train": LABELS, "x_validation": ONES, "y_validation": LABELS + 1},
        "validation has a label that train has not",
    ),
    "test has a new id": ({"x_train": IDS, "y_train": LABELS, "x_test": IDS + 4, "y_test": LABELS}, "vocabulary_size"),
    "test has other features": (
        {"x_train": ONES, "y_train": LABELS, "x_test": ONES[..., :1], "y_test": LABELS},
        "2 features",
    ),
    "test is of another kind": (
        {"x_train": IDS, "y_train": LABELS, "x_test": ONES, "y_test": LABELS},
        "token ids",
    ),
    "test is empty": ({"x_train": ONES, "y_train": LABELS, "x_test": [], "y_test": []}, "empty data set"),
    "too few to split": ({"x": ONES[:1], "y": LABELS[:1]}, "Too few"),
}


@pytest.mark.parametrize("bad", BAD)
def test_refused(bad):
    source, match = BAD[bad]
    one_sentence(lambda: SequenceClassification(source).load(), match)


@pytest.mark.parametrize(
    "setting", [{"test": 1.5}, {"validation": -0.1}, {"truncate": "middle"}, {"scale": "log"}, {"split_seed": -1}]
)
def test_refused_settings(setting):
    ((name, value),) = setting.items()
    one_sentence(
        lambda: SequenceClassification((ONES, LABELS), **setting).load(), f"{name}.*Received: {name}={value!r}"
    )


@pytest.mark.parametrize("y", [np.full(9, np.nan), np.array(["a"] * 9), np.ones((9, 2, 2)), np.full(9, 1e300)])
def test_refused_values(y):
    one_sentence(lambda: SequenceRegression((ONES, y)).load(), "finite numbers")


def test_refused_test_values():
    parts = {"x_train": ONES, "y_train": np.ones(9), "x_test": ONES, "y_test": np.ones((9, 2))}
    one_sentence(lambda: SequenceRegression(parts).load(), "1 values a row")


@pytest.mark.parametrize(
    ("source", "match"),
    [
        ("nowhere.npz", "no such file"),
        ("no_such_module:f", "no_such_module"),
        ("rnnzoo.data.embedded:nonesuch", "nonesuch"),
        (42, "source"),
    ],
)
def test_refused_sources(source, match):
    one_sentence(lambda: SequenceClassification(source).load(), match)


def test_a_data_set_without_train(monkeypatch):
    monkeypatch.setattr("rnnzoo.data.tfds.numbers.read_sequences", lambda *_: {"test": {"x": ONES, "y": LABELS}})
    one_sentence(lambda: SequenceClassification("glue_of_some_kind").load(), "train")


def test_refused_files(tmp_path):
    path = tmp_path / "data.npz"
    path.write_bytes(b"PK no zip at all")
    one_sentence(lambda: SequenceClassification(str(path)).load(), r"\.npz")
    x, y = ragged()
    np.savez(path, x=np.array(x, dtype=object), y=y)  # pickles are not opened
    one_sentence(lambda: SequenceClassification(str(path)).load(), "lengths")


@pytest.mark.parametrize(
    ("raw", "match"),
    [
        (["hello"], "JSON"),
        (["5"], "shape"),
        (['{"a": 1}'], "numbers"),
        (["[[1, NaN]]"], "finite"),
        (["[[1, 2, 3]]"], "2 features"),
        ([np.zeros((3, 2, 2))], "shape"),
    ],
)
def test_refused_inputs(raw, match):
    x, y = ragged()
    data = SequenceClassification((x, y))
    data.load()
    one_sentence(lambda: data.encode(raw), match)


def test_nothing_is_known_before_loading():
    one_sentence(lambda: SequenceClassification("digits").inputs, "load")
