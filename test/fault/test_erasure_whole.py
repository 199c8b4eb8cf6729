"""Erasure to the last byte: however a raw delivery spells the person, whoever else stands in it, wherever the server was
killed meanwhile; and what is left as a digest tells nothing to somebody who only has the store."""

import base64
import hashlib
import hmac
import json
import quopri
import shutil
import urllib.parse

import pytest

from driver import flow, shopify
from driver.scene import Scene, iso
from driver.server import Died, Server

BODY = shopify.fixture("shopify/order_1001.json")
WORK = "ana.work@example.net"  # of her second order
MAIL = "Dear shop, please write to ana@example.com, as always."


@pytest.fixture
def scene():
    made = Scene()
    made.add_shop("demo", {})
    made.sink("sink")
    yield made
    flow.finish(made, flow.Step("the test", "", None, False))
    made.close()


def post(scene, delivery, body, topic="orders/create"):
    assert scene.post("/in/demo/shopify", body, topic, delivery, "demo", {}).status == 200


def erase(scene):
    scene.server.cli("privacy", "demo", "erase", "ana@example.com")
    scene.live.control("work")
    scene.server.cli("shop", "set", "demo", "contact=+351 21 000 00 00")
    scene.live.control("work")


def kept(scene):
    """Deliveries whose bodies are still there."""
    return {name for (name,) in scene.server.rows("SELECT i.delivery FROM inbox AS i JOIN inbox_body AS b ON b.id = i.id")}


# ---- spellings -------------------------------------------------------------------------------------------------------

SPELLINGS = {
    "plain": b'{"note": "ANA@Example.com"}',
    "json": b'{"note": "ana\\u0040example.com"}',
    "form": urllib.parse.urlencode({"sender": "ana@example.com", "n": 1}).encode(),
    "form-of-json": urllib.parse.urlencode({"payload": '{"to":"ana\\u0040example.com"}'}).encode(),
    "quoted": quopri.encodestring(("x" * 70 + MAIL).encode().replace(b"@", b"=40")),
    "quoted-broken": quopri.encodestring(("y" * 62 + "ana@example.com").encode()),
    "base64": b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(MAIL.encode()),
    "base64-in-json": json.dumps({"raw": "base64\r\n\r\n" + base64.encodebytes(MAIL.encode()).decode()}).encode(),
    "html": b"<p>ana&#64;example&#x2e;com</p>",
    "number": b'{"customer": {"id": 7301466235116}}',
}
OTHERS = {
    "longer-number": b'{"customer": {"id": 17301466235116, "other": 73014662351167}}',
    "somebody-else": b'{"note": "bo\\u0040example.com"}',
    "half": b'{"note": "ana\\u0040example", "more": "example.com"}',
}


def test_every_spelling_is_found_and_nobody_elses(scene):
    post(scene, "order", BODY)
    for name, body in (SPELLINGS | OTHERS).items():
        post(scene, name, body)
    scene.live.control("work")
    assert kept(scene) == {"order", *SPELLINGS, *OTHERS}
    erase(scene)
    assert kept(scene) == set(OTHERS)


# ---- others in the same delivery -----------------------------------------------------------------------------------------

def other_order(number):
    order = json.loads(BODY)
    order.update(id=5837205000000 + number, name=f"#{number}", email=f"b{number}@example.com", contact_email=f"b{number}@example.com",
                 phone=None, note=None)
    order["customer"] = {"id": 88000000000 + number, "email": f"b{number}@example.com"}
    order["billing_address"] = order["shipping_address"] = {"first_name": "Bo", "last_name": "Berg", "address1": "Storgatan 1", "zip": "1",
                                                            "city": "Lund", "country_code": "SE", "phone": None}
    return order


def test_a_page_of_many_goes_when_all_of_it_is_known_already(scene):
    """What it tells of the others is in their own rows, and can be asked for again."""
    page = {"orders": [json.loads(BODY), other_order(2), other_order(3)]}
    post(scene, "page", json.dumps(page).encode(), "poll/orders")
    scene.live.control("work")
    assert scene.server.rows("SELECT state FROM inbox") == [("done",)]
    assert scene.server.rows("SELECT count(*) FROM orders") == [(3,)]
    erase(scene)
    assert kept(scene) == set()
    assert sorted(scene.server.rows("SELECT name FROM orders WHERE email IS NOT NULL")) == [("#2",), ("#3",)]


