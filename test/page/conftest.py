"""One server for a module of page tests: two shops, an owner of everything, a viewer of one, an owner of the other."""
import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import staff  # noqa: E402
from driver.scene import Scene  # noqa: E402
from driver.server import Server  # noqa: E402


class Stage:
    """The scene with its people: owner (every shop), viewer (demo), stranger (owner of `other` alone)."""

    def __init__(self):
        self.scene = Scene()
        self.scene.server.close()
        self.scene.server = Server(options=["--dev"])
        self.scene.add_shop("demo", {"smtp.url": ""})
        self.scene.add_shop("other", {"smtp.url": ""})
        self.server = self.scene.live
        self.owner = staff.owner(self.server)
        self.viewer = staff.member(self.server, "vera@example.com", "demo", "viewer")
        self.stranger = staff.member(self.server, "otto@example.com", "other", "owner")

    def close(self):
        complaints = self.server.complaints()
        self.scene.close()
        assert not complaints, complaints


@pytest.fixture(scope="module")
def stage():
    made = Stage()
    yield made
    made.close()
