"""The API as a program meets it: keys, scopes, what may be posted, what is read back, what crosses to nobody."""
import concurrent.futures
import json
import socket

import pytest

from program import SAMPLES, Program

READ = ["orders", "customers", "products", "shipments", "refunds", "events", "messages"]


def test_everything_told_can_be_asked_for(stage):
    for noun, sample in SAMPLES.items():
        became = stage.demo.settle(noun, sample)
        assert (became["state"], became["noun"]) == ("done", noun), (noun, became)

    order, = stage.demo.pages("orders", name="#1001")
    assert order["source"] == "api" and order["source_id"] == "1001"
    assert order["total"] == {"amount": "184.70", "currency": "EUR"}  # 2 x 89.90 and 4.90
    assert order["lines"][0]["price"] == {"amount": "89.90", "currency": "EUR"}
    assert order["lines"][0]["quantity"] == 2 and order["refunds"][0]["amount"]["amount"] == "10.00"
    assert order["placed_at"] == "2026-03-02T08:00:00.000Z" and order["ship_to"]["city"] == "Nantes"
    assert stage.demo.get(f"orders/{order['id']}").json == order

    customer, = stage.demo.pages("customers", source_id="C1")
    assert (customer["first_name"], customer["birthday"]) == ("Ana", "02-29")
    assert order["customer_id"] == customer["id"] and customer["addresses"][0]["line1"] == "1 Quay"
    shipment, = stage.demo.pages("shipments", order_id=order["id"])
    assert shipment["parcels"][0]["number"] == "JD014600003SE" and shipment["state"] == "in_transit"
    product, = stage.demo.pages("products", name="Boots", source_id="P1")
    assert product["variants"][0]["price"]["amount"] == "89.90"
    refund, = stage.demo.pages("refunds")
    assert refund["order_id"] == order["id"]

    event, = stage.demo.pages("events", kind="shop.fitting_booked")
    assert event["properties"] == {"size": 42, "with": ["socks"]}
    assert event["customer_id"] == customer["id"]
    kinds = {event["kind"] for event in stage.demo.pages("events", order_id=order["id"])}
    assert {"order.placed", "order.paid", "shipment.in_transit", "refund.made"} <= kinds, kinds
    templates = {message["template"] for message in stage.demo.pages("messages", order_id=order["id"])}
    assert "order_confirmation" in templates, templates
    given = stage.server.rows("SELECT state, basis FROM consent WHERE address = 'ana@example.com'")
    assert given == [("given", "opt_in")]


def test_a_later_telling_wins_and_an_older_one_does_not(stage):
    order = SAMPLES["orders"] | {"id": "1002", "name": "#1002"}
    assert stage.demo.settle("orders", order)["state"] == "done"
    newer = order | {"updated_at": "2026-03-05T08:00:00Z", "note": "ring twice"}
    assert stage.demo.settle("orders", newer)["state"] == "done"
    older = order | {"updated_at": "2026-03-03T08:00:00Z", "note": "old"}
    became = stage.demo.settle("orders", older)
    assert became["state"] == "same" and "older" in became["reason"]
    assert stage.demo.pages("orders", name="#1002")[0]["note"] == "ring twice"


def test_what_comes_before_its_order_waits_for_it(stage):
    refund = {"id": "R9", "order_id": "1009", "amount": "1.00"}
    answer = stage.demo.post("refunds", refund)
    event = {"kind": "shop.called", "happened_at": "2026-03-02T08:30:00Z", "order_id": "1009"}
    waits = stage.demo.post("events", event)
    stage.server.control("work")
    assert stage.demo.get(f"deliveries/{answer.json['id']}").json["state"] == "early"
    stage.demo.settle("orders", SAMPLES["orders"] | {"id": "1009", "name": "#1009"})
    for told in (answer, waits):
        assert stage.demo.get(f"deliveries/{told.json['id']}").json["state"] == "done"
    order, = stage.demo.pages("orders", name="#1009")
    assert stage.demo.pages("events", kind="shop.called")[0]["order_id"] == order["id"]


