"""Where the settings of a shop may lead the server: one rule (net.inner) for mail servers, mailboxes and shop systems."""

import os
import socket
import subprocess
import threading
import time

import pytest

from driver.server import Server
from driver.sink import Sink


@pytest.fixture
def sink():
    made = Sink()
    yield made
    made.close()


def begin(server):
    server.cli("shop", "add", "demo", "--name", "Demo", "--currency", "EUR", "--zone", "UTC", "--locale", "en")
    server.cli("shop", "set", "demo", "mail.from=Demo <shop@example.com>")


def own(server):
    """An owner who is not of the installation."""
    server.cli("user", "add", "boss@example.com")  # of every shop: changes nothing
    server.cli("user", "add", "ana@example.com", "--shop", "demo", "--role", "owner")


def config(folder, inner):
    (folder / "postlude.ini").write_text(f"[net]\ninner = {inner}\n")
    return ["--config", str(folder / "postlude.ini")]


def send_test(server, inner=None):
    environment = {**os.environ, **({"POSTLUDE_NET_INNER": inner} if inner else {})}
    return subprocess.run([server.program, "send-test", "--data", server.data, "demo", "ana@example.com"], env=environment,
                          capture_output=True, text=True, timeout=60, check=False)


def test_a_mail_server_on_this_machine(sink):
    with Server(control=False) as server:
        server.start()
        begin(server)
        server.cli("shop", "set", "demo", f"smtp.url={sink.url}")
        assert send_test(server).returncode == 0
        assert "net.inner" in send_test(server, "none").stdout
        own(server)
        refused = send_test(server)
        assert refused.returncode != 0 and "net.inner" in refused.stdout
        assert "net.inner" in send_test(server, "10.0.0.0/8").stdout
        assert send_test(server, "10.0.0.0/8, 127.0.0.1").returncode == 0
        assert len(sink.mails) == 2
        server.stop()


def test_the_machines_own_public_address_is_this_machine():
    """Sent there, nothing leaves the machine, nor passes its firewall: services that are closed to the world answer."""
    def send(inner):
        inside = "ip link set lo up && ip address add 11.22.33.44/32 dev lo && exec \"$@\""
        return subprocess.run(["unshare", "-rn", "sh", "-c", inside, "sh", server.program, "send-test", "--data", server.data, "demo",
                               "ana@example.com"], env={**os.environ, "POSTLUDE_NET_INNER": inner}, capture_output=True, text=True,
                              timeout=60, check=False)
    alone = ["unshare", "-rn", "sh", "-c", "ip link set lo up && ip address add 11.22.33.44/32 dev lo"]
    if subprocess.run(alone, capture_output=True, check=False).returncode != 0:
        pytest.skip("no network namespaces here (unshare -rn, ip)")
    with Server(control=False) as server:
        server.start()
        begin(server)
        server.cli("shop", "set", "demo", "smtp.url=smtp://11.22.33.44:2525")
        assert "net.inner" not in send("auto").stdout
        own(server)
        assert "net.inner" in send("auto").stdout
        assert "net.inner" in send("10.0.0.0/8").stdout
        assert "net.inner" not in send("11.22.33.44").stdout
        server.stop()


class Knocks:
    """Counts who connects, and hangs up."""

    def __init__(self):
        self.count, self.listener = 0, socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                self.listener.accept()[0].close()
            except OSError:
                return
            self.count += 1

    def close(self):
        self.listener.close()


@pytest.fixture
def knocks():
    made = Knocks()
    yield made
    made.close()


SETTINGS = {
    "mailbox": ["mailbox.imap=imaps://a:b@127.0.0.1:{port}/"],
    "mailbox name": ["mailbox.imap=imaps://a:b@localhost:{port}/"],
    "poll": ["shopify.shop=https://127.0.0.1:{port}", "shopify.client_id=a", "shopify.client_secret=b"],
    "poll mapped": ["woocommerce.url=https://[::ffff:127.0.0.1]:{port}", "woocommerce.key=a", "woocommerce.key_secret=b"],
}


RULES = [("auto", True, False), ("127.0.0.1", True, True), ("auto", False, True), ("none", False, False)]
# A server asks shop systems first when it is up for ten seconds: for every day, not by every rule and address.
QUICK = os.environ.get("POSTLUDE_SUITE") == "fast"
REACHES = [(what, *rule) for what in SETTINGS for place, rule in enumerate(RULES)
           if not (QUICK and "poll" in what and place != ("mapped" in what))]


@pytest.mark.parametrize("what, inner, stranger, reached", REACHES)
def test_mailboxes_and_shop_systems(tmp_path, knocks, what, inner, stranger, reached):
    table = what.split(maxsplit=1)[0]
    with Server(control=False, options=config(tmp_path, inner)) as server:
        server.start()
        begin(server)
        if stranger:
            own(server)
        server.cli("shop", "set", "demo", *(one.format(port=knocks.port) for one in SETTINGS[what]))
        until = time.monotonic() + 20
        while not (rows := server.rows(f"SELECT reason FROM {table} WHERE failures > 0")) and time.monotonic() < until:
            time.sleep(0.05)
        assert (knocks.count > 0) == reached, rows
        assert ("net.inner" in rows[0][0]) != reached
        server.stop()


def test_a_range_that_is_none_stops_the_start(tmp_path):
    with Server(control=False, options=config(tmp_path, "10.0.0.0/8, localhost")) as server:
        ended = server.spawn()
        assert ended.wait(20) != 0
        assert "net.inner" in server.log() and "localhost" in server.log()
