"""Names and texts that try to be headers, recipients, templates or markup stay what they are: text."""

import pytest

from driver import flow, shopify
from driver.scene import Scene

BODY = shopify.fixture("shopify/order_1001.json")
TRIES = [
    "x\r\nBcc: evil@example.net",
    "x\nBcc: evil@example.net\n\nbody of their own",
    "x\u2028Bcc: evil@example.net\u0085Bcc: evil@example.net",
    "x\u0000y\u0007",
    "{{ shop.name }}{% raw %}",
    "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>",
    "=?utf-8?q?x=0D=0ABcc:_evil@example.net?=",
    "\u202egnp.exe",
    "a" * 5000,
    "\U0001f600" * 1500,
]
PLACES = ["/name", "/line_items/0/title", "/line_items/0/variant_title", "/shipping_address/first_name",
          "/shipping_address/address1", "/customer/first_name", "/note"]


@pytest.fixture
def scene():
    made = Scene()
    made.add_shop("demo", {"name": "Ana's \"Boots\", <x@evil.example>"})
    yield made
    flow.finish(made, flow.Step("the test", "", None, False))
    made.close()


@pytest.mark.parametrize("text", TRIES, ids=range(len(TRIES)))
def test_texts_stay_texts(scene, text):
    body = shopify.edit(BODY, [(place, text) for place in PLACES])
    assert scene.post("/in/demo/shopify", body, "orders/create", "d-1", "demo", {}).status == 200
    scene.live.control("work")
    mail, = scene.mails
    assert mail.recipients == ["ana@example.com"]
    message = mail.message
    known = {"from", "to", "subject", "date", "message-id", "mime-version", "content-type", "content-transfer-encoding",
             "auto-submitted", "reply-to", "x-auto-response-suppress", "feedback-id", "list-unsubscribe"}
    assert {name.lower() for name in message.keys()} <= known, message.keys()
    assert len(message.get_all("subject")) == 1
    html = next(part for part in message.walk() if part.get_content_type() == "text/html").get_content()
    assert "<script>alert" not in html and "<img src=x" not in html
    page = scene.live.http("GET", "/dev/mail")
    assert page.status == 200 and "<script>alert" not in page.text


@pytest.mark.parametrize("address", [
    "ana@example.com\r\nRCPT TO:<evil@example.net>", "ana@example.com, evil@example.net", "<evil@example.net>",
    "ana@example.com> NOTIFY=NEVER <x", "@", "ana@", "ana@exa mple.com", "a" * 300 + "@example.com",
], ids=range(8))
def test_addresses_that_are_none(scene, address):
    body = shopify.edit(BODY, [("/email", address), ("/contact_email", address), ("/customer/email", address)])
    assert scene.post("/in/demo/shopify", body, "orders/create", "d-1", "demo", {}).status == 200
    scene.live.control("work")
    assert not any("evil@example.net" in mail.recipients for mail in scene.mails if address != "<evil@example.net>")
    states = scene.server.rows("SELECT state, reason FROM message")
    assert states in ([("excluded", "bad_address")], [("accepted", None)]), states
    assert scene.server.complaints() == []
