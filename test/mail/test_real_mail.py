"""Real mails: their addresses as recipients, their bytes as texts of ours."""

import email
import email.policy
import email.utils
import pathlib
import re
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from probe import ROOT, Probe, b64  # noqa: E402
from test_compose import PLAIN, check_wire, mailbox  # noqa: E402

DATA = ROOT.parent / "shared" / "data"
MAILS = sorted(path for folder in ("bounces", "mail") for path in (DATA / folder).rglob("*.eml"))

pytestmark = pytest.mark.skipif(not MAILS, reason="needs ../shared/data/bounces and ../shared/data/mail")


@pytest.fixture(scope="module")
def probe():
    probe = Probe()
    yield probe
    probe.close()


def recipients():
    """Every From and To of one mailbox in plain ASCII, as it stands there."""
    found = set()
    for path in MAILS:
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.compat32)
        for name in ("From", "To", "Reply-To", "Return-Path"):
            for value in message.get_all(name, []):
                value = re.sub(r"\s+", " ", str(value)).strip()
                simple = re.fullmatch(r'("[^"\\]*"|[^<>@"(),:;\\]*) ?<?[\w.+=/#$%&\'*!?^`{|}~-]+@[\w.-]+>?', value)
                if simple and value.isascii() and "=?" not in value and value.count("<") == value.count(">"):
                    found.add(value)
    return sorted(found)


def test_addresses_of_real_mails_are_taken_and_come_back(probe):
    taken, refused = 0, []
    for value in recipients():
        name, spec = email.utils.parseaddr(value)
        if "@" not in spec:
            continue  # the judge does not take it either
        answer = probe.ask(op="compose", **{**PLAIN, "to": value})
        if not answer["ok"]:
            refused.append(spec)
            continue
        local, domain = spec.rsplit("@", 1)
        raw = probe.compose(**{**PLAIN, "to": value})
        check_wire(raw, header_most=300)
        assert mailbox(raw, "To") == (re.sub(r"\s+", " ", name).strip(), f"{local}@{domain.lower()}")
        taken += 1
    assert taken > 100
    # What is refused is no host name: an underscore, a hyphen or dot at an end, a number.
    for spec in refused:
        labels = spec.rsplit("@", 1)[1].split(".")
        fits = all(re.fullmatch("(?i)[a-z0-9]([a-z0-9-]*[a-z0-9])?", label) for label in labels)
        assert not fits or labels[-1].isdigit() or len(spec) > 254 or len(spec.split("@")[0]) > 64, spec


def test_the_bytes_of_real_mails_survive_as_text_and_as_attachment(probe):
    for path in MAILS[::7]:
        content = path.read_bytes()[:200_000]
        mail = {key: PLAIN[key] for key in PLAIN if key != "text"}
        raw = probe.compose(**{
            **mail, "text64": b64(content), "html64": b64(content),
            "files": [{"name": path.name, "type": "application/octet-stream", "bytes64": b64(content)}]})
        check_wire(raw)
        message = email.message_from_bytes(raw, policy=email.policy.default)
        leaves = [part for part in message.walk() if not part.is_multipart()]
        assert [leaf.get_content_type() for leaf in leaves] == [
            "text/plain", "text/html", "application/octet-stream"]
        clean = re.sub("\r\n|\r", "\n", content.decode(errors="replace"))
        for leaf in leaves[:2]:
            assert leaf.get_payload(decode=True).decode().replace("\r\n", "\n") == clean
        assert leaves[2].get_payload(decode=True) == content
