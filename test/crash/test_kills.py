"""kill -9 at 10 random moments of a run of 500 orders; test/long/test_kill.py is the large one. And the control: a
program that sends before its claim is on the disk must be caught."""

import os
import subprocess
import time

from driver import kill
from driver.server import ROOT


def test_kills():
    seed = int(time.time())
    report = kill.run(500, 10, seed)
    print(f"seed {seed}: {report}")
    assert not report.wrong, f"seed {seed}: {report}"


def test_kill_control():
    program = os.environ.get("POSTLUDE_CONTROL")
    if not program:  # this test alone: the suites build it before
        subprocess.run([ROOT / "dev", "control"], check=True)
        program = str(ROOT / "build-control" / "postlude")
    report = kill.run(500, 20, int(time.time()), program)
    print(report)
    assert any("deliveries are unknown" in line for line in report.wrong), \
        f"the control build sends before it claims, and nothing was noticed: {report}"
