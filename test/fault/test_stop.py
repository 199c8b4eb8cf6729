"""Stopping while something is owed: the program ends in order, and what it could not finish it finishes next time."""

import sqlite3
import threading
import time

import pytest

from driver import flow, kill, shopify
from driver.scene import Scene, iso
from driver.server import Died, Failed, Server
from driver.sink import Sink

BODY = shopify.fixture("shopify/order_1001.json")


@pytest.fixture
def scene():
    made = Scene()
    yield made
    flow.finish(made, flow.Step("the test", "", None, False))
    made.close()


def post(scene, number):
    body = shopify.edit(BODY, [("/id", str(5837205000000 + number)), ("/name", f"#{number}")])
    return scene.post("/in/demo/shopify", body, "orders/create", f"d-{number}", "demo", {}).status


def test_stop_while_another_program_holds_the_store(scene):
    """The answers that the writer owes come when nobody listens any more: no harm, and nothing was acknowledged."""
    scene.add_shop("demo", {})
    assert post(scene, 1) == 200
    other = sqlite3.connect(scene.server.data / "postlude.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN EXCLUSIVE")
    statuses = []

    def late(number):
        try:
            statuses.append(post(scene, number))
        except (OSError, Died, Failed):
            statuses.append(0)
        except Exception:  # http.client: the server ended without an answer
            statuses.append(0)

    posting = []
    for number in range(2, 8):  # some hear it in time, some when the listener is gone
        posting.append(threading.Thread(target=late, args=(number,)))
        posting[-1].start()
        time.sleep(0.7)
    scene.server.stop()
    for thread in posting:
        thread.join(20)
    other.execute("ROLLBACK")
    other.close()
    assert 200 not in statuses
    assert scene.server.complaints() == []
    scene.live.control("work")
    assert scene.server.rows("SELECT count(*) FROM inbox")[0][0] == 1
    assert len(scene.mails) == 1


def test_stop_while_mails_are_in_flight(scene):
    """The server hangs behind the data: the outcome is unknown, is kept as such, and the mail goes again."""
    scene.add_shop("demo", {})
    scene.sink("sink").rule("dot", "hang")
    for number in range(1, 30):
        assert post(scene, number) == 200
    working = threading.Thread(target=lambda: _quietly(scene))
    working.start()
    time.sleep(0.5)
    scene.server.stop()
    working.join(60)
    assert scene.server.complaints() == []
    scene.sink("sink").behave()
    scene.live.control("work")
    scene.turn(3_600_000)
    scene.live.control("work")
    assert scene.server.rows("SELECT count(*) FROM message WHERE state = 'accepted'")[0][0] == 29
    assert scene.server.rows("SELECT count(*) FROM delivery WHERE state = 'claimed'")[0][0] == 0


def _quietly(scene):
    try:
        scene.server.control("work")
    except (OSError, Died, Failed):
        pass


def test_stop_and_go_while_the_threads_run():
    """Without test control: SIGTERM falls into claims, answers and commits as it likes."""
    sink = Sink(reply_seconds=0.01)
    with Server(control=False) as server:
        kill.add_shop(server, sink)
        for turn in range(6):
            server.start()
            for number in range(turn * 50, turn * 50 + 50):
                body = shopify.edit(BODY, [("/id", str(9000000 + number)), ("/name", f"#{number}"),
                                           ("/email", f"b{number}@example.com")])
                headers = shopify.headers("orders/create", f"d-{number}", shopify.sign(kill.SECRET, body),
                                          iso(time.time() * 1000))
                assert server.http("POST", "/in/storm/shopify", body, headers).status == 200
            server.stop()
            assert server.complaints() == []
            assert server.rows("SELECT count(*) FROM delivery WHERE state IN ('claimed', 'unknown')")[0][0] == 0
        server.start()
        until = time.monotonic() + 60
        while time.monotonic() < until and server.rows(
                "SELECT count(*) FROM message WHERE state = 'accepted'")[0][0] < 300:
            time.sleep(0.1)
        server.stop()
        assert server.complaints() == []
        assert server.rows("SELECT count(*) FROM message WHERE state = 'accepted'")[0][0] == 300
        assert len(sink.mails) == len({mail.id for mail in sink.mails}) == 300
    sink.close()
