"""storm: nine copies of each webhook, shuffled, against our own intake of as many different ones.

A repeated delivery is known by its id alone: it costs a request, a signature and a look into an index, and no
order, no mail. So a storm may not be much slower than ordinary intake. Both loads are of the same number of
requests, each on a fresh server with all stages running; at the end each order is one, and each mail went once.
"""

from .figure import Aim
from .load import Orders
from .postlude import Postlude
from .process import BenchError, PssWatch, cpu_seconds
from .scratch import scratch
from .sink import OwnSink, distinct_check

AIMS = [Aim("storm", ">=", 0.8, peer="intake")]
COPIES, USUAL_SECONDS = 9, 30
ORDERS_PER_SECOND = 1000  # different ones; nine times as many requests


def load_run(figures, side, count, copies, keep):
    """`count` different orders, `copies` of each; requests a second until the last was acknowledged."""
    with scratch(keep) as folder, OwnSink(folder) as sink, Postlude(folder, sink.port) as ours:
        with PssWatch(ours) as watch:
            report = Orders().post(ours.port, count, "--copies", copies)
            ours.wait_mails(sink, count)
        if report["ok"] != count * copies:
            raise BenchError(f"{report['ok']} requests were acknowledged, not {count * copies}")
        cpu = cpu_seconds(ours.pids())
        distinct_check(sink.rows(), count)
        ours.counts_check(count, count)
    figures.add("storm", side, report["rate"], "requests/s")
    figures.add("p99", side, report["p99_us"] / 1000, "ms")
    figures.add("memory", side, watch.peak() / 1e6, "MB")
    figures.add("cpu", side, 1e6 * cpu / report["ok"], "us of processor a request")
    figures.note(side=side, report=report)


def run(figures, options):
    count = int((options.seconds or USUAL_SECONDS) * ORDERS_PER_SECOND)
    for _ in range(options.runs):
        if options.ours:
            load_run(figures, "ours", count, COPIES, options.keep)
        if options.peers:
            load_run(figures, "intake", count * COPIES, 1, options.keep)
    if not figures.series:
        raise BenchError("nothing to run")
