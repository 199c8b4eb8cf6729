"""Every template in every language, for a broad set of awkward orders: what arrives is a mail that can be read."""
import html
import json
import os
import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import lint  # noqa: E402
from world import CASES, LANGUAGES, LOCALES, NASTY, TEMPLATES, World, everything  # noqa: E402

WORDS = {name: json.loads((ROOT / f"i18n/{name}.json").read_text()) for name in LANGUAGES}
ISOLATES = "\u2068\u2069"
# All five, but in the suite that has three minutes: one from left to right and one from right to left.
AWKWARD = ("de", "ar") if os.environ.get("POSTLUDE_SUITE", "fast") == "fast" else LANGUAGES
PARCELS = ("shipped", "in_transit", "delayed", "out_for_delivery", "available_for_pickup", "delivered")


@pytest.fixture(scope="session")
def mails():
    """{(locale, case, template): mail}; the usual case in all locales, every other one in the languages of AWKWARD."""
    world = World(**{f"receipt.{name}": "on" for name in TEMPLATES}, **{
        "legal.address": "Demo SAS\n1 rue Neuve\n29200 Brest", "mail.signed_by": "Ana Serra", "brand.color": "#c2410c",
        "legal.text": "Terms: you may withdraw within 14 days.", "brand.logo_url": "https://demo.example/logo.png"})
    try:
        yield everything(world, [(locale, case) for case in CASES for locale in LANGUAGES
                                 if case == "usual" or locale in AWKWARD] +
                         [(locale, "usual") for locale in LOCALES if locale not in LANGUAGES])
    finally:
        world.close()


def test_all_of_them_arrive(mails):
    missing = {(locale, case, template) for case in CASES for locale in AWKWARD for template in TEMPLATES} - set(mails)
    # over the counter nothing is shipped
    assert missing == {(locale, "counter", template) for locale in AWKWARD for template in PARCELS}
    assert {(locale, "usual", template) for locale in LOCALES for template in TEMPLATES} <= set(mails)


def test_each_has_both_parts_and_is_small(mails):
    for key, mail in mails.items():
        assert mail.message.get_content_type() == "multipart/alternative", key
        assert len(mail.part("plain")) > 100 and len(mail.part("html")) > 1000, key
        assert len(mail.part("html").encode()) < 102 * 1024, key


def test_html_is_what_the_standard_takes(mails):
    html5lib = pytest.importorskip("html5lib")
    for key, mail in mails.items():
        parser = html5lib.HTMLParser(strict=False)
        parser.parse(mail.part("html"))
        assert [error for _, error, _ in parser.errors] == [], key


def test_lint(mails):
    if not lint.FOLDER.is_dir():
        pytest.skip("the tables of caniemail are not beside the project")
    known = lint.features()
    for key, mail in mails.items():
        expected = ["words: a template that was not filled in"] if "{{" in (CASES[key[1]].get("first") or "") else []
        assert lint.lint(mail.part("html"), known) in ([], expected), key


def test_what_lint_lets_pass_is_used(mails):
    """An exception that no mail needs any more would hide the next mistake."""
    if not lint.FOLDER.is_dir():
        pytest.skip("the tables of caniemail are not beside the project")
    known, used = lint.features(), set()
    for template in TEMPLATES:
        reader = lint.Reader()
        reader.feed(mails["ar", "usual", template].part("html"))
        used |= lint.uses(reader, known)
    lacking = {slug for slug in used if "n" in [known[slug].get(program) for program in lint.PROGRAMS]}
    assert set(lint.GRACEFUL) <= lacking


def test_lint_finds_what_is_wrong():
    if not lint.FOLDER.is_dir():
        pytest.skip("the tables of caniemail are not beside the project")
    bad = (ROOT / "test/fixture/mail/bad.html").read_text()
    found = lint.lint(bad)
    for wanted in ("forbidden: link", "forbidden: meta refresh", "forbidden: a script", "forbidden: onload",
                   "forbidden: form", "forbidden: input", "forbidden: video", "forbidden: href=javascript",
                   "picture: without alt", "picture: not over https", "picture: one pixel", "picture: without width",
                   "link: without", "table: neither", "missing: doctype", "missing: lang", "missing: dir",
                   "missing: title", "missing: charset", "style: something from elsewhere", "words: a template",
                   "words: a key", "support: css-display-flex", "support: css-position", "support: css-variables",
                   "support: css-at-font-face", "support: css-at-import"):
        assert any(problem.startswith(wanted) for problem in found), (wanted, found)
    assert any(problem.startswith("size") for problem in lint.lint("<p>" + "x" * 110000))
    ran = subprocess.run([sys.executable, str(ROOT / "test/mail/lint.py"), str(ROOT / "test/fixture/mail/bad.html")],
                         capture_output=True, text=True)
    assert ran.returncode == 1 and len(ran.stdout.splitlines()) == len(found)


