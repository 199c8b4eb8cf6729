#!/usr/bin/env python3
"""fake_postlude.py - as much of Postlude as the driver can see, in 200 lines, to test the driver itself.

It takes the same command line, keeps rows of the same names, answers the same control lines; it does it
slowly, without a worker, and gives one confirmation to each order. $FAKE makes it wrong on purpose, so
that a test can show that the driver notices:

    twice      sends every confirmation twice
    forgets    answers 200 before the order is on disk
    resends    sends before it has committed the claim
    deaf       never answers `work`
    chatty     logs what a sanitizer would
"""

import http.server
import json
import os
import signal
import smtplib
import socket
import sqlite3
import sys
import threading
import time
from pathlib import Path

WRONG = os.environ.get("FAKE", "")
SCHEMA = """
CREATE TABLE IF NOT EXISTS shop (id INTEGER PRIMARY KEY, slug TEXT UNIQUE);
CREATE TABLE IF NOT EXISTS setting (shop INTEGER, key TEXT, value TEXT, PRIMARY KEY (shop, key));
CREATE TABLE IF NOT EXISTS inbox (id INTEGER PRIMARY KEY, shop INTEGER, at INTEGER, delivery TEXT, body BLOB,
    state TEXT, UNIQUE (shop, delivery));
CREATE TABLE IF NOT EXISTS event (id INTEGER PRIMARY KEY, shop INTEGER, at INTEGER, cause INTEGER, kind TEXT, order_id INTEGER);
CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY, shop INTEGER, at INTEGER, name TEXT, foreign_id TEXT, email TEXT,
    UNIQUE (shop, foreign_id));
CREATE TABLE IF NOT EXISTS message (id INTEGER PRIMARY KEY, shop INTEGER, at INTEGER, cause INTEGER, order_id INTEGER,
    address TEXT, state TEXT);
CREATE TABLE IF NOT EXISTS delivery (id INTEGER PRIMARY KEY, shop INTEGER, at INTEGER, cause INTEGER, state TEXT);
"""


