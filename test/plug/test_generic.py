"""Any program that posts JSON: the four ways to sign, each with what is wrong about a signature; ready maps; a bad map."""

import base64
import hashlib
import hmac
import json
import re
from pathlib import Path

import pytest

from driver.server import Server

NOW = 1772445600  # 2026-03-02T10:00:00Z
KEY = b"a key of twenty-four byt"
ORDER = {"id": "o-1", "at": "2026-03-02T09:00:00Z", "mail": "noor@example.com", "items": [{"name": "Tea", "cents": 1250}]}
MAP = {"source": "tea", "amounts": "minor", "orders": {
    "id": "/id", "email": "/mail", "placed_at": "/at", "updated_at": "/at", "currency": "=EUR",
    "lines": {"each": "/items", "title": "/name", "price": "/cents"}}}


@pytest.fixture(scope="module")
def server():
    with Server() as made:
        made.start()
        made.cli("shop", "add", "demo", "--name", "Demo", "--currency", "EUR", "--zone", "Europe/Amsterdam", "--locale", "nl")
        made.cli("shop", "set", "demo", "live_since=2020-01-01", "smtp.url=catcher", "mail.from=Demo <shop@example.com>")
        yield made
        made.stop()


def use(server, sign, secret, map_=None):
    server.control("at 2026-03-02T10:00:00Z")
    server.cli("shop", "set", "demo", f"generic.secret={secret}", "generic.map=" + json.dumps((map_ or MAP) | {"sign": sign}))


def post(server, body, headers):
    return server.http("POST", "/in/demo/generic", body, {"Content-Type": "application/json"} | headers)


def body_of(number):
    return json.dumps(ORDER | {"id": f"o-{number}"}).encode()


def sha256(key, text):
    return hmac.new(key, text, hashlib.sha256)


def standard(body, at=NOW, name="msg_1", key=KEY):
    tag = base64.b64encode(sha256(key, f"{name}.{at}.".encode() + body).digest()).decode()
    return {"webhook-id": name, "webhook-timestamp": str(at), "webhook-signature": f"v1,AAAA v1,{tag}"}


def stripe(body, at=NOW, key=b"whsec_test"):
    return {"Stripe-Signature": f"t={at},v1=00,v1={sha256(key, f'{at}.'.encode() + body).hexdigest()},v0=x"}


def test_a_secret_in_a_header(server):
    use(server, {"kind": "header", "name": "X-Api-Key"}, "open sesame")
    assert post(server, body_of(1), {"X-Api-Key": "open sesame"}).status == 200
    for wrong in ({}, {"X-Api-Key": "open"}, {"X-Api-Key": "open sesame!"}, {"Authorization": "Bearer open sesame"}):
        assert post(server, body_of(2), wrong).status == 401, wrong
    use(server, {"kind": "header"}, "open sesame")
    assert post(server, body_of(3), {"Authorization": "Bearer open sesame"}).status == 200


def test_an_hmac_in_hex_or_base64(server):
    use(server, {"kind": "hmac", "name": "X-Sig"}, "hush")
    tag = sha256(b"hush", body_of(4))
    assert post(server, body_of(4), {"X-Sig": tag.hexdigest()}).status == 200
    assert post(server, body_of(4), {"X-Sig": base64.b64encode(tag.digest()).decode()}).status == 200
    for wrong in ("", "x", tag.hexdigest()[:-1] + "0", sha256(b"hash", body_of(4)).hexdigest()):
        assert post(server, body_of(4), {"X-Sig": wrong}).status == 401, wrong


def test_standard_webhooks(server):
    use(server, {"kind": "standard"}, "whsec_" + base64.b64encode(KEY).decode())
    assert post(server, body_of(5), standard(body_of(5))).status == 200
    for wrong in (standard(body_of(5), at=NOW - 301), standard(body_of(5), at=NOW + 301), standard(body_of(6)),
                  standard(body_of(5), key=b"other"), standard(body_of(5)) | {"webhook-id": "msg_2"},
                  standard(body_of(5)) | {"webhook-timestamp": "soon"}, {}):
        assert post(server, body_of(5), wrong).status == 401, wrong
    again = post(server, body_of(7), standard(body_of(7)))  # the same webhook-id: a repetition, whatever it says
    assert again.status == 200
    server.control("work")
    assert server.rows("SELECT count(*) FROM orders WHERE foreign_id = 'o-7'")[0][0] == 0


