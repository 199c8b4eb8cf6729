"""Mails that we compose, read back by Python's email package and looked at byte by byte."""

import base64
import email
import email.header
import email.policy
import email.utils
import pathlib
import random
import re
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from probe import Probe, b64  # noqa: E402

POLICY = email.policy.default.clone(max_line_length=None)
OWN = ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version"]
PLAIN = {
    "from": "Demo Shop <shop@shop.example>",
    "to": "ana@customer.example",
    "subject": "Your order",
    "message_id": "<abc123@shop.example>",
    "text": "Hello",
    "at": 1772445600000,
}

# Names as customers have them, by script; and what breaks mailers.
NAMES = [
    "Ana Lima", "Lima, Ana", "O'Brien", 'Ana "Nana" Lima', "back\\slash", "Müller & Söhne GmbH",
    "Łukasz Żółć", "Nguyễn Thị Minh Khai", "Ελένη Παπαδοπούλου", "Александра Сергеевна Пушкина",
    "محمد بن عبد الله", "שרה כהן", "山田 太郎", "김민수", "王小明", "अनुष्का शर्मा", "สมชาย ใจดี",
    "ქეთევან", "Հայկ", "ቤተልሔም", "👩‍👩‍👧‍👦 family", "🇩🇪🇫🇷 flags", "é" * 60, "漢" * 80, "a" * 59, "a" * 61,
    "a" * 300, "x=?UTF-8?Q?y?=", "=?", "a.b.c", "(comment)", "<angle>", "a@b.c", "semi;colon:",
    "tab\there", "  spaced   out  ", "\u200f\u200eרגיל", "𝕏 𝕐 𝕫", "ﷺ", "ẞß", "\ufeffBOM", "e\u0301" * 40,
]


@pytest.fixture(scope="module")
def probe():
    probe = Probe()
    yield probe
    probe.close()


def line_of(text):
    """What one line of text is cleaned to, written from the words in text.h."""
    text = re.sub("[\ufeff\u202a-\u202e\u2066-\u2069]", "", text)
    return re.sub("[\x00-\x20\x7f-\x9f\u2028\u2029]+", " ", text).strip(" ")


def fields_of(raw):
    """The names of the header's fields and the folded lines, by nobody's parser."""
    header = raw.split(b"\r\n\r\n", 1)[0]
    lines = header.split(b"\r\n")
    return [line.split(b":")[0].decode() for line in lines if line[:1] not in b" \t"], lines


def check_wire(raw, header_most=78):
    """What must hold for every mail whatever is in it."""
    assert raw.endswith(b"\r\n")
    assert b"\0" not in raw
    assert raw.count(b"\r") == raw.count(b"\n") == raw.count(b"\r\n")
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    names, lines = fields_of(raw)
    for line in lines:
        assert line.strip(), "a line of white space within the header"
        assert len(line) <= (76 if b"=?" in line else header_most), line
    for word in re.findall(rb"=\?UTF-8\?([BQ])\?([^?]*)\?=", b"\r\n".join(lines)):
        letters = word[1].decode()
        if word[0] == b"B":
            base64.b64decode(letters, validate=True).decode()  # whole characters
        else:
            bytes_ = re.sub("=(..)", lambda hit: chr(int(hit[1], 16)), letters).replace("_", " ")
            bytes_.encode("latin-1").decode()
    return names


def read(raw):
    message = email.message_from_bytes(raw, policy=POLICY)
    for part in message.walk():
        assert not part.defects, part.defects
        for name, value in part.items():
            assert not getattr(value, "defects", ()), (name, value, value.defects)
    return message


def mailbox(raw, field):
    """Name and address of a field. Not by the newer parser, which keeps the blanks between the
    encoded-words of a name against RFC 2047 6.2 (https://github.com/python/cpython/issues/79728)."""
    value = email.message_from_bytes(raw)[field]
    name, spec = email.utils.parseaddr(re.sub("\r\n(?=[ \t])", "", str(value)))
    return str(email.header.make_header(email.header.decode_header(name))), spec


