"""Every scenario, its server stopped after each commit in turn: the rows at the end are the same.

`./dev test all` plays a few scenarios, `./dev test long` and `./dev test crash` every one.
"""

import os

import pytest

from driver import crash, flow
from driver.server import ROOT

SCENARIOS = sorted((ROOT / "test" / "flow").glob("**/*.flow"))
SOME = ("order_confirmation", "smtp_trouble", "webhook_again")
if os.environ.get("POSTLUDE_SUITE") == "all":
    SCENARIOS = [path for path in SCENARIOS if path.stem in SOME]


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_crash(path):
    crash.crash(flow.load(path))
