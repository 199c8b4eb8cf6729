"""Our SMTP client against a server that misbehaves in every way: each mail ends in exactly one outcome, the outcome is
true (SENT: the server has it; NOT_SENT, REFUSED, DEFERRED, THROTTLED: it has not), and the reason can be read."""

import base64
import collections
import os
import pathlib
import queue
import random
import shutil
import socket
import subprocess
import threading
import time

import pytest

from driver.smtp_peer import EXTENSIONS, Peer, make_certificates

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("POSTLUDE", ROOT / "build" / "postlude")).resolve().parent
PROBE = BUILD / "test" / "smtp" / "smtp_probe"
PATIENCE = 20  # s, for what should take milliseconds
HURRY = 600    # divisor of the timeouts: 5 minutes become 0.5 s, the end of data 1 s, the first backoff 2 ms
NO_PIPELINING = [word for word in EXTENSIONS if word != "PIPELINING"]

Done = collections.namedtuple("Done", "tag outcome stage code enhanced ms words")

pytestmark = pytest.mark.skipif(not PROBE.exists(), reason=f"{PROBE} is not built")


class Probe:
    """smtp_probe, and what it said."""

    def __init__(self, environment=None):
        self.process = subprocess.Popen([str(PROBE)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        env=environment)
        self.done, self.answers = queue.Queue(), queue.Queue()
        self.tags = 0
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            kind, *fields = line.rstrip("\n").split("\t")
            if kind == "done":
                _, tag, outcome, stage, code, enhanced, ms, words = fields
                self.done.put(Done(int(tag), outcome, stage, int(code), enhanced, int(ms), words))
            else:
                self.answers.put((kind, *fields))

    def say(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def ask(self, line):
        self.say(line)
        return self.answers.get(timeout=PATIENCE)

    def pool(self, port, host="127.0.0.1", **settings):
        words = " ".join(f"{key}={value}" for key, value in settings.items())
        kind, answer = self.ask(f"pool host={host} port={port} {words}")
        if kind == "error":
            raise ValueError(answer)
        return int(answer)

    def mail(self, pool=0, **settings):
        self.tags += 1
        words = " ".join(f"{key}={value}" for key, value in settings.items())
        self.say(f"mail {pool} {self.tags} {words}")
        return self.tags

    def settled(self, count, patience=PATIENCE):
        """So many results, by tag; each tag once."""
        found = {}
        for _ in range(count):
            result = self.done.get(timeout=patience)
            assert result.tag not in found, result
            found[result.tag] = result
        return found

    def send(self, pool=0, **settings):
        """One mail; its result."""
        tag = self.mail(pool, **settings)
        result = self.done.get(timeout=PATIENCE)
        assert result.tag == tag
        return result

    def counts(self, pool=0):
        _, _, connects, failures, retried, opened = self.ask(f"counts {pool}")
        return {"connects": int(connects), "failures": int(failures), "retried": int(retried), "open": int(opened)}

    def close(self):
        self.process.stdin.close()
        code = self.process.wait(PATIENCE)
        assert self.done.empty(), self.done.get()
        assert code == 0


@pytest.fixture
def probe():
    made = Probe()
    yield made
    made.close()


@pytest.fixture
def peer():
    with Peer() as made:
        yield made


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_certificates(tmp_path_factory.mktemp("certificates"))


def pair(folder, name):
    return folder / f"{name}.pem", folder / f"{name}.key"


def ids(peer):
    return [mail["message_id"] for mail in peer.mails]


def check_truth(found, peer):
    """What the client says and what the server has are the same; UNKNOWN may be either, nothing is there twice."""
    there = ids(peer)
    assert len(there) == len(set(there))
    for result in found.values():
        has = f"<{result.tag}@probe.example>" in there
        assert result.words, result
        if result.outcome == "sent":
            assert has, result
        elif result.outcome != "unknown":
            assert not has, result


# ---- all is well -------------------------------------------------------------------------------


@pytest.mark.parametrize("extensions", [EXTENSIONS, NO_PIPELINING, [], ["-"]])
@pytest.mark.parametrize("depth", [1, 2, 5])
def test_mails_arrive_once_and_whole(probe, extensions, depth):
    with Peer(extensions=extensions) as peer:
        probe.pool(peer.port, tls="never", connections=3, depth=depth)
        tags = [probe.mail(size=random.Random(n).randrange(100, 90000), to=f"b{n}@example.com") for n in range(60)]
        found = probe.settled(60)
        assert {result.outcome for result in found.values()} == {"sent"}
        assert sorted(ids(peer)) == sorted(f"<{tag}@probe.example>" for tag in tags)
        assert found[tags[0]].code == 250 and "queued as" in found[tags[0]].words
        for mail in peer.mails:
            number = mail["message_id"][1:].split("@")[0]
            assert mail["to"] == [f"b{int(number) - 1}@example.com"]
        assert peer.connections <= 3


def test_next_envelope_travels_with_the_body(probe, peer):
    """One round trip a mail: MAIL of the next is heard right after the dot, before its reply could have been read."""
    peer.rule("after", "wait", seconds=0.05)
    probe.pool(peer.port, tls="never", connections=1, depth=2)
    begun = time.monotonic()
    for _ in range(20):
        probe.mail()
    probe.settled(20)
    assert time.monotonic() - begun < 20 * 0.05 + 1.0
    verbs = [command.split()[0] for _, command in peer.commands if command]
    assert verbs[:5] == ["EHLO", "MAIL", "RCPT", "DATA", "MAIL"]


@pytest.mark.parametrize("text", [
    b".", b"..", b".\r\n", b"..\r\n.\r\n", b"a\r\n.\r\nb\r\n", b".a\r\n..b\r\n...c", b"\r\n.\r\n", b"", b"a",
    b"\r\n".join(b"." * (n % 5) + b"x" * (n % 7) for n in range(4000)), b"x\r\n" + b".\r\n" * 3000,
    *(b".\r\n" + (b"y" * 62 + b"\r\n") * 1023 + b"y" * n + b"\r\n.z\r\n" for n in range(57, 62)),  # around 65536
])
def test_dots_come_through(probe, peer, text):
    """What arrives is what was given, with the CRLF that ends a mail."""
    probe.pool(peer.port, tls="never")
    assert probe.send(data=base64.b64encode(text).decode()).outcome == "sent"
    whole = text if text.endswith(b"\r\n") or not text else text + b"\r\n"
    assert peer.mails[0]["text"] == whole


def test_large_mail_through_a_full_pipe(probe, peer):
    probe.pool(peer.port, tls="never")
    line = b"." + b"0123456789" * 7 + b"\r\n"
    text = line * (2_000_000 // len(line))
    assert probe.send(data=base64.b64encode(text).decode()).outcome == "sent"
    assert peer.mails[0]["text"] == text


def test_what_was_offered_is_used(probe, peer):
    probe.pool(peer.port, tls="never", helo="shop.example")
    probe.send(envid="msg=1+2", eight=1)
    mail = peer.mails[0]
    assert mail["helo"] == "shop.example"
    assert mail["parameters"].split() == [f"SIZE={mail['size']}", "BODY=8BITMIME", "RET=HDRS", "ENVID=msg+3D1+2B2"]
    assert mail["rcpt_parameters"] == "NOTIFY=FAILURE,DELAY"
    probe.send(to="jos\u00e9@example.com", utf8=1)
    assert "SMTPUTF8" in peer.mails[1]["parameters"]
    probe.send(**{"from": ""})
    assert peer.mails[2]["from"] == ""


def test_our_name_without_a_name_is_our_address(probe, peer):
    probe.pool(peer.port, tls="never")
    probe.send()
    assert peer.mails[0]["helo"] == "[127.0.0.1]"


def test_worn_connection_is_replaced(probe, peer):
    probe.pool(peer.port, tls="never", connections=1, mails=3)
    for _ in range(10):
        probe.mail()
    assert {result.outcome for result in probe.settled(10).values()} == {"sent"}
    assert peer.connections == 4
    assert sum(command == "QUIT" for _, command in peer.commands) >= 3


def test_idle_connection_says_quit(probe, peer):
    probe.pool(peer.port, tls="never", idle=30)
    probe.send()
    wait_for(lambda: ("QUIT" in [command for _, command in peer.commands]))
    assert probe.send().outcome == "sent"
    assert peer.connections == 2


def wait_for(truth):
    end = time.monotonic() + PATIENCE
    while not truth():
        assert time.monotonic() < end
        time.sleep(0.005)


# ---- what we refuse ourselves --------------------------------------------------------------------


@pytest.mark.parametrize("settings, sign", [
    ({"to": "a@b>\x0bc"}, "address"),
    ({"to": "<a@b>"}, "address"),
    ({"to": ""}, "recipient"),
    ({"to": "a" * 250 + "@b.example"}, "254"),
    ({"data": base64.b64encode(b"a\n.\r\nMAIL FROM:<x>\r\n").decode()}, "line feed"),
    ({"data": base64.b64encode(b"a\r.\r\n").decode()}, "carriage return"),
    ({"data": base64.b64encode(b"a\r\nb\r").decode()}, "carriage return"),
    ({"data": base64.b64encode(b"a\0b\r\n").decode()}, "NUL"),
    ({"data": base64.b64encode(b"x" * 999 + b"\r\n").decode()}, "998"),
])
def test_malformed_mail_is_refused_before_it_is_sent(probe, peer, settings, sign):
    probe.pool(peer.port, tls="never")
    result = probe.send(**settings)
    assert (result.outcome, result.stage, result.code) == ("refused", "check", 0)
    assert sign in result.words
    assert probe.send(data=base64.b64encode(b"x" * 998 + b"\r\n").decode()).outcome == "sent"
    assert len(peer.mails) == 1


@pytest.mark.parametrize("extensions, settings, enhanced", [
    (["SIZE 5000"], {"size": 6000}, "5.3.4"),
    (["SMTPUTF8"], {"eight": 1}, "5.6.3"),
    (["8BITMIME"], {"to": "jos\u00e9@example.com"}, "5.6.7"),
])
@pytest.mark.parametrize("pipelining", [True, False])
def test_what_the_server_cannot_take(probe, extensions, settings, enhanced, pipelining):
    with Peer(extensions=extensions + ["PIPELINING"] * pipelining) as peer:
        probe.pool(peer.port, tls="never", connections=1)
        result = probe.send(**settings)
        assert (result.outcome, result.stage, result.enhanced) == ("refused", "check", enhanced)
        assert probe.send().outcome == "sent"
        assert peer.connections == 1


# ---- replies ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", ["mail", "rcpt", "data", "dot"])
@pytest.mark.parametrize("extensions", [EXTENSIONS, NO_PIPELINING])
@pytest.mark.parametrize("reply, outcome, code, enhanced", [
    ("550 5.1.1 No such user", "refused", 550, "5.1.1"),
    ("554-5.7.1 Looks\n554 5.7.1 like spam", "refused", 554, "5.7.1"),
    ("451 4.7.1 Slow down, too many messages", "throttled", 451, "4.7.1"),
    ("454 Throttling failure: Maximum sending rate exceeded.", "throttled", 454, ""),
    ("421 4.7.0 Try again later, closing", "throttled", 421, "4.7.0"),
])
def test_reply_belongs_to_its_mail(probe, extensions, stage, reply, outcome, code, enhanced):
    """The third of seven is refused at any stage; its neighbours, pipelined with it, go through."""
    with Peer(extensions=extensions) as peer:
        peer.rule(stage, reply, times=1, skip=2)
        probe.pool(peer.port, tls="never", connections=1, depth=2, divisor=HURRY)
        tags = [probe.mail() for _ in range(7)]
        found = probe.settled(7)
        result = found[tags[2]]
        assert (result.outcome, result.code, result.enhanced) == (outcome, code, enhanced)
        assert result.stage == {"dot": "end"}.get(stage, stage)
        assert [tag for tag in tags if found[tag].outcome == "sent"] == tags[:2] + tags[3:]
        check_truth(found, peer)
    if reply.startswith("554"):
        assert result.words == "Looks like spam"


@pytest.mark.parametrize("reply, outcome", [
    ("450 4.2.1 The user you are trying to contact is receiving mail too quickly", "deferred"),
    ("450 4.2.0 <a@b>: Recipient address rejected: Greylisted", "deferred"),
    ("451 4.7.1 Greylisting in action, please come back later", "deferred"),
    ("452 4.2.2 The recipient's inbox is full", "deferred"),
    ("450 mailbox busy", "deferred"),
    ("450 4.4.1 No answer from host", "deferred"),
    ("450 too many requests", "throttled"),
    ("450 try again later", "throttled"),
    ("451 local error", "throttled"),
    ("452 4.3.1 Insufficient system storage", "throttled"),
    ("452 4.5.3 Too many recipients", "throttled"),
    ("550 5.7.0 Requested action not taken: too many emails per second", "throttled"),
    ("550 5.4.5 Daily user sending limit exceeded.", "throttled"),
    ("554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException", "throttled"),
    ("552 5.2.2 Mailbox quota exceeded", "refused"),
    ("550 5.1.1 <too.fast@example.com>: unknown user", "refused"),
    ("499 whatever", "deferred"),
    ("530 5.7.0 Must issue a STARTTLS command first", "not_sent"),
])
def test_meaning_of_a_reply(probe, peer, reply, outcome):
    peer.rule("rcpt", reply, times=1)
    probe.pool(peer.port, tls="never")
    assert probe.send().outcome == outcome


def test_refused_mails_leave_the_connection_usable(probe, peer):
    peer.rule("rcpt", "550 5.1.1 No such user", to="nobody")
    probe.pool(peer.port, tls="never", connections=1)
    tags = [probe.mail(to=f"{'nobody' if n % 2 else 'ana'}{n}@example.com") for n in range(30)]
    found = probe.settled(30)
    assert [found[tag].outcome for tag in tags] == ["sent", "refused"] * 15
    assert peer.connections == 1


def test_server_that_wants_data_for_nobody(probe, peer):
    """RFC 2920: 354 although the only recipient was refused; an empty mail to nobody, and on we go."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        heard = []

        def talk():
            line, _ = server.accept()
            file = line.makefile("rwb", buffering=0)
            file.write(b"220 x\r\n")
            assert file.readline().startswith(b"EHLO")
            file.write(b"250-x\r\n250 PIPELINING\r\n")
            for _ in range(3):
                heard.append(file.readline())
            file.write(b"250 ok\r\n550 5.1.1 nobody\r\n354 go\r\n")
            heard.append(file.readline())
            file.write(b"554 5.5.1 no valid recipients\r\n")
            file.readline()

        threading.Thread(target=talk, daemon=True).start()
        probe.pool(server.getsockname()[1], tls="never", idle=50)
        result = probe.send()
        assert (result.outcome, result.code, result.stage) == ("refused", 550, "rcpt")
        wait_for(lambda: heard[3:] == [b".\r\n"])


def test_words_are_bounded_clean_text(probe, peer):
    peer.rule("rcpt", "550-5.1.1 caf\u00e9 \x07bell\n" + "\n".join("550-5.1.1 " + "w" * 90 for _ in range(40))
              + "\n550 5.1.1 end", times=1)
    probe.pool(peer.port, tls="never")
    result = probe.send()
    assert result.words.startswith("caf\u00e9  bell www")
    assert 400 < len(result.words.encode()) < 512


# ---- broken lines ------------------------------------------------------------------------------------


@pytest.mark.parametrize("extensions", [EXTENSIONS, NO_PIPELINING])
@pytest.mark.parametrize("stage, outcome, at", [
    ("mail", "not_sent", "mail"), ("rcpt", "not_sent", "rcpt"), ("data", "not_sent", "data"),
    ("dot", "unknown", "end"), ("after", "unknown", "end"),
])
@pytest.mark.parametrize("habit", ["drop", "hang"])
def test_line_breaks_at_a_stage(probe, extensions, stage, outcome, at, habit):
    """The first mail of a connection tells; nothing it is told is untrue, and the next mail goes."""
    with Peer(extensions=extensions) as peer:
        peer.rule(stage, habit, times=1)
        probe.pool(peer.port, tls="never", connections=1, depth=1, divisor=HURRY)
        result = probe.send()
        assert (result.outcome, result.stage, result.code) == (outcome, at, 0)
        assert f"127.0.0.1:{peer.port}" in result.words
        assert ("silent for" if habit == "hang" else "connection closed") in result.words
        assert len(peer.mails) == (stage == "after")
        assert probe.send().outcome == "sent"


@pytest.mark.parametrize("stage", ["connect", "ehlo"])
@pytest.mark.parametrize("habit", ["drop", "hang"])
def test_line_breaks_before_any_mail(probe, peer, stage, habit):
    peer.rule(stage, habit, times=1)
    probe.pool(peer.port, tls="never", divisor=HURRY)
    result = probe.send()
    assert (result.outcome, result.stage) == ("not_sent", {"connect": "greeting"}.get(stage, stage))
    assert probe.send().outcome == "sent"


@pytest.mark.parametrize("habit", ["drop", "hang", "552 5.3.4 Too big after all"])
def test_line_breaks_within_the_body(probe, peer, habit):
    peer.rule("body", habit, times=1)
    probe.pool(peer.port, tls="never", connections=1, depth=1, divisor=HURRY)
    result = probe.send(size=8_000_000)
    if habit.startswith("552"):
        assert (result.outcome, result.code) in (("refused", 552), ("not_sent", 0))
    else:
        assert (result.outcome, result.stage) == ("not_sent", "body")
    assert not peer.mails
    assert probe.send().outcome == "sent"


def test_small_body_swallowed_is_unknown(probe, peer):
    """All of it was given to the kernel before the line broke: it cannot be known."""
    peer.rule("body", "drop", times=1)
    probe.pool(peer.port, tls="never", connections=1, depth=1, divisor=HURRY)
    result = probe.send(size=500)
    assert (result.outcome, result.stage) == ("unknown", "end")


def test_break_behind_the_dot_spares_the_next_envelope(probe, peer):
    """A is unknown; B, whose envelope travelled with A, goes out on another connection unnoticed."""
    peer.rule("after", "drop", times=1, skip=1)
    probe.pool(peer.port, tls="never", connections=1, depth=2, divisor=HURRY)
    tags = [probe.mail() for _ in range(6)]
    found = probe.settled(6)
    assert [found[tag].outcome for tag in tags] == ["sent", "unknown", "sent", "sent", "sent", "sent"]
    check_truth(found, peer)
    assert probe.counts()["retried"] == 1


@pytest.mark.parametrize("reply", [
    "nonsense", "HTTP/1.1 400 Bad Request", "999 what", "25", "250-a\n251 b", "354 go", "250\x00", "2500 ok", "\n",
])
@pytest.mark.parametrize("stage, outcome", [("rcpt", "not_sent"), ("after", "unknown")])
def test_garbage(probe, peer, stage, outcome, reply):
    if reply == "250\x00":
        reply = "abc\x00def"
    peer.rule(stage, reply, times=1)
    probe.pool(peer.port, tls="never", connections=1, depth=1, divisor=HURRY)
    result = probe.send()
    assert result.outcome == outcome
    assert result.words
    assert probe.send().outcome == "sent"


def test_greeting_of_another_protocol(probe, peer):
    peer.rule("connect", "SSH-2.0-OpenSSH_9.2", times=1)
    probe.pool(peer.port, tls="never", divisor=HURRY)
    result = probe.send()
    assert (result.outcome, result.stage) == ("not_sent", "greeting")
    assert "SSH-2.0-OpenSSH_9.2" in result.words


def test_acceptance_before_the_mail_was_sent_is_no_acceptance(probe, peer):
    """A 250 that comes with the 354 belongs to no mail."""
    peer.rule("data", "early", times=1)
    probe.pool(peer.port, tls="never", connections=1, depth=1, divisor=HURRY)
    result = probe.send(size=3_000_000)
    assert result.outcome == "not_sent"
    assert probe.send().outcome == "sent"


def test_one_reply_too_many(probe, peer):
    """An extra 250 behind the reply of the first mail is not taken for the second's."""
    peer.rule("after", "wait", seconds=0.02)
    peer.rule("rset", "250 ok")
    with Peer() as other:
        other.rule("dot", "250 2.0.0 Ok\n250 2.0.0 Ok", times=1)
        other.rule("dot", "drop", times=1)
        probe.pool(other.port, tls="never", connections=1, depth=2, divisor=HURRY)
        tags = [probe.mail() for _ in range(4)]
        found = probe.settled(4)
        check_truth(found, other)
        assert found[tags[0]].outcome == "sent"


def test_slow_replies_byte_by_byte(probe, peer):
    for stage in ("connect", "ehlo", "mail", "rcpt", "data", "after"):
        peer.rule(stage, "slow", times=2, seconds=0.001)
    probe.pool(peer.port, tls="never", connections=2)
    for _ in range(6):
        probe.mail()
    assert {result.outcome for result in probe.settled(6).values()} == {"sent"}


def test_dripping_reply_does_not_hold_the_mail_for_ever(probe, peer):
    """Bytes of a reply are no progress: the timeout is for the reply."""
    peer.rule("rcpt", "slow", times=1, seconds=0.3)
    probe.pool(peer.port, tls="never", connections=1, divisor=HURRY)
    result = probe.send()
    assert (result.outcome, result.stage) == ("not_sent", "rcpt")
    assert result.ms < 2500


def test_endless_reply(probe, peer):
    peer.rule("rcpt", "\n".join("250-" + "x" * 1000 for _ in range(100)) + "\n250 y", times=1)
    probe.pool(peer.port, tls="never", connections=1, divisor=HURRY)
    assert probe.send().outcome == "not_sent"
    assert probe.send().outcome == "sent"


# ---- the pool -------------------------------------------------------------------------------------------


def test_dead_idle_connections_are_replaced_unnoticed(probe, peer):
    probe.pool(peer.port, tls="never", connections=4)
    for _ in range(8):
        probe.mail()
    probe.settled(8)
    peer.kill()
    for _ in range(8):
        probe.mail()
    assert {result.outcome for result in probe.settled(8).values()} == {"sent"}


@pytest.mark.parametrize("death", ["drop", "421 4.4.2 Idle for too long", "421 4.7.0 Error: too many errors"])
def test_idle_connection_that_dies_at_mail_is_retried_unnoticed(probe, peer, death):
    probe.pool(peer.port, tls="never", connections=1)
    probe.send()
    peer.rule("mail", death, times=1)
    assert probe.send().outcome == "sent"
    assert probe.counts()["retried"] == 1


def test_server_that_is_not_there(probe, peer):
    port = peer.port
    peer.down()
    probe.pool(port, tls="never", connections=3, divisor=5)
    tags = [probe.mail() for _ in range(4)]
    first = probe.settled(4)
    assert {result.outcome for result in first.values()} == {"not_sent"}
    assert {result.stage for result in first.values()} == {"connect"}
    assert "Connection refused" in first[tags[0]].words
    kind, _, ms, words = probe.ask("trouble 0")
    assert "Connection refused" in words and 0 < int(ms) <= 5000
    assert probe.ask("room 0") == ("room", "0", "0")
    peer.up()
    tag = probe.mail()  # waits in the probe until there is room
    assert probe.settled(1)[tag].outcome == "sent"
    assert probe.ask("trouble 0")[3] == ""
    assert probe.ask("room 0") == ("room", "0", "6")


def test_server_that_drops_every_mail_is_not_hammered(probe, peer):
    peer.rule("data", "drop")
    probe.pool(peer.port, tls="never", connections=4, divisor=100)
    for _ in range(200):
        probe.mail()
    time.sleep(1.5)  # episodes at 0, 10, 30, 70, 150, 310, 630, 1270 ms; each takes what is in hand
    settled = probe.done.qsize()
    assert 0 < settled < 100
    assert peer.connections < 40
    peer.clear()
    found = probe.settled(200)
    assert {result.outcome for result in found.values()} == {"not_sent", "sent"}
    check_truth(found, peer)


def test_server_that_takes_only_two_connections(probe, peer):
    for number in (3, 4, 5, 6):
        peer.rule("connect", "421 4.7.0 Too many connections from you", connection=number)
    probe.pool(peer.port, tls="never", connections=6)
    peer.rule("after", "wait", seconds=0.01)
    for _ in range(60):
        probe.mail()
    assert {result.outcome for result in probe.settled(60).values()} == {"sent"}
    assert probe.counts()["open"] <= 2


@pytest.mark.parametrize("reply, outcome", [
    ("421 4.3.2 Too many connections", "throttled"), ("554 5.7.1 You are not welcome", "not_sent"),
])
def test_server_that_turns_us_away(probe, peer, reply, outcome):
    peer.rule("connect", reply, times=1)
    probe.pool(peer.port, tls="never", divisor=HURRY)
    result = probe.send()
    assert (result.outcome, result.stage, result.code) == (outcome, "greeting", int(reply[:3]))
    assert probe.send().outcome == "sent"


def test_slow_server_delays_nobody_else(probe, peer):
    with Peer() as slow:
        slow.rule("mail", "hang")
        probe.pool(slow.port, tls="never")
        probe.pool(peer.port, tls="never")
        for _ in range(20):
            probe.mail(0)
        for _ in range(50):
            begun = time.monotonic()
            assert probe.send(1).outcome == "sent"
            assert time.monotonic() - begun < 0.5
        probe.say("close 0")
        assert {result.outcome for result in probe.settled(20).values()} == {"not_sent"}


def test_drain_finishes_what_was_begun(probe, peer):
    peer.rule("after", "wait", seconds=0.3)
    probe.pool(peer.port, tls="never", connections=2, depth=3)
    for _ in range(6):
        probe.mail()
    wait_for(lambda: len(peer.mails) == 2)
    probe.say("drain 0")
    outcomes = collections.Counter(result.outcome for result in probe.settled(6).values())
    assert outcomes["sent"] >= 2 and set(outcomes) == {"sent", "not_sent"}
    assert outcomes["sent"] == len(peer.mails)
    assert probe.ask("room 0") == ("room", "0", "0")


def test_close_with_mails_under_way(probe, peer):
    peer.rule("after", "hang")
    probe.pool(peer.port, tls="never", connections=1, depth=2)
    first, second = probe.mail(), probe.mail()
    wait_for(lambda: peer.mails)
    probe.say("close 0")
    found = probe.settled(2)
    assert (found[first].outcome, found[second].outcome) == ("unknown", "not_sent")


def test_name_that_does_not_exist(probe):
    probe.pool(25, host="mail.invalid", tls="never", divisor=HURRY)
    result = probe.send()
    assert (result.outcome, result.stage) == ("not_sent", "connect")
    assert "mail.invalid" in result.words and "resolved" in result.words


def test_name_of_this_machine(probe, peer):
    probe.pool(peer.port, host="localhost", tls="never")
    assert probe.send().outcome == "sent"


def test_loopback_only(probe):
    probe.pool(2525, host="192.0.2.1", tls="never", loopback_only=1)
    result = probe.send()
    assert (result.outcome, result.stage) == ("not_sent", "connect")
    assert "not on this machine" in result.words


@pytest.mark.parametrize("settings", [
    {"host": ""}, {"port": 70000}, {"user": "x"}, {"connections": -1}, {"ca": "/nowhere/ca.pem"}, {"helo": "a\tb"},
])
def test_wrong_settings_are_told_at_once(probe, settings):
    given = {"host": "127.0.0.1", "port": 25, **settings}
    with pytest.raises(ValueError):
        probe.pool(given.pop("port"), **given)


# ---- TLS ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@pytest.mark.parametrize("mode, tls", [("starttls", "auto"), ("starttls", "require"), ("implicit", "implicit")])
def test_tls(probe, folder, host, mode, tls):
    with Peer(tls=mode, certificate=pair(folder, "right")) as peer:
        probe.pool(peer.port, host=host, tls=tls, ca=folder / "ca.pem", connections=3)
        for number in range(40):
            probe.mail(size=1000 + number * 3000)
        assert {result.outcome for result in probe.settled(40).values()} == {"sent"}
        assert all(mail["secure"] for mail in peer.mails)
        text = base64.b64encode(b".\r\n" * 30_000).decode()
        assert probe.send(data=text).outcome == "sent"
        assert peer.mails[-1]["text"] == b".\r\n" * 30_000


def test_own_certificate_as_ca_file(probe, folder):
    with Peer(tls="starttls", certificate=pair(folder, "self")) as peer:
        probe.pool(peer.port, tls="require", ca=folder / "self.pem")
        assert probe.send().outcome == "sent"


@pytest.mark.parametrize("mode, tls", [("starttls", "auto"), ("implicit", "implicit")])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@pytest.mark.parametrize("name, trusted, signs", [
    ("wrong", True, ["is for mail.example.net, *.example.org, not for "]),
    ("expired", True, ["expired on"]),
    ("self", True, ["signed by itself"]),
    ("right", False, ["not trusted here", "Test authority"]),
])
def test_wrong_certificate(probe, folder, host, mode, tls, name, trusted, signs):
    with Peer(tls=mode, certificate=pair(folder, name), user="u", secret="s") as peer:
        settings = {"ca": folder / "ca.pem"} if trusted else {}
        probe.pool(peer.port, host=host, tls=tls, user="u", secret="s", **settings)
        result = probe.send()
        assert (result.outcome, result.stage) == ("not_sent", "tls")
        for sign in signs:
            assert sign in result.words
        assert not any(command.startswith(("AUTH", "MAIL")) for _, command in peer.commands)


@pytest.mark.parametrize("habit", ["drop", "hang", "454 4.7.0 TLS not available", "250 ok"])
def test_starttls_that_fails(probe, folder, habit):
    with Peer(tls="starttls", certificate=pair(folder, "right")) as peer:
        peer.rule("starttls", habit, times=1)
        probe.pool(peer.port, tls="require", ca=folder / "ca.pem", divisor=HURRY)
        result = probe.send()
        assert result.outcome in ("not_sent", "throttled") and result.stage in ("starttls", "tls")
        assert not peer.mails
        assert probe.send().outcome == "sent"


def test_plaintext_behind_starttls_is_an_attack(probe, folder):
    with Peer(tls="starttls", certificate=pair(folder, "right")) as peer:
        peer.rule("starttls", "220 go\n250-evil\n250 AUTH PLAIN", times=1)
        probe.pool(peer.port, tls="require", ca=folder / "ca.pem", divisor=HURRY)
        result = probe.send()
        assert (result.outcome, result.stage) == ("not_sent", "starttls")
        assert "before TLS" in result.words


def test_required_tls_that_is_not_offered(probe, peer):
    probe.pool(peer.port, tls="require")
    result = probe.send()
    assert (result.outcome, result.stage) == ("not_sent", "starttls")
    assert "STARTTLS" in result.words


def test_plain_server_where_tls_was_expected(probe, peer):
    probe.pool(peer.port, tls="implicit", divisor=HURRY)
    result = probe.send()
    assert (result.outcome, result.stage) == ("not_sent", "tls")


# ---- AUTH --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("offered, auth, verb", [
    ("PLAIN LOGIN", "any", "AUTH PLAIN "), ("LOGIN", "any", "AUTH LOGIN"),
    ("PLAIN LOGIN XOAUTH2", "login", "AUTH LOGIN"),
    ("LOGIN PLAIN", "plain", "AUTH PLAIN "), ("PLAIN XOAUTH2", "xoauth2", "AUTH XOAUTH2 "),
])
@pytest.mark.parametrize("secret", ["geheim", "p\u00e4ss=w+rd", "t" * 2000])
def test_login(probe, folder, offered, auth, verb, secret):
    with Peer(tls="starttls", certificate=pair(folder, "right"), user="shop@x", secret=secret, auth=offered) as peer:
        probe.pool(peer.port, tls="auto", ca=folder / "ca.pem", user="shop@x", secret=secret, auth=auth)
        assert probe.send().outcome == "sent"
        assert peer.mails[0]["user"] == "shop@x"
        said = next(command for _, command in peer.commands if command.startswith("AUTH"))
        assert said.startswith(verb.strip() if len(secret) > 500 else verb)
        assert all(len(command) < 510 for _, command in peer.commands if command.startswith("AUTH"))


@pytest.mark.parametrize("auth", ["plain", "login", "xoauth2"])
def test_wrong_password(probe, auth):
    """The mail is not lost over it, its recipient not blamed, and the server not asked ten times."""
    with Peer(user="u", secret="right", auth="PLAIN LOGIN XOAUTH2") as peer:
        probe.pool(peer.port, tls="never", user="u", secret="wrong", auth=auth)
        for _ in range(20):
            probe.mail()
        found = probe.settled(20)
        assert {(result.outcome, result.stage, result.code) for result in found.values()} == {("not_sent", "auth", 535)}
        assert "Password not accepted" in found[1].words
        assert peer.connections == 1
        assert int(probe.ask("trouble 0")[2]) > 50_000


def test_login_not_offered(probe, peer):
    probe.pool(peer.port, tls="never", user="u", secret="s")
    result = probe.send()
    assert (result.outcome, result.stage) == ("not_sent", "auth")
    assert "does not offer to log in" in result.words


def own_address():
    """An address of this machine that is not loopback; skips where there is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        try:
            line.connect(("192.0.2.1", 9))
        except OSError:
            pytest.skip("no address but loopback")
        return line.getsockname()[0]


@pytest.mark.parametrize("allowed", [False, True])
def test_password_over_bare_tcp(probe, allowed):
    """To loopback yes (the tests above); elsewhere only where the owner said so."""
    address = own_address()
    with Peer(user="u", secret="s") as peer, socket.create_server((address, 0)) as relay:
        threading.Thread(target=forward, args=(relay, peer.port), daemon=True).start()
        probe.pool(relay.getsockname()[1], host=address, tls="auto", user="u", secret="s", allow_plain=int(allowed))
        result = probe.send()
        if allowed:
            assert result.outcome == "sent"
        else:
            assert (result.outcome, result.stage) == ("not_sent", "auth")
            assert "offers no encryption" in result.words
            assert not any(command.startswith("AUTH") for _, command in peer.commands)


def forward(relay, port):
    line, _ = relay.accept()
    other = socket.create_connection(("127.0.0.1", port))

    def copy(source, target):
        try:
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    threading.Thread(target=copy, args=(other, line), daemon=True).start()
    copy(line, other)


# ---- storms ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_storm(probe, folder, seed):
    """A server that does anything at any moment: each mail settled once, and what is said of it is true."""
    dice = random.Random(seed)
    tls = {"tls": "starttls", "certificate": pair(folder, "right")} if seed % 3 == 2 else {}
    with Peer(extensions=NO_PIPELINING if seed % 2 else EXTENSIONS, seed=seed, **tls) as peer:
        for stage, habits in {
            "connect": ["421 4.3.2 busy", "drop"], "ehlo": ["drop"],
            "mail": ["450 4.7.0 Try again", "421 4.7.0 Too many messages", "drop"],
            "rcpt": ["450 4.2.1 busy", "451 4.7.1 Greylisted", "550 5.1.1 No", "drop", "garbage"],
            "data": ["451 4.3.0 Local error", "554 5.5.0 No", "drop"], "body": ["drop"],
            "dot": ["451 4.3.0 error", "554 5.6.0 spam", "421 4.3.2 Going down", "drop"],
            "after": ["drop", "slow", "hang"],
        }.items():
            for habit in habits:
                peer.rule(stage, habit, share=0.03, seconds=0.0005)
        probe.pool(peer.port, tls="auto", ca=folder / "ca.pem", connections=5, depth=dice.choice([1, 2, 3]),
                   mails=dice.choice([3, 50, 1000]), divisor=3000)
        for _ in range(400):
            probe.mail(size=dice.choice([200, 8000, 60000]))
        found = probe.settled(400, patience=60)
        check_truth(found, peer)
        outcomes = collections.Counter(result.outcome for result in found.values())
        assert outcomes["sent"] > 100
        assert set(outcomes) >= {"sent", "refused", "throttled", "unknown"}, outcomes


def test_killed_client_leaves_no_more_open_than_its_room(peer, tmp_path):
    """What a kill can leave between accepted and known is bounded by connections x depth."""
    probe = Probe()
    probe.pool(peer.port, tls="never", connections=3, depth=2)
    for _ in range(3000):
        probe.mail(size=4000)
    wait_for(lambda: len(peer.mails) > 300)
    probe.process.kill()
    probe.process.wait()
    time.sleep(0.1)
    known = 0
    while True:
        try:
            known += probe.done.get(timeout=0.2).outcome == "sent"
        except queue.Empty:
            break
    assert 0 <= len(peer.mails) - known <= 6


@pytest.mark.skipif(not shutil.which("smtp-sink", path="/usr/sbin:/usr/bin"), reason="no smtp-sink (postfix)")
def test_postfix_sink(probe):
    sink = shutil.which("smtp-sink", path="/usr/sbin:/usr/bin")
    with socket.create_server(("127.0.0.1", 0)) as spare:
        port = spare.getsockname()[1]
    user = ["-u", "nobody"] if os.getuid() == 0 else []
    with subprocess.Popen([sink, *user, f"127.0.0.1:{port}", "50"]) as process:
        try:
            wait_for(lambda: socket.socket().connect_ex(("127.0.0.1", port)) == 0)
            probe.pool(port, tls="never")
            for _ in range(500):
                probe.mail(size=8000)
            assert {result.outcome for result in probe.settled(500).values()} == {"sent"}
        finally:
            process.terminate()
