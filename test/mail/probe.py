"""Talks to mail_probe, and to nothing of ours else: what it says is judged by other people's code."""

import base64
import json
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]


def b64(data):
    return base64.b64encode(data).decode()


class Probe:
    """One process for all questions of a test file."""

    def __init__(self):
        named = os.environ.get("MAIL_PROBE")
        built = pathlib.Path(os.environ.get("POSTLUDE", ROOT / "build" / "postlude")).resolve()
        program = pathlib.Path(named) if named else built.parent / "test" / "mail" / "mail_probe"
        assert program.exists(), f"{program} is not built"
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, **question):
        self.process.stdin.write(json.dumps(question).encode() + b"\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer, f"mail_probe died of {question!r:.500}"
        return json.loads(answer)

    def compose(self, **mail):
        """The mail's bytes; fails the test if it was refused."""
        answer = self.ask(op="compose", **mail)
        assert answer["ok"], answer
        return base64.b64decode(answer["mail"])

    def close(self):
        self.process.stdin.close()
        assert self.process.wait(10) == 0
