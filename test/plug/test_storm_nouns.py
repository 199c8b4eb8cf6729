"""A storm of webhooks of every noun against a quiet day: a tenth is lost, and asking brings it.

What no API tells is told by webhooks alone and not lost here: deleted orders and customers, merges, coupons in the bin. How
something looked that is gone by now nobody can be asked, either.
"""

import datetime
import json
import os
import random

import pytest
from fake_shop import FakeShopify, FakeWooCommerce
from test_poll_nouns import CUSTOMER, PRODUCT, WOO_COUPON, WOO_CUSTOMER, WOO_PRODUCT, gmt, variation
from test_poll import iso, woo_order
from test_storm_repair import COPIES, LOST_PERCENT, SECRET, START, Life, differences, open_server, post

from driver import shopify as signed

TABLES = {
    "products": """SELECT foreign_id, title, vendor, kind, url, image_url, tags, offered, updated_at
        FROM product WHERE updated_at > 0 AND deleted_at IS NULL""",
    "gone": "SELECT foreign_id, offered FROM product WHERE deleted_at IS NOT NULL UNION SELECT foreign_id, 0 FROM gone",
    "variants": """SELECT p.foreign_id, position, v.foreign_id, sku, v.title, barcode, v.image_url, price, weight_grams,
        ships FROM variant v JOIN product p ON p.id = v.product_id WHERE p.deleted_at IS NULL""",
    "coupons": "SELECT foreign_id, code, kind, value, ends_at, usage_limit, used, deleted_at IS NOT NULL FROM coupon",
    "customers": """SELECT foreign_id, email, phone, first_name, last_name, locale, addresses, tags, note, joined_at,
        updated_at FROM customer WHERE source <> 'guest'""",
    "choices": """SELECT address, channel, state, basis, max(chosen_at) FROM consent AS c WHERE NOT EXISTS (
        SELECT 1 FROM consent AS n WHERE n.address = c.address AND n.channel = c.channel AND n.chosen_at > c.chosen_at)
        GROUP BY address, channel""",
    "orders": "SELECT foreign_id, name, email, total, payment, fulfilment, cancelled_at, note, updated_at FROM orders",
    "shipments": """SELECT o.foreign_id, s.foreign_id, s.state, s.shipped_at, s.delivered_at FROM shipment s
        JOIN orders o ON o.id = s.order_id""",
    "scans": """SELECT s.foreign_id, c.happened_at, c.state, c.words, c.place FROM scan c
        JOIN shipment s ON s.id = c.shipment_id""",
    "refunds": "SELECT foreign_id, amount, currency, refunded_at FROM refund",
}


def known(server):
    return {name: sorted(server.rows(query), key=repr) for name, query in TABLES.items()}


class Told:
    """Webhooks in the order in which they happened, and what is true at the end."""

    def __init__(self, chance):
        self.chance, self.list = chance, []

    def add(self, at, topic, body, kept=False):
        self.list.append((at, topic, json.dumps(body).encode(), kept))

    def moments(self):
        at = START + datetime.timedelta(minutes=self.chance.randrange(200))
        while True:
            at += datetime.timedelta(minutes=self.chance.randrange(5, 90))
            yield at


def shopify_day(told, api):
    for number in range(15):
        life = Life(number, told.chance).live()
        for at, topic, body in life.told:
            told.add(at, topic, json.loads(body))
        for parcel in life.order["fulfillments"]:
            for n, status in enumerate(("in_transit", "out_for_delivery", "delivered")[:told.chance.randrange(4)]):
                at = life.at - datetime.timedelta(minutes=60 - n)
                word = {"id": parcel["id"] * 10 + n, "fulfillment_id": parcel["id"], "order_id": life.order["id"],
                        "status": status, "message": f"word {n}", "happened_at": iso(at), "city": "Porto", "country": "PT"}
                told.add(at, "fulfillment_events/create", word)
                api.words.append(word)
        api.orders.append(life.order)
    for number in range(15):
        moments = told.moments()
        first = next(moments)
        person = CUSTOMER | {"id": 5000 + number, "email": f"person{number}@example.com", "phone": f"+35191000{number:04}",
                             "email_marketing_consent": None, "sms_marketing_consent": None, "created_at": iso(first),
                             "updated_at": iso(first)}
        told.add(first, "customers/create", person)
        for turn in range(told.chance.randrange(5)):
            at = next(moments)
            person = person | {"updated_at": iso(at)}
            if told.chance.random() < 0.5:
                choice = {"state": told.chance.choice(["subscribed", "unsubscribed"]), "opt_in_level": "single_opt_in",
                          "consent_updated_at": iso(at)}
                person |= {"email_marketing_consent": choice}
                told.add(at, "customers_email_marketing_consent/update", {
                    "customer_id": person["id"], "email_address": person["email"], "email_marketing_consent": choice})
            else:
                person |= {"note": f"note {turn}", "tags": "vip, b2b"}
            told.add(at, "customers/update", person)
        api.customers.append(person)
    for number in range(15):
        moments = told.moments()
        thing = PRODUCT | {"id": 8000 + number, "title": f"Boots {number}", "updated_at": iso(next(moments)), "variants": [
            PRODUCT["variants"][0] | {"id": 90000 + number * 100 + n, "sku": f"B-{number}-{n}"} for n in range(number * 3)]}
        told.add(datetime.datetime.fromisoformat(thing["updated_at"]), "products/create", thing)
        for turn in range(told.chance.randrange(4)):
            at = next(moments)
            thing = thing | {"updated_at": iso(at), "title": f"Boots {number}.{turn}"}
            told.add(at, "products/update", thing)
        if number % 4 == 3:
            at = next(moments)
            told.add(at, "products/delete", {"id": thing["id"]})
            api.deleted.append((thing["id"], iso(at)))
        else:
            api.products.append(thing)


