"""What Shopify's current Liquid does and neither the golden suite nor ruby-liquid 5.4 shows.

Every expectation was read off Shopify/liquid 5.13 and its own tests (test/integration)."""
import html
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
    # self is all variables of its place
    "{% assign x = 1 %}{% assign s = self %}{% assign x = 2 %}{{ s.x }}{{ self['x'] }}{{ self | escape }}": (
        {}, "22Liquid::SelfDrop"),
    "{% assign x = 1 %}{% assign s = self %}{% render 'p', outer: s %}{% if self == s %}!{% endif %}": (
        {"p": "{% assign x = 2 %}{{ outer.x }}{{ self.x }}"}, "12!"),
    # dashes inside raw trim only what is outside
    "> {%- raw -%} inner {%- endraw -%} <": ({}, "> inner <"),
    "{% raw %} {% endraw {% endraw %}!": ({}, " {% endraw !"),
    "{{ s | replace: 'b', '<\\0\\0>' }} {{ s | replace: 'b', '\\\\' }} {{ s | replace_last: 'b', '\\0' }}": (
        {}, "a<bb>c a\\c a\\0c"),
    "{{ 'one two ' | truncatewords: 2 }}|{{ 'one two' | truncatewords: 2 }}": ({}, "one two...|one two"),
    "{{ 'x' | truncate: -9223372036854775808 }}": ({}, "..."),
    "{{ 1.0 | divided_by: -0.0 }} {{ -1.0 | divided_by: -0.0 }}": ({}, "-Infinity Infinity"),
    # names are one more argument to who takes none
    "{% assign m = nil | default: a: 1, b: s %}{{ m.a }}{{ m.b }} {{ false | default: 7, allow_false: true }}": (
        {}, "1abc false"),
    "{{ l | join: by: s }}": ({}, '1{"by"=>"abc"}2{"by"=>"abc"}3{"by"=>"abc"}4'),
    "{{ 's' | upcase: a: 1 }}": ({}, "Liquid error: wrong number of arguments (given 2, expected 1)"),
    "{{ (5..2) | first }}{{ (5..2) | last }}{{ (5..2) | size }}": ({}, "520"),
    "{{ '+%41+%zz+%+' | url_decode }}": ({}, " A %zz %+"),
    "{{ 100000000000000.0 }} {{ 1000000000000000.0 }} {{ 1234567890123456.5 }} {{ 0.0001 }}": (
        {}, "100000000000000.0 1.0e+15 1234567890123456.5 0.0001"),
    # a digit alone is no day
    "{{ 'size 9)' | date: '%d' }} {{ '7..4' | date: '%d' }} {{ '3 March' | date: '%d.%m.' }} {{ '3 10:20' | date: '%d %H' }}": (
        {}, "size 9) 7..4 03.03. 03 10"),
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


def test_an_error_names_small_numbers_and_the_class_of_others():
    for number, named in ((5, "5"), (4611686018427387903, "4611686018427387903"), (4611686018427387904, "Integer")):
        got = answer("{% if s < " + str(number) + " %}{% endif %}", {}, None)
        assert got["error"] == f"comparison of String with {named} failed"


def test_a_comment_takes_the_tag_in_an_open_output_for_its_text():
    assert not answer("{% comment %}{{ a{% endcomment %}", {})["ok"]
    assert answer("{% comment %}{{ a } {% endcomment %}b", {})["output"] == "b"


