"""Who gets which receipt, once, and which ones never leave."""
import hmac
import pathlib
import re
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from world import DAY, START_MS, World  # noqa: E402


@pytest.fixture
def world():
    made = World()
    yield made
    made.close()


def subjects(world):
    return [mail.subject for mail in world.work()]


def test_a_parcel_is_told_of_once_however_often_its_state_flips(world):
    order = world.tell()
    parcel = world.ship(order, "delayed")
    for _ in range(3):
        world.happen("shipment.delayed", order, parcel)
    assert len(subjects(world)) == 1
    world.happen("shipment.delayed", order, parcel)
    assert len(subjects(world)) == 1


def test_every_parcel_has_its_own_mail_with_what_is_in_it(world):
    order = world.tell()
    for lines, number in (([("SKU-0", 1)], "111111111"), ([("SKU-1", 2)], "222222222")):
        world.happen("shipment.shipped", order, world.ship(order, lines=lines, number=number))
    first, second = world.work()
    assert "111111111" in first.body and "222222222" not in first.body
    assert "Serra Hiking Boots" in first.part("plain") and "Merino Socks" not in first.part("plain")
    assert "2 × Merino Socks" in second.part("plain")
    assert "14" not in first.part("plain").split("What is in it")[1].split("Something")[0]


def test_shipped_never_leaves_after_it_has_arrived(world):
    order = world.tell()
    parcel = world.ship(order, "delivered", delivered_at=START_MS)
    world.happen("shipment.shipped", order, parcel)
    assert subjects(world) == []
    assert world.why("shipped") == [("excluded", "overtaken")]


def test_shipped_that_waits_for_the_server_is_overtaken(world):
    order = world.tell()
    parcel = world.ship(order)
    world.scene.sinks["sink"].down()
    world.happen("shipment.shipped", order, parcel)
    world.work()
    world.change("shipment", parcel, state="delivered", delivered_at=START_MS)
    world.scene.sinks["sink"].up()
    world.scene.turn(2 * 3600000)
    assert subjects(world) == []
    assert world.why("shipped") == [("excluded", "overtaken")]


def test_the_last_parcel_thanks_and_is_not_told_of_twice(world):
    order = world.tell(delivered_at=START_MS)
    parcel = world.ship(order, "delivered")
    world.happen("shipment.delivered", order, parcel)
    world.happen("order.delivered", order)
    assert [subject.split("#")[0] for subject in subjects(world)] == ["Your order "]
    assert world.why("delivered") == [("excluded", "overtaken")]


def test_where_the_thanks_are_off_the_parcel_is_told_of(world):
    world.scene.set_shop("demo", {"receipt.order_delivered": "off"})
    order = world.tell(delivered_at=START_MS)
    world.happen("shipment.delivered", order, world.ship(order, "delivered"))
    world.happen("order.delivered", order)
    assert [subject.split("#")[0] for subject in subjects(world)] == ["A parcel of order "]


def test_in_transit_is_off_until_it_is_switched_on(world):
    order = world.tell()
    world.happen("shipment.in_transit", order, world.ship(order))
    assert subjects(world) == []
    world.scene.set_shop("demo", {"receipt.in_transit": "on"})
    world.happen("shipment.in_transit", order, world.ship(order))
    assert len(subjects(world)) == 1


def test_what_is_sold_over_the_counter_has_no_parcel(world):
    order = world.tell(in_person=1)
    world.happen("shipment.shipped", order, world.ship(order))
    assert subjects(world) == []


def test_each_refund_has_its_mail_with_its_amount(world):
    order = world.tell()
    for amount in (1850, 500):
        world.happen("refund.made", order, world.refund(order, amount))
    first, second = world.work()
    assert "€18.50" in first.part("plain") and "€5.00" in second.part("plain")


