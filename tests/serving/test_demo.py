"""The demo in a browser, by name: `pytest tests/serving/test_demo.py -m slow`. Needs gradio, playwright, Chromium."""

import shutil

import numpy as np
import pytest
from rich.console import Console

import rnnzoo
from rnnzoo.serving import demo

pytestmark = pytest.mark.draws


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


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """A page with the digits and a run of a few texts."""
    pytest.importorskip("gradio", reason="needs the extra demo")
    folder = tmp_path_factory.mktemp("demo")
    rows = [f"{'good' if i % 2 else 'bad'} film number {i % 7},{'pos' if i % 2 else 'neg'}" for i in range(80)]
    (folder / "reviews.csv").write_text("\n".join(["text,label", *rows]), encoding="utf-8")
    recipe = rnnzoo.Recipe(
        name="reviews",
        task="classification",
        data=rnnzoo.data.TextClassification(file=str(folder / "reviews.csv")),
        model="gru",
        hyperparameters={"units": 8},
        epochs=8,
        learning_rate=0.02,
    )
    texts = rnnzoo.train(recipe, folder / "texts", console=Console(quiet=True))
    digits = rnnzoo.load("digits")
    address = demo.serve({"texts": texts, "digits": digits}, "127.0.0.1", None, wait=False)
    yield address
    import gradio

    gradio.close_all()


@pytest.fixture
def page():
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("needs the distribution's Chromium")
    with playwright.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1100, "height": 1000})
        yield page
        browser.close()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # Gradio's own
def test_it_opens_answers_and_says_what_is_wrong(address, page, tmp_path):
    page.goto(address)
    page.get_by_label("Text", exact=True).fill("a good film")
    page.get_by_role("button", name="Answer").first.click()
    page.get_by_text("pos", exact=True).first.wait_for(timeout=60_000)
    page.screenshot(path=str(tmp_path / "texts.png"))
    page.get_by_label("Text", exact=True).fill("  ")
    page.get_by_role("button", name="Answer").first.click()
    page.get_by_text("Write a text. Received: nothing").first.wait_for(timeout=30_000)
    page.get_by_role("tab", name="digits").click()
    page.get_by_role("button", name="Read").click()
    page.get_by_text("Draw a digit").first.wait_for(timeout=30_000)
    canvas = page.locator("canvas:visible").last
    box = canvas.bounding_box()
    middle, top, bottom = box["x"] + box["width"] / 2, box["y"] + 0.25 * box["height"], box["y"] + 0.75 * box["height"]
    page.mouse.move(middle, top)
    page.mouse.down()
    page.mouse.move(middle, bottom, steps=20)
    page.mouse.up()
    page.wait_for_timeout(1000)
    page.get_by_role("button", name="Read").click()
    page.locator("[data-testid=label-output-value]:visible").wait_for(timeout=60_000)
    page.screenshot(path=str(tmp_path / "digits.png"))
    assert page.locator("[data-testid=label-output-value]:visible").inner_text() in "0123456789"
