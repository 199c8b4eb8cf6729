"""Red fixtures: each check of page_check.mjs finds its page, and nothing on a page that is fine."""
import functools
import http.server
import pathlib
import sys
import threading

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import browser  # noqa: E402

PAGES = pathlib.Path(__file__).resolve().parents[1] / "fixture" / "pages"


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def site():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=PAGES)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def chromium():
    with browser.Browser() as running:
        yield running


def test_a_fine_page_passes(site, chromium):
    assert chromium.check(f"{site}/fine.html", text=["Boots"]) == {check: [] for check in browser.CHECKS}


@pytest.mark.parametrize("check", browser.CHECKS)
def test_a_wrong_page_is_caught(site, chromium, check):
    found = chromium.check(f"{site}/{check}.html", text=["Order 1001"])
    assert [name for name in browser.CHECKS if found[name]] == [check], found


def test_words_that_must_be_there(site, chromium):
    assert chromium.check(f"{site}/fine.html", text=["Sandals"])["script"] == [
        "without JavaScript nobody can read: Sandals"]


def test_a_page_that_is_not_there(site, chromium):
    assert "404 for /gone.html" in chromium.check(f"{site}/gone.html")["errors"]


def test_a_page_that_keys_cannot_use_is_caught(site, chromium):
    assert chromium.check(f"{site}/fine.html", walk=True)["keys"] == []
    found = chromium.check(f"{site}/keys.html", walk=True)["keys"]
    assert any("no ring" in words for words in found) and any("no key reaches" in words for words in found), found


def test_words_that_became_a_page_are_caught(site, chromium):
    assert chromium.check(f"{site}/fine.html", strange=True)["strange"] == []
    found = chromium.check(f"{site}/strange.html", strange=True)["strange"]
    assert any("ran" in words for words in found) and any("onmouseover" in words for words in found), found
