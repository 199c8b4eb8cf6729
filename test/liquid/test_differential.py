"""20,000 random templates, rendered by us and by Debian's ruby-liquid 5.4.

What 5.4 lacks (sum, squish, has, find, reject, doc, first and last of strings, break in tablerow, blank? without
Rails) is not generated. What still differs must have one of the reasons below.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

import generate

HERE = pathlib.Path(__file__).resolve().parent
BINARY = os.environ.get("POSTLUDE", str(HERE.parents[1] / "build/postlude"))
COUNT = int(os.environ.get("LIQUID_TEMPLATES", "20000"))


def endraw_trims(template, ours, theirs):
    """Since 5.5, -%} behind endraw trims (lib/liquid/tags/raw.rb)."""
    return re.search(r"endraw\s*-%}", template) and "".join(ours.split()) == "".join(theirs.split())


def sort_is_stable(template, ours, theirs):
    """Ruby's sort leaves the order of equal items open; ours keeps it."""
    return "sort" in template and sorted(ours) == sorted(theirs)


REASONS = [endraw_trims, sort_is_stable]


def has_ruby():
    return shutil.which("ruby") and subprocess.run(
        ["ruby", "-rliquid", "-e", ""], capture_output=True, check=False).returncode == 0


def answers(command, lines):
    done = subprocess.run(command, input=lines, text=True, capture_output=True, timeout=600, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.skipif(not has_ruby(), reason="ruby-liquid is not installed")
def test_renders_what_ruby_renders():
    templates = list(generate.templates(COUNT))
    lines = "".join(json.dumps({"template": text, "data": generate.DATA, "strict": False}) + "\n"
                    for text in templates)
    with ThreadPoolExecutor() as pool:
        ours = pool.submit(answers, [BINARY, "liquid", "serve-tests"], lines)
        theirs = pool.submit(answers, ["ruby", "-W0", str(HERE / "reference.rb")], lines)
        ours, theirs = ours.result(), theirs.result()
    assert len(ours) == len(theirs) == COUNT
    rendered, explained, wrong = 0, 0, []
    for template, we, they in zip(templates, ours, theirs):
        if we["ok"] == they.get("ok") and (not we["ok"] or we["output"] == they["output"]):
            rendered += we["ok"]
        elif we["ok"] and they.get("ok") and any(reason(template, we["output"], they["output"])
                                                 for reason in REASONS):
            explained += 1
        else:
            wrong.append((template, we, they))
    print(f"{rendered} rendered the same, {explained} differ for a known reason")
    assert not wrong, wrong[:3]
    assert rendered > COUNT * 0.9 and explained < COUNT * 0.002


@pytest.mark.skipif(not has_ruby(), reason="ruby-liquid is not installed")
def test_what_is_doubtful_is_as_ruby_has_it():
    """Written by hand: the corners that random templates seldom reach. One a line, \\n is a line break."""
    data = json.loads((HERE / "doubtful.json").read_text())
    templates = [line.replace("\\n", "\n") for line in (HERE / "doubtful.txt").read_text().splitlines()]
    lines = "".join(json.dumps({"template": text, "data": data, "strict": False}) + "\n" for text in templates)
    ours = answers([BINARY, "liquid", "serve-tests"], lines)
    theirs = answers(["ruby", "-W0", str(HERE / "reference.rb")], lines)
    wrong = [(text, we, they) for text, we, they in zip(templates, ours, theirs)
             if (we["ok"], we.get("output")) != (they.get("ok"), they.get("output"))]
    assert len(templates) >= 50 and not wrong, wrong
