"""Every receipt in every language for 200 orders of the demo shop; test/long does it for all of them."""
import json
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
pytest.importorskip("html5lib")
from demo import Demo  # noqa: E402
from demo_check import Checker, amounts, bones, check, read  # noqa: E402
from driver import shopify  # noqa: E402
from driver.server import ROOT, Server  # noqa: E402
from world import LANGUAGES, TEMPLATES  # noqa: E402


@pytest.fixture(scope="module")
def demo():
    made = Demo(200)
    yield made
    made.close()


def test_every_mail_of_a_sample(demo):
    wrong, checker = check(demo)
    assert {problem: where[:3] for problem, where in list(wrong.items())[:10]} == {}
    assert len(checker.counts) == len(LANGUAGES) * len(TEMPLATES)
    assert sum(checker.counts.values()) > 8000


def test_the_checks_find_what_is_wrong(demo):
    """A wrong mail of each kind, made of a right one."""
    checker = Checker(demo)
    template, mail = next(demo.mails("de"))
    mail = read(mail)
    assert checker.mail("de", template, mail) == []
    order = demo.orders[next(iter(checker.names["de", template]))]
    assert checker.mail("fr", template, mail) != [] and checker.mail("de", "refunded", mail) != []

    for old, new, expected in (("</table>", "", "html:"), ("Ihre Bestellung", "mail.items.title", "filled in"),
                               ("Bestellung", "{{ order }}", "filled in"), ('dir="ltr"', 'dir="rtl"', "language"),
                               (order.name, "#1", "data for programs"), ("https://demo.example/o/", "javascript:", "links")):
        assert any(expected in problem for problem in checker.mail("de", template, mail._replace(
            plain=mail.plain.replace(old, new), page=mail.page.replace(old, new)))), (old, new)
    assert checker.sums("order_confirmation", order, "€ 1.00", "€ 1.00") != []
    assert len(checker.done()) >= len(LANGUAGES) * len(TEMPLATES) - 1


def test_sums_are_read_in_every_language():
    assert amounts("1.234,50 € und 5,00\u00a0€") == [123450, 500]
    assert amounts("€1,234.50; \u2068€ 29.00\u2069") == [123450, 2900]
    assert amounts("1\u202f234,50\u00a0€") == [123450]
    assert bones('<a href="https://a/1">x1</a>') == bones('<a href="https://b">other</a>') != bones("<b>x</b>")


def test_an_order_posted_by_hand_is_confirmed():
    """What somebody tries first on the demo shop: a webhook of Shopify's, whose own confirmation has no switch."""
    told = json.loads((ROOT / "test/plug/connector/shopify/usual.json").read_text())
    with Server() as server:
        server.start()
        server.control("at 2026-11-22T20:00:00Z")
        server.cli("demo", seconds=120)
        server.cli("shop", "set", "demo", "shopify.secret=hush")
        told |= {"created_at": "2026-11-22T20:00:00Z", "updated_at": "2026-11-22T20:00:00Z",
                 "processed_at": "2026-11-22T20:00:00Z", "id": 987654321, "name": "#H1", "test": False}
        body = json.dumps(told).encode()
        answer = server.http("POST", "/in/demo/shopify", body, shopify.headers(
            "orders/create", "by-hand", shopify.sign("hush", body), "2026-11-22T20:00:00Z"))
        assert answer.status == 200
        server.control("work", seconds=180)
        assert server.rows("SELECT m.template, m.state FROM message AS m JOIN orders AS o ON o.id = m.order_id "
                           "WHERE o.name = '#H1'") == [("order_confirmation", "accepted")]
