"""The site in a real browser, by name: `pytest tests/test_site.py -m slow`. Needs `docs`, playwright and Chromium."""

import functools
import http.server
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import rnnzoo

ROOT = Path(__file__).parents[1]


def test_every_model_has_a_section_with_a_formula_and_when_to_use_it():
    """Of the zoo's own models, on the pages of `docs/models`."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "docs" / "models").glob("*.md"))
    sections = {part.partition("\n")[0]: part for part in text.split("\n## ")[1:]}
    own = [name for name in rnnzoo.list_models() if rnnzoo.describe(name).function.__module__.startswith("rnnzoo.")]
    assert sorted(sections) == own
    assert not [name for name in own if "$$" not in sections[name] or "**When to use it**" not in sections[name]]


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The address of the built site, on this machine alone."""
    pytest.importorskip("mkdocstrings", reason="needs the extra docs")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    answer = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def pictures_show(page):
    return page.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 0)")


@pytest.mark.slow
def test_search_finds_a_model(site, page):
    page.goto(site)
    page.fill("input.md-search__input", "bilstm")
    page.wait_for_selector(".md-search-result__item a:has-text('bilstm')", timeout=30_000)
    page.locator(".md-search-result__item a", has_text="bilstm").first.click()
    page.wait_for_load_state("networkidle")
    assert page.url.removeprefix(site) not in ("", "/")
    assert "bilstm" in page.locator("article").inner_text()
    assert not page.complaints


@pytest.mark.slow
def test_pages_show_formulas_diagrams_and_pictures_without_a_complaint(site, page):
    page.goto(f"{site}/models/classic/")
    assert page.locator("#lstm ~ p math").count() or page.locator("math").count()
    assert page.locator("figure.diagram svg rect").count() > 20
    for path in ("benchmarks/", "results/", "api/", "api/layers/", "CONTRIBUTING/", "guides/series/"):
        page.goto(f"{site}/{path}")
        page.wait_for_load_state("networkidle")
        assert pictures_show(page), path
    for path in sorted((ROOT / "docs" / "lessons").glob("*.md")):
        page.goto(f"{site}/lessons/{'' if path.stem == 'index' else path.stem + '/'}")
        page.wait_for_load_state("networkidle")
        assert pictures_show(page), path
        assert path.stem == "index" or page.evaluate("document.images.length"), path
    assert not page.complaints


@pytest.mark.slow
def test_a_click_sorts_the_results(site, page):
    page.goto(f"{site}/results/")
    heads = page.locator("table th").all_text_contents()
    column = next(i for i, head in enumerate(heads) if head.startswith("parameters"))
    page.locator("table th").nth(column).click()
    cells = page.locator(f"table tbody tr td:nth-child({column + 1})").all_text_contents()
    numbers = [int(cell.replace(",", "")) for cell in cells]
    assert numbers == sorted(numbers)
    assert len(set(numbers)) > 10
