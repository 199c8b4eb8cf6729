"""kill -9 at 10 random moments of a run of 500 orders; test/long/test_kill.py is the large one. And the control: a
program that sends before its claim is on the disk must be caught."""

import os
import time

import pytest

from driver import kill
from driver.server import ROOT


def test_kills():
    seed = int(time.time())
    report = kill.run(500, 10, seed)
    print(f"seed {seed}: {report}")
    assert not report.wrong, f"seed {seed}: {report}"


def test_kill_control():
    program = os.environ.get("POSTLUDE_CONTROL") or str(ROOT / "build-control" / "postlude")
    if not os.path.exists(program):
        pytest.skip("no control build: ./dev control")
    report = kill.run(500, 20, int(time.time()), program)
    print(report)
    assert any("deliveries are unknown" in line for line in report.wrong), \
        f"the control build sends before it claims, and nothing was noticed: {report}"