def test_a_page_that_tells_of_her_again_is_learned_of_the_others_and_not_kept(scene):
    post(scene, "order", BODY)
    scene.live.control("work")
    erase(scene)
    page = {"orders": [shopify_late(), other_order(2)]}
    post(scene, "page", json.dumps(page).encode(), "poll/orders")
    scene.live.control("work")
    assert scene.server.rows("SELECT state FROM inbox WHERE delivery = 'page'") == [("done",)]
    assert scene.server.rows("SELECT name FROM orders WHERE email IS NOT NULL") == [("#2",)]
    assert kept(scene) == set()


def shopify_late():
    return json.loads(shopify.edit(BODY, [("/updated_at", "2027-01-01T00:00:00Z"), ("/note", "late")]))


def test_from_a_page_that_nobody_could_read_she_is_cut_out(scene):
    """The others' facts are not known yet: their part stays, to be read again after a repair."""
    page = {"rows": [json.loads(BODY), other_order(2) | {"total_price": 57.90}], "next": None}
    post(scene, "page", json.dumps(page).encode(), "orders/create")
    scene.live.control("work")
    assert scene.server.rows("SELECT state FROM inbox") == [("unread",)]
    erase(scene)
    [(state, reason)] = scene.server.rows("SELECT state, reason FROM inbox")
    assert state == "unread" and "erased from it" in reason
    bytes_ = b"".join(path.read_bytes() for path in sorted(scene.server.data.glob("postlude.db*")))
    assert b"ana@example.com" not in bytes_ and b"Atalaia" not in bytes_
    assert kept(scene) == {"page"}


# ---- killed ----------------------------------------------------------------------------------------------------------------

def hers(scene):
    """All that there is of a person: two orders, one of another address, a choice, a number that bounced, raw deliveries."""
    post(scene, "order", BODY)
    second = shopify.edit(BODY, [("/id", "5837205143799"), ("/name", "#1002"), ("/email", WORK)])
    post(scene, "second", second)
    customer = {"id": 7301466235116, "email": "ana@example.com", "updated_at": "2026-02-01T00:00:00Z", "first_name": "Ana",
                "email_marketing_consent": {"state": "subscribed", "opt_in_level": "single_opt_in", "consent_updated_at": "2026-02-01T00:00:00Z"}}
    post(scene, "customer", json.dumps(customer).encode(), "customers/update")
    post(scene, "early", json.dumps({"note": WORK.replace("@", "\\u0040")}).encode().replace(b"\\\\", b"\\"))
    post(scene, "bo", json.dumps(other_order(2)).encode())
    scene.live.control("work")


def ask(server):
    """The asking, and its end."""
    server.cli("privacy", "demo", "erase", "ana@example.com")
    server.control("work")


def copied(folder, to, now):
    shutil.copytree(folder, to)
    (to / "port").unlink(missing_ok=True)
    server = Server(data=to)
    server.start()
    server.control(f"at {iso(now)}")
    return server


def told(server):
    """The receipt, and where she still stands."""
    [(state, receipt, gathered)] = server.rows("SELECT state, receipt, gathered FROM privacy_ask")
    server.cli("shop", "set", "demo", "contact=+351 21 000 00 00")
    server.control("work")
    server.stop()
    bytes_ = b"".join(path.read_bytes() for path in sorted(server.data.glob("postlude.db*"))).lower()
    words = [word for word in (b"ana@example.com", WORK.encode(), b"rua da atalaia") if word in bytes_]
    return state, gathered, json.loads(receipt), words


