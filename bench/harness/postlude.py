"""Our side: one server on a fresh data folder with one shop, set up by its own command line."""

import contextlib
import http.client
import json
import os
import pathlib
import subprocess
import time

from .load import SECRET
from .process import BenchError, Process, free_port
from .sink import mails_wait

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SHOP = "bench"
SETTINGS = {
    "shopify.secret": SECRET,
    "live_since": "2020-01-01T00:00:00Z",
    "mail.from": "Bench <orders@bench.example>",
    "legal.address": "17 quai des Célestins, 69002 Lyon, France",
    "public_url": "https://bench.example",
    "receipt.order_confirmation": "on",  # Shopify sends its own where nobody says otherwise
}


def binary():
    path = pathlib.Path(os.environ.get("POSTLUDE") or ROOT / "build" / "postlude").resolve()
    if not path.exists():
        raise BenchError(f"{path} is not there: ./dev build")
    return path


class Postlude:
    """with Postlude(folder, sink_port) as ours: ours.port, ours.stats() ..."""

    def __init__(self, folder, sink_port, signing=None, before_start=None):
        self.folder, self.sink_port, self.signing = folder / "data", sink_port, signing
        self.before_start, self.log = before_start, folder / "postlude.log"
        self.port = self.server = self.run = None

    def verb(self, *arguments):
        """Runs a verb of the command line; its output. Fails when it does."""
        command = [str(binary()), *map(str, arguments), "--data", str(self.folder)]
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False
        )
        if done.returncode:
            raise BenchError(f"postlude {' '.join(map(str, arguments))}: {done.stderr.strip()}")
        return done.stdout

    def set_up(self):
        place = ("--currency", "EUR", "--zone", "Europe/Paris", "--locale", "en")
        self.verb("shop", "add", SHOP, "--name", "Bench", *place)
        self.set(**{**SETTINGS, "smtp.url": f"smtp://127.0.0.1:{self.sink_port}"})
        if self.signing:
            names = ("--domain", "bench.example", "--selector", "bench", "--type", self.signing)
            self.verb("key", "dkim", SHOP, *names)

    def set(self, **settings):
        self.verb("shop", "set", SHOP, *(f"{key}={value}" for key, value in settings.items()))

    @contextlib.contextmanager
    def serving(self):
        self.port = free_port()
        command = [binary(), "serve", "--data", self.folder, "--listen", f"127.0.0.1:{self.port}"]
        with Process(command, self.log) as self.server:
            self.server.wait(self.healthy, 30, "to be healthy")
            yield self

    def __enter__(self):
        self.set_up()
        if self.before_start:
            self.before_start(self)
        self.run = self.serving()
        return self.run.__enter__()

    def __exit__(self, *failure):
        return self.run.__exit__(*failure)

    def store_file(self):
        """The store of a server that is stopped."""
        found = [path for path in self.folder.glob("*.db") if path.is_file()]
        if len(found) != 1:
            raise BenchError(f"{self.folder} has {len(found)} stores")
        return found[0]

    def healthy(self):
        try:
            return self.get("/health")[0] == 200
        except OSError:
            return False

    def get(self, path):
        """(status, body) of one page."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def stats(self):
        return json.loads(self.verb("stats", "--shop", SHOP, "--json"))

    def pids(self):
        return self.server.pids()

    def check(self):
        """Fails when the server ended, or its worker died and was started again."""
        self.server.check()
        if died := [line for line in self.server.text().splitlines() if "worker.died" in line]:
            raise BenchError(f"the worker died: {died[0]}: {self.server.text()[-2000:]}")

    def wait_mails(self, sink, want, posting=None):
        """Until the sink holds `want` mails; monotonic seconds then."""
        checks = [self.check] + ([posting.check] if posting else [])
        return mails_wait(sink, want, checks)

    def counts_check(self, orders, mails):
        """The server's own counts agree with what was acknowledged and what the sink holds. The
        last answers of the sink may still be on their way into the store, so it is asked again."""
        end = time.monotonic() + 30
        while wrong := counts_wrong(self.stats(), orders, mails):
            if time.monotonic() > end:
                raise BenchError(f"counts do not add up: {'; '.join(wrong)}: {self.stats()}")
            time.sleep(0.1)


def counts_wrong(stats, orders, mails):
    """What differs from what it should be, in words."""
    messages = stats["messages"]
    want = (
        ("orders", stats["orders"], orders),
        ("accepted", messages["accepted"], mails),
        ("waiting", messages["waiting"], 0),
        ("failed", messages["failed"], 0),
        ("unknown", messages["unknown"], 0),
    )
    return [f"{what} {have}, not {due}" for what, have, due in want if have != due]
