"""engine/guard.c: what a parent does when its worker dies, stops or will not."""
import os
import pathlib
import re
import signal
import subprocess
import time

import pytest

from http_probe import probe_path


def hear_signals():
    """As at a terminal: what was started in the background, or by nohup, hands on that these are ignored."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


class Guarded:
    def __init__(self, *options):
        self.process = subprocess.Popen([probe_path("guard_probe"), *options],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, bufsize=1,
                                        preexec_fn=hear_signals)

    def worker(self):
        """The pid of the next worker."""
        return int(re.match(r"worker (\d+)$", self.process.stdout.readline()).group(1))

    def tell(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def end(self, timeout=10):
        """Exit code, stdout, stderr of what is left."""
        out, err = self.process.communicate(timeout=timeout)
        return self.process.returncode, out, err


@pytest.fixture
def guarded():
    started = []

    def start(*options):
        started.append(Guarded(*options))
        return started[-1]
    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()


def is_alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def gone_within(pid, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not is_alive(pid):
            return True
        time.sleep(0.01)
    return False


def test_a_crashed_worker_is_started_again(guarded):
    guard = guarded("backoff=10")
    first = guard.worker()
    guard.tell("abort")
    second = guard.worker()
    assert second != first
    os.kill(second, signal.SIGKILL)
    assert guard.worker() != second
    guard.process.terminate()
    code, out, err = guard.end()
    assert (code, out) == (0, "stopped\n")
    lines = err.splitlines()
    assert f"what=worker.died pid={first} signal=6 name=ABRT" in lines[0]
    assert f"what=worker.died pid={second} signal=9 name=KILL" in lines[1]
    assert len(lines) == 2


def test_the_wait_doubles_up_to_its_bound(guarded):
    guard = guarded("backoff=40", "most=100")
    times = []
    for _ in range(5):
        guard.worker()
        times.append(time.monotonic())
        guard.tell("exit 1")
    gaps = [after - before for before, after in zip(times, times[1:])]
    for gap, least in zip(gaps, [0.04, 0.08, 0.1, 0.1]):
        assert least <= gap < least + 1
    guard.worker()
    guard.process.terminate()
    _, _, err = guard.end()
    assert re.findall(r"exit=1 .*restart_ms=(\d+)", err) == ["40", "80", "100", "100", "100"]


def test_a_worker_that_lived_long_enough_starts_anew(guarded):
    guard = guarded("backoff=20", "good=200")
    guard.worker()
    guard.tell("exit 1")
    guard.worker()
    guard.tell("exit 1")
    guard.worker()
    time.sleep(0.3)
    guard.tell("exit 1")
    guard.worker()
    guard.process.terminate()
    _, _, err = guard.end()
    assert re.findall(r"restart_ms=(\d+)", err) == ["20", "40", "20"]


@pytest.mark.parametrize("code", [0, 2, 3, 4, 5])
def test_ends_that_a_restart_cannot_help(guarded, code):
    guard = guarded()
    guard.worker()
    guard.tell(f"exit {code}")
    assert guard.end() == (code, "", "")


@pytest.mark.parametrize("code", [1, 6, 77, 139])
def test_ends_that_are_tried_again(guarded, code):
    guard = guarded("backoff=10")
    guard.worker()
    guard.tell(f"exit {code}")
    guard.worker()


@pytest.mark.parametrize("code", [2, 4])
def test_what_was_fine_once_is_tried_again(guarded, code):
    guard = guarded("backoff=10")
    guard.worker()
    guard.tell("abort")
    guard.worker()
    guard.tell(f"exit {code}")
    guard.worker()
    guard.tell("exit 0")
    assert guard.end()[0] == 0


def test_killing_the_parent_takes_the_worker_along(guarded):
    guard = guarded()
    worker = guard.worker()
    guard.tell("hang")
    time.sleep(0.1)
    guard.process.kill()
    assert gone_within(worker, 2)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_stop_reaches_the_worker(guarded, number):
    guard = guarded()
    worker = guard.worker()
    guard.process.send_signal(number)
    code, out, err = guard.end()
    assert (code, err) == (0, "")
    assert out == ("" if number == signal.SIGINT else "stopped\n")
    assert not is_alive(worker)


def test_a_worker_that_will_not_stop_is_killed(guarded):
    guard = guarded("stop=300")
    worker = guard.worker()
    guard.tell("hang")
    time.sleep(0.1)
    guard.process.terminate()
    code, _, _ = guard.end()
    assert code == 1 and not is_alive(worker)


def test_the_second_stop_is_meant(guarded):
    guard = guarded()
    guard.worker()
    guard.tell("hang")
    time.sleep(0.1)
    guard.process.terminate()
    time.sleep(0.1)
    began = time.monotonic()
    guard.process.terminate()
    guard.end()
    assert time.monotonic() - began < 2


def test_a_stop_while_it_waits_to_restart(guarded):
    guard = guarded("backoff=20000")
    guard.worker()
    guard.tell("abort")
    time.sleep(0.2)
    guard.process.terminate()
    assert guard.end()[0] == 0


@pytest.mark.parametrize("words, code", [("abort", -signal.SIGABRT), ("exit 1", 1), ("exit 0", 0)])
def test_once_ends_as_its_worker_did(guarded, words, code):
    guard = guarded("once")
    guard.worker()
    guard.tell(words)
    assert guard.end()[0] == code


def test_once_dies_by_the_signal_that_killed_its_worker(guarded):
    guard = guarded("once")
    os.kill(guard.worker(), signal.SIGKILL)
    assert guard.end()[0] == -signal.SIGKILL


def test_the_parent_is_tiny(guarded):
    guard = guarded()
    guard.worker()
    rollup = pathlib.Path(f"/proc/{guard.process.pid}/smaps_rollup").read_text()
    assert int(re.search(r"^Pss:\s+(\d+) kB", rollup, re.MULTILINE).group(1)) < 4096
