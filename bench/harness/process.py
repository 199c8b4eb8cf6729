"""Child processes of a bench: started with their output kept, stopped by id, measured as a tree."""

import atexit
import contextlib
import os
import pathlib
import select
import signal
import socket
import subprocess
import threading
import time


class BenchError(Exception):
    """The figure cannot be trusted: something failed or counts do not add up."""


class Process:
    """One program and what it starts. Output goes to `log`; the end is waited for, always."""

    def __init__(self, command, log, env=None, cwd=None):
        self.name = pathlib.Path(str(command[0])).name
        self.log = pathlib.Path(log)
        self.out = self.log.open("wb")
        self.child = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=self.out,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(env or {})},
            cwd=cwd,
        )

        atexit.register(self.abandon)  # for what fails between its start and its `with`

    def abandon(self):
        if self.child.poll() is None:
            self.child.kill()
            self.child.wait()

    def text(self):
        return self.log.read_text(encoding="utf-8", errors="replace")

    def check(self):
        if self.child.poll() is not None:
            raise BenchError(
                f"{self.name} ended with {self.child.returncode}: {self.text()[-2000:]}"
            )

    def wait_port(self, seconds=20):
        """The port that the program says it listens on (`listening PORT`)."""

        def said():
            return [line for line in self.text().splitlines() if line.startswith("listening ")]

        return int(self.wait(said, seconds, "to listen")[0].split()[1])

    def wait(self, ready, seconds, what):
        """What ready() gives once it is true. Fails when the program ends or time is up."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.check()
            if result := ready():
                return result
            time.sleep(0.02)
        raise BenchError(f"{self.name}: waited {seconds} s for it {what}: {self.text()[-2000:]}")

    def stop(self, seconds=60):
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
        try:
            self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
            raise BenchError(f"{self.name} did not stop within {seconds} s of SIGTERM") from None
        finally:
            self.out.close()
            atexit.unregister(self.abandon)

    def pids(self):
        return tree_pids(self.child.pid)

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if kind is None:
            self.stop()
            return
        with contextlib.suppress(BenchError):  # the first failure is the one to tell
            self.stop(10)


def tree_pids(root):
    """The process and all its descendants that live."""
    found, rest = [], [root]
    while rest:
        pid = rest.pop()
        found.append(pid)
        with contextlib.suppress(OSError):
            for task in os.listdir(f"/proc/{pid}/task"):
                rest += map(
                    int, pathlib.Path(f"/proc/{pid}/task/{task}/children").read_text().split()
                )
    return found


def pss_bytes(pids):
    """Proportional set size: shared pages count once over all who share them."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                total += int(line.split()[1]) * 1024 if line.startswith("Pss:") else 0
    return total


def cpu_seconds(pids):
    """Processor time taken so far, user and system."""
    ticks = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def port_open(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


class PssWatch:
    """Samples the PSS of a tree while something else runs: `with PssWatch(process) as watch`."""

    def __init__(self, *processes, every=0.2):
        self.processes, self.every, self.samples = processes, every, []
        self.reader = self.writer = self.thread = None

    def __enter__(self):
        self.reader, self.writer = os.pipe()
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()
        return self

    def watch(self):
        while not select.select([self.reader], [], [], self.every)[0]:
            self.samples.append(pss_bytes([pid for one in self.processes for pid in one.pids()]))

    def __exit__(self, *_):
        os.write(self.writer, b"x")
        self.thread.join()
        os.close(self.reader)
        os.close(self.writer)

    def peak(self):
        if not self.samples:
            raise BenchError("the run was too short to sample memory")
        return max(self.samples)
