#!/usr/bin/env python3
"""./dev lint: what a machine can see of STYLE.md. Each check has a red fixture in its test.

Prints findings, then what nobody has to mend but everybody should know: queries that look at all
shops, and the longest files and functions.
"""
import json
import pathlib
import re
import subprocess
import sys

import check_size
import check_words
from check_layers import check_tree

ROOT = pathlib.Path(__file__).resolve().parent.parent


def lint_layers():
    return [str(finding) for finding in check_tree(ROOT / "src")]


def lint_words():
    return check_words.check_words(ROOT)


def lint_machine_paths():
    return check_words.check_machine_paths(ROOT)


def lint_shell():
    scripts = [name for name in check_words.tree_files(ROOT) if is_shell(name)]
    return command_findings("shellcheck", "--format=gcc", *scripts)


def is_shell(name):
    text = check_words.read_text(ROOT / name)
    return bool(text and re.match(r"#! ?(/usr)?/bin/(env )?(da|ba)?sh\b", text))


def lint_python():
    names = [name for name in check_words.tree_files(ROOT) if name.endswith(".py")]
    return command_findings(sys.executable, "-m", "pyflakes", *names)


def lint_format():
    """One line for each file: what is wrong in it, `./dev fmt` knows."""
    said = command_findings("./dev", "fmt", "--check")
    files = [match[1] for line in said if (match := re.match(r"(\S+?):\d+:\d+: error: code should", line))]
    return [f"{name}: {files.count(name)} places; ./dev fmt mends them"
            for name in sorted(set(files))] or said


def lint_readme():
    """The two commands that everything starts with stand in the README."""
    text = check_words.read_text(ROOT / "README.md") or ""
    return [f"README.md does not show {command}" for command in ("./dev run", "./dev test")
            if command not in text]


def command_findings(*command):
    """The lines of a command that finds something; [] when it ends well."""
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)
    return done.stdout.splitlines() or [f"exit status {done.returncode}"] if done.returncode else []


CHECKS = [
    ("lint/layers", lint_layers),
    ("lint/words", lint_words),
    ("lint/machine paths", lint_machine_paths),
    ("lint/shell", lint_shell),
    ("lint/python", lint_python),
    ("lint/format", lint_format),
    ("lint/readme", lint_readme),
]


def any_shop(root):
    """The queries that do not keep to one shop, with their reason: the list to read again."""
    for path in sorted((root / "src").rglob("*.sql")):
        name = "?"
        for line in path.read_text(encoding="utf-8").splitlines():
            name = line.split(":", 1)[1].strip() if line.startswith("-- name:") else name
            if line.startswith("-- any shop:"):
                yield f"{name} ({path.relative_to(root)}): {line.split(':', 1)[1].strip()}"


def main():
    results = [(name, check()) for name, check in CHECKS]
    if "--json" in sys.argv:
        print(json.dumps([{"name": name, "outcome": "failed" if found else "passed",
                           "detail": "\n".join(found)} for name, found in results]))
        return
    for name, found in results:
        print(f"{name}: {len(found) or 'no'} finding{'s' if len(found) != 1 else ''}", flush=True)
        for line in found:
            print(f"  {line}")
    listed = list(any_shop(ROOT))
    print(f"queries over all shops: {len(listed)}")
    for line in listed:
        print(f"  {line}")
    sys.argv[1:] = ["src", "test", "tools", "bench"]
    check_size.main()
    raise SystemExit(1 if any(found for _, found in results) else 0)


if __name__ == "__main__":
    main()
