"""A mail server that does what mail servers do on bad days: every message ends in a terminal state by itself, and
the reason can be read."""

import random
import subprocess
import threading
import time

import pytest

from driver import flow, shopify
from driver.scene import Scene
from driver.sink import Sink

TERMINAL = ("accepted", "failed", "excluded")
FIXTURE = shopify.fixture("shopify/order_1001.json")
MINUTE, HOUR = 60_000, 3_600_000


@pytest.fixture
def scene():
    made = Scene()
    yield made
    flow.finish(made, flow.Step("the test", "", None, False))
    made.close()


def post(scene, count):
    for number in range(1, count + 1):
        body = shopify.edit(FIXTURE, [("/id", str(5837205000000 + number)), ("/name", f"#{number}"),
                                      ("/email", f"b{number}@example.com")])
        assert scene.post("/in/demo/shopify", body, "orders/create", f"d-{number}", "demo", {}).status == 200


def states(scene):
    return dict(scene.server.rows("SELECT state, count(*) FROM message GROUP BY state"))


SMALL_STEPS = [MINUTE] * 10 + [10 * MINUTE] * 12 + [HOUR] * 24 + [6 * HOUR] * 12
LARGE_STEPS = [HOUR, 23 * HOUR, 24 * HOUR, 25 * HOUR, 24 * HOUR]


def four_days(scene, steps=SMALL_STEPS):
    """Lets time pass until every message is where it stays; at most four days and an hour."""
    for step in steps:
        scene.live.control("work")
        if set(states(scene)) <= set(TERMINAL):
            return
        scene.turn(step)
    scene.live.control("work")


def check_reasons(scene):
    """Nothing is left open, and whatever did not go well says why."""
    assert set(states(scene)) <= set(TERMINAL), states(scene)
    mute = scene.server.rows("SELECT id, state FROM message WHERE state <> 'accepted' AND coalesce(words, '') = ''")
    assert not mute
    mute = scene.server.rows("SELECT id, state FROM delivery WHERE state <> 'accepted' AND coalesce(words, '') = ''")
    assert not mute
    assert not scene.server.rows("SELECT id FROM delivery WHERE state = 'claimed'")


class MoodySink(Sink):
    """Does something else at every turn, by dice with a known seed."""

    MOODS = {
        "connect": ["421 4.3.2 Too busy", "drop", "554 5.7.1 Not you"],
        "ehlo": ["421 4.3.2 Too busy", "drop"],
        "mail": ["450 4.7.0 Try again", "421 4.7.0 Too many messages", "drop"],
        "rcpt": ["450 4.2.1 Mailbox busy", "451 4.7.1 Greylisted", "452 4.2.2 Mailbox full",
                 "554 5.7.1 Denied", "550 5.1.1 No such user", "drop"],
        "data": ["451 4.3.0 Local error", "554 5.5.0 No", "drop"],
        "body": ["drop"],
        "dot": ["451 4.3.0 Local error", "452 4.3.1 No space", "554 5.6.0 Looks like spam", "421 4.3.2 Going down",
                "drop", "slow"],
    }

    def __init__(self, seed, share):
        self.dice, self.share = random.Random(seed), share
        super().__init__()

    def action(self, stage):
        if self.dice.random() < self.share:
            return self.dice.choice(self.MOODS[stage])
        return super().action(stage)


@pytest.mark.parametrize("seed, share", [(1, 0.08), (2, 0.25)])
def test_moody_server(scene, seed, share):
    scene.sinks["sink"] = MoodySink(seed, share)
    scene.add_shop("demo", {})
    post(scene, 40)
    four_days(scene)
    check_reasons(scene)
    found = states(scene)
    assert sum(found.values()) == 40
    # most of it gets through: only what was refused for good, or ran out of time, does not
    refused = scene.server.rows("SELECT count(DISTINCT cause) FROM delivery WHERE state = 'refused'")[0][0]
    late = scene.server.rows("SELECT count(*) FROM message WHERE reason IN ('expired', 'gave_up')")[0][0]
    assert found.get("accepted", 0) >= 40 - refused - late
    unknown = scene.server.rows("SELECT count(*) FROM delivery WHERE state = 'unknown'")[0][0]
    arrived = [mail.id for mail in scene.mails]
    assert len(arrived) - len(set(arrived)) <= unknown


def test_server_that_is_never_there(scene):
    """Four days of refused connections: failed, with the reason, and the order's trace says it."""
    scene.add_shop("demo", {})
    scene.sink("sink").down()
    post(scene, 3)
    four_days(scene, LARGE_STEPS)
    check_reasons(scene)
    assert states(scene) == {"failed": 3}
    assert "refused" in scene.server.cli("trace", str(scene.id_of("order", "1"))).lower()


def test_server_that_falls_silent(scene):
    """Silence at any stage holds up nobody but the mail in hand: the others leave over other connections."""
    scene.add_shop("demo", {"smtp.connections": "4"})
    scene.sink("sink").rule("rcpt", "hang", times=1)
    post(scene, 20)
    begun = time.monotonic()
    # the timeouts of RFC 5321 are minutes of real time, which `work` would wait for: the line is cut under it
    sink = scene.sink("sink")
    threading.Timer(1.0, lambda: (sink.down(), sink.up())).start()
    scene.live.control("work")
    four_days(scene)
    check_reasons(scene)
    assert states(scene) == {"accepted": 20}
    assert time.monotonic() - begun < 30


# ---- certificates ------------------------------------------------------------------------------


def openssl(*words):
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """A folder with ca.pem, and right.{pem,key} and wrong.{pem,key}: for localhost, for another host."""
    folder = tmp_path_factory.mktemp("ca")
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
            "/CN=Test authority", "-keyout", folder / "ca.key", "-out", folder / "ca.pem")
    for name, host in (("right", "DNS:localhost,IP:127.0.0.1"), ("wrong", "DNS:mail.example.net")):
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
                "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.csr")
        (folder / f"{name}.ext").write_text(f"subjectAltName={host}\n")
        openssl("x509", "-req", "-in", folder / f"{name}.csr", "-CA", folder / "ca.pem", "-CAkey", folder / "ca.key",
                "-days", "2", "-extfile", folder / f"{name}.ext", "-out", folder / f"{name}.pem")
    return folder


@pytest.mark.parametrize("name, trusted, sign", [
    ("wrong", True, "mail.example.net"),
    ("right", False, "certificate"),
])
def test_wrong_certificate(scene, authority, name, trusted, sign):
    """No mail goes to a server that cannot prove its name; once it can, it goes."""
    secure = Sink(certificate=(authority / f"{name}.pem", authority / f"{name}.key"))
    scene.sinks["secure"] = secure
    scene.add_shop("demo", {"smtp.url": "$secure"})
    if trusted:
        scene.set_shop("demo", {"smtp.ca_file": str(authority / "ca.pem")})
    post(scene, 2)
    scene.live.control("work")
    assert states(scene) == {"ready": 2}
    assert not scene.mails
    said = " ".join(words for (words,) in scene.server.rows("SELECT words FROM delivery"))
    assert sign in said
    scene.sinks["good"] = Sink(certificate=(authority / "right.pem", authority / "right.key"))
    scene.set_shop("demo", {"smtp.url": "$good", "smtp.ca_file": str(authority / "ca.pem")})
    four_days(scene)
    check_reasons(scene)
    assert states(scene) == {"accepted": 2}
    assert len(scene.mails) == 2
