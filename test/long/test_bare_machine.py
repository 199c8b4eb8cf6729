"""`./dev run` and `./dev test` do all of their own set-up: proved on a Debian 12 that has nothing.

A developer's machine keeps what was installed once, so only a machine that never had it shows a
missing package or a forgotten step.
"""
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from bare_machine import BareMachine  # noqa: E402

FIRST_START_SECONDS = 900  # packages and a whole build on two cores that others use, too
FIRST_MAIL_SECONDS = 300
SECOND_START_SECONDS = 0.5
SUITE_SECONDS = 900
CI_SECONDS = 45 * 60

pytestmark = pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("debootstrap"),
                                reason="needs root and debootstrap")


@pytest.fixture(scope="module", params=["owner", "root"])
def machine(request):
    with BareMachine(request.param) as bare:
        yield bare


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def seconds_until_healthy(machine, limit):
    """Starts `./dev run`, asks for /health until it answers 200, stops it as Ctrl-C does."""
    port, begun = free_port(), time.monotonic()
    process = machine.start(f"exec ./dev run --listen 127.0.0.1:{port}")
    try:
        while not healthy(port):
            assert process.poll() is None, process.communicate()[0]
            assert time.monotonic() - begun < limit, "no answer from /health"
            time.sleep(0.01)
        return time.monotonic() - begun
    finally:
        stop(process)


def seconds_until_first_mail(machine, limit):
    """`./dev run` on a machine that has nothing, until the catcher shows a mail: counted from the end of the downloads,
    when the build folder is made, and from the start."""
    port, begun, built = free_port(), time.monotonic(), None
    folder = machine.inside(f"{machine.checkout}/build")
    process = machine.start(f"exec ./dev run --listen 127.0.0.1:{port}")
    try:
        while not has_mail(port):
            assert process.poll() is None, process.communicate()[0]
            assert time.monotonic() - begun < limit, "no mail in the catcher"
            if built is None and folder.exists():
                built = time.monotonic()
            time.sleep(0.1)
        return time.monotonic() - built, time.monotonic() - begun
    finally:
        stop(process)


def has_mail(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/dev/mail", timeout=2) as answer:
            return "msg_" in answer.read().decode()
    except (urllib.error.URLError, OSError):
        return False


def healthy(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def stop(process):
    os.killpg(process.pid, signal.SIGINT)
    try:
        process.communicate(timeout=30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        pytest.fail("Ctrl-C did not end ./dev run")


def say(capsys, words):
    with capsys.disabled():
        print(f"\n   {words}", flush=True)


def test_first_start(machine, capsys):
    after_downloads, whole = seconds_until_first_mail(machine, FIRST_START_SECONDS)
    say(capsys, f"{machine.user}: first ./dev run shows a mail {after_downloads:.0f} s after the downloads, "
                f"{whole:.0f} s in all")
    assert after_downloads < FIRST_MAIL_SECONDS


def test_second_start(machine, capsys):
    best = min(seconds_until_healthy(machine, 60) for _ in range(3))
    say(capsys, f"{machine.user}: second ./dev run answers after {best:.2f} s")
    assert best < SECOND_START_SECONDS


def test_port_in_use(machine):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        status, said = machine.run(f"./dev run --listen {address}", 60)
    assert status != 0
    assert f"another program listens on {address}" in said


def last_line(said):
    """The last line of a suite that is all green; fails with the suite's words else."""
    line = said.rstrip().splitlines()[-1]
    counts = re.fullmatch(r"(\d+) passed, 0 failed(, \d+ skipped)?", line)
    assert counts and int(counts[1]) > 0, said[-8000:]
    return line


def test_suite(machine, capsys):
    begun = time.monotonic()
    status, said = machine.run("./dev test", SUITE_SECONDS)
    say(capsys, f"{machine.user}: ./dev test says after {time.monotonic() - begun:.0f} s: {last_line(said)}")
    assert status == 0


def test_the_package_needs_nothing_else(machine):
    """Built on the machine that has everything, installed on one that has nothing, it serves."""
    status, said = machine.run("./dev package", 600)
    assert status == 0, said
    package = next(machine.inside(machine.checkout).glob("build/postlude_*.deb"))
    with BareMachine("root") as other:
        shutil.copy(package, other.inside("/root/postlude.deb"))
        status, said = other.run("export DEBIAN_FRONTEND=noninteractive; apt-get -qq update && "
                                 "apt-get -q install -y --no-install-recommends /root/postlude.deb", 300)
        assert status == 0, said
        port = free_port()
        process = other.start(f"exec setpriv --reuid=postlude --regid=postlude --clear-groups postlude serve "
                              f"--data /tmp/data --config /etc/postlude/postlude.ini --listen 127.0.0.1:{port}")
        try:
            deadline = time.monotonic() + 30
            while not healthy(port):
                assert process.poll() is None and time.monotonic() < deadline, process.communicate()[0]
                time.sleep(0.05)
        finally:
            stop(process)


def test_ci(capsys):
    """.ci/run on a clean checkout of a machine that has nothing: all that it needs is fetched by itself."""
    with BareMachine("root") as bare:
        begun = time.monotonic()
        status, said = bare.run(".ci/run", CI_SECONDS)
        say(capsys, f".ci/run says after {time.monotonic() - begun:.0f} s: {last_line(said)}")
        assert status == 0
