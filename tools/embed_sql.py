#!/usr/bin/env python3
"""Reads the named queries of src/**/*.sql and writes queries.def, or says what is wrong with them.

A query file reads like this:

    -- order.sql: what the order page and the path ask for.

    -- name: orders_open
    -- The shop's open orders, newest first. :shop, :limit
    SELECT id, name FROM orders WHERE shop = :shop AND state = 'open' ORDER BY id DESC LIMIT :limit;

and becomes one row:

    ROW(orders_open, "src/flow/order.sql", 3, "SELECT id, name FROM ...", "shop,limit")

with the file and line of its name, the statement in one line without comments, and its parameters
in the order of their first appearance (which is the order in which SQLite numbers them).

This is also the isolation check: a query that does not compare or store :shop cannot be built,
unless its help says why it may look at all shops:

    -- any shop: the flow thread works for every shop in one turn

And one that keeps to its shop has to do so in every table that it reads: ids are the installation's, and a JOIN by an id
alone is how a row of another shop comes in. Where that is meant, for one table, the help says so:

    -- all shops of user_role: whoever has a role anywhere stays

What is refused, each with file and line: a name that is taken or not lower_case; text before the
first name; an empty query; two statements under one name; a parameter that is not :named; a :name
that stands in the help and not in the statement; a missing :shop; a reason that is empty or that a
query gives although it keeps to its shop.
"""
import argparse
import pathlib
import re
import sys

NAME = re.compile(r"--\s*name:\s*(.*?)\s*$")
REASON = re.compile(r"any shop:\s*(.*?)\s*$")
# One token of SQL; what no alternative names is a single character.
TOKEN = re.compile(r"""
      (?P<space>\s+ | --[^\n]* | /\*.*?\*/)
    | (?P<text>'(?:[^']|'')*' | "(?:[^"]|"")*")
    | (?P<cast>::)
    | (?P<param>:[A-Za-z_][A-Za-z0-9_]*)
    | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<number>[0-9][0-9A-Za-z_.]*)
    | (?P<odd>[?@$][A-Za-z0-9_]*)
    | (?P<other>.)""", re.VERBOSE | re.DOTALL)
EXEMPT = re.compile(r"all shops of (\w+):\s*(.*?)\s*$")
TABLE = re.compile(r"(?<!DISTINCT )(?<!DO )(?<!:)\b(?:FROM|JOIN|UPDATE) (\w+)(?: AS)?(?: (?!SET\b|WHERE\b|ON\b|JOIN\b|LEFT\b|ORDER\b|LIMIT\b|GROUP\b"
                   r"|UNION\b|INDEXED\b|AND\b|OR\b)([A-Za-z_]\w*))?", re.IGNORECASE)
# A name that a statement gives to a query of its own, which is judged where it stands.
NAMED_WITHIN = re.compile(r"(?:\bWITH(?: RECURSIVE)?|\) ,) (\w+)(?: \([\w ,]*\))? AS (?:NOT )?(?:MATERIALIZED )?\(", re.IGNORECASE)
SHOP_SAID = re.compile(r"(?:(\w+) \. )?\bshop = ", re.IGNORECASE)
NO_SHOP = {"shop", "installation", "disk_day"}  # tables of the installation, without a column of that name
SHOP_COMPARED = re.compile(r"\bshop (?:= |IS )?:shop\b|:shop = (?:\w+ ?\. ?)?shop\b", re.IGNORECASE)


