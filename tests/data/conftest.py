"""What several tests of data share."""

import pytest
from small_series import wave, write


@pytest.fixture
def file(tmp_path):
    return write(tmp_path / "load.csv", wave())
