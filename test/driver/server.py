"""server.py - one Postlude on a scratch data folder, as a test holds it.

The real binary is started with the ordinary command line, learns nothing of tests but `--test-control`,
and is spoken to by HTTP, by its verbs and by the control socket. Every wait is bounded, and no process
outlives the test: the server is in a session of its own which is killed as a whole, and the kernel kills
it when the test itself dies.
"""

import atexit
import fcntl
import http.client
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 240 if os.environ.get("POSTLUDE_PATIENT") else 1  # somebody looks with gdb: ./dev test, G=1
START_SECONDS = PATIENCE * 15  # a sanitizer build on a busy machine; a healthy start takes 0.1
ANSWER_SECONDS = PATIENCE * 60  # one control line or web request; `work` has I/O timeouts of its own inside
STOP_SECONDS = PATIENCE * 15

_alive = set()


@atexit.register
def _kill_all():
    for server in list(_alive):
        server.kill()


class Died(Exception):
    """The server's process ended while something was asked of it."""


class Failed(Exception):
    """The server, or a verb, answered otherwise than it should."""


def binary():
    """The program under test: $POSTLUDE, else build/postlude."""
    found = Path(os.environ.get("POSTLUDE") or ROOT / "build" / "postlude").resolve()
    if not found.is_file():
        raise Failed(f"there is no program {found}: ./dev build makes it")
    return str(found)


def descendants(pid):
    """Process ids below pid, youngest last; works while the parent is still alive."""
    found = []
    try:
        tasks = os.listdir(f"/proc/{pid}/task")
        for task in tasks:
            for child in Path(f"/proc/{pid}/task/{task}/children").read_text().split():
                found += [int(child), *descendants(int(child))]
    except OSError:
        pass
    return found


class Answer:
    """What a web request brought: status, headers, body (bytes), text."""

    def __init__(self, reply):
        self.status = reply.status
        self.headers = dict(reply.getheaders())
        self.body = reply.read()

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")


