"""What comes back, handed over by LMTP as a mail server does: kept before the yes, for the right shop, once."""

import smtplib
import socket

import pytest

from driver.scene import Scene
from driver.server import ROOT
from driver import shopify

BACK = ROOT / "test" / "fixture" / "back"


@pytest.fixture(name="scene")
def fixture_scene(monkeypatch):
    """A shop whose confirmation has arrived; `scene.lmtp` is the listener's port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("POSTLUDE_LMTP_LISTEN", f"127.0.0.1:{port}")
    scene = Scene()
    scene.lmtp = port
    try:
        scene.add_shop("demo", {"mail.bounce_domain": "bounces.demo.example", "mail.reply_to": "help@demo.example"})
        scene.add_shop("other", {})
        scene.set_clock(1772445600000)
        scene.post("/in/demo/shopify", shopify.fixture("shopify/order_1001.json"), "orders/create", "d1", "demo", {})
        scene.live.control("work")
        assert len(scene.mails) == 1
        yield scene
    finally:
        scene.close()


def filled(scene, name):
    mail = scene.mails[0]
    text = (BACK / name).read_text(encoding="utf-8")
    for word, value in (("return_path", mail.sender), ("message_id", mail.id), ("to", mail.recipients[0]),
                        ("from", mail.recipients[0])):
        text = text.replace("{" + word + "}", value)
    return text.replace("\n", "\r\n")


def hand_over(scene, text, *recipients, sender="<>"):
    """The recipients that were refused."""
    with smtplib.LMTP("127.0.0.1", scene.lmtp) as line:
        try:
            return line.sendmail(sender, list(recipients), text)
        except smtplib.SMTPRecipientsRefused as refused:
            return refused.recipients


def value(scene, sql):
    return scene.server.rows(sql)[0][0]


def test_a_bounce_at_its_return_path(scene):
    mail = scene.mails[0]
    assert mail.sender.startswith("bounce+")
    assert hand_over(scene, filled(scene, "hard_verp.eml"), mail.sender) == {}
    assert hand_over(scene, filled(scene, "hard_verp.eml"), mail.sender) == {}  # as if the first yes had been lost
    scene.live.control("work")
    assert value(scene, "SELECT count(*) FROM inbox WHERE connector = 'mail'") == 1
    assert value(scene, "SELECT reason || ' ' || address FROM suppression") == "hard_bounce ana@example.com"


def test_an_answer_to_the_reply_address(scene):
    assert hand_over(scene, filled(scene, "reply.eml"), "Help@demo.example", sender="ana@example.com") == {}
    scene.live.control("work")
    assert value(scene, "SELECT count(*) FROM event WHERE kind = 'reply.received' AND order_id IS NOT NULL") == 1


def test_it_goes_to_the_shop_that_is_meant(scene):
    assert hand_over(scene, filled(scene, "reply.eml"), "orders@other.example", sender="ana@example.com") == {}
    scene.live.control("work")
    assert value(scene, "SELECT s.slug FROM inbox AS i JOIN shop AS s ON s.id = i.shop WHERE i.connector = 'mail'") == "other"
    # another shop's Message-ID proves nothing there
    assert value(scene, "SELECT count(*) FROM event WHERE kind = 'reply.received' AND order_id IS NOT NULL") == 0


def test_what_is_nobodys_is_refused(scene):
    token = scene.mails[0].sender.partition("@")[0]
    forged = token[:-2] + ("b" if token[-2] == "a" else "a") + token[-1]
    refused = hand_over(scene, filled(scene, "hard_verp.eml"), "somebody@else.example", f"{forged}@else.example")
    assert sorted(code for code, _ in refused.values()) == [550, 550]
    assert value(scene, "SELECT count(*) FROM inbox WHERE connector = 'mail'") == 0
