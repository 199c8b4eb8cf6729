"""Our DKIM signatures, checked by dkimpy (Debian's python3-dkim) with a DNS of our own."""

import base64
import email
import re
import sys
import pathlib

import dkim
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from probe import Probe, b64  # noqa: E402

AT = 1772445600000
BODIES = {
    "plain": b"Hello\r\nWorld\r\n",
    "empty": b"",
    "one empty line": b"\r\n",
    "only empty lines": b"\r\n\r\n\r\n",
    "only blanks": b"  \t\r\n \r\n",
    "blank lines at the end": b"Hello\r\n\r\n \r\n\t\r\n\r\n",
    "no line end": b"Hello",
    "no line end after empty lines": b"Hello\r\n\r\n  x",
    "blanks everywhere": b"  a \t b  \r\n\tc\t\r\n   \r\nd\t\te \r\n",
    "eight bits": "Grüße 😀 \r\n".encode() + b"\xff\xfe\x80\r\n",
    "long": b"x" * 998 + b"\r\n" + b"word " * 100_000 + b"\r\n",
    "dots": b".\r\n..\r\n",
}
HEADER = (
    b"From: =?UTF-8?Q?M=C3=BCller?= <shop@shop.example>\r\n"
    b"To:ana@customer.example\r\n"
    b"Subject:  folded \r\n\t subject   with  blanks  \r\n"
    b"Date: Mon, 02 Mar 2026 10:00:00 +0000\r\n"
    b"Message-ID: <abc@shop.example>\r\n"
    b"List-Unsubscribe: <https://shop.example/u>\r\n"
    b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    b"X-Other: is not signed\r\n"
    b"MIME-Version: 1.0\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n"
)
SIGNED = ["from", "to", "subject", "date", "message-id", "list-unsubscribe", "list-unsubscribe-post",
          "mime-version", "content-type"]
OVERSIGNED = SIGNED + ["cc", "reply-to"]


@pytest.fixture(scope="module")
def probe():
    probe = Probe()
    yield probe
    probe.close()


@pytest.fixture(scope="module", params=["rsa", "ed25519"])
def key(request, probe):
    """Kind and private key, made once."""
    answer = sign(probe, request.param, HEADER + b"\r\n")
    return request.param, answer["key"]


def sign(probe, kind, mail, **more):
    answer = probe.ask(**{"op": "sign", "kind": kind, "domain": "shop.example", "selector": "s2026",
                          "at": AT, "mail64": b64(mail), **more})
    assert answer["ok"], answer
    return answer


def verify(answer, mail, name=b"s2026._domainkey.shop.example."):
    def dns(asked, timeout=5):
        assert asked == name
        return answer["record"].encode()

    return dkim.verify(base64.b64decode(answer["field"]) + mail, dnsfunc=dns)


@pytest.mark.parametrize("body", BODIES)
def test_others_accept_our_signature(probe, key, body):
    mail = HEADER + b"\r\n" + BODIES[body]
    assert verify(sign(probe, key[0], mail, key64=key[1]), mail)


def test_a_mail_without_body_or_empty_line(probe, key):
    answer = sign(probe, key[0], HEADER, key64=key[1])
    assert verify(answer, HEADER)
    assert verify(answer, HEADER + b"\r\n")


def test_what_relays_do_to_white_space_does_no_harm(probe, key):
    mail = HEADER + b"\r\n" + b"Hello  world \r\nbye\r\n\r\n"
    answer = sign(probe, key[0], mail, key64=key[1])
    changed = mail.replace(b"Hello  world ", b"Hello world").removesuffix(b"\r\n")
    changed = changed.replace(b"To:ana", b"to:   ana").replace(b"\r\n\t subject", b" subject")
    assert changed != mail
    assert verify(answer, changed)


def test_any_flipped_byte_is_noticed(probe, key):
    """The red fixture: if one of these verifies, the tests above prove nothing."""
    body = b"Pay 100.00 EUR\r\n"
    mail = HEADER + b"\r\n" + body
    answer = sign(probe, key[0], mail, key64=key[1])
    assert verify(answer, mail)
    places = [mail.index(word) for word in (b"100", b"M=C3", b"ana@", b"folded", b"10:00", b"<abc",
                                            b"/u>", b"One-Click", b"1.0", b"charset")]
    for place in places:
        changed = bytearray(mail)
        changed[place] ^= 1
        assert not verify(answer, bytes(changed)), place
    assert verify(answer, mail.replace(b"is not signed", b"can change"))
    for cut in (mail[:-4] + b"\r\n", mail + b"more\r\n", mail.replace(b"Hello", b"")):
        assert cut == mail or not verify(answer, cut)
    field = base64.b64decode(answer["field"])
    for word in (b"s=s2026; t=1", b"bh="):
        place = field.index(word) + len(word) + 3
        changed = bytearray(field)
        changed[place] = ord("x") if changed[place] != ord("x") else ord("y")
        assert not verify({**answer, "field": b64(bytes(changed))}, mail)


@pytest.mark.parametrize("name", OVERSIGNED)
def test_nobody_can_add_a_field_that_people_read(probe, key, name):
    mail = HEADER + b"\r\nHello\r\n"
    answer = sign(probe, key[0], mail, key64=key[1])
    assert not verify(answer, name.encode() + b": evil\r\n" + mail)
    assert not verify(answer, mail.replace(b"\r\n\r\n", b"\r\n" + name.encode() + b": evil\r\n\r\n", 1))


