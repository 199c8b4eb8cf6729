"""A real mail server in front of our listener: Postfix hands over what came, and what we put off comes again."""

import os
import pathlib
import shutil
import smtplib
import socket
import subprocess
import tempfile
import time

import pytest

from test_lmtp import Listener, PROBE

PATIENCE = 60

CONFIG = """
compatibility_level = 3.6
queue_directory = {folder}/spool
data_directory = {folder}/data
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.test
mydestination =
mynetworks = 127.0.0.0/8
relay_domains = shop.test
transport_maps = inline:{{ shop.test=lmtp:inet:127.0.0.1:{lmtp} }}
lmtp_destination_recipient_limit = 10
smtpd_recipient_restrictions = permit_mynetworks, reject
smtputf8_enable = yes
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
minimal_backoff_time = 1s
maximal_backoff_time = 1s
queue_run_delay = 1s
alias_maps =
local_recipient_maps =
"""

MASTER = """
{smtp} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
lmtp unix - - n - - lmtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
tlsmgr unix - - n 1000? 1 tlsmgr
proxymap unix - - n - - proxymap
postlog unix-dgram n - n - 1 postlogd
"""


def missing():
    if not PROBE.exists():
        return f"{PROBE} is not built"
    if not pathlib.Path("/usr/sbin/postfix").exists():
        return "postfix is not installed"
    return None if os.geteuid() == 0 else "needs root"


pytestmark = pytest.mark.skipif(bool(missing()), reason=str(missing()))


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as one:
        return one.getsockname()[1]


class Postfix:
    """In a folder that its own users may enter: each session of pytest that begins locks those of pytest to them."""

    def __init__(self, lmtp):
        self.folder, self.port = pathlib.Path(tempfile.mkdtemp(prefix="postlude-postfix-")), free_port()
        folder = self.folder
        folder.chmod(0o711)
        (folder / "etc").mkdir()
        (folder / "spool").mkdir()
        (folder / "data").mkdir()
        shutil.chown(folder / "data", "postfix")
        (folder / "etc" / "main.cf").write_text(CONFIG.format(folder=folder, lmtp=lmtp))
        (folder / "etc" / "master.cf").write_text(MASTER.format(smtp=self.port))

    def __enter__(self):
        self._run("start")
        for _ in range(200):
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=5) as one:
                    if one.recv(100).startswith(b"220"):
                        return self
            except OSError:
                time.sleep(0.05)
        raise RuntimeError((self.folder / "log").read_text())

    def __exit__(self, *_):
        self._run("stop")
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, verb):
        subprocess.run(["/usr/sbin/postfix", "-c", str(self.folder / "etc"), verb], check=False, capture_output=True,
                       timeout=PATIENCE)

    def log(self):
        return (self.folder / "log").read_text()


def wait_for(what):
    begun = time.monotonic()
    while not what():
        assert time.monotonic() - begun < PATIENCE
        time.sleep(0.05)


def test_postfix_hands_over(tmp_path):
    (tmp_path / "kept").mkdir()
    listener = Listener(tmp_path / "kept")
    with Postfix(listener.port) as postfix:
        text = "Subject: bounce\r\n\r\n.dot\r\n..\r\nr\u00fcckl\u00e4ufer\r\n"
        with smtplib.SMTP("127.0.0.1", postfix.port) as client:
            assert client.sendmail("", ["b+one@shop.test", "slow-two@shop.test", "hold-three@shop.test"], text.encode(),
                                   ["BODY=8BITMIME"]) == {}
            client.sendmail("ana@x.test", ["no-such@shop.test"], b"Subject: x\r\n\r\nx\r\n")
            client.sendmail("ana@x.test", ["fail-it@shop.test"], b"Subject: x\r\n\r\nx\r\n")
            for number in range(40):
                client.sendmail("ana@x.test", [f"many-{number}@shop.test"], b"Subject: x\r\n\r\nx\r\n")
        wait_for(lambda: len(listener.mails()) == 42)
        assert listener.ask("release") == ["released", "1"]
        wait_for(lambda: len(listener.mails()) == 43)
        wait_for(lambda: postfix.log().count("status=sent (250 2.0.0") == 43)
        mails = {mail[1]: mail for mail in listener.mails()}
        assert len(mails) == 43
        for who in ("b+one@shop.test", "slow-two@shop.test", "hold-three@shop.test"):
            sender, _, flags, body = mails[who]
            assert (sender, flags) == ("", "8") and body.endswith(text.split("\r\n\r\n")[1].encode())
        assert "status=bounced (host 127.0.0.1[127.0.0.1] said: 550 5.1.1" in postfix.log()
        assert "said: 550 5.7.1" in postfix.log()
    listener.close()


def test_what_is_put_off_comes_again(tmp_path):
    (tmp_path / "kept").mkdir()
    listener = Listener(tmp_path / "kept")
    with Postfix(listener.port) as postfix:
        with smtplib.SMTP("127.0.0.1", postfix.port) as client:
            client.sendmail("a@x.test", ["busy-a@shop.test", "good@shop.test"], b"Subject: x\r\n\r\nx\r\n")
        wait_for(lambda: postfix.log().count("status=deferred") >= 2)
        assert "said: 451 4.3.0" in postfix.log()
        assert [mail[1] for mail in listener.mails()] == ["good@shop.test"]  # and that one only once
    listener.close()