def test_stripe(server):
    use(server, {"kind": "stripe"}, "whsec_test")
    assert post(server, body_of(8), stripe(body_of(8))).status == 200
    for wrong in (stripe(body_of(8), at=NOW - 301), stripe(body_of(9)), stripe(body_of(8), key=b"x"),
                  {"Stripe-Signature": "v1=00"}, {"Stripe-Signature": ""}, {}):
        assert post(server, body_of(8), wrong).status == 401, wrong


def test_what_arrives_is_an_order_and_a_mail(server):
    use(server, {"kind": "header", "name": "X-Api-Key"}, "s")
    assert post(server, body_of(10), {"X-Api-Key": "s"}).status == 200
    server.control("work")
    rows = server.rows("SELECT source, email, total, currency FROM orders WHERE foreign_id = 'o-10'")
    assert rows == [("tea", "noor@example.com", 1250, "EUR")]


def test_stripes_checkout_by_the_ready_map(server):
    session = {"id": "cs_1", "object": "checkout.session", "amount_subtotal": 2500, "amount_total": 2990, "currency": "eur",
               "created": NOW, "customer": None, "livemode": True, "locale": "auto", "payment_status": "paid",
               "customer_details": {"email": "kofi@example.com", "name": "Kofi Mensah", "phone": None,
                                    "address": {"city": "Accra", "country": "GH", "line1": "Oxford St 1"}},
               "shipping_cost": {"amount_total": 490}, "total_details": {"amount_discount": 0, "amount_tax": 0}}
    event = json.dumps({"id": "evt_1", "type": "checkout.session.completed", "created": NOW, "livemode": True,
                        "data": {"object": session}}).encode()
    server.control("at 2026-03-02T10:00:00Z")
    server.cli("shop", "set", "demo", "generic.secret=whsec_test", "generic.map=stripe")
    assert post(server, event, stripe(event)).status == 200
    server.control("work")
    assert server.rows("SELECT email, subtotal, shipping, total, payment, locale FROM orders WHERE foreign_id = 'cs_1'") == [
        ("kofi@example.com", 2500, 490, 2990, "paid", None)]


@pytest.mark.parametrize("wrong, said", [
    ("[]", "a map is JSON"), ("shopware", "a map is JSON"), ("{", "generic.map"),
    ('{"orders": {"email": "/mail"}}', "where the id is"), ('{"orders": {"id": "order.id"}}', "orders/0: id: a value is a place"),
    ('{"amounts": "cents", "orders": {"id": "/id"}}', "decimal"), ('{"dates": "days", "orders": {"id": "/id"}}', "seconds"),
    ('{"orders": {"id": "/id", "emial": "/mail"}}', "orders/0: emial: there is no such field"),
    ('{"orders": [{"id": "/id"}, {"id": "/id", "lines": {"sku": "/sku"}}]}', "orders/1: lines: there may be several"),
    ('{"orders": {"id": "/id", "lines": {"each": "/rows", "prise": "/p"}}}', "orders/0: lines: prise: there is no such field"),
    ('{"orders": {"id": "/id", "lines": {"each": "rows"}}}', "orders/0: lines: each: a place begins with a slash"),
    ('{"orders": {"id": "/id", "payment": {"at": "/p", "words": {"x": 1}}}}', "orders/0: payment: words: x becomes a word"),
    ('{"orders": {"id": "/id", "email": {"first": "/mail"}}}', "orders/0: email: `first` and `text` are lists"),
    ('{"orders": {"id": "/id", "email": {"at": "/mail", "unles": []}}}', "orders/0: email: unles: beside `at`"),
    ('{"orders": {"id": "/id", "when": {"/type": "order"}}}', "orders/0: when: /type: the words are a list"),
    ('{"orders": {"id": "/id", "shipments": {"each": "/s", "number": "/n"}}}', "orders/0: shipments: number: there is no such"),
    ('{"sign": {"kind": "md5"}, "orders": {"id": "/id"}}', "sign: kind is header, hmac, standard or stripe, not 'md5'"),
    ('{"order": {"id": "/id"}}', "order: a map has"),
])
def test_a_wrong_map_is_refused_when_it_is_set(server, wrong, said):
    before = server.cli("shop", "show", "demo")
    ran = server.run("shop", "set", "demo", f"generic.map={wrong}")
    assert ran.returncode in (1, 2) and said in ran.stderr and "generic.map" in ran.stderr, ran.stderr
    assert server.cli("shop", "show", "demo") == before