def ask(port, method, path, body=None, headers=None, seconds=ANSWER_SECONDS):
    """One request to a loopback port on a connection of its own. OSError, HTTPException."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
    try:
        line.request(method, path, body, headers or {})
        return Answer(line.getresponse())
    finally:
        line.close()


class Server:
    """start, stop, kill; http, control, cli, rows. `data` is made if it is not given."""

    def __init__(self, data=None, options=(), control=True, program=None):
        self.home = Path(tempfile.mkdtemp(prefix="postlude-"))
        self.data = Path(data) if data else self.home / "data"
        self.data.mkdir(exist_ok=True)
        self.program = program or binary()
        self.options = list(options)
        self.listen = "127.0.0.1:0"
        self.socket_path = self.home / "ctl" if control else None
        self.log_path = self.home / "log"
        self.process = None
        self.port = None
        self._control = None
        if control:
            (self.data / "scratch").touch()

    # ---- life ------------------------------------------------------------------------------

    def start(self):
        """Starts and waits until it listens. Failed with the log's tail if it does not."""
        self.spawn()
        return self.wait_ready()

    def wait_ready(self):
        """Waits until the server, or its next worker, listens."""
        deadline = time.monotonic() + START_SECONDS
        while not (self._read_port() and self._accepts()):
            if self.process.poll() is not None:
                self._forget()
                raise Failed(f"the server did not start (exit {self.process.returncode})\n{self.tail()}")
            if time.monotonic() > deadline:
                self.kill()
                raise Failed(f"the server was not ready after {START_SECONDS} s\n{self.tail()}")
            time.sleep(0.005)
        return self

    def spawn(self):
        """Starts without waiting, for tests in which it must fail."""
        (self.data / "port").unlink(missing_ok=True)
        command = [self.program, "serve", "--data", str(self.data), "--listen", self.listen, *self.options]
        if self.socket_path:
            self.socket_path.unlink(missing_ok=True)
            command += ["--test-control", str(self.socket_path)]
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *command],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )
        _alive.add(self)
        return self.process

    def _read_port(self):
        try:
            self.port = int((self.data / "port").read_text())
        except (OSError, ValueError):
            return False
        return True

    def _accepts(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            if self.socket_path:
                self._open_control()
        except OSError:
            return False
        return True

    def _open_control(self):
        if self._control is None:
            talk = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                talk.connect(str(self.socket_path))
            except OSError:
                talk.close()
                raise
            self._control = (talk, talk.makefile("rb"))
        return self._control

    @property
    def running(self):
        return self.process is not None and self.process.poll() is None

    def stop(self):
        """Ends it as an owner would (SIGTERM). Failed if it does not end, or not cleanly."""
        if not self.running:
            return
        self._hang_up()
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Failed(f"the server did not stop within {STOP_SECONDS} s\n{self.tail()}") from None
        self._forget()
        if code != 0:
            raise Failed(f"the server ended with {code}\n{self.tail()}")

    def kill(self):
        """kill -9 to parent and worker at once, by their ids."""
        self._hang_up()
        if not self.running:
            self._forget()
            return
        _freeze(self.process.pid)  # so that it does not start another worker meanwhile
        pids = [self.process.pid, *descendants(self.process.pid)]
        for pid in pids:
            _signal(pid)
        self.process.wait()
        self._gone(pids)
        self._forget()

    def kill_worker(self):
        """kill -9 to the worker alone; its parent starts another. False if there was none."""
        workers = descendants(self.process.pid)
        for pid in workers:
            _signal(pid)
        return bool(workers)

    def wait_dead(self, seconds=5):
        """True when the process ends by itself within the time."""
        if self.process is None:
            return True
        pids = [self.process.pid, *descendants(self.process.pid)]
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        self._gone(pids)
        self._forget()
        return True

    def _gone(self, pids):
        """A worker is not our child: waits until the kernel has let go of its files, and of the lock on the
        data folder, which is the last word: /proc may overlook a child that is just being born."""
        deadline = time.monotonic() + STOP_SECONDS
        while (any(map(_exists, pids[1:])) or self._locked()) and time.monotonic() < deadline:
            for pid in pids[1:]:
                _signal(pid)
            time.sleep(0.002)

    def _locked(self):
        try:
            with open(self.data / "lock", "rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False

    def _forget(self):
        self._hang_up()
        _alive.discard(self)

    def close(self):
        """Kills what runs and removes the scratch folder (kept with KEEP=1)."""
        self.kill()
        if not os.environ.get("KEEP"):
            shutil.rmtree(self.home, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # ---- talk ------------------------------------------------------------------------------

    def control(self, line, seconds=ANSWER_SECONDS):
        """One line to the control socket; the text behind `ok`. Died if nobody answers."""
        try:
            talk, answers = self._open_control()
            talk.settimeout(seconds)
            talk.sendall(line.encode() + b"\n")
            answer = answers.readline().decode()
        except TimeoutError:
            raise Failed(f"no answer to control line `{line}` after {seconds} s\n{self.tail()}") from None
        except OSError:
            answer = ""
        if not answer:
            self._died(f"control line `{line}`")
        verdict, _, rest = answer.strip().partition(" ")
        if verdict != "ok":
            raise Failed(f"control line `{line}`: {answer.strip()}")
        return rest

    def http(self, method, path, body=None, headers=None, seconds=ANSWER_SECONDS):
        """One request. Died if the server ended meanwhile."""
        try:
            return ask(self.port, method, path, body, headers, seconds)
        except TimeoutError:
            raise Failed(f"no answer to {method} {path} after {seconds} s\n{self.tail()}") from None
        except (OSError, http.client.HTTPException) as error:
            return self._died(f"{method} {path} ({error or type(error).__name__})")

    def _died(self, what):
        if self.wait_dead():
            raise Died(f"the server died during {what} (exit {self.process.returncode})\n{self.tail()}")
        raise Failed(f"the server dropped the connection during {what}\n{self.tail()}")

    def _hang_up(self):
        if self._control:
            self._control[1].close()
            self._control[0].close()
        self._control = None

    def cli(self, *words, ok=(0,), seconds=ANSWER_SECONDS):
        """A verb of the command line on this data folder; its standard output. A verb that writes asks the
        running server: Died if that ended over it."""
        served = self.running
        ran = self.run(*words, seconds=seconds)
        if ran.returncode not in ok:
            if served and self.wait_dead(0.5):
                raise Died(f"the server died during postlude {' '.join(words)}")
            raise Failed(f"postlude {' '.join(words)}: exit {ran.returncode}\n{ran.stderr or ran.stdout}")
        return ran.stdout

    def run(self, *words, seconds=ANSWER_SECONDS):
        """The same, however it ends: returncode, stdout, stderr."""
        command = [self.program, words[0], "--data", str(self.data), *words[1:]]
        return subprocess.run(command, capture_output=True, timeout=seconds, check=False, text=True,
                              errors="replace", encoding="utf-8", stdin=subprocess.DEVNULL)

    def stats(self, shop=None):
        return json.loads(self.cli("stats", "--json", *(["--shop", shop] if shop else [])))

    # ---- look ------------------------------------------------------------------------------

    def rows(self, query, values=()):
        """Reads the store itself, read-only, so that a broken query layer cannot hide a wrong row."""
        store = sqlite3.connect(f"file:{self.data / 'postlude.db'}?mode=ro", uri=True, timeout=10)
        try:
            return store.execute(query, values).fetchall()
        finally:
            store.close()

    def log(self):
        try:
            return self.log_path.read_text("utf-8", "replace")
        except OSError:
            return ""

    def tail(self, lines=15):
        found = self.log().splitlines()[-lines:]
        return "\n".join(f"    log: {line}" for line in found) or "    log: (empty)"

    def complaints(self):
        """Lines in the log that no test may cause: sanitizers and our own must()."""
        signs = ("ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "runtime error:",
                 "WARNING: ThreadSanitizer", "what=must")
        return [line for line in self.log().splitlines() if any(sign in line for sign in signs)]


def _signal(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def _freeze(pid):
    """Stops a process where it is, and waits until it stands."""
    try:
        os.kill(pid, signal.SIGSTOP)
    except ProcessLookupError:
        return
    deadline = time.monotonic() + STOP_SECONDS
    while _state(pid) not in ("T", "t", "Z", "") and time.monotonic() < deadline:
        time.sleep(0.001)


def _state(pid):
    """The kernel's letter for what a process does; "" when it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


def _exists(pid):
    return _state(pid) not in ("Z", "")
