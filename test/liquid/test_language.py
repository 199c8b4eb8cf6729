"""What Shopify's current Liquid does and neither the golden suite nor ruby-liquid 5.4 shows.

Every expectation was read off Shopify/liquid 5.13 and its own tests (test/integration)."""
import json
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("POSTLUDE", str(ROOT / "build/postlude"))

CASES = {
    # a rendered partial counts, continues and loops on its own
    "{% cycle 'a', 'b' %}{% render 'p' %}{% cycle 'a', 'b' %}": ({"p": "{% cycle 'a', 'b' %}"}, "aab"),
    "{% for i in (1..2) %}{% render 'p' %}{% endfor %}": (
        {"p": "{% for j in (1..2) %}{{ forloop.parentloop.index }}-{{ forloop.index }} {% endfor %}"},
        "-1 -2 -1 -2 "),
    "{% for i in l limit: 2 %}{{ i }}{% endfor %}{% render 'p', l: l %}{% for i in l offset: continue %}{{ i }}{% endfor %}": (
        {"p": "{% for i in l offset: continue limit: 1 %}({{ i }}){% endfor %}"}, "12(1)34"),
    "{% ifchanged %}x{% endifchanged %}{% render 'p' %}{% ifchanged %}x{% endifchanged %}": (
        {"p": "{% ifchanged %}x{% endifchanged %}"}, "xx"),
    # dashes inside raw trim only what is outside
    "> {%- raw -%} inner {%- endraw -%} <": ({}, "> inner <"),
    "{% raw %} {% endraw {% endraw %}!": ({}, " {% endraw !"),
    "{{ s | replace: 'b', '<\\0\\0>' }} {{ s | replace: 'b', '\\\\' }} {{ s | replace_last: 'b', '\\0' }}": (
        {}, "a<bb>c a\\c a\\0c"),
    "{{ 'one two ' | truncatewords: 2 }}|{{ 'one two' | truncatewords: 2 }}": ({}, "one two...|one two"),
    "{{ 'x' | truncate: -9223372036854775808 }}": ({}, "..."),
    "{{ 1.0 | divided_by: -0.0 }} {{ -1.0 | divided_by: -0.0 }}": ({}, "-Infinity Infinity"),
    "{{ l.size.size.size.size }}{{ l" + ".first" * 200 + " }}": ({}, "8"),
}


def answer(template, partials, strict=False):
    case = {"template": template, "data": {"l": [1, 2, 3, 4], "s": "abc"}, "partials": partials, "strict": strict}
    if strict is None:
        del case["strict"]
    done = subprocess.run([BINARY, "liquid", "serve-tests"], input=json.dumps(case) + "\n", text=True,
                          capture_output=True, timeout=30, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize("template", CASES)
def test_the_language_is_todays(template):
    partials, wanted = CASES[template]
    assert answer(template, partials) == {"ok": True, "output": wanted}


def test_an_error_in_a_blank_block_prints_nothing_and_is_one_all_the_same():
    template = "a{% if 5 > 'x' %} {% endif %}b"
    assert answer(template, {})["output"] == "ab"
    told = answer(template, {}, None)
    assert (told["ok"], told["error"], told["line"], told["column"]) == (
        False, "comparison of Integer with String failed", 1, 10)


def test_a_comment_takes_the_tag_in_an_open_output_for_its_text():
    assert not answer("{% comment %}{{ a{% endcomment %}", {})["ok"]
    assert answer("{% comment %}{{ a } {% endcomment %}b", {})["output"] == "b"
