"""import: UCI Online Retail, 541,909 lines of a real shop, as history, from the table to the last COMMIT.

Against a bare loop in C that writes the same rows into the same tables and indexes, having them all in memory: no parsing,
no look-up, no comparison (bench/load/import_rows.c). Both with WAL and synchronous=FULL, on the same disk, one after the
other. The published figures are checked, so that nothing is fast by leaving something out.
"""

import lzma
import resource
import shutil
import sqlite3
import time

from .figure import Aim
from .postlude import ROOT, SHOP, Postlude
from .process import BenchError
from .scratch import scratch
from .tools import run_json, tool

AIMS = [Aim("lines", ">=", 0.5, peer="bare")]
SOURCE = ROOT.parent / "shared/data/online_retail/online_retail.csv.xz"
MAP = ROOT / "test/import/online_retail.map"
LINES, ORDERS, CUSTOMERS = 541_909, 25_900, 4_372  # ../shared/data/README.md
QUICK_LINES = 40_000


def table_make(folder, lines):
    """The table, or its beginning."""
    if not SOURCE.exists():
        raise BenchError(f"{SOURCE} is not there")
    path = folder / "online_retail.csv"
    with lzma.open(SOURCE, "rb") as packed, path.open("wb") as out:
        if lines == LINES:
            shutil.copyfileobj(packed, out)
        else:
            for _, line in zip(range(lines + 1), packed):
                out.write(line)
    return path


def counts_check(store, lines):
    db = sqlite3.connect(store)
    have = [db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("order_line", "orders", "customer")]
    db.close()
    if have[0] != lines or (lines == LINES and have != [LINES, ORDERS, CUSTOMERS]):
        raise BenchError(f"the store holds {have} lines, orders and customers")


def cpu_children():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def ours_run(figures, folder, table, lines):
    ours = Postlude(folder, 25)
    ours.verb("shop", "add", SHOP, "--name", "Bench", "--currency", "GBP", "--zone", "Europe/London", "--locale", "en")
    start, cpu = time.monotonic(), cpu_children()
    said = ours.verb("import", "--shop", SHOP, "--format", "columns", "--map", MAP, table)
    seconds = time.monotonic() - start
    figures.note(side="ours", seconds=seconds, said=said)
    figures.add("lines", "ours", lines / seconds, "lines/s")
    figures.add("cpu", "ours", 1e6 * (cpu_children() - cpu) / lines, "us of processor a line")
    counts_check(ours.store_file(), lines)
    start = time.monotonic()
    ours.verb("import", "--shop", SHOP, "--format", "columns", "--map", MAP, "--again", table)
    figures.add("again", "ours", lines / (time.monotonic() - start), "lines/s, the same table again")
    return ours.store_file()


def run(figures, options):
    lines = QUICK_LINES if options.quick else LINES
    with scratch(options.keep) as folder:
        table = table_make(folder, lines)
        for turn in range(options.runs):
            place = folder / str(turn)
            place.mkdir()
            store = ours_run(figures, place, table, lines)
            if options.peers:
                bare = run_json(tool("import_rows"), ROOT, store, place / "bare.db")
                figures.note(side="bare", **bare)
                figures.add("lines", "bare", lines / bare["seconds"], "lines/s")
                figures.add("cpu", "bare", 1e6 * bare["cpu_seconds"] / lines, "us of processor a line")
            shutil.rmtree(place)
