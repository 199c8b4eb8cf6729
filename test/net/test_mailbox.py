"""Mailboxes that are fetched: the real server against Dovecot and a Maildir on loopback. Nothing is lost and nothing comes
twice, wherever the server is killed."""

import os
import socket

import dovecot
import pytest

from driver.server import Died, Server
from driver.smtp_peer import make_certificates

needs_dovecot = pytest.mark.skipif(bool(dovecot.missing()), reason=str(dovecot.missing()))


def letter(number, to="hello@demo.example"):
    return (f"Return-Path: <ana{number}@example.com>\r\nFrom: Ana <ana{number}@example.com>\r\nTo: {to}\r\n"
            f"Subject: Question {number}\r\nMessage-ID: <q{number}@example.com>\r\n"
            f"Date: Mon, 2 Mar 2026 10:00:00 +0100\r\n\r\nWhere is order {number}?\r\n").encode()


@pytest.fixture
def server():
    with Server() as made:
        begin(made)
        yield made
        made.stop()


def begin(made):
    made.start()
    made.control("at 2026-03-02T12:00:00Z")
    made.cli("shop", "add", "demo", "--name", "Demo", "--currency", "EUR", "--zone", "Europe/Brussels", "--locale", "en")
    made.cli("shop", "set", "demo", "live_since=2026-01-01", "smtp.url=catcher", "mail.from=Demo <hello@demo.example>")


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def box(certificates):
    with dovecot.Mailbox(certificates) as made:
        yield made


def url(box, secret=None):
    return f"mailbox.imap=imap://{box.user}:{secret or box.secret}@127.0.0.1:{box.imap}/INBOX?tls=never"


def taken(server):
    return server.rows("SELECT count(*) FROM inbox WHERE connector = 'mail'")[0][0]


def subjects(server):
    return sorted(words for (words,) in server.rows("SELECT words FROM receipt"))


def look(server):
    server.control("after 1m")
    server.control("work")


def outlive(server):
    """Looks; where the server dies over it, it is started again and looks again. True if it died."""
    try:
        look(server)
        return False
    except Died:
        server.start()
        server.control("at 2026-03-02T12:10:00Z")
        server.control("work")
        return True


@needs_dovecot
def test_each_mail_once(server, box):
    for number in range(3):
        box.put(letter(number))
    server.cli("shop", "set", "demo", url(box))
    look(server)
    assert taken(server) == 3 and len(subjects(server)) == 3
    assert {flags for flags, _ in box.mails()} == {"S"}
    box.put(letter(3))
    server.control("work")
    assert taken(server) == 3, "the minute is not over"
    look(server)
    look(server)
    assert taken(server) == 4
    assert server.rows("SELECT taken, failures, reason FROM mailbox") == [(4, 0, None)]


@needs_dovecot
def test_over_tls_into_another_folder(server, box, certificates):
    box.put(letter(1))
    server.cli("shop", "set", "demo", f"mailbox.imap=imaps://{box.user}:{box.secret}@localhost:{box.imaps}/",
               f"mailbox.ca_file={certificates / 'ca.pem'}", "mailbox.done=Gelesen äöü")
    look(server)
    assert taken(server) == 1, server.rows("SELECT reason FROM mailbox")
    assert box.mails() == []


@needs_dovecot
def test_renumbered_mailbox_brings_nothing_twice(server, box):
    for number in range(3):
        box.put(letter(number))
    server.cli("shop", "set", "demo", url(box))
    look(server)
    box.renumber()
    box.put(letter(9))
    look(server)
    assert taken(server) == 4, server.rows("SELECT * FROM mailbox")
    assert server.rows("SELECT taken FROM mailbox") == [(4,)]


@needs_dovecot
def test_wrong_password_is_told_and_tried_again_when_it_is_set(server, box):
    box.put(letter(1))
    server.cli("shop", "set", "demo", url(box, "falsch"))
    look(server)
    (failures, reason), = server.rows("SELECT failures, reason FROM mailbox")
    assert failures == 1 and "127.0.0.1" in reason and "falsch" not in reason
    health = server.http("GET", "/health").text
    assert '"failing":1' in health and "falsch" not in health
    assert reason in server.cli("list", "mailboxes", "--shop", "demo")
    server.cli("shop", "set", "demo", url(box))
    server.control("work")
    assert taken(server) == 1
    server.cli("shop", "set", "demo", "mailbox.imap=")
    server.control("work")
    assert server.rows("SELECT count(*) FROM mailbox") == [(0,)]


