"""The demo in a browser, by name: `pytest tests/serving/test_demo.py -m slow`. Needs gradio, playwright, Chromium."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

import rnnzoo
from rnnzoo.serving import demo

PICTURES = os.environ.get("DEMO_PICTURES")
"""A folder for pictures of what the tests saw; without it there are none."""


def test_a_drawing_becomes_what_digits_are():
    pad = np.zeros((280, 280, 4), "uint8")
    pad[100:200, 130:150] = (0, 0, 0, 255)  # a one, drawn on nothing
    found = demo.drawing(pad)
    assert found.shape == (8, 8)
    assert found.max() == 1
    assert found[:, 3:5].sum() > 0.9 * found.sum()
    with pytest.raises(ValueError, match="empty pad"):
        demo.drawing(np.full((280, 280, 3), 255, "uint8"))
    with pytest.raises(ValueError, match="Give a run"):
        demo.app({})


def test_answers_of_every_kind_as_labels():
    assert demo._labels({"label": "7", "probability": 0.9}) == {"7": 0.9}
    assert demo._labels({"labels": ["a"], "probabilities": {"a": 0.8, "b": 0.1}}) == {"a": 0.8, "b": 0.1}
    assert demo._labels({"values": [1.5, 2.0]}) == "1.5, 2"


@pytest.fixture(scope="module")
def sales():
    """Fifty weeks of daily sales."""
    days = np.arange(350)
    sold = 200 + 40 * np.sin(2 * np.pi * days / 7) + 0.1 * days + np.random.default_rng(0).normal(0, 8, 350)
    return pd.DataFrame({"day": pd.date_range("2024-01-01", periods=350, freq="D"), "sold": sold.round(1)})


@pytest.fixture(scope="module")
def address(sales, tmp_path_factory):
    """A page with every preset, and a forecast with intervals."""
    gradio = pytest.importorskip("gradio", reason="needs the extra demo")
    folder = tmp_path_factory.mktemp("demo")
    recipe = rnnzoo.Recipe(
        name="sales",
        task="forecasting",
        data=rnnzoo.data.SeriesForecasting(dataset=sales, time="day", horizon=14),
        model="nlinear",
        sequence_length=56,
        epochs=20,
        learning_rate=0.01,
    )
    runs = {preset.name: rnnzoo.load(preset.name) for preset in rnnzoo.list_presets()}
    runs["sales"] = rnnzoo.train(recipe, folder / "sales", console=Console(quiet=True))
    yield demo.serve(runs, "127.0.0.1", None, wait=False)
    gradio.close_all()


@pytest.fixture
def tab(address, page):
    """Open a tab, and afterwards keep a picture of it."""
    opened = []

    def open_tab(name):
        page.set_viewport_size({"width": 1100, "height": 900})
        page.goto(address)
        page.get_by_role("tab", name=name, exact=True).click()
        opened.append(name)
        return page

    yield open_tab
    if PICTURES:
        page.mouse.move(5, 5)
        page.wait_for_timeout(500)
        below = page.locator("[role=tabpanel]:visible").bounding_box()
        size = {"x": 40, "y": 0, "width": 1020, "height": below["y"] + below["height"] + 20}
        page.screenshot(path=str(Path(PICTURES) / f"{opened[0]}.png"), full_page=True, clip=size)


def press(page, name):
    page.get_by_role("button", name=name, exact=True).locator("visible=true").first.click()


def says(page, sentence):
    """Wait for a whole sentence, which no label is, and let it go."""
    said = page.get_by_text(sentence, exact=True).locator("visible=true")
    said.first.wait_for(timeout=60_000)
    page.locator(".toast-close").first.click()
    said.first.wait_for(state="hidden")


def answered(page):
    label = page.locator("[data-testid=label-output-value]:visible")
    label.wait_for(timeout=60_000)
    return label.inner_text()


def wait_for_value(box, value):
    from playwright.sync_api import expect

    expect(box).to_have_value(value, timeout=60_000)


def width_of_picture(page):
    """Return the pixels of the picture that is drawn in the tab, once it is there."""
    picture = page.locator("[data-testid=matplotlib] img:visible, img[alt*=plot i]:visible").first
    picture.wait_for(timeout=60_000)
    return picture.evaluate("image => image.decode().then(() => image.naturalWidth)")


pytestmark = [pytest.mark.draws, pytest.mark.filterwarnings("ignore")]  # of Gradio


@pytest.mark.slow
def test_a_text_is_answered_and_its_words_are_coloured(tab):
    page = tab("imdb")
    page.get_by_label("Text", exact=True).locator("visible=true").fill("  ")
    press(page, "Answer")
    says(page, "Write a text. Received: nothing")
    page.get_by_label("Text", exact=True).locator("visible=true").fill("An awful, boring film. I hated it!")
    press(page, "Answer")
    assert answered(page) == "neg"
    for word in ("An", "awful,", "boring", "film.", "hated", "!"):
        page.get_by_text(word, exact=True).locator("visible=true").first.wait_for()


@pytest.mark.slow
def test_a_sentence_is_tagged(tab):
    page = tab("english_pos")
    box = page.get_by_label("Sentence").locator("visible=true")
    box.fill(" ")
    press(page, "Tag")
    page.locator(".toast-wrap :text('Received')").first.wait_for(timeout=60_000)
    page.locator(".toast-close").first.click()
    box.fill("She reads a long book .")
    press(page, "Tag")
    page.get_by_text("PRON").locator("visible=true").first.wait_for(timeout=60_000)
    for tag in ("VERB", "DET", "ADJ", "NOUN", "PUNCT"):
        assert page.get_by_text(tag, exact=False).locator("visible=true").count()


@pytest.mark.slow
def test_a_date_is_written_beside_where_the_model_looked(tab):
    page = tab("dates")
    page.get_by_label("Source").locator("visible=true").fill("")
    press(page, "Write")
    says(page, "Write a text. Received: nothing")
    page.get_by_label("Source").locator("visible=true").fill("søndag den 5. marts 2023")
    press(page, "Write")
    wait_for_value(page.get_by_label("Written").locator("visible=true"), "2023-03-05")
    assert width_of_picture(page) > 300


@pytest.mark.slow
def test_text_is_written_token_by_token(tab):
    page = tab("shakespeare")
    page.get_by_label("Prompt").locator("visible=true").fill("")
    press(page, "Write")
    page.locator(".toast-wrap :text('Give a prompt')").first.wait_for(timeout=60_000)
    page.locator(".toast-close").first.click()
    page.get_by_label("Prompt").locator("visible=true").fill("ROMEO:")
    press(page, "Write")
    box, lengths = page.get_by_label("Written").locator("visible=true"), set()
    for _ in range(1200):
        lengths.add(len(box.input_value()))
        if max(lengths) >= len("ROMEO:") + 300:
            break
        page.wait_for_timeout(50)
    assert box.input_value().startswith("ROMEO:")
    assert max(lengths) == len("ROMEO:") + 300
    assert len(lengths) > 5  # seen growing


def stroke(page, *points):
    """Draw a line through points of the pad, from 0 to 1."""
    box = page.locator(f".{demo.PAD} canvas:visible").last.bounding_box()
    side = 280
    left, top = box["x"] + (box["width"] - side) / 2, box["y"] + (box["height"] - side) / 2
    for i, (x, y) in enumerate(points):
        page.mouse.move(left + side * x, top + side * y, steps=1 if i == 0 else 12)
        if i == 0:
            page.mouse.down()
    page.mouse.up()


@pytest.mark.slow
def test_a_digit_that_is_drawn_is_read(tab):
    page = tab("digits")
    page.locator(f".{demo.PAD}[data-ready]").wait_for(timeout=30_000)
    press(page, "Read")
    says(page, "Draw a digit. Received: an empty pad")
    stroke(
        page, (0.3, 0.3), (0.36, 0.17), (0.5, 0.12), (0.64, 0.17), (0.7, 0.3), (0.66, 0.42), (0.3, 0.85), (0.72, 0.85)
    )
    page.wait_for_timeout(500)
    press(page, "Read")
    assert answered(page) == "2"


def upload(page, path):
    page.locator("[role=tabpanel]:visible input[type=file]").first.set_input_files(path)
    page.locator(f"[aria-label='{path.name}']:visible").first.wait_for(timeout=30_000)


@pytest.mark.slow
def test_a_table_is_forecast_with_intervals(tab, sales, tmp_path):
    page = tab("sales")
    press(page, "Forecast")
    says(page, "Give a table. Received: no file")
    sales[:5].to_csv(tmp_path / "short.csv", index=False)
    upload(page, tmp_path / "short.csv")
    press(page, "Forecast")
    says(page, "A history needs at least 56 steps, the lookback. Received: 5")
    page.get_by_label("Clear", exact=False).locator("visible=true").first.click()
    sales.to_csv(tmp_path / "sales.csv", index=False)
    upload(page, tmp_path / "sales.csv")
    press(page, "Forecast")
    assert width_of_picture(page) > 300
    for text in ("2024-12-16", "sold_low_80", "sold_high_95"):  # the day after the table's last
        page.get_by_text(text).locator("visible=true").first.wait_for(timeout=30_000)


@pytest.mark.slow
def test_a_preset_forecasts_a_table_whose_time_is_named_on_the_page(tab, tmp_path):
    run = rnnzoo.load("etth1")
    columns, hours = run.data.fitted["columns"], pd.date_range("2018-01-01", periods=150, freq="h")
    wave = 10 + 5 * np.sin(2 * np.pi * np.arange(150) / 24)
    frame = pd.DataFrame({"when": hours, **{name: wave + i for i, name in enumerate(columns)}})
    frame.to_csv(tmp_path / "power.csv", index=False)
    page = tab("etth1")
    upload(page, tmp_path / "power.csv")
    press(page, "Forecast")
    page.locator(".toast-wrap :text('Received: date')").first.wait_for(timeout=60_000)
    page.locator(".toast-close").first.click()
    page.get_by_label("Its column with the time", exact=False).locator("visible=true").fill("when")
    press(page, "Forecast")
    assert width_of_picture(page) > 300
    page.get_by_text("2018-01-07 06:00:00").locator("visible=true").first.wait_for(timeout=30_000)
