#!/usr/bin/env python3
"""Writes the files below ui/, i18n/, journeys/ and sql/schema/ into one C file, assets.c.

Each becomes a row of the table that src/engine/asset.c looks into: its path from the project's
root, its bytes, the first 16 hex digits of their SHA-256 and its media type, sorted by path. A file
whose ending has no media type here is a build error: a browser would guess.
"""
import argparse
import hashlib
import pathlib
import re
import sys

FOLDERS = ["ui", "i18n", "journeys", "sql/schema"]
TYPES = {
    ".liquid": "text/html; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webp": "image/webp",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".txt": "text/plain; charset=utf-8",
    ".yaml": "application/yaml",
    ".sql": "application/sql",
}
LINE_BYTES = 64
# Bytes that stand for themselves in a C string; '?' not, because of trigraphs.
PLAIN = set(range(0x20, 0x7F)) - set(b'"\\?')


def is_asset(path):
    """Editors' leftovers are no assets."""
    return path.is_file() and not re.search(r"(^[.#])|[~#]$|\.(orig|rej|swp|tmp)$", path.name)


def assets_list(root):
    """(path, name) of all assets, sorted by the bytes of the name."""
    found = [path for folder in FOLDERS for path in (root / folder).rglob("*") if is_asset(path)]
    return sorted(((p, p.relative_to(root).as_posix()) for p in found), key=lambda x: x[1].encode())


def c_bytes(data):
    """The bytes as C string literals, some to a line. Octal escapes of three digits: a hex one would
    swallow what follows it."""
    lines = []
    for at in range(0, len(data), LINE_BYTES):
        chunk = data[at:at + LINE_BYTES]
        lines.append('     "' + "".join(
            chr(byte) if byte in PLAIN else f"\\{byte:03o}" for byte in chunk) + '"')
    return "\n".join(lines) if lines else '     ""'


def asset_row(path, name):
    data = path.read_bytes()
    if path.suffix not in TYPES:
        raise SystemExit(f"{name}: no media type is known for '{path.suffix}' (tools/embed.py, TYPES)")
    digest = hashlib.sha256(data).hexdigest()[:16]
    return (f'    {{"{name}", {{\n{c_bytes(data)},\n     {len(data)}}}, "{digest}",\n'
            f'     "{TYPES[path.suffix]}"}},')


def main():
    parser = argparse.ArgumentParser(description="files -> assets.c")
    parser.add_argument("--root", type=pathlib.Path, required=True, help="the project's root")
    parser.add_argument("--output", type=pathlib.Path, required=True)
    parser.add_argument("--depfile", type=pathlib.Path)
    args = parser.parse_args()

    found = assets_list(args.root)
    rows = [asset_row(path, name) for path, name in found]
    text = "\n".join([
        "/* Made by tools/embed.py. */", '#include "engine/asset_table.h"', "",
        "const Asset asset_table[] = {", *rows, "    {0},", "};",
        f"const size_t asset_table_count = {len(rows)};", ""])
    if not args.output.exists() or args.output.read_text(encoding="ascii") != text:
        args.output.write_text(text, encoding="ascii")
    if args.depfile:
        # Folders too: their time changes when a file is added or removed.
        folders = [f for name in FOLDERS for f in [args.root / name, *(args.root / name).rglob("*")]
                   if f.is_dir()]
        needs = [*folders, *(path for path, _ in found)]
        args.depfile.write_text(
            f"{args.output}: " + " ".join(str(p).replace(" ", "\\ ") for p in needs) + "\n",
            encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
