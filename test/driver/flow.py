"""flow.py - the language of scenarios: one statement a line, read first, then played.

A statement is a row of STATEMENTS: its usage, its help, and a function that reads its words and gives
back what to do. So a misspelt scenario fails before a server starts, and test/driver/README.md is checked
against the rows. A statement either acts on the product or looks at it; the crash test plays the
acts alone (crash.py).
"""

import base64
import collections
import json
import re
import traceback
from pathlib import Path

from . import shopify
from .scene import TABLES, Scene
from .server import ROOT, Died, Failed
from .sink import HABITS, STAGES
from .words import OPERATORS, FlowError, Words, number, split

Statement = collections.namedtuple("Statement", "usage help read look")
Step = collections.namedtuple("Step", "place text play look")

STATEMENTS = {}


def statement(usage, help, look=False):
    def keep(read):
        STATEMENTS[usage.split()[0]] = Statement(usage, help, read, look)
        return read
    return keep


# ---- acts -------------------------------------------------------------------------------------

@statement("shop SLUG [KEY=VALUE ...]",
           "Adds a shop that has been live since 2020, with a secret, a From address and the scenario's sink. "
           "Settings change that; `smtp.url=$NAME` names another peer.")
def read_shop(words):
    slug, settings = words.next("the shop's slug"), words.pairs()
    return lambda scene: scene.add_shop(slug, dict(settings))


@statement("set SLUG KEY=VALUE ...", "Changes settings of a shop, with `postlude shop set`.")
def read_set(words):
    slug, settings = words.next("the shop's slug"), words.pairs()
    if not settings:
        raise FlowError("settings are missing, key=value")
    return lambda scene: scene.set_shop(slug, settings)


@statement("at DATE TIME [ZONE]", "Sets the clock: `at 2026-03-02 10:00 Europe/Paris`. Without a zone, UTC.")
def read_at(words):
    ms = words.moment()
    return lambda scene: scene.set_clock(ms)


@statement("after SPAN", "Turns the clock on: 7d, 5h, 90m, 10s, 250ms. Nothing is done until `work`.")
def read_after(words):
    _, ms = words.span()
    return lambda scene: scene.turn(ms)


@statement("work", "Works every stage until nothing is due, claimed or in flight.")
def read_work(words):
    return lambda scene: scene.live.control("work")


@statement("post PATH FILE [edit /POINTER=VALUE ...] [topic T] [delivery ID] [header NAME=VALUE ...] "
           "[unsigned | badsign | signed-as SLUG] -> STATUS",
           "Posts test/fixture/FILE as Shopify does, signed with the secret of the shop in PATH. Topic: "
           "orders/create. Every line has a delivery id of its own, unless one is given; a line that the crash "
           "test plays again keeps it, as Shopify does.")
def read_post(words):
    path, name = words.next("a path"), words.next("a file of test/fixture")
    post = {"topic": "orders/create", "delivery": f"b54557e4-bdd9-4b37-8a5f-{words.row:012x}"}
    signer = (path.split("/") + ["", ""])[2]
    edits, headers = [], {}
    try:
        body = shopify.fixture(name)
    except FileNotFoundError as error:
        raise FlowError(str(error)) from None
    while keyword := words.maybe("edit", "topic", "delivery", "header", "unsigned", "badsign", "signed-as"):
        if keyword == "edit":
            edits.append(_pair(words, "/POINTER=VALUE"))
            while words.left and words.left[0].startswith("/"):
                edits.append(_pair(words, "/POINTER=VALUE"))
        elif keyword == "header":
            headers.update([_pair(words, "NAME=VALUE")])
        elif keyword == "signed-as":
            signer = words.next("a shop's slug")
        elif keyword in ("unsigned", "badsign"):
            signer = None if keyword == "unsigned" else ""
        else:
            post[keyword] = words.next(keyword)
    status = words.status()
    try:
        body = shopify.edit(body, edits)
    except (KeyError, IndexError, ValueError) as error:
        raise FlowError(f"edit: {error!r} is not in {name}") from None

    def play(scene):
        answer = scene.post(path, body, post["topic"], post["delivery"], signer, headers)
        expect("status", answer.status, "==", status, answer.text[:500])
    return play


