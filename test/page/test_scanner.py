"""Mail scanners open every link of every mail, often twice, before a person sees it. Nothing may happen by that: all tables
are the same afterwards. The control build writes on GET, and has to be caught."""
import email
import email.policy
import html
import os
import pathlib
import re
import subprocess

import pytest

from driver.server import Server

ROOT = pathlib.Path(__file__).resolve().parents[2]
LINK = re.compile(r"""https?://[^\s"'<>)]+""")


def played(program=None):
    """The demo shop with all its mails, and what their links did."""
    with Server(program=program) as server:
        server.start()
        base = f"http://127.0.0.1:{server.port}"
        server.control("at 2026-11-22T20:00:00Z")
        server.cli("demo", "--url", base, seconds=120)
        server.cli("shop", "set", "demo", f"public_url={base}")
        server.control("work", seconds=180)
        links = found(server, base)
        before = everything(server)
        for _ in range(2):
            for link in links:
                for method in ("GET", "HEAD"):
                    assert server.http(method, link).status in (200, 404, 405)
        server.control("work")
        after = everything(server)
        server.stop()
    return links, {table: (before[table], after[table]) for table in before if before[table] != after[table]}


def found(server, base):
    """Paths of all links in all mails as they go over the wire: in both parts, and in the header."""
    paths = set()
    for (identity,) in server.rows("SELECT id FROM message WHERE state = 'accepted'"):
        raw = server.http("GET", f"/dev/mail/{identity}/raw").body
        mail = email.message_from_bytes(raw, policy=email.policy.default)
        texts = [part.get_content() for part in mail.walk() if part.get_content_maintype() == "text"]
        texts += [value for key, value in mail.items() if key.lower().startswith("list-")]
        for text in texts:
            paths.update(link.removeprefix(base) for link in LINK.findall(html.unescape(text)) if link.startswith(base))
    return sorted(paths)


def everything(server):
    """Every row of every table but what the store learned to pack its bodies with: that goes on by itself."""
    tables = [row[0] for row in server.rows("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
              if row[0] != "dictionary"]
    return {table: server.rows(f"SELECT * FROM {table} ORDER BY 1, 2") for table in tables}


def test_a_scanner_opens_every_link_of_every_mail_twice_and_nothing_happens():
    links, changed = played()
    assert len(links) > 200 and any("/o/" in link for link in links) and any("/p/" in link for link in links)
    assert not changed, {table: [set(after) ^ set(before)] for table, (before, after) in changed.items()}


if os.environ.get("POSTLUDE_SUITE") != "fast":  # for which no program is built wrong

    def test_a_handler_that_writes_on_get_is_caught():
        program = os.environ.get("POSTLUDE_CONTROL")
        if not program:
            program = str(ROOT / "build-control" / "postlude")
            if not pathlib.Path(program).exists():
                pytest.skip("there is no control build: ./dev control makes it")
            subprocess.run([ROOT / "dev", "control"], check=True, capture_output=True)
        _, changed = played(program)
        assert "installation" in changed
