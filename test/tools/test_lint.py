"""./dev lint's own checks, each on text that it must find something in and text that it must not."""
import pathlib
import re
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import check_size  # noqa: E402
import check_words  # noqa: E402
import lint  # noqa: E402

# Where a line stands, the line, and the name of the rule that it breaks.
WRONG = [
    ("src/flow/x.c", "    strcpy(name, other);", "unbounded copy"),
    ("src/flow/x.c", "    sprintf (name, \"%s\", other);", "unbounded copy"),
    ("test/unit/test_x.c", "    strcat(name, other);", "unbounded copy"),
    ("src/flow/x.c", "    int64_t n = atoi(text);", "number without error"),
    ("src/base/x.c", "    double n = atof(text);", "number without error"),
    ("src/base/x.c", "    setlocale(LC_ALL, \"\");", "locale"),
    ("src/cmd/x.c", "    system(\"sendmail\");", "shell"),
    ("src/cmd/x.c", "    FILE *pipe = popen(command, \"r\");", "shell"),
    ("src/flow/x.c", "    struct tm *now = localtime(&seconds);", "hidden state"),
    ("src/flow/x.c", "    char *words = alloca(len);", "stack by input"),
    ("src/flow/x.c", "        goto out;", "goto"),
    ("src/flow/x.c", "    g_assert(row);", "assert"),
    ("src/flow/x.c", "    assert(row);", "assert"),
    ("src/flow/x.c", "    exit(1);", "exit"),
    ("src/flow/x.c", "#ifdef __linux__", "#if"),
    ("src/feature/x/x.c", "    buf_add_cstr(page, \"<td class='n'>\");", "HTML in C"),
    ("doc/x.md", "TO" "DO: say more", "unfinished"),
    ("src/flow/x.c", "/* FIX" "ME: what if */", "unfinished"),
    ("src/flow/x.c", "int n; ", "trailing space"),
    ("dev", "say hello\r", "trailing space"),
]

FINE = [
    ("src/flow/x.c", "/* not strcpy(a, b), nor goto */"),
    ("src/flow/x.c", "    g_snprintf(name, sizeof name, \"goto %s\", other);"),
    ("src/flow/x.c", "    order_exit(run); _exit(1); localtime_r(&seconds, &now);"),
    ("src/main.c", "    exit(2);"),
    ("src/engine/x.c", "#ifdef __linux__"),
    ("src/flow/x.c", "#ifdef CONTROL_SKIP_CLAIM"),
    ("src/engine/liquid/x.c", "    buf_add_cstr(out, \"<br />\");"),
    ("src/flow/x.c", "    buf_add_cstr(line, \"<ana@example.com>\");"),
    ("src/flow/x.c", "    bool small = left < right && right > 0;"),
    ("src/flow/x.c", "    must(row); char quote = '\"'; other(\"it's\");"),
    ("bench/peer/x.js", "strcpy(a, b)"),
    ("test/fixture/mail/x.eml", "a line with space "),
    ("ui/mail/x.text.liquid", "-- "),
]


def lay(root, place, line):
    path = root / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"first\n{line}\nlast\n", newline="")


@pytest.mark.parametrize("place, line, rule", WRONG)
def test_a_wrong_word_is_found(tmp_path, place, line, rule):
    lay(tmp_path, place, line)
    found = check_words.check_files(tmp_path, [place])
    assert [text.split(": ")[:2] for text in found] == [[f"{place}:2", rule]]


@pytest.mark.parametrize("place, line", FINE)
def test_a_fine_line_is_left_alone(tmp_path, place, line):
    lay(tmp_path, place, line)
    assert check_words.check_files(tmp_path, [place]) == []


@pytest.mark.parametrize("line, wrong", [
    ("see {parent}/other/x", True),
    ("cd {parent}", True),
    ("cd {home}/x", True),
    ("open /ho" "me/ana/mail", True),
    ("open /Us" "ers/ana/mail", True),
    ("open ../shared/data", False),
    ("the page /o/TOKEN", False),
    ("https://example.com/ho" "me/sale/", False),
])
def test_paths_of_one_machine(tmp_path, line, wrong):
    checkout, home = tmp_path / "checkout", tmp_path.parent / "home"
    lay(checkout, "doc/x.md", line.format(parent=tmp_path, home=home))
    rules = check_words.machine_rules(checkout, home)
    assert bool(check_words.check_files(checkout, ["doc/x.md"], rules)) is wrong


def test_the_size_of_functions_and_files(tmp_path):
    src = tmp_path / "src"
    src.mkdir()
    deep = "    if (a)\n        if (b)\n            if (c)\n                if (d)\n                    e();\n"
    (src / "x.c").write_text(
        "static void\nx_long(void)\n{\n" + "    step();\n" * 60 + "}\n\n"
        "bool\nx_wide(int a, int b, int c, int d, int e, int f,\n       int g)\n{\n    return a;\n}\n\n"
        "void\nx_deep(void)\n{\n" + deep + "}\n\n"
        "void\nx_fine(int a)\n{\n    step();\n}\n")
    (src / "long.h").write_text("int n;\n" * 201)
    files, functions = check_size.tail(src)
    assert [text for _, text in files] == ["  201 of 200 lines  src/long.h"]
    assert [re.sub(r" +", " ", text).strip() for _, text in functions] == [
        "62 lines x_long in src/x.c", "7 lines, 4 deep x_deep in src/x.c",
        "3 lines, 7 parameters x_wide in src/x.c"]


def test_queries_over_all_shops_are_listed(tmp_path):
    (tmp_path / "src/flow").mkdir(parents=True)
    (tmp_path / "src/flow/x.sql").write_text(
        "-- name: x_one\nSELECT 1;\n-- name: x_all\n-- any shop: the flow works for all\nSELECT 2;\n")
    assert list(lint.any_shop(tmp_path)) == ["x_all (src/flow/x.sql): the flow works for all"]


def test_a_shell_script_and_a_python_file_with_mistakes_are_found(tmp_path, monkeypatch):
    monkeypatch.setattr(lint, "ROOT", tmp_path)
    lay(tmp_path, "bad.py", "import os")
    (tmp_path / "bad").write_text("#!/bin/sh\nrm -r $1/*\n")
    monkeypatch.setattr(check_words, "tree_files", lambda root: ["bad", "bad.py"])
    assert any("SC2086" in line for line in lint.lint_shell())
    assert any("undefined name 'first'" in line or "'os' imported" in line for line in lint.lint_python())
