"""Our side: one server on a fresh data folder with one shop, set up by its own command line."""

import http.client
import json
import os
import pathlib
import subprocess
import time

from .load import SECRET
from .process import BenchError, Process, free_port

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SHOP = "bench"


def binary():
    path = pathlib.Path(os.environ.get("POSTLUDE") or ROOT / "build" / "postlude").resolve()
    if not path.exists():
        raise BenchError(f"{path} is not there: ./dev build")
    return path


class Postlude:
    """with Postlude(folder, sink_port) as ours: ours.port, ours.stats() ..."""

    def __init__(self, folder, sink_port, signing=None, before_start=None, settings=None):
        self.folder, self.sink_port, self.signing = folder / "data", sink_port, signing
        self.before_start, self.settings = before_start, settings or {}
        self.log = folder / "postlude.log"
        self.port, self.server = None, None

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
        self.verb(
            "shop",
            "add",
            SHOP,
            "--name",
            "Bench",
            "--currency",
            "EUR",
            "--zone",
            "Europe/Paris",
            "--locale",
            "en",
        )
        settings = {
            "shopify.secret": SECRET,
            "live_since": "2020-01-01T00:00:00Z",
            "smtp.url": f"smtp://127.0.0.1:{self.sink_port}",
            "mail.from": "Bench <orders@bench.example>",
            "legal.address": "17 quai des Célestins, 69002 Lyon, France",
            "public_url": "https://bench.example",
            **self.settings,
        }
        self.verb("shop", "set", SHOP, *(f"{key}={value}" for key, value in settings.items()))
        if self.signing:
            self.verb(
                "key",
                "dkim",
                SHOP,
                "--domain",
                "bench.example",
                "--selector",
                "bench",
                "--type",
                self.signing,
            )

    def __enter__(self):
        self.set_up()
        if self.before_start:
            self.before_start(self)
        self.port = free_port()
        self.server = Process(
            [binary(), "serve", "--data", self.folder, "--listen", f"127.0.0.1:{self.port}"],
            self.log,
        )
        self.server.wait(self.healthy, 30, "to be healthy")
        return self

    def __exit__(self, *failure):
        self.server.__exit__(*failure)

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

    def wait_mails(self, sink, want, stall_seconds=60):
        """Until the sink holds `want` mails; fails when none came for a while. Monotonic seconds then."""
        last, since = sink.mails(), time.monotonic()
        while last < want:
            self.server.check()
            time.sleep(0.01)
            now = sink.mails()
            if now != last:
                last, since = now, time.monotonic()
            elif time.monotonic() - since > stall_seconds:
                raise BenchError(
                    f"no mail for {stall_seconds} s, {want - last} of {want} are missing; "
                    f"stats: {self.stats()}"
                )
        return time.monotonic()

    def counts_check(self, orders, mails):
        """The server's own counts agree with what was acknowledged and what the sink holds."""
        end = time.monotonic() + 30
        while True:  # the last answers of the sink may still be on their way into the store
            stats = self.stats()
            messages = stats["messages"]
            wrong = [
                f"{what} {have}, not {want}"
                for what, have, want in (
                    ("orders", stats["orders"], orders),
                    ("accepted", messages["accepted"], mails),
                    ("waiting", messages["waiting"], 0),
                    ("failed", messages["failed"], 0),
                    ("unknown", messages["unknown"], 0),
                )
                if have != want
            ]
            if not wrong:
                return stats
            if time.monotonic() > end:
                raise BenchError(f"counts do not add up: {'; '.join(wrong)}: {stats}")
            time.sleep(0.1)