def words(part):
    return part.get_payload(decode=True).decode().replace("\r\n", "\n")


def test_a_plain_mail_is_seven_bits_and_has_these_fields_only(probe):
    raw = probe.compose(**PLAIN)
    assert check_wire(raw) == OWN + ["Content-Type", "Content-Transfer-Encoding"]
    assert raw == (
        b"From: Demo Shop <shop@shop.example>\r\n"
        b"To: ana@customer.example\r\n"
        b"Subject: Your order\r\n"
        b"Date: Mon, 02 Mar 2026 10:00:00 +0000\r\n"
        b"Message-ID: <abc123@shop.example>\r\n"
        b"Auto-Submitted: auto-generated\r\n"
        b"MIME-Version: 1.0\r\n"
        b"Content-Type: text/plain; charset=us-ascii\r\n"
        b"Content-Transfer-Encoding: 7bit\r\n"
        b"\r\n"
        b"Hello\r\n"
    )
    assert raw == probe.compose(**PLAIN), "the same mail has the same bytes"


def test_everything_at_once_has_the_right_tree(probe):
    picture = bytes(range(256)) * 20
    raw = probe.compose(**{
        **PLAIN,
        "text": "Grüße\n",
        "html": "<p>Grüße <img src='cid:logo@shop.example'></p>\n",
        "reply_to": "Hilfe <help@shop.example>",
        "in_reply_to": "<q@customer.example>",
        "references": "<p@customer.example> <q@customer.example>",
        "unsubscribe": "https://shop.example/u/" + "a" * 100,
        "unsubscribe_mail": "mailto:stop@shop.example?subject=x",
        "feedback_id": "receipt:demo:order:postlude",
        "fields": [{"name": "X-Shop", "value": "demo"}],
        "files": [
            {"name": "logo.png", "type": "image/png", "bytes64": b64(picture), "id": "logo@shop.example"},
            {"name": "Rechnung März.pdf", "type": "application/pdf", "bytes64": b64(b"%PDF")},
            {"name": 'in"voice\\.pdf', "type": "application/pdf", "bytes64": ""},
            {"name": "請求書" * 20 + ".pdf", "type": "application/pdf", "bytes64": b64(b"x" * 57)},
        ],
    })
    check_wire(raw, header_most=150)  # the link to unsubscribe has no place to fold at
    message = read(raw)
    tree = [(part.get_content_type(), part.get_filename()) for part in message.walk()]
    assert tree == [
        ("multipart/mixed", None), ("multipart/alternative", None), ("text/plain", None),
        ("multipart/related", None), ("text/html", None), ("image/png", "logo.png"),
        ("application/pdf", "Rechnung März.pdf"), ("application/pdf", 'in"voice\\.pdf'),
        ("application/pdf", ("請求書" * 20 + ".pdf").encode()[:200].decode(errors="ignore")),
    ]
    parts = list(message.walk())
    assert words(parts[2]) == "Grüße\n"
    assert words(parts[4]) == "<p>Grüße <img src='cid:logo@shop.example'></p>\n"
    assert parts[5].get_payload(decode=True) == picture
    assert parts[5]["Content-ID"] == "<logo@shop.example>"
    assert parts[5].get_content_disposition() == "inline"
    assert parts[6].get_payload(decode=True) == b"%PDF"
    assert parts[6].get_content_disposition() == "attachment"
    assert parts[7].get_payload(decode=True) == b""
    assert message["Reply-To"].addresses[0].display_name == "Hilfe"
    assert message["In-Reply-To"] == "<q@customer.example>"
    assert message["References"] == "<p@customer.example> <q@customer.example>"
    assert message["List-Unsubscribe"] == (
        "<https://shop.example/u/" + "a" * 100 + ">, <mailto:stop@shop.example?subject=x>")
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["Feedback-ID"] == "receipt:demo:order:postlude"
    assert message["X-Shop"] == "demo"
    assert message["Date"].datetime.timestamp() == 1772445600


