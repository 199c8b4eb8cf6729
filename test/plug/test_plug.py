"""Recorded bytes of the outside, and what each plug makes of them.

`connector/NAME/CASE.json` is the body of a delivery, `CASE.topic` its topic, `CASE.out` all that was read from it.
Where the headers were recorded too (`CASE.headers`, `Name: value` lines; `secret` in the folder is what they were
signed with), the signature is checked as well, and that it fails over any other body. Cases are found by themselves;
`settings` in the folder is what the shop has set (`key=value` lines), for those that need it; `CASE.settings` beats it;
a missing .out is written and the test fails, so that somebody reads it before it is kept.
"""

import os
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
CASES = sorted(HERE.glob("connector/*/*.json"))


def probe(*words, case=None):
    folder = ROOT / os.environ.get("POSTLUDE_BUILD", "build")
    own = case and case.with_suffix(".settings")
    settings = {"PROBE_SETTINGS": str(own if own.exists() else case.parent / "settings")} if case else {}
    ran = subprocess.run([folder / "test" / "plug" / "plug_probe", *words], capture_output=True, timeout=60, check=False,
                         env=os.environ | settings)
    assert ran.returncode == 0, ran.stderr.decode()
    return ran.stdout.decode()


def checked(case, body):
    secret = (case.parent / "secret").read_text().strip()
    return probe("check", case.parent.name, secret, case.with_suffix(".headers"), body, case=case)


def heard(case):
    """What the plug says of a case, the envelope first where headers were recorded."""
    topic = case.with_suffix(".topic").read_text().strip()
    said = checked(case, case) if case.with_suffix(".headers").exists() else ""
    return said + probe("read", case.parent.name, topic, case, case=case)


def fields(said):
    """The probe's lines as a dict: path -> value as printed."""
    return {line.split(None, 1)[0]: line.split(None, 1)[1] for line in said.splitlines()}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.stem}")
def test_a_recording_is_read_as_it_was_approved(case):
    said, approved = heard(case), case.with_suffix(".out")
    if not approved.exists():
        approved.write_text(said)
        pytest.fail(f"{approved.relative_to(ROOT)} is a first draft: check every line of it, then commit it\n{said}")
    assert said == approved.read_text()


@pytest.mark.parametrize("case", [case for case in CASES if case.with_suffix(".headers").exists()],
                         ids=lambda case: f"{case.parent.name}/{case.stem}")
def test_the_signature_covers_every_byte(case, tmp_path):
    body = case.read_bytes()
    topic = case.with_suffix(".topic").read_text().strip()
    assert fields(checked(case, case))["topic"] == f'"{topic}"'
    other = tmp_path / "body"
    for changed in (body + b"\n", body[:-1], bytes([body[0] ^ 1]) + body[1:], b""):
        other.write_bytes(changed)
        assert checked(case, other).startswith("error auth "), changed[-40:]


def test_each_connector_has_recordings_and_a_signed_one():
    for line in probe("list").splitlines():
        name, _, unsigned = line.partition(" ")
        cases = [case for case in CASES if case.parent.name == name]
        assert any(unsigned or case.with_suffix(".headers").exists() for case in cases), f"test/plug/connector/{name}/"


def test_each_recording_has_its_topic_and_nothing_lies_about():
    known = {case.stem for case in CASES}
    for path in HERE.glob("connector/*/*"):
        assert path.stem in known or path.name in ("secret", "settings"), f"{path.relative_to(ROOT)} belongs to no recording"
    assert [case for case in CASES if not case.with_suffix(".topic").exists()] == []
