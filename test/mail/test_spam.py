"""What the filters of Debian think of every template in every language."""
import http.client
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from world import LANGUAGES, TEMPLATES, World, everything  # noqa: E402

HERE = pathlib.Path(__file__).parent
SPAM = b"""From: prize@lottery.example
To: you@example.com
Subject: YOU WON $1,000,000 !!! ACT NOW
Date: Mon, 02 Mar 2026 10:00:00 +0000
Message-ID: <1@lottery.example>

Dear friend, I am the widow of the late minister. XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """{(language, template): file}, signed as a shop's mails are."""
    folder = tmp_path_factory.mktemp("mails")
    world = World(**{f"receipt.{name}": "on" for name in TEMPLATES}, **{
        "legal.address": "Demo SAS\n1 rue Neuve\n29200 Brest", "mail.signed_by": "Ana Serra",
        "legal.text": "Terms: you may withdraw within 14 days."})
    try:
        said = world.scene.server.cli("key", "dkim", "demo", "--domain", "demo.example", "--selector", "s1")
        (folder / "record").write_text(re.search(r"value  (v=DKIM1.*)", said)[1])
        found = {}
        cases = [(language, "arabic" if language == "ar" else "usual") for language in LANGUAGES]
        for (language, _, template), mail in everything(world, cases).items():
            found[language, template] = folder / f"{language}-{template}.eml"
            found[language, template].write_bytes(mail.raw)
        (folder / "spam.eml").write_bytes(SPAM)
        yield found
    finally:
        world.close()


def test_every_signature_is_right(files):
    dkim = pytest.importorskip("dkim")
    record = (next(iter(files.values())).parent / "record").read_bytes()
    for key, file in files.items():
        assert dkim.verify(file.read_bytes(), dnsfunc=lambda name, timeout=0: record), key
        assert not dkim.verify(file.read_bytes().replace(b"Subject:", b"Subject: x"), dnsfunc=lambda name, timeout=0: record)


def test_spamassassin(files, tmp_path):
    if not shutil.which("spamassassin"):
        pytest.skip("spamassassin is not installed")
    names = [*files.values(), next(iter(files.values())).parent / "spam.eml"]
    ran = subprocess.run(["/usr/bin/perl", HERE / "spam.pl", tmp_path], text=True, capture_output=True, check=True,
                         timeout=300, input="".join(f"{name}\n" for name in names))
    scores = [float(line.split()[0]) for line in ran.stdout.splitlines()]
    assert len(scores) == len(names)
    assert scores[-1] > 100  # it does look
    high = {key: line for key, line, score in zip(files, ran.stdout.splitlines(), scores) if score >= 0.5}
    assert high == {}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# Said of the test, not of the mail: its clock is turned, and nobody has sent it here.
CIRCUMSTANCES = {"DATE_IN_PAST", "HFILTER_HOSTNAME_UNKNOWN", "HFILTER_FROMHOST_NORES_A_OR_MX"}
RSPAMD = {
    "options.inc": """disable_hyperscan = true; local_networks = [];
        dns { nameserver = ["127.0.0.1:1"]; timeout = 0.05s; retransmits = 1; }""",
    "logging.inc": 'type = "file"; filename = "$LOGDIR/log"; level = "error";',
    "worker-normal.inc": 'bind_socket = "127.0.0.1:%d"; count = 1;',
    # What asks the world.
    **{f"{name}.conf": "enabled = false;" for name in ("fuzzy_check", "rbl", "neural", "phishing")},
    **{f"worker-{name}.inc": "enabled = false;" for name in ("controller", "proxy", "fuzzy")},
}


@pytest.fixture
def rspamd(tmp_path):
    """The port of Debian's rspamd with its own rules, on loopback."""
    if not shutil.which("rspamd"):
        pytest.skip("rspamd is not installed")
    port, config = free_port(), tmp_path / "config"
    shutil.copytree("/etc/rspamd", config)
    (config / "local.d").mkdir(exist_ok=True)
    for name, text in RSPAMD.items():
        (config / "local.d" / name).write_text(text.replace("%d", str(port)))
    options = config / "options.inc"
    options.write_text(options.read_text().replace(",fuzzy_check", ""))
    process = subprocess.Popen(
        ["setpriv", "--pdeathsig", "KILL", shutil.which("rspamd"), "-f", "-i", "-c", config / "rspamd.conf",
         *(word for name, value in {"CONFDIR": config, "LOCAL_CONFDIR": config, "DBDIR": tmp_path, "RUNDIR": tmp_path,
                                    "LOGDIR": tmp_path}.items() for word in ("--var", f"{name}={value}"))],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        for _ in range(900):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                assert process.poll() is None, (tmp_path / "log").read_text()
                time.sleep(0.1)
        yield port
    finally:
        os.killpg(process.pid, 15)
        process.wait(20)


def test_rspamd(files, rspamd):
    def judged(raw):
        asking = http.client.HTTPConnection("127.0.0.1", rspamd, timeout=60)
        asking.request("POST", "/checkv2", raw, {"From": "orders@demo.example", "Rcpt": "ana@example.com"})
        return json.loads(asking.getresponse().read())

    found = {key: judged(file.read_bytes()) for key, file in files.items()}
    assert judged(SPAM)["score"] > 10
    high = {}
    for key, answer in found.items():
        symbols = {name: about["score"] for name, about in answer["symbols"].items() if name not in CIRCUMSTANCES}
        if sum(symbols.values()) > 0:
            high[key] = {name: score for name, score in symbols.items() if score}
    assert high == {}
