"""Choosing what comes: nobody but a person with a button changes anything, and everything can be undone."""
import html
import pathlib
import re
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from world import DAY, START_MS, World  # noqa: E402

TOPICS = ("news", "reviews", "tips", "rewards")
LINK = re.compile(r"https://demo\.example(/p/[\w-]+)")


@pytest.fixture
def world():
    made = World()
    yield made
    made.close()


@pytest.fixture
def link(world):
    """Of the preference page in a guest's mail."""
    world.happen("order.placed", world.tell())
    return LINK.search(world.work()[0].part("plain"))[1]


def consents(world):
    return world.scene.server.rows("SELECT topic, state, basis FROM consent ORDER BY id")


def ticked(page):
    return [name for name in TOPICS if re.search(rf'name="{name}" value="1" checked', page)]


def send(world, path, **fields):
    body = "&".join(f"{key}={value}" for key, value in fields.items()).encode()
    answer = world.scene.live.http("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded"})
    assert answer.status == 200, answer.text
    return answer.text


def test_a_guest_chooses_each_topic(world, link):
    page = world.scene.live.http("GET", link).text
    assert "ana@example.com" in page and ticked(page) == [] and "cannot be turned off" in page
    page = send(world, link, news=1, tips=1)
    assert ticked(page) == ["news", "tips"]
    assert consents(world) == [("news", "given", "double_opt_in"), ("tips", "given", "double_opt_in")]
    page = send(world, link, tips=1)
    assert ticked(page) == ["tips"]
    assert consents(world)[2:] == [("news", "withdrawn", "asked")]
    assert ticked(world.scene.live.http("GET", link).text) == ["tips"]


def test_the_proof_names_the_message_and_the_page(world, link):
    send(world, link, news=1)
    (proof,), = world.scene.server.rows("SELECT proof FROM consent")
    assert re.fullmatch(r"preference page, by the link of message msg_\w+", proof)


def test_nothing_at_all_is_one_word_and_can_be_undone(world, link):
    send(world, link, news=1, reviews=1)
    world.scene.turn(1000)
    page = send(world, link)
    assert consents(world)[2:] == [("", "withdrawn", "asked")] and ticked(page) == []
    undo = dict(re.findall(r'<input type="hidden" name="(\w+)" value="(1)">', page))
    assert undo == {"undo": "1", "news": "1", "reviews": "1"}
    world.scene.turn(1000)
    page = send(world, link, **undo)
    assert ticked(page) == ["news", "reviews"] and "as it was before" in page


def test_a_scanner_opens_everything_twice_and_nothing_happens(world, link):
    send(world, link, news=1)
    before = world.scene.server.rows("SELECT count(*), max(id) FROM consent")
    mail = world.scene.mails[0]
    paths = set(re.findall(r"https://demo\.example(/[^\s\"'<>]+)", html.unescape(mail.body)))
    assert len(paths) == 2  # the order's page and this one
    for path in [*paths, link.replace("/p/", "/u/"), link.replace("/p/", "/c/")]:
        for method in ("GET", "HEAD", "GET", "HEAD"):
            world.scene.live.http(method, path)
            world.scene.live.http(method, path + "?news=1&undo=1")
    assert world.scene.server.rows("SELECT count(*), max(id) FROM consent") == before


def test_links_open_what_they_are_for_and_nothing_else(world, link):
    token = link[3:]
    for path in (f"/u/{token}", f"/c/{token}", f"/o/{token}", f"/p/{token[:-2]}xx", "/p/nothing", "/p/" + "A" * 32):
        assert world.scene.live.http("GET", path).status == 404
        assert world.scene.live.http("POST", path, b"", {}).status in (404, 405)
    assert consents(world) == []


def test_an_address_belongs_to_whoever_has_it_at_all_shops_apart(world, link):
    send(world, link, news=1)
    assert world.scene.server.rows("SELECT shop, channel, address FROM consent") == [(1, "email", "ana@example.com")]