def test_source_of_the_body_says_whose_ids_these_are(stage):
    stage.demo.settle("products", {"id": "77", "title": "Socks", "source": "shopify"})
    product, = stage.demo.pages("products", source_id="77")
    assert product["source"] == "shopify"


# ---- who may come in -------------------------------------------------------------------------------------------

@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer pk_", "Basic YTpi", "Bearer pk_" + "A" * 43,
                                    "Bearer " + "A" * 5000])
def test_without_a_key_nobody_comes_in(stage, header):
    nobody = Program(stage.server, None)
    for method, path in (("GET", "/api/v1/orders"), ("POST", "/api/v1/orders"), ("GET", "/api/v1/deliveries/in_1")):
        answer = nobody.ask(method, path, headers={"Authorization": header} if header is not None else {})
        assert answer.status == 401 and answer.json["code"] == "auth"
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_revoked_key_opens_nothing(stage):
    program = Program.new(stage.server, "demo", "orders:read")
    assert program.get("orders").status == 200
    listed = stage.server.cli("key", "api", "demo", "--list")
    assert program.name in listed and program.key not in listed
    stage.server.cli("key", "api", "demo", "--revoke", program.name)
    assert program.get("orders").status == 401
    assert "revoked" in next(line for line in stage.server.cli("key", "api", "demo", "--list").splitlines()
                             if program.name in line)


def test_the_key_stands_nowhere_in_the_store(stage):
    kept = stage.server.rows("SELECT hash, name, scopes FROM api_key")
    assert stage.demo.key.encode() not in repr(kept).encode()
    for file in stage.server.data.glob("postlude.db*"):
        assert stage.demo.key[3:].encode() not in file.read_bytes()


def test_a_key_of_a_shop_is_not_revoked_by_another(stage):
    ran = stage.server.run("key", "api", "other", "--revoke", stage.demo.name)
    assert ran.returncode == 3
    assert stage.demo.get("orders").status == 200


@pytest.mark.parametrize("scopes", ["", "orders", "orders:delete", "messages:write", "orders:read,,"])
def test_scopes_that_are_none_are_refused(stage, scopes):
    ran = stage.server.run("key", "api", "demo", "--name", "x", "--scopes", scopes)
    assert ran.returncode == 2 or ran.returncode == 1, ran.stderr


def test_scopes_hold_for_every_address(stage):
    """Each scope opens its own addresses and no other."""
    spec = stage.demo.ask("GET", "/openapi.json").json
    asks = [(method, path.replace("{id}", "or_1")) for path, methods in spec["paths"].items() for method in methods]
    assert len(asks) > 20
    for scope in ("orders:read", "orders:write", "events:write", "messages:read"):
        program = Program.new(stage.server, "demo", scope)
        noun, _, what = scope.partition(":")
        for method, path in asks:
            if path.split("/")[3] == "deliveries":
                continue
            answer = program.ask(method.upper(), path, {} if method == "post" else None)
            mine = path.split("/")[3] == noun and (method == "post") == (what == "write")
            assert (answer.status == 403) != mine, (scope, method, path, answer.status)


# ---- nothing crosses ----------------------------------------------------------------------------------------------

def test_nothing_crosses_between_shops(stage):
    """Every address with an id, every list and every filter: the other shop's key sees none of demo's rows."""
    for noun, sample in SAMPLES.items():
        stage.demo.settle(noun, sample, key=f"cross-{noun}")
    mine = {noun: stage.demo.pages(noun) for noun in READ}
    assert all(mine.values()), {noun: len(rows) for noun, rows in mine.items()}
    for noun, rows in mine.items():
        assert stage.other.pages(noun) == [], noun
        for row in rows:
            answer = stage.other.get(f"{noun}/{row['id']}")
            assert answer.status == 404, (noun, row["id"])
        assert stage.other.get(noun, cursor=1).json[noun] == []
    assert stage.demo.pages("refunds", order_id="or_1") == []
    for noun in ("shipments", "refunds", "events", "messages"):
        assert stage.other.pages(noun, order_id=mine["orders"][0]["id"]) == []
    posted = stage.demo.post("orders", SAMPLES["orders"], key="cross-delivery").json["id"]
    assert stage.demo.get(f"deliveries/{posted}").status == 200
    assert stage.other.get(f"deliveries/{posted}").status == 404
    # The same key of idempotency and the same ids in another shop are another's.
    answer = stage.other.post("orders", SAMPLES["orders"] | {"note": "theirs"}, key="cross-delivery")
    assert answer.status == 202 and answer.json["id"] != posted
    stage.server.control("work")
    assert [order["note"] for order in stage.other.pages("orders")] == ["theirs"]
    assert all(order["note"] != "theirs" for order in stage.demo.pages("orders"))


