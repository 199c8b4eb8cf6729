"""Where the mails go: our own sink, which keeps time, or postfix's smtp-sink."""

import array
import contextlib
import os
import re
import socket
import time

from .process import BenchError, Process, free_port, port_open
from .tools import tool

BULK = 1 << 63


class OwnSink(Process):
    """bench/load/sink.c: counts, and logs each mail's moment, number and Message-ID."""

    def __init__(self, folder):
        self.rows_file = folder / "sink.rows"
        super().__init__([tool("sink"), "-l", self.rows_file], folder / "sink.log")
        self.port = self.wait_port()
        self.control = socket.create_connection(("127.0.0.1", self.port))
        self.control.recv(512)

    def count(self):
        """(mails accepted, of which bulk)"""
        self.control.sendall(b"XSTATS\r\n")
        found = re.match(rb"250 mails=(\d+) bulk=(\d+) ", self.control.recv(512))
        if not found:
            raise BenchError("the sink does not answer XSTATS")
        return int(found[1]), int(found[2])

    def mails(self):
        return self.count()[0]

    def rows(self):
        """[(ns, number, hash of the Message-ID)] of all mails so far, in order of arrival."""
        self.count()  # flushes
        numbers = array.array("Q")
        numbers.frombytes(self.rows_file.read_bytes())
        return list(zip(numbers[0::3], numbers[1::3], numbers[2::3]))

    def stop(self, seconds=60):
        self.control.close()
        super().stop(seconds)


class PostfixSink(Process):
    """smtp-sink with its running counters, which it prints after every mail."""

    def __init__(self, folder):
        self.port = free_port()
        user = ["-u", "nobody"] if os.geteuid() == 0 else []
        super().__init__(
            ["/usr/sbin/smtp-sink", *user, "-c", f"inet:127.0.0.1:{self.port}", "1024"],
            folder / "smtp-sink.log",
        )
        self.wait(lambda: port_open(self.port), 10, "to listen")

    def mails(self):
        with self.log.open("rb") as log, contextlib.suppress(OSError):
            log.seek(-min(256, self.log.stat().st_size), os.SEEK_END)
            found = re.findall(rb"mesg=(\d+)[\r\n]", log.read())
            return int(found[-1]) if found else 0
        return 0


def mails_wait(sink, want, checks, stall_seconds=60):
    """Until the sink holds `want` mails; monotonic seconds then. Fails when none came for a while,
    or when one of the checks does, which are asked every half second."""
    last, moved, asked = sink.mails(), time.monotonic(), 0
    while last < want:
        time.sleep(0.01)
        count, now = sink.mails(), time.monotonic()
        if count != last:
            last, moved = count, now
        if now - asked > 0.5:
            asked = now
            for check in checks:
                check()
        if now - moved > stall_seconds:
            raise BenchError(f"no mail for {stall_seconds} s, {want - last} of {want} are missing")
    return time.monotonic()


def distinct_check(rows, want):
    """No mail missing, none twice: as many Message-IDs as mails, as many mails as orders."""
    ids = {row[2] for row in rows}
    if 0 in ids:
        raise BenchError("a mail came without Message-ID")
    if len(rows) != want or len(ids) != want:
        raise BenchError(
            f"{want} mails were due, {len(rows)} came with {len(ids)} different Message-IDs"
        )
