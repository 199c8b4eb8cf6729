"""What strangers and broken shop systems send: each is told so in the answer or in `postlude list unread`, with the
place; nothing that was acknowledged is lost; and the next order is served as ever."""

import http.client
import itertools
import json
import re
import socket
import sqlite3
import threading

import pytest

from driver import shopify
from driver.server import Server

AT = "2026-03-02T11:00:00Z"
ORDER = shopify.fixture("shopify/order_1001.json")
LIMIT_BODY_BYTES, LIMIT_ORDER_LINES, LIMIT_TEXT_BYTES = 4 << 20, 2000, 4096  # base/limits.h
EXIT_NOT_FOUND = 3
_next = itertools.count(1)


@pytest.fixture(scope="module")
def server():
    with Server() as made:
        made.start()
        made.control(f"at {AT}")
        for slug, secret in (("demo", "hush"), ("other", "hush-hush")):
            made.cli("shop", "add", slug, "--name", slug.title(), "--currency", "EUR", "--zone", "Europe/Paris",
                     "--locale", "en")
            made.cli("shop", "set", slug, f"shopify.secret={secret}", "live_since=2026-01-01", "smtp.url=catcher",
                     f"mail.from={slug.title()} <shop@example.com>", "receipt.order_confirmation=on")
        made.cli("shop", "add", "bare", "--name", "Bare", "--currency", "EUR", "--zone", "UTC", "--locale", "en")
        yield made
        made.stop()


@pytest.fixture(autouse=True)
def goes_on(server):
    """Whatever a test did: the same worker answers the next order, and it becomes a mail."""
    worker = server.http("GET", "/health").status, server.complaints()
    yield
    number = 500000 + next(_next)
    answer = post(server, order(id=number, name=f"#{number}", email=f"next{number}@example.com"))
    assert answer.status == 200, answer.text
    server.control("work")
    assert server.rows("SELECT count(*) FROM message WHERE address = ?", (f"next{number}@example.com",)) == [(1,)]
    assert (server.http("GET", "/health").status, server.complaints()) == worker


def order(**members):
    return json.dumps(json.loads(ORDER) | members).encode()


def post(server, body, delivery=None, topic="orders/create", path="/in/demo/shopify", secret="hush", **headers):
    delivery = delivery or f"delivery-{next(_next)}"
    sent = shopify.headers(topic, delivery, shopify.sign(secret, body) if secret else None, AT)
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    return server.http("POST", path, body, {name: value for name, value in sent.items() if value is not None})


def kept(server, body, **how):
    """Posts what has to be kept, and lets it be read; (state, reason) of its row."""
    answer = post(server, body, **how)
    assert answer.status == 200, answer.text
    server.control("work")
    return state(server, json.loads(answer.text)["kept"])


def state(server, text_id):
    """What `postlude trace` says became of a delivery: (state, reason)."""
    row = next(row for row in json_lines(server.cli("trace", text_id, "--json")) if row["id"] == text_id)
    return re.search(r": (new|done|same|unread|aside)(?:, (.*))?$", row["what"]).groups()


def json_lines(text):
    try:
        whole = json.loads(text)
        return whole if isinstance(whole, list) else [whole]
    except ValueError:
        return [json.loads(line) for line in text.splitlines()]


def unread(server, shop="demo"):
    return json_lines(server.cli("list", "unread", "--shop", shop, "--json") or "[]")


