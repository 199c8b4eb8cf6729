"""sink.py - the SMTP server of a scenario: takes mail, keeps it, and misbehaves when told to.

It runs in threads of the test itself, so that a scenario can look at what arrived without waiting. It
speaks RFC 5321 with PIPELINING, 8BITMIME, SMTPUTF8, SIZE, DSN and ENHANCEDSTATUSCODES, and on request
STARTTLS. A rule changes one stage of the dialogue, a number of times or for good:

    sink.rule("rcpt", "451 4.7.1 Greylisted, come back later", times=1)
    sink.rule("dot", "drop", times=1)      # took the mail, then broke the line: outcome unknown

Stages: connect ehlo mail rcpt data body (while the text comes) dot (after it).
Actions: a reply; `drop` (the line breaks), `hang` (silence until the sink closes), `slow` (goes on as
usual, but says its reply a byte at a time).
"""

import email
import email.policy
import socket
import ssl
import threading
import time

STAGES = ("connect", "ehlo", "mail", "rcpt", "data", "body", "dot")
EXTENSIONS = ("PIPELINING", "8BITMIME", "SMTPUTF8", "SIZE 10485760", "DSN", "ENHANCEDSTATUSCODES")
USUAL = {"connect": "220 sink.test ESMTP", "mail": "250 2.1.0 Ok", "rcpt": "250 2.1.5 Ok",
         "data": "354 End data with <CR><LF>.<CR><LF>", "dot": "250 2.0.0 Ok: queued as {n}"}
HABITS = ("drop", "hang", "slow")
SLOW_SECONDS = 0.005  # between two bytes of a slow reply
SILENT_SECONDS = 120  # a client that says nothing for so long is gone


class Mail:
    """One mail taken: the envelope and the bytes as they came, dots unstuffed."""

    def __init__(self, sender, recipients, raw):
        self.sender, self.recipients, self.raw = sender, recipients, raw
        self.at = time.time()
        self._message = None

    @property
    def message(self):
        if self._message is None:
            self._message = email.message_from_bytes(self.raw, policy=email.policy.default)
        return self._message

    @property
    def id(self):
        """The Message-ID, read without parsing the rest (a kill test takes thousands)."""
        for line in self.raw.partition(b"\r\n\r\n")[0].split(b"\r\n"):
            if line.lower().startswith(b"message-id:"):
                return line.partition(b":")[2].strip().decode("ascii", "replace")
        return ""

    @property
    def subject(self):
        return str(self.message["subject"] or "")

    def part(self, kind):
        """The text of the `plain` or `html` part, or ''."""
        found = self.message.get_body((kind,))
        return found.get_content() if found else ""

    @property
    def body(self):
        return self.part("plain") + "\n" + self.part("html")


class _Rule:
    def __init__(self, stage, action, times):
        self.stage, self.action, self.left = stage, action, times


class Sink:
    """One SMTP server on a free loopback port; `certificate` is (cert file, key file) for STARTTLS."""

    def __init__(self, certificate=None, reply_seconds=0.0):
        self.mails = []  # in the order in which they were taken
        self.connections = 0
        self.reply_seconds = reply_seconds  # between taking a mail and saying so
        self._rules = []
        self._lock = threading.Lock()
        self._open = set()
        self._tls = None
        if certificate:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(*certificate)
        self._listener = None
        self._port = 0
        self.up()

    @property
    def url(self):
        return f"smtp://127.0.0.1:{self._port}?tls={'require' if self._tls else 'never'}"

    def rule(self, stage, action, times=None):
        if stage not in STAGES:
            raise ValueError(f"stage {stage}: one of {' '.join(STAGES)}")
        with self._lock:
            self._rules.append(_Rule(stage, action, times))

    def behave(self):
        """Forgets every rule and listens."""
        with self._lock:
            self._rules.clear()
        self.up()

    def up(self):
        if self._listener is None:
            self._listener = socket.create_server(("127.0.0.1", self._port), backlog=128)
            self._port = self._listener.getsockname()[1]
            threading.Thread(target=self._serve, args=(self._listener,), daemon=True).start()

    def down(self):
        """Refuses connections and breaks those there are; the port stays ours by number only."""
        listener, self._listener = self._listener, None
        if listener:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        with self._lock:
            for line in list(self._open):
                _break(line)

    close = down

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
            threading.Thread(target=self._talk, args=(line,), daemon=True).start()

    def _talk(self, line):
        try:
            _Dialogue(self, line).run()
        except (OSError, ValueError, ssl.SSLError):
            pass
        finally:
            with self._lock:
                self._open.discard(line)
            line.close()

    def action(self, stage):
        """What to do at this stage now; a rule that is used up makes room for the next."""
        with self._lock:
            for rule in self._rules:
                if rule.stage == stage and rule.left != 0:
                    if rule.left is not None:
                        rule.left -= 1
                    return rule.action
        return None

    def take(self, mail):
        with self._lock:
            self.mails.append(mail)
            return len(self.mails)


