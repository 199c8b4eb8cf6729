"""The operator's pages in Chromium: axe in three lights, a phone's width, without JavaScript, by keyboard alone, and with
orders whose every word wants to be a page of its own."""
import json
import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "page")]
import browser  # noqa: E402
import staff  # noqa: E402

from driver import shopify  # noqa: E402
from driver.scene import Scene  # noqa: E402
from driver.server import Server  # noqa: E402

VECTORS = (HERE / "xss_vectors.txt").read_text().splitlines()
ORDERS = ("order_1001", "order_1002_guest", "order_1003_jp", "order_1005_de", "order_1006_kw", "order_1008_cancelled_fr")
# Of Shopify's order: what has to stay as it is, so that the order is read at all.
PLAIN = {"id", "admin_graphql_api_id", "created_at", "updated_at", "processed_at", "cancelled_at", "closed_at", "currency",
         "presentment_currency", "currency_code", "financial_status", "fulfillment_status", "email", "contact_email",
         "customer_locale", "amount", "price", "total_price", "subtotal_price", "total_tax", "total_discounts",
         "current_total_price", "current_subtotal_price", "current_total_tax", "current_total_discounts",
         "total_line_items_price", "total_price_usd", "total_outstanding", "total_shipping_price_set", "total_discount",
         "total_duties", "quantity", "state", "country_code", "province_code", "kind", "cancel_reason", "token"}


@pytest.fixture(scope="module")
def chromium():
    with browser.Browser() as running:
        yield running


class Office:
    """A shop with orders, a mail of each kind of outcome, and its owner's browser."""

    def __init__(self):
        self.scene = Scene()
        self.scene.server.close()
        self.scene.server = Server(options=["--dev"])
        self.scene.add_shop("demo", {})
        self.server = self.scene.live
        self.owner = staff.owner(self.server)
        self.invited = staff.link_of(self.server.cli("user", "add", "ben@example.com", "--shop", "demo"))
        for name in ORDERS:
            self.order(name, shopify.fixture(f"shopify/{name}.json"))
        self.scene.live.control("work", seconds=60)
        self.scene.sinks["sink"].rule("dot", "554 5.7.1 not by our rules", times=1)
        self.order("refused", shopify.fixture("shopify/order_1004_us.json"))
        self.scene.live.control("work", seconds=60)

    def order(self, name, body):
        answer = self.scene.post("/in/demo/shopify", body, "orders/create", name, "demo", {})
        assert answer.status == 200

    def first(self, listed, what):
        links = [link for link in self.owner.get(listed).links() if f"/{what}/" in link and "_" in link]
        return links[0]

    @property
    def base(self):
        return f"http://127.0.0.1:{self.server.port}"


@pytest.fixture(scope="module")
def office():
    made = Office()
    yield made
    made.scene.close()


PAGES = {
    "today": "/s/demo", "orders": "/s/demo/orders", "orders found": "/s/demo/orders?q=ana&state=open",
    "no orders": "/s/demo/orders?q=nobody", "customers": "/s/demo/customers", "messages": "/s/demo/messages",
    "trouble": "/s/demo/messages?state=trouble", "retry": "/s/demo/messages/retry?state=failed",
    "settings": "/s/demo/settings", "senders": "/s/demo/settings/senders", "legal": "/s/demo/settings/legal",
    "mails": "/s/demo/settings/mails", "all mails": "/s/demo/settings/mails/all",
    "mail": "/s/demo/settings/mails/order_confirmation", "mail wide": "/s/demo/settings/mails/shipped?width=wide&light=dark",
    "mail text": "/s/demo/settings/mails/refunded?part=text&language=ar",
    "live": "/s/demo/live", "people": "/s/demo/users", "account": "/account",
}
RECORDS = {"order": ("/s/demo/orders", "orders"), "customer": ("/s/demo/customers", "customers"),
           "message": ("/s/demo/messages?state=accepted", "messages"),
           "message refused": ("/s/demo/messages?state=failed", "messages")}


def looked_at(office, chromium, path, expect=(), signed_in=True, **more):
    cookies = office.owner.cookies if signed_in else {}
    found = chromium.check(office.base + path, cookies=cookies, **more)
    for words in expect:
        assert words in found["errors"], found["errors"]
        found["errors"].remove(words)
    assert not any(found.values()), json.dumps({name: said for name, said in found.items() if said}, indent=2)


@pytest.mark.parametrize("name", PAGES)
def test_a_page(office, chromium, name):
    looked_at(office, chromium, PAGES[name], walk=True)


@pytest.mark.parametrize("name", RECORDS)
def test_a_record(office, chromium, name):
    looked_at(office, chromium, office.first(*RECORDS[name]), walk=True)


@pytest.mark.parametrize("path", ["/sign-in", "/"])
def test_before_the_door(office, chromium, path):
    looked_at(office, chromium, path, signed_in=False, walk=True)


def test_a_set_up_link(office, chromium):
    looked_at(office, chromium, office.invited, signed_in=False, walk=True)


def test_a_page_that_is_not_there(office, chromium):
    looked_at(office, chromium, "/s/nowhere", expect=["404 for /s/nowhere"])