def raw(server, data, seconds=20):
    """Bytes as they are, and the status and body of the answer; (None, b"") if the connection was just closed."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=seconds) as line:
        try:
            line.sendall(data)
        except OSError:
            pass  # refused before it was all sent: the answer is there all the same
        reply = http.client.HTTPResponse(line)
        try:
            reply.begin()
        except http.client.HTTPException:
            return None, b""
        return reply.status, reply.read()


def raw_post(server, body, headers, path=b"/in/demo/shopify"):
    head = [b"POST " + path + b" HTTP/1.1", b"Host: p", b"Content-Type: application/json",
            b"Content-Length: %d" % len(body), b"Connection: close", *headers]
    return raw(server, b"\r\n".join(head) + b"\r\n\r\n" + body)


def signed(body):
    return b"X-Shopify-Hmac-SHA256: " + shopify.sign("hush", body).encode()


def count(server):
    return server.rows("SELECT count(*) FROM inbox")[0][0]


# ---- who it comes from, and where it goes --------------------------------------------------------------

@pytest.mark.parametrize("headers, status, sign", [
    ({"X_Shopify_Hmac_Sha256": None}, 401, "X-Shopify-Hmac-SHA256 is missing"),
    ({"X_Shopify_Hmac_Sha256": ""}, 401, "X-Shopify-Hmac-SHA256 is missing"),
    ({"X_Shopify_Hmac_Sha256": "A" * 43 + "="}, 401, "shopify.secret"),
    ({"X_Shopify_Hmac_Sha256": "not base64 at all!"}, 401, "shopify.secret"),
    ({"X_Shopify_Hmac_Sha256": "AAAA" * 4000}, 401, "shopify.secret"),
    ({"X_Shopify_Topic": None}, 400, "X-Shopify-Topic is missing"),
])
def test_a_wrong_envelope_is_told_which_header(server, headers, status, sign):
    before = count(server)
    answer = post(server, ORDER, **headers)
    assert answer.status == status and sign in json.loads(answer.text)["detail"], answer.text
    assert json.loads(answer.text)["cure"]
    assert count(server) == before


def test_a_signature_holds_for_its_body_and_its_shop_alone(server):
    before = count(server)
    assert post(server, ORDER, X_Shopify_Hmac_Sha256=shopify.sign("hush", ORDER + b" ")).status == 401
    assert post(server, ORDER, secret="hush-hush").status == 401
    assert post(server, ORDER, path="/in/other/shopify").status == 401
    assert post(server, ORDER, X_Shopify_Hmac_Sha256=shopify.sign("hush", ORDER) + " ").status in (200, 401)
    assert count(server) <= before + 1  # white space around a header's value is no part of it


def test_a_replayed_delivery_is_acknowledged_and_changes_nothing(server):
    body = order(id=600001, name="#600001")
    assert json.loads(post(server, body, delivery="again").text)["kept"]
    server.control("work")
    events = server.rows("SELECT count(*) FROM event")
    assert json.loads(post(server, body, delivery="again").text) == {"repeated": True}
    assert kept(server, body, delivery="again-under-another-id") == ("same", "the same as what is known already")
    assert server.rows("SELECT count(*) FROM event") == events


@pytest.mark.parametrize("method, path, status, sign", [
    ("POST", "/in/nobody/shopify", 404, "nobody"),
    ("POST", "/in/demo/magento", 404, "magento"),
    ("POST", "/in/demo/shopify/more", 404, ""),
    ("POST", "/in/demo/", 404, ""),
    ("POST", "/in/bare/shopify", 401, "shopify.secret"),
    ("POST", "/in/%FF%00/shopify", 400, ""),
    ("POST", "/in/demo/..%2fshopify", 404, ""),
    ("GET", "/in/demo/shopify", 405, "POST"),
    ("PUT", "/in/demo/shopify", 405, "POST"),
    ("DELETE", "/in/demo/shopify", 405, "POST"),
    ("BREW", "/in/demo/shopify", 405, "POST"),
])
def test_a_wrong_address_is_told(server, method, path, status, sign):
    before = count(server)
    answer = server.http(method, path, ORDER, shopify.headers("orders/create", "d", shopify.sign("hush", ORDER), AT))
    assert answer.status == status, (answer.status, answer.text)
    assert sign in json.loads(answer.text)["detail"], answer.text
    if status == 405:
        assert answer.headers["Allow"] == "POST"
    assert count(server) == before


@pytest.mark.parametrize("value", [b"\xff\xfe\x80", b"caf\xc3\xa9", b"a\tb", b"\xe2\x80\xae" * 20, b"x" * 20000, b"../../etc",
                                   b"'; DROP TABLE inbox; --"])
@pytest.mark.parametrize("name", [b"X-Shopify-Topic", b"X-Shopify-Webhook-Id"])
def test_strange_bytes_in_a_header_are_kept_readable(server, name, value):
    body = order(id=700000 + next(_next))
    unique = b"%d" % next(_next)
    headers = {b"X-Shopify-Topic": b"orders/create", b"X-Shopify-Webhook-Id": unique} | {name: value + unique}
    status, answer = raw_post(server, body, [signed(body), *(key + b": " + text for key, text in headers.items())])
    assert status == 200, answer
    server.control("work")
    row = json.loads(answer)["kept"]
    how, reason = state(server, row)
    assert how == ("done" if name != b"X-Shopify-Topic" else "same"), reason
    assert json_lines(server.cli("trace", row, "--json")) and row in server.cli("trace", row)


def test_delivery_ids_that_differ_only_where_they_are_cut_are_two(server):
    for first, second in ((b"x" * 300 + b"1", b"x" * 300 + b"2"), (b"\xff", b"\xfe"), (b"a\xffb", b"a\xef\xbf\xbdb")):
        for value in (first, second):
            body = order(id=720000 + next(_next))
            status, answer = raw_post(server, body, [signed(body), b"X-Shopify-Topic: orders/create",
                                                     b"X-Shopify-Webhook-Id: " + value])
            assert (status, list(json.loads(answer))) == (200, ["kept"])


@pytest.mark.parametrize("name", [b"X Shopify Topic", b"X-Shopify-Topic\x00", b""])
def test_a_header_that_is_none_is_refused(server, name):
    before = count(server)
    body = order(id=710000)
    status, _ = raw_post(server, body, [signed(body), name + b": orders/create"])
    # libmicrohttpd takes a line without a name for the rest of the value before it, here the signature's.
    assert status in (None, 400) if name else status == 401
    assert count(server) == before


def test_headers_without_end_are_refused(server):
    status, _ = raw_post(server, ORDER, [b"X-%d: %s" % (i, b"y" * 1000) for i in range(100)])
    assert status in (None, 413, 431)


# ---- how much ------------------------------------------------------------------------------------------

def test_ten_megabytes_are_refused_with_the_limit(server):
    body = b'{"note":"' + b"x" * (10 << 20) + b'"}'
    before = count(server)
    status, answer = raw_post(server, body, [signed(body), b"X-Shopify-Topic: orders/create"])
    assert status == 413 and str(LIMIT_BODY_BYTES).encode() in answer
    chunked = b"".join(b"10000\r\n" + body[at:at + 65536].ljust(65536) + b"\r\n" for at in range(0, len(body), 65536))
    status, answer = raw(server, b"POST /in/demo/shopify HTTP/1.1\r\nHost: p\r\nTransfer-Encoding: chunked\r\n"
                                 b"Accept: application/json\r\n\r\n" + chunked + b"0\r\n\r\n")
    assert status in (413, None), answer
    assert count(server) == before


def test_a_body_at_the_limit_is_kept_and_read(server):
    note = "x" * (LIMIT_BODY_BYTES - len(order(id=725001, note="")))
    body = order(id=725001, note=note)
    assert len(body) == LIMIT_BODY_BYTES
    assert kept(server, body) == ("done", None)
    assert server.rows("SELECT length(note) FROM orders WHERE foreign_id = '725001'") == [(LIMIT_TEXT_BYTES,)]
    assert post(server, body + b" ").status == 413


def test_many_at_once_with_wrong_signatures_hold_nobody_up(server):
    before = count(server)
    seen = []

    def knock():
        for _ in range(20):
            seen.append(post(server, ORDER, secret="guess").status)

    threads = [threading.Thread(target=knock) for _ in range(8)]
    for thread in threads:
        thread.start()
    good = [post(server, order(id=730000 + i)).status for i in range(10)]
    for thread in threads:
        thread.join()
    assert good == [200] * 10 and seen == [401] * 160
    assert count(server) == before + 10


# ---- bodies that nobody can read: kept, shown with the place ---------------------------------------------

def with_line(**members):
    return order(line_items=[json.loads(ORDER)["line_items"][0] | members])


def nested(depth):
    return order(note=0).replace(b'"note": 0', b'"note": ' + b"[" * depth + b"]" * depth)


UNREADABLE = {
    "nothing": (b"", ["1"]),
    "no JSON": (b"hello", ["line 1"]),
    "cut off": (ORDER[:2000], ["line "]),
    "a list": (b"[" + ORDER + b"]", ["an array"]),
    "a number": (b"17", ["a number"]),
    "null": (b"null", ["null"]),
    "deep": (nested(100000), ["nest"]),
    "invalid UTF-8": (ORDER.replace(b'"Ana"', b'"An\xe1"'), ["byte", "UTF-8"]),
    "overlong UTF-8": (ORDER.replace(b'"Ana"', b'"An\xc1\xa1"'), ["byte", "UTF-8"]),
    "a surrogate as UTF-8": (ORDER.replace(b'"Ana"', b'"An\xed\xa0\x80"'), ["byte", "UTF-8"]),
    "no id": (order(id=None), ["id is missing"]),
    "an empty id": (order(id="  "), ["id is missing"]),
    "an id that is an object": (order(id={"a": 1}), ["id is missing"]),
    "no currency": (order(currency=None), ["currency"]),
    "no such currency": (order(currency="ZZQ"), ["currency"]),
    "no date": (order(created_at=None, processed_at=None), ["#1001", "created_at"]),
    "no such date": (order(created_at="2026-02-30T10:00:00Z"), ["#1001", "created_at", "2026-02-30"]),
    "a total of words": (order(total_price="plenty"), ["#1001", "total_price", "plenty"]),
    "a total beyond 64 bits": (order(total_price="92233720368547758080.00"), ["#1001", "total_price"]),
    "a total beyond doubles": (ORDER.replace(b'"total_price": "190.90"', b'"total_price": 1e400'), ["#1001", "total_price"]),
    "no total": (order(total_price=None), ["#1001", "total_price"]),
    "no lines at all": (order(line_items=None), ["#1001", "line_items"]),
    "lines that are none": (order(line_items="two"), ["#1001", "line_items"]),
    "a line that is none": (order(line_items=[7]), ["#1001", "line_items/0"]),
    "3000 lines": (order(line_items=json.loads(ORDER)["line_items"] * 1500), ["#1001", "line_items", "3000", "2000"]),
    "a negative quantity": (with_line(quantity=-1), ["#1001", "line_items/0", "quantity"]),
    "half a piece": (with_line(quantity=0.5), ["#1001", "line_items/0", "quantity"]),
    "too many pieces": (with_line(quantity=10**18), ["#1001", "line_items/0", "quantity"]),
    "no title": (with_line(title=None, name=None), ["#1001", "line_items/0", "title"]),
    "a price of words": (with_line(price="free"), ["#1001", "line_items/0", "price", "free"]),
    "shipping that overflows": (order(shipping_lines=[{"price": "9e16"}] * 2), ["#1001", "shipping_lines"]),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_read_is_kept_and_its_place_is_shown(server, name):
    body, signs = UNREADABLE[name]
    orders = server.rows("SELECT count(*) FROM orders")
    how, reason = kept(server, body)
    assert how == "unread"
    newest = unread(server)[0]
    assert newest["reason"] == reason
    for sign in signs:
        assert sign in reason, reason
    assert len(reason) < 500
    assert server.rows("SELECT count(*) FROM orders") == orders


# ---- bodies that are strange and yet tell an order -------------------------------------------------------

def taken(server, body, number):
    assert kept(server, body) == ("done", None)
    columns = "name, total, note, email, ship_to"
    found = server.rows(f"SELECT {columns} FROM orders WHERE foreign_id = ?", (str(number),))
    assert len(found) == 1
    return dict(zip(columns.split(", "), found[0]))


def test_a_lone_surrogate_becomes_a_replacement_character(server):
    body = order(id=740001, note="cut").replace(b'"cut"', b'"cut \\ud83d off"')
    assert taken(server, body, 740001)["note"] == "cut \ufffd off"


def test_of_a_key_that_comes_twice_the_last_counts(server):
    body = order(id=740002)[:-1] + b', "total_price": "77.00"}'
    assert taken(server, body, 740002)["total"] == 7700


def test_an_order_without_lines_is_an_order(server):
    taken(server, order(id=740003, line_items=[]), 740003)
    assert server.rows("SELECT count(*) FROM order_line WHERE order_id = "
                       "(SELECT id FROM orders WHERE foreign_id = '740003')") == [(0,)]


def test_as_many_lines_as_are_taken(server):
    lines = json.loads(ORDER)["line_items"] * (LIMIT_ORDER_LINES // 2)
    taken(server, order(id=740004, line_items=lines), 740004)
    assert server.rows("SELECT count(*) FROM order_line WHERE order_id = "
                       "(SELECT id FROM orders WHERE foreign_id = '740004')") == [(LIMIT_ORDER_LINES,)]


@pytest.mark.parametrize("number", [2**53 + 1, 2**63 - 1, 2**63, 2**64, 10**40])
def test_an_id_of_any_size_is_exact(server, number):
    taken(server, order(id=number), number)


def test_a_byte_order_mark_is_no_part_of_the_body(server):
    taken(server, b"\xef\xbb\xbf" + order(id=740005), 740005)


def test_text_that_would_leave_its_place_cannot(server):
    evil = "a\u0000b\r\nBcc: all@example.com\u202e<script>alert(1)</script>"
    person = json.loads(ORDER)["shipping_address"] | {"name": evil, "city": evil}
    body = order(id=740006, name=evil, email="eve@example.com\r\nBcc: all@example.com", contact_email=None, customer=None,
                 shipping_address=person)
    found = taken(server, body, 740006)
    assert not set("\0\r\n\u202e") & set(found["name"] + found["email"])
    page = next(row["page"] for row in json_lines(server.cli("list", "orders", "--shop", "demo", "--json"))
                if row["name"] == found["name"])
    shown = server.http("GET", page)
    assert shown.status == 200 and "<script>" not in shown.text
    assert server.rows("SELECT count(*) FROM message WHERE address LIKE '%all@example.com%' AND state = 'accepted'") == [(0,)]


# ---- once more -----------------------------------------------------------------------------------------

def test_what_was_unread_is_read_again_when_asked(server):
    answer = post(server, order(id=None))
    row = json.loads(answer.text)["kept"]
    server.control("work")
    first = state(server, row)
    assert first[0] == "unread"
    assert "again" in server.cli("replay", "demo", row)
    server.control("work")
    assert state(server, row) == first
    assert server.run("replay", "other", row).returncode == EXIT_NOT_FOUND
    assert server.run("replay", "demo", "in_0pmzkcfg02zzz").returncode == EXIT_NOT_FOUND
    assert server.run("replay", "demo", "rubbish").returncode == 2


def test_a_replay_that_succeeds_is_an_order_as_if_nothing_had_been(server):
    """A version that could not read the body put it aside; this one can."""
    body = order(id=750001, name="#750001", email="late@example.com")
    row = json.loads(post(server, body).text)["kept"]
    store = sqlite3.connect(server.data / "postlude.db", timeout=10)
    with store:
        changed = store.execute("UPDATE inbox SET state = 'unread', reason = 'of old' WHERE state = 'new'").rowcount
    store.close()
    assert changed == 1
    server.control("work")
    assert [entry["id"] for entry in unread(server) if entry["reason"] == "of old"] == [row]
    server.cli("replay", "demo", row)
    server.control("work")
    assert state(server, row) == ("done", None)
    assert server.rows("SELECT count(*) FROM message WHERE address = 'late@example.com'") == [(1,)]
    assert server.run("replay", "demo", row).returncode == EXIT_NOT_FOUND