def test_a_key_without_the_scope_does_not_see_the_delivery(stage):
    posted = stage.demo.post("orders", SAMPLES["orders"], key="whose").json["id"]
    assert Program.new(stage.server, "demo", "events:write").get(f"deliveries/{posted}").status == 404


# ---- the same again ---------------------------------------------------------------------------------------------------

def test_twenty_at_once_are_one(stage):
    before = stage.server.rows("SELECT count(*) FROM inbox")[0][0]
    body = SAMPLES["orders"] | {"id": "2001", "name": "#2001"}
    for key in ("parallel", None):
        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(lambda _: stage.demo.post("orders", body, key), range(20)))
        assert {answer.status for answer in answers} == {202}
        assert len({answer.body for answer in answers}) == 1
        assert sum("idempotent-replayed" in answer.headers for answer in answers) == 19
    assert stage.server.rows("SELECT count(*) FROM inbox")[0][0] == before + 2


def test_a_key_is_of_one_body(stage):
    body = SAMPLES["orders"] | {"id": "2002", "name": "#2002"}
    assert stage.demo.post("orders", body, "one-body").status == 202
    answer = stage.demo.post("orders", body | {"note": "another"}, "one-body")
    assert answer.status == 422 and answer.json["code"] == "key_reused"
    answer = stage.demo.post("events", SAMPLES["events"], "one-body")
    assert answer.status == 422 and answer.json["code"] == "key_reused"
    assert stage.demo.post("orders", body, '"one-body"').status == 202  # RFC 8941's form of the same


def test_two_at_once_with_two_bodies_leave_one(stage):
    bodies = [SAMPLES["orders"] | {"id": f"21{n:02}"} for n in range(20)]
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda body: stage.demo.post("orders", body, "raced"), bodies))
    assert sorted(answer.status for answer in answers) == [202] + [422] * 19


@pytest.mark.parametrize("key", ["", "two  blanks", '""', "a" * 191, 'a"b', "caf\u00e9"])
def test_keys_that_are_none_are_refused(stage, key):
    answer = stage.demo.post("orders", SAMPLES["orders"], **{"Idempotency-Key": key.encode()})
    assert answer.status == 400 and "Idempotency-Key" in answer.json["detail"]


# ---- what is wrong ------------------------------------------------------------------------------------------------------

