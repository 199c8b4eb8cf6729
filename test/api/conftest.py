"""One server for a module of API tests: two shops, each with a key that may everything."""
import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from program import Program  # noqa: E402
from driver.scene import Scene  # noqa: E402

PLENTY = "1000000"


class Stage:
    def __init__(self):
        self.scene = Scene()
        for slug in ("demo", "other"):
            self.scene.add_shop(slug, {"smtp.url": "", "api.per_minute": PLENTY})
        self.server = self.scene.live
        self.demo = Program.new(self.server, "demo")
        self.other = Program.new(self.server, "other")

    def close(self):
        complaints = self.server.complaints()
        self.scene.close()
        assert not complaints, complaints


@pytest.fixture(scope="module")
def stage():
    made = Stage()
    yield made
    made.close()