def test_the_language_is_the_orders(mails):
    for (locale, case, template), mail in mails.items():
        page = mail.part("html")
        language = LOCALES[locale]
        expected = WORDS[language.split("-")[0]]
        assert f'<html lang="{locale if language != "en" or locale and locale.startswith("en") else "en"}" ' \
               f'dir="{expected["language"]["dir"]}">' in page, (locale, case, template)
        assert expected["mail"]["contact"]["title"] in html.unescape(page)
        assert expected["mail"]["foot"]["why"] in html.unescape(page)
        assert expected["mail"]["foot"]["why"] in mail.part("plain")


def leaves(words, path=""):
    for key, value in words.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{path}{key}.")
        else:
            yield path + key, value


def test_languages_say_the_same_things():
    """The same keys with the same holes; forms of a plural are the language's own."""
    plural = re.compile(r"\.count\.(zero|one|two|few|many|other)$")
    english = {key: value for key, value in leaves(WORDS["en"])}
    for name, words in WORDS.items():
        found = dict(leaves(words))
        assert {key for key in found if not plural.search(key)} == {key for key in english if not plural.search(key)}, name
        for key, value in found.items():
            if plural.search(key) or key.startswith("date."):
                continue
            assert set(re.findall(r"\{\{ (\w+) \}\}", value)) == set(re.findall(r"\{\{ (\w+) \}\}", english[key])), (name, key)
            assert "!" not in value and "  " not in value, (name, key)


def test_what_is_put_into_arabic_is_isolated():
    for key, value in leaves(WORDS["ar"]):
        if not key.startswith(("date.", "language.")):
            assert len(re.findall(r"\u2068\{\{ \w+ \}\}\u2069", value)) == value.count("{{"), key


def test_what_the_page_of_the_mails_calls_our_words_are_our_words(mails):
    """The words of `usual` in a section's schema stand in the mail while its field is empty."""
    told = set()
    for path in sorted((ROOT / "ui/mail/sections").glob("*.schema.json")):
        for setting in json.loads(path.read_text()).get("settings", []):
            if setting["type"] == "text":
                told.add(dict(leaves(WORDS["en"]))[setting["usual"]])
    seen = [html.unescape(mails["en", "usual", template].part("html")) for template in ("order_confirmation", "shipped")]
    assert len(told) == 6 and all(any(words in page for page in seen) for words in told), told


def test_punctuation_is_the_languages_own(mails):
    """French has a narrow no-break space before what is of two parts, so that no line begins with it; Arabic its own comma
    and question mark; Spanish asks from both ends; nobody has the typewriter's quotes."""
    for name, words in WORDS.items():
        for key, value in leaves(words):
            assert not re.search("[\"']", value.replace("{{", "")), (name, key)
            if name == "fr":
                assert not re.search("(?<![\u202f:])[:;?!](?!//)", value.replace("%H:%M", "")), (key, value)
            if name == "ar":
                assert not re.search("[,;?]", value), (key, value)
            if name == "es":
                assert value.count("?") == value.count("¿"), (key, value)
    for template in TEMPLATES:
        text = mails["fr", "usual", template].part("plain").partition("\n-- ")[0].replace("Terms: you", "")
        assert not re.search(r"[^\u202f]:(?=\s)|[^\u202f][?;](?=\s)", text), (template, text)
    total = mails["fr", "usual", "order_confirmation"].part("plain")
    assert "Sous-total\u202f: " in total and "Total\u202f: " in total


def data_of(mail):
    return [json.loads(text) for text in re.findall(r'<script type="application/ld\+json">(.*?)</script>',
                                                    mail.part("html"), re.DOTALL)]


