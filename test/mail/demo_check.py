"""demo_check.py - what each mail of the demo shop has to keep, held against its store.

What is the same in thousands of mails is read once: the page without its words (its bones) goes through html5lib and
lint.py when it is seen first. What differs, the words, amounts and links, is looked at in each.
"""
import collections
import email
import email.header
import html
import json
import re

import lint
from driver.server import ROOT
from world import LANGUAGES, TEMPLATES

PARCELS = ("shipped", "in_transit", "delayed", "out_for_delivery", "available_for_pickup", "delivered")
WORDS = {name: json.loads((ROOT / f"i18n/{name}.json").read_text()) for name in LANGUAGES}
SPACES = "\u00a0\u202f\u2009 "
AMOUNT = re.compile(rf"(-?)(?:€[{SPACES}]?(\d[\d.,\u202f\u00a0’]*\d)|(\d[\d.,\u202f\u00a0’]*\d)[{SPACES}]?€)")
DATA = re.compile(r'<script type="application/ld\+json">(.*?)</script>', re.DOTALL)
LEFT_OVER = re.compile(r"\{\{|\{%|Liquid error|\b(mail|portal|preferences|date|shipment)\.[a-z_]+(\.[a-z_]+)+\b")
BARE_AND = re.compile(r"&(?!#\d+;|#x[0-9a-fA-F]+;|[A-Za-z]+;)")
LINKS = re.compile(r'\b(href|src)="([^"]*)"')


Read = collections.namedtuple("Read", "subject receipt kind recipients plain page")


def read(mail):
    """What is asked of a mail here. Python's newer way to parse takes four times as long, and there are very many."""
    message = email.message_from_bytes(mail.raw)
    texts = {part.get_content_subtype(): part.get_payload(decode=True).decode(part.get_content_charset("us-ascii"))
             .replace("\r\n", "\n") for part in message.walk() if part.get_content_maintype() == "text"}
    return Read(str(email.header.make_header(email.header.decode_header(message["Subject"]))), message["Feedback-ID"],
                message.get_content_type(), mail.recipients, texts["plain"], texts["html"])


def amounts(text):
    """All sums in a text, in cents, whatever the language writes between the digits: all are euros."""
    return [int(re.sub(r"\D", "", before or behind)) for _, before, behind in AMOUNT.findall(text)]


def seen(page):
    """The page's words as a reader has them."""
    body = DATA.sub("", page.partition("<body")[2].partition(">")[2])
    return html.unescape(re.sub(r"<[^>]*>", " ", body))


def bones(page):
    """The page without what differs from order to order."""
    page = DATA.sub('<script type="application/ld+json">{}</script>', page)
    page = LINKS.sub(lambda found: f'{found[1]}="https://x"' if found[2].startswith("https://") else found[0], page)
    return re.sub(r"(?<=>)[^<]+(?=<)", lambda text: text[0] if "{" in text[0] else "x", page)


