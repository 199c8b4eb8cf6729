"""A backup is made while the server works; what is restored comes up on hold, and nobody gets a mail twice by it."""

import sqlite3
import subprocess

import pytest

from driver import flow, shopify
from driver.scene import Scene
from driver.server import Server, binary

BODY = shopify.fixture("shopify/order_1001.json")


@pytest.fixture
def scene():
    made = Scene()
    made.add_shop("demo", {})
    made.sink("sink")
    yield made
    flow.finish(made, flow.Step("the test", "", None, False))
    made.close()


def post(scene, number):
    body = shopify.edit(BODY, [("/id", str(5837205000000 + number)), ("/name", f"#{number}"),
                               ("/email", f"b{number}@example.com")])
    assert scene.post("/in/demo/shopify", body, "orders/create", f"d-{number}", "demo", {}).status == 200


def verb(*words):
    ran = subprocess.run([binary(), *map(str, words)], capture_output=True, text=True, timeout=60, check=False)
    return ran.returncode, ran.stdout + ran.stderr


def restored(scene, tmp_path, file):
    folder = tmp_path / "restored"
    code, said = verb("restore", file, "--key-file", scene.server.data / "secret.key", "--data", folder)
    assert code == 0, said
    (folder / "scratch").touch()
    return folder


def backed_up(scene, tmp_path):
    """One mail sent, one still waiting for its server when the copy is made."""
    post(scene, 1)
    scene.live.control("work")
    scene.sink("sink").rule("rcpt", "451 4.7.1 Greylisted, please come back")
    post(scene, 2)
    scene.live.control("work")
    assert len(scene.mails) == 1
    file = tmp_path / "copy.db"
    said = scene.server.cli("backup", str(file))
    assert "The key itself is not in it" in said
    scene.sink("sink").behave()
    return file


def test_the_copy_is_whole_and_holds_no_key(scene, tmp_path):
    file = backed_up(scene, tmp_path)
    assert file.stat().st_mode & 0o777 == 0o600
    assert not list(tmp_path.glob("*.part")) and not list(tmp_path.glob("*-wal"))
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as store:
        assert store.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert store.execute("SELECT count(*) FROM orders").fetchone() == (2,)
    assert (scene.server.data / "secret.key").read_text().strip().encode() not in file.read_bytes()
    code, said = verb("backup", file, "--data", scene.server.data)
    assert code != 0 and "never overwrites" in said


def test_what_is_restored_sends_nothing_until_released_and_asks_for_the_overdue(scene, tmp_path):
    file = backed_up(scene, tmp_path)
    now = scene.live.control("now").split()[-1]
    folder = restored(scene, tmp_path, file)
    with Server(data=folder) as copy:
        copy.start()
        copy.control(f"at {now}")
        copy.control("after 2h")
        copy.control("work")
        assert len(scene.mails) == 1
        assert "on hold" in copy.http("GET", "/health").text
        code, said = verb("release", "--data", folder)
        assert code == 2 and "1 messages were due" in said and "release send" in said
        code, said = verb("release", "send", "--data", folder)
        assert code == 0 and "flows again" in said
        copy.control("after 2h")
        copy.control("work")
        assert [mail.recipients for mail in scene.mails][1:] == [["b2@example.com"]]
        copy.stop()


def test_overdue_mail_can_be_dropped(scene, tmp_path):
    file = backed_up(scene, tmp_path)
    folder = restored(scene, tmp_path, file)
    with Server(data=folder) as copy:  # what a poll tells again: its mail left after the copy was made
        copy.start()
        copy.control("at 2026-03-02T10:30:00Z")
        body = shopify.edit(BODY, [("/id", "5837205000003"), ("/name", "#3"), ("/email", "b3@example.com")])
        headers = shopify.headers("orders/create", "d-3", shopify.sign("hush-demo", body), "2026-03-02T10:00:00Z")
        assert copy.http("POST", "/in/demo/shopify", body, headers).status == 200
        copy.control("work")
        copy.stop()
    code, said = verb("release", "drop", "--data", folder)
    assert code == 0 and "2 overdue messages were dropped" in said
    with sqlite3.connect(f"file:{folder / 'postlude.db'}?mode=ro", uri=True) as store:
        rows = store.execute("SELECT state, reason FROM message ORDER BY id").fetchall()
    assert rows == [("accepted", None), ("excluded", "expired"), ("excluded", "expired")]
    code, said = verb("release", "--data", folder)
    assert code != 0 and "nothing is on hold" in said


def test_another_key_is_refused(scene, tmp_path):
    file = backed_up(scene, tmp_path)
    key = tmp_path / "other.key"
    key.write_text("ab" * 32 + "\n")
    key.chmod(0o600)
    code, said = verb("restore", file, "--key-file", key, "--erased", "none", "--data", tmp_path / "wrong")
    assert code != 0 and "not the key of this backup" in said
    assert not (tmp_path / "wrong" / "postlude.db").exists()
    code, said = verb("restore", file, "--data", tmp_path / "wrong")
    assert code == 2 and "--key-file" in said
    scene.server.stop()
    (scene.server.data / "secret.key").write_text("ab" * 32 + "\n")
    code, said = verb("serve", "--data", scene.server.data, "--listen", "127.0.0.1:0")
    assert code != 0 and "the key is another one" in said


def test_a_damaged_copy_and_a_folder_in_use_are_refused(scene, tmp_path):
    file = backed_up(scene, tmp_path)
    folder = restored(scene, tmp_path, file)
    code, said = verb("restore", file, "--key-file", scene.server.data / "secret.key", "--data", folder)
    assert code != 0 and "has a store already" in said
    bytes_ = bytearray(file.read_bytes())
    for at in range(4096 * 3, len(bytes_), 4096):
        bytes_[at:at + 64] = b"\xff" * 64
    file.write_bytes(bytes_)
    code, said = verb("restore", file, "--key-file", scene.server.data / "secret.key", "--data", tmp_path / "again")
    assert code != 0 and "postlude:" in said
    assert not (tmp_path / "again" / "postlude.db").exists()


@pytest.mark.parametrize("damage, said", [
    ("UPDATE inbox_body SET body = x'28b52ffd00'", "deliveries whose body is damaged"),
    ("UPDATE message_body SET body = zeroblob(40)", "messages whose body is damaged"),
    ("DELETE FROM inbox WHERE id = (SELECT min(id) FROM inbox)", "bodies without their row"),
    ("INSERT INTO parcel VALUES (1, 1, 7, 0, 'DHL', '1', NULL)", "parcels without their shipment"),
    ("UPDATE customer SET merged_into = 7", "customers who stand behind nobody"),
    ("DELETE FROM order_line", None), ("DELETE FROM orders", "order lines without their order"),
])
def test_check_finds_what_does_not_fit(scene, damage, said):
    post(scene, 1)
    scene.live.control("work")
    assert "whole" in scene.server.cli("check")
    scene.server.stop()
    with sqlite3.connect(scene.server.data / "postlude.db") as store:
        store.execute(damage)
    ran = scene.server.run("check")
    if said is None:
        assert ran.returncode == 0  # an order may have no lines
    else:
        assert ran.returncode == 1 and said in ran.stdout, ran.stdout + ran.stderr
