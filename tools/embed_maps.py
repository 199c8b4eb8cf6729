#!/usr/bin/env python3
"""Writes maps.def from src/plug/map/*.json: ROW("vendure", "...") for each ready map, checked to be JSON."""
import argparse
import json
import pathlib


def quote(text):
    """A C string literal of ASCII, in pieces of one line."""
    out = []
    for line in text.splitlines():
        encoded = "".join(c if 32 <= ord(c) < 127 and c not in '"\\' else f"\\{ord(c):03o}" for c in
                          line.encode("utf-8").decode("latin-1"))
        out.append(f'"{encoded}\\n"')
    return " ".join(out)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", required=True)
    parser.add_argument("files", nargs="+", type=pathlib.Path)
    given = parser.parse_args()
    rows = []
    for path in sorted(given.files):
        text = path.read_text(encoding="utf-8")
        try:
            json.loads(text)
        except ValueError as problem:
            raise SystemExit(f"{path}: {problem}") from None
        rows.append(f'ROW("{path.stem}", {quote(text)})\n')
    pathlib.Path(given.output).write_text("".join(rows), encoding="ascii")


main()
