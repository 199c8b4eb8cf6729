"""Ids never go backwards, whatever the clock does: the greatest of each kind is looked up at the start."""
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]


def test_every_kind_of_id_has_its_floor():
    kinds = re.findall(r'^ROW\(\w+, \d+, "\w+", "(\w+)"\)', (ROOT / "src/engine/kinds.def").read_text(), re.M)
    asked = "".join((ROOT / path).read_text() for path in ("src/flow/flow.sql", "src/feature/account/account.sql"))
    asked = set(re.findall(r"max\(id\)\s+FROM\s+(\w+)\)", asked))
    assert len(kinds) > 20 and set(kinds) <= asked, set(kinds) - asked
