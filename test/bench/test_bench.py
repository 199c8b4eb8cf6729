"""The bench tells when it cannot be trusted: its generator, its sink, its checks of counts."""

import base64
import hashlib
import hmac
import http.server
import json
import pathlib
import smtplib
import sys
import threading
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "bench"))

from harness import load  # noqa: E402
from harness.figure import Aim, Figures  # noqa: E402
from harness.process import BenchError  # noqa: E402
from harness.sink import BULK, OwnSink, distinct_check  # noqa: E402


class Shop(http.server.BaseHTTPRequestHandler):
    """Keeps what is posted; answers as the test wants."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append((self.headers, body))
        self.send_response(self.server.answer(len(self.server.seen)))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def shop():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Shop) as server:
        server.seen, server.answer = [], lambda number: 200
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_orders_are_signed_and_distinct(shop):
    report = load.Orders().post(shop.server_port, 60, connections=4)
    assert report["ok"] == 60 == len(shop.seen)
    ids = set()
    for headers, body in shop.seen:
        mac = hmac.new(load.SECRET.encode(), body, hashlib.sha256).digest()
        assert headers["X-Shopify-Hmac-SHA256"] == base64.b64encode(mac).decode()
        order = json.loads(body)
        lines = sum(round(100 * float(x["price"])) * x["quantity"] for x in order["line_items"])
        assert lines == round(100 * float(order["subtotal_price"]))
        ids.add((order["id"], headers["X-Shopify-Webhook-Id"]))
    assert len({order for order, _ in ids}) == len({delivery for _, delivery in ids}) == 60


def test_body_is_as_long_as_a_real_one(shop):
    load.Orders().post(shop.server_port, 300, connections=4)
    mean = sum(len(body) for _, body in shop.seen) / 300
    assert 11000 < mean < 12200


def test_an_error_answer_fails_the_bench(shop):
    shop.answer = lambda number: 503 if number == 7 else 200
    with pytest.raises(BenchError, match="1 requests failed, the first one: HTTP 503"):
        load.Orders().post(shop.server_port, 20, connections=1)


def test_a_stalled_server_cannot_hide_behind_a_fixed_rate(shop):
    """One answer takes half a second; all that were due meanwhile have waited too."""

    def answer(number):
        if number == 10:
            time.sleep(0.5)
        return 200

    shop.answer = answer
    report = load.Orders().post(shop.server_port, 100, rate=100, connections=1)
    assert report["max_us"] > 480000
    assert report["p99_us"] > 450000, "those behind the stalled one waited as well"


def mail_send(sink, recipient, message_id):
    with smtplib.SMTP("127.0.0.1", sink.port) as client:
        head = f"Message-ID: {message_id}\r\n" if message_id else ""
        client.sendmail("a@bench.example", recipient, f"{head}Subject: x\r\n\r\n..\r\nhello\r\n")


def test_sink_counts_and_names_each_mail(tmp_path):
    with OwnSink(tmp_path) as sink:
        mail_send(sink, "ana.garcia.00000042@example.com", "<1@x>")
        mail_send(sink, "bulk.00000007@example.com", "<2@x>")
        assert sink.count() == (2, 1)
        rows = sink.rows()
        assert [number for _, number, _ in rows] == [42, 7 | BULK]
        assert rows[0][0] < rows[1][0]
        distinct_check(rows, 2)


@pytest.mark.parametrize(
    "ids, want", [(["<1@x>"], 2), (["<1@x>", "<1@x>"], 2), (["<1@x>", "<2@x>"], 1), ([None], 1)]
)
def test_lost_double_and_nameless_mails_fail_the_bench(tmp_path, ids, want):
    with OwnSink(tmp_path) as sink:
        for message_id in ids:
            mail_send(sink, "ana.garcia.00000042@example.com", message_id)
        with pytest.raises(BenchError):
            distinct_check(sink.rows(), want)


def test_ratios_belong_to_rounds():
    figures = Figures("x", [Aim("speed", ">=", 2, peer="them"), Aim("wait", "<=", 5)])
    for ours, them in ((10, 5), (100, 20), (30, 10)):
        figures.add("speed", "ours", ours, "a/s")
        figures.add("speed", "them", them, "a/s")
    figures.add("wait", "ours", 7, "ms")
    lines = list(figures.lines())
    assert "x.speed.ratio 3  (2..5 in 3 runs)" in lines
    assert "x.speed.ratio aim >= 2: met (3)" in lines
    assert "x.wait.ours aim <= 5: MISSED (7)" in lines
