"""doc/manual/liquid.md: every example prints what the page says, every error reads as there, nothing is left out."""
import json
import os
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "doc/manual/liquid.md"
BINARY = os.environ.get("POSTLUDE", str(ROOT / "build/postlude"))
NOTHING = "(nothing)"
ITS_ADDRESS = "(its address)"  # of a page, which only a running shop has


def blocks(text):
    """(language, content) of each fenced block, in order."""
    return re.findall(r"^```([^\n]*)\n(.*?)\n```$", text, re.M | re.S)


def rows(text):
    """(heading, cells) of each row of each table; the cells without their backquotes."""
    header = []
    for line in text.splitlines():
        if not line.startswith("| "):
            if not line.startswith("|-"):
                header = []
            continue
        cells = [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if not header:
            header = cells
            continue
        yield header, [cell[1:-1] if cell.startswith("`") else cell for cell in cells]


@pytest.fixture(name="page", scope="module")
def page_fixture():
    return PAGE.read_text()


def in_html(page, cells):
    return page.index("`" + cells[-1].replace("|", "\\|") + "`") > page.index("## Pages and mails in HTML")


def examples(page):
    """(template, wanted output, html)."""
    found = blocks(page)
    for (kind, text), (then, wanted) in zip(found, found[1:]):
        if kind == "liquid":
            assert then == "text", text
            yield text, wanted, False
    for header, cells in rows(page):
        if header[-2:] == ["example", "result"] or header == ["you write", "you get"]:
            if cells[-1] != ITS_ADDRESS:
                yield cells[-2], cells[-1], False
        elif header == ["where", "you write", "you get"]:
            yield cells[1], cells[2], True
        elif header == ["you write", "the error", "the cure"]:
            yield cells[2], None, in_html(page, [cells[0]])


def answers(page, cases):
    found = blocks(page)
    data = json.loads(next(text for kind, text in found if kind == "json"))
    partials = {kind.split()[1]: text for kind, text in found if kind.startswith("part ")}
    lines = "".join(json.dumps({"template": template, "html": html, "data": data, "partials": partials, "locale": "en",
                                "now": "2026-07-01T10:00:00Z"}) + "\n" for template, html in cases)
    done = subprocess.run([BINARY, "liquid", "serve-tests"], input=lines, text=True, capture_output=True, timeout=30,
                          check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_every_example_prints_what_the_page_says(page):
    cases = list(examples(page))
    assert len(cases) > 120
    wrong = []
    for (template, wanted, html), got in zip(cases, answers(page, [(case[0], case[2]) for case in cases])):
        text = got.get("output", "").rstrip("\n")
        wanted = "" if wanted == NOTHING else wanted
        if not got["ok"] or (wanted is not None and text.rstrip() != wanted.rstrip()):
            wrong.append((template, wanted, got))
    assert not wrong, '\n'.join(map(str, wrong))


def test_every_error_reads_as_on_the_page(page):
    cases = [(cells[0], in_html(page, [cells[0]]), cells[1]) for header, cells in rows(page)
             if header == ["you write", "the error", "the cure"]]
    assert len(cases) >= 15
    for (template, _, wanted), got in zip(cases, answers(page, [case[:2] for case in cases])):
        assert (got["ok"], got.get("error")) == (False, wanted), template


def test_no_filter_and_no_tag_is_left_out(page):
    told = {cells[0] for header, cells in rows(page) if header[0] == "filter"}
    for path in ("src/engine/liquid/filter/filters.def", "src/engine/liquid_shop/filters.def"):
        names = set(re.findall(r"^ROW\((\w+)\)", (ROOT / path).read_text(), re.M))
        assert len(names) > 10 and names <= told, names - told
    source = (ROOT / "src/engine/liquid/tag.c").read_text()
    tags = re.findall(r'^    \{\{"([^"]+)", \d+\}', source, re.M)
    assert len(tags) > 15
    for tag in tags:
        assert re.search(r"\{%-? " + re.escape(tag) + r"\b" if tag != "#" else r"\{% #", page) or f"  {tag} " in page, tag