def test_the_form_of_the_field(probe, key):
    answer = sign(probe, key[0], HEADER + b"\r\nHello\r\n", key64=key[1])
    field = base64.b64decode(answer["field"])
    assert field.startswith(b"DKIM-Signature: v=1;") and field.endswith(b"\r\n")
    assert field.count(b"\r\n") == field.count(b"\n") == field.count(b"\r")
    assert max(map(len, field.split(b"\r\n"))) <= 78
    tags = dict(re.findall(r"(\w+)=([^;]*)", re.sub(r"\s+", "", field.decode().split(":", 1)[1])))
    assert tags["a"] == {"rsa": "rsa-sha256", "ed25519": "ed25519-sha256"}[key[0]]
    assert (tags["c"], tags["d"], tags["s"]) == ("relaxed/relaxed", "shop.example", "s2026")
    assert tags["t"] == str(AT // 1000)
    assert "l" not in tags
    listed = tags["h"].split(":")
    assert all(listed.count(name) == 2 for name in SIGNED)
    assert listed.count("cc") == listed.count("reply-to") == 1
    assert "x-other" not in listed
    assert email.message_from_bytes(field + HEADER)["DKIM-Signature"]


def test_one_key_signs_many_mails_and_a_repeat_is_the_same(probe, key):
    mail = HEADER + b"\r\nHello\r\n"
    one, two = (sign(probe, key[0], mail, key64=key[1]) for _ in range(2))
    assert one["field"] == two["field"]
    assert one["record"] == two["record"]


def test_both_signatures_on_one_mail(probe):
    mail = HEADER + b"\r\nHello\r\n"
    rsa = sign(probe, "rsa", mail)
    ed25519 = sign(probe, "ed25519", mail, selector="e2026")
    whole = base64.b64decode(rsa["field"]) + base64.b64decode(ed25519["field"]) + mail
    records = {(rsa["name"] + ".").encode(): rsa["record"].encode(),
               (ed25519["name"] + ".").encode(): ed25519["record"].encode()}
    checker = dkim.DKIM(whole)
    assert checker.verify(idx=0, dnsfunc=lambda name, timeout=5: records[name])
    assert checker.verify(idx=1, dnsfunc=lambda name, timeout=5: records[name])


def test_the_record_for_the_dns(probe, key):
    answer = sign(probe, key[0], HEADER + b"\r\n", key64=key[1])
    assert answer["name"] == "s2026._domainkey.shop.example"
    strings = re.findall(r'"([^"]*)"', answer["strings"])
    assert "".join(strings) == answer["record"]
    assert all(len(string) <= 255 for string in strings)
    assert answer["record"].startswith(f"v=DKIM1; k={key[0]}; p=")
    public = base64.b64decode(answer["record"].split("p=")[1], validate=True)
    assert len(public) == {"rsa": 294, "ed25519": 32}[key[0]]


def test_composed_mail_is_accepted(probe, key):
    raw = probe.compose(**{
        "from": "Müller & Söhne <shop@shop.example>", "to": "Ελένη <ana@customer.example>",
        "subject": "Grüße 😀 " * 20, "message_id": "<abc@shop.example>", "at": AT,
        "text": "Hällo\n\n\n", "html": "<p>Hällo</p>" * 500, "unsubscribe": "https://shop.example/u"})
    assert verify(sign(probe, key[0], raw, key64=key[1]), raw)


def test_a_key_from_elsewhere(probe):
    """dkimpy's signature and ours agree on the same key, as PEM made by another program."""
    nacl = pytest.importorskip("nacl.signing")
    seed = bytes(range(32))
    der = bytes.fromhex("302e020100300506032b657004220420") + seed  # RFC 8410 7
    pem = b"-----BEGIN PRIVATE KEY-----\n" + base64.encodebytes(der) + b"-----END PRIVATE KEY-----\n"
    mail = HEADER + b"\r\nHello\r\n"
    answer = sign(probe, "ed25519", mail, key64=b64(pem))
    public = nacl.SigningKey(seed).verify_key.encode()
    assert answer["record"] == "v=DKIM1; k=ed25519; p=" + b64(public)
    assert verify(answer, mail)


@pytest.mark.parametrize("wrong", [
    {"domain": ""}, {"domain": "shop example"}, {"domain": "shop.example\r\nX: y"}, {"domain": "-a.b"},
    {"domain": "a;b"}, {"selector": ""}, {"selector": "a b"}, {"selector": "a;d=evil"}, {"selector": "-a"},
    {"selector": "a..b"}, {"selector": "x" * 64}, {"key64": b64(b"no key")}, {"key64": b64(b"0\x82")},
    {"mail64": b64(b"To: a@b\r\n\r\n")}, {"mail64": b64(b"From: a@b\n\nx")},
    {"mail64": b64(b"From: a@b\r\n\r\nx\ny\r\n")}, {"mail64": b64(b"From: a@b\r\n\r\nx\ry\r\n")},
    {"mail64": b64(b"From: a@b\r\nno colon\r\n\r\n")}, {"mail64": b64(b"")}, {"mail64": b64(b"From: a@b")},
])
def test_what_cannot_be_signed_is_refused(probe, wrong):
    question = {"op": "sign", "kind": "ed25519", "domain": "shop.example", "selector": "s", "at": AT,
                "mail64": b64(HEADER + b"\r\n"), **wrong}
    answer = probe.ask(**question)
    assert not answer["ok"] and answer["error"] == "bad_input", answer
    assert "\n" not in answer["message"]


def test_an_international_domain_and_a_selector_of_digits(probe):
    mail = HEADER + b"\r\n"
    answer = sign(probe, "ed25519", mail, domain="Bücher.example", selector="2026")
    assert verify(answer, mail, name=b"2026._domainkey.xn--bcher-kva.example.")
