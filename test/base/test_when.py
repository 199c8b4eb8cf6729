"""Moments as text, against Python's datetime and email.utils."""

import datetime
import email.utils
import random

import pytest

UTC = datetime.timezone.utc
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=UTC)


def milliseconds(moment):
    return (moment - EPOCH) // datetime.timedelta(milliseconds=1)


def moments(count):
    dice = random.Random(5)
    for _ in range(count):
        zone = datetime.timezone(datetime.timedelta(minutes=dice.randrange(-14 * 60, 14 * 60 + 1)))
        span = dice.choice([10 ** 9, 4 * 10 ** 9, 5 * 10 ** 10])
        yield (EPOCH + datetime.timedelta(seconds=dice.randrange(-span, span),
                                          microseconds=dice.randrange(10 ** 6))).astimezone(zone)


def test_iso_forms(probe):
    questions, expected = [], []
    for moment in moments(3000):
        cut = moment.replace(microsecond=0)
        minute = cut.replace(second=0)
        offset = moment.strftime("%z")
        for text, meant in (
                (moment.isoformat(), moment), (cut.isoformat(), cut),
                (cut.isoformat(sep=" ")[:19] + " " + offset, cut),
                (moment.isoformat()[:19] + "," + moment.strftime("%f")[:2] + offset,
                 moment.replace(microsecond=moment.microsecond // 10000 * 10000)),
                (f"{moment.year:04}" + cut.strftime("%m%dT%H%M%S") + offset, cut),
                (f"{moment.year:04}" + cut.strftime("-%m-%dT%H:%M") + offset, minute),
                (moment.astimezone(UTC).isoformat()[:19] + "Z", cut),
                (moment.astimezone(UTC).isoformat(sep=" ")[:19] + " UTC", cut),
                (moment.astimezone(UTC).isoformat()[:19].lower(), cut),
                (f"{moment.year:04}" + moment.strftime("-%m-%d"),
                 datetime.datetime(moment.year, moment.month, moment.day, tzinfo=UTC))):
            questions.append(b"when UTC " + text.encode())
            expected.append((text, milliseconds(meant)))
    for (text, meant), answer in zip(expected, probe.ask(*questions)):
        assert answer == b"%d" % meant, text


def test_local_times(probe):
    """A time without offset is the zone's; 02:30 on the two nights is 03:30 and the first 02:30."""
    for text, meant in {"2026-07-01T12:00:00": "2026-07-01T10:00:00Z", "2026-07-01": "2026-06-30T22:00:00Z",
                        "2026-03-29 02:30:00": "2026-03-29T01:30:00Z",
                        "2026-10-25 02:30:00": "2026-10-25T00:30:00Z",
                        "2026-07-01T12:00:00Z": "2026-07-01T12:00:00Z",
                        "2026-07-01T24:00:00": "2026-07-01T22:00:00Z",
                        "2016-12-31T23:59:60Z": "2016-12-31T23:59:59.999Z"}.items():
        answer, asked = probe.ask(b"when Europe/Paris " + text.encode(), b"when UTC " + meant.encode())
        assert answer == asked, text


@pytest.mark.parametrize("text", [
    "", " ", "yesterday", "2026", "2026-05", "2026-5-1", "2026-13-01", "2026-00-10", "2026-02-29",
    "2026-04-31", "0000-01-01", "20260501T", "2026-05-01T", "2026-05-01T1", "2026-05-01T25:00",
    "2026-05-01T24:01", "2026-05-01T10:60", "2026-05-01T10:00:61", "2026-05-01T10:00:00.",
    "2026-05-01T10:00:00+2", "2026-05-01T10:00:00+24:00", "2026-05-01T10:00:00+02:60",
    "2026-05-01T10:00:00Zx", "2026-05-01T10:00:00 +02:00 x", "2026-05-01T10:00:00 CEST", "1493632800",
    "2026-0501", "202605-01", "2026-05-01T10:0000", "01.05.2026", "05/01/2026", "2026-05-01T10:00:00--02"])
def test_refused(probe, text):
    answer = probe.ask(b"when UTC " + text.encode())[0].decode()
    assert answer == f'error bad_input "{text}" is no date and time; send one like 2026-05-01T10:00:00Z'


def test_shown(probe):
    questions = [b"show %d" % milliseconds(moment) for moment in moments(3000)]
    for moment, answer in zip(moments(3000), probe.ask(*questions)):
        moment = moment.astimezone(UTC)
        iso, mail, http = answer.decode().split("\t")
        assert iso == moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        assert mail == email.utils.format_datetime(moment)
        assert http == email.utils.format_datetime(moment, usegmt=True)


def test_mail_dates(probe):
    texts = [email.utils.format_datetime(moment) for moment in moments(3000) if moment.year >= 1950]
    texts += ["Fri, 21 Nov 1997 09:55:06 -0600", "21 Nov 97 09:55:06 GMT", "Thu, 13 Feb 1969 23:32:54 -0330",
              "Tue, 1 Jul 2003 10:52:37 +0200", "Sun, 06 Nov 1994 08:49:37 GMT",
              "Fri, 21 Nov 1997 09(comment):   55  :  06 -0600"[:0] or "Mon, 1 Dec 2025 09:55 EST",
              "Mon, 1 Dec 2025 09:55:00 PDT (a (nested) comment)", "1 Jan 2026 00:00:00 -0000"]
    for text, answer in zip(texts, probe.ask(*(b"mail " + text.encode() for text in texts))):
        meant = email.utils.parsedate_to_datetime(text)
        if meant.tzinfo is None:
            meant = meant.replace(tzinfo=UTC)
        assert answer == b"%d" % milliseconds(meant), text


def test_http_dates(probe):
    """The three forms of RFC 9110 5.6.7 for one moment."""
    for text in ("Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"):
        assert probe.ask(b"mail " + text.encode()) == [b"784111777000"]


@pytest.mark.parametrize("text", [
    "", "now", "32 May 2026 10:00:00 +0000", "1 Mai 2026 10:00:00 +0000", "Fri, 1 May 10:00:00 +0000",
    "1 May 2026", "1 May 2026 10", "1 May 2026 10:00:00 +02", "1 May 2026 10:00:00 +0200 x", "(", "1 May 2026 1000 (\\"])
def test_mail_dates_refused(probe, text):
    assert probe.ask(b"mail " + text.encode())[0].startswith(b"error bad_input ")