def test_killed_after_every_commit_the_receipt_tells_all_and_nothing_is_left(scene, tmp_path):
    hers(scene)
    scene.server.stop()
    with copied(scene.server.data, tmp_path / "calm", scene.now_ms) as calm:
        before = int(calm.control("commits").split()[0])
        ask(calm)
        commits = int(calm.control("commits").split()[0]) - before
        want = told(calm)
    assert want[0] == "done" and want[1] is None and want[3] == []
    assert (want[2]["erased"]["orders"], want[2]["erased"]["messages"], want[2]["erased"]["customers"]) == (2, 2, 1)
    assert want[2]["erased"]["raw_deliveries"] >= 4 and want[2]["erased"]["choices"] >= 1
    assert commits >= 5
    died = 0
    for stop in range(1, commits + 1):
        with copied(scene.server.data, tmp_path / f"kill{stop}", scene.now_ms) as server:
            server.control(f"stop-at-commit {stop}")
            try:
                ask(server)
            except Died:
                died += 1
                server.start()
                server.control(f"at {iso(scene.now_ms)}")
                if not server.rows("SELECT count(*) FROM privacy_ask")[0][0]:
                    server.cli("privacy", "demo", "erase", "ana@example.com")
                server.control("work")
            assert told(server) == want, f"killed at commit {stop} of {commits}"
    assert died >= commits - 2


# ---- digests ---------------------------------------------------------------------------------------------------------------

