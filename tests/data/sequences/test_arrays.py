"""Sequences from arrays, files and functions: where they come from, there and back."""

import json
import types

import numpy as np
import pytest
from ragged_arrays import everything, padded, ragged, real, same_examples
from refusals import one_sentence

from rnnzoo import Recipe
from rnnzoo.data import SequenceClassification, SequenceRegression

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
    splits = SequenceClassification(data, scale="none", validation=0.25).load()
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
    data = SequenceRegression((x, x.sum(axis=1)), scale="none", scale_answers="none", test=0, validation=0)
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
    plain = SequenceRegression((x, y), scale_answers="none")
    plain.load()
    assert plain.decode(np.float32([[1, 2, 3, 4.5]])) == [{"values": [1, 2, 3, 4.5]}]


@pytest.mark.parametrize("size", [1e-9, 1, 1e9])
def test_values_of_any_size_are_scaled_by_train_alone_and_answered_in_their_units(size, tmp_path):
    """Each of several values by itself; one that is always the same stays at its value."""
    rng = np.random.default_rng(0)
    x = rng.normal(5, 3, (50, 4, 2))
    y = size * np.stack([rng.normal(40, 2, 50), rng.normal(-3, 70, 50), np.full(50, 0.3)], axis=1)
    train, test = {"x_train": x[:40], "y_train": y[:40]}, {"x_test": x[40:], "y_test": y[40:]}
    for kind in ("standard", "minmax", "none"):
        data = SequenceRegression({**train, **test}, scale=kind, scale_answers=kind, validation=0)
        parts = data.load().parts
        found = {"standard": (y - y[:40].mean(axis=0)) / np.where([1, 1, 0], y[:40].std(axis=0), 1), "none": y}
        low, high = y[:40].min(axis=0), y[:40].max(axis=0)
        found["minmax"] = (y - low) / np.where(high > low, high - low, 1)
        np.testing.assert_allclose(parts["test"].y, found[kind][40:], rtol=1e-5, atol=1e-6 * min(size, 1))
        answers = np.array([one["values"] for one in data.decode(parts["test"].y)])
        np.testing.assert_allclose(answers, y[40:], rtol=1e-5, atol=1e-5 * size)
        data.save(tmp_path)
        back = data.restore(tmp_path).decode(parts["test"].y)
        np.testing.assert_array_equal([one["values"] for one in back], answers)
        np.testing.assert_allclose(data.encode_answers(y[40:]), parts["test"].y)
    scaled = np.concatenate(SequenceRegression((x, y), validation=0, test=0).load().parts["train"].x)
    np.testing.assert_allclose([scaled.mean(axis=0), scaled.std(axis=0)], [[0, 0], [1, 1]], atol=1e-5)


def test_groups_of_arrays():
    x, y = ragged()
    group = np.array(["ann", "bob", "eve"])[np.arange(60) // 20]
    found = SequenceClassification(
        {"x": x, "y": y, "group": group}, test_groups=("bob",), validation=0, scale="none"
    ).load()
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


# There and back. ----------------------------------------------------------------------------------------------------


def test_labels_may_be_words():
    x, _ = ragged()
    words = np.array(["sit", "walk", "run"])[np.arange(60) % 3]
    data = SequenceClassification((x, words), scale="none")
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


def test_whole_numbers_are_said_to_be_read_as_tokens():
    """Readings of a converter, 0 to 4,095, say: they look the same, and are measurements."""
    x = np.random.default_rng(0).integers(0, 4000, (30, 5))
    x[0, 0] = 4000
    y = np.arange(30) % 2
    data = SequenceClassification({"x_train": x, "y_train": y, "x_test": x, "y_test": y})
    data.load()
    assert any("up to 4,000, are read as token ids: give measurements" in note for note in data.report["notes"])
    floats = SequenceClassification((x.astype("float32"), y))
    floats.load()
    assert not any("token ids" in note for note in floats.report.get("notes", ()))
    one_sentence(lambda: SequenceClassification((x - 100, y)).load(), "0 is padding; give measurements and counts as")
