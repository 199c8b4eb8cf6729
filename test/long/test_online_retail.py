"""A real shop's year, 541,909 lines: imported as history it agrees with its published figures and causes no mail; as live
every one of its 18,532 sales is confirmed to its buyer, through a mail server, once; again it sends nothing."""

import lzma
import re
import shutil
import subprocess
import sys

import pytest

from driver.server import ROOT, Server
from driver.sink import Sink

sys.path.insert(0, str(ROOT / "test/import"))
from online_retail import Figures  # noqa: E402

SOURCE = ROOT.parent / "shared/data/online_retail/online_retail.csv.xz"
MAP = ROOT / "test/import/online_retail.map"
# ../shared/data/README.md, "Figures to check against"
PUBLISHED = {"customers": 4372, "invoices": 25900, "codes": 4070, "countries": 38, "cancelled lines": 9288, "sum": "9747747.934",
             "cleaned lines": 397884, "buyers": 4338, "orders": 18532, "revenue": "8911407.904"}


def bring(server, *options):
    done = subprocess.run([server.program, "import", "--data", str(server.data), "--shop", "demo", "--format", "columns",
                           "--map", str(MAP), *options], capture_output=True, text=True, timeout=1800, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_online_retail(tmp_path):
    if not SOURCE.exists():
        pytest.skip("../shared/data/online_retail is not there")
    table = tmp_path / "online_retail.csv"
    with lzma.open(SOURCE, "rb") as packed, open(table, "wb") as out:
        shutil.copyfileobj(packed, out)
    figures = Figures(table)
    assert PUBLISHED == {
        "customers": len(figures.all_customers), "invoices": figures.invoices, "codes": len(figures.codes),
        "countries": len(figures.countries), "cancelled lines": figures.cancelled_lines, "sum": str(figures.raw_sum),
        "cleaned lines": figures.cleaned_lines, "buyers": len(figures.buyers), "orders": len(figures.sold), "revenue": str(figures.cleaned_sum)}
    sink = Sink()
    with Server() as server:
        server.cli("shop", "add", "demo", "--name", "Demo", "--currency", "GBP", "--zone", "Europe/London", "--locale", "en")
        server.cli("shop", "set", "demo", "live_since=2009-01-01T00:00:00Z", "mail.from=Demo <demo@example.com>",
                   f"smtp.url={sink.url}", "legal.address=1 Street, London")
        said = bring(server, str(table))
        assert "25,900 records read = 25,900 new + 0 changed + 0 same + 0 older + 0 rejected" in said
        figures.compare(server)
        server.start()
        server.control("work", seconds=600)
        assert sink.mails == [] and server.rows("SELECT count(*) FROM message") == [(0,)]
        server.stop()
        told = server.cli("import", "--undo", re.search(r"im_\w+", said).group(), seconds=600)
        assert "orders: 25,900 taken back, 0 left" in told
        bring(server, "--as-live", str(table))
        server.start()
        server.control("work", seconds=3600)
        figures.compare_mails(server, [mail.recipients[0] for mail in sink.mails])
        assert len(figures.sales) == 18532
        count = len(sink.mails)
        bring(server, "--as-live", "--again", str(table))  # through the running server
        server.control("work", seconds=600)
        assert len(sink.mails) == count
        server.stop()
    sink.close()