class TestCancelledAndRefunded:
    """What comes back with the cancellation is told by the cancellation's mail."""

    def told(self, world, amount, apart=0):
        order = world.tell(payment="refunded", cancelled_at=START_MS)
        refund = world.refund(order, amount)
        world.change("refund", refund, at=START_MS + apart)
        world.happen("refund.made", order, refund)
        world.happen("order.cancelled", order)
        return [mail.subject.split(" for ")[0].split(" was ")[-1] for mail in world.work()]

    @pytest.mark.parametrize("apart", [0, 60000, -60000])
    def test_one_mail(self, world, apart):
        assert self.told(world, 19090, apart) == ["cancelled"]
        assert "What you paid goes back" in world.work()[0].part("plain")
        assert world.why("refunded") == [("excluded", "overtaken")]

    def test_two_where_they_are_two_things(self, world):
        assert self.told(world, 19090, 60001) == ["Money back", "cancelled"]

    def test_a_part_has_its_own_mail_with_its_amount(self, world):
        assert self.told(world, 1850) == ["Money back", "cancelled"]

    def test_where_the_other_is_not_ours_this_one_leaves(self, world):
        world.scene.set_shop("demo", {"receipt.order_cancelled": "off"})
        assert self.told(world, 19090) == ["Money back"]

    def test_one_that_waits_for_the_server_is_overtaken(self, world):
        order = world.tell(payment="refunded")
        refund = world.refund(order, 19090)
        world.scene.sinks["sink"].down()
        world.happen("refund.made", order, refund)
        world.work()
        world.change("orders", order, cancelled_at=START_MS)
        world.happen("order.cancelled", order)
        world.scene.sinks["sink"].up()
        world.scene.turn(2 * 3600000)
        assert [mail.subject.split(" was ")[-1] for mail in world.work()] == ["cancelled"]
        assert world.why("refunded") == [("excluded", "overtaken")]


def test_marketing_is_stopped_by_its_topic(world):
    """The gate is asked for the topic that people chose, not for the template's name."""
    world.scene.set_shop("demo", {"legal.address": "1 Rue, Lyon", "marketing.suppressions": "none"})
    order = world.tell()
    for topic, state, moment in (("", "given", 1), ("reviews", "withdrawn", 2)):
        world.insert("consent", at=START_MS, channel="email", address="ana@example.com", topic=topic, state=state,
                     basis="confirmed", proof="a page", chosen_at=START_MS + moment)
    for topic in ("reviews", "tips"):
        world.insert("message", at=START_MS, cause=order, order_id=order, **{"class": "marketing"}, lane=2,
                     channel="email", template="order_delivered", topic=topic, address="ana@example.com", state="new",
                     next_at=0, not_after=START_MS + DAY, attempts=0)
    assert len(world.work()) == 1
    assert world.scene.server.rows("SELECT topic, state, reason FROM message ORDER BY topic") == [
        ("reviews", "excluded", "no_consent"), ("tips", "accepted", None)]


@pytest.mark.parametrize("quiet", ["test", "draft", "fraud", "marketplace"])
def test_quiet_orders_are_quiet_in_every_template(world, quiet):
    order = world.tell(quiet=quiet)
    parcel = world.ship(order)
    for kind, subject in (("order.placed", None), ("shipment.shipped", parcel), ("order.cancelled", None),
                          ("refund.made", world.refund(order))):
        world.happen(kind, order, subject)
    assert subjects(world) == []


def test_gifts_show_no_price_in_parcel_mails(world):
    order = world.tell(gift=1)
    for kind, state in (("shipment.shipped", "in_transit"), ("shipment.out_for_delivery", "out_for_delivery"),
                        ("shipment.delivered", "delivered")):
        world.happen(kind, order, world.ship(order, state))
    mails = world.work()
    assert len(mails) == 3
    for mail in mails:
        assert "€" not in mail.body and "149" not in mail.body
    page = world.scene.live.http("GET", world.scene.page_of(world.scene.server.rows("SELECT name FROM orders")[0][0])).text
    assert "€" not in page and "149" not in page and "This order is a gift" in page


class TestOneSender:
    """Shopify's order confirmation cannot be switched off, so ours is off until the owner wants it."""

    @pytest.mark.parametrize("setting, source, sent", [
        ("", "shopify", 0), ("on", "shopify", 1), ("off", "shopify", 0),
        ("", "woocommerce", 1), ("on", "woocommerce", 1), ("off", "woocommerce", 0), ("", "generic", 1)])
    def test_confirmation(self, world, setting, source, sent):
        world.scene.set_shop("demo", {"receipt.order_confirmation": setting})
        world.happen("order.placed", world.tell(source))
        assert len(world.work()) == sent

    def test_the_others_of_shopify_are_on(self, world):
        order = world.tell("shopify")
        world.happen("shipment.shipped", order, world.ship(order))
        assert len(world.work()) == 1


