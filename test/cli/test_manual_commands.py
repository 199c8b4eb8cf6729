"""The commands of README.md and of the page on going live, one after the other, as they stand there."""
import pathlib
import re
import shlex
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "test")]
from driver.server import Server  # noqa: E402

# What needs a machine or a mail server of one's own, or was said before.
ELSEWHERE = ("FILE", "connect", "send-test")


def commands(page):
    """The words of each `postlude ...` line in a shell block."""
    for block in re.findall(r"^```sh\n(.*?)^```", (ROOT / page).read_text(), re.M | re.S):
        for line in block.replace("\\\n", " ").splitlines():
            if line.startswith("postlude "):
                yield shlex.split(line, comments=True)[1:]


@pytest.mark.parametrize("page, least", [("README.md", 7), ("doc/manual/live.md", 5)])
def test_a_new_owner_gets_from_nothing_to_live(page, least):
    with Server() as server:
        done = 0
        for words in commands(page):
            if set(words) & set(ELSEWHERE):
                continue
            ran = server.run(*words)
            assert ran.returncode == 0, (words, ran.stderr)
            done += 1
        assert done >= least
        if page == "README.md":
            assert server.rows("SELECT slug, name, zone, live_since > 0 FROM shop") == [
                ("boots", "Ana's Boots", "Europe/Lisbon", 1)]
            ran = server.run("send-test", "boots", "you@anasboots.example")
            assert ran.returncode != 0 and "mail.anasboots.example" in ran.stdout + ran.stderr, "no such server on this machine"


def test_every_verb_that_a_page_shows_exists():
    known = set(re.findall(r"^ROW\((\w+),", (ROOT / "src/cmd/commands.def").read_text(), re.M)) | {"help", "VERB"}
    for page in [ROOT / "README.md", ROOT / "HACKING.md", *(ROOT / "doc/manual").glob("*.md")]:
        for verb in re.findall(r"(?:^|[`\s])postlude ([a-z-]+)\b(?=[ `\n])", page.read_text(), re.M):
            shown = re.search(rf"`postlude {verb}|^(?: {{4}})?postlude {verb} ", page.read_text(), re.M)
            assert not shown or verb.replace("-", "_") in known, f"{page.name}: postlude {verb}"
