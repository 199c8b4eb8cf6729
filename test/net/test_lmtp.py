"""Our LMTP listener: a yes is said only for what is on disk, each recipient hears its own answer, and a client that is
hostile, slow or gone harms nobody else."""

import os
import pathlib
import queue
import random
import re
import smtplib
import socket
import subprocess
import threading
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("POSTLUDE", ROOT / "build" / "postlude")).resolve().parent
PROBE = BUILD / "test" / "net" / "lmtp_probe"
PATIENCE = 20
MAIL = b"From: a@x\r\nSubject: hello\r\n\r\n.dot\r\n..two\r\n\r\nend\r\n"

pytestmark = pytest.mark.skipif(not PROBE.exists(), reason=f"{PROBE} is not built")


class Listener:
    def __init__(self, folder, **settings):
        self.folder = folder
        words = [f"{key}={value}" for key, value in settings.items()]
        self.process = subprocess.Popen([str(PROBE), str(folder), *words], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())
        self.lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line.split())

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.lines.get(timeout=PATIENCE)

    def counts(self):
        return dict(zip(("connections", "mails", "refused", "open", "storing"), map(int, self.ask("counts")[1:])))

    def mails(self):
        """(from, to, flags, bytes) of what was kept."""
        found = []
        for path in sorted(self.folder.iterdir()):
            if path.name.endswith(".part"):
                continue  # being written; there was no yes for it yet
            sender, recipient, token, flags, text = path.read_bytes().split(b"\n", 4)
            assert int(token) == len(recipient)
            found.append((sender.decode(), recipient.decode(), flags.decode(), text))
        return found

    def memory_mb(self):
        return int(re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{self.process.pid}/status").read_text())[1]) / 1024

    def close(self):
        self.process.stdin.close()
        assert self.process.wait(PATIENCE) == 0


class Client:
    """A client that says exactly what it is told."""

    def __init__(self, listener, hello=True):
        self.socket = socket.create_connection(("127.0.0.1", listener.port), timeout=PATIENCE)
        self.file = self.socket.makefile("rb")
        if hello:
            assert self.reply().startswith("220")
            assert self.say("LHLO here").endswith("SIZE " + str(listener_size(listener)))

    def send(self, data):
        self.socket.sendall(data if isinstance(data, bytes) else data.encode() + b"\r\n")

    def reply(self):
        """The next reply, all lines; "" when the line is dead."""
        lines = []
        while True:
            try:
                line = self.file.readline().decode()
            except ConnectionError:
                return ""
            lines.append(line.strip())
            if not line or line[3:4] == " ":
                return "\n".join(lines)

    def say(self, data):
        self.send(data)
        return self.reply()

    def envelope(self, *recipients, sender="a@x", parameters=""):
        assert self.say(f"MAIL FROM:<{sender}>{parameters}").startswith("250")
        for recipient in recipients:
            assert self.say(f"RCPT TO:<{recipient}>").startswith("250")
        assert self.say("DATA").startswith("354")

    def mail(self, text=MAIL, *recipients):
        """The codes that the recipients got."""
        recipients = recipients or ("b@y",)
        self.envelope(*recipients)
        self.send(stuffed(text) + b".\r\n")
        return [self.reply()[:3] for _ in recipients]

    def over(self):
        """True when the other side has hung up."""
        try:
            return self.socket.recv(1) == b""
        except ConnectionError:
            return True

    def close(self):
        self.file.close()
        self.socket.close()


def heard(client):
    try:
        return client.reply()
    except TimeoutError:
        return ""


def listener_size(listener):
    return getattr(listener, "size", 16 * 1024 * 1024)


def stuffed(text):
    return re.sub(rb"(?m)^\.", b"..", text)


@pytest.fixture
def listener(tmp_path):
    made = Listener(tmp_path)
    yield made
    made.close()


@pytest.fixture
def client(listener):
    made = Client(listener)
    yield made
    made.close()


# ---- all is well -----------------------------------------------------------------------------------


def test_a_mail_arrives_whole(listener, client):
    assert client.mail() == ["250"]
    assert listener.mails() == [("a@x", "b@y", "", MAIL)]
    assert client.say("QUIT").startswith("221") and client.over()


def test_each_recipient_has_its_answer(listener, client):
    client.say("MAIL FROM:<>")
    codes = [client.say(f"RCPT TO:<{who}@y>")[:3] for who in ("no-1", "one", "later-2", "fail-3", "slow-4", "busy-5", "six")]
    assert codes == ["550", "250", "451", "250", "250", "250", "250"]
    client.say("DATA")
    client.send(MAIL.replace(b".", b"") + b".\r\n")
    replies = [client.reply() for _ in range(5)]
    assert [reply[:3] for reply in replies] == ["250", "550", "250", "451", "250"]
    assert all(re.match(r"\d{3} [245]\.\d\.\d ", reply) for reply in replies)
    assert sorted(mail[:2] for mail in listener.mails()) == [("", "one@y"), ("", "six@y"), ("", "slow-4@y")]


def test_the_yes_comes_after_the_store(listener, client):
    client.envelope("hold-1@y")
    client.send(MAIL + b".\r\nNOOP\r\n")
    client.socket.settimeout(0.3)
    with pytest.raises(TimeoutError):
        client.socket.recv(1)
    client.socket.settimeout(PATIENCE)
    assert listener.counts()["storing"] == 1 and not listener.mails()
    assert listener.ask("release") == ["released", "1"]
    assert client.file and listener.mails()
    data = b""
    while data.count(b"\n") < 2:
        data += client.socket.recv(1000)
    assert [line[:3] for line in data.splitlines()] == [b"250", b"250"]
    assert listener.counts()["storing"] == 0


def test_pipelining(listener, client):
    client.send(b"MAIL FROM:<a@x> BODY=8BITMIME SIZE=100\r\nRCPT TO:<b@y>\r\nRCPT TO:<no-1@y>\r\nDATA\r\n")
    assert [client.reply()[:3] for _ in range(4)] == ["250", "250", "550", "354"]
    client.send(MAIL + b".\r\nMAIL FROM:<c@x>\r\nRCPT TO:<slow-d@y>\r\nDATA\r\n" + MAIL + b".\r\nQUIT\r\n")
    assert [client.reply()[:3] for _ in range(6)] == ["250", "250", "250", "354", "250", "221"]
    assert [(mail[0], mail[2]) for mail in listener.mails()] == [("a@x", "8"), ("c@x", "")]


def test_however_it_is_cut(listener):
    talk = (b"LHLO x\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nRCPT TO:<slow-c@y>\r\nDATA\r\n" + stuffed(MAIL) + b".\r\nQUIT\r\n")
    for size in (1, 2, 3, 7):
        client = Client(listener, hello=False)
        client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for at in range(0, len(talk), size):
            client.send(talk[at:at + size])
        assert client.socket.makefile("rb").read().decode().splitlines()[-1].startswith("221")
    assert len(listener.mails()) == 8 and {mail[3] for mail in listener.mails()} == {MAIL}


@pytest.mark.parametrize("text", [b"", b".", b"..", b".\r\n", b"\r\n.\r\n", b"..\r\n.\r\n", b"a", b"x\r\n" + b".\r\n" * 3000,
                                  b"\r\n" * 1000, b"x" * 60000 + b"\r\n", "\u00e9\u4e2d".encode() + b"\xff\xfe\r\n"],
                         ids=map(str, range(11)))
def test_dots_come_through(listener, client, text):
    whole = text if text.endswith(b"\r\n") or not text else text + b"\r\n"
    assert client.mail(whole) == ["250"]
    assert listener.mails()[0][3] == whole


def test_large_mails_at_once(listener):
    line = bytes(set(range(256)) - set(b"\r\n\0"))
    texts = [b"".join(bytes(random.Random(n * 10000 + k).choices(line, k=k % 900)) + b"\r\n" for k in range(2000))
             for n in range(4)]
    failed = []

    def send(text):
        client = Client(listener)
        if client.mail(text) != ["250"]:
            failed.append(text)
        client.close()

    threads = [threading.Thread(target=send, args=(text,)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed and sorted(mail[3] for mail in listener.mails()) == sorted(texts)


def test_utf8(listener, client):
    assert client.say("MAIL FROM:<jos\u00e9@x>").startswith("553 5.6.7")
    assert client.say("MAIL FROM:<a@x>").startswith("250")
    assert client.say("RCPT TO:<jos\u00e9@y>").startswith("553 5.6.7")
    client.say("RSET")
    client.envelope("jos\u00e9@\u4e2d.example", sender="\u00fc@x", parameters=" SMTPUTF8 BODY=8BITMIME")
    assert client.say(MAIL + b".\r\n").startswith("250")
    assert listener.mails()[0][:3] == ("\u00fc@x", "jos\u00e9@\u4e2d.example", "8u")


@pytest.mark.parametrize("address, fine", [
    ("a@b", 1), ("a+b=c@b.example", 1), ('"a b"@c', 1), ('"a\\"b"@c', 1), ("postmaster", 1), ("a@[192.0.2.1]", 1), ("a@[IPv6:::1]", 1),
    ("x" * 252 + "@y", 1), ("x" * 253 + "@y", 0), ("@a,@b:c@d", 0), ("a b@c", 0), ("a@b c", 0), ("a@", 0), ("@b", 0), ("a@@b", 0),
    ("a\tb@c", 0), ("a\x01@c", 0), ('"a@c', 0), ("a>b@c", 0), ("<a@c>", 0), ("", 0), ("a@[b", 0), ("a;b@c", 0),
])
def test_addresses(client, address, fine):
    client.say("MAIL FROM:<>")
    assert client.say(f"RCPT TO:<{address}>")[:3] == ("250" if fine else "501")


@pytest.mark.parametrize("line, code", [
    ("EHLO x", "500"), ("HELO x", "500"), ("LHLO", "501"), ("BDAT 5 LAST", "500"), ("STARTTLS", "500"), ("AUTH PLAIN x", "500"),
    ("RCPT TO:<a@b>", "503"), ("DATA", "503"), ("MAIL TO:<a@b>", "501"), ("MAIL FROM:a@b", "501"), ("mail from:<a@b>", "250"),
    ("MAIL FROM: <a@b>", "250"), ("MAIL FROM:<a@b> SIZE=99999999999999999999999", "555"), ("MAIL FROM:<a@b> SIZE=16777217", "552"),
    ("MAIL FROM:<a@b> SIZE=18446744073709551616", "552"), ("MAIL FROM:<a@b> SIZE=x", "555"), ("MAIL FROM:<a@b> BODY=BINARYMIME", "555"),
    ("MAIL FROM:<a@b> RET=FULL", "555"), ("MAIL FROM:<a@b>SIZE=1", "501"), ("VRFY a", "252"), ("NOOP x", "250"), ("RSET", "250"),
    ("", "500"), (" ", "500"), ("XYZZY", "500"), ("M\u00c4IL", "500"),
])
def test_commands(client, line, code):
    assert client.say(line)[:3] == code
    assert client.say("NOOP").startswith("250")


def test_order_of_commands(client):
    client.say("MAIL FROM:<a@x>")
    assert client.say("MAIL FROM:<a@x>").startswith("503")
    assert client.say("DATA").startswith("503")
    client.say("RCPT TO:<b@y>")
    client.say("LHLO again")
    assert client.say("DATA").startswith("503")


def test_no_hello_no_mail(listener):
    client = Client(listener, hello=False)
    client.reply()
    assert client.say("MAIL FROM:<a@x>").startswith("503")


def test_too_many_recipients(tmp_path):
    listener = Listener(tmp_path, recipients=3)
    client = Client(listener)
    client.say("MAIL FROM:<a@x>")
    assert [client.say(f"RCPT TO:<b{n}@y>")[:3] for n in range(5)] == ["250"] * 3 + ["452"] * 2
    listener.close()


# ---- smuggling ------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r.\r\n", b"\r\n.\r", b"\n\n.\n\n", b"\r\r\n.\r\r\n",
                                 b"\0\r\n.\0\r\n", b"\r\n\0.\r\n"])
def test_nothing_is_smuggled(listener, client, end):
    """What looks like the end of a mail to a careless server begins no second one here."""
    client.envelope("b@y", "c@y")
    inner = b"MAIL FROM:<evil@x>\r\nRCPT TO:<victim@y>\r\nDATA\r\nSubject: smuggled\r\n\r\n"
    client.send(b"Subject: outer\r\n\r\ntext" + end + inner + b"x\r\n.\r\n")
    assert [client.reply()[:7] for _ in range(2)] == ["550 5.6"] * 2
    assert client.say("NOOP").startswith("250")
    assert not listener.mails() and listener.counts()["refused"] == 1
    assert client.mail() == ["250"]


@pytest.mark.parametrize("line", [b"NOOP\n", b"NOOP\r", b"NO\rOP\r\n", b"NO\nOP\r\n", b"NO\0OP\r\n", b"\n", b"NOOP\r\r\n"])
def test_bare_ends_in_commands(client, line):
    assert client.say(line + b"NOOP\r\n").startswith("521")
    assert client.over()


def test_a_mail_behind_a_refused_data_is_no_command(listener, client):
    client.send(b"MAIL FROM:<a@x>\r\nRCPT TO:<no-1@y>\r\nDATA\r\nMAIL FROM:<evil@x>\r\nRCPT TO:<b@y>\r\nDATA\r\nx\r\n.\r\n")
    assert [client.reply()[:3] for _ in range(3)] == ["250", "550", "521"]
    assert client.over() and not listener.mails()


# ---- hostile and slow ------------------------------------------------------------------------------


def test_a_line_without_end(listener, client):
    begun = time.monotonic()
    with pytest.raises(ConnectionError):
        while time.monotonic() - begun < 10:
            client.send(b"A" * 65536)
    assert listener.memory_mb() < 60
    assert Client(listener).mail() == ["250"]


def test_a_line_that_is_too_long(client):
    assert client.say("NOOP " + "x" * 1000).startswith("250")
    assert client.say("NOOP " + "x" * 1100).startswith("500")
    assert client.over()


def test_a_mail_line_that_is_too_long(listener, client):
    assert client.mail(b"x" * 65537 + b"\r\n") == ["550"]
    assert client.mail() == ["250"]


def test_a_mail_that_is_too_big(tmp_path):
    listener = Listener(tmp_path, mail=100000)
    listener.size = 100000
    client = Client(listener)
    line = b"x" * 98 + b"\r\n"
    assert client.mail(line * 1000) == ["250"]
    assert client.mail(line * 1000 + b"x\r\n") == ["552"]
    assert client.mail(line * 100000) == ["552"]
    assert client.mail(line) == ["250"]
    assert listener.memory_mb() < 60
    listener.close()


def test_memory_is_shared(tmp_path):
    """Mails that are being stored count; who finds no room hears 452 and comes again."""
    listener = Listener(tmp_path, mails=1_000_000)
    first, second = Client(listener), Client(listener)
    line = b"x" * 98 + b"\r\n"
    first.envelope("hold-1@y")
    first.send(line * 8000 + b".\r\n")
    while listener.counts()["storing"] == 0:
        time.sleep(0.01)
    assert second.mail(line * 8000) == ["452"]
    assert second.mail(line * 1000) == ["250"]
    listener.ask("release")
    assert first.reply().startswith("250")
    assert second.mail(line * 8000) == ["250"]
    listener.close()


def test_mistakes_are_counted(client):
    replies = [client.say("WHAT") for _ in range(21)]
    assert [reply[:3] for reply in replies] == ["500"] * 20 + ["421"]
    assert client.over()


@pytest.mark.parametrize("drip", [b"", b"NOOP\r\n", b"N", b"x"])
def test_slow_clients_are_hung_up(tmp_path, drip):
    listener = Listener(tmp_path, idle=300, divisor=1000, mail_s=500)  # 0.3 s, 0.5 s
    client = Client(listener)
    text = drip == b"x"
    if text:
        client.envelope("b@y")
    begun, said = time.monotonic(), b""
    client.socket.settimeout(0.1)
    while time.monotonic() - begun < (1.2 if drip == b"NOOP\r\n" else 5):
        try:
            if drip:
                client.send(drip)
            got = client.socket.recv(1000)
            said += got
            if not got or b"421" in said:
                break
        except TimeoutError:
            pass
        except ConnectionError:
            break
    if drip == b"NOOP\r\n":
        assert b"421" not in said  # it does speak
    else:
        assert b"421" in said and time.monotonic() - begun < 3
    client.close()
    listener.close()


def test_who_does_not_read_is_not_read(listener):
    client = Client(listener)
    client.socket.settimeout(1)
    with pytest.raises((TimeoutError, ConnectionError)):
        for _ in range(2000):
            client.send(b"NOOP\r\n" * 10000)
    assert listener.memory_mb() < 60
    assert Client(listener).mail() == ["250"]
    client.close()


def test_slow_clients_make_room(tmp_path):
    listener = Listener(tmp_path, connections=8)
    slow = [Client(listener) for _ in range(8)]
    time.sleep(1.1)
    for _ in range(20):
        client = Client(listener)
        assert client.mail() == ["250"]
        client.close()
    for one in slow:
        one.socket.settimeout(0.1)
    assert 1 <= sum(heard(one).startswith("421") for one in slow) < 8
    listener.close()


def test_all_young(tmp_path):
    listener = Listener(tmp_path, connections=4)
    clients = [Client(listener) for _ in range(4)]
    fifth = Client(listener, hello=False)
    assert fifth.reply().startswith("421")
    assert clients[0].mail() == ["250"]
    listener.close()


def test_a_store_that_takes_too_long(tmp_path):
    listener = Listener(tmp_path, answer=300, divisor=1000)
    client = Client(listener)
    client.envelope("b@y", "hold-1@y", "c@y")
    client.send(MAIL + b".\r\n")
    assert [client.reply()[:3] for _ in range(3)] == ["250", "451", "250"]
    assert client.mail() == ["250"]
    assert listener.ask("release") == ["released", "1"]  # nobody waits for it any more
    assert client.mail() == ["250"]
    assert listener.counts()["storing"] == 0
    listener.close()


def test_a_client_that_goes_away(listener):
    for last in ("LHLO x", "MAIL FROM:<a@x>", "RCPT TO:<hold-1@y>", "DATA", "text", "."):
        client = Client(listener, hello=False)
        client.send(b"LHLO x\r\nMAIL FROM:<a@x>\r\nRCPT TO:<hold-1@y>\r\nDATA\r\ntext\r\n.\r\n".split(last.encode())[0]
                    + last.encode() + b"\r\n")
        time.sleep(0.05)
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        client.close()
    begun = time.monotonic()
    while listener.counts()["open"] and time.monotonic() - begun < 5:
        time.sleep(0.02)
    counts = listener.counts()
    assert counts["open"] == 0 and counts["storing"] == 1
    assert listener.ask("release") == ["released", "1"]
    while listener.counts()["storing"]:
        time.sleep(0.01)


# ---- the end --------------------------------------------------------------------------------------


def test_stop_waits_for_what_is_being_stored(listener):
    idle, busy = Client(listener), Client(listener)
    busy.envelope("slow-1@y")
    busy.send(MAIL + b".\r\n")
    time.sleep(0.03)
    assert listener.ask("stop 5000") == ["stopped"]
    assert idle.reply().startswith("421") and busy.reply().startswith("250")
    assert len(listener.mails()) == 1
    with pytest.raises(ConnectionError):
        socket.create_connection(("127.0.0.1", listener.port))


def test_stop_does_not_wait_for_ever(listener):
    client = Client(listener)
    client.envelope("hold-1@y")
    client.send(MAIL + b".\r\n")
    while listener.counts()["storing"] == 0:
        time.sleep(0.01)
    begun = time.monotonic()
    assert listener.ask("stop 200") == ["stopped"]
    assert 0.1 < time.monotonic() - begun < 3
    assert not client.reply()


def test_pythons_client(listener):
    with smtplib.LMTP("127.0.0.1", listener.port) as client:
        assert client.sendmail("a@x", ["b@y", "no-c@y"], MAIL.decode()) == {
            "no-c@y": (550, b"5.1.1 Nobody here has this address")}
    assert listener.mails()[0][3] == MAIL
