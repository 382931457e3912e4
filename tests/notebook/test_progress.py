"""Tables and progress as a notebook shows them."""

import io
import sys
import types

import pytest
from rich.console import Console

import rnnzoo
from rnnzoo.notebook import html
from rnnzoo.notebook.progress import Progress


def test_a_cell_is_text_and_never_markup():
    found = html.table("<b>", [("a<script>", 0.123456)], ("x & y", "n"))
    assert "<script>" not in found
    assert "a&lt;script&gt;" in found
    assert "x &amp; y" in found
    assert "0.1235" in found


def test_a_model_shows_its_dials():
    found = rnnzoo.describe("bilstm")._repr_html_()
    assert "units" in found
    assert "Bidirectional LSTM" in found


@pytest.fixture
def displayed(monkeypatch):
    """Put a stand-in for IPython's display in its place; return what it shows: drawings of one place."""
    drawn = []

    class Place:
        def update(self, line):
            drawn.append(line.data)

    def display(line, display_id):
        drawn.append(line.data)
        return Place()

    module = types.ModuleType("IPython.display")
    module.HTML, module.display = types.SimpleNamespace, display
    module.HTML = lambda data: types.SimpleNamespace(data=data)
    monkeypatch.setitem(sys.modules, "IPython.display", module)
    monkeypatch.setattr("rnnzoo.notebook.progress.SECONDS", 0)
    return drawn


def test_in_a_notebook_one_line_is_drawn_anew(displayed):
    progress = Progress(Console(force_jupyter=True, file=io.StringIO()), 2)
    for number in (1, 2):
        with progress.epoch(number, 3) as show:
            for step in range(3):
                show(0.5 / (step + 1))
    assert len(displayed) == 2 * (3 + 1)
    assert 'value="2" max="3"' in displayed[1]
    assert "epoch 1/2, loss 0.2500" in displayed[1]
    assert displayed[-1].endswith("epoch 2/2")


@pytest.mark.parametrize("console", [Console(quiet=True, force_jupyter=True), Console(file=io.StringIO())])
def test_elsewhere_nothing_is_drawn(displayed, console):
    with Progress(console, 1).epoch(1, 1) as show:
        show(0.5)
    assert not displayed
