"""crash.py - a scenario again and again, the server killing itself after each commit in turn.

The undisturbed run says what the rows are at the end. Then the scenario's acts are played with
`stop-at-commit 1`, `stop-at-commit 2` ... until a run ends without a stop. Where the server dies, it is
started on the same data at the same time, and the act that it interrupted is done again: a webhook without
an answer is posted again under the same delivery id, as its sender would. At the end of every run the mail
servers behave, four days pass, and the rows must tell the same story as in the undisturbed run.

The same story: rows are compared without what may differ (ids, times, how often something was tried). A
mail may arrive twice only under the same Message-ID, and only as often as deliveries ended in `unknown`.
"""

import collections
import re

from . import flow
from .scene import Scene
from .server import Died
from .words import FlowError

# Calm enough for every backoff and every not_after to run out: ms.
CALM = [600_000, 3_600_000, 6 * 3_600_000, 86_400_000, 3 * 86_400_000]
MOST_STOPS = 400  # a scenario with more commits is too long for this test: it fails, so that it is seen

# What tells the story. Tables of bookkeeping (sender, poison, receipt of a try) are not in it.
TOLD = ("shop", "setting", "inbox", "event", "run", "run_step", "message", "customer", "product",
        "orders", "order_line", "consent", "suppression")
# Times of ours, counts of tries, and what follows from them.
VARIABLE = {"id", "at", "entered", "wake", "next_at", "not_after", "attempts", "words", "why", "body",
            "body_bytes", "body_hash", "sealed", "version", "lifted_at"}
# Columns that name a row of another table, and what that row is called in the story.
NAMES = {"shop": "slug", "orders": "foreign_id", "product": "foreign_id", "customer": "foreign_id",
         "inbox": "delivery", "import": "format", "event": "kind", "run": "journey", "run_step": "step"}


def story(server):
    """{table: Counter of rows} without ids and times; references by the name of the row they mean."""
    tables = {name for (name,) in server.rows("SELECT name FROM sqlite_master WHERE type = 'table'")}
    names = {}
    for table, column in NAMES.items():
        if table in tables:
            rows = server.rows(f"SELECT id, {column} FROM {table}")
            names.update({(table == "shop", row): f"{table} {name}" for row, name in rows})
    found = {}
    for table in TOLD:
        if table in tables:
            columns = [row[1] for row in server.rows(f"PRAGMA table_info({table})")]
            kept = [column for column in columns if column not in VARIABLE]
            rows = server.rows(f"SELECT {', '.join(kept)} FROM {table}")
            found[table] = collections.Counter(_told(kept, row, names) for row in rows)
    return found


def _told(columns, row, names):
    def value(column, cell):
        if column == "shop":
            return names.get((True, cell), cell)
        if column in ("cause", "subject", "merged_into") or column.endswith("_id"):
            return names.get((False, cell), cell)
        return cell.hex() if isinstance(cell, bytes) else cell
    text = " ".join(f"{column}={value(column, cell)}" for column, cell in zip(columns, row))
    # What was posted without a delivery id is known by a hash that takes the installation's own key.
    text = re.sub(r"\bbody:[0-9a-f]{64}", "body:HASH", text)
    return re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT", text)


def mails(scene):
    """What arrived, each mail once: a Counter of (to, subject), and a Counter of Message-IDs."""
    ids = collections.Counter(mail.id for mail in scene.mails)
    unique = {mail.id: mail for mail in scene.mails}
    return collections.Counter((*mail.recipients, mail.subject) for mail in unique.values()), ids


class Ending:
    """What one run left behind."""

    def __init__(self, scene, died):
        self.died = died
        self.commits = scene.commits
        self.story = story(scene.server)
        self.mails, ids = mails(scene)
        unknown = scene.server.rows("SELECT count(*) FROM delivery WHERE state = 'unknown'")[0][0]
        self.troubles = [f"store: {row[0]}" for row in scene.server.rows("PRAGMA integrity_check") if row[0] != "ok"]
        again = sum(ids.values()) - len(ids)
        if again > unknown:
            self.troubles.append(f"{again} mails arrived twice, but only {unknown} deliveries are unknown")
        open_rows = scene.server.rows("SELECT count(*) FROM delivery WHERE state = 'claimed'")[0][0]
        if open_rows:
            self.troubles.append(f"{open_rows} deliveries are claimed for ever")

    def differences(self, calm):
        """In words: what this run has that the undisturbed one has not (+), and the reverse (-)."""
        found = list(self.troubles)
        for table, rows in [*self.story.items(), ("mail", self.mails)]:
            other = calm.mails if table == "mail" else calm.story[table]
            found += [f"+ {table}: {row}" for row in (rows - other).elements()]
            found += [f"- {table}: {row}" for row in (other - rows).elements()]
        return found


def run(steps, stop_at, program=None):
    """Plays the acts with a stop after the given commit (0: none), then calm; gives the Ending."""
    scene = Scene(program, stop_at)
    try:
        died = False
        acts = [step for step in steps if not step.look]
        for step in acts + [_calm(acts[-1].place, ms) for ms in CALM]:
            try:
                flow.play_step(scene, step)
            except Died:
                if died or not stop_at:
                    raise
                died, scene.stop_at = True, 0
                _again(scene, step)
        scene.end()
        ending = Ending(scene, died)
        flow.finish(scene, acts[-1])
        return ending
    except Died as error:
        raise FlowError(f"{step.text}\n    {error}", step.place) from None
    finally:
        scene.close()


def _again(scene, step):
    """Whoever was at the command line reads that the server died, and tries again; a verb may have done its work
    before, and then may say so. A webhook and `work` have no such excuse. The server is up again first: a verb by itself
    would go by the machine's clock."""
    try:
        scene.live.control("commits")
        flow.play_step(scene, step)
    except FlowError:
        if not step.text.startswith("verb"):
            raise


def _calm(place, ms):
    def play(scene):
        for sink in scene.sinks.values():
            sink.behave()
        if scene.calm_ms != ms:
            scene.turn(ms)
            scene.calm_ms = ms
        scene.live.control("work")
    return flow.Step(place, f"(calm, {ms} ms later) work", play, False)


def crash(steps, program=None):
    """Every commit in turn. Returns how many stops were played; FlowError at the first difference."""
    calm = run(steps, 0, program)
    if calm.troubles:
        raise FlowError("undisturbed: " + "\n    ".join(calm.troubles), steps[0].place)
    for stop_at in range(1, MOST_STOPS):
        ending = run(steps, stop_at, program)
        differences = ending.differences(calm)
        if differences:
            what = f"stopped after commit {stop_at}" if ending.died else "undisturbed, a second time"
            raise FlowError(f"{what}, the rows differ:\n    " + "\n    ".join(differences[:30]), steps[0].place)
        if not ending.died:
            return stop_at - 1
    raise FlowError(f"more than {MOST_STOPS} commits: split this scenario", steps[0].place)
