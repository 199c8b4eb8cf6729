"""`postlude liquid`: what its verbs print and how they end."""
import json
import os
import pathlib
import resource
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("POSTLUDE", str(ROOT / "build/postlude"))
BENCH = ROOT.parent / "shared/data/liquid_bench"

SCHEMA = {
    "order": {
        "name": "string", "note?": "string", "total": "money", "shipping_address?": {"city": "string"},
        "line_items": [{"title": "string", "price": "money", "quantity": "number"}],
    },
    "shop": {"name": "string"},
}


@pytest.fixture(name="folder")
def folder_fixture(tmp_path):
    (tmp_path / "data.json").write_text(json.dumps({"name": "A & B", "items": [1, 2.5]}))
    (tmp_path / "schema.json").write_text(json.dumps(SCHEMA))
    (tmp_path / "row.liquid").write_text("<li>{{ row }}</li>")
    return tmp_path


def liquid(folder, verb, source, *flags):
    (folder / "page.liquid").write_text(source)
    return subprocess.run([BINARY, "liquid", verb, "page.liquid", *flags], cwd=folder, text=True,
                          capture_output=True, timeout=30, check=False)


def test_render_prints_the_page_with_partials_beside_it(folder):
    done = liquid(folder, "render", "{{ name }}{% render 'row' for items as row %}", "--data", "data.json")
    assert (done.returncode, done.stdout) == (0, "A & B<li>1</li><li>2.5</li>")
    done = liquid(folder, "render", "<p>{{ name }}{% render 'row' for items as row %}", "--data", "data.json", "--html")
    assert done.stdout == "<p>A &amp; B<li>1</li><li>2.5</li>"


def test_now_and_zone_are_given(folder):
    done = liquid(folder, "render", "{{ 'now' | date: '%F %H:%M %Z' }} {{ 1741944413 | date: '%H:%M' }}",
                  "--now", "2026-07-01T10:00:00Z", "--zone", "Europe/Paris")
    assert done.stdout == "2026-07-01 12:00 CEST 10:26"


def test_an_error_in_the_text_is_printed_and_told(folder):
    done = liquid(folder, "render", "a{{ 1 | divided_by: 0 }}b", "--data", "data.json")
    assert done.returncode == 1
    assert done.stdout == "aLiquid error: divided by 0b"
    assert "page.liquid:1:9: error: divided by 0" in done.stderr


def test_strict_prints_nothing_and_names_the_place(folder):
    done = liquid(folder, "render", "x\n {{ nam }}", "--data", "data.json", "--strict")
    assert (done.returncode, done.stdout) == (1, "")
    assert "page.liquid:2:5" in done.stderr


def test_a_broken_template_shows_its_line_with_a_caret(folder):
    done = liquid(folder, "check", "<p>\n\t{{ a | upcse: }} {% if %}")
    assert done.returncode == 1
    assert "page.liquid:2:9: warning: there is no filter 'upcse'" in done.stdout
    assert "    \t{{ a | upcse: }} {% if %}\n    \t       ^\n    did you mean upcase?" in done.stdout
    assert "page.liquid:2:25: error: expected a value but found the end" in done.stdout


BROKEN = """\
<p>{{ a | }}</p>
{% if x == %}yes{{ b c }}{% else %}no{% endif %}
{% fro i in x %}
{% for i in %}{{ i | upcase: }}{% if %}{% endif %}{% endfor %}
{% if a %}{% for b in c %}{% endif %}
{{ ok }} {{ never
{% assign = 3 %}
{% case x %}{% wehn 1 %}a{% when 1 %}{% endcase %}
{% liquid
  assign a = 1 |
  echo a
%}
{% endfi %}
{% unless q %}
{% raw %} {{ x | }}
"""


def test_check_tells_every_error_of_a_template_and_nothing_else(folder):
    done = liquid(folder, "check", BROKEN)
    found = [line.split(": error: ") for line in done.stdout.splitlines() if ": error: " in line]
    assert done.returncode == 1
    assert found == [
        ["page.liquid:1:11", "expected a name but found the end"],
        ["page.liquid:2:12", "expected a value but found the end"],
        ["page.liquid:2:22", "expected the end but found 'c'"],
        ["page.liquid:3:4", "there is no tag 'fro'"],
        ["page.liquid:4:13", "expected a value but found the end"],
        ["page.liquid:4:38", "expected a value but found the end"],
        ["page.liquid:5:30", "'endif' does not fit here: 'for' is still open"],
        ["page.liquid:6:10", "the output is never closed with }}"],
        ["page.liquid:7:11", "'assign' needs the name of a variable"],
        ["page.liquid:8:16", "there is no tag 'wehn'"],
        ["page.liquid:10:17", "expected a name but found the end"],
        ["page.liquid:13:4", "'endfi' without a tag that it belongs to"],
        ["page.liquid:14:1", "'unless' is never closed: {% endunless %} is missing"],
        ["page.liquid:15:1", "'raw' is never closed"],
    ]


BROKEN_PAGE = """\
<p class={{ a }}>x</p>
<a onclick="f({{ b }})">{{ c | }}</a>
<p title="{% if d %}">{% endif %}
{{ e }}</p>
<script>var x = "{{ f }}"; var y = {{ g }};</script>
<{{ h }}>
{% for i in l %}<b title="{{ i }}{% endfor %}
{{ j }}
"""


