"""page: order pages, 5,000 different ones, none twice in a row.

Against nginx that serves the same bytes as files.
"""

import json
import random

from .figure import Aim
from .load import Orders, pages_get
from .peers import NginxPages
from .postlude import SHOP, Postlude
from .process import BenchError, cpu_seconds
from .scratch import scratch
from .sink import OwnSink

AIMS = [Aim("requests", ">=", 0.5, peer="nginx"), Aim("p99", "<=", 5)]
PAGES, SECONDS = 5000, 10


def pages_list(ours, count):
    """The paths of the pages of all orders, `count` of them."""
    said = ours.verb("list", "orders", "--shop", SHOP, "--limit", count + 1, "--json")
    paths = [json.loads(line)["page"] for line in said.splitlines()]
    if len(paths) != count or len(set(paths)) != count:
        raise BenchError(f"{count} orders have {len(paths)} pages, {len(set(paths))} different")
    return paths


def pages_save(ours, paths, root):
    """Every page once, as files for nginx; the sum of their bytes."""
    total = 0
    for path in paths:
        status, body = ours.get(path)
        if status != 200 or len(body) < 500:
            raise BenchError(f"{path}: HTTP {status}, {len(body)} bytes")
        file = root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(body)
        total += len(body)
    return total


def side_run(figures, side, server, paths, seconds):
    before = cpu_seconds(server.pids())
    report = pages_get(server.port, paths, seconds)
    cpu = cpu_seconds(server.pids()) - before
    figures.add("requests", side, report["rate"], "requests/s")
    figures.add("p50", side, report["p50_us"] / 1000, "ms")
    figures.add("p99", side, report["p99_us"] / 1000, "ms")
    figures.add("cpu", side, 1e6 * cpu / report["ok"], "us of processor a page")
    figures.note(side=side, report=report)
    return report


def bytes_check(ours, theirs):
    """Both served the same pages; the last round through the list may be cut off."""
    mean = [report["body_bytes"] / report["ok"] for report in (ours, theirs)]
    if abs(mean[0] - mean[1]) > 0.02 * mean[1]:
        raise BenchError(f"pages of {mean[0]:.0f} bytes against {mean[1]:.0f}: not the same")


def run(figures, options):
    count, seconds = (500, 2) if options.quick else (PAGES, SECONDS)
    seconds = options.seconds or seconds
    with scratch(options.keep) as folder, OwnSink(folder) as sink, Postlude(
        folder, sink.port
    ) as ours:
        ours_orders = Orders().post(ours.port, count)["ok"]
        ours.wait_mails(sink, ours_orders)
        paths = pages_list(ours, count)
        random.Random(1).shuffle(paths)
        (folder / "paths").write_text("\n".join(paths) + "\n", encoding="utf-8")
        figures.add("page", "bytes", pages_save(ours, paths, folder / "root") / count, "bytes")
        with NginxPages(folder, folder / "root") as nginx:
            for _ in range(options.runs):
                mine = side_run(figures, "ours", ours, folder / "paths", seconds)
                theirs = side_run(figures, "nginx", nginx, folder / "paths", seconds)
                bytes_check(mine, theirs)
