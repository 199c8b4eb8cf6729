#!/usr/bin/env python3
"""The tail: which files and functions grew over their aim (STYLE.md). Prints, never fails.

The medians of good and bad trees are alike, the tails are not. So the longest come first, and
whoever touches one of them leaves it shorter.
"""
import dataclasses
import pathlib
import re
import sys

FILE_LINES = {".c": 600, ".cc": 600, ".h": 200, ".py": 400, ".sql": 600}
FUNCTION_LINES, PARAMETERS, NESTING = 50, 6, 3
SHOWN = 10

# A definition as clang-format lays it out: name at the margin, brace and end at the margin.
FUNCTION = re.compile(r"^(?P<name>[a-z_]\w*)\((?P<parameters>[^;{]*?)\)\n\{\n(?P<body>.*?)^\}",
                      re.MULTILINE | re.DOTALL)
BRANCH = re.compile(r"^(?P<indent> +)(?:\} )?(?:if|else|for|while|do|switch)\b")


@dataclasses.dataclass(frozen=True)
class Function:
    file: str
    name: str
    lines: int
    parameters: int
    nesting: int


def functions_of(file, text):
    """Every function defined in the text of a C file."""
    for match in FUNCTION.finditer(text):
        parameters = match["parameters"].strip()
        yield Function(file, match["name"], match["body"].count("\n") + 2,
                       0 if parameters in ("", "void") else parameters.count(",") + 1,
                       nesting_of(match["body"]))


def nesting_of(body):
    """How many branches stand around the deepest line: one level is four spaces."""
    return max((len(found["indent"]) // 4 for line in body.splitlines()
                if (found := BRANCH.match(line))), default=0)


def tail(root):
    """(files over their aim, functions over theirs), longest first: [(measure, text)]."""
    files, functions = [], []
    for path in sorted(root.rglob("*")):
        if path.suffix not in FILE_LINES or "node_modules" in path.parts or not path.is_file():
            continue
        name, text = path.relative_to(root.parent).as_posix(), path.read_text(encoding="utf-8")
        lines = text.count("\n")
        if lines > FILE_LINES[path.suffix]:
            files.append((lines, f"{lines:5} of {FILE_LINES[path.suffix]} lines  {name}"))
        if path.suffix in (".c", ".cc", ".h"):
            functions += [(f.lines, describe(f)) for f in functions_of(name, text) if over(f)]
    return sorted(files, reverse=True), sorted(functions, reverse=True)


def over(function):
    return (function.lines > FUNCTION_LINES or function.parameters > PARAMETERS
            or function.nesting > NESTING)


def describe(function):
    what = [f"{function.lines:5} lines"]
    if function.parameters > PARAMETERS:
        what.append(f"{function.parameters} parameters")
    if function.nesting > NESTING:
        what.append(f"{function.nesting} deep")
    return f"{', '.join(what)}  {function.name} in {function.file}"


def main():
    for root in map(pathlib.Path, sys.argv[1:] or ["src"]):
        for title, found in zip(("files", "functions"), tail(root)):
            if found:
                print(f"{root}: {len(found)} {title} over their aim")
            for _, text in found[:SHOWN]:
                print(f"  {text}")


if __name__ == "__main__":
    main()