@statement("back SHOP FILE [of N] [from ADDRESS] -> STATUS",
           "Something comes back by mail to SHOP: test/fixture/back/FILE, handed on over HTTP with the shop's "
           "mail.in_secret, which is `hush`. In it {return_path}, {message_id} and {to} are those of the N-th mail that "
           "arrived (usually the last), {from} is the address given (usually {to}).")
def read_back(words):
    slug, name = words.next("the shop's slug"), words.next("a file of test/fixture/back")
    path = ROOT / "test" / "fixture" / "back" / name
    if not path.is_file():
        raise FlowError(f"there is no test/fixture/back/{name}")
    place, sender = -1, None
    while keyword := words.maybe("of", "from"):
        if keyword == "of":
            place = words.int("which mail") - 1
        else:
            sender = words.next("an address")
    status = words.status()

    def play(scene):
        if not -len(scene.mails) <= place < len(scene.mails):
            raise Unmet(f"expected a mail to answer\n{scene.show_mails()}")
        mail = scene.mails[place]
        known = {"return_path": mail.sender, "message_id": mail.id, "to": mail.recipients[0],
                 "from": sender or mail.recipients[0]}
        text = path.read_text(encoding="utf-8")
        for word, value in known.items():
            text = text.replace("{" + word + "}", value)
        login = {"Authorization": "Basic " + base64.b64encode(b":hush").decode()}
        answer = scene.live.http("POST", f"/in/{slug}/mail", text.encode(), login)
        expect("status", answer.status, "==", status, answer.text[:500])
    return play


@statement("peer smtp NAME [down | up | well | STAGE ACTION [times N]]",
           "Starts the mail server NAME (`sink` is always there), or changes how it behaves. STAGE: "
           f"{' '.join(STAGES)}. ACTION: a reply in quotes, or {' '.join(HABITS)}. `down` refuses "
           "connections, `well` forgets all rules and listens.")
def read_peer(words):
    words.must("smtp")
    name = words.next("the peer's name")
    if not words.left:
        return lambda scene: scene.sink(name)
    order = words.must("down", "up", "well", *STAGES)
    if order in ("down", "up", "well"):
        method = {"well": "behave"}.get(order, order)
        return lambda scene: getattr(scene.sink(name), method)()
    action, times = words.next("an action"), None
    if action not in HABITS and not action[:3].isdigit():
        raise FlowError(f'`{action}`: here stands {", ".join(HABITS)} or a reply such as "451 4.7.1 Greylisted"')
    if words.maybe("times"):
        times = words.int("how many times")
    return lambda scene: scene.sink(name).rule(order, action, times)


@statement("kill", "kill -9 to parent and worker. The next statement that needs the server starts it again.")
def read_kill(words):
    return lambda scene: scene.end(hard=True)


@statement("restart", "Stops the server as an owner would and starts it on the same data at the same time.")
def read_restart(words):
    def play(scene):
        scene.end()
        scene.live
    return play


@statement("verb VERB [WORD ...] [-> EXIT] [capture NAME PATTERN ...] [contains TEXT ...] [lacks TEXT ...]",
           "Runs a verb of the command line on the scenario's data. `$order.1001`, `$inbox.1`, `$message.2` stand "
           "for ids. `capture` keeps what a regular expression finds in what it prints (its first group, if it has "
           "one); `$NAME` stands for it from then on.")
def read_verb(words):
    said = []
    while words.left and words.left[0] not in ("->", "capture", "contains", "lacks"):
        said.append(words.left.pop(0))
    if not said:
        raise FlowError("the verb is missing")
    status = words.status() if words.left and words.left[0] == "->" else 0
    captures = [(name, pattern_of(text)) for name, text in words.captures("a pattern")]
    contents = words.contents()

    def play(scene):
        out = scene.server.cli(*map(scene.fill, said), ok=(status,))
        for name, pattern in captures:
            scene.capture(name, found_in(pattern, out))
        look_into(out, contents)
    return play


