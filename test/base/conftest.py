import pytest

from probe import Probe


@pytest.fixture(scope="module")
def probe():
    asked = Probe()
    yield asked
    asked.close()
