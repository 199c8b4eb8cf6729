"""Mails out of a Maildir: whole ones only, each once, and nothing that a neighbour put there leads anywhere else."""

import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("POSTLUDE", ROOT / "build" / "postlude")).resolve().parent
PROBE = BUILD / "test" / "net" / "maildir_probe"

pytestmark = pytest.mark.skipif(not PROBE.exists(), reason=f"{PROBE} is not built")


@pytest.fixture
def box(tmp_path):
    for name in ("new", "cur", "tmp"):
        (tmp_path / "mail" / name).mkdir(parents=True)
    return tmp_path / "mail"


def run(box, *words):
    """Lines, or bytes for read; a failure is its slug and words."""
    done = subprocess.run([str(PROBE), str(box), *map(str, words)], stdout=subprocess.PIPE, check=False, timeout=20)
    if done.returncode == 0 and words[0] == "read":
        return done.stdout
    return done.stdout.decode().split("\n")[:-1] if done.returncode == 0 else done.stdout.decode().split(" ", 2)[1:]


def test_from_new_to_cur(box):
    (box / "tmp" / "1.half").write_bytes(b"half")
    (box / "new" / "2.b").write_bytes(b"Subject: b\n\n\0text\n")
    (box / "new" / "1.a").write_bytes(b"a" * 100000)
    (box / "new" / ".hidden").write_bytes(b"x")
    (box / "cur" / "0.old:2,S").write_bytes(b"old")
    assert run(box, "list", 10) == ["1.a", "2.b"]
    assert run(box, "read", "2.b", 1000) == b"Subject: b\n\n\0text\n"
    assert run(box, "read", "1.a", 100000) == b"a" * 100000
    assert run(box, "finish", "2.b", "S") == []
    assert run(box, "finish", "1.a", "") == []
    assert run(box, "list", 10) == []
    assert sorted(path.name for path in (box / "cur").iterdir()) == ["0.old:2,S", "1.a:2,", "2.b:2,S"]
    assert run(box, "read", "2.b", 1000)[0] == "not_found" and run(box, "finish", "2.b", "S")[0] == "not_found"


def test_many(box):
    for number in range(1000):
        (box / "new" / f"{number:04}.x").write_bytes(b"x")
    found = run(box, "list", 100)
    assert len(found) == 101 and found[-1] == "more" and found[:100] == sorted(found[:100])
    assert len(run(box, "list", 1000)) == 1000


def test_bounds(box):
    (box / "new" / "1.a").write_bytes(b"a" * 1001)
    assert run(box, "read", "1.a", 1000)[0] == "too_big"
    with open(box / "new" / "2.sparse", "wb") as file:
        file.truncate(1 << 40)
    assert run(box, "read", "2.sparse", 1 << 24)[0] == "too_big"


def test_what_is_no_mail(box, tmp_path):
    (tmp_path / "secret").write_text("secret")
    os.symlink(tmp_path / "secret", box / "new" / "1.link")
    os.mkfifo(box / "new" / "2.pipe")
    (box / "new" / "3.folder").mkdir()
    os.link(tmp_path / "secret", box / "new" / "4.hard")
    for name in ("1.link", "2.pipe", "3.folder"):
        assert run(box, "read", name, 1000)[0] == "bad_input"
        assert run(box, "finish", name, "T") == []  # so that it stands in nobody's way
    assert run(box, "list", 10) == ["4.hard"]
    assert (tmp_path / "secret").read_text() == "secret"


@pytest.mark.parametrize("name", ["../cur/0.old", "/etc/passwd", "..", ".", "", "a/b"])
def test_names_lead_nowhere(box, name):
    (box / "cur" / "0.old").write_bytes(b"x")
    assert run(box, "read", name, 1000)[0] == "bad_input"
    assert run(box, "finish", name, "S")[0] == "bad_input"


def test_nothing_is_written_over(box):
    (box / "new" / "1.a").write_bytes(b"new")
    (box / "cur" / "1.a:2,S").write_bytes(b"old")
    assert run(box, "finish", "1.a", "S")[0] == "conflict"
    assert (box / "cur" / "1.a:2,S").read_bytes() == b"old" and (box / "new" / "1.a").exists()
    (box / "new" / "2.b:2,F").write_bytes(b"moved back by somebody")
    assert run(box, "finish", "2.b:2,F", "S") == [] and (box / "cur" / "2.b:2,S").exists()


def test_no_maildir(tmp_path):
    assert run(tmp_path / "nowhere", "list", 10)[0] == "config"
    (tmp_path / "new").mkdir()
    assert run(tmp_path, "list", 10)[0] == "config"
