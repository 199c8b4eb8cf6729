"""kill -9 at 200 random moments of a run of 5,000 orders: nothing acknowledged is lost, every duplicate is
matched by a delivery of unknown outcome. See test/driver/kill.py; the small one is test/crash/test_kills.py."""

import time

from driver import kill


def test_kill():
    seed = int(time.time())
    report = kill.run(5000, 200, seed)
    print(f"seed {seed}: {report}")
    assert not report.wrong, f"seed {seed}: {report}"
