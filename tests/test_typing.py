"""A user who checks types strictly: every public function is annotated, and the package says so."""

from pathlib import Path

import pytest

import rnnzoo

USER = Path(__file__).parent / "fixtures" / "typed_user.py"


def test_the_package_says_that_it_is_typed():
    assert Path(rnnzoo.__file__).with_name("py.typed").is_file()


def test_every_public_name_is_used_by_the_typed_user():
    text = USER.read_text()
    assert not [name for name in rnnzoo.__all__ if f"rnnzoo.{name}" not in text]


@pytest.mark.slow
def test_a_strict_user_has_no_complaint(tmp_path):
    api = pytest.importorskip("mypy.api")
    config = tmp_path / "mypy.ini"
    config.write_text("[mypy]\nstrict = True\nfollow_imports = silent\nignore_missing_imports = True\n")
    said, _, status = api.run(["--config-file", str(config), "--cache-dir", str(tmp_path / "cache"), str(USER)])
    assert status == 0, said