WRONG = [
    ("orders", {}, ["/id", "/placed_at"]),
    ("orders", [], [""]),
    ("orders", {"id": "1", "placed_at": "yesterday"}, ["/placed_at"]),
    ("orders", {"id": "1", "placed_at": "2026-03-02T08:00:00Z", "emial": "a@b.c"}, ["/emial"]),
    ("orders", {"id": "1", "placed_at": "2026-03-02T08:00:00Z", "a/b~c": 1}, ["/a~1b~0c"]),
    ("orders", {"id": 7, "placed_at": "2026-03-02T08:00:00Z", "total": "1,50", "payment": "maybe",
                "customer": {"email": "ana"}, "lines": [{"price": "x"}, {"quantity": -1}, 5]},
     ["/customer/email", "/id", "/lines/0/price", "/lines/1/quantity", "/lines/2", "/payment", "/total"]),
    ("orders", {"id": "1", "placed_at": "2026-03-02T08:00:00Z", "currency": "XXQ"}, ["/currency"]),
    ("orders", {"id": "1", "placed_at": "2026-03-02T08:00:00Z", "refunds": [{"id": "r"}], "shipments": [{}]},
     ["/refunds/0/amount", "/shipments/0/id"]),
    ("orders", {"id": "1", "placed_at": "2026-03-02T08:00:00Z", "source": "My Shop"}, ["/source"]),
    ("orders", {"id": "1", "placed_at": "2026-03-02T08:00:00Z", "url": "javascript:alert(1)"}, ["/url"]),
    ("customers", {"email": "ana@example.com"}, ["/id"]),
    ("customers", {"id": "1", "birthday": "02-30"}, ["/birthday"]),
    ("customers", {"id": "1", "channel": "fax", "email": "no"}, ["/channel", "/email"]),
    ("products", {"id": "1", "title": "x", "variants": [{"id": "v", "price": "-1"}]}, ["/variants/0/price"]),
    ("shipments", {"id": "1"}, ["/order_id"]),
    ("shipments", {"id": "1", "order_id": "2", "state": "lost at sea"}, ["/state"]),
    ("refunds", {"id": "1", "order_id": "2"}, ["/amount"]),
    ("refunds", {"id": "1", "order_id": "2", "amount": -5}, ["/amount"]),
    ("refunds", {"id": "1", "order_id": "2", "amount": 1e15}, ["/amount"]),
    ("consents", {"channel": "post", "address": "a", "given": "yes", "basis": "hope"},
     ["/basis", "/channel", "/chosen_at", "/given"]),
    ("events", {"kind": "order.placed", "happened_at": "2026-03-02T08:00:00Z"}, ["/kind"]),
    ("events", {"kind": "shop.", "happened_at": "2026-03-02T08:00:00Z"}, ["/kind"]),
    ("events", {"kind": "shop.x", "happened_at": "2026-03-02T08:00:00Z", "properties": {str(n): n for n in range(51)}},
     ["/properties"]),
    ("events", {"kind": "shop.x", "happened_at": "2026-03-02T08:00:00Z", "properties": {"x": "y" * 17000}},
     ["/properties"]),
    ("orders", {"id": "1", "placed_at": "2026-03-02T08:00:00Z", "note": "x" * 1001}, ["/note"]),
]


@pytest.mark.parametrize("noun, body, pointers", WRONG)
def test_what_is_wrong_is_named_field_by_field(stage, noun, body, pointers):
    before = stage.server.rows("SELECT count(*) FROM inbox")
    answer = stage.demo.post(noun, body)
    assert answer.status == 422, answer.body
    assert answer.headers["content-type"] == "application/problem+json"
    assert {"type", "title", "status", "detail", "code", "cure", "errors"} == set(answer.json)
    assert answer.json["status"] == 422 and answer.json["code"] == "bad_fields"
    assert answer.pointers == pointers
    assert all(error["detail"] for error in answer.json["errors"])
    assert stage.server.rows("SELECT count(*) FROM inbox") == before


def test_a_thousand_mistakes_are_told_in_part(stage):
    answer = stage.demo.post("orders", {f"x{n}": 1 for n in range(1000)})
    assert answer.status == 422 and len(answer.json["errors"]) == 50


@pytest.mark.parametrize("body, code", [(b"{", "bad_json"), (b"", "bad_json"), (b'{"id":"\xff"}', "encoding"),
                                        (b"[" * 5000, "bad_json")])
def test_what_is_no_json_is_400(stage, body, code):
    answer = stage.demo.ask("POST", "/api/v1/orders", body)
    assert answer.status == 400 and answer.json["code"] == code, answer.body


