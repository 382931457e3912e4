"""Lessons run, and the pages of docs are what their scripts write, numbers aside."""

import re
from pathlib import Path

import pytest
from marks import others_slow

from lessons.__main__ import HOME, NAMES, main
from rnnzoo import layers


def skeleton(text):
    """Text without its numbers: a small run has others."""
    return re.sub(r"[-+]?\d[\d.,e+-]*( %|%)?", "0", text)


@pytest.mark.parametrize("name", others_slow(NAMES, [name for name in NAMES if name != "weather"]))
def test_a_lesson_writes_its_page(name, tmp_path):
    with layers.use("general"):  # compiles in no time
        main([name, "--small", "--output", str(tmp_path)])
    written, stored = (tmp_path / f"{name}.md").read_text("utf-8"), (HOME / f"{name}.md").read_text("utf-8")
    lines = [skeleton(line) for line in stored.splitlines() if not line.startswith("|")]
    assert [skeleton(line) for line in written.splitlines() if not line.startswith("|")] == lines
    pictures = {path.name for path in (tmp_path / "pictures").iterdir()}
    assert pictures == {path.name for path in (HOME / "pictures").glob(f"{name}-*.png")}


@pytest.mark.parametrize("name", NAMES)
def test_a_lesson_ends_with_the_numbers_that_its_text_claims(name):
    text, _, end = (HOME / f"{name}.md").read_text("utf-8").partition("## The numbers")
    assert f"```bash\npython -m lessons {name}\n```" in end
    found = dict(re.findall(r"^\| (.*) \| (.*) \|$", end, re.MULTILINE))
    prose = re.sub(r"```.*?```|^\|.*?$|\]\(.*?\)|`[^`]*`", "", text, flags=re.DOTALL | re.MULTILINE)
    claimed = re.findall(r"\d+\.\d+(?:e[+-]\d+)?%?", prose)
    assert len(found) > 3
    assert not set(claimed) - set(found.values())
    assert any(what.startswith("seconds of the command") for what in found)


def test_every_lesson_is_listed():
    index = (HOME / "index.md").read_text("utf-8")
    assert {path.stem for path in Path(HOME).glob("*.md")} == {*NAMES, "index"}
    assert all(f"({name}.md)" in index for name in NAMES)
