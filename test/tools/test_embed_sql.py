"""tools/embed_sql.py: named queries become rows; what could leak between shops is not built."""
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def embed(root, output):
    return subprocess.run(
        [sys.executable, ROOT / "tools/embed_sql.py", "--root", root, "--output", output,
         "--depfile", output.with_suffix(".d")], capture_output=True, text=True, timeout=30)


@pytest.fixture
def tree(tmp_path):
    """Writes src/flow/order.sql and runs the tool; gives its result and what it wrote."""
    folder = tmp_path / "src" / "flow"
    folder.mkdir(parents=True)

    def run(text, name="order.sql"):
        (folder / name).write_text(text, encoding="utf-8")
        output = tmp_path / "queries.def"
        result = embed(tmp_path, output)
        return result, output.read_text(encoding="utf-8") if output.exists() else ""
    return run


def test_a_row_holds_place_statement_and_parameters_in_order(tree):
    result, rows = tree(
        "-- order.sql: a file begins with what it is.\n"
        "\n"
        "-- name: order_page\n"
        "-- One order. :shop, :id\n"
        "SELECT id, 'a -- \"b\"' AS x   -- not :a_parameter\n"
        "FROM orders /* nor :this */ o\n"
        "WHERE o.shop = :shop AND id = :id AND (:id > 0 OR x::text = ':no');\n"
        "\n"
        "-- name: order_add\n"
        "INSERT INTO orders (id, shop) VALUES (:id, :shop)\n")
    assert result.returncode == 0, result.stderr
    assert rows.splitlines()[1:] == [
        'ROW(order_page, "src/flow/order.sql", 3, "SELECT id, \'a -- \\"b\\"\' AS x FROM orders o '
        'WHERE o.shop = :shop AND id = :id AND (:id > 0 OR x::text = \':no\')", "shop,id")',
        'ROW(order_add, "src/flow/order.sql", 9, "INSERT INTO orders (id, shop) '
        'VALUES (:id, :shop)", "id,shop")']


def test_no_query_at_all_is_fine(tmp_path):
    (tmp_path / "src").mkdir()
    result = embed(tmp_path, tmp_path / "queries.def")
    assert result.returncode == 0
    assert "ROW(" not in (tmp_path / "queries.def").read_text()


def test_a_query_for_all_shops_says_why(tree):
    result, rows = tree("-- name: due_all\n-- any shop: the flow thread works for all of them\n"
                        "SELECT id FROM run WHERE wake <= :now\n")
    assert result.returncode == 0, result.stderr
    assert '"now")' in rows


@pytest.mark.parametrize("text", [
    "SELECT 1 FROM t JOIN u ON u.shop = t.shop AND u.id = t.u WHERE t.shop = :shop",
    "SELECT 1 FROM t WHERE shop = :shop AND a IS DISTINCT FROM b AND EXISTS (SELECT 1 FROM u WHERE u.shop = t.shop AND u.t = t.id)",
    "UPDATE t SET n = 1 WHERE shop = :shop AND id IN (SELECT t FROM u AS x WHERE x.shop = :shop)",
    "SELECT 1 FROM t AS x JOIN shop AS s ON s.id = x.shop WHERE x.shop = :shop",
    "WITH RECURSIVE b (id) AS (SELECT id FROM t WHERE shop = :shop UNION SELECT t.id FROM b AS x CROSS JOIN t WHERE t.shop = :shop "
    "AND t.up = x.id), c AS (SELECT id FROM b) DELETE FROM t WHERE shop = :shop AND id IN (SELECT id FROM c)",
    "WITH RECURSIVE r (id) AS (SELECT id FROM t WHERE shop = :shop UNION SELECT t.id FROM r JOIN t ON t.shop = :shop AND t.up = r.id)"
    " SELECT id FROM r",
    "INSERT INTO t (shop, n) VALUES (:shop, :n) ON CONFLICT (shop) DO UPDATE SET n = excluded.n",
])
def test_a_query_that_keeps_to_its_shop_everywhere_is_fine(tree, text):
    result, _ = tree(f"-- name: a\n{text}\n")
    assert result.returncode == 0, result.stderr


def test_unchanged_queries_keep_their_time(tree, tmp_path):
    text = "-- name: a\nSELECT 1 FROM t WHERE shop = :shop\n"
    tree(text)
    before = (tmp_path / "queries.def").stat().st_mtime_ns
    tree(text)
    assert (tmp_path / "queries.def").stat().st_mtime_ns == before
    assert "src/flow/order.sql" in (tmp_path / "queries.d").read_text()


