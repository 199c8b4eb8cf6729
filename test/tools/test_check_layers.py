"""tools/check_layers.py on a small house where each kind of wrong include stands once."""
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
HOUSE = ROOT / "test" / "fixture" / "layers" / "src"
sys.path.insert(0, str(ROOT / "tools"))

import check_layers  # noqa: E402

WRONG = {
    "src/base/money.c:2": "base may not see engine",
    "src/base/clock.c:1": "<sqlite3.h> belongs in engine/store_sqlite.c alone",
    "src/engine/outbox.c:2": "engine may not see flow",
    "src/engine/knows_shops.c:1": "engine may not see model",
    "src/engine/exotic.c:1": "<libexotic/exotic.h> has no home",
    "src/engine/lost.c:1": '"engine/gone.h" is not in src/',
    "src/plug/carrier/curious.c:1": "plug may not see engine",
    "src/plug/carrier/dialer.c:1": "a plug is pure",
    "src/plug/carrier/neighbour.c:1": "a carrier sees its kind's header only",
    "src/plug/carrier/stranger.c:1": "a carrier sees its kind's header only",
    "src/plug/carrier/finer.c:1": "a carrier sees its kind's header only",
    "src/flow/peeks_into_a_plug.c:1": "flow sees the header of a kind only",
    "src/flow/knows_a_room.c:1": "flow may not see feature",
    "src/feature/reviews/burglar.c:1": 'another room\'s door is "feature/returns/returns.h"',
    "src/feature/reviews/calls_cmd.c:1": "feature may not see cmd",
    "src/feature/reviews/knows_a_plug.c:1": "feature may not see plug",
    "src/attic/forgotten.c:1": "this file stands on no floor",
}


@pytest.fixture(scope="module")
def found():
    return {f"{finding.file}:{finding.line}": finding.said for finding in check_layers.check_tree(HOUSE)}


@pytest.mark.parametrize("place", WRONG)
def test_catches(found, place):
    assert WRONG[place] in found.get(place, "nothing was found there")


def test_says_nothing_about_the_rest(found):
    assert set(found) == set(WRONG)


@pytest.mark.parametrize("tree, status", [(HOUSE, 1), (HOUSE / "empty", 0)])
def test_its_exit_status(tree, status):
    ran = subprocess.run([sys.executable, ROOT / "tools" / "check_layers.py", tree], check=False,
                         stdout=subprocess.PIPE, text=True)
    assert ran.returncode == status, ran.stdout


def test_the_tree_itself():
    found = check_layers.check_tree(ROOT / "src")
    assert not found, "\n".join(map(str, found))