class TestLegal:
    """In the EU and the United Kingdom the confirmation carries terms and withdrawal instruction, or it is not ours."""

    @pytest.mark.parametrize("country, sent", [("DE", 0), ("GB", 0), ("NO", 0), ("US", 1), ("", 1)])
    def test_none_without_texts(self, world, country, sent):
        world.scene.set_shop("demo", {"shop.country": country})
        world.happen("order.placed", world.tell())
        assert len(world.work()) == sent

    def test_what_is_too_long_for_a_mail_is_attached(self, world):
        text = "§ 1 Geltung. " * 5000
        world.scene.set_shop("demo", {"legal.text": text})
        world.happen("order.placed", world.tell(locale="de"))
        mail, = world.work()
        file, = mail.message.iter_attachments()
        assert file.get_filename() == "terms.txt" and file.get_payload(decode=True).decode("utf-8-sig") == text
        assert "liegen bei" in mail.part("plain") and "liegen bei" in mail.part("html")
        assert len(mail.part("html").encode()) < 20000

    def test_the_version_of_the_buyer_is_carried_and_kept(self, world):
        world.scene.set_shop("demo", {"shop.country": "DE"})
        for country, language, text in (("", "", "General terms"), ("", "fr", "Conditions"), ("DE", "de", "AGB, alt"),
                                        ("DE", "de", "AGB, neu")):
            world.insert("legal_text", at=START_MS, country=country, language=language, text=text)
        for locale, country in (("de", "DE"), ("fr", "FR"), ("es", "ES")):
            world.happen("order.placed", world.tell(locale=locale, country=country))
        for mail, text in zip(world.work(), ("AGB, neu", "Conditions", "General terms"), strict=True):
            assert text in mail.part("plain") and text in mail.part("html")
        assert world.scene.server.rows(
            "SELECT legal_text.text FROM message JOIN legal_text ON legal_text.id = legal_id ORDER BY message.id") == [
                ("AGB, neu",), ("Conditions",), ("General terms",)]


def test_the_language_of_the_order_then_the_customer_then_the_shop(world):
    for locale, customer, expected in (("de-AT", "fr", "Vielen Dank"), ("pt-BR", "fr", "Merci"), (None, "es", "Gracias"),
                                       (None, None, "Thank you"), ("xx", "yy", "Thank you")):
        seen = len(world.scene.mails)
        order = world.tell(locale=locale)
        person = world.scene.server.rows("SELECT customer_id FROM orders WHERE id = ?", (order,))[0][0]
        world.change("customer", person, locale=customer)
        world.happen("order.placed", order)
        assert expected in world.work()[seen].body
    assert [row[0] for row in world.scene.server.rows("SELECT locale FROM message ORDER BY id")] == [
        "de-AT", "fr", "es", "en", "en"]


def test_a_date_that_is_promised_is_in_the_confirmation(world):
    world.happen("order.placed", world.tell(promised_until=START_MS + 2 * DAY))
    assert "By Wednesday, 4 March." in world.work()[0].part("plain")


class TestTheirMails:
    """Where the shop system's mail stays, a snippet brings our page into it."""

    @pytest.mark.parametrize("source, name", [("shopify", "shopify/"), ("woocommerce", "woocommerce/")])
    def test_the_link_of_the_snippet_leads_to_the_order(self, world, source, name):
        order = world.tell(source)
        (foreign,), = world.scene.server.rows("SELECT foreign_id FROM orders WHERE id = ?", (order,))
        said = world.scene.server.cli("snippet", "demo", source)
        key = re.search(r"'([0-9a-f]{64})'", said)[1]
        assert "https://demo.example/f/demo/" in said and "@" not in said
        tag = hmac.new(key.encode(), (name + foreign).encode(), "sha256").hexdigest()
        path = f"/f/demo/{source}/{foreign.replace('#', '%23')}/"
        answer = world.scene.live.http("GET", path + tag)
        assert answer.status == 303 and answer.headers["Location"].startswith("/o/")
        assert world.scene.live.http("GET", answer.headers["Location"]).status == 200
        for wrong in (tag[:-1] + ("0" if tag[-1] != "0" else "1"), "0" * 64, "x"):
            assert world.scene.live.http("GET", path + wrong).status == 404
        other = "woocommerce" if source == "shopify" else "shopify"
        assert world.scene.live.http("GET", path.replace(source, other) + tag).status == 404

    def test_none_without_an_address(self, world):
        world.scene.set_shop("demo", {"public_url": ""})
        with pytest.raises(Exception, match="public_url"):
            world.scene.server.cli("snippet", "demo", "shopify")


@pytest.mark.parametrize("settings, fine", [
    ({"receipt.shipped": "maybe"}, False), ({"receipt.shipped": "on"}, True), ({"receipt.shipped": ""}, True)])
def test_a_switch_is_on_or_off(world, settings, fine):
    if fine:
        world.scene.set_shop("demo", settings)
    else:
        with pytest.raises(Exception, match="on, off"):
            world.scene.set_shop("demo", settings)


def test_ours_cannot_be_switched_on_without_the_legal_texts(world):
    world.scene.set_shop("demo", {"shop.country": "FR"})
    with pytest.raises(Exception, match="withdrawal"):
        world.scene.set_shop("demo", {"receipt.order_confirmation": "on"})
    world.insert("legal_text", at=START_MS, country="", language="", text="Conditions")
    world.scene.set_shop("demo", {"receipt.order_confirmation": "on"})
