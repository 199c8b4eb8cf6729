"""world.py - a shop full of awkward orders, with parcels in every state, told to the flow as rows.

Every stage of the path is tested by its input rows: orders, parcels and refunds are written as the connectors would,
then the events of them; what the flow makes of it arrives in the scene's mail server.
"""
import contextlib
import itertools
import json
import re
import sqlite3

from driver.scene import Scene

START_MS = 1772442000000  # 2026-03-02 09:00 UTC
BEHIND = str.maketrans("234567", "{|}~\x7f\x80")
EPOCH_MS = 1577836800000  # of ids: 2020-01-01
KINDS = {"event": 2, "customer": 8, "orders": 9, "order_line": 10, "consent": 12, "shipment": 18, "parcel": 19,
         "shipment_line": 20, "refund": 22, "scan": 21, "legal_text": 30, "message": 5}
DAY = 86400000

LANGUAGES = ("en", "de", "fr", "es", "ar")
# Order's locale -> language that its words are expected in.
LOCALES = {"en": "en", "en-US": "en-US", "de": "de", "de-AT": "de", "fr": "fr", "fr-CA": "fr", "es": "es", "es-MX": "es",
           "ar": "ar", "ar-SA": "ar", "pt-BR": "en", None: "en"}
TEMPLATES = ("order_confirmation", "order_delivered", "order_cancelled", "shipped", "in_transit", "delayed",
             "out_for_delivery", "available_for_pickup", "delivered", "refunded")
# What an importer or a shop system may hold in a name: markup, bidi controls' prey, line ends, quotes, templates.
NASTY = ('<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', "O'Brien & Söhne <b>", "{{ shop.name }}",
         "محمد العلي", "山田 花子", "a\u202eb", "</td></tr></table>", "Anne\r\nBcc: thief@evil.example", "=?utf-8?q?x?=",
         "𝕱𝖆𝖓𝖈𝖞 😀", "x" * 300, "</script><script>alert(2)</script>", "\\u003c", "--", "]]>")

USUAL = {
    "email": "ana@example.com", "locale": "en", "currency": "EUR", "subtotal": 18600, "shipping": 490, "fees": 0,
    "tax": 3048, "discount": 0, "total": 19090, "tax_included": 1, "discount_codes": None, "shipping_title": "DHL Paket",
    "payment": "paid", "fulfilment": "none", "gift": 0, "in_person": 0, "note": None, "first": "Ana", "last": "Serra",
    "promised_from": None, "promised_until": START_MS + 3 * DAY, "quiet": None, "cancelled_at": None, "delivered_at": None,
    "country": "DE",
    "lines": [("Serra Hiking Boots", "EU 38 / Moss", 1, 14900, 0), ("Merino Socks", None, 2, 1850, 0)],
}
CASES = {
    "usual": {},
    "arabic": {"first": "ليلى", "last": "حداد", "shipping_title": "توصيل سريع", "city": "دبي", "country": "AE",
               "lines": [("حذاء جبلي", "مقاس 38", 1, 14900, 0), ("جوارب صوف", None, 2, 1850, 0)]},
    "expected_span": {"promised_from": START_MS + 2 * DAY},
    "no_date": {"promised_until": None},
    "tax_on_top": {"tax_included": 0, "currency": "USD", "country": "US"},
    "yen": {"currency": "JPY", "country": "JP"},
    "dinars": {"currency": "KWD", "country": "KW"},
    "gift": {"gift": 1},
    "counter": {"in_person": 1, "shipping": 0, "shipping_title": None, "promised_until": None},
    "codes": {"discount_codes": "SPRING, ANA10", "discount": 1000},
    "fees": {"fees": 250},
    "unpaid": {"payment": "pending"},
    "no_name": {"first": None, "last": None},
    "no_address": {"country": None},
    "long": {"lines": [(f"Thing number {n} with a name that goes on and on", "XXL / Ultramarine blue", n, 999 * n, 0)
                       for n in range(1, 60)]},
    "free": {"subtotal": 0, "shipping": 0, "tax": 0, "total": 0, "lines": [("Sample", None, 1, 0, 0)]},
    "huge": {"total": 9007199254740993, "subtotal": 9007199254740993},
} | {f"nasty_{n}": {"first": text, "last": text, "shipping_title": text, "discount_codes": text,
                    "lines": [(text, text, 1, 1000, 0)], "city": text}
     for n, text in enumerate(NASTY)}


