"""The README's pictures: the demo shop as it is, small enough to be looked at on the way.

PICTURES=1 keeps them in doc/picture/.
"""
import json
import os
import pathlib
import re
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(HERE.parent / "page")]
import browser  # noqa: E402
import staff  # noqa: E402

from driver.server import Server  # noqa: E402

MOST_BYTES = 120 * 1000
WIDE, PHONE, LOW, TALL, TALL_WIDE = (1100, 760), (390, 760), (1100, 620), (940, 1120), (1040, 820)


@pytest.fixture(scope="module")
def pages():
    """{name of the picture: (address, width and height, cookies)}"""
    with Server(options=["--dev"]) as server:
        server.start()
        server.control("at 2026-11-22T20:00:00Z")
        base = f"http://127.0.0.1:{server.port}"
        server.cli("demo", "--url", base, seconds=120)
        server.cli("shop", "set", "demo", f"public_url={base}")
        server.control("work", seconds=180)
        owner = staff.owner(server)
        cookies = [{"name": name, "value": value, "url": base} for name, value in owner.cookies.items()]
        # an order whose parcel comes today, and the mail that said so first
        (order,), = server.rows(
            "SELECT o.id FROM orders AS o JOIN shipment AS s ON s.order_id = o.id "
            "JOIN message AS m ON m.order_id = o.id "
            "WHERE s.state = 'out_for_delivery' AND m.template = 'order_confirmation' AND m.state = 'accepted' "
            "AND m.locale LIKE 'en%' ORDER BY o.name LIMIT 1")
        (mail,), = server.rows(f"SELECT id FROM message WHERE order_id = {order} AND template = 'order_confirmation'")
        raw = server.http("GET", f"/dev/mail/{mail}/raw").text
        page = re.search(r"/o/[\w.~-]+", raw.replace("=\r\n", "").replace("=\n", ""))[0]
        yield {"mail": (f"{base}/dev/mail/{mail}", WIDE, []), "order": (base + page, PHONE, []),
               "mails": (f"{base}/s/demo/settings/mails/order_confirmation", TALL_WIDE, cookies),
               "today": (f"{base}/s/demo", LOW, cookies), "story": (f"{base}/s/demo/orders/{order}", TALL, cookies)}


def test_pictures(pages, tmp_path):
    folder = ROOT / "doc/picture" if os.environ.get("PICTURES") else tmp_path
    asks = [{"url": url, "width": size[0], "height": size[1], "cookies": cookies, "file": str(folder / f"{name}.png")}
            for name, (url, size, cookies) in pages.items()]
    done = subprocess.run([browser.node(), "test/browser/shots.mjs"], input="\n".join(map(json.dumps, asks)), cwd=ROOT,
                          capture_output=True, text=True, timeout=120, check=True)
    assert [json.loads(line)["status"] for line in done.stdout.splitlines()] == [200] * len(asks)
    for name in pages:
        assert 10000 < (folder / f"{name}.png").stat().st_size < MOST_BYTES, name


def test_the_readme_shows_them(pages):
    shown = re.findall(r"\(doc/picture/(\w+)\.png\)", (ROOT / "README.md").read_text())
    assert sorted(shown) == sorted(pages)
    assert all((ROOT / f"doc/picture/{name}.png").stat().st_size < MOST_BYTES for name in shown)