def test_other_media_types_are_415(stage):
    body = json.dumps(SAMPLES["orders"])
    for sent in ("text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""):
        answer = stage.demo.post("orders", body, **{"Content-Type": sent})
        assert answer.status == 415 and answer.json["code"] == "media_type", sent
    assert stage.demo.ask("POST", "/api/v1/orders").status == 415  # neither a body nor a word of it
    answer = stage.demo.post("orders", body, **{"Content-Type": "Application/JSON; charset=utf-8"})
    assert answer.status == 202


def test_too_large_is_413(stage):
    answer = stage.demo.ask("POST", "/api/v1/orders", b" " * (4 * 1024 * 1024 + 1))
    assert answer.status == 413 and answer.json["code"] == "too_big"


def test_wrong_methods_are_405_and_say_which_are_right(stage):
    for path, allow in (("/api/v1/orders", "GET, HEAD, POST"), ("/api/v1/orders/or_1", "GET, HEAD"),
                        ("/api/v1/consents", "POST")):
        for method in ("PUT", "DELETE", "PATCH", "TRACE"):
            answer = stage.demo.ask(method, path)
            assert answer.status == 405 and answer.headers["allow"] == allow, (method, path, answer.status)
            assert answer.json["code"] == "method"
        answer = stage.demo.ask("OPTIONS", path)
        assert answer.status == 204 and answer.headers["allow"] == allow
        assert not any(name.startswith("access-control") for name in answer.headers)
    answer = stage.demo.ask("HEAD", "/api/v1/orders")
    assert answer.status == 200 and answer.body == b""


def test_what_is_not_there_is_a_problem(stage):
    for path in ("/api/v1/", "/api/v2/orders", "/api/v1/orders/or_1/x", "/api/v1/coupons", "/api/v1/orders/%ff"):
        answer = stage.demo.ask("GET", path, headers={"Accept": "text/html"})
        assert answer.status in (400, 404) and answer.headers["content-type"] == "application/problem+json", path


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "limit=-1", "limit=", "cursor=x", "cursor=9999999999999999999", "cursor=" + "1" * 30,
                                   "cursor=", "cursor=-1", "updated_since=soon", "colour=red", "email=%ff", "name=" + "x" * 255,
                                   "order_id=or_1"])
def test_wrong_questions_are_400(stage, query):
    answer = stage.demo.ask("GET", f"/api/v1/orders?{query}")
    assert answer.status == 400 and answer.json["code"] == "bad_input", answer.body


def test_the_web_address_of_connectors_does_not_lead_here(stage):
    answer = stage.demo.ask("POST", "/in/demo/api", SAMPLES["orders"])
    assert answer.status == 404


# ---- pages -----------------------------------------------------------------------------------------------------------------

def test_pages_are_whole_while_rows_are_added(stage):
    for n in range(25):
        stage.demo.post("products", {"id": f"page-{n:03}", "title": f"Page {n}"})
    stage.server.control("work")
    seen, path, added = [], "/api/v1/products?limit=4", 0
    while path:
        answer = stage.demo.ask("GET", path)
        assert len(answer.json["products"]) <= 4
        seen += [row["source_id"] for row in answer.json["products"]]
        path = answer.json["next"]
        if path:
            assert answer.headers["link"] == f'<{path}>; rel="next"'
        if path and added < 10:
            stage.demo.settle("products", {"id": f"more-{added:03}", "title": "More"})
            added += 1
    assert len(seen) == len(set(seen)), "a row came twice"
    assert {f"page-{n:03}" for n in range(25)} | {f"more-{n:03}" for n in range(added)} <= set(seen)


def test_filters_stay_on_the_next_page(stage):
    for n in range(5):
        stage.demo.settle("orders", SAMPLES["orders"] | {"id": f"f{n}", "name": f"F{n}", "email": "Zo\u00eb+f@example.com"})
    rows = stage.demo.pages("orders", limit=2, email="zo\u00eb+f@example.com")
    if not rows:  # SQLite's lower() is ASCII's
        rows = stage.demo.pages("orders", limit=2, email="Zo\u00eb+f@example.com")
    assert {row["source_id"] for row in rows} == {f"f{n}" for n in range(5)}


def test_updated_since_gives_what_is_newer(stage):
    for day in (10, 20):
        stage.demo.settle("products", {"id": f"since-{day}", "title": "x", "updated_at": f"2027-01-{day}T00:00:00Z"})
    rows = stage.demo.pages("products", updated_since="2027-01-15T00:00:00Z")
    assert [row["source_id"] for row in rows] == ["since-20"]


@pytest.mark.parametrize("text", ["\u65e5\u672c\u8a9e", "\U0001f97e boots", "e\u0301", "a\u0000b", "\u202eabc", "<script>&\"'",
                                  "x" * 1000, "\U0001f97e" * 1000])
