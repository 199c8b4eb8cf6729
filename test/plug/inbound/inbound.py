"""Talks to inbound_probe: one request a line in, one JSON object a line out."""

import json
import os
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
DATA = ROOT.parent / "shared" / "data"


def ask(*requests):
    """The answers to requests, each a tuple of words, in their order."""
    folder = ROOT / os.environ.get("POSTLUDE_BUILD", "build")
    lines = "".join("\t".join(str(word) for word in words) + "\n" for words in requests)
    ran = subprocess.run([folder / "test" / "plug" / "inbound_probe"], input=lines.encode(), capture_output=True,
                         timeout=120, check=False)
    assert ran.returncode == 0, ran.stderr.decode()[-2000:]
    answers = [json.loads(line) for line in ran.stdout.splitlines()]
    assert len(answers) == len(requests)
    return answers


def read_mail(tmp_path, text):
    """What is made of a mail given as text or bytes."""
    path = tmp_path / "mail.eml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return ask(("mail", path))[0]
