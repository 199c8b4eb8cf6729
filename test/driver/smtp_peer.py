"""smtp_peer.py - an SMTP server that misbehaves on demand and writes down what it accepted.

As a program (a peer for anything that speaks SMTP; loopback only):

    python3 test/driver/smtp_peer.py [--port N] [--log FILE] [--raw FOLDER] [--extensions "PIPELINING SIZE 1000"]
        [--tls starttls|implicit --certificate right|wrong|expired|self --certificates FOLDER]
        [--user NAME --secret WORD [--auth "PLAIN LOGIN XOAUTH2"]] [--rule JSON]... [--seed N]

The first line of its output is the port. Then it reads orders from its input, one a line, and answers each with
`ok ...` or `error ...`; it ends with its input:

    rule {"stage": "rcpt", "do": "451 4.7.1 Later", "times": 3}     adds a rule
    clear              forgets all rules
    extensions WORDS   offers other extensions from the next EHLO on ("" for none; "-" answers EHLO with 502)
    count              -> ok ACCEPTED CONNECTIONS
    kill               breaks all connections there are
    down, up           stops listening and breaks all connections; listens again on the same port

In a test, in threads of it:

    with Peer(log="mails.jsonl") as peer:
        peer.rule("dot", "drop", times=1)
        ... peer.port, peer.mails (dicts as in the log), peer.commands (what clients said)

A RULE says what to do at a stage. The first that applies is taken.
    stage     connect ehlo starttls auth mail rcpt data body dot after rset quit
              `body`: after the first bytes of the mail; `dot`: it came whole, nothing is logged yet; `after`: it
              is logged as accepted, the reply is still to be said
    do        a reply ("451 4.7.1 Later"; several lines with \\n are sent as they are, so garbage and injections are
              possible; "250-a\\n250 b" is a reply of two lines). A 421 closes behind itself, and so does a reply at
              `body`. At `dot` and `after`, a positive reply accepts the mail and a negative one does not.
              drop   break the connection        hang   say nothing until the client goes away
              slow   the usual reply, byte by byte (`seconds` between two, 0.005)
              early  at data: the usual 354 and, without waiting for the mail, a 250
              wait   the usual reply after `seconds`
    times     how often (without end); skip: so many occasions first; share: 0..1, by dice with the seed
    to        only when the recipient contains this; connection: only on the n-th connection, from 1

The LOG holds a line of JSON for each mail accepted, appended before the reply is said: n, connection, from, to,
message_id, size, at (s), secure, user, helo, parameters (of MAIL), rcpt_parameters, and raw, the file, with --raw.
"""

import argparse
import base64
import json
import pathlib
import random
import select
import socket
import ssl
import subprocess
import sys
import threading
import time

STAGES = ("connect", "ehlo", "starttls", "auth", "mail", "rcpt", "data", "body", "dot", "after", "rset", "quit")
EXTENSIONS = "PIPELINING\n8BITMIME\nSMTPUTF8\nSIZE 10485760\nDSN\nENHANCEDSTATUSCODES".split("\n")
USUAL = {"connect": "220 peer.test ESMTP", "starttls": "220 2.0.0 Ready to start TLS",
         "auth": "235 2.7.0 Authentication successful", "mail": "250 2.1.0 Ok", "rcpt": "250 2.1.5 Ok",
         "data": "354 End data with <CR><LF>.<CR><LF>", "after": "250 2.0.0 Ok: queued as {n}",
         "rset": "250 2.0.0 Ok", "quit": "221 2.0.0 Bye"}
HABITS = ("drop", "hang", "slow", "early", "wait")
SLOW_SECONDS = 0.005
SILENT_SECONDS = 120  # a client that says nothing for so long is gone


