"""Mails of a lower lane, waiting in the store before the server starts: what a campaign will be.

A server of its own makes one real confirmation; its message is then copied, words and all, into the lane
of campaigns, to an address of its own each (`bulk.00000001@example.com`, which the sink knows apart).
"""

import contextlib
import sqlite3

from .load import Orders
from .process import BenchError
from .sink import OwnSink

LANE_CAMPAIGNS = 3  # model.h
KIND_MESSAGE = 5  # kinds.def
IDS_PER_MS = 1000  # an id is ms << 22 | kind << 16 | counter below 1,024 (id.h)
SEED_NUMBER = 90000000  # the order that is copied; no load reaches it


def seed(ours):
    """One order through the whole path; its mail goes to a sink of its own."""
    folder = ours.folder.parent / "seed"
    folder.mkdir()
    with OwnSink(folder) as sink:
        ours.set(**{"smtp.url": f"smtp://127.0.0.1:{sink.port}"})
        with ours.serving():
            orders = Orders()
            orders.next = SEED_NUMBER
            orders.post(ours.port, 1, connections=1)
            ours.counts_check(1, 1)
    ours.set(**{"smtp.url": f"smtp://127.0.0.1:{ours.sink_port}"})


def insert(db, table, rows):
    names = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
    db.executemany(
        f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join(':' + n for n in names)})",
        rows,
    )


def copies(template, count):
    """Rows like the template; ids of the moments before it."""
    last_ms = (template["id"] >> 22) - 1
    for number in range(count):
        ms, counter = last_ms - number // IDS_PER_MS, number % IDS_PER_MS
        yield {
            **template,
            "id": ms << 22 | KIND_MESSAGE << 16 | counter,
            "address": f"bulk.{number:08d}@example.com",
            "lane": LANE_CAMPAIGNS,
            "state": "ready",
            "attempts": 0,
        }


def fill(ours, count):
    """Leaves `count` mails ready in the lowest lane, and one order that was served."""
    seed(ours)
    with contextlib.closing(sqlite3.connect(ours.store_file())) as db, db:
        db.row_factory = sqlite3.Row
        found = db.execute("SELECT * FROM message").fetchall()
        bodies = db.execute("SELECT * FROM message_body").fetchall()
        if [row["state"] for row in found] != ["accepted"] or len(bodies) != 1:
            raise BenchError("the seed order did not leave one accepted message")
        rows = list(copies(dict(found[0]), count))
        insert(db, "message", rows)
        insert(db, "message_body", ({**bodies[0], "id": row["id"]} for row in rows))
