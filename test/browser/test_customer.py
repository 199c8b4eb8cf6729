"""What customers see, in every language: mails on a phone and in a window, light and dark, without pictures; the pages
that their links lead to, with axe.

PICTURES=1 keeps the pictures of doc/picture/mail/.
"""
import json
import os
import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(pathlib.Path(__file__).parent), str(ROOT / "test/mail")]
import browser  # noqa: E402
from world import DAY, LANGUAGES, START_MS, STATES, TEMPLATES, World, everything  # noqa: E402

PICTURES = ROOT / "doc/picture/mail"
# language, template, width, dark, with images
SHOWN = [("en", "order_confirmation", 640, False, True), ("de", "shipped", 360, False, True),
         ("fr", "out_for_delivery", 360, True, True), ("ar", "order_confirmation", 640, False, True),
         ("ar", "delayed", 360, True, True), ("es", "refunded", 360, False, False)]
SETTINGS = {f"receipt.{name}": "on" for name in TEMPLATES} | {
    "legal.address": "Demo SAS\n1 rue Neuve\n29200 Brest", "mail.signed_by": "Ana Serra", "brand.color": "#c2410c",
    "brand.logo_url": "https://demo.example/logo.png"}


@pytest.fixture(scope="module")
def world():
    made = World(**SETTINGS)
    yield made
    made.close()


@pytest.fixture(scope="module")
def mails(world):
    return {(language, template): mail for (language, _, template), mail in everything(
        world, [(language, "arabic" if language == "ar" else "usual") for language in LANGUAGES]).items()}


def test_mails_fit_every_screen(mails):
    asks = []
    for (language, template), mail in mails.items():
        for width in (360, 640):
            for dark in (False, True):
                for images in (True, False):
                    file = None
                    if os.environ.get("PICTURES") and (language, template, width, dark, images) in SHOWN:
                        PICTURES.mkdir(parents=True, exist_ok=True)
                        look = ("-dark" if dark else "") + ("" if images else "-no-images")
                        file = str(PICTURES / f"{template}-{language}-{width}{look}.png")
                    if width == 360 or file:
                        asks.append({"html": mail.part("html"), "width": width, "dark": dark, "images": images, "file": file,
                                     "name": f"{language} {template}"})
    ran = subprocess.run([browser.node(), "test/mail/screens.mjs"], cwd=ROOT, text=True, capture_output=True, timeout=400,
                         input="".join(json.dumps(ask) + "\n" for ask in asks))
    found = [json.loads(line)["overflow"] for line in ran.stdout.splitlines()]
    assert len(found) == len(asks), ran.stderr
    assert [(ask["name"], ask["width"]) for ask, overflow in zip(asks, found) if overflow > 0] == []


@pytest.fixture(scope="module")
def pages(world, mails):
    """{(language, page): path}"""
    found = {}
    for language in LANGUAGES:
        text = mails[language, "order_confirmation"].part("plain")
        found[language, "order"] = re.search(r"https://demo\.example(/o/\S+)", text)[1]
        found[language, "preferences"] = re.search(r"https://demo\.example(/p/\S+)", text)[1]
    order = world.tell(locale="de", payment="partly_refunded")
    for state in ("delayed", "delivered", "out_for_delivery"):
        shipment = world.ship(order, STATES.get(state, state), [("SKU-0", 1)])
        world.insert("scan", at=START_MS, shipment_id=shipment, number="", state=state, place="Leipzig <b>",
                     happened_at=START_MS + DAY)
    world.refund(order)
    world.happen("order.placed", order)
    last = world.work()[-1]
    found["de", "parcels"] = re.search(r"https://demo\.example(/o/\S+)", last.part("plain"))[1]
    return found


@pytest.fixture(scope="module")
def chromium():
    with browser.Browser() as running:
        yield running


@pytest.mark.parametrize("language, page", [(language, page) for language in LANGUAGES
                                            for page in ("order", "preferences")] + [("de", "parcels")])
def test_pages(world, chromium, pages, language, page):
    found = chromium.check(f"http://127.0.0.1:{world.scene.server.port}{pages[language, page]}")
    assert found == {check: [] for check in browser.CHECKS}, json.dumps(found, indent=2, ensure_ascii=False)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_in_another_language(world, chromium, pages, language):
    found = chromium.check(f"http://127.0.0.1:{world.scene.server.port}{pages['en', 'order']}?lang={language}")
    assert found == {check: [] for check in browser.CHECKS}, json.dumps(found, indent=2, ensure_ascii=False)
