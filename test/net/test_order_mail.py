"""Orders in the mails that a shop's own system writes to its owner: our block, however mangled on its way, and
schema.org's Order of senders that are known. The real server, handed mails over LMTP."""

import base64
import email.message
import email.policy
import hashlib
import hmac
import html
import json
import shutil
import smtplib
import socket
import subprocess
import textwrap

import pytest

from driver.server import Server

ORDER = {
    "source": "shopify", "id": 5837205143010, "name": "#1010", "email": "ana@example.com", "currency": "EUR",
    "placed_at": "2026-03-02T11:00:00+0100", "updated_at": "2026-03-02T11:00:00+0100", "shipping": "4.9", "tax": "0.0",
    "total": "124.70", "customer": {"id": 77, "first_name": "Ana", "last_name": "Lima é"},
    "ship_to": {"name": "Ana Lima", "line1": "Rue 1", "zip": "1000", "city": "Brussels", "country_code": "BE"},
    "lines": [{"id": 1, "sku": "BOOT-42", "title": "Boots “Ana”", "quantity": 2, "price": "59.9", "discount": "0.0"}],
}
MARKUP = {
    "@context": "http://schema.org", "@type": "Order", "orderNumber": "W-77", "orderDate": "2026-03-02T10:30:00+01:00",
    "priceCurrency": "EUR", "price": "20.00", "orderStatus": "http://schema.org/OrderProcessing",
    "customer": {"@type": "Person", "name": "Bo Berg", "email": "bo@example.com"},
    "acceptedOffer": {"@type": "Offer", "itemOffered": {"@type": "Product", "name": "Socks", "sku": "S1"}, "price": "10.00",
                      "priceCurrency": "EUR", "eligibleQuantity": {"@type": "QuantitativeValue", "value": "2"}},
    "billingAddress": {"@type": "PostalAddress", "name": "Bo Berg", "streetAddress": "Weg 1", "addressLocality": "Ulm",
                       "postalCode": "89073", "addressCountry": "DE"},
}


class Shop:
    def __init__(self, server, lmtp):
        self.server, self.lmtp = server, lmtp
        snippet = server.cli("snippet", "demo", "order_mail")
        self.secret = snippet.rpartition("hmac_sha256: '")[2].partition("'")[0]
        self.orders = snippet.partition("go to ")[2].partition("@")[0]

    def block(self, order=None, secret=None):
        letters = base64.urlsafe_b64encode(json.dumps(order or ORDER).encode()).decode().rstrip("=")
        tag = hmac.new((secret or self.secret).encode(), letters.encode(), hashlib.sha256).hexdigest()
        return "postlude:order:1:\n" + "\n".join(textwrap.wrap(letters, 64)) + f"\n:{tag}:end"

    def hand_over(self, mail, to=None):
        with smtplib.LMTP("127.0.0.1", self.lmtp) as line:
            refused = line.sendmail("shop@other.example", [to or f"{self.orders}@mx.example"], bytes(mail))
        self.server.control("work")
        return refused

    def names(self):
        return [name for (name,) in self.server.rows("SELECT name FROM orders ORDER BY id")]

    def inbox(self):
        return self.server.rows("SELECT state, coalesce(reason, '') FROM inbox ORDER BY id DESC LIMIT 1")[0]