@pytest.mark.parametrize("name", NAMES)
def test_names_and_subjects_of_every_script_are_read_back(probe, name):
    to = {"name": name, "spec": "someone@customer.example"}
    raw = probe.compose(**{**PLAIN, "to": to, "subject": name})
    assert check_wire(raw) == OWN + ["Content-Type", "Content-Transfer-Encoding"]
    message = read(raw)
    assert message["Subject"] == line_of(name)
    assert mailbox(raw, "To") == (line_of(name), "someone@customer.example")


def test_random_text_of_every_script_is_read_back(probe):
    dice = random.Random(5322)
    ranges = [(32, 126), (0xa1, 0x24f), (0x370, 0x5ff), (0x600, 0x6ff), (0x900, 0xdff),
              (0x3041, 0x30ff), (0x4e00, 0x9fff), (0xac00, 0xd7a3), (0x1f300, 0x1faff), (0, 31)]

    def text(most):
        low_high = dice.choices(ranges, k=dice.randint(1, 3))
        letters = (chr(dice.randint(*dice.choice(low_high))) for _ in range(dice.randint(0, most)))
        return "".join(letter + dice.choice(["", "", "", " "]) for letter in letters)

    for _ in range(400):
        subject, name = text(dice.choice([10, 80, 600])), text(dice.choice([5, 40, 80]))
        body, html = text(dice.choice([0, 300, 3000])), text(dice.choice([0, 300, 3000]))
        raw = probe.compose(**{**PLAIN, "subject": subject, "text": body, "html": html,
                               "to": {"name": name, "spec": "x@y.example"}})
        check_wire(raw)
        message = read(raw)
        cut = line_of(subject).encode()[:4096].decode(errors="ignore").strip(" ")
        assert message["Subject"] == cut
        assert mailbox(raw, "To") == (line_of(name), "x@y.example")
        lined = [re.sub("\r\n|\r", "\n", words) for words in (body, html) if words]
        found = [words(part) for part in message.walk() if not part.is_multipart()]
        if len(lined) == 2:
            assert found == lined
        else:  # a single part ends its last line
            assert [found[0].removesuffix("\n")] == [(lined or [""])[0].removesuffix("\n")]


BODIES = {
    "empty": "",
    "newlines": "\n\n\n",
    "no newline at the end": "a\nb",
    "mixed line ends": "a\r\nb\nc\rd\r\r\ne\n\r",
    "only returns": "\r" * 100_000,
    "trailing blanks": "a \nb\t\nc  ",
    "dots": ".\n..\n.a\n",
    "from lines": "From here\nFrom \n From x\nxFrom ",
    "equals": "a=b\n==\n=\n=3D",
    "long ascii line": "x" * 100_000,
    "long line with blanks": "word " * 20_000,
    "long cyrillic line": "слово " * 10_000,
    "long emoji line": "😀" * 25_000,
    "exactly 76": "y" * 76 + "\n" + "y" * 75 + " \n" + "y" * 74 + "ü\n" + "y" * 75 + "ü" + "\n",
    "lines of 900 to 999": "\n".join("z" * n for n in range(895, 1001)),
    "controls": "a\x00b\x01\x7f\x1bc",
    "boundary": "--=_1_abc123\n--=_1_abc123--\n--=_2_abc123\n",
    "bidi": "\u202eabc\u202c",
    "german": "Grüße aus Köln, schöne Schuhe für Sie.\n" * 200,
    "japanese": "ご注文ありがとうございます。\n" * 200,
}


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("allow_8bit", [False, True])
@pytest.mark.parametrize("shape", ["text", "html", "both", "file"])
def test_bodies_come_back_letter_by_letter(probe, name, allow_8bit, shape):
    text = BODIES[name]
    mail = {**PLAIN, "text": "", "allow_8bit": allow_8bit}
    if shape in ("text", "both", "file"):
        mail["text"] = text
    if shape in ("html", "both"):
        mail["html"] = text
    if shape == "file":
        mail["files"] = [{"name": "a.txt", "type": "text/plain", "bytes64": b64(text.encode())}]
    answer = probe.ask(op="compose", **mail)
    assert answer["ok"], answer
    raw = base64.b64decode(answer["mail"])
    if "\0" not in text:
        check_wire(raw)
    assert raw[:answer["body_at"]].endswith(b"\r\n\r\n")
    assert b"\r\n\r\n" not in raw[:answer["body_at"] - 1]
    assert answer["eight_bit"] == any(byte > 127 for byte in raw)
    assert allow_8bit or not answer["eight_bit"]
    lined = re.sub("\r\n|\r", "\n", text)
    leaves = [part for part in read(raw).walk() if not part.is_multipart()]
    if shape == "file":
        assert leaves[1].get_payload(decode=True) == text.encode()
        assert words(leaves[0]) == lined
    elif shape == "both" and text:
        assert [words(leaf) for leaf in leaves] == [lined, lined]
    else:
        assert words(leaves[0]) in (lined, lined + "\n")  # a part alone ends its last line