def pattern_of(text):
    try:
        return re.compile(text)
    except re.error as error:
        raise FlowError(f"`{text}` is no pattern: {error}") from None


def found_in(pattern, text):
    found = pattern.search(text)
    if not found:
        raise Unmet(f"expected to find {pattern.pattern!r}\n    there: {text[:500]}")
    return found[1] if pattern.groups else found[0]


def found_at(pointer, text):
    """The value at a JSON pointer of an answer, as text."""
    value = json.loads(text)
    for key in pointer.split("/")[1:]:
        try:
            value = value[int(key) if isinstance(value, list) else key.replace("~1", "/").replace("~0", "~")]
        except (KeyError, IndexError, ValueError, TypeError):
            raise Unmet(f"expected something at {pointer}\n    there: {text[:500]}") from None
    return value if isinstance(value, str) else json.dumps(value)


@statement("api NOUN FILE [edit /POINTER=VALUE ...] [key KEY] [header NAME=VALUE ...] -> STATUS "
           "[capture NAME /POINTER ...] [contains TEXT ...] [lacks TEXT ...]",
           "Posts test/fixture/api/FILE to /api/v1/NOUN with the key KEY ($key, if none is named). `capture` keeps the "
           "value at a JSON pointer of the answer; `$NAME` stands for it from then on, in edits and headers, too.")
def read_api(words):
    noun, name = words.next("a noun"), words.next("a file of test/fixture/api")
    try:
        body = shopify.fixture(f"api/{name}")
    except FileNotFoundError as error:
        raise FlowError(str(error)) from None
    edits, headers, key = [], {}, "$key"
    while keyword := words.maybe("edit", "key", "header"):
        if keyword == "key":
            key = words.next("a key")
        elif keyword == "header":
            headers.update([_pair(words, "NAME=VALUE")])
        else:
            edits.append(_pair(words, "/POINTER=VALUE"))
            while words.left and words.left[0].startswith("/"):
                edits.append(_pair(words, "/POINTER=VALUE"))
    status, captures, contents = words.status(), words.captures("a JSON pointer"), words.contents()

    def play(scene):
        sent = {"Content-Type": "application/json", "Authorization": f"Bearer {scene.fill(key)}"}
        sent.update({name: scene.fill(value) for name, value in headers.items()})
        filled = shopify.edit(body, [(place, scene.fill(value)) for place, value in edits])
        answer = scene.live.http("POST", f"/api/v1/{noun}", filled, sent)
        expect("status", answer.status, "==", status, answer.text[:500])
        for name, pointer in captures:
            scene.capture(name, found_at(pointer, answer.text))
        look_into(answer.text, [(has, scene.fill(text)) for has, text in contents])
    return play


@statement("capture NAME mail N PATTERN",
           "Keeps what a regular expression finds in the body of the N-th mail (`last`: the latest), its first group "
           "if it has one; `$NAME` stands for it from then on.")
def read_capture(words):
    name = words.name()
    words.must("mail")
    place, pattern = words.mail(), pattern_of(words.next("a pattern"))
    return lambda scene: scene.capture(name, found_in(pattern, mail_at(scene, place).body))


# ---- looks ------------------------------------------------------------------------------------

class Unmet(FlowError):
    """An expectation that did not come true."""


def expect(what, was, op, wanted, there=""):
    if not OPERATORS[op](number(was), wanted):
        raise Unmet(f"expected {what} {op} {wanted}\n    was: {was}" + (f"\n    there: {there}" if there else ""))


def look_into(text, contents):
    """Each `contains` must be found, in this order; each `lacks` nowhere."""
    at = 0
    for has, wanted in contents:
        found = text.find(wanted, at if has else 0)
        if has and found < 0:
            late = " (behind the one before)" if at and wanted in text else ""
            raise Unmet(f"expected it to contain {wanted!r}{late}\n    there: {text}")
        if not has and found >= 0:
            raise Unmet(f"expected it to lack {wanted!r}\n    there: {text}")
        at = found + len(wanted) if has else at