@pytest.fixture
def shop(monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("POSTLUDE_LMTP_LISTEN", f"127.0.0.1:{port}")
    with Server() as server:
        server.start()
        server.control("at 2026-03-02T12:00:00Z")
        for slug in ("demo", "other"):
            server.cli("shop", "add", slug, "--name", slug.title(), "--currency", "EUR", "--zone", "Europe/Brussels", "--locale", "en")
            server.cli("shop", "set", slug, "live_since=2026-01-01", "smtp.url=catcher", f"mail.from=Shop <hello@{slug}.example>")
        yield Shop(server, port)
        server.stop()


def mail(text=None, markup=None, **fields):
    made = email.message.EmailMessage(policy=email.policy.SMTP)
    fields = {"From": "Demo <shop@system.example>", "To": "hello@demo.example", "Subject": "New order",
              "Date": "Mon, 02 Mar 2026 11:00:05 +0100", "Message_ID": "<n1@system.example>"} | fields
    for name, value in fields.items():
        made[name.replace("_", "-")] = value
    made.set_content(text or "You have a new order.")
    if markup:
        made.add_alternative(f"<html><body><p>New order</p>{markup}</body></html>", subtype="html")
    return made


MANGLED = {
    "plain": lambda block: mail(block),
    "quoted": lambda block: mail("\n".join("> > " + line for line in block.split("\n"))),
    "rewrapped": lambda block: mail("\n".join(textwrap.wrap(block.replace("\n", ""), 31))),
    "one line": lambda block: mail("x " + block.replace("\n", " ") + " y"),
    "bars": lambda block: mail("\n".join("| " + line + " |" for line in block.split("\n"))),
    "html": lambda block: mail(markup=f"<pre>{html.escape(block)}</pre>"),
    "html with breaks": lambda block: mail(markup="<div>" + "<br>".join(block.split("\n")) + "</div>"),
    "html in spans": lambda block: mail(markup="".join(f"<span>{block[i:i + 7]}</span><wbr>" for i in range(0, len(block), 7))),
    "html with entities": lambda block: mail(markup="".join(f"&#{ord(sign)};" for sign in block)),
    "html, forwarded inline": lambda block: mail(
        "---------- Forwarded message ---------\nFrom: Demo\n\n" + block, f"<blockquote>{block}</blockquote>",
        Subject="Fwd: New order", From="Owner <owner@gmail.example>", References="<n1@system.example>"),
    "text spoilt, html whole": lambda block: mail(block[:90], f"<pre>{block}</pre>"),
    "markdown": lambda block: mail(block.replace("_", "\\_").replace("-", "\\-")),
}


@pytest.mark.parametrize("way", MANGLED)
def test_block_survives(shop, way):
    assert not shop.hand_over(MANGLED[way](shop.block()))
    assert shop.names() == ["#1010"], shop.inbox()
    assert shop.server.rows("SELECT source, foreign_id, total, email FROM orders") == [
        ("shopify", "5837205143010", 12470, "ana@example.com")]


def test_forwarded_as_an_attachment(shop):
    outer = mail("see there", Subject="Fwd", Message_ID="<f1@gmail.example>", From="owner@gmail.example")
    outer.add_attachment(mail(shop.block()))
    shop.hand_over(outer)
    assert shop.names() == ["#1010"], shop.inbox()


@pytest.mark.skipif(not shutil.which("swaks"), reason="swaks is not installed")
def test_by_another_sender_of_mail(shop, tmp_path):
    (tmp_path / "mail").write_bytes(bytes(mail(shop.block())))
    subprocess.run(["swaks", "--protocol", "LMTP", "--server", f"127.0.0.1:{shop.lmtp}", "--from", "a@b.example",
                    "--to", f"{shop.orders.upper()}@mx.example", "--data", f"@{tmp_path / 'mail'}"], check=True,
                   capture_output=True, timeout=30)
    shop.server.control("work")
    assert shop.names() == ["#1010"]


def test_twice_is_once_and_a_mail_is_owed(shop):
    shop.server.cli("shop", "set", "demo", "receipt.order_confirmation=on")
    shop.hand_over(mail(shop.block()))
    shop.hand_over(mail(shop.block(), Subject="Fwd: New order", Message_ID="<n2@x.example>"))
    assert shop.names() == ["#1010"]
    assert shop.inbox()[0] == "same"
    assert shop.server.rows("SELECT address, template FROM message") == [("ana@example.com", "order_confirmation")]


@pytest.mark.parametrize("wrong, why", [
    (lambda shop: mail(shop.block(secret="guess")), "signature"),
    (lambda shop: mail(shop.block()[:300]), "cut off"),
    (lambda shop: mail(shop.block().replace("\n", "\n#", 3)), "changed on its way"),
    (lambda shop: mail(shop.block(ORDER | {"colour": "red"})), "colour"),
    (lambda shop: mail("Hello, where is my order?"), "no order"),
])
def test_kept_as_unread_with_its_reason(shop, wrong, why):
    shop.hand_over(wrong(shop))
    state, reason = shop.inbox()
    assert state == "unread" and why in reason
    assert shop.names() == []


def test_addresses_of_order_mails_cannot_be_guessed(shop):
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        shop.hand_over(mail("x"), "orders+demo.aaaaaaaaaaaaaaaa@mx.example")
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        shop.hand_over(mail("x"), shop.orders.replace("demo", "other") + "@mx.example")


def test_block_of_another_shop_counts_for_nobody(shop):
    shop.hand_over(mail(shop.block()), "hello@other.example")
    assert shop.names() == [] and "signature" in shop.inbox()[1]


SHOPIFY = {
    "id": 5837205143010, "name": "#1010", "email": "ana@example.com", "currency": "EUR", "created_at": "2026-03-02T11:00:00+01:00",
    "shipping_price": 490, "tax_price": 0, "total_price": 12470, "note": 'say "hi" </pre> ☂', "shop": {"currency": "EUR"},
    "shipping_method": {"title": "DHL"}, "customer": {"id": 77, "first_name": "Ana", "last_name": "Lima"},
    "shipping_address": {"name": "Ana Lima", "address1": "Rue 1", "zip": "1000", "city": "Brussels", "country_code": "BE"},
    "line_items": [{"id": 1, "sku": "BOOT-42", "title": "Boots - 42", "product": {"title": "Boots"}, "variant": {"title": "42"},
                    "quantity": 2, "price": 5990, "original_line_price": 11980, "final_line_price": 11980}],
}


def rendered(shop, tmp_path, order):
    """The snippet as Shopify's Liquid renders it; the filter that only Shopify has is put in by hand."""
    text = shop.server.cli("snippet", "demo", "order_mail")
    head, _, rest = text.rpartition("{{ postlude_block | hmac_sha256: '")
    assert rest.startswith(shop.secret)
    (tmp_path / "snippet.liquid").write_text(head + "@{{ postlude_block }}@" + rest.partition("}}")[2])
    (tmp_path / "data.json").write_text(json.dumps(order))
    made = subprocess.run([shop.server.program, "liquid", "render", "--zone=UTC",
                           f"--data={tmp_path / 'data.json'}", str(tmp_path / "snippet.liquid")],
                          check=True, capture_output=True, text=True, timeout=30).stdout
    head, letters, rest = made.split("@")[-3:]
    return head.rpartition("<pre")[2].partition(">")[2] + hmac.new(shop.secret.encode(), letters.encode(), hashlib.sha256).hexdigest() + rest


@pytest.mark.parametrize("change", [{}, {"shipping_address": None, "customer": None, "note": None, "shipping_price": None}])
def test_what_the_snippet_makes_is_read(shop, tmp_path, change):
    block = rendered(shop, tmp_path, SHOPIFY | change)
    assert max(map(len, block.split("\n"))) < 100
    shop.hand_over(mail(markup=f"<pre>{block}"))
    assert shop.names() == ["#1010"], shop.inbox()
    assert shop.server.rows("SELECT total, source, foreign_id FROM orders") == [(12470, "shopify", "5837205143010")]
    assert shop.server.rows("SELECT title, variant, quantity, price FROM order_line") == [("Boots", "42", 2, 5990)]


def test_a_webhook_meets_the_same_order(shop):
    shop.hand_over(mail(shop.block()))
    later = ORDER | {"updated_at": "2026-03-02T11:05:00+0100", "total": "100.00", "cancelled_at": "2026-03-02T11:05:00+0100"}
    shop.hand_over(mail(shop.block(later), Message_ID="<c@x>"))
    shop.hand_over(mail(shop.block(), Message_ID="<late@x>", Date="Mon, 09 Mar 2026 11:00:05 +0100"))
    assert shop.server.rows("SELECT name, total, cancelled_at > 0 FROM orders") == [("#1010", 10000, 1)]
    assert shop.inbox()[0] == "same"


# ---- schema.org -------------------------------------------------------------------------------------


def markup(order=None):
    return f'<script type="application/ld+json">{json.dumps(order or MARKUP)}</script>'


GENUINE = "mx.demo.example; spf=pass smtp.mailfrom=x; dkim=pass (2048-bit key) header.d=system.example header.s=a"


def known(shop):
    shop.server.cli("shop", "set", "demo", "order_mail.from=system.example, b@c.example", "order_mail.authority=mx.demo.example")


@pytest.mark.parametrize("wrap", [lambda order: order, lambda order: [{"@type": "Organization"}, order],
                                  lambda order: {"@graph": [order]}])
def test_markup_of_a_known_sender(shop, wrap):
    known(shop)
    shop.hand_over(mail(markup=markup(wrap(MARKUP)), Authentication_Results=GENUINE), "hello@demo.example")
    assert shop.names() == ["W-77"], shop.inbox()
    assert shop.server.rows("SELECT source, total, email FROM orders") == [("mail", 2000, "bo@example.com")]
    assert shop.server.rows("SELECT title, quantity, price FROM order_line") == [("Socks", 2, 1000)]


@pytest.mark.parametrize("results", [
    None,
    "mx.demo.example; dkim=fail header.d=system.example",
    "mx.demo.example; dkim=pass header.d=evil.example",
    "mx.demo.example; dkim=pass header.d=evilsystem.example",
    "mx.evil.example; dkim=pass header.d=system.example",
    'mx.demo.example; spf=pass smtp.mailfrom="x; dkim=pass header.d=system.example"',
    "mx.demo.example; spf=none (; dkim=pass header.d=system.example)",
])
def test_markup_that_nobody_calls_genuine(shop, results):
    known(shop)
    fields = {"Authentication_Results": results} if results else {}
    shop.hand_over(mail(markup=markup(), **fields), "hello@demo.example")
    state, reason = shop.inbox()
    assert (state, shop.names()) == ("unread", []) and "genuine" in reason


def test_markup_of_strangers_and_in_answers_is_no_order(shop):
    known(shop)
    shop.hand_over(mail(markup=markup(), From="eve@evil.example"), "hello@demo.example")
    assert shop.names() == [] and shop.inbox()[0] != "unread"
    shop.hand_over(mail(markup=markup(), Authentication_Results=GENUINE, In_Reply_To="<a@b>", Subject="Re: yours"),
                   "hello@demo.example")
    assert shop.names() == [] and shop.inbox()[0] != "unread"
    shop.hand_over(mail(markup=markup(), From="eve@evil.example", Subject="x"))
    assert shop.names() == [] and shop.inbox() == ("unread", "an order mail of eve@evil.example, which order_mail.from does not name")