@pytest.mark.parametrize("name, encoding", [
    ("dots", "7bit"), ("long ascii line", "quoted-printable"), ("german", "quoted-printable"),
    ("japanese", "base64"), ("from lines", "quoted-printable"), ("controls", "base64"),
])
def test_the_plainest_encoding_is_taken(probe, name, encoding):
    message = read(probe.compose(**{**PLAIN, "text": BODIES[name]}))
    assert message["Content-Transfer-Encoding"] == encoding


def test_eight_bits_only_where_the_server_takes_them(probe):
    message = read(probe.compose(**{**PLAIN, "text": BODIES["german"], "allow_8bit": True}))
    assert message["Content-Transfer-Encoding"] == "8bit"
    assert message.get_content().replace("\r\n", "\n") == BODIES["german"]


def test_bad_bytes_become_replacement_characters(probe):
    mail = {**PLAIN, "text64": b64(b"M\xfcller\n"), "subject64": b64(b"\xff\xfe subject")}
    del mail["text"], mail["subject"]
    message = read(probe.compose(**mail))
    assert message.get_content().strip() == "M\ufffdller"
    assert message["Subject"] == "\ufffd\ufffd subject"


def test_international_addresses(probe):
    answer = probe.ask(op="compose", **{**PLAIN, "to": "Jörg <jörg@bücher.example>"})
    raw = base64.b64decode(answer["mail"])
    assert answer["utf8"] and answer["eight_bit"]
    assert "<jörg@xn--bcher-kva.example>".encode() in raw
    answer = probe.ask(op="compose", **{**PLAIN, "to": "Jörg <joerg@bücher.example>"})
    assert not answer["utf8"] and not answer["eight_bit"]
    assert read(base64.b64decode(answer["mail"]))["To"].addresses[0].display_name == "Jörg"


ATTACKS = ["\r\nBcc: evil@x.example", "\nBcc: evil@x.example", "\rBcc: evil@x.example", "\0", "\r\n\r\nbody",
           "\r\n Bcc: x", "\u2028Bcc: x", "\x85Bcc: x", "\x0bBcc: x"]
HUMAN = ["subject", "from", "to", "reply_to", "file"]
PROGRAM = ["message_id", "in_reply_to", "references", "unsubscribe", "unsubscribe_mail", "feedback_id",
           "field name", "field value", "from spec", "to spec", "reply_to spec", "file type", "file id"]