class World:
    """`orders` are written by tell(), parcels by ship(), what happened by happen(); then work()."""

    def __init__(self, **settings):
        self.scene = Scene()
        self.scene.add_shop("demo", {"contact": "Telephone 0123 456, Monday to Friday 9 to 17"} | settings)
        self.scene.set_clock(START_MS)
        self.numbers = itertools.count(1)
        self.names = itertools.count(2001)
        self.open = None

    def close(self):
        self.scene.close()

    def id(self, table):
        """Ids of 2021: no row of the server's own has one."""
        return (START_MS - 5 * 365 * DAY - EPOCH_MS << 22) + (next(self.numbers) << 22) | KINDS[table] << 16

    @contextlib.contextmanager
    def store(self):
        """A connection for rows; many of them in one transaction inside of `with world.batch()`. The server's own
        connection makes the checkpoints: another one must not."""
        if self.open:
            yield self.open
            return
        database = sqlite3.connect(self.scene.live.data / "postlude.db", timeout=30, isolation_level=None)
        database.execute("PRAGMA wal_autocheckpoint = 0")
        try:
            yield database
        finally:
            database.close()

    @contextlib.contextmanager
    def batch(self):
        with self.store() as database:
            database.execute("BEGIN IMMEDIATE")
            self.open = database
            try:
                yield
                database.execute("COMMIT")
            finally:
                self.open = None

    def insert(self, table, **row):
        row = {"id": self.id(table), "shop": 1} | row
        with self.store() as database:
            database.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})",
                             list(row.values()))
        return row["id"]

    def change(self, table, row, **values):
        with self.store() as database:
            database.execute(f"UPDATE {table} SET {', '.join(f'{key} = ?' for key in values)} WHERE id = ?",
                             [*values.values(), row])

    def tell(self, source="generic", **case):
        told = USUAL | case
        name = f"#{next(self.names)}"
        customer = self.insert("customer", at=START_MS, source=source, foreign_id=f"c{name}", email=told["email"],
                               email_key=told["email"], first_name=told["first"], last_name=told["last"],
                               locale=None, updated_at=0)
        address = told["country"] and json.dumps({
            "name": f"{told['first'] or ''} {told['last'] or ''}".strip(), "line1": "Rua Nova 1", "zip": "04109",
            "city": told.get("city", "Leipzig"), "country": "Germany", "country_code": told["country"]})
        facts = {key: told[key] for key in (
            "email", "locale", "currency", "subtotal", "shipping", "fees", "tax", "discount", "total", "tax_included",
            "discount_codes", "shipping_title", "payment", "fulfilment", "gift", "in_person", "note", "promised_from",
            "promised_until", "quiet", "cancelled_at", "delivered_at")}
        order = self.insert("orders", at=START_MS, source=source, foreign_id=f"o{name}", name=name, customer_id=customer,
                            renewal=0, placed_at=START_MS, ship_to=address, bill_to=address, updated_at=0, hash=b"0" * 16,
                            generation=0, **facts)
        for place, (title, variant, quantity, price, discount) in enumerate(told["lines"]):
            self.insert("order_line", order_id=order, position=place, foreign_id=f"l{name}.{place}", sku=f"SKU-{place}",
                        title=title, variant=variant, quantity=quantity, price=price, discount=discount, ships=1)
        return order

    def ship(self, order, state="in_transit", lines=(), number="00340434161094042557", carrier="DHL", **more):
        shipment = self.insert("shipment", at=START_MS, source="generic", foreign_id=f"s{next(self.numbers)}",
                               order_id=order, state=state, state_at=START_MS, updated_at=0, hash=b"0" * 16,
                               **{"name": None, "shipped_at": START_MS, "expected_until": START_MS + 2 * DAY} | more)
        self.insert("parcel", shipment_id=shipment, position=0, carrier=carrier, number=number,
                    url=f"https://carrier.example/{number}")
        for place, (sku, quantity) in enumerate(lines):
            self.insert("shipment_line", shipment_id=shipment, position=place, sku=sku, quantity=quantity)
        return shipment

    def refund(self, order, amount=1850, currency="EUR"):
        return self.insert("refund", at=START_MS, source="generic", foreign_id=f"r{next(self.numbers)}", order_id=order,
                           currency=currency, amount=amount, refunded_at=START_MS)

    def happen(self, kind, order, subject=None):
        self.insert("event", at=START_MS, kind=kind, happened_at=START_MS, order_id=order, subject_id=subject, state="new")

    def work(self):
        """Rows came in behind the server's back: it is asked to look. All mails, in the order in which they were
        written: a Message-ID begins with its row's id, in base 32, whose digits come behind the letters."""
        self.scene.live.control("work", seconds=120)
        return sorted(self.scene.mails, key=lambda mail: mail.id.translate(BEHIND))

    def why(self, template):
        """State and reason of the messages of a template."""
        return self.scene.server.rows("SELECT state, reason FROM message WHERE template = ? ORDER BY id", (template,))


EVENTS = {"order_confirmation": "order.placed", "order_delivered": "order.delivered",
          "order_cancelled": "order.cancelled", "refunded": "refund.made", "shipped": "shipment.shipped"}
STATES = {"shipped": "in_transit"}


def everything(world, combinations):
    """Every template for orders of all (locale, case): {(locale, case, template): mail}."""
    told = {}
    with world.batch():
        for locale, case in combinations:
            for template in TEMPLATES:
                order = world.tell(**CASES[case] | {"locale": locale})
                told[order] = (locale, case, template)
                subject = None
                if template == "refunded":
                    subject = world.refund(order, currency=CASES[case].get("currency", "EUR"))
                elif not (EVENTS.get(template) or "shipment.").startswith("order."):
                    subject = world.ship(order, STATES.get(template, template), [("SKU-0", 1)])
                world.happen(EVENTS.get(template, f"shipment.{template}"), order, subject)
    sent = {mail.id: mail for mail in world.work()}
    names = {name: order for order, name in world.scene.server.rows("SELECT id, name FROM orders")}
    found = {}
    for mail in sent.values():
        template = mail.message["Feedback-ID"].split(":")[0]
        order = names[re.search(r"#\d+", mail.subject)[0]]
        assert told[order][2] == template, mail.subject
        found[told[order]] = mail
    return found
