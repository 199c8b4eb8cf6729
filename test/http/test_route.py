"""engine/route.c and engine/asset.c over the wire."""
import hashlib
import json
import pathlib

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def test_a_page_is_rendered_with_its_template(probe):
    server = probe("log=1")
    answer = server.ask("GET", "/r/show/a%20b?x=1")
    assert (answer.status, answer.body) == (200, b"show.liquid of a b")
    assert answer.header("Content-Type") == "text/html; charset=utf-8"
    head = server.ask("HEAD", "/r/show/ab")
    assert (head.status, head.header("Content-Length")) == (200, "17")
    _, err = server.stop()
    assert "log method=GET route=/r/show/:name status=200" in err
    assert "a%20b" not in err and "a b" not in err


def test_a_handler_may_answer_or_fail_instead(probe):
    server = probe()
    there = server.ask("GET", "/r/show/elsewhere")
    assert (there.status, there.header("Location")) == (303, "/r/show/here")
    gone = server.ask("GET", "/r/show/gone", ["Accept: application/json"])
    assert (gone.status, json.loads(gone.body)["detail"]) == (404, "it is gone")


def test_nothing_there_and_the_wrong_method(probe):
    with probe().client() as client:
        assert client.ask("GET", "/r/none", ["Accept: application/json"]).status == 404
        wrong = client.ask("DELETE", "/r/store")
        assert (wrong.status, wrong.header("Allow")) == (405, "GET, HEAD, POST")
        options = client.ask("OPTIONS", "/r/store")
        assert (options.status, options.header("Allow")) == (204, "GET, HEAD, POST")
        assert client.ask("GET", "/r/show/%ff").status == 400


def test_get_cannot_write(probe):
    server = probe()
    assert server.ask("GET", "/r/store").body == b"reads"
    assert server.ask("POST", "/r/store").body == b"writes"


def test_who_may_come_in(probe):
    server = probe()
    assert server.ask("GET", "/r/staff").status == 401
    assert server.ask("GET", "/r/staff", ["Cookie: staff=1"]).body == b"reads"
    assert server.ask("GET", "/r/customer").header("Location") == "/sign-in"


@pytest.fixture(scope="module")
def asset():
    files = sorted(p for p in (ROOT / "ui/static").rglob("*") if p.is_file())
    if not files:
        pytest.skip("ui/static is empty")
    data = files[0].read_bytes()
    return files[0].relative_to(ROOT / "ui/static").as_posix(), data, \
        hashlib.sha256(data).hexdigest()[:16]


def test_a_static_file_is_kept_for_ever_under_its_hash(probe, asset):
    name, data, digest = asset
    with probe().client() as client:
        answer = client.ask("GET", f"/static/{digest}/{name}")
        assert (answer.status, answer.body) == (200, data)
        assert "max-age=31536000" in answer.header("Cache-Control")
        assert "immutable" in answer.header("Cache-Control")
        assert answer.header("ETag") == f'"{digest}"'
        for etag in [f'"{digest}"', f'"x", W/"{digest}"']:
            again = client.ask("GET", f"/static/{digest}/{name}", [f"If-None-Match: {etag}"])
            assert (again.status, again.body) == (304, b"")
        other = client.ask("GET", f"/static/{digest}/{name}", ['If-None-Match: "other"'])
        assert other.status == 200


def test_a_static_file_under_an_old_hash(probe, asset):
    name, data, _ = asset
    answer = probe().ask("GET", f"/static/0123456789abcdef/{name}")
    assert (answer.status, answer.body) == (200, data)
    assert answer.header("Cache-Control") == "no-cache"


@pytest.mark.parametrize("target", ["/static/x/none.css", "/static/x/../../sql/schema/core.sql",
                                    "/static/x/..%2f..%2fsql", "/static/x", "/static/x/"])
def test_what_is_no_static_file(probe, target):
    assert probe().ask("GET", target).status == 404