COUNTED = {"event": "kind", "message": "state", "delivery": "state", "inbox": "state", "run": "state"}


@statement("expect event KIND | message STATE | delivery STATE | inbox STATE | run STATE | order | customer | "
           "mail | mail ids | sql \"SELECT ...\" | stats PATH  OP VALUE [shop SLUG]",
           "Counts rows, mails that arrived (`mail ids`: different Message-IDs), one value of a query, or one "
           f"number of `postlude stats --json` (messages.accepted). OP: {' '.join(OPERATORS)} (~ contains).", look=True)
def read_expect(words):
    noun = words.must(*COUNTED, "order", "customer", "mail", "sql", "stats")
    detail = None
    if noun in COUNTED:
        detail = words.next(f"the {COUNTED[noun]}")
    elif noun in ("sql", "stats"):
        detail = words.next("a query" if noun == "sql" else "a path")
    elif noun == "mail":
        detail = words.maybe("ids")
    op, wanted = words.comparison()
    shop = words.next("a slug") if words.maybe("shop") else None

    def play(scene):
        expect(" ".join(filter(None, (noun, detail))), measure(scene, noun, detail, shop), op, wanted)
    return play


def measure(scene, noun, detail, shop):
    if noun == "mail":
        return len({mail.id for mail in scene.mails} if detail else scene.mails)
    if noun == "sql":
        rows = scene.server.rows(detail)
        return rows[0][0] if rows else "(no row)"
    if noun == "stats":
        found = scene.server.stats(shop)
        for key in detail.split("."):
            found = found.get(key, 0) if isinstance(found, dict) else found
        return found
    return scene.count(noun, COUNTED.get(noun), detail, shop)


MAIL_PARTS = {
    "to": lambda mail: " ".join(mail.recipients), "from": lambda mail: str(mail.message["from"]),
    "sender": lambda mail: mail.sender, "subject": lambda mail: mail.subject, "body": lambda mail: mail.body,
    "text": lambda mail: mail.part("plain"), "html": lambda mail: mail.part("html"),
    "raw": lambda mail: mail.raw.decode("utf-8", "replace"),
}


def mail_at(scene, place):
    mails = scene.mails
    if not mails or (place != "last" and place > len(mails)):
        raise Unmet(f"expected a mail {place}\n{scene.show_mails()}")
    return mails[-1 if place == "last" else place - 1]


@statement("mail N [to ADDRESS] [from|sender|subject|body|text|html|raw|header:NAME OP TEXT] ...",
           "Looks at the N-th mail that arrived (`last`: the latest). `sender` is the envelope's, `body` both parts.",
           look=True)
def read_mail(words):
    place = words.mail()
    checks = []
    while words.left:
        part = words.next("a part")
        if part == "to":
            checks.append((part, "==", words.next("an address")))
        elif part in MAIL_PARTS or part.startswith("header:"):
            checks.append((part, words.must(*OPERATORS), words.next("a text")))
        else:
            raise FlowError(f"`{part}`: here stands {' '.join(MAIL_PARTS)} or header:NAME")

    def play(scene):
        mail = mail_at(scene, place)
        for part, op, wanted in checks:
            was = MAIL_PARTS[part](mail) if part in MAIL_PARTS else str(mail.message[part[7:]])
            expect(f"mail {place} {part}", was, op, wanted)
    return play


@statement("get PATH -> STATUS [contains TEXT ...] [lacks TEXT ...]", "Fetches a page.", look=True)
def read_get(words):
    path, status, contents = words.next("a path"), words.status(), words.contents()

    def play(scene):
        look_at_page(scene.live.http("GET", scene.fill(path)), status, contents)
    return play


@statement("ask PATH [key KEY] -> STATUS [contains TEXT ...] [lacks TEXT ...]",
           "Asks the API with a key ($key, if none is named): `ask deliveries/$told -> 200 contains done`.", look=True)
