"""No statement gets slower with every order: SQLite's plan of each is looked at.

A plan may not go through a growing table, nor through all that an index has of a shop. Where a statement means to, its
help, or the head of its file, says why:

    -- walks: a person's export is asked for by hand

The store is one that the program made: with its schema, and with what it tells the planner of its tables.
"""
import os
import pathlib
import re
import sqlite3
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BAD = ROOT / "test" / "fixture" / "plans"
sys.path.insert(0, str(ROOT / "tools"))

import embed_sql  # noqa: E402

WALKS = re.compile(r"(?:--\s*)?walks:\s*(.*?)\s*$")
# A shop has a handful of rows in each of these, however much it sells.
SMALL = {"shop", "setting", "users", "user_role", "user_link", "session", "api_key", "legal_text", "import", "poll", "mailbox"}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    data = tmp_path_factory.mktemp("plans") / "data"
    program = os.environ.get("POSTLUDE") or ROOT / "build" / "postlude"
    subprocess.run([program, "shop", "add", "demo", "--name", "Demo", "--currency", "EUR", "--zone", "UTC", "--locale", "en",
                    "--data", data], check=True, capture_output=True)
    database = sqlite3.connect(data / "postlude.db")
    yield database
    database.close()


def indexes(store):
    """{index: (its table, whether it holds some of the rows only)}; what is partial holds what waits, and stays small."""
    return {name: (table, bool(partial)) for table, name, partial in store.execute(
        "SELECT m.name, l.name, l.partial FROM sqlite_schema AS m JOIN pragma_index_list(m.name) AS l WHERE m.type = 'table'")}


def table_of(alias, sql):
    found = re.search(rf"\b(\w+) AS {alias}\b", sql)
    return found[1] if found else alias


def walks(store, known, query):
    """What of the plan of a query goes through too much."""
    for *_, step in store.execute(f"EXPLAIN QUERY PLAN {query.sql}", dict.fromkeys(query.params)):
        used = re.match(r"(SCAN|SEARCH) (\w+)(?: USING (?:COVERING )?INDEX (\w+))?", step)
        if not used or "CONSTANT ROW" in step or "VIRTUAL TABLE" in step or re.fullmatch(r"SCAN \(.*\)", step):
            continue
        table, partial = known.get(used[3], (table_of(used[2], query.sql), False))
        over_all = used[1] == "SCAN" or step.endswith("(shop=?)")
        if over_all and not partial and table not in SMALL and table in {name for (name,) in store.execute(
                "SELECT name FROM sqlite_schema WHERE type = 'table'")}:
            yield step


def reason_of(query, head):
    """Why the query may; None: nobody says."""
    said = [found[1] for found in map(WALKS.match, [*query.help, *head]) if found]
    return said[0] if said else None


def problems(root, store):
    """{name of the query: what is wrong with it}"""
    known, found = indexes(store), {}
    for path in sorted((root / "src").rglob("*.sql")):
        text = path.read_text(encoding="utf-8").splitlines()
        head = text[:next((at for at, line in enumerate(text) if embed_sql.NAME.match(line)), 0)]
        for query in embed_sql.queries_read(root, [path]):
            through, reason = list(walks(store, known, query)), reason_of(query, head)
            own = reason_of(query, [])
            if through and not reason:
                found[query.name] = f"{query.path}:{query.line}: {'; '.join(through)}"
            elif own is not None and not through:
                found[query.name] = f"{query.path}:{query.line}: says that it walks, and does not"
    return found


def test_no_statement_walks_without_a_reason(store):
    assert problems(ROOT, store) == {}


def test_what_is_bad_is_found(store):
    found = problems(BAD, store)
    assert set(found) == {"bad_scan", "bad_shop_alone", "bad_alias", "bad_empty_reason", "bad_reason_for_nothing"}
    assert "SCAN orders" in found["bad_scan"] or "(shop=?)" in found["bad_shop_alone"]
