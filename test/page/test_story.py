"""What happened to an order, in the words of somebody who runs a shop."""
import pathlib
import re
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "mail")]
import staff  # noqa: E402
from world import World  # noqa: E402

EVENTS = re.findall(r'^ROW\(\w+, "([\w.]+)", "([^"]*)", "([^"]*)"\)', (
    HERE.parents[1] / "src/flow/events.def").read_text(), re.MULTILINE)


@pytest.fixture(scope="module")
def world():
    made = World()
    yield made
    made.close()


@pytest.fixture(scope="module")
def owner(world):
    return staff.owner(world.scene.live)


def story(owner, order):
    return owner.get(f"/s/demo/orders/{order}").words.partition("What happened")[2]


def test_parcels_are_counted_where_there_are_several(world, owner):
    order = world.tell()
    world.happen("order.placed", order)
    parcels = [world.ship(order, state, number=str(number) * 9)
               for number, state in enumerate(("out_for_delivery", "in_transit"), 1)]
    world.happen("shipment.out_for_delivery", order, parcels[0])
    world.happen("shipment.shipped", order, parcels[1])
    world.work()
    told = story(owner, order)
    assert re.search(r"The order came in\..*Parcel 1 of 2 is out for delivery\..*Parcel 2 of 2 has left the shop\.", told), told


def test_an_only_parcel_has_no_number(world, owner):
    order = world.tell()
    world.happen("shipment.delivered", order, world.ship(order, "delivered"))
    assert "The parcel has arrived." in story(owner, order)


def test_every_event_has_words_for_people_and_for_programs(world, owner):
    listed = world.scene.server.cli("list", "events")
    order = world.tell()
    parcel = world.ship(order)
    for slug, help_, words in EVENTS:
        assert slug in listed and help_ in listed
        assert words.endswith(".") and words[0] in "*ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        if slug.startswith(("order.", "shipment.")):
            world.happen(slug, order, parcel if slug.startswith("shipment.") else None)
    world.work()
    told = story(owner, order)
    for slug, _, words in EVENTS:
        if slug.startswith(("order.", "shipment.")):
            assert words.replace("*", "The parcel") in told, slug
    assert len(EVENTS) > 25