def read_ask(words):
    path = words.next("a path behind /api/v1/")
    key = words.next("a key") if words.maybe("key") else "$key"
    status, contents = words.status(), words.contents()

    def play(scene):
        sent = {"Authorization": f"Bearer {scene.fill(key)}"}
        look_at_page(scene.live.http("GET", f"/api/v1/{scene.fill(path)}", None, sent), status, contents)
    return play


@statement("page order NAME [forged] [-> STATUS] [contains TEXT ...] [lacks TEXT ...]",
           "Fetches the order's page through the link in its mail; `forged` changes one character of the token.",
           look=True)
def read_page(words):
    words.must("order")
    name, forged = words.next("an order"), words.maybe("forged")
    status = words.status() if words.left and words.left[0] == "->" else 200
    contents = words.contents()

    def play(scene):
        path = scene.page_of(name)
        if forged:
            path = path[:-1] + ("a" if path[-1] != "a" else "b")
        look_at_page(scene.live.http("GET", path), status, contents)
    return play


def look_at_page(answer, status, contents):
    expect("status", answer.status, "==", status, answer.text[:500])
    look_into(answer.text, contents)


@statement("trace NOUN WHICH contains TEXT ... [lacks TEXT ...]",
           f"`postlude trace` of order NAME, or of the WHICH-th of {' '.join(noun for noun in TABLES if noun != 'order')}. "
           "Texts are looked for in this order.", look=True)
def read_trace(words):
    noun, which = words.must(*TABLES), words.next("which one")
    contents = words.contents()
    if not contents:
        raise FlowError("contains TEXT is missing")

    def play(scene):
        look_into(scene.server.cli("trace", str(scene.id_of(noun, which))), contents)
    return play


# ---- a scenario -----------------------------------------------------------------------------------

def _pair(words, form):
    key, equals, value = words.next(form).partition("=")
    if not equals:
        raise FlowError(f"`{key}`: here stands {form}")
    return key, value


def parse(text, name):
    """The steps of a scenario. FlowError with its place at the first statement that cannot be read."""
    steps = []
    for row, line in enumerate(text.splitlines(), 1):
        place = f"{name}:{row}"
        try:
            words = split(line)
            if not words:
                continue
            if words[0] not in STATEMENTS:
                raise FlowError(f"`{words[0]}` is no statement; there are {' '.join(STATEMENTS)}")
            found, rest = STATEMENTS[words[0]], Words(words[1:], row)
            play = found.read(rest)
            rest.end()
        except FlowError as error:
            usage = f"\n    usage: {STATEMENTS[words[0]].usage}" if words and words[0] in STATEMENTS else ""
            raise FlowError(error.text + usage, place) from None
        steps.append(Step(place, line.strip(), play, found.look))
    if not steps:
        raise FlowError("there is no statement in it", name)
    return steps


def load(path):
    path = Path(path)
    name = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
    return parse(path.read_text("utf-8"), name)


def play_step(scene, step):
    """Plays one step; whatever goes wrong comes back as FlowError with its place. Died passes."""
    try:
        step.play(scene)
    except Died:
        raise
    except (FlowError, Failed) as error:
        more = f"\n{scene.show_mails()}\n{scene.traces()}" if isinstance(error, Unmet) else ""
        raise FlowError(f"{step.text}\n    {error}{more}", step.place) from None
    except Exception:
        raise FlowError(f"{step.text}\n    the driver stumbled:\n{traceback.format_exc()}", step.place) from None


def play(steps, program=None):
    """Plays a scenario from beginning to end and lets the server stop cleanly."""
    scene = Scene(program)
    try:
        for step in steps:
            try:
                play_step(scene, step)
            except Died as error:
                raise FlowError(f"{step.text}\n    {error}", step.place) from None
        finish(scene, steps[-1])
    finally:
        scene.close()


def finish(scene, last):
    """A server that complains or does not stop fails the scenario that it served."""
    try:
        scene.server.stop()
    except Failed as error:
        raise FlowError(str(error), last.place) from None
    complaints = scene.server.complaints()
    if complaints:
        raise FlowError("the server complains:\n" + "\n".join(complaints) + "\n" + scene.server.tail(40), last.place)