def test_check_tells_every_place_of_a_page_where_no_value_is_safe(folder):
    done = liquid(folder, "check", BROKEN_PAGE, "--html")
    places = [line.split(": ")[0].split(":", 1)[1] for line in done.stdout.splitlines() if ": error: " in line]
    assert places == ["1:10", "2:15", "2:32", "3:11", "5:18", "6:2", "7:1"]


def test_check_ends_after_50_errors(folder):
    done = liquid(folder, "check", "{{ a | }}\n" * 3000)
    assert done.stdout.count(": error: ") == 50


def test_a_hundred_thousand_warnings_on_one_line_cost_little(folder):
    done = liquid(folder, "check", "{{a|bq}}" * 30000)
    assert done.returncode == 0
    assert done.stdout.count(": warning: ") == 100
    done = liquid(folder, "render", "{{ 1 | divided_by: z }}" * 9000)
    assert done.stdout == "Liquid error: divided by 0" * 9000
    assert done.stderr.count("error: divided by 0") == 100


def seconds_to_check(folder, source):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for flags in ([], ["--html"]):
        liquid(folder, "check", source, *flags)
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before.ru_utime


@pytest.mark.parametrize("begin, again, times", [
    ("{% raw %}", "{% endraw ", 25000), ("", "{{ ", 80000), ("", "{% if a %}", 25000), ("", "<", 250000),
    ("", "{{ a | ", 35000), ("{% comment %}", "{{ a } ", 35000), ("", "<p class={{ a }}>", 14000)])
def test_no_text_takes_long_to_read(folder, begin, again, times):
    """A moment; where the machine or a sanitizer makes that long, at least no more than twice the half's."""
    spent = seconds_to_check(folder, begin + again * times)
    assert spent < 1.5 or spent < 3 * seconds_to_check(folder, begin + again * (times // 2))


def test_check_goes_on_behind_an_error_in_a_partial(folder):
    (folder / "part.liquid").write_text("{{ a | }}{% if %}{% endif %}")
    done = liquid(folder, "check", "{% render 'part' %}\n{{ b | }}")
    assert [line.split(": ")[0] for line in done.stdout.splitlines() if ": error: " in line] == [
        "page.liquid:2:8", "part:1:8", "part:1:16"]


def test_check_knows_what_the_data_offers(folder):
    done = liquid(folder, "check",
                  "{{ order.note }}{% if order.note %}{{ order.note }}{% endif %}{{ order.note | default: '-' }}\n"
                  "{% for l in order.line_items %}{{ l.titel }}{{ l.price | money }}{% endfor %}\n"
                  "{{ order.shiping_address.city }}{{ order.name }}{{ shop.name.size }}\n"
                  "{% if order.name > 3 %}{% endif %}{% for x in order.total %}{% endfor %}",
                  "--schema", "schema.json")
    found = [line.split(": ", 1) for line in done.stdout.splitlines() if line.startswith("page.liquid:")]
    assert found == [
        ["page.liquid:1:4", "warning: order.note may be missing: add | default: or ask for it with if"],
        ["page.liquid:2:37", "error: there is no 'titel' in order.line_items[]"],
        ["page.liquid:3:10", "error: there is no 'shiping_address' in order"],
        ["page.liquid:4:18", "error: text is compared with a number"],
        ["page.liquid:4:47", "error: this is no list"],
    ]
    assert "did you mean order.shipping_address?" in done.stdout
    assert done.returncode == 1
    assert liquid(folder, "check", "{{ order.name }}", "--schema", "schema.json").returncode == 0


def test_vars_are_the_paths_that_are_read(folder):
    done = liquid(folder, "vars", "{% assign a = order.name %}{{ a }}{% for i in order.items %}{{ i.sku }}{% endfor %}")
    assert done.stdout.split() == ["order.name", "order.items", "order.items[].sku"]


def test_fmt_spaces_in_one_way_and_changes_nothing_else(folder):
    source = "{%-if a==1 and b contains'x'-%} {{a|plus:1,  b :2}}\t{% assign x=a . b[ 0 ] %}{%endif%}{% comment %} {{a}}{% endcomment %}"
    done = liquid(folder, "fmt", source)
    assert done.stdout == ("{%- if a == 1 and b contains 'x' -%} {{ a | plus: 1, b: 2 }}\t{% assign x = a.b[0] %}"
                           "{% endif %}{% comment %} {{a}}{% endcomment %}")
    assert liquid(folder, "fmt", done.stdout).stdout == done.stdout


@pytest.mark.skipif(not BENCH.exists(), reason="the bench template is not here")
@pytest.mark.parametrize("flags", [[], ["--html"]])
def test_the_order_confirmation_is_right_to_the_byte(flags):
    done = subprocess.run([BINARY, "liquid", "render", str(BENCH / "order_confirmation.liquid"), "--data",
                           str(BENCH / "data.json"), *flags], capture_output=True, timeout=30, check=True)
    assert done.stdout == (BENCH / "expected.html").read_bytes()


def test_wrong_usage_ends_with_2(folder):
    assert liquid(folder, "nonsense", "x").returncode == 2
    assert subprocess.run([BINARY, "liquid"], capture_output=True, check=False).returncode == 2
