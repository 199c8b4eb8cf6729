"""The disk is full, or another program holds the store: nothing is acknowledged that is not kept, and everything
goes on by itself when the cause is gone."""

import os
import shutil
import sqlite3
import subprocess
import threading

import pytest

from driver import flow, shopify
from driver.scene import Scene
from driver.server import Server

BODY = shopify.fixture("shopify/order_1001.json")


@pytest.fixture
def scene():
    made = Scene()
    yield made
    flow.finish(made, flow.Step("the test", "", None, False))
    made.close()


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 6 MB."""
    if os.geteuid() != 0:
        pytest.skip("disk full: mounting a small file system needs root")
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m,mode=700", "postlude-test", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def post(scene, number):
    """One order; its HTTP status. What is answered with 200 has to be there at the end."""
    body = shopify.edit(BODY, [("/id", str(5837205000000 + number)), ("/name", f"#{number}"),
                               ("/email", f"b{number}@example.com")])
    return scene.post("/in/demo/shopify", body, "orders/create", f"d-{number}", "demo", {}).status


def kept(scene):
    return scene.server.rows("SELECT count(*) FROM inbox")[0][0]


def test_disk_full(scene, small_disk):
    scene.server.close()
    scene.server = Server(data=small_disk, options=["--allow-volatile"])
    scene.add_shop("demo", {})
    statuses = [post(scene, 1)]
    assert statuses == [200]
    scene.live.control("work")
    ballast = small_disk / "ballast"
    fill(ballast)
    # a few may still fit into what SQLite holds already
    statuses += [post(scene, number) for number in range(2, 200)]
    assert set(statuses) == {200, 507}, set(statuses)
    assert kept(scene) == statuses.count(200)
    assert "error=disk_full" in scene.server.log()
    scene.server.control("work")  # a full disk is no reason to die
    ballast.unlink()
    assert post(scene, 200) == 200
    scene.live.control("work")
    scene.turn(3_600_000)
    scene.live.control("work")
    answered = statuses.count(200) + 1
    assert kept(scene) == answered
    assert scene.server.rows("SELECT count(*) FROM message WHERE state = 'accepted'")[0][0] == answered
    assert len({mail.id for mail in scene.mails}) == answered
    assert scene.live.http("GET", "/health").status == 200
    scene.server.stop()


def fill(path):
    """Writes until nothing more fits."""
    with open(path, "wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            pass
    assert shutil.disk_usage(path.parent).free < 4096


def test_store_locked_by_another_program(scene):
    scene.add_shop("demo", {})
    assert post(scene, 1) == 200
    scene.live.control("work")
    other = sqlite3.connect(scene.server.data / "postlude.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    # it waits a little for the lock, then says 503 and keeps nothing; pages can still be read
    status = {}
    posting = threading.Thread(target=lambda: status.update(second=post(scene, 2)))
    posting.start()
    assert scene.server.http("GET", scene.page_of("1")).status == 200
    posting.join(30)
    assert status == {"second": 503}
    assert "error=store_locked" in scene.server.log()
    other.execute("ROLLBACK")
    other.close()
    assert post(scene, 2) == 200
    scene.live.control("work")
    assert kept(scene) == 2
    assert len(scene.mails) == 2


def test_a_lock_that_ends_in_time_is_not_noticed(scene):
    scene.add_shop("demo", {})
    assert post(scene, 1) == 200
    other = sqlite3.connect(scene.server.data / "postlude.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN EXCLUSIVE")
    threading.Timer(0.3, lambda: (other.execute("ROLLBACK"), other.close())).start()
    assert post(scene, 2) == 200