@pytest.mark.parametrize("wrong", ["host/INBOX", "pop3://a:geheim@host/", "imaps://host/", "imaps://a@host/", "imaps://a:geheim@/",
                                   "imaps://a:geheim@host:x/", "imaps://a:geheim@host/INBOX?x=geheim", "imaps://a:geheim%zz@host"])
def test_what_cannot_be_understood_is_refused_at_once(server, wrong):
    ran = server.run("shop", "set", "demo", f"mailbox.imap={wrong}")
    assert ran.returncode and "mailbox.imap" in ran.stderr and "geheim" not in ran.stderr


def test_only_loopback_under_test_control(server):
    server.cli("shop", "set", "demo", "mailbox.imap=imaps://a:b@192.0.2.1/INBOX")
    look(server)
    (failures, reason), = server.rows("SELECT failures, reason FROM mailbox")
    assert failures == 1 and "192.0.2.1" in reason


def test_a_server_that_says_nothing_holds_up_nobody_who_stops():
    with socket.create_server(("127.0.0.1", 0)) as silent, Server(control=False) as server:
        (server.data / "scratch").unlink(missing_ok=True)
        server.start()
        server.cli("shop", "add", "demo", "--name", "Demo", "--currency", "EUR", "--zone", "Europe/Brussels", "--locale", "en")
        server.cli("shop", "set", "demo", f"mailbox.imap=imaps://a:b@127.0.0.1:{silent.getsockname()[1]}/")
        server.stop()


@needs_dovecot
def test_killed_after_every_commit(certificates):
    stop = 0
    while stop := stop + 1:
        assert stop < 60
        with dovecot.Mailbox(certificates) as box, Server() as server:
            for number in range(4):
                box.put(letter(number))
            begin(server)
            server.cli("shop", "set", "demo", url(box))
            server.control(f"stop-at-commit {stop}")
            died = outlive(server)
            box.put(letter(7))
            died = outlive(server) or died
            assert taken(server) == 5 and len(subjects(server)) == 5
            assert server.rows("SELECT taken FROM mailbox") == [(5,)]
            server.stop()
        if not died:
            return


# ---- a Maildir of the installation ----------------------------------------------------------------


class Maildir:
    def __init__(self, path):
        self.path, self.number = path, 0
        for name in ("new", "cur", "tmp"):
            (path / name).mkdir(parents=True)

    def put(self, mail, to):
        self.number += 1
        name = f"{1_700_000_000 + self.number}.M{self.number}.test"
        (self.path / "tmp" / name).write_bytes(b"Delivered-To: " + to.encode() + b"\n" + mail.replace(b"\r\n", b"\n"))
        os.rename(self.path / "tmp" / name, self.path / "new" / name)

    def flags(self):
        return sorted(path.name.partition(":2,")[2] for path in (self.path / "cur").iterdir())


def test_maildir_is_read_for_the_shop_it_was_delivered_to(tmp_path):
    folder = Maildir(tmp_path / "mails")
    (tmp_path / "postlude.conf").write_text(f"[mailbox]\nmaildir = {folder.path}\n")
    with Server(options=["--config", str(tmp_path / "postlude.conf")]) as server:
        begin(server)
        server.cli("shop", "add", "other", "--name", "Other", "--currency", "EUR", "--zone", "Europe/Brussels", "--locale", "en")
        server.cli("shop", "set", "other", "mail.from=Other <hello@other.example>")
        folder.put(letter(1), "hello@demo.example")
        folder.put(letter(2), "hello@other.example")
        folder.put(letter(3, "x@nowhere.example"), "stranger@nowhere.example")
        look(server)
        assert server.rows("SELECT s.slug FROM inbox AS i JOIN shop AS s ON s.id = i.shop ORDER BY s.slug") == [("demo",), ("other",)]
        assert folder.flags() == ["F", "S", "S"]
        (failures, reason), = server.rows("SELECT failures, reason FROM mailbox")
        assert failures == 0 and "no address of a shop" in reason
        server.stop()


def test_maildir_killed_after_every_commit(tmp_path):
    stop = 0
    while stop := stop + 1:
        assert stop < 60
        folder = Maildir(tmp_path / str(stop))
        config = tmp_path / f"{stop}.conf"
        config.write_text(f"[mailbox]\nmaildir = {folder.path}\n")
        with Server(options=["--config", str(config)]) as server:
            begin(server)
            for number in range(4):
                folder.put(letter(number), "hello@demo.example")
            server.control(f"stop-at-commit {stop}")
            died = outlive(server)
            look(server) if died else None
            assert taken(server) == 4 and len(subjects(server)) == 4
            assert folder.flags() == ["S"] * 4
            server.stop()
        if not died:
            return