@pytest.mark.parametrize("text, line, words", [
    ("-- name: a\nSELECT 1 FROM t", 1, "does not use :shop"),
    ("-- name: a\nSELECT ':shop' FROM t -- :shop", 1, "does not use :shop"),
    ("-- name: a\nSELECT :shop FROM t", 1, "never asks for shop = :shop"),
    ("-- name: a\nSELECT 1 FROM t WHERE 'shop = :shop' <> :shop", 1, "never asks"),
    ("-- name: a\nDELETE FROM t WHERE workshop = :shop", 1, "never asks"),
    ("-- name: a\nSELECT 1 FROM t JOIN u ON u.id = t.u WHERE t.shop = :shop", 1, "reads u of all shops: say u.shop = ..."),
    ("-- name: a\nSELECT 1 FROM t AS x LEFT JOIN u AS y ON y.id = x.u WHERE x.shop = :shop", 1, "reads u AS y of all shops"),
    ("-- name: a\nDELETE FROM t WHERE shop = :shop AND id IN (SELECT t FROM u WHERE id = :id)", 1, "asks for the shop of 1"),
    ("-- name: a\nSELECT 1 FROM t WHERE shop = :shop UNION SELECT 1 FROM t WHERE id = :id", 1, "asks for the shop of 1"),
    ("-- name: a\nWITH b AS (SELECT id FROM u AS x) DELETE FROM t WHERE shop = :shop AND id IN (SELECT id FROM b)", 1, "reads u AS x of all"),
    ("-- name: a\nUPDATE t SET n = (SELECT max(n) FROM t AS o) WHERE shop = :shop", 1, "reads t AS o of all shops"),
    ("-- name: a\n-- all shops of u: x\nSELECT 1 FROM t WHERE shop = :shop", 1, "does not read it"),
    ("-- name: a\n-- any shop:\nSELECT 1 FROM t", 1, "needs a reason"),
    ("-- name: a\n-- any shop: x\nSELECT 1 FROM t WHERE shop = :shop", 1, "drop one"),
    ("-- name: a\n-- :shop, :id\nSELECT 1 FROM t WHERE shop = :shop", 1, "its help names :id"),
    ("\n-- name: a\nSELECT 1 WHERE shop = :shop\n-- name: a\nSELECT 1", 4, "taken by src/flow/"),
    ("-- name: a\n-- only help\n", 1, "has no statement"),
    ("-- name: a\n;\n", 1, "has no statement"),
    ("-- name: a\nSELECT 1; SELECT 2", 1, "two statements"),
    ("-- name: a\nSELECT ?1 FROM t WHERE shop = :shop", 1, "?1 has no name"),
    ("-- name: a\nSELECT 'x FROM t WHERE shop = :shop", 1, "never ends"),
    ("-- name: OrderSave\nSELECT 1", 1, "lower_case"),
    ("-- name:\nSELECT 1", 1, "lower_case"),
    ("SELECT 1\n-- name: a\n", 1, "before the first"),
])
def test_a_mistake_stops_the_build_with_file_and_line(tree, text, line, words):
    result, rows = tree(text)
    assert result.returncode != 0
    assert f"src/flow/order.sql:{line}: " in result.stderr
    assert words in result.stderr
    assert rows == ""


def test_a_name_is_taken_over_all_files(tree):
    tree("-- name: a\nSELECT 1 FROM t WHERE shop = :shop\n", name="a.sql")
    result, _ = tree("-- name: a\nSELECT 1 FROM t WHERE shop = :shop\n", name="b.sql")
    assert "src/flow/b.sql:1: a: the name is taken by src/flow/a.sql:1" in result.stderr


def test_the_red_fixture_is_caught(tmp_path):
    result = embed(ROOT / "test/fixture/isolation", tmp_path / "queries.def")
    assert result.returncode != 0
    assert "src/flow/leak.sql:7: orders_of_everybody: its help" not in result.stderr
    assert "src/flow/leak.sql:7: orders_of_everybody: does not use :shop" in result.stderr


def test_a_join_by_an_id_alone_is_caught(tmp_path):
    text = (ROOT / "test/fixture/isolation/src/flow/leak.sql").read_text()
    (tmp_path / "src" / "flow").mkdir(parents=True)
    first, _, leak = text.partition("-- name: orders_of_everybody")
    (tmp_path / "src" / "flow" / "leak.sql").write_text(first + "-- name: " + leak.partition("-- name: ")[2])
    result = embed(tmp_path, tmp_path / "queries.def")
    assert result.returncode != 0 and "lines_of_everybody: reads order_line AS l of all shops" in result.stderr


def test_the_rows_are_c(tree, tmp_path):
    """A C compiler reads them, with quotes, backslashes and what looks like a comment within."""
    result, _ = tree("-- name: a\nSELECT '\\', \"x\", '/*', '*/', '??/' FROM t WHERE shop = :shop\n"
                     "-- name: b\n-- any shop: x\nSELECT 'é'\n")
    assert result.returncode == 0, result.stderr
    source = tmp_path / "rows.c"
    source.write_text("#include <stdio.h>\n"
                      "#define ROW(name, file, line, sql, params) puts(sql);\n"
                      'int main(void) {\n#include "queries.def"\nreturn 0; }\n', encoding="utf-8")
    subprocess.run(["cc", "-std=gnu17", "-Wall", "-Wextra", "-Werror", source, "-o",
                    tmp_path / "rows"], check=True, timeout=60)
    said = subprocess.run([tmp_path / "rows"], capture_output=True, text=True, timeout=10)
    assert said.stdout.splitlines() == [
        "SELECT '\\', \"x\", '/*', '*/', '??/' FROM t WHERE shop = :shop", "SELECT 'é'"]
