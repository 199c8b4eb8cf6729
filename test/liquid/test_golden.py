"""The golden suite of the Liquid language (github.com/jg-rp/golden-liquid, 1,054 cases)."""
import json
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SUITE = ROOT.parent / "shared/data/golden_liquid/golden_liquid.json"
BINARY = os.environ.get("POSTLUDE", str(ROOT / "build/postlude"))

# Where Shopify's own current behaviour differs from the suite.
DIFFERS = {
    # The suite has this template twice, once lax with an empty result and once ("..., strict2") as an
    # error. Shopify's strict parser (lib/liquid/tags/case.rb, parse_strict2_when: `or` and commas
    # join the values of `when`, then the end) refuses it; so do we.
    "tags, case, unexpected when token",
}


def answers(cases):
    lines = "".join(
        json.dumps({"template": case["template"], "data": case.get("data", {}),
                    "partials": case.get("templates", {})}) + "\n" for case in cases)
    done = subprocess.run([BINARY, "liquid", "serve-tests"], input=lines, text=True,
                          capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def is_right(case, answer):
    if case.get("invalid"):
        return not answer["ok"] and answer["line"] >= 1 and answer["column"] >= 1
    return answer["ok"] and answer["output"] in case.get("results", [case.get("result")])


@pytest.mark.skipif(not SUITE.exists(), reason="the suite is not here")
def test_every_case_of_the_suite():
    cases = json.loads(SUITE.read_text())["tests"]
    got = answers(cases)
    assert len(got) == len(cases) >= 1054
    wrong = {case["name"]: (case, answer) for case, answer in zip(cases, got)
             if not is_right(case, answer)}
    assert set(wrong) == DIFFERS, [wrong[name] for name in set(wrong) - DIFFERS]


def test_an_answer_names_the_place():
    (answer,) = answers([{"template": "ok\n  {{ a | }}"}])
    assert (answer["ok"], answer["line"], answer["column"]) == (False, 2, 10)