class TestMarketing:
    """What a marketing message carries: RFC 8058. There is no marketing template yet, so a receipt stands in for one."""

    @pytest.fixture
    def mail(self, world):
        world.scene.set_shop("demo", {"legal.address": "Demo SAS, 1 rue Neuve, 29200 Brest",
                                       "marketing.suppressions": "none"})
        world.insert("consent", at=START_MS, channel="email", address="ana@example.com", topic="", state="given",
                     basis="opt_in", chosen_at=START_MS - DAY)
        order = world.tell()
        world.insert("message", at=START_MS, cause=1, order_id=order,
                     **{"class": "marketing"}, lane=2, channel="email", template="order_delivered",
                     address="ana@example.com", state="new", next_at=0, not_after=START_MS + DAY, attempts=0)
        mail, = world.work()
        return mail

    def test_one_click(self, world, mail):
        assert mail.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        path = re.fullmatch(r"<https://demo\.example(/u/[\w-]+)>", mail.message["List-Unsubscribe"])[1]
        assert consents(world) == [("", "given", "opt_in")]
        for kind, body in (("application/x-www-form-urlencoded", b"List-Unsubscribe=One-Click"),
                           ("multipart/form-data; boundary=x",
                            b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n')):
            answer = world.scene.live.http("POST", path, body, {"Content-Type": kind})
            assert answer.status == 200 and "Set-Cookie" not in answer.headers
        assert consents(world) == [("", "given", "opt_in"), ("", "withdrawn", "asked")]
        page = world.scene.live.http("GET", path).text
        assert "<form" in page

    def test_header_fields(self, mail):
        assert mail.message["Auto-Submitted"] == "auto-generated"
        assert mail.message["Feedback-ID"] == "order_delivered:demo:marketing:postlude"


def test_what_is_owed_has_no_list_unsubscribe(world):
    world.happen("order.placed", world.tell())
    mail, = world.work()
    assert mail.message["List-Unsubscribe"] is None and mail.message["List-Unsubscribe-Post"] is None
    assert mail.message["Feedback-ID"] == "order_confirmation:demo:transactional:postlude"
    assert mail.message["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize("locale, word", [("de", "Auswahl speichern"), ("fr", "Enregistrer"), ("es", "Guardar"),
                                          ("ar", 'dir="rtl"')])
def test_the_page_speaks_the_mails_language(world, locale, word):
    world.happen("order.placed", world.tell(locale=locale))
    link = LINK.search(world.work()[0].part("plain"))[1]
    assert word in world.scene.live.http("GET", link).text


class TestDoubleOptIn:
    """Who agreed at the checkout is asked once, and hears nothing before the button was pressed."""

    def agree(self, world, basis="opt_in"):
        consent = world.insert("consent", at=START_MS, channel="email", address="ana@example.com", topic="",
                               state="given", basis=basis, chosen_at=START_MS - DAY)
        world.insert("event", at=START_MS, kind="consent.given", happened_at=START_MS, subject_id=consent, state="new")
        return consent

    def advertise(self, world):
        world.insert("message", at=START_MS, cause=1, order_id=world.tell(), **{"class": "marketing"}, lane=2,
                     channel="email", template="order_delivered", address="ana@example.com", state="new", next_at=0,
                     not_after=START_MS + DAY, attempts=0)
        seen = len(world.scene.mails)
        return len(world.work()) - seen

    @pytest.fixture
    def asking(self, world):
        world.scene.set_shop("demo", {"receipt.confirm_subscription": "on", "legal.address": "Brest",
                                      "marketing.suppressions": "none", "locale": "fr"})
        return world

    def test_the_whole_way(self, asking):
        self.agree(asking)
        mail, = asking.work()
        assert mail.subject == "Confirmez que vous souhaitez des nouvelles de Demo" and mail.recipients == ["ana@example.com"]
        assert self.advertise(asking) == 0
        link = re.search(r"https://demo\.example(/c/[\w-]+)", mail.part("plain"))[1]
        assert link in mail.part("html")
        for method in ("GET", "HEAD", "GET"):
            assert asking.scene.live.http(method, link).status == 200
        assert consents(asking) == [("", "given", "opt_in")] and self.advertise(asking) == 0
        page = send(asking, link)
        assert "Merci" in page
        assert consents(asking)[1:] == [("", "given", "double_opt_in")]
        assert self.advertise(asking) == 1
        send(asking, link)
        asking.work()
        assert sum("Confirmez" in mail.subject for mail in asking.scene.mails) == 1

    def test_no_more_than_was_asked_for_twice(self, asking):
        self.agree(asking, "double_opt_in")
        assert asking.work() == []

    def test_it_is_off_until_it_is_switched_on(self, world):
        world.scene.set_shop("demo", {"legal.address": "Brest", "marketing.suppressions": "none"})
        self.agree(world)
        assert world.work() == [] and self.advertise(world) == 1