def test_texts_come_back_as_they_were(stage, text):
    name = f"t{abs(hash(text))}"
    stage.demo.settle("products", {"id": name, "title": "T", "vendor": text})
    product, = stage.demo.pages("products", source_id=name)
    cleaned = text.replace("\u0000", " ").replace("\u202e", "")  # controls never reach a page
    assert product["vendor"] == cleaned


def test_half_a_character_does_not_break_the_answer(stage):
    stage.demo.ask("POST", "/api/v1/products", b'{"id":"half","title":"T","vendor":"x\\ud800y"}')
    stage.server.control("work")
    product, = stage.demo.pages("products", source_id="half")
    assert product["vendor"] == "x\ufffdy"


# ---- how often ---------------------------------------------------------------------------------------------------------------

def test_a_key_that_asks_too_often_waits(stage):
    stage.scene.set_shop("other", {"api.per_minute": "5"})
    try:
        program = Program.new(stage.server, "other", "orders:read")
        answers = [program.get("orders") for _ in range(7)]
        assert [answer.status for answer in answers[:5]] == [200] * 5
        assert answers[-1].status == 429 and answers[-1].json["code"] == "too_many_requests"
        assert 1 <= int(answers[-1].headers["retry-after"]) <= 12
        assert answers[0].headers["ratelimit-policy"] == '"key";q=5;w=60'
        assert answers[0].headers["ratelimit"].startswith('"key";r=4;')
        assert stage.other.get("orders").status == 200  # a key of its own, a bucket of its own
        assert stage.demo.get("orders").status == 200
    finally:
        stage.scene.set_shop("other", {"api.per_minute": "1000000"})


def test_a_slow_body_does_not_hold_up_others(stage):
    line = socket.create_connection(("127.0.0.1", stage.server.port), timeout=10)
    try:
        line.sendall(b"POST /api/v1/orders HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{")
        assert stage.demo.get("orders").status == 200
    finally:
        line.close()


# ---- what lasts, what goes -------------------------------------------------------------------------------------------------

def test_what_was_answered_outlives_a_kill(stage):
    posted = [stage.demo.post("products", {"id": f"kill-{n}", "title": "T"}, key=f"kill-{n}").json["id"] for n in range(5)]
    stage.server.kill()
    stage.server.start()
    stage.server.control("work")
    for n, delivery in enumerate(posted):
        assert stage.demo.get(f"deliveries/{delivery}").json["state"] == "done"
        again = stage.demo.post("products", {"id": f"kill-{n}", "title": "T"}, key=f"kill-{n}")
        assert again.json["id"] == delivery and again.headers["idempotent-replayed"] == "true"


def test_trace_names_what_was_posted(stage):
    delivery = stage.demo.settle("orders", SAMPLES["orders"] | {"id": "3001", "name": "#3001"})
    said = stage.server.cli("trace", delivery["id"])
    assert "api orders: done" in said and "order.placed of #3001" in said


def test_events_are_handed_over_and_erased(stage):
    """By the account, by the address alone; other people's stay."""
    stage.demo.settle("customers", {"id": "E1", "email": "eve@example.com", "updated_at": "2026-03-01T10:00:00Z"})
    event = {"kind": "shop.fitted", "happened_at": "2026-03-02T08:30:00Z"}
    stage.demo.settle("events", event | {"customer_id": "E1", "properties": {"of": "eve, account"}})
    stage.demo.settle("events", event | {"email": "EVE@example.com", "properties": {"of": "eve, address"}})
    stage.demo.settle("events", event | {"email": "nobody@example.com", "properties": {"of": "nobody we know"}})
    stage.demo.settle("events", event | {"email": "other@example.com", "properties": {"of": "somebody else"}})
    told = json.loads(stage.server.cli("privacy", "demo", "export", "eve@example.com"))["happenings"]
    assert [json.loads(row["properties"])["of"] for row in told] == ["eve, account", "eve, address"]
    for address in ("eve@example.com", "nobody@example.com"):
        stage.server.cli("privacy", "demo", "erase", address)
        stage.server.control("work")
    left = [row["properties"] for row in stage.demo.pages("events", kind="shop.fitted")]
    assert left == [None, None, None, {"of": "somebody else"}]
