"""What a shop chose of its mails' sections is what its customers get."""
import json
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from world import World  # noqa: E402


def mails(world, *locales):
    """An order confirmation for each locale."""
    for locale in locales:
        world.happen("order.placed", world.tell(locale=locale))
    return world.work()[-len(locales):]


def chosen(**mails_by_name):
    return {"mail.sections": json.dumps(mails_by_name)}


@pytest.fixture
def make():
    made = []

    def one(**choices):
        made.append(World(**chosen(**choices) if choices else {}))
        return made[-1]
    yield one
    for world in made:
        world.close()


def test_a_section_is_off_in_both_parts_of_the_mail_that_says_so(make):
    usual, = mails(make(), "en")
    own, = mails(make(order_confirmation={"off": ["addresses"]}), "en")
    for part in ("plain", "html"):
        assert "It goes to" in usual.part(part) and "It goes to" not in own.part(part)
        assert "190.90" in own.part(part)


def test_a_text_is_changed_in_german_only(make):
    german, english = mails(make(all={"settings": {"items": {"title": {"de": "Ihre <Sachen>"}}}}), "de", "en")
    assert "Ihre <Sachen>" in german.part("plain") and "Ihre &lt;Sachen&gt;" in german.part("html")
    assert "Ihre Bestellung\r\n" not in german.part("plain")
    for part in ("plain", "html"):
        assert "What you ordered" in english.part(part) and "Sachen" not in english.part(part)


def test_sections_come_in_the_order_that_the_shop_wants(make):
    usual, = mails(make(), "en")
    own, = mails(make(all={"order": ["addresses", "items"]}), "en")
    for part in ("plain", "html"):
        assert usual.part(part).index("What you ordered") < usual.part(part).index("It goes to")
        assert own.part(part).index("It goes to") < own.part(part).rindex("What you ordered")


def test_a_mails_own_choice_wins_over_that_of_all(make):
    own, = mails(make(all={"off": ["addresses"], "settings": {"items": {"title": "All"}}},
                      order_confirmation={"off": [], "settings": {"items": {"title": "Own"}}}), "en")
    assert "It goes to" in own.part("plain")
    assert "\nOwn\r\n" in own.part("plain") and "\nAll\r\n" not in own.part("plain")


def test_a_text_of_the_shops_own_is_markdown_without_markup_of_its_own(make):
    note = "We are **closed** on Sunday. <script>alert(1)</script> [x](javascript:alert(1))"
    own, = mails(make(all={"settings": {"note": {"text": note, "frame": "line"}}}), "en")
    assert "<strong>closed</strong>" in own.part("html") and "**closed**" in own.part("plain")
    assert "<script>alert" not in own.part("html") and "javascript:" not in own.part("html")


def test_a_choice_counts_from_the_next_mail_on(make):
    world = make()
    before, = mails(world, "en")
    world.scene.set_shop("demo", chosen(all={"off": ["addresses"]}))
    after, = mails(world, "en")
    world.scene.set_shop("demo", {"mail.sections": ""})
    again, = mails(world, "en")
    assert ["It goes to" in mail.part("html") for mail in (before, after, again)] == [True, False, True]


@pytest.mark.parametrize("choices, says", [
    ({"all": {"off": ["legal"]}}, "mail.sections: all: off: 'legal' cannot be switched off"),
    ({"order_confirmation": {"off": ["totals"]}}, "'totals' cannot be switched off"),
    ({"all": {"settings": {"items": {"titel": "x"}}}}, "there is no setting 'titel' here; there is title"),
    ({"all": {"settings": {"parcel": {"contents": "no"}}}}, "contents: it is true or false"),
    ("{", "line 1"),
])
def test_what_cannot_be_is_refused_with_its_place(make, choices, says):
    world = make()
    text = choices if isinstance(choices, str) else json.dumps(choices)
    done = world.scene.live.run("shop", "set", "demo", f"mail.sections={text}")
    assert done.returncode == 2 and says in done.stderr
    assert "It goes to" in mails(world, "en")[0].part("html")
