"""What we read and write as JSON, against Python's json."""

import json
import math
import pathlib
import random

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"


def pairs(document):
    """A document as Python sees it, with every member in turn and numbers as they were written."""
    return json.loads(document, object_pairs_hook=lambda members: ("object", members),
                      parse_int=lambda text: ("int", int(text)), parse_float=lambda text: ("real", text),
                      parse_constant=lambda text: pytest.fail(text))


def repaired(value):
    """Half of a surrogate pair becomes U+FFFD."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, (list, tuple)):
        return type(value)(repaired(part) for part in value)
    return value


TEXTS = ["", "a", "Ana", "öß€", "\U0001f600", "\ud83d", "\ude00x", "\u0000", "\u2028", "</script>",
         '"\\/', "\t\r\n\b\f\x1f\x7f", "ﬀ", "\uffff", "e\u0301", "~0/~1"]
NUMBERS = ["0", "-0", "1", "-1", "820982911946154508", "9223372036854775807", "9223372036854775808",
           "-9223372036854775808", "-9223372036854775809", "18446744073709551615",
           "18446744073709551616", "57.98", "1.50", "0.1e1", "1E400", "-1e-400", "123456789012345678901234567890",
           "3.141592653589793238462643383279", "5e-324", "1.7976931348623157e308", "2.5E+3"]
SPACES = ["", "", "", " ", "\n", "\t \r\n"]


class Number(float):
    """Written by json.dumps as the text it was given."""

    def __new__(cls, text):
        number = float.__new__(cls, 0)
        number.text = text
        return number

    def __repr__(self):
        return self.text


def document(dice, depth=0):
    kind = dice.randrange(8 if depth < 6 else 5)
    space = dice.choice(SPACES)
    if kind == 0:
        core = dice.choice(["true", "false", "null"])
    elif kind in (1, 2):
        core = dice.choice(NUMBERS)
    elif kind in (3, 4):
        core = json.dumps("".join(dice.choices(TEXTS, k=dice.randrange(3))),
                          ensure_ascii=dice.random() < 0.5)
    else:
        parts = [document(dice, depth + 1) for _ in range(dice.choice([0, 1, 2, 3, 9]))]
        if kind == 5:
            core = "[" + ",".join(parts) + space + "]"
        else:
            core = "{" + ",".join(f"{space}{json.dumps(dice.choice(TEXTS))}{space}:{part}"
                                  for part in parts) + space + "}"
    return space + core + dice.choice(SPACES)


def check(probe, text, encoded):
    answer = probe.json(encoded)
    assert not answer.startswith(b"error "), (text, answer)
    assert pairs(answer) == repaired(pairs(text)), (text, answer)


def test_random_documents(probe):
    dice = random.Random(7)
    for _ in range(4000):
        text = document(dice)
        try:
            encoded = text.encode()
        except UnicodeEncodeError:  # a bare surrogate cannot be UTF-8 at all
            continue
        check(probe, text, encoded)


def test_broken_documents(probe):
    """What Python refuses we refuse, and the other way round; with the same line and column."""
    dice = random.Random(11)
    seen = 0
    for _ in range(6000):
        text = list(document(dice))
        for _ in range(dice.choice([1, 1, 2])):
            at = dice.randrange(len(text)) if text else 0
            text[at:at + dice.randrange(2)] = dice.choice(['"', "\\", ",", ":", "[", "}", "1", "-", "e", "x", "\0", ""])
        text = "".join(text)
        try:
            encoded = text.encode()
        except UnicodeEncodeError:
            continue
        answer = probe.json(encoded)
        try:
            expected = repaired(pairs(text))
        except (json.JSONDecodeError, pytest.fail.Exception):
            assert answer.startswith(b"error bad_json line "), (text, answer)
            seen += 1
            continue
        assert not answer.startswith(b"error "), (text, answer)
        assert pairs(answer) == expected, text
    assert seen > 2000


def test_doubles_are_the_nearest(probe):
    dice = random.Random(3)
    for _ in range(2000):
        number = math.ldexp(dice.random() - 0.5, dice.randrange(-1070, 1020))
        assert probe.json(repr(number).encode()) == repr(number).encode()


def test_encodings(probe):
    assert probe.json(b'\xef\xbb\xbf{"a":1}') == b'{"a":1}'
    for broken in ("ä".encode("latin-1"), "[1]".encode("utf-16"), b"\xed\xa0\x80", b"\xf5\x80\x80\x80"):
        text = b'["' + broken + b'"]'
        with pytest.raises(UnicodeDecodeError) as refused:
            text.decode()
        assert probe.json(text).startswith(b"error encoding byte %d " % refused.value.start)


def test_real_documents(probe):
    files = sorted(DATA.glob("webhooks/**/*.json"))
    if not files:
        pytest.skip("no ../shared/data/webhooks")
    for path in files:
        text = path.read_bytes()
        check(probe, text, text)