def test_orders_for_programs(mails):
    """The fields that Gmail asks for: https://developers.google.com/workspace/gmail/markup/reference/order"""
    for (locale, case, template), mail in mails.items():
        if template not in ("order_confirmation", "order_cancelled"):
            continue
        told, = data_of(mail)
        assert told["@context"] == "https://schema.org" and told["@type"] == "Order"
        assert told["merchant"] == {"@type": "Organization", "name": "Demo"}
        assert re.fullmatch(r"#\d+", told["orderNumber"]) and told["orderNumber"] in mail.subject
        assert told["orderStatus"] == "https://schema.org/Order" + (
            "Cancelled" if template == "order_cancelled" else "Processing")
        assert re.fullmatch(r"\d+(\.\d+)?", told["price"]) and re.fullmatch(r"[A-Z]{3}", told["priceCurrency"])
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", told["orderDate"])
        assert told["url"].startswith("https://demo.example/o/")
        assert len(told["acceptedOffer"]) == len(CASES[case].get("lines", (1, 2)))
        for offer in told["acceptedOffer"]:
            assert offer["@type"] == "Offer" and offer["itemOffered"]["@type"] == "Product"
            assert offer["itemOffered"]["name"] and offer["eligibleQuantity"]["value"] >= 1
            assert re.fullmatch(r"\d+(\.\d+)?", offer["price"]) and offer["priceCurrency"] == told["priceCurrency"]
    told, = data_of(mails["de", "yen", "order_confirmation"])
    assert (told["price"], told["priceCurrency"]) == ("19090", "JPY")
    told, = data_of(mails["de", "dinars", "order_confirmation"])
    assert (told["price"], told["priceCurrency"]) == ("19.090", "KWD")


def test_parcels_for_programs(mails):
    """https://developers.google.com/workspace/gmail/markup/reference/parcel-delivery"""
    for (locale, case, template), mail in mails.items():
        if template not in PARCELS:
            continue
        (parcel,), = data_of(mail)
        assert parcel["@type"] == "ParcelDelivery" and parcel["trackingNumber"] == "00340434161094042557"
        assert parcel["carrier"] == {"@type": "Organization", "name": "DHL"}
        assert parcel["expectedArrivalUntil"].startswith("2026-03-04T")
        assert parcel["partOfOrder"]["orderNumber"] in mail.subject
        assert len(parcel["itemShipped"]) == 1
        assert ("deliveryAddress" in parcel) == (case != "no_address")


def test_nothing_from_outside_becomes_markup(mails):
    """Whatever stands in names, towns, codes and titles is text in both parts, and no field of the header."""
    for (locale, case, template), mail in mails.items():
        if not case.startswith("nasty"):
            continue
        page = mail.part("html")
        assert not re.search(r"<(script(?! type=\"application/ld\+json\")|img (?!src=\"https://demo\.example/logo\.png\")|b>)",
                             page), (locale, case, template)
        assert page.count("<table") == page.count("</table>") and page.count("<html") == 1
        assert mail.message["Bcc"] is None and mail.recipients == ["ana@example.com"]
        assert [name for name in mail.message.keys() if name not in (
            "From", "To", "Subject", "Date", "Message-ID", "Feedback-ID", "Auto-Submitted", "MIME-Version",
            "Content-Type")] == [], (locale, case, template)
        text = NASTY[int(case.split("_")[1])]
        if template == "order_confirmation" and text.isprintable():
            assert text in mail.part("plain"), (locale, case)


def test_text_parts_read_well(mails):
    for key, mail in mails.items():
        text = mail.part("plain").replace("\r\n", "\n")
        if key[1].startswith("nasty"):
            continue
        assert "\n\n\n" not in text and not text.startswith("\n") and "<" not in text and "&" not in text, key
        assert "  " not in text.replace("-- \n", ""), key
        assert "nil" not in text.split() and "{{" not in text, key
        assert "https://demo.example/o/" in text and "https://demo.example/p/" in text, key
        assert "\n-- \n" in text, key


def test_amounts_and_dates_are_written_as_people_do(mails):
    expected = {"en": ("€190.90", "Thursday, 5 March"), "en-US": ("€190.90", "Thursday, March 5"),
                "de": ("190,90 €", "Donnerstag, 5. März"), "de-AT": ("€ 190,90", "Donnerstag, 5. März"),
                "fr": ("190,90 €", "jeudi 5 mars"), "es": ("190,90 €", "jueves, 5 de marzo"),
                "ar": ("190.90", "الخميس، 5 مارس")}
    for locale, (amount, day) in expected.items():
        text = mails[locale, "usual", "order_confirmation"].part("plain")
        plain = re.sub("[\u00a0\u202f]", " ", re.sub("[\u200e\u200f\u061c]", "", text))
        assert amount in plain and day in plain, (locale, plain)


def test_no_picture_but_the_logo_and_nothing_from_elsewhere(mails):
    for key, mail in mails.items():
        page = mail.part("html")
        assert re.findall(r'src="([^"]*)"', page) == ["https://demo.example/logo.png"], key
        assert not re.search(r"@import|@font-face|<link", page), key


def test_the_button_can_be_read(mails):
    """#c2410c has 5.2 to 1 on white: white stands on it; in dark mode links are lighter."""
    page = mails["en", "usual", "shipped"].part("html")
    assert "background-color:#c2410c" in page and "color:#ffffff;text-decoration:none" in page