def woo_day(told, api):
    for number in range(1, 15):
        moments = told.moments()
        order = woo_order(number, next(moments)) | {"customer_id": 0}
        told.add(at_of(order), "order.created", order)
        for status in ("completed", "completed", "refunded")[:told.chance.randrange(4)]:
            order = order | {"status": status, "date_modified_gmt": gmt(next(moments)), "customer_note": f"note {status}"}
            told.add(at_of(order), "order.updated", order)
        api.orders.append(order)
    for number in range(100, 115):
        moments = told.moments()
        at = next(moments)
        made = {"date_created_gmt": gmt(at), "date_modified_gmt": gmt(at)}
        variations = [variation(number * 10 + n, at, str(n)) for n in range(number % 3)]
        thing = WOO_PRODUCT | made | {"id": number, "name": f"Sieve {number}", "status": "publish", "type": "simple",
                                      "variations": [one["id"] for one in variations]}
        told.add(at, "product.created", thing)
        for one in variations:
            told.add(at, "product.created", one | {"type": "variation", "parent_id": number, "name": "x"})
        for turn in range(told.chance.randrange(3)):
            thing = thing | {"date_modified_gmt": gmt(next(moments)), "name": f"Sieve {number}.{turn}"}
            told.add(at_of(thing), "product.updated", thing)
        if number % 5 == 0:
            thing = thing | {"date_modified_gmt": gmt(next(moments)), "status": "trash"}
            told.add(at_of(thing), "product.deleted", {"id": number})
        api.products.append(thing)
        api.variations[number] = variations
    for number in range(1, 16):
        moments = told.moments()
        at = next(moments)
        coupon = WOO_COUPON | {"id": number, "code": f"SPRING{number}", "date_created_gmt": gmt(at), "date_modified_gmt": gmt(at)}
        person = WOO_CUSTOMER | {"id": 500 + number, "email": f"c{number}@example.com", "date_created_gmt": gmt(at),
                                 "date_modified_gmt": gmt(at)}
        told.add(at, "coupon.created", coupon)
        told.add(at, "customer.created", person)
        for turn in range(told.chance.randrange(3)):
            at = next(moments)
            coupon, person = coupon | {"usage_count": turn + 1}, person | {"last_name": f"Lima {turn}"}
            for topic, one in (("coupon.updated", coupon), ("customer.updated", person)):
                one["date_modified_gmt"] = gmt(at)
                told.add(at, topic, one)
        api.coupons.append(coupon)
        api.customers.append(person)


def at_of(thing):
    return datetime.datetime.fromisoformat(thing["date_modified_gmt"] + "+00:00")


def post_woo(server, _, topic, body):
    answer = server.http("POST", "/in/demo/woocommerce", body, {
        "Content-Type": "application/json", "X-WC-Webhook-Topic": topic, "X-WC-Webhook-Signature": signed.sign(SECRET, body)})
    assert answer.status == 200


SYSTEMS = {
    "shopify": (FakeShopify, shopify_day, post, lambda api: (
        f"shopify.shop={api.url}", f"shopify.client_id={api.CLIENT}", f"shopify.client_secret={api.SECRET}"), "1m"),
    "woocommerce": (FakeWooCommerce, woo_day, post_woo, lambda api: (
        f"woocommerce.url={api.url}", f"woocommerce.key={api.KEY}", f"woocommerce.key_secret={api.SECRET}"), "1m"),
}


@pytest.mark.parametrize("system, seed", [("woocommerce", 4)] if os.environ.get("POSTLUDE_SUITE") == "fast" else
                         [("shopify", 3), ("woocommerce", 4)])
def test_a_storm_of_all_nouns_ends_where_a_quiet_day_ends(system, seed):
    fake, day, send, settings, pause = SYSTEMS[system]
    chance = random.Random(seed)
    with open_server() as quiet, open_server() as stormy, fake() as api:
        told = Told(chance)
        day(told, api)
        turns = sorted(told.list, key=lambda turn: turn[0])
        for server in (quiet, stormy):
            server.cli("shop", "set", "demo", f"woocommerce.secret={SECRET}", f"shopify.shop={api.url}")
        for place, (at, topic, body, _) in enumerate(turns):
            quiet.control(f"at {iso(at)}")
            send(quiet, f"d-{place}", topic, body)
            quiet.control("work")
        posts = [place for place in range(len(turns)) for _ in range(COPIES) if (place * 7 + seed) % 100 >= LOST_PERCENT]
        lost = len(turns) - len(set(posts))
        assert lost > len(turns) // 20
        chance.shuffle(posts)
        stormy.control(f"at {iso(turns[-1][0])}")
        for turn, place in enumerate(posts):
            send(stormy, f"d-{place}", *turns[place][1:3])
            if turn % 200 == 0:
                stormy.control("work")
        stormy.control("work")
        assert known(stormy) != known(quiet)
        stormy.cli("shop", "set", "demo", *settings(api))
        stormy.control("work")
        stormy.control(f"after {pause}")
        stormy.control("work")
        found, wanted = known(stormy), known(quiet)
        for name, rows in wanted.items():
            assert differences(found[name], rows) == "", name
        assert stormy.rows("SELECT count(*) FROM inbox WHERE state IN ('new', 'unread', 'aside')") == [(0,)]
        assert stormy.rows("SELECT count(*) FROM poll WHERE failures > 0") == [(0,)]
        quiet.stop()
        stormy.stop()
