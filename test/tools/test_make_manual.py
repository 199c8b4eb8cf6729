"""The manual against the program's own tables: each setting and each verb stands in it, in the words of the program."""
import os
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("POSTLUDE", str(ROOT / "build/postlude"))
MANUAL = ROOT / "doc/manual"


def make(*words):
    return subprocess.run([ROOT / "tools/make_manual.py", *words, str(pathlib.Path(PROGRAM).resolve())], text=True,
                          capture_output=True, check=False)


def rows(path):
    return re.findall(r'^ROW\((\w+), (?:"(\w+)", )?"([^"]+)"', (ROOT / path).read_text(), re.M)


def test_the_printed_pages_are_what_the_program_says():
    ran = make("--check")
    assert ran.returncode == 0, ran.stderr


def test_every_setting_stands_in_them():
    page = (MANUAL / "settings.md").read_text()
    for _, _, key in rows("src/flow/settings.def"):
        assert f"| `{key}` |" in page
    for _, group, key in rows("src/engine/settings.def"):
        assert f"| `[{group}]` `{key}` |" in page
    for key in ("name", "currency", "zone", "locale", "live_since"):
        assert f"| `{key}` |" in page


def test_every_verb_stands_in_them():
    page = (MANUAL / "verbs.md").read_text()
    for verb in re.findall(r"^ROW\((\w+),", (ROOT / "src/cmd/commands.def").read_text(), re.M):
        assert f"## {verb.replace('_', '-')}\n" in page


def test_every_page_is_found_from_the_first():
    first = (MANUAL / "README.md").read_text()
    for page in MANUAL.glob("*.md"):
        assert page.name == "README.md" or f"({page.name})" in first, f"nothing leads to {page.name}"


def test_every_link_of_the_manual_leads_somewhere():
    for page in [ROOT / "README.md", ROOT / "HACKING.md", *MANUAL.glob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text()):
            assert "://" in target or (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_setting_that_the_manual_speaks_of_exists():
    """A key in a `shop set` of any page is one that there is."""
    known = {key for _, _, key in rows("src/flow/settings.def")} | {"name", "currency", "zone", "locale", "live_since"}
    for page in [ROOT / "README.md", *MANUAL.glob("*.md")]:
        for line in re.findall(r"shop set [A-Za-z]+ (.*)", page.read_text()):
            for key in re.findall(r'(?:^|\s)"?([a-z_]+(?:\.[a-z_]+)?)=', line):
                assert key in known, f"{page.name}: there is no setting {key}"