class Checker:
    """mail() says what is wrong with one mail, as sentences; done() what was not there at all."""

    def __init__(self, demo):
        import html5lib
        self.html5lib, self.demo = html5lib, demo
        self.known = lint.features() if lint.FOLDER.is_dir() else None
        self.bones, self.counts, self.largest = {}, collections.Counter(), 0
        self.names = collections.defaultdict(collections.Counter)

    def frame(self, page):
        key = hash(bones(page))
        if key not in self.bones:
            parser = self.html5lib.HTMLParser(strict=False)
            parser.parse(page)
            self.bones[key] = [f"html: {error}" for _, error, _ in parser.errors]
            self.bones[key] += lint.lint(page, self.known) if self.known is not None else []
        return self.bones[key]

    def mail(self, language, template, mail):
        page, plain = mail.page, mail.plain
        found = list(self.frame(page))
        name = re.search(r"#\d+", mail.subject)
        order = self.demo.orders.get(name and name[0])
        if not order:
            return [f"subject: names no order: {mail.subject}"]
        self.counts[language, template] += 1
        self.names[language, template][order.name] += 1
        self.largest = max(self.largest, len(page.encode()))
        rules = {
            "its receipt": mail.receipt.startswith(template + ":"),
            "its buyer": mail.recipients == [order.email],
            "two parts": mail.kind == "multipart/alternative",
            "a text part": len(plain) > 100 and order.name in plain,
            "size": len(page.encode()) < lint.MOST_BYTES,
            "filled in": not LEFT_OVER.search(plain) and not LEFT_OVER.search(seen(page)) and not LEFT_OVER.search(mail.subject),
            "language": f'<html lang="{language}" dir="{WORDS[language]["language"]["dir"]}">' in page,
            "its words": all(WORDS[language]["mail"]["foot"]["why"] in part for part in (plain, html.unescape(page))),
            "escaped": not BARE_AND.search(DATA.sub("", page).partition("</style>")[2]),
            "no markup in the text": "<" not in plain and "&amp;" not in plain,
            "links": all(re.match(r"https://|mailto:|tel:", link) for _, link in LINKS.findall(page)),
            "its page": "https://demo.example/o/" in plain and "https://demo.example/o/" in page,
        }
        found += [f"not kept: {rule}" for rule, kept in rules.items() if not kept]
        found += self.sums(template, order, plain, seen(page)) + self.data(template, order, page)
        return found

    def sums(self, template, order, plain, page):
        lines = [line.quantity * line.price - line.discount for line in order.lines]
        allowed, wanted = set(), set()
        if template == "refunded":
            allowed = wanted = set()
            told = amounts(plain)
            refunds = self.demo.refunds[order.name]
            return [] if told and set(told) <= set(refunds) and set(amounts(page)) == set(told) else [
                f"sums: {told} instead of {refunds}"]
        if template in PARCELS:
            allowed = set() if order.gift else set(lines)
        elif template in ("order_confirmation", "order_cancelled"):
            wanted = set(lines) | ({order.total} if template == "order_confirmation" else set())
            allowed = wanted | {order.subtotal, order.shipping, order.tax, order.discount, order.total} | {
                line.price for line in order.lines}
        else:
            allowed = set(lines) | {order.total}
        return [f"sums: {where}: {sorted(told)}, expected {sorted(wanted)} of {sorted(allowed)}"
                for where, told in (("text", set(amounts(plain))), ("page", set(amounts(page))))
                if not wanted <= told <= allowed]

    def data(self, template, order, page):
        told = [json.loads(text) for text in DATA.findall(page)]
        if template in PARCELS:
            parcels = [parcel for block in told for parcel in block]
            fine = (bool(parcels) and all(parcel["@type"] == "ParcelDelivery" for parcel in parcels) and
                    all(parcel["partOfOrder"]["orderNumber"] == order.name for parcel in parcels) and
                    sorted(parcel["trackingNumber"] for parcel in parcels) == sorted(self.demo.parcels[order.name]))
        elif template in ("order_confirmation", "order_cancelled"):
            block, = told
            fine = (block["@type"] == "Order" and block["orderNumber"] == order.name and block["priceCurrency"] == "EUR" and
                    round(float(block["price"]) * 100) == order.total and
                    [(offer["itemOffered"]["name"], offer["eligibleQuantity"]["value"], round(float(offer["price"]) * 100))
                     for offer in block["acceptedOffer"]] == [(line.title, line.quantity, line.price) for line in order.lines])
        else:
            fine = not told or all(block.get("@type") for block in told)
        return [] if fine else [f"data for programs: {told}"]

    def done(self):
        return [f"{language} {template}: {sum(self.names[language, template].values())} mails, "
                f"{len(self.demo.expected(template))} expected"
                for language in LANGUAGES for template in TEMPLATES
                if self.names[language, template] != collections.Counter(self.demo.expected(template))]


def check(demo):
    """Everything of every language; (what is wrong: {sentence: [where, ...]}, the checker)."""
    checker, wrong = Checker(demo), collections.defaultdict(list)
    for language in LANGUAGES:
        for template, mail in demo.mails(language):
            for problem in checker.mail(language, template, read(mail)):
                wrong[problem].append(f"{language} {template} {mail.subject}")
    for problem in checker.done():
        wrong[problem].append("in all")
    return wrong, checker
