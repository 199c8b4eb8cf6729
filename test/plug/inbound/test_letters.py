"""107 mails, most of them odd, taken apart by us and by Stalwart's mail-parser: the parts, their texts, the subject."""

import json
import re

import pytest

from inbound import DATA, ask

FOLDER = DATA / "mail" / "parser" / "eml"

# Where the two differ, and why. GMime closes a part at any line that begins with an outer boundary, even where that is
# the beginning of an inner one; the mails of malformed/ are made to show such differences.
DIFFERENT = {
    "malformed/000": "a header that a boundary ends, instead of an empty line",
    "malformed/001": "inner boundary begins like the outer one",
    "malformed/004": "inner boundary begins like the outer one: shown as text, nothing is lost",
    "malformed/007": "a boundary within a header",
    "malformed/009": "inner multipart without its end",
    "malformed/011": "inner multipart without its end",
    "malformed/012": "inner multipart without its end",
    "malformed/016": "boundaries that are prefixes of each other, longer than allowed",
    "malformed/017": "no semicolon before the boundary, so there is none: shown as text",
    "malformed/022": "an attached mail that is none: kept as one, they make it a text",
    "rfc/000": "audio and pictures with a few letters in them: they call them texts",
    "thirdparty/000": "NUL bytes are left out of ours",
    "thirdparty/001": "base64 without its padding: decoded, they keep the letters",
    "thirdparty/002": "bytes that are no text in their charset",
    "thirdparty/005": "an end of a boundary that is none",
    "thirdparty/015": "three attached mails: theirs end in the first, ours are all there",
}
BAD = "\ufffd"  # where theirs holds it, ours may have read the letter

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="../shared/data/mail is not there")


def letters(text):
    return re.sub(r"\s+", "", text or "").replace("\ufeff", "")


def their_parts(mail):
    found = []
    for part in mail["parts"]:
        kind, body = next(iter(part["body"].items()))
        if kind in ("Text", "Html"):
            found.append((kind, letters(body)))
        elif kind != "Multipart":
            found.append(("Message" if kind == "Message" else "Binary", None))
    return found


def our_part(part):
    if part["type"].startswith("text/"):
        return "Html" if part["type"] == "text/html" else "Text", letters(part["text"])
    return "Message" if part["type"] == "message/rfc822" else "Binary", None


def same_part(ours, theirs):
    if theirs[1] is None or ours[1] is None:
        return (theirs[1] is None) == (ours[1] is None)
    return ours[1] == theirs[1] or BAD in theirs[1]


def differences(said, mail):
    ours, theirs = [our_part(part) for part in said["parts"]], their_parts(mail)
    if len(ours) != len(theirs):
        return f"{len(ours)} parts, theirs are {len(theirs)}"
    for mine, other in zip(ours, theirs):
        if not same_part(mine, other):
            return f"{mine} is not {other}"
    wanted = [field["value"].get("Text") for field in mail["parts"][0]["headers"]
              if field["name"] == "subject" and isinstance(field["value"], dict)]
    subjects = [value for name, value in said["fields"] if name.lower() == "subject"]
    if wanted and subjects and BAD not in wanted[-1] and letters(wanted[-1]) != letters(subjects[-1]):
        return f"subject {subjects[-1]!r} is not {wanted[-1]!r}"
    return None


def test_mails_are_taken_apart_alike():
    files = sorted(FOLDER.glob("*/*.eml"))
    assert len(files) == 107
    found = {}
    for path, said in zip(files, ask(*(("letter", path) for path in files))):
        assert said["ok"], (path.name, said)
        why = differences(said, json.loads(path.with_suffix(".json").read_text(encoding="utf-8")))
        if why:
            found[f"{path.parent.name}/{path.stem}"] = why
    assert found.keys() == DIFFERENT.keys(), found
