"""What is refused: an error of ours in one sentence; on the command line exit status 2."""

import pytest

from rnnzoo.errors import UserError


def one_sentence(call, match):
    """Assert that `call` refuses with an error of ours, one line long, and return it."""
    with pytest.raises(UserError, match=match) as caught:
        call()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def refused(capsys, function, *arguments):
    """Assert that a command ends with status 2 and one line on standard error; return the line."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as caught:
        function(*arguments)
    said = capsys.readouterr().err
    assert caught.value.code == 2
    assert said.startswith("error: ")
    assert said.count("\n") == 1
    assert "Traceback" not in said
    return said
