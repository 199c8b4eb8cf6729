"""What pytest needs to know of this tree: every .flow file is a test, played by test/driver/flow.py."""

import pytest

from driver import flow
from driver.words import FlowError


def pytest_collect_file(parent, file_path):
    if file_path.suffix == ".flow":
        return FlowFile.from_parent(parent, path=file_path)
    return None


class FlowFile(pytest.File):
    def collect(self):
        name = self.nodeid.removesuffix(".flow") + "::scenario"
        yield FlowItem.from_parent(self, name="scenario", nodeid=name)


class FlowItem(pytest.Item):
    """One scenario. A FlowError is its whole story: no Python stack is shown."""

    def runtest(self):
        flow.play(flow.load(self.path))

    def repr_failure(self, excinfo, style=None):
        if isinstance(excinfo.value, FlowError):
            return str(excinfo.value)
        return super().repr_failure(excinfo)

    def reportinfo(self):
        return self.path, None, f"flow/{self.path.stem}"
