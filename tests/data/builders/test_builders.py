"""The zoo's own TFDS data sets: TFDS's own checks, offline preparation, checksums, and what the generated ones hold."""

import datetime
import gzip
import hashlib
import os
import socket

import numpy as np
import pytest
import tensorflow_datasets as tfds

from rnnzoo.data import builders
from rnnzoo.data.builders.adding.adding_dataset_builder import adding_problem
from rnnzoo.data.builders.dates.dates_dataset_builder import LOCALES, NUMBERS, drawn, parts, written
from rnnzoo.data.builders.mackey_glass.mackey_glass_dataset_builder import mackey_glass
from rnnzoo.data.tfds.numbers import read_tables
from rnnzoo.data.tfds.prepared import prepared_builder
from rnnzoo.errors import UserError

ETT = "date,HUFL,HULL,MUFL,MULL,LUFL,LULL,OT\n"


@pytest.fixture(scope="module", autouse=True)
def raw(tmp_path_factory):
    """Write small raw files of the form of the real ones; TFDS's test cases look for them in EXAMPLE_DIR."""
    folder = tmp_path_factory.mktemp("raw")
    start, hour = np.datetime64("2016-07-01T00:00:00"), np.timedelta64(1, "h")
    rows = [
        ",".join([str(start + i * hour).replace("T", " "), *(str(i + c) for c in range(6)), str(i / 2)]) + "\n"
        for i in range(20 * 720 + 5)
    ]
    (folder / "ETTh1.csv").write_text(ETT + "".join(rows))
    with gzip.open(folder / "exchange_rate.txt.gz", "wt") as file:
        file.writelines(",".join(f"{i + c}" for c in range(8)) + "\n" for i in range(50))
    TestEtt.EXAMPLE_DIR = TestExchangeRate.EXAMPLE_DIR = str(folder)
    for case in (TestSine, TestMackeyGlass, TestAdding, TestMemory, TestDates):
        case.EXAMPLE_DIR = str(folder)
    return folder