def lines_of(cases):
    done = subprocess.run([BINARY, "liquid", "serve-tests"], input="".join(case + "\n" for case in cases), text=True,
                          capture_output=True, timeout=60, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_every_length_is_escaped_at_every_place():
    texts = ["x" * before + sign + "y" * behind for sign in "&<>\"'" for before in range(36) for behind in (0, 1, 7, 16, 33)]
    texts += ["z" * length for length in range(70)] + ["é<" * 20, "'" * 50]
    cases = [json.dumps({"template": "{{ t }}", "html": True, "data": {"t": text}}) for text in texts]
    for text, got in zip(texts, lines_of(cases)):
        assert got == {"ok": True, "output": html.escape(text).replace("&#x27;", "&#39;")}


def test_a_literal_of_any_length_leaves_the_place_where_it_is():
    for text in ('<a href="/{}?q={{{{ v }}}}">', "<p title='{}{{{{ v }}}}'>", "<{} title=\"{{{{ v }}}}\">", "{}{{{{ v }}}}"):
        templates = [text.format("a" * length) for length in range(1, 40)]
        wanted = "%3C%26" if "href" in text else "&lt;&amp;"
        cases = [json.dumps({"template": template, "html": True, "data": {"v": "<&"}}) for template in templates]
        for template, got in zip(templates, lines_of(cases)):
            assert got == {"ok": True, "output": template.replace("{{ v }}", wanted)}


def test_of_two_members_with_one_name_the_last_counts():
    (got,) = lines_of(['{"template":"{{ a.b }}{{ a.c }}{{ a.a_name_of_more_than_16 }}",'
                       '"data":{"a":{"b":1,"c":3,"b":2,"a_name_of_more_than_17":5,"a_name_of_more_than_16":4}}}'])
    assert got["output"] == "234"


def served(case):
    done = subprocess.run([BINARY, "liquid", "serve-tests"], input=json.dumps(case) + "\n", text=True,
                          capture_output=True, timeout=20, check=True)
    return json.loads(done.stdout)


LONG = "a b " * 25_000


@pytest.mark.parametrize("body", [
    "{{ s | size }}", "{{ s.last }}", "{% if s contains 'xy' %}1{% endif %}", "{% if l contains -1 %}1{% endif %}",
    "{{ s | slice: -1 }}", "{% assign z = s | md %}", "{% assign z = h | strip_html %}", "{% assign z = l | uniq %}",
    "{% if l == m %}{% else %}1{% endif %}",
])
def test_looking_at_much_counts_as_work(body):
    data = {"s": LONG, "h": "<!--" * 25_000, "l": list(range(12_000)), "m": [*range(11_999), -1]}
    case = {"template": "{% for i in l %}\n  " + body + "{% endfor %}", "data": data, "strict": False}
    told = served(case)
    assert not told["ok"] and ("steps" in told["error"] or "bytes" in told["error"] or "too long" in told["error"])


def test_output_without_a_loop_ends_at_its_bound_and_says_where():
    case = {"template": "\n" + "{{ s }}" * 1_000, "data": {"s": LONG}}
    told = served(case)
    assert (told["ok"], told["line"], told["column"]) == (False, 2, 7 * 10 + 4)
    assert told["error"] == "the output is larger than 1048576 bytes"


def test_uniq_takes_long_lists_of_anything():
    data = {"l": [{"k": i % 7_000, "v": [i % 7_000, "x"]} for i in range(10_000)]}
    case = {"template": "{{ l | uniq | size }} {{ l | uniq: 'k' | size }} {{ l | map: 'v' | uniq | size }}", "data": data}
    assert served(case) == {"ok": True, "output": "7000 7000 7001"}


def test_uniq_tells_kinds_apart_as_ruby_does():
    case = {"template": "{{ l | uniq | json }}", "data": {"l": [1, 1.0, "1", 1, None, None, True, {"a": 1, "b": 2},
                                                               {"b": 2, "a": 1}, 2.5, 2.5, 2.25, False]}}
    assert served(case)["output"] == '[1,1.0,"1",null,true,{"a":1,"b":2},2.5,2.25,false]'


@pytest.mark.parametrize("now", [1700000000, 1700000000.25, "1700000000", 1700000000000, "2023-11-14T22:13:20Z",
                                 "2023-11-14T23:13:20+01:00"])
def test_now_is_taken_in_every_form(now):
    case = {"template": "{{ 'now' | date: '%Y-%m-%d %H:%M:%S' }}", "now": now, "zone": ""}
    assert served(case) == {"ok": True, "output": "2023-11-14 22:13:20"}