def _break(line):
    """Ends a connection at once, and wakes the thread that reads it."""
    try:
        line.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass


class _Over(OSError):
    """A rule ended the dialogue."""


class _Dialogue:
    """One connection, from greeting to QUIT."""

    def __init__(self, sink, line):
        self.sink, self.line = sink, line
        self.bytes = line.makefile("rb")
        self.secure = False
        self.sender, self.recipients = None, []

    def run(self):
        self.answer("connect", USUAL["connect"])
        while command := self.bytes.readline(4096):
            verb, _, rest = command.decode("utf-8", "replace").strip().partition(" ")
            act = getattr(self, "do_" + verb.lower(), None)
            if act is None:
                self.say("502 5.5.2 Command not recognized")
            elif act(rest) is False:
                return

    def answer(self, stage, usual):
        """Says the usual or what a rule wants; True if that was a yes."""
        action = self.sink.action(stage)
        said = usual if action in (None, *HABITS) else action
        self.act(action, said)
        return said[0] in "23"

    def act(self, action, text):
        """Says the text in the manner of the action."""
        if action == "drop":
            raise _Over
        if action == "hang":
            while self.line.recv(4096):
                pass
            raise _Over
        if action == "slow":
            for byte in text + "\r\n":
                self.line.sendall(byte.encode())
                time.sleep(SLOW_SECONDS)
            return
        self.say(text)
        if text.startswith("421"):
            raise _Over

    def say(self, text):
        self.line.sendall(text.encode() + b"\r\n")

    def do_ehlo(self, rest):
        lines = ["sink.test", *EXTENSIONS]
        if self.sink._tls and not self.secure:
            lines.append("STARTTLS")
        self.answer("ehlo", "\r\n".join(
            f"250{'-' if i < len(lines) - 1 else ' '}{text}" for i, text in enumerate(lines)))

    do_helo = do_ehlo

    def do_starttls(self, rest):
        self.say("220 2.0.0 Ready to start TLS")
        self.line = self.sink._tls.wrap_socket(self.line, server_side=True)
        self.bytes = self.line.makefile("rb")
        self.secure = True

    def do_mail(self, rest):
        if self.answer("mail", USUAL["mail"]):
            self.sender, self.recipients = _path(rest), []

    def do_rcpt(self, rest):
        if self.sender is None:
            self.say("503 5.5.1 MAIL first")
        elif self.answer("rcpt", USUAL["rcpt"]):
            self.recipients.append(_path(rest))

    def do_data(self, rest):
        if not self.recipients:
            self.say("503 5.5.1 RCPT first")
        elif self.answer("data", USUAL["data"]):
            self.read_mail()

    def read_mail(self):
        if action := self.sink.action("body"):
            self.bytes.read(10)
            self.act(action, "421 4.3.2 Going down")
        text = []
        while (line := self.bytes.readline()) != b".\r\n":
            if not line:
                raise _Over
            text.append(line[1:] if line.startswith(b".") else line)
        mail = Mail(self.sender, self.recipients, b"".join(text))
        self.sender, self.recipients = None, []
        action = self.sink.action("dot")
        if action and action[0] in "45":
            self.act(action, action)
            return
        taken = USUAL["dot"].format(n=self.sink.take(mail))
        time.sleep(self.sink.reply_seconds)
        self.act(action, action if action and action[0] == "2" else taken)

    def do_rset(self, rest):
        self.sender, self.recipients = None, []
        self.say("250 2.0.0 Ok")

    def do_noop(self, rest):
        self.say("250 2.0.0 Ok")

    def do_quit(self, rest):
        self.say("221 2.0.0 Bye")
        return False


def _path(rest):
    """`FROM:<a@b> SIZE=1` -> `a@b`"""
    return rest.partition("<")[2].partition(">")[0]
