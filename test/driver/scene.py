"""scene.py - what a scenario plays on: one server, its shops, its mail servers and its clock.

The scene remembers what an owner would: which shops there are and their secrets, what time it is. So
it can put a server that was killed back onto the same data at the same time.
"""

import datetime
import re

from . import shopify
from .server import Server
from .sink import Sink
from .words import FlowError

DEFAULT_MS = 1772442000000  # 2026-03-02 09:00 UTC, where a scenario does not say
ADD_FLAGS = {"name": "Demo", "currency": "EUR", "zone": "Europe/Paris", "locale": "en"}
TABLES = {"inbox": "inbox", "event": "event", "run": "run", "message": "message",
          "delivery": "delivery", "order": "orders", "customer": "customer"}
LINK = re.compile(r"https?://[^\s\"'<>]*?(/o/[A-Za-z0-9_.~-]+)")


def iso(ms):
    when = datetime.datetime.fromtimestamp(ms / 1000, datetime.timezone.utc)
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Scene:
    """The server starts at the first statement that needs it."""

    def __init__(self, program=None, stop_at=0):
        self.server = Server(program=program)
        self.sinks = {"sink": Sink()}
        self.secrets = {}
        self.captured = {}      # what a scenario keeps of answers and mails, by name
        self.now_ms = DEFAULT_MS
        self.calm_ms = 0        # the last stretch of calm that the crash test let pass
        self.stop_at = stop_at  # commits to be made before the server kills itself; 0: never
        self.commits = 0        # of servers of this scene that are gone

    def close(self):
        for sink in self.sinks.values():
            sink.close()
        self.server.close()

    # ---- the server ------------------------------------------------------------------------

    @property
    def live(self):
        """The server, started if it is not running."""
        if not self.server.running:
            self.server.start()
            self.server.control(f"at {iso(self.now_ms)}")
            if self.stop_at > self.commits:
                self.server.control(f"stop-at-commit {self.stop_at - self.commits}")
        return self.server

    def count_commits(self):
        """Keeps what the running server has committed, before it goes."""
        if self.server.running:
            self.commits += int(self.server.control("commits").split()[0])

    def end(self, hard=False):
        self.count_commits()
        if hard:
            self.server.kill()
        else:
            self.server.stop()

    def set_clock(self, ms):
        self.now_ms = ms
        self.live.control(f"at {iso(ms)}")

    def turn(self, ms):
        self.set_clock(self.now_ms + ms)

    # ---- shops and mail servers --------------------------------------------------------------

    def fill(self, text):
        """`$NAME` is what was captured, or the address of a peer; `$order.1001`, `$inbox.1` are ids."""
        def value(found):
            if found[1] in self.captured and not found[2]:
                return self.captured[found[1]]
            if found[2]:
                return str(self.id_of(found[1], found[2]))
            if found[1] not in self.sinks:
                raise FlowError(f"${found[1]}: no such peer, and nothing was captured as that; there are "
                                f"{' '.join([*self.sinks, *self.captured])}")
            return self.sinks[found[1]].url
        return re.sub(r"\$([a-z]+)(?:\.(\w+))?", value, text)

    def capture(self, name, value):
        if name in self.sinks:
            raise FlowError(f"`{name}` is a mail server already")
        self.captured[name] = value

    def add_shop(self, slug, settings):
        self.secrets[slug] = settings.get("shopify.secret", f"hush-{slug}")
        flags = {key: settings.pop(key, default) for key, default in ADD_FLAGS.items()}
        words = [word for key, value in flags.items() for word in (f"--{key}", value)]
        self.server.cli("shop", "add", slug, *words)
        self.set_shop(slug, {
            "live_since": "2020-01-01T00:00:00Z",
            "public_url": f"https://{slug}.example",
            "shopify.secret": self.secrets[slug],
            "mail.from": f"{flags['name']} <orders@{slug}.example>",
            "smtp.url": "$sink",
            "receipt.order_confirmation": "on",  # the shop system of most scenarios, Shopify, sends its own
        } | settings)

    def set_shop(self, slug, settings):
        pairs = [f"{key}={self.fill(value)}" for key, value in settings.items()]
        self.server.cli("shop", "set", slug, *pairs)
        self.secrets[slug] = settings.get("shopify.secret", self.secrets.get(slug))

    def sink(self, name):
        """The peer of that name; made when it is first spoken of."""
        if name not in self.sinks:
            self.sinks[name] = Sink()
        return self.sinks[name]

    @property
    def mails(self):
        """Every mail that any sink took, in order of arrival."""
        return sorted((mail for sink in self.sinks.values() for mail in sink.mails),
                      key=lambda mail: mail.at)

    # ---- talk --------------------------------------------------------------------------------

    def post(self, path, body, topic, delivery, signer, more):
        """signer: a shop's slug, None (unsigned) or '' (a wrong signature); more: headers. The Answer."""
        signature = None
        if signer is not None:
            signature = shopify.sign(self.secrets.get(signer) or "not the secret", body)
        headers = shopify.headers(topic, delivery, signature, iso(self.now_ms))
        return self.live.http("POST", path, body, headers | more)

    def page_of(self, name):
        """Path of the order's page: from the last mail that names the order and holds a link."""
        for mail in reversed(self.mails):
            if re.search(rf"(?<!\w)#?{re.escape(name)}(?!\w)", mail.subject + " " + mail.body):
                link = LINK.search(mail.body)
                if link:
                    return link[1]
        raise FlowError(f"no mail names order {name} and holds a link to its page\n{self.show_mails()}")

    # ---- look --------------------------------------------------------------------------------

    def id_of(self, noun, which):
        """Id of order 1001 by its name, of anything else by its place: message 1 is the first."""
        if noun not in TABLES:
            raise FlowError(f"`{noun}`: one of {' '.join(TABLES)}")
        if noun == "order":
            rows = self.server.rows("SELECT id FROM orders WHERE name IN (?, '#' || ?)", (which, which))
        else:
            rows = self.server.rows(f"SELECT id FROM {TABLES[noun]} ORDER BY id LIMIT 1 OFFSET ?",
                                    (int(which) - 1,))
        if not rows:
            raise FlowError(f"there is no {noun} {which}\n{self.traces()}")
        return rows[0][0]

    def count(self, noun, column, value, shop):
        where, values = [], []
        if column:
            where, values = [f"{column} = ?"], [value]
        if shop:
            where.append("shop = (SELECT id FROM shop WHERE slug = ?)")
            values.append(shop)
        query = f"SELECT count(*) FROM {TABLES[noun]}" + (" WHERE " + " AND ".join(where) if where else "")
        return self.server.rows(query, values)[0][0]

    def traces(self, most=3):
        """`postlude trace` of what came in last: the whole chain behind any expectation."""
        found = []
        try:
            for (row,) in self.server.rows("SELECT id FROM inbox ORDER BY id DESC LIMIT ?", (most,))[::-1]:
                found.append(self.server.cli("trace", str(row)).rstrip())
        except Exception as error:  # the failure that is being shown matters more
            found.append(f"(no trace: {error})")
        return _indent("trace", "\n".join(found) or "(nothing came in)")

    def show_mails(self):
        lines = [f"{place} to {' '.join(mail.recipients)}: {mail.subject}  {mail.id}"
                 for place, mail in enumerate(self.mails, 1)]
        return _indent("mail", "\n".join(lines) or "(none)")


def _indent(title, text):
    return "\n".join(f"    {title}: {line}" for line in text.splitlines())
