#!/usr/bin/env python3
"""Prints the pages of the manual that are tables of the program: what can be set, and the verbs.

    tools/make_manual.py [--check] [PROGRAM]     writes doc/manual/settings.md and verbs.md; --check only compares

The words are those of src/flow/settings.def, src/engine/settings.def and of each verb's --help, so that they stand
once. A test compares (test/tools/test_make_manual.py).
"""
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
NOTE = "<!-- Printed by tools/make_manual.py; change the words where they stand in the program. -->\n"
ROW = re.compile(r'^ROW\((\w+), (.*)\)$', re.M)
TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"|([A-Z_]+)')


def rows(path):
    """The arguments of each ROW, texts without their quotes."""
    for _, rest in ROW.findall((ROOT / path).read_text()):
        yield [re.sub(r"\\(.)", r"\1", text) if not word else word for text, word in TEXT.findall(rest)]


def cell(text):
    return text.replace("|", "\\|")


def code(text):
    return f"`{text}`" if text else ""


def settings(program):
    shown = subprocess.run([program, "list", "settings", "--json"], capture_output=True, text=True, check=True).stdout
    page = ["# Everything that can be set", NOTE]
    page += ["## Of a shop\n",
             "`postlude shop set SHOP KEY=VALUE ...`, or the shop's page *Settings*. An empty value is the usual one. What is sealed",
             "is kept encrypted and never shown again.\n",
             "| key | usual | |", "|---|---|---|"]
    for row in map(json.loads, shown.splitlines()):
        sealed = "Sealed. " if row["kept"] == "sealed" else ""
        page.append(f"| `{row['name']}` | {code(row['default'])} | {sealed}{cell(row['help'])} |")
    page += ["\n## Of the installation\n",
             "In the file of `postlude serve --config FILE`, as `key = value` below `[group]`, or in the environment, which comes first.",
             "`--listen` and `--data` come before both.\n",
             "| group, key | environment | usual | |", "|---|---|---|---|"]
    for group, key, _, usual, words in rows("src/engine/settings.def"):
        name = key if group == "server" else f"{group}_{key}"
        page.append(f"| `[{group}]` `{key}` | `POSTLUDE_{name.upper()}` | {code(usual)} | {cell(words)} |")
    return "\n".join(page) + "\n"


def verbs(program):
    def ask(*words):
        return subprocess.run([program, *words], capture_output=True, text=True, check=True).stdout

    names = re.findall(r"^  ([a-z-]+) ", ask("help"), re.M)
    page = ["# The command line", NOTE,
            "`postlude help VERB` prints the same. Verbs work on the folder of `--data` (or `POSTLUDE_DATA`, else `./data`); those that",
            "write hand themselves to the server that runs on it. They end with 0 when all is well, 2 when they were typed wrongly, 3",
            "when something named is not there, and 1 otherwise; what is wrong stands on standard error, with what to do.\n"]
    for name in names:
        page += [f"## {name}\n", "```", ask(name, "--help").strip(), "```\n"]
    return "\n".join(page)


def main(words):
    check = "--check" in words
    program = next((word for word in words if not word.startswith("-")), str(ROOT / "build/postlude"))
    stale = []
    for name, make in (("settings", settings), ("verbs", verbs)):
        path = ROOT / "doc/manual" / f"{name}.md"
        page = make(program)
        if not path.exists() or path.read_text() != page:
            stale.append(name)
        if not check:
            path.write_text(page)
    if check and stale:
        sys.exit(f"doc/manual: {', '.join(stale)} is not what the program says; run tools/make_manual.py")


if __name__ == "__main__":
    main(sys.argv[1:])