class TestEtt(tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS = builders.ett.Builder
    BUILDER_CONFIG_NAMES_TO_TEST = ("h1",)
    SPLITS = {"train": 1, "validation": 1, "test": 1}  # noqa: RUF012
    DL_DOWNLOAD_RESULT = {"series": "ETTh1.csv"}  # noqa: RUF012


class TestExchangeRate(tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS = builders.exchange_rate.Builder
    SPLITS = {"train": 1, "validation": 1, "test": 1}  # noqa: RUF012
    DL_DOWNLOAD_RESULT = {"series": "exchange_rate.txt.gz"}  # noqa: RUF012


class TestSine(tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS = builders.sine.Builder
    BUILDER_CONFIG_NAMES_TO_TEST = ("several_noisy",)
    SPLITS = {"train": 1, "validation": 1, "test": 1}  # noqa: RUF012


class TestMackeyGlass(tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS = builders.mackey_glass.Builder
    SPLITS = {"train": 1, "validation": 1, "test": 1}  # noqa: RUF012


class TestAdding(tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS = builders.adding.Builder
    BUILDER_CONFIG_NAMES_TO_TEST = ("t50",)
    SPLITS = {"train": 20, "validation": 10, "test": 10}  # noqa: RUF012


class TestMemory(tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS = builders.memory.Builder
    BUILDER_CONFIG_NAMES_TO_TEST = ("copy_16",)
    SPLITS = {"train": 20, "validation": 10, "test": 10}  # noqa: RUF012


class TestDates(tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS = builders.dates.Builder
    SPLITS = {"train": 20, "validation": 10, "test": 10}  # noqa: RUF012


@pytest.fixture(scope="module", autouse=True)
def small():
    """Few examples: what is checked does not depend on their number."""
    with pytest.MonkeyPatch.context() as patch:
        for generated in (builders.adding, builders.memory, builders.dates):
            patch.setattr(generated, "SIZES", {"train": 20, "validation": 10, "test": 10})
        patch.setattr(builders.mackey_glass, "SIZES", {"train": 30, "validation": 10, "test": 10})
        patch.setattr(builders.mackey_glass, "WASHOUT", 10)
        yield


def _blocked(*_, **__):
    raise OSError("no network")


def _laid(folder, raw, name):
    manual = folder / "downloads" / "manual"
    manual.mkdir(parents=True)
    (manual / name).write_bytes((raw / name).read_bytes())
    return manual / name


def test_ett_prepares_without_a_network_from_the_manual_folder(tmp_path, raw, monkeypatch):
    monkeypatch.setattr(socket, "create_connection", _blocked)
    file = _laid(tmp_path, raw, "ETTh1.csv")
    with pytest.raises(UserError, match="wrong checksum"):  # the real file's is registered
        prepared_builder("ett/h1", str(tmp_path))
    size, digest = file.stat().st_size, hashlib.sha256(file.read_bytes()).hexdigest()
    builder = tfds.builder("ett/h1", data_dir=str(tmp_path))
    (url,) = (url for url in builder.url_infos if "ETTh1" in url)
    info = builder.url_infos[url]
    monkeypatch.setattr(info, "size", type(info.size)(size))
    monkeypatch.setattr(info, "checksum", digest)
    found = read_tables("ett/h1", str(tmp_path))
    assert {part: len(table) for part, table in found.items()} == {"train": 8640, "validation": 2880, "test": 2880}
    assert found["train"].columns == ("HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL", "OT")
    np.testing.assert_array_equal(found["test"].values[0], [11520 + i for i in range(6)] + [5760])
    assert found["validation"].times[0] == np.datetime64("2017-06-26T00:00:00")


def test_a_corrupted_file_is_refused_by_its_checksum(tmp_path, tfds_dir, monkeypatch):
    real = os.path.join(tfds_dir, "downloads", "manual", "ETTh1.csv")
    if not os.path.isfile(real):
        pytest.skip("ETTh1.csv is not in downloads/manual")
    monkeypatch.setattr(socket, "create_connection", _blocked)
    manual = tmp_path / "downloads" / "manual"
    manual.mkdir(parents=True)
    with open(real, "rb") as file:
        content = bytearray(file.read())
    content[1000] ^= 1
    (manual / "ETTh1.csv").write_bytes(content)
    with pytest.raises(UserError, match="wrong checksum"):
        prepared_builder("ett/h1", str(tmp_path))


def test_another_configuration_still_asks_for_the_network(tmp_path, raw, monkeypatch):
    monkeypatch.setattr(socket, "create_connection", _blocked)
    _laid(tmp_path, raw, "ETTh1.csv")
    with pytest.raises(UserError, match="does not answer"):
        prepared_builder("ett/h2", str(tmp_path))


def test_what_is_no_series_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"one example a split.*Received: adding/t50 with"):
        read_tables("adding/t50", str(tmp_path))


# Generated data. ---------------------------------------------------------------------------------------------------


def test_adding_problem():
    x, y = adding_problem(200, 30, np.random.default_rng(3))
    assert x.shape == (200, 30, 2)
    np.testing.assert_allclose((x[..., 0] * x[..., 1]).sum(axis=1), y, rtol=1e-6)
    assert (x[:, :15, 1].sum(axis=1) == 1).all()
    assert (x[:, 15:, 1].sum(axis=1) == 1).all()
    assert 0.12 < np.mean((y - 1) ** 2) < 0.22  # 1/6


@pytest.mark.parametrize("sizes", [(20, 10, 10), (20_000, 2000, 2000)])
def test_dates_of_test_are_unseen_in_train(sizes, monkeypatch):
    monkeypatch.setattr(builders.dates, "SIZES", dict(zip(("train", "validation", "test"), sizes, strict=True)))
    found = parts()
    assert tuple(map(len, found.values())) == sizes
    days = {part: set(days) for part, days in found.items()}
    assert not days["train"] & days["validation"]
    assert not days["train"] & days["test"]
    assert not days["validation"] & days["test"]
    assert found == parts()


def test_a_written_date_can_be_read_in_one_way():
    """Every place and style, the first days of all months of a year, and days that could be months."""
    days = [datetime.date(2011, month, day) for month in range(1, 13) for day in (1, 3, 5, 10, 11, 12, 25)]
    meant = {}
    for day in days:
        for locale in LOCALES:
            for style in ("full", "long", "medium", "weekday", *NUMBERS):
                text = written(day, locale, style)
                assert "2011" in text
                assert str(day.day) in text
                for form in (text, text.lower()):
                    assert meant.setdefault(form, day) == day, f"{form}: {day} or {meant[form]}"
    assert written(datetime.date(2023, 3, 5), "da", "full") == "søndag den 5. marts 2023"
    assert written(datetime.date(2023, 3, 5), "en", "d.M.yyyy") == "5.3.2023"


def test_dates_are_drawn_by_their_seed():
    day = datetime.date(1999, 12, 31)

    def draws(seed):
        rng = np.random.default_rng(seed)
        return [drawn(day, rng) for _ in range(30)]

    assert draws(0) == draws(0) != draws(1)
    assert len(set(draws(0))) > 15
    assert any(text == text.lower() and text != text.upper() for text in draws(0))


def test_mackey_glass_is_solved_to_its_stated_accuracy():
    """Against a solver of another kind with steps as fine: the implicit Adams method of SciPy, delay by delay."""
    from scipy.integrate import solve_ivp
    from scipy.interpolate import CubicSpline

    ours = mackey_glass(52)
    past, found = (lambda t: np.full_like(t, 1.2, dtype="float64")), [1.2]
    for begin in (0, 17, 34):
        times = np.linspace(begin, begin + 17, 3401)
        solved = solve_ivp(
            lambda t, x, past=past: 0.2 * past(t - 17.0) / (1 + past(t - 17.0) ** 10) - 0.1 * x,
            (begin, begin + 17), [found[-1]], method="DOP853", t_eval=times, rtol=1e-12, atol=1e-12, max_step=0.05,
        )  # fmt: skip
        past = CubicSpline(times, solved.y[0])
        found += list(past(np.arange(begin + 1, begin + 18)))
    np.testing.assert_allclose(ours, found[:52], atol=1e-9)


def test_halving_the_step_changes_nothing():
    np.testing.assert_allclose(mackey_glass(100, 100), mackey_glass(100, 50), atol=1e-11)


def test_sine_is_a_sine(tmp_path):
    found = read_tables("sine/plain", str(tmp_path))
    values = np.concatenate([part.values[:, 0] for part in found.values()])
    np.testing.assert_allclose(values, np.sin(2 * np.pi * np.arange(5000) / 50), atol=1e-5)
    noisy = read_tables("sine/noisy", str(tmp_path))["train"].values[:, 0] - values[:3000]
    assert abs(noisy.std() - 0.1) < 0.01


def test_what_memory_asks_for():
    made, rng = builders.memory.TASKS, np.random.default_rng(0)
    for task, length in (("copy", 20), ("selective_copy", 20), ("recall", 20), ("parity", 20), ("dyck", 20)):
        for part in ("train", "validation", "test"):
            words, tags = made[task](length, part, rng)
            assert len(words) == len(tags)
            asked = [tag for tag in tags if tag != "-"]
            if task in ("copy", "selective_copy"):
                assert asked == [word for word in words if word not in ".?"]
                assert len(words) == length + (20 if task == "copy" else 10)
            elif task == "recall":
                pairs = dict(zip(words[0:8:2], words[1:8:2], strict=True))
                assert asked == [pairs[key] for key in words[-4:]]
                assert len(words) == length
            elif task == "parity":
                ones = np.cumsum([word == "1" for word in words])
                assert tags == ["odd" if count % 2 else "even" for count in ones]
            else:
                open_now = ""
                for word, tag in zip(words, tags, strict=True):
                    open_now = open_now + word if word in "([" else open_now[:-1]
                    assert tag == {"": "empty", "(": "round", "[": "square"}[open_now[-1:]]
    assert len(made["parity"](20, "test", rng)[0]) == 80
