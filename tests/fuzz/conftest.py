"""A campaign: whatever is thrown at the package, the outcome is an answer or one sentence of ours.

`pytest tests/fuzz` takes half a minute; `pytest tests/fuzz -m slow` an hour. FUZZ_CASES=200 sets the cases of each
property; the counts stand in the test's output (`-s`), and in the file that FUZZ_REPORT names.
"""

import os
import shutil
import time
from pathlib import Path

import hypothesis
import pytest
from hypothesis import HealthCheck

from rnnzoo.errors import UserError
from rnnzoo.sharing import manifest

BEFORE = Path(__file__).parents[1] / "fixtures" / "before"


class Outcomes:
    """What came of the cases of a property."""

    def __init__(self):
        self.answers, self.sentences = 0, 0

    def of(self, call):
        """Return the answer, or None for one sentence of ours; whatever else is raised fails the test."""
        said = None
        try:
            found = call()
        except UserError as error:
            found, said = None, str(error)
        self.answers, self.sentences = self.answers + (said is None), self.sentences + (said is not None)
        assert said is None or (said.strip() and "\n" not in said), said
        return found


@pytest.fixture
def campaign(request):
    """Return a function that runs a property: `campaign(strategy, check, quick=100, slow=5000)`."""

    def run(strategy, check, quick, slow):
        slowly = request.node.get_closest_marker("slow") is not None
        cases = int(os.environ.get("FUZZ_CASES", slow if slowly else quick))
        outcomes, began = Outcomes(), time.monotonic()

        @hypothesis.settings(
            max_examples=cases, deadline=None, database=None, suppress_health_check=list(HealthCheck),
            derandomize=not slowly, phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
        )  # fmt: skip
        @hypothesis.given(strategy)
        def test(case):
            check(outcomes, case)

        test()
        said = (
            f"{request.node.name}: {outcomes.answers} answers, {outcomes.sentences} sentences, "
            f"{time.monotonic() - began:.0f} s"
        )
        print(said)
        if "FUZZ_REPORT" in os.environ:
            with open(os.environ["FUZZ_REPORT"], "a") as file:
                file.write(said + "\n")

    return run


def pytest_generate_tests(metafunc):
    """Every campaign is there twice: quick, and by name."""
    if "speed" in metafunc.fixturenames:
        metafunc.parametrize("speed", ["quick", pytest.param("slow", marks=[pytest.mark.slow, pytest.mark.timeout(0)])])


@pytest.fixture
def runs(tmp_path):
    """Four finished runs, sealed: a classifier, a tagger, a forecaster, a translator."""
    found = {}
    for name in ("digits", "tags", "series", "pairs"):
        found[name] = shutil.copytree(BEFORE / name, tmp_path / name)
        sealed = [path.name for path in found[name].iterdir()]
        manifest.write(found[name], sealed)
    return found
