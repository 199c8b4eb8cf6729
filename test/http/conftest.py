"""Fixtures of this folder."""
import pytest

from http_probe import Probe


@pytest.fixture
def probe():
    """A function that starts a probe; all are stopped, and must end well."""
    started = []

    def start(*options, **named):
        started.append(Probe(*options, **named))
        return started[-1]
    yield start
    for one in started:
        try:
            if one.port and not one.stopped:
                one.stop()
        finally:
            if one.process.poll() is None:
                one.process.kill()
