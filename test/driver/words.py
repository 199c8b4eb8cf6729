"""words.py - a statement's words, read one by one, and the error that names its place."""

import datetime
import operator
import re
import zoneinfo

SPAN_MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
OPERATORS = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le,
    ">": operator.gt, ">=": operator.ge,
    "~": lambda was, wanted: str(wanted).lower() in str(was).lower(),
}
_PIECE = re.compile(r'"((?:[^"\\]|\\.)*)"|([^\s"]+)|(\s+)')


class FlowError(Exception):
    """A scenario that cannot be read, or that did not come true. str() begins with file:line."""

    def __init__(self, text, place=None):
        super().__init__(text)
        self.text, self.place = text, place

    def __str__(self):
        return f"{self.place}: {self.text}" if self.place else self.text


def split(line):
    """Words of a line: blanks part them, "quotes" keep them together (\\" and \\\\ inside), and a word
    that is just # begins a comment."""
    words, word, at = [], None, 0
    while at < len(line):
        piece = _PIECE.match(line, at)
        if piece is None:
            raise FlowError(f"a quote is not closed: {line[at:]}")
        quoted, plain, blank = piece.groups()
        if blank is not None:
            if word is not None:
                words.append(word)
            word = None
        elif plain == "#" and word is None:
            break
        else:
            text = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else plain
            word = (word or "") + text
        at = piece.end()
    return words + ([word] if word is not None else [])


def number(text):
    """An int where it is one, else the text: so that 2 is not less than 10 by spelling."""
    return int(text) if re.fullmatch(r"-?\d+", str(text)) else text


class Words:
    """What is left to read of the statement that stands in line `row`."""

    def __init__(self, words, row):
        self.left, self.row = list(words), row

    def next(self, what):
        if not self.left:
            raise FlowError(f"{what} is missing")
        return self.left.pop(0)

    def maybe(self, *keywords):
        """Takes the next word if it is one of the keywords."""
        return self.left.pop(0) if self.left and self.left[0] in keywords else None

    def must(self, *keywords):
        word = self.next(" or ".join(keywords))
        if word not in keywords:
            raise FlowError(f"`{word}`: here stands {' or '.join(keywords)}")
        return word

    def int(self, what):
        word = self.next(what)
        if not re.fullmatch(r"\d+", word):
            raise FlowError(f"`{word}`: {what} is a number")
        return int(word)

    def end(self):
        if self.left:
            raise FlowError(f"`{self.left[0]}`: nothing more stands here")

    def pairs(self):
        """All that is left, as key=value."""
        found = {}
        while self.left:
            key, equals, value = self.left.pop(0).partition("=")
            if not equals:
                raise FlowError(f"`{key}`: here stand settings, key=value")
            found[key] = value
        return found

    def span(self):
        """A length of time in ms, as typed and as number."""
        word = self.next("a length of time")
        found = re.fullmatch(r"(\d+)(ms|s|m|h|d)", word)
        if not found:
            raise FlowError(f"`{word}`: a length of time is 7d, 5h, 90m, 10s or 250ms")
        return word, int(found[1]) * SPAN_MS[found[2]]

    def moment(self):
        """`2026-03-02 10:00 [ZONE]` in ms UTC."""
        text = self.next("a date") + " " + self.next("a time")
        zone = self.left.pop(0) if self.left else "UTC"
        try:
            when = datetime.datetime.fromisoformat(text).replace(tzinfo=zoneinfo.ZoneInfo(zone))
        except (ValueError, zoneinfo.ZoneInfoNotFoundError) as error:
            raise FlowError(f"`{text} {zone}`: {error}") from None
        return round(when.timestamp() * 1000)

    def status(self):
        """`-> 200`"""
        self.must("->")
        return self.int("a status")

    def comparison(self):
        """`== VALUE` as (operator, wanted)."""
        return self.must(*OPERATORS), number(self.next("a value"))

    def name(self):
        word = self.next("a name")
        if not re.fullmatch(r"[a-z]+", word):
            raise FlowError(f"`{word}`: a name is small letters")
        return word

    def mail(self):
        """`last`, or which mail it is."""
        return "last" if self.maybe("last") else self.int("which mail")

    def captures(self, what):
        """Any number of `capture NAME WHAT`: [(name, what)]."""
        found = []
        while self.maybe("capture"):
            found.append((self.name(), self.next(what)))
        return found

    def contents(self):
        """Any number of `contains TEXT...` and `lacks TEXT...`: [(has, text)]; to the end."""
        found = []
        while self.left:
            has = self.must("contains", "lacks") == "contains"
            found.append((has, self.next("a text")))
            while self.left and self.left[0] not in ("contains", "lacks"):
                found.append((has, self.left.pop(0)))
        return found
