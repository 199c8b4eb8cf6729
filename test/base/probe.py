"""Asks test/base/probe of the build folder ($POSTLUDE_BUILD)."""

import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Probe:
    def __init__(self, **environment):
        folder = ROOT / os.environ.get("POSTLUDE_BUILD", "build")
        self.process = subprocess.Popen([folder / "test" / "base" / "probe"],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        env=os.environ | environment)

    def ask(self, *questions: bytes) -> list[bytes]:
        """One answer for each; sent in bunches that no pipe can choke on."""
        answers = []
        for start in range(0, len(questions), 100):
            bunch = questions[start:start + 100]
            self.process.stdin.write(b"".join(question + b"\n" for question in bunch))
            self.process.stdin.flush()
            answers += [self.process.stdout.readline().rstrip(b"\n") for _ in bunch]
        return answers

    def json(self, document: bytes) -> bytes:
        self.process.stdin.write(b"json %d\n" % len(document) + document)
        self.process.stdin.flush()
        return self.process.stdout.readline().rstrip(b"\n")

    def close(self):
        self.process.stdin.close()
        assert self.process.wait(10) == 0