def attacked(where, attack):
    mail = {**PLAIN, "reply_to": "help@shop.example", "html": "<p>"}
    if where in ("from", "to", "reply_to"):
        mail[where] = {"name": f"Ana{attack}", "spec": "ana@x.example"}
    elif where.endswith(" spec"):
        mail[where.split()[0]] = {"name": "Ana", "spec": f"ana{attack}@x.example"}
    elif where == "field name":
        mail["fields"] = [{"name": f"X-A{attack}", "value": "b"}]
    elif where == "field value":
        mail["fields"] = [{"name": "X-A", "value": f"b{attack}"}]
    elif where.startswith("file"):
        file = {"name": "a.pdf", "type": "application/pdf", "id": "a@b", "bytes64": ""}
        key = where.split()[1] if " " in where else "name"
        file[key] += attack
        mail["files"] = [file]
    elif where in ("message_id", "in_reply_to", "references"):
        mail[where] = f"<a{attack}@x.example>"
    elif where.startswith("unsubscribe"):
        mail[where] = f"https://x.example/{attack}"
    else:
        mail[where] = f"abc{attack}"
    return mail


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("where", HUMAN + PROGRAM)
def test_nothing_can_put_a_field_of_its_own_into_the_header(probe, where, attack):
    answer = probe.ask(op="compose", **attacked(where, attack))
    if where in PROGRAM and not (where.endswith("spec") and attack in ATTACKS[6:8]):
        assert not answer["ok"], base64.b64decode(answer["mail"])
        assert answer["error"] == "bad_input"
        assert "\n" not in answer["message"] and "\r" not in answer["message"]
        return
    assert answer["ok"], answer
    raw = base64.b64decode(answer["mail"])
    check_wire(raw)
    assert not re.search(rb"(?im)^bcc", raw)
    allowed = set(OWN) | {"Reply-To", "Content-Type", "Content-Transfer-Encoding"}
    assert set(fields_of(raw)[0]) <= allowed


@pytest.mark.parametrize("field", ["Subject", "bcc", "Content-Type", "DKIM-Signature", "", "a b", "a:b", "ä",
                                   "Return-Path", "From ", "x" * 100])
def test_fields_that_are_not_the_callers(probe, field):
    answer = probe.ask(op="compose", **{**PLAIN, "fields": [{"name": field, "value": "x"}]})
    assert not answer["ok"] and answer["error"] == "bad_input"


@pytest.mark.parametrize("value, fine", [
    ("x" * 991, True), ("x" * 992, False), ("a" + " " * 900 + "b", True), ("a" + " " * 1000 + "b", False),
    (" " * 20, False), ("word " * 5000, True), ("a\tb", False), ("\u00e4", False),
], ids=lambda value: repr(value)[:12])
def test_a_fields_value_fits_into_lines_or_is_refused(probe, value, fine):
    answer = probe.ask(op="compose", **{**PLAIN, "fields": [{"name": "X-Own", "value": value}]})
    assert answer["ok"] == fine
    if fine:
        raw = base64.b64decode(answer["mail"])
        check_wire(raw, header_most=998)
        assert read(raw)["X-Own"].rstrip() == value.rstrip()


@pytest.mark.parametrize("missing", ["from", "to", "message_id"])
def test_what_a_mail_must_have(probe, missing):
    answer = probe.ask(op="compose", **{key: PLAIN[key] for key in PLAIN if key != missing})
    assert not answer["ok"] and answer["error"] == "bad_input"


def test_the_checks_of_this_file_see_a_bad_mail():
    """The red fixture: each of these must be caught by check_wire or read."""
    good = b"From: a@b.c\r\nSubject: x\r\n\r\nbody\r\n"
    check_wire(good)
    for bad in (good.replace(b"\r\n\r\n", b"\n\n"), good + b"\0\r\n", good[:-2],
                good.replace(b"x", b"x" * 80), good.replace(b"body", b"y" * 999),
                good.replace(b" x", b" =?UTF-8?B?w4PD?= =?UTF-8?B?g8OD?="),
                good.replace(b" x", b" x\r\n \r\n y")):
        with pytest.raises((AssertionError, UnicodeDecodeError)):
            check_wire(bad)
