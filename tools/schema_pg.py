#!/usr/bin/env python3
"""sql/schema/*.sql, written for SQLite, as PostgreSQL reads it.

    tools/schema_pg.py sql/schema/*.sql | psql

The schema is written once. What differs is this, and nothing else:

    SQLite                            PostgreSQL
    INTEGER (64 bits), BLOB, REAL     BIGINT, BYTEA, DOUBLE PRECISION
    STRICT, WITHOUT ROWID             nothing: types are strict, rows have no hidden id
    id INTEGER PRIMARY KEY            PRIMARY KEY (shop, id) where the table has a shop, so that
                                      the shop can be what an engine shards by; else (id)

and :name, which is $1, $2 ... in the order of first appearance.

Anything that only SQLite knows (virtual tables, AUTOINCREMENT, untyped columns) is refused here or by
PostgreSQL itself in test/postgres/.
"""
import pathlib
import re
import sys

from embed_sql import TOKEN

TYPES = {"INTEGER": "BIGINT", "BLOB": "BYTEA", "REAL": "DOUBLE PRECISION", "TEXT": "TEXT"}
TABLE = re.compile(r"CREATE TABLE (?P<name>\w+) \((?P<columns>.*)\)(?P<options>[\w ,]*)", re.DOTALL)
OPTIONS = {"STRICT", "WITHOUT ROWID"}
OWN_ID = "id INTEGER PRIMARY KEY"


class Refused(ValueError):
    """A statement that has no counterpart in PostgreSQL."""


def schema_translate(text):
    """The statements of a schema file for PostgreSQL, each with its semicolon."""
    return "".join(f"{statement_translate(statement)};\n" for statement in statements_of(text))


def statements_of(text):
    """The statements of a file without comments, white space folded; quoted texts stay as they are."""
    ret, words = [], []
    for match in TOKEN.finditer(text):
        if match.lastgroup == "other" and match.group() == ";":
            ret.append("".join(words).strip())
            words = []
        elif match.lastgroup != "space":
            words.append(match.group())
        elif words and words[-1] != " ":
            words.append(" ")
    rest = "".join(words).strip()
    if rest:
        raise Refused(f"a statement without its semicolon: {rest[:60]}")
    return [statement.replace("( ", "(").replace(" )", ")") for statement in ret if statement]


def statement_translate(statement):
    if re.match(r"CREATE (UNIQUE )?INDEX\b", statement):
        return statement
    table = TABLE.fullmatch(statement)
    if not table:
        raise Refused(f"neither a table nor an index: {statement[:60]}")
    options = {option.strip() for option in table["options"].split(",") if option.strip()}
    if "STRICT" not in options or options - OPTIONS:
        raise Refused(f"table {table['name']}: its options are {options or 'none'}, not STRICT "
                      "with or without WITHOUT ROWID")
    return f"CREATE TABLE {table['name']} ({columns_translate(table['name'], table['columns'])})"


def columns_translate(name, text):
    columns = split_commas(text)
    has_shop = any(column.startswith("shop ") for column in columns)
    ret = [column_translate(name, column) for column in columns]
    if OWN_ID in columns:
        ret.append("PRIMARY KEY (shop, id)" if has_shop else "PRIMARY KEY (id)")
    return ", ".join(ret)


def split_commas(text):
    """The parts between commas that stand in no brackets."""
    ret, depth, part = [], 0, ""
    for letter in text:
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            ret.append(part.strip())
            part = ""
        else:
            part += letter
    return [*ret, part.strip()]


def column_translate(table, column):
    if column == OWN_ID:
        return "id BIGINT NOT NULL"
    if re.match(r"(PRIMARY KEY|UNIQUE|CHECK|FOREIGN KEY|CONSTRAINT)\b", column):
        return column
    words = column.split(" ", 2)
    if len(words) < 2 or words[1] not in TYPES or "AUTOINCREMENT" in column:
        raise Refused(f"table {table}: column {column!r} is not NAME {'|'.join(TYPES)} ...")
    return " ".join([words[0], TYPES[words[1]], *words[2:]])


def query_translate(tokens):
    """A statement with :name as $n. tokens: (kind, text), as embed_sql.Query.tokens gives them."""
    names, ret = [], []
    for kind, text in tokens:
        if kind == "param":
            if text not in names:
                names.append(text)
            text = f"${names.index(text) + 1}"
        ret.append(text)
    return "".join(ret).strip().rstrip(";").strip()


def main():
    for path in map(pathlib.Path, sys.argv[1:]):
        try:
            print(schema_translate(path.read_text(encoding="utf-8")), end="")
        except Refused as refused:
            raise SystemExit(f"{path}: {refused}") from None


if __name__ == "__main__":
    main()