def test_every_ready_map_can_be_set(server):
    for row in server.cli("list", "maps").splitlines():
        server.cli("shop", "set", "demo", f"generic.map={row.split()[0]}")


def test_a_map_can_be_tried_on_a_document(server, tmp_path):
    document, map_ = tmp_path / "order.json", tmp_path / "map.json"
    document.write_text(json.dumps(ORDER | {"gift": {"wrap": "red", "words": ["for", "you"]}, "none": None}))
    map_.write_text(json.dumps(MAP | {"orders": MAP["orders"] | {"tags": "/gift/words"}}))
    said = server.cli("map", "try", str(document), "--map", str(map_))
    for line in ('order.email "noor@example.com"', "order.total 12.50 EUR", 'order.lines[0].title "Tea"', 'order.tags "for, you"'):
        assert line in [" ".join(row.split()) for row in said.splitlines()], said
    left = said.partition("Nobody reads these places")[2]
    assert "/gift/wrap" in left and "red" in left and left.count("  /") == 1
    map_.write_text('{"orders": {"id": "/id", "emial": "/mail"}}')
    wrong = server.run("map", "try", str(document), "--map", str(map_))
    assert wrong.returncode != 0 and "map.json: orders/0: emial: there is no such field" in wrong.stderr
    wrong = server.run("map", "try", str(tmp_path / "nowhere"), "--map", "vendure")
    assert wrong.returncode == 3 and "nowhere" in wrong.stderr


def test_the_ready_maps_are_listed(server):
    said = server.cli("list", "maps")
    assert "stripe" in said and "vendure" in said


def test_the_manuals_example_is_read_whole(server, tmp_path):
    page = (Path(__file__).parents[2] / "doc" / "manual" / "maps.md").read_text(encoding="utf-8")
    document, map_ = re.findall(r"```json\n(.*?)```", page, re.S)
    (tmp_path / "order.json").write_text(document)
    (tmp_path / "map.json").write_text(map_)
    said = server.cli("map", "try", str(tmp_path / "order.json"), "--map", str(tmp_path / "map.json"))
    assert "Each place of the document is read." in said and re.search(r"order\.total +15\.40 EUR", said), said
    server.cli("shop", "set", "demo", f"generic.map={map_}")


def test_an_empty_secret_opens_for_nobody(server):
    use(server, {"kind": "standard"}, "whsec_")
    body = body_of(40)
    assert post(server, body, standard(body, name="msg_empty", key=b"")).status == 401


def test_money_that_went_back_has_no_minus(server):
    map_ = {"source": "tea", "amounts": "minor", "orders": MAP["orders"] | {"refunds": {"each": "/back", "id": "/id", "amount": "/cents"}}}
    use(server, {"kind": "header", "name": "X-Api-Key"}, "open sesame", map_)
    body = json.dumps(ORDER | {"id": "o-41", "back": [{"id": "r-1", "cents": -500}]}).encode()
    assert post(server, body, {"X-Api-Key": "open sesame"}).status == 200
    server.control("work")
    [(state, reason)] = server.rows("SELECT state, reason FROM inbox ORDER BY id DESC LIMIT 1")
    assert state == "unread" and "without a minus" in reason
