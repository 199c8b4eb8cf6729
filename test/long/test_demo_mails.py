"""Every receipt in every language for every order of the demo shop: some 220,000 mails, each held against the store."""
import sys

import pytest
from driver.server import ROOT

sys.path.insert(0, str(ROOT / "test/mail"))
pytest.importorskip("html5lib")
from demo import Demo  # noqa: E402
from demo_check import check  # noqa: E402


def test_every_mail_of_every_order():
    demo = Demo()
    try:
        assert len(demo.orders) == 5000
        wrong, checker = check(demo)
    finally:
        demo.close()
    assert {problem: where[:3] for problem, where in list(wrong.items())[:10]} == {}
    print(f"{sum(checker.counts.values())} mails, the largest page {checker.largest} bytes, {len(checker.bones)} frames")
