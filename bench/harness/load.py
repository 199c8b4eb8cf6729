"""The load generator as the benches use it: orders posted, pages asked for, answers counted."""

import datetime
import json
import subprocess
import threading

from .process import BenchError
from .tools import order_templates, run_json, tool

SECRET = "a-secret-for-the-bench"
PATH = "/in/bench/shopify"
CONNECTIONS = 64


def moment():
    """Now, in the shop's own time as Shopify writes it."""
    return datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=1))).isoformat(
        timespec="seconds"
    )


class Orders:
    """Hands out orders that were never sent before: the numbers go on from load to load."""

    def __init__(self):
        self.next = 1

    def command(self, port, count, *more, seconds=None, rate=None, connections=CONNECTIONS):
        command = [
            tool("http_load"),
            "post",
            "--port",
            port,
            "--path",
            PATH,
            "--orders",
            order_templates(),
            "--secret",
            SECRET,
            "--moment",
            moment(),
            "--first",
            self.next,
            "--count",
            count,
            "--connections",
            connections,
            *more,
        ]
        self.next += count
        if seconds:
            command += ["--seconds", seconds]
        if rate:
            command += ["--rate", rate]
        return [str(part) for part in command]

    def post(self, port, count, *more, **options):
        """Posts up to `count` orders; the report of http_load. Fails on any answer but 2xx."""
        return report_check(run_json(*self.command(port, count, *more, **options)))

    def post_for(self, port, seconds, most_per_second):
        """As many as are taken in `seconds`. Fails when the prepared ones ran out before."""
        report = self.post(port, int(seconds * most_per_second), seconds=seconds)
        if report["exhausted"]:
            raise BenchError(
                f"all prepared orders were taken before {seconds} s were over: prepare more"
            )
        return report


class Posting(threading.Thread):
    """A load that runs beside: start(), then result()."""

    def __init__(self, command):
        super().__init__(daemon=True)
        self.child = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.said = None
        self.start()

    def run(self):
        self.said = self.child.communicate()

    def result(self):
        self.join()
        if self.child.returncode:
            raise BenchError(f"http_load: {self.said[1].strip()}")
        return report_check(json.loads(self.said[0]))

    def check(self):
        if self.child.poll() not in (None, 0):
            self.result()


def report_check(report):
    if report["errors"]:
        raise BenchError(
            f"{report['errors']} requests failed, the first one: {report['first_error']}"
        )
    if not report["ok"]:
        raise BenchError("not one request was answered")
    return report


def pages_get(port, paths_file, seconds, connections=CONNECTIONS):
    return report_check(
        run_json(
            tool("http_load"),
            "get",
            "--port",
            port,
            "--paths",
            paths_file,
            "--seconds",
            seconds,
            "--connections",
            connections,
        )
    )