def blobs_and_hexes(server):
    """Everything in the store that could be a digest."""
    found = set()
    tables = [name for (name,) in server.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
    for table in tables:
        for row in server.rows(f"SELECT * FROM {table}"):
            for cell in row:
                if isinstance(cell, bytes):
                    found.add(cell.hex())
                elif isinstance(cell, str):
                    found.update(word.lower() for word in cell.replace(":", " ").split() if len(word) in (32, 40, 64))
    return found


def test_no_digest_that_is_left_can_be_tried(scene):
    """Somebody who has the store but not its key guesses what stood there: not one digest is of a guess."""
    post(scene, "order", BODY)
    scene.live.control("work")
    hash_before = scene.server.rows("SELECT hash FROM orders")
    erase(scene)
    assert scene.server.rows("SELECT hash FROM orders") != hash_before
    assert scene.server.rows("SELECT count(*) FROM orders WHERE hash <> zeroblob(16)") == [(0,)]
    assert scene.server.rows("SELECT count(*) FROM message WHERE body_hash IS NOT NULL") == [(0,)]
    left = blobs_and_hexes(scene.server)
    guesses = [BODY, b"ana@example.com", b"demo ana@example.com", b"email:ana@example.com", b"1 ana@example.com", b"7301466235116"]
    guesses += [mail.raw for mail in scene.mails]
    for guess in guesses:
        for name in ("sha256", "sha1", "md5"):
            digest = hashlib.new(name, guess).hexdigest()
            assert not any(digest.startswith(word) or word.startswith(digest) for word in left if len(word) >= 16), (name, guess[:40])


def test_the_name_of_a_delivery_without_one_is_keyed(scene):
    scene.server.cli("shop", "set", "demo", "postmark.secret=hush")
    body = shopify.fixture("back/postmark_bounce.json")
    auth = {"Authorization": "Basic " + base64.b64encode(b"me:hush").decode()}
    assert scene.live.http("POST", "/in/demo/postmark", body, auth).status == 200
    assert scene.live.http("POST", "/in/demo/postmark", body, auth).status == 200
    scene.live.control("work")
    [(name,)] = scene.server.rows("SELECT delivery FROM inbox")
    assert len(name) == 64 and name != hashlib.sha256(body).hexdigest()
    key = bytes.fromhex((scene.server.data / "secret.key").read_text().strip())
    assert name != hmac.new(key, body, "sha256").hexdigest()  # a subkey of its own


def test_a_programs_own_key_that_names_her_goes(scene):
    said = scene.server.cli("key", "api", "demo", "--name", "till", "--scopes", "customers:write")
    key = next(word for word in said.split() if len(word) > 40)
    body = json.dumps({"id": "77", "email": "ana@example.com"}).encode()
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json", "Idempotency-Key": "new-ana@example.com"}
    assert scene.live.http("POST", "/api/v1/customers", body, headers).status == 202
    scene.live.control("work")
    assert scene.server.rows("SELECT count(*) FROM api_post") == [(1,)]
    erase(scene)
    assert scene.server.rows("SELECT count(*) FROM api_post WHERE delivery LIKE '%ana@%'") == [(0,)]
    assert scene.server.rows("SELECT count(*) FROM inbox WHERE delivery LIKE '%ana@%'") == [(0,)]


# ---- what comes afterwards --------------------------------------------------------------------------------------------------

def test_an_old_list_of_those_who_said_no_keeps_her_unwritten_and_unknown(scene, tmp_path):
    post(scene, "order", BODY)
    scene.live.control("work")
    erase(scene)
    table = tmp_path / "no.csv"
    table.write_text("email,reason,scope\nAna@Example.com,bounced,all\nbo@example.com,asked,marketing\n")
    for again in ([], ["--again"]):
        scene.server.cli("import", "--shop", "demo", "--format", "suppressions", *again, str(table))
    rows = scene.server.rows("SELECT address, scope, reason FROM suppression WHERE reason <> 'erased'")
    assert len(rows) == 2 and ("bo@example.com", "marketing", "asked") in rows
    [(mark, scope, reason)] = [row for row in rows if row[0] != "bo@example.com"]
    assert mark.startswith("erased:") and (scope, reason) == ("all", "hard_bounce")
    # She orders again, as somebody new: the address does not work, and nobody writes to it.
    sent = len(scene.mails)
    scene.turn(86_400_000)
    fresh = json.loads(BODY) | {"id": 5837205888888, "name": "#2001", "created_at": iso(scene.now_ms), "updated_at": iso(scene.now_ms),
                                "processed_at": iso(scene.now_ms), "customer": None}
    post(scene, "fresh", json.dumps(fresh).encode())
    scene.live.control("work")
    assert scene.server.rows("SELECT count(*) FROM orders WHERE name = '#2001' AND email IS NOT NULL") == [(1,)]
    assert len(scene.mails) == sent
    assert scene.server.rows("SELECT state, reason FROM message WHERE address = 'ana@example.com'") == [("excluded", "suppressed")]


def test_what_bounced_before_is_not_written_to_afterwards(scene):
    scene.server.cli("shop", "set", "demo", "postmark.secret=hush")
    post(scene, "order", BODY)
    scene.live.control("work")
    bounce(scene)
    assert scene.server.rows("SELECT scope, reason FROM suppression") == [("all", "hard_bounce")]
    erase(scene)
    sent = len(scene.mails)
    scene.turn(86_400_000)
    fresh = json.loads(BODY) | {"id": 5837205888888, "name": "#2001", "created_at": iso(scene.now_ms), "updated_at": iso(scene.now_ms),
                                "processed_at": iso(scene.now_ms), "customer": None}
    post(scene, "fresh", json.dumps(fresh).encode())
    scene.live.control("work")
    assert len(scene.mails) == sent


def bounce(scene):
    body = shopify.fixture("back/postmark_bounce.json")
    auth = {"Authorization": "Basic " + base64.b64encode(b"me:hush").decode()}
    assert scene.live.http("POST", "/in/demo/postmark", body, auth).status == 200
    scene.live.control("work")


def test_a_late_bounce_does_not_bring_the_address_back(scene):
    scene.server.cli("shop", "set", "demo", "postmark.secret=hush")
    post(scene, "order", BODY)
    scene.live.control("work")
    erase(scene)
    bounce(scene)
    scene.server.cli("shop", "set", "demo", "contact=+351 21 000 00 01")
    assert kept(scene) == set()
    [(address, words)] = scene.server.rows("SELECT address, words FROM receipt")
    assert address.startswith("erased:") and not words
    assert scene.server.rows("SELECT count(*) FROM suppression WHERE address LIKE 'ana%'") == [(0,)]
    assert scene.server.rows("SELECT scope, reason FROM suppression WHERE reason <> 'erased'") == [("all", "hard_bounce")]
    bytes_ = b"".join(path.read_bytes() for path in sorted(scene.server.data.glob("postlude.db*"))).lower()
    assert b"ana@example.com" not in bytes_
