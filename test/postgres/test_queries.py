"""The schema and every named query, prepared by a real PostgreSQL, so that the seam stays true.

A query that fails here: say it in SQL that both stores know. A parameter whose type PostgreSQL
cannot guess gets CAST(:name AS BIGINT) or AS TEXT, which SQLite reads alike.
"""
import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
FIXTURE = ROOT / "test" / "fixture" / "postgres"
sys.path[:0] = [str(ROOT / "tools"), str(pathlib.Path(__file__).parent)]

import cluster  # noqa: E402
import embed_sql  # noqa: E402
import schema_pg  # noqa: E402


def queries_of(root):
    """{name: statement for PostgreSQL} of a tree; {} when it cannot be read (its own test says why)."""
    try:
        queries = embed_sql.queries_read(root, sorted((root / "src").rglob("*.sql")))
    except SystemExit:
        return {}
    return {query.name: schema_pg.query_translate(query.tokens()) for query in queries}


def named(path):
    return [line.split(":", 1)[1].strip() for line in path.read_text().splitlines()
            if line.startswith("-- name:")]


QUERIES = queries_of(ROOT)
FINE = named(FIXTURE / "src/flow/fine.sql")
SQLITE_ONLY = named(FIXTURE / "src/flow/sqlite_only.sql")


@pytest.fixture(scope="module")
def postgres():
    if cluster.newest_bin() is None:
        pytest.skip("no PostgreSQL here: apt-get install postgresql-15")
    with cluster.Cluster() as running:
        yield running


def prepared(postgres, database, schema_paths, queries):
    postgres.run(f"CREATE DATABASE {database};", stop=True)
    for path in schema_paths:
        postgres.run(schema_pg.schema_translate(path.read_text(encoding="utf-8")), database, stop=True)
    return postgres.prepare(queries, database)


@pytest.fixture(scope="module")
def ours(postgres):
    return prepared(postgres, "ours", sorted((ROOT / "sql/schema").glob("*.sql")), QUERIES)


@pytest.fixture(scope="module")
def fixture(postgres):
    return prepared(postgres, "fixture", [FIXTURE / "schema.sql"], queries_of(FIXTURE))


def test_the_queries_can_be_read():
    assert embed_sql.queries_read(ROOT, sorted((ROOT / "src").rglob("*.sql")))


@pytest.mark.parametrize("name", QUERIES)
def test_query(ours, name):
    assert ours.get(name, "PostgreSQL said nothing about it") == ""


@pytest.mark.parametrize("name", FINE)
def test_the_fixture_s_fine_queries_pass(fixture, name):
    assert fixture[name] == ""


@pytest.mark.parametrize("name", SQLITE_ONLY)
def test_what_only_sqlite_knows_is_caught(fixture, name):
    assert fixture[name] != ""


def test_the_shop_leads_the_primary_key(postgres, fixture):
    keys = postgres.run("""SELECT conrelid::regclass || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
        WHERE contype = 'p' AND connamespace = 'public'::regnamespace ORDER BY 1;""", "fixture")
    assert keys.splitlines() == ["lease PRIMARY KEY (id)", "parcel PRIMARY KEY (shop, id)",
                                 "setting PRIMARY KEY (shop, key)"]


def test_indexes_stay_unique_and_partial(postgres, fixture):
    indexes = postgres.run("SELECT indexdef FROM pg_indexes WHERE indexname LIKE 'parcel_n%' ORDER BY 1;", "fixture")
    assert indexes.splitlines() == [
        "CREATE INDEX parcel_new ON public.parcel USING btree (id) WHERE (state = 'new'::text)",
        "CREATE UNIQUE INDEX parcel_number ON public.parcel USING btree (shop, number)"]


@pytest.mark.parametrize("statement", [
    "CREATE VIRTUAL TABLE words USING fts5 (body);",
    "CREATE TABLE loose (id INTEGER PRIMARY KEY, shop INTEGER NOT NULL);",
    "CREATE TABLE odd (shop INTEGER NOT NULL, n INT NOT NULL) STRICT;",
    "CREATE TABLE untyped (shop INTEGER NOT NULL, n) STRICT;",
    "CREATE TABLE counted (id INTEGER PRIMARY KEY AUTOINCREMENT, shop INTEGER NOT NULL) STRICT;",
    "CREATE TRIGGER t AFTER INSERT ON parcel BEGIN SELECT 1",
    "PRAGMA journal_mode = WAL;",
])
def test_a_schema_that_only_sqlite_knows_is_refused(statement):
    with pytest.raises(schema_pg.Refused):
        schema_pg.schema_translate(statement)
