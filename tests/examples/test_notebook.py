"""The notebook of examples/ runs, and shows what it says."""

from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.filterwarnings("ignore")  # of Jupyter's own
@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.ipynb")), ids=lambda path: path.stem)
def test_every_cell_runs(path, tmp_path):
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    notebook = nbformat.read(path, as_version=4)
    nbclient.NotebookClient(notebook, timeout=500, resources={"metadata": {"path": tmp_path}}).execute()
    shown = [data for cell in notebook.cells for out in cell.get("outputs", ()) if (data := out.get("data"))]
    kinds = {kind for data in shown for kind in data}
    assert {"image/png", "text/html"} <= kinds
    assert any("val_loss" in data.get("text/html", "") for data in shown)  # the history
    assert any("<progress" in data.get("text/html", "") for data in shown)
    score = next(float(data["text/plain"]) for data in shown if data.get("text/plain", "").startswith(("0.", "1.0")))
    assert score > 0.9