def make_certificates(folder):
    """ca.pem, and NAME.pem with NAME.key for right (localhost, 127.0.0.1), wrong (another host), expired, self."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]

    def openssl(*words):
        subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)

    openssl("req", "-x509", *new_key, "-days", 2, "-subj", "/CN=Test authority", "-keyout", folder / "ca.key",
            "-out", folder / "ca.pem")
    openssl("req", "-x509", *new_key, "-days", 2, "-subj", "/CN=localhost", "-addext",
            "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", folder / "self.key", "-out", folder / "self.pem")
    right, wrong = "DNS:localhost,IP:127.0.0.1", "DNS:mail.example.net,DNS:*.example.org"
    for name, names, days in (("right", right, 2), ("wrong", wrong, 2), ("expired", right, -1)):
        openssl("req", *new_key, "-subj", f"/CN={name}", "-keyout", folder / f"{name}.key", "-out",
                folder / f"{name}.csr")
        (folder / f"{name}.ext").write_text(f"subjectAltName={names}\n")
        openssl("x509", "-req", "-in", folder / f"{name}.csr", "-CA", folder / "ca.pem", "-CAkey", folder / "ca.key",
                "-days", days, "-extfile", folder / f"{name}.ext", "-out", folder / f"{name}.pem")
    return folder


class _Rule:
    def __init__(self, stage, do, times=None, skip=0, share=1.0, to=None, connection=None, seconds=None):
        if stage not in STAGES:
            raise ValueError(f"stage {stage}: one of {' '.join(STAGES)}")
        if do not in HABITS and not do:
            raise ValueError("do: a reply or one of " + " ".join(HABITS))
        self.stage, self.do, self.left, self.skip, self.share = stage, do, times, skip, share
        self.to, self.connection = to, connection
        self.seconds = seconds if seconds is not None else SLOW_SECONDS

    def applies(self, stage, dialogue, dice):
        if stage != self.stage or self.left == 0 or self.connection not in (None, dialogue.number):
            return False
        if self.to is not None and not any(self.to in address for address in dialogue.recipients):
            return False
        if self.share < 1.0 and dice.random() >= self.share:
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.left is not None:
            self.left -= 1
        return True


class Peer:
    """One server on a loopback port. tls: None, "starttls" or "implicit"; certificate: (cert file, key file)."""

    def __init__(self, port=0, log=None, raw=None, extensions=EXTENSIONS, tls=None, certificate=None, user=None,
                 secret=None, auth="PLAIN LOGIN", rules=(), seed=0):
        self.mails, self.commands, self.connections = [], [], 0
        self.extensions, self.tls, self.user, self.secret, self.auth = list(extensions), tls, user, secret, auth
        self._log = open(log, "a", buffering=1, encoding="utf-8") if log else None
        self._raw = pathlib.Path(raw) if raw else None
        self._dice = random.Random(seed)
        self._lock = threading.Lock()
        self._rules = [_Rule(**rule) for rule in rules]
        self._open = set()
        self._context = None
        if tls:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(*certificate)
        self._listener, self.port = None, port
        self.up()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.down()
        if self._log:
            self._log.close()

    def rule(self, stage, do, **more):
        with self._lock:
            self._rules.append(_Rule(stage, do, **more))

    def clear(self):
        with self._lock:
            self._rules.clear()

    def up(self):
        if self._listener is None:
            self._listener = socket.create_server(("127.0.0.1", self.port), backlog=256)
            self.port = self._listener.getsockname()[1]
            threading.Thread(target=self._serve, args=(self._listener,), daemon=True).start()

    def down(self):
        listener, self._listener = self._listener, None
        if listener:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        self.kill()

    def kill(self):
        with self._lock:
            for line in self._open:
                try:
                    line.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def _serve(self, listener):
        while True:
            try:
                line, _ = listener.accept()
            except OSError:
                return
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            line.settimeout(SILENT_SECONDS)
            with self._lock:
                self._open.add(line)
                self.connections += 1
                number = self.connections
            threading.Thread(target=self._talk, args=(line, number), daemon=True).start()

    def _talk(self, line, number):
        dialogue = _Dialogue(self, line, number)
        try:
            dialogue.run()
        except (OSError, ValueError):
            pass
        finally:
            with self._lock:
                self._open.discard(line)
            dialogue.close()

    # ---- for the dialogues -------------------------------------------------------------------

    def action(self, stage, dialogue):
        with self._lock:
            return next((rule for rule in self._rules if rule.applies(stage, dialogue, self._dice)), None)

    def heard(self, number, command):
        with self._lock:
            self.commands.append((number, command))

    def accept(self, mail, text):
        with self._lock:
            mail["n"] = len(self.mails) + 1
            if self._raw:
                path = self._raw / f"{mail['n']}.eml"
                path.write_bytes(text)
                mail["raw"] = str(path)
            if self._log:
                self._log.write(json.dumps(mail) + "\n")
            self.mails.append(dict(mail, text=text))
            return mail["n"]


class _Over(OSError):
    """The dialogue has ended."""


class _Dialogue:
    """One connection, from greeting to QUIT."""

    def __init__(self, peer, line, number):
        self.peer, self.line, self.number = peer, line, number
        self.bytes = line.makefile("rb")
        self.secure, self.logged_in, self.helo = False, None, ""
        self.sender, self.recipients, self.parameters, self.rcpt_parameters = None, [], "", ""

    def run(self):
        if self.peer.tls == "implicit":
            self.wrap()
        self.answer("connect")
        while command := self.bytes.readline(65536):
            text = command.decode("utf-8", "replace").rstrip("\r\n")
            self.peer.heard(self.number, text)
            verb, _, rest = text.partition(" ")
            act = getattr(self, "do_" + verb.lower(), None)
            if act is None:
                self.say("502 5.5.2 Command not recognized")
            else:
                act(rest)

    def close(self):
        for thing in (self.bytes, self.line):
            try:
                thing.close()
            except OSError:
                pass

    def wrap(self):
        self.line = self.peer._context.wrap_socket(self.line, server_side=True)
        self.bytes = self.line.makefile("rb")
        self.secure = True

    # ---- saying ------------------------------------------------------------------------------

    def say(self, text):
        self.line.sendall(text.replace("\n", "\r\n").encode() + b"\r\n")

    def answer(self, stage, usual=None):
        """Says the usual or what a rule wants; True if it was a yes."""
        usual = usual if usual is not None else USUAL[stage]
        rule = self.peer.action(stage, self)
        if rule is None:
            self.say(usual)
            return usual[0] in "23"
        return self.obey(rule, usual)

    def obey(self, rule, usual):
        if rule.do == "drop":
            raise _Over
        if rule.do == "hang":
            self.wait_until_gone()
            raise _Over
        if rule.do == "slow":
            for byte in usual.replace("\n", "\r\n") + "\r\n":
                self.line.sendall(byte.encode())
                time.sleep(rule.seconds)
            return usual[0] in "23"
        if rule.do == "wait":
            time.sleep(rule.seconds)
            self.say(usual)
            return usual[0] in "23"
        if rule.do == "early":
            self.say(usual + "\n250 2.0.0 Ok: took it before you sent it")
            return True
        self.say(rule.do)
        if rule.do.startswith("421"):
            raise _Over
        return rule.do[0] in "23"

    def wait_until_gone(self):
        """Reads nothing, so that a client's large mail gets stuck, and ends when the client does."""
        poll = select.poll()
        poll.register(self.line.fileno(), select.POLLRDHUP | select.POLLHUP | select.POLLERR)
        poll.poll(SILENT_SECONDS * 1000)

    # ---- commands ----------------------------------------------------------------------------

    def do_ehlo(self, rest):
        self.helo = rest
        words = list(self.peer.extensions)
        if words == ["-"]:
            self.say("502 5.5.1 EHLO is not known here")
            return
        if self.peer.tls == "starttls" and not self.secure:
            words.append("STARTTLS")
        if self.peer.user:
            words.append("AUTH " + self.peer.auth)
        lines = ["peer.test", *words]
        self.answer("ehlo", "\n".join(f"250{'-' if i < len(lines) - 1 else ' '}{w}" for i, w in enumerate(lines)))

    def do_helo(self, rest):
        self.helo = rest
        self.say("250 peer.test")

    def do_starttls(self, rest):
        if self.peer.tls != "starttls":
            self.say("502 5.5.1 Not here")
        elif self.answer("starttls"):
            self.wrap()

    def do_auth(self, rest):
        mechanism, _, first = rest.partition(" ")
        try:
            user, secret = getattr(self, "auth_" + mechanism.lower())(first)
        except (AttributeError, ValueError, UnicodeDecodeError):
            self.say("504 5.5.4 No such mechanism or no such form")
            return
        right = (user, secret) == (self.peer.user, self.peer.secret)
        if mechanism.upper() == "XOAUTH2" and not right:
            self.ask(base64.b64encode(b'{"status":"401","schemes":"bearer"}').decode())
        if self.answer("auth", USUAL["auth"] if right else "535 5.7.8 Username and Password not accepted"):
            self.logged_in = user

    def ask(self, challenge):
        self.say("334 " + challenge)
        answer = self.bytes.readline(65536).strip()
        self.peer.heard(self.number, "(" + answer.decode("ascii", "replace") + ")")
        return answer

    def auth_plain(self, first):
        _, user, secret = base64.b64decode(first or self.ask(""), validate=True).decode().split("\0")
        return user, secret

    def auth_login(self, first):
        user = base64.b64decode(first or self.ask("VXNlcm5hbWU6"), validate=True).decode()
        return user, base64.b64decode(self.ask("UGFzc3dvcmQ6"), validate=True).decode()

    def auth_xoauth2(self, first):
        text = base64.b64decode(first or self.ask(""), validate=True).decode()
        user, bearer, *rest = text.split("\1")
        if not user.startswith("user=") or not bearer.startswith("auth=Bearer ") or rest != ["", ""]:
            raise ValueError(text)
        return user[5:], bearer[12:]

    def do_mail(self, rest):
        if self.peer.user and not self.logged_in:
            self.say("530 5.7.0 Authentication required")
        elif self.sender is not None:
            self.say("503 5.5.1 Nested MAIL command")
        elif self.answer("mail"):
            self.sender, self.parameters = _path(rest)
            self.recipients = []

    def do_rcpt(self, rest):
        if self.sender is None:
            self.say("503 5.5.1 MAIL first")
            return
        address, self.rcpt_parameters = _path(rest)
        self.recipients.append(address)
        if not self.answer("rcpt"):
            self.recipients.pop()

    def do_data(self, rest):
        if not self.recipients:
            self.say("503 5.5.1 RCPT first")
        elif self.answer("data"):
            self.read_mail()

    def read_mail(self):
        if rule := self.peer.action("body", self):
            self.bytes.read(10)
            self.obey(rule, "421 4.3.2 Going down")
            raise _Over
        text = []
        while (line := self.bytes.readline()) != b".\r\n":
            if not line:
                raise _Over
            text.append(line[1:] if line.startswith(b".") else line)
        self.end_mail(b"".join(text))
        self.sender, self.recipients = None, []

    def end_mail(self, text):
        rule = self.peer.action("dot", self)
        if rule and not (rule.do not in HABITS and rule.do[0] == "2"):
            if not self.obey(rule, "250 2.0.0 Ok"):
                return
        mail = {"connection": self.number, "from": self.sender, "to": self.recipients, "message_id": _id(text),
                "size": len(text), "at": time.time(), "secure": self.secure, "user": self.logged_in,
                "helo": self.helo, "parameters": self.parameters, "rcpt_parameters": self.rcpt_parameters}
        number = self.peer.accept(mail, text)
        if rule is None:
            self.answer("after", USUAL["after"].format(n=number))
        elif rule.do not in HABITS:
            self.say(rule.do)

    def do_rset(self, rest):
        self.sender, self.recipients = None, []
        self.answer("rset")

    def do_noop(self, rest):
        self.say("250 2.0.0 Ok")

    def do_quit(self, rest):
        self.answer("quit")
        raise _Over