class Query:
    """One named query: where it stands, its help, its statement in one line, its parameters."""

    def __init__(self, path, line, name):
        self.path, self.line, self.name = path, line, name
        self.help, self.body = [], []

    def fail(self, what):
        raise SystemExit(f"{self.path}:{self.line}: {self.name}: {what}")

    def tokens(self):
        """(kind, text) of every token; white space and comments become one ("space", " ")."""
        source, ret = "\n".join(self.body), []
        for match in TOKEN.finditer(source):
            kind, text = match.lastgroup, match.group()
            if kind == "space":
                text = " "
                if ret and ret[-1][0] == "space":
                    continue
            if kind == "odd":
                self.fail(f"parameter {text} has no name; write :name")
            if kind == "other" and text in "'\"":
                self.fail(f"a quoted text that begins with {text} never ends")
            ret.append((kind, text))
        return ret

    def compile(self):
        """Fills sql and params, after every check that needs only this query."""
        tokens = self.tokens()
        while tokens and (tokens[-1][0] == "space" or tokens[-1][1] == ";"):
            tokens.pop()
        self.sql = "".join(text for _, text in tokens).strip()
        if not self.sql:
            self.fail("has no statement")
        if any(kind == "other" and text == ";" for kind, text in tokens):
            self.fail("holds two statements; give each a name of its own")
        self.params = []
        for kind, text in tokens:
            if kind == "param" and text[1:] not in self.params:
                self.params.append(text[1:])
        self.check_help()
        self.check_shop(tokens)

    def check_help(self):
        for line in self.help:
            if REASON.match(line):
                continue
            for name in re.findall(r"(?<![:\w]):([a-z_][a-z0-9_]*)", line):
                if name not in self.params:
                    self.fail(f"its help names :{name}, the statement does not use it")

    def check_shop(self, tokens):
        reasons = [m.group(1) for m in map(REASON.match, self.help) if m]
        if reasons:
            if not reasons[0]:
                self.fail("'any shop:' needs a reason")
            if "shop" in self.params:
                self.fail("uses :shop and says 'any shop:'; drop one of the two")
            return
        if "shop" not in self.params:
            self.fail("does not use :shop; add it, or '-- any shop: REASON' below the name")
        # Texts and spacing do not matter here: 'shop = :shop' inside a quoted text is no filter.
        words = " ".join(t if k != "text" else "''" for k, t in tokens if k != "space")
        if tokens_first_word(tokens) not in ("INSERT", "REPLACE") and not SHOP_COMPARED.search(words):
            self.fail("uses :shop but never asks for shop = :shop")
        self.check_tables(words)

    def check_tables(self, words):
        """Every table that is read is held to a shop: as often as it is named, by the name that it has there."""
        exempt = dict(m.groups() for m in map(EXEMPT.match, self.help) if m)
        if any(not why for why in exempt.values()):
            self.fail("'all shops of' needs a reason")
        others = NO_SHOP.union(NAMED_WITHIN.findall(words))
        read = [(table, alias or table) for table, alias in TABLE.findall(words) if table not in others]
        for table in exempt.keys() - {table for table, _ in read}:
            self.fail(f"says 'all shops of {table}', and does not read it")
        said = [name or None for name in SHOP_SAID.findall(words)]
        names = set(re.findall(r"(\w+) \. shop\b", words))
        for table, alias in read:
            if table not in exempt and alias not in names and not (alias == table and None in said):
                self.fail(f"reads {table}{f' AS {alias}' if alias != table else ''} of all shops: say {alias}.shop = ...")
        kept = [table for table, _ in read if table not in exempt]
        if len(kept) > len(said):
            self.fail(f"reads {len(kept)} tables and asks for the shop of {len(said)}")

    def row(self):
        return (f'ROW({self.name}, {c_text(self.path)}, {self.line}, {c_text(self.sql)}, '
                f'{c_text(",".join(self.params))})')


def tokens_first_word(tokens):
    return next((text.upper() for kind, text in tokens if kind == "word"), "")


def c_text(text):
    """A C string literal; "??" would begin a trigraph."""
    for plain, escaped in (("\\", "\\\\"), ('"', '\\"'), ("??", "?\\?")):
        text = text.replace(plain, escaped)
    return f'"{text}"'


def file_read(path, shown):
    """The queries of one file, in order, not yet compiled."""
    ret, in_help = [], False
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        named = NAME.match(line)
        if named:
            ret.append(Query(shown, number, named.group(1)))
            in_help = True
        elif not ret:
            if line.strip() and not line.startswith("--"):
                raise SystemExit(f"{shown}:{number}: a statement before the first '-- name:'")
        elif in_help and line.startswith("--"):
            ret[-1].help.append(line[2:].strip())
        else:
            in_help = False
            ret[-1].body.append(line)
    return ret


def queries_read(root, paths):
    """All queries of the tree, checked; the first mistake ends the program with its place."""
    taken = {}
    for path in paths:
        for query in file_read(path, path.relative_to(root).as_posix()):
            if not re.fullmatch(r"[a-z][a-z0-9_]*", query.name):
                query.fail("a name is lower_case letters, digits and _")
            if query.name in taken:
                before = taken[query.name]
                query.fail(f"the name is taken by {before.path}:{before.line}")
            query.compile()
            taken[query.name] = query
    return list(taken.values())


def write_if_changed(path, text):
    """An unchanged file keeps its time, so that nothing is compiled again."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description="named SQL queries -> queries.def")
    parser.add_argument("--root", type=pathlib.Path, required=True, help="the project's root")
    parser.add_argument("--output", type=pathlib.Path, required=True)
    parser.add_argument("--depfile", type=pathlib.Path)
    args = parser.parse_args()

    source = args.root / "src"
    paths = sorted(source.rglob("*.sql"))
    rows = [query.row() for query in queries_read(args.root, paths)]
    write_if_changed(args.output, "\n".join(
        ["/* Made by tools/embed_sql.py. */", *rows, ""]))
    if args.depfile:
        # Folders too: their time changes when a file is added or removed.
        folders = sorted(p for p in [source, *source.rglob("*")] if p.is_dir())
        needs = " ".join(str(p).replace(" ", "\\ ") for p in [*folders, *paths])
        args.depfile.write_text(f"{args.output}: {needs}\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
