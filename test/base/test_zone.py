"""Every time zone of the system, before, at and after each of its changes, against Python's zoneinfo."""

import datetime
import pathlib
import random
import shutil
import subprocess
import zoneinfo

import pytest

from probe import Probe

EPOCH = datetime.datetime(1970, 1, 1)
NAMES = sorted(name for name in zoneinfo.available_timezones()
               if name[0].isupper() and pathlib.Path("/usr/share/zoneinfo", name).is_file())
FROM, UNTIL = -5_000_000_000, 4_300_000_000  # 1811 to 2106, in seconds


def offset(zone, second):
    moment = datetime.datetime.fromtimestamp(second, zone)
    return moment.utcoffset(), moment.tzname()


def changes(zone, begin=FROM):
    """The first second of each new offset or name, found by halving steps of a week."""
    step, found = 7 * 86400, []
    before = offset(zone, begin)
    for start in range(begin, UNTIL, step):
        after = offset(zone, start + step)
        if after == before:
            continue
        low, high = start, start + step
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if offset(zone, middle) == before else (low, middle)
        found.append(high)
        before = after
    return found


def naive(second):
    return EPOCH + datetime.timedelta(seconds=second)


def local_answer(zone, local):
    """Python knows folds and gaps the same way: fold=0 is the first, and a gap moves forward."""
    return round((local.replace(tzinfo=zone) - EPOCH.replace(tzinfo=datetime.timezone.utc))
                 .total_seconds() * 1000)


def test_names():
    assert len(NAMES) > 400


@pytest.mark.parametrize("part", range(4))
def test_every_zone(probe, part):
    dice = random.Random(part)
    for name in NAMES[part::4]:
        zone = zoneinfo.ZoneInfo(name)
        turns = changes(zone)
        moments = sorted({turn + near for turn in turns for near in (-1, 0, 1, 3600)}
                         | {dice.randrange(FROM, UNTIL) for _ in range(20)})
        answers = probe.ask(*(b"zone %s %d" % (name.encode(), moment * 1000) for moment in moments))
        for moment, answer in zip(moments, answers):
            there = datetime.datetime.fromtimestamp(moment, zone)
            expected = "%d %s %s" % (there.utcoffset().total_seconds() * 1000, there.tzname(),
                                     there.replace(tzinfo=None).isoformat())
            assert answer.decode() == expected, (name, moment)

        walls = {naive(turn + near) + offset(zone, turn + side)[0]
                 for turn in turns for side in (-1, 0)
                 for near in (-86400, -5400, -3600, -1800, -1, 0, 1, 1799, 1800, 3599, 3600, 5400, 86400)}
        walls |= {naive(dice.randrange(FROM, UNTIL)) for _ in range(20)}
        walls = sorted(walls)
        answers = probe.ask(*(b"local %s %d %d %d %d %d %d" % (
            name.encode(), wall.year, wall.month, wall.day, wall.hour, wall.minute, wall.second)
            for wall in walls))
        for wall, answer in zip(walls, answers):
            assert int(answer) == local_answer(zone, wall), (name, wall)


def test_rules(tmp_path):
    """Debian's files spell out every change up to 2037. Slim ones, as other systems have them, leave
    most of it to the rule at their end."""
    zic = shutil.which("zic", path="/usr/sbin:/usr/bin:/sbin:/bin")
    if not zic:
        pytest.skip("no zic")
    subprocess.run([zic, "-b", "slim", "-d", tmp_path, "/usr/share/zoneinfo/tzdata.zi"], check=True)
    probe = Probe(TZDIR=str(tmp_path))
    for name in NAMES:
        if not (tmp_path / name).is_file():
            continue
        with open(tmp_path / name, "rb") as file:
            zone = zoneinfo.ZoneInfo.from_file(file)
        moments = sorted({turn + near for turn in changes(zone, 1_700_000_000) for near in (-1, 0)})
        answers = probe.ask(*(b"zone %s %d" % (name.encode(), moment * 1000) for moment in moments))
        for moment, answer in zip(moments, answers):
            there = datetime.datetime.fromtimestamp(moment, zone)
            expected = "%d %s" % (there.utcoffset().total_seconds() * 1000, there.tzname())
            assert answer.decode().startswith(expected), (name, moment)
    probe.close()


def test_unknown_names(probe):
    for name, near in {"Europe/Pariss": "Europe/Paris", "europe/berlin": "Europe/Berlin",
                       "Lisbon": "Europe/Lisbon", "America/NewYork": "America/New_York",
                       "US/Estern": "US/Eastern", "Utc": "UTC"}.items():
        answer = probe.ask(b"zone %s 0" % name.encode())[0].decode()
        assert answer == f'error bad_input there is no time zone "{name}"; did you mean {near}?'
    for name in ("", "Mars/Olympus_Mons", "../../../etc/passwd", "/etc/localtime", "right/Europe/Paris",
                 "posix/Europe/Paris", "tzdata.zi", "CET-1CEST,M3.5.0,M10.5.0", "Foo5Bar", "Europe",
                 "Europe/", "+25", "+2:", "+02:60", "+020", "+1:00", "localtime", "\xff"):
        answer = probe.ask(b"zone %s 0" % name.encode("latin-1"))[0].decode()
        assert answer.startswith("error bad_input there is no time zone"), (name, answer)


def test_fixed_offsets(probe):
    for name, milliseconds in {"+02:00": 7200000, "-0330": -12600000, "+5": 18000000, "-00:00": 0,
                               "+0545": 20700000, "-11": -39600000}.items():
        assert probe.ask(b"zone %s 0" % name.encode())[0].split()[0] == b"%d" % milliseconds