def _path(rest):
    """`FROM:<a@b> SIZE=1` -> ("a@b", "SIZE=1")"""
    address, _, parameters = rest.partition("<")[2].partition(">")
    return address, parameters.strip()


def _id(text):
    for line in text.partition(b"\r\n\r\n")[0].split(b"\r\n"):
        if line.lower().startswith(b"message-id:"):
            return line.partition(b":")[2].strip().decode("ascii", "replace")
    return ""


# ---- as a program -------------------------------------------------------------------------------


def _obey_order(peer, order):
    verb, _, rest = order.strip().partition(" ")
    if verb == "rule":
        peer.rule(**json.loads(rest))
    elif verb == "clear":
        peer.clear()
    elif verb == "extensions":
        peer.extensions = [word.strip() for word in rest.replace("SIZE ", "SIZE=").split()]
        peer.extensions = [word.replace("SIZE=", "SIZE ") for word in peer.extensions]
    elif verb == "count":
        return f"ok {len(peer.mails)} {peer.connections}"
    elif verb in ("kill", "down", "up"):
        getattr(peer, verb)()
    else:
        raise ValueError(f"no such order: {verb}")
    return "ok"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--log")
    parser.add_argument("--raw")
    parser.add_argument("--extensions")
    parser.add_argument("--tls", choices=("starttls", "implicit"))
    parser.add_argument("--certificate", default="right", choices=("right", "wrong", "expired", "self"))
    parser.add_argument("--certificates", help="folder; made if it is empty")
    parser.add_argument("--user")
    parser.add_argument("--secret")
    parser.add_argument("--auth", default="PLAIN LOGIN XOAUTH2")
    parser.add_argument("--rule", action="append", default=[], type=json.loads)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    pair = None
    if asked.tls:
        folder = pathlib.Path(asked.certificates or parser.error("--tls needs --certificates"))
        if not (folder / "ca.pem").exists():
            make_certificates(folder)
        pair = (folder / f"{asked.certificate}.pem", folder / f"{asked.certificate}.key")
    peer = Peer(asked.port, asked.log, asked.raw, EXTENSIONS, asked.tls, pair, asked.user, asked.secret, asked.auth,
                asked.rule, asked.seed)
    with peer:
        if asked.extensions is not None:
            _obey_order(peer, "extensions " + asked.extensions)
        print(peer.port, flush=True)
        for order in sys.stdin:
            try:
                print(_obey_order(peer, order), flush=True)
            except (ValueError, TypeError, KeyError) as error:
                print(f"error {error}", flush=True)


if __name__ == "__main__":
    main()