FORMS = {
    "sign-in": ("/sign-in", {"#email": "nobody", "#password": "x"}, "main button", "422 for /sign-in", False),
    "settings": ("/s/demo/settings", {"[id='mail.from']": "nobody"}, "form[action$='group/sender'] button",
                 "422 for /s/demo/settings/group/sender", True),
    "mail": ("/s/demo/settings/mails/order_confirmation", {"[id='items.title']": "x" * 300}, "main form button",
             "422 for /s/demo/settings/mails/order_confirmation", True),
    "legal": ("/s/demo/settings/legal", {}, "main form button", "422 for /s/demo/settings/legal", True),
    "people": ("/s/demo/users", {"#email": "x"}, "form[action='/s/demo/users'] button", "422 for /s/demo/users", True),
    "account": ("/account", {"#old": "x", "#password": "short"}, "form[action='/account/password'] button",
                "422 for /account/password", True),
}


@pytest.mark.parametrize("name", FORMS)
def test_a_form_that_is_not_right(office, chromium, name):
    path, fill, press, error, signed_in = FORMS[name]
    looked_at(office, chromium, path, expect=[error], signed_in=signed_in, fill=fill, press=press,
              text=["not right yet"])


# ---- words of strangers ------------------------------------------------------------------------------------


def hostile(value, vector, key=""):
    if isinstance(value, dict):
        return {name: hostile(inner, vector, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [hostile(inner, vector, key) for inner in value]
    number = isinstance(value, str) and value.replace(".", "").lstrip("-").isdigit()
    return vector if isinstance(value, str) and key not in PLAIN and not number else value


def hostile_order(number, vector):
    body = hostile(json.loads(shopify.fixture("shopify/order_1001.json")), vector)
    body["id"], body["order_number"] = 880000 + number, 8800 + number
    body["name"] = f"#X{number} {vector}"
    body["note"], body["tags"] = vector, vector
    if body.get("customer"):
        body["customer"]["id"] = 880000 + number
        body["customer"]["email"] = f"x{number}@example.com"
        body["customer"]["first_name"] = body["customer"]["last_name"] = vector
    body["email"] = body["contact_email"] = f"x{number}@example.com"
    return json.dumps(body).encode()


@pytest.fixture(scope="module")
def besieged(office):
    """Orders with a vector in every text, a mail server that answers with one, settings and people who are one."""
    sink = office.scene.sinks["sink"]
    some = VECTORS[::max(1, len(VECTORS) // 24)]
    for number, vector in enumerate(some):
        if number % 3 == 0:
            sink.rule("dot", "554 5.7.1 " + "".join(c for c in vector if 31 < ord(c) < 127)[:200], times=1)
        office.order(f"x{number}", hostile_order(number, vector))
        office.scene.live.control("work", seconds=60)
    office.order("unread", b'{"id": 1, "<img src=x onerror=hit()>": ')
    office.scene.live.control("work", seconds=60)
    vector = '"><img src=x onerror=hit()>'
    office.server.cli("shop", "set", "demo", f"contact={vector}", f"legal.address={vector}", f"legal.text={vector}",
                      f"name={vector}")
    office.owner.get("/s/demo/settings/legal").form("/s/demo/settings/legal", text=f"</textarea></pre>{vector}")
    office.owner.get("/s/demo/users").form("/s/demo/users", email="eve@example.com", name=vector, role="viewer")
    return office


def test_no_word_of_a_stranger_becomes_a_page(besieged, chromium):
    """Stored and reflected: every page, every hostile record, and the filters of the address."""
    query = "%22%3E%3Cimg%20src%3Dx%20onerror%3Dhit()%3E"
    paths = [*PAGES.values(), f"/s/demo/orders?q={query}&state={query}", f"/s/demo/customers?q={query}",
             f"/s/demo/messages?q={query}&state={query}&reason={query}&template={query}&from={query}&retried={query}",
             f"/s/demo/messages/retry?state=failed&q={query}", f"/sign-in?to=/{query}", f"/account?done={query}"]
    for listed, what in (("/s/demo/orders", "orders"), ("/s/demo/customers", "customers"),
                         ("/s/demo/messages", "messages")):
        paths += [link for link in besieged.owner.get(listed).links() if f"/{what}/" in link and "_" in link]
    paths += [link + "/html" for link in paths if "/messages/msg_" in link]
    paths += [f"/s/demo/settings/mails/{mail}{part}" for mail in ("order_confirmation", "shipped")
              for part in ("", "/html", "/text")]
    bad, seen = [], 0
    for path in dict.fromkeys(paths):
        found = chromium.check(besieged.base + path, cookies=besieged.owner.cookies, only="strange", strange=True)
        seen += 1
        # A mail is our own template too, and has styles where mail programs want them.
        strange = [words for words in found["strange"] if not (path.endswith("/html") and ": style in" in words)]
        if strange:
            bad.append((path, strange))
    assert not bad, json.dumps(bad[:5], indent=2)
    assert seen > 60, seen
    print(f"{seen} pages, no vector ran or became an element")
