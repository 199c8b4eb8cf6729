"""What can be wrong before the server serves: it says so, ends with the code that the manual promises, harms
nothing, and starts once the cause is gone."""

import re
import socket
import sqlite3
import subprocess

import pytest

from driver.server import Server, descendants

EXIT_USAGE, EXIT_IN_USE, EXIT_SCHEMA = 2, 4, 5  # engine/guard.h


@pytest.fixture
def server():
    with Server() as made:
        yield made


def ends(server, code, *signs, seconds=10):
    """Starts a server that must end by itself with the code and say all the signs."""
    process = server.spawn()
    try:
        assert process.wait(seconds) == code, server.tail()
    except subprocess.TimeoutExpired:
        pytest.fail(f"it runs, where it should end with {code}\n{server.tail()}")
    said = server.log()
    for sign in signs:
        assert sign in said, said


def with_a_shop(server):
    server.cli("shop", "add", "demo", "--name", "Demo", "--currency", "EUR", "--zone", "Europe/Paris", "--locale", "en")


def test_a_store_of_a_newer_version_is_left_alone(server):
    with_a_shop(server)
    store = sqlite3.connect(server.data / "postlude.db")
    known = store.execute("PRAGMA user_version").fetchone()[0]
    store.execute(f"PRAGMA user_version = {known + 1}")
    store.close()
    ends(server, EXIT_SCHEMA, "postlude.db", "newer")
    verb = server.run("stats", "--json")
    assert verb.returncode == EXIT_SCHEMA and "newer" in verb.stderr
    store = sqlite3.connect(server.data / "postlude.db")
    assert store.execute("PRAGMA user_version").fetchone()[0] == known + 1
    store.execute(f"PRAGMA user_version = {known}")
    store.close()
    server.start()
    assert server.rows("SELECT slug FROM shop") == [("demo",)]
    server.stop()


def test_a_port_in_use_is_named(server):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        server.listen = f"127.0.0.1:{port}"
        ends(server, EXIT_IN_USE, str(port))
    server.start()
    assert server.port == port
    server.stop()


def test_a_data_folder_has_one_server(server):
    server.start()
    second = Server(data=server.data)
    try:
        ends(second, EXIT_IN_USE, str(server.data))
        named = re.search(r"process (\d+)", second.log())
        assert named and int(named[1]) in [server.process.pid, *descendants(server.process.pid)]
    finally:
        second.close()
    assert server.http("GET", "/health").status == 200
    server.stop()


@pytest.mark.parametrize("text, signs", [
    ("[server\nlisten=127.0.0.1:0\n", ["line 1"]),
    ("[server]\nlisten=127.0.0.1:0\nlissten=127.0.0.1:1\n", ["lissten"]),
    ("[sever]\nlisten=127.0.0.1:0\n", ["sever"]),
    ("[smtp]\nrate=fast\n", ["rate", "fast"]),
    ("[smtp]\nurl=http://127.0.0.1\n", ["url"]),
])
def test_a_broken_configuration_is_told_with_its_place(server, text, signs):
    file = server.home / "postlude.ini"
    file.write_text(text)
    server.options = ["--config", str(file)]
    ends(server, EXIT_USAGE, "postlude.ini", *signs)
    file.write_text("[server]\n")
    server.start().stop()


def test_a_listen_address_that_is_none_is_told(server):
    server.listen = "nowhere:port"
    ends(server, EXIT_USAGE, "nowhere:port")


def test_test_control_needs_a_scratch_folder(server):
    (server.data / "scratch").unlink()
    ends(server, EXIT_USAGE, "scratch")