class Fake:
    def __init__(self, data):
        self.data = Path(data)
        self.data.mkdir(exist_ok=True)
        self.db = sqlite3.connect(self.data / "postlude.db", check_same_thread=False, timeout=10)
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.executescript(SCHEMA)
        self.lock = threading.Lock()
        self.now, self.commits, self.stop_at = 0, 0, None

    def commit(self):
        self.db.commit()
        self.commits += 1
        if self.stop_at is not None and self.commits >= self.stop_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def one(self, query, *values):
        row = self.db.execute(query, values).fetchone()
        return row[0] if row else None

    def setting(self, shop, key):
        return self.one("SELECT value FROM setting WHERE shop = ? AND key = ?", shop, key)

    # ---- stages ---------------------------------------------------------------------------

    def take(self, shop, delivery, body):
        self.db.execute("INSERT OR IGNORE INTO inbox VALUES (NULL, ?, ?, ?, ?, 'new')",
                        (shop, self.now, delivery, body))
        if WRONG != "forgets":
            self.commit()

    def work(self):
        for row, shop, body in self.db.execute("SELECT id, shop, body FROM inbox WHERE state = 'new'").fetchall():
            self.digest(row, shop, body)
            self.commit()
        for row, shop, address in self.db.execute(
                "SELECT id, shop, address FROM message WHERE state IN ('ready', 'claimed')").fetchall():
            self.send(row, shop, address)

    def digest(self, row, shop, body):
        order = json.loads(body)
        self.db.execute("UPDATE inbox SET state = 'done' WHERE id = ?", (row,))
        if self.one("SELECT 1 FROM orders WHERE foreign_id = ?", str(order["id"])):
            return
        made = self.db.execute("INSERT INTO orders VALUES (NULL, ?, ?, ?, ?, ?)",
                               (shop, self.now, order["name"], str(order["id"]), order["email"])).lastrowid
        event = self.db.execute("INSERT INTO event VALUES (NULL, ?, ?, ?, 'order.placed', ?)",
                                (shop, self.now, row, made)).lastrowid
        self.db.execute("INSERT INTO message VALUES (NULL, ?, ?, ?, ?, ?, 'ready')",
                        (shop, self.now, event, made, order["email"]))

    def send(self, row, shop, address):
        if WRONG != "resends":
            self.db.execute("UPDATE delivery SET state = 'unknown' WHERE cause = ? AND state = 'claimed'", (row,))
            self.db.execute("INSERT INTO delivery VALUES (NULL, ?, ?, ?, 'claimed')", (shop, self.now, row))
            self.db.execute("UPDATE message SET state = 'claimed' WHERE id = ?", (row,))
            self.commit()
        name = self.one("SELECT name FROM orders JOIN message ON orders.id = order_id WHERE message.id = ?", row)
        link = f"{self.setting(shop, 'public_url')}/o/token{row}"
        mail = (f"From: orders@demo.example\r\nTo: {address}\r\nSubject: Your order {name}\r\n"
                f"Message-ID: <{row}@demo.example>\r\n\r\nSee {link}\r\n").encode()
        host, _, port = self.setting(shop, "smtp.url").split("?")[0].removeprefix("smtp://").partition(":")
        for _ in range(2 if WRONG == "twice" else 1):
            with smtplib.SMTP(host, int(port), local_hostname="fake") as line:
                line.sendmail("orders@demo.example", [address], mail)
        if WRONG == "resends":
            self.commit()  # something else commits while the answer is on its way
        self.db.execute("UPDATE delivery SET state = 'accepted' WHERE cause = ? AND state = 'claimed'", (row,))
        self.db.execute("UPDATE message SET state = 'accepted' WHERE id = ?", (row,))
        self.commit()

    # ---- the two doors ----------------------------------------------------------------------

    def serve(self, control):
        fake = self
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])

        class Web(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with fake.lock:
                    shop = fake.one("SELECT id FROM shop WHERE slug = ?", self.path.split("/")[2])
                    if self.headers["X-Shopify-Hmac-Sha256"]:
                        fake.take(shop, self.headers["X-Shopify-Webhook-Id"], body)
                self.reply(200 if self.headers["X-Shopify-Hmac-Sha256"] else 401, "")

            def do_GET(self):
                row = self.path.removeprefix("/o/token")
                self.reply(200 if row.isdigit() else 404, f"order page {row}")

            def reply(self, status, text):
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_):
                pass

        web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Web)
        threading.Thread(target=web.serve_forever, daemon=True).start()
        door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        door.bind(control)
        door.listen()
        threading.Thread(target=lambda: os._exit(signal.sigwait([signal.SIGTERM]) - signal.SIGTERM), daemon=True).start()
        (self.data / "port").write_text(str(web.server_port))
        if WRONG == "chatty":
            print("src/x.c:1:2: runtime error: signed integer overflow", file=sys.stderr, flush=True)
        while True:
            line, _ = door.accept()
            for command in line.makefile():
                line.sendall((self.command(*command.split()) + "\n").encode())

    def command(self, verb, word=""):
        with self.lock:
            if verb == "work":
                if WRONG == "deaf":
                    time.sleep(3600)
                self.work()
            elif verb == "stop-at-commit":
                self.stop_at = self.commits + int(word)
            elif verb == "commits":
                return f"ok {self.commits}"
            elif verb != "at":
                return f"error no command {verb}"
        return "ok"

    # ---- verbs ------------------------------------------------------------------------------

    def shop(self, what, slug, *words):
        if what == "add":
            self.db.execute("INSERT INTO shop VALUES (NULL, ?)", (slug,))
        else:
            shop = self.one("SELECT id FROM shop WHERE slug = ?", slug)
            for word in words:
                self.db.execute("INSERT OR REPLACE INTO setting VALUES (?, ?, ?)", (shop, *word.split("=", 1)))
        self.db.commit()

    def stats(self, *_):
        count = lambda table: self.one(f"SELECT count(*) FROM {table}")
        print(json.dumps({"orders": count("orders"), "messages": {"accepted": count("message")}}))

    def trace(self, row):
        print(f"inbox {row} shopify\n  event order.placed\n    message")


def main(verb, *words):
    options, rest = {}, []
    words = list(words)
    while words:
        word = words.pop(0)
        if word in ("--data", "--listen", "--test-control", "--name", "--currency", "--zone", "--locale"):
            options[word] = words.pop(0)
        else:
            rest.append(word)
    fake = Fake(options["--data"])
    if verb == "serve":
        fake.serve(options["--test-control"])
    else:
        getattr(fake, verb)(*rest)


main(*sys.argv[1:])
