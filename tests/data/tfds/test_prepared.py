"""Sequences of TFDS data sets, and what is said when one is out of reach."""

import socket
import time

import numpy as np
import pytest
from refusals import one_sentence

from rnnzoo.data import SequenceClassification
from rnnzoo.errors import UserError


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


def test_tfds_sequences(gestures):
    """Nested sequences become the features of a step; splits get our names."""
    fields = ("readings/accel_x", "readings/accel_y", "readings/accel_z")
    data = SequenceClassification("tiny_gestures", fields=fields, scale="none", test=0)
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


def test_a_data_set_without_train(monkeypatch):
    test = {"x": np.ones((9, 5, 2), "float32"), "y": np.arange(9) % 3}
    monkeypatch.setattr("rnnzoo.data.tfds.numbers.read_sequences", lambda *_: {"test": test})
    one_sentence(lambda: SequenceClassification("glue_of_some_kind").load(), "train")
