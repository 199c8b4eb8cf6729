"""latency: from an order's webhook to its mail accepted, one order each 100 ms.

First with nothing else to do, then while 100,000 mails of a lower lane leave. A mail's moment is
when the sink writes its 250; an order's moment is when it was due, so a stalled server cannot hide.
"""

import array

from . import lane
from .figure import Aim
from .load import Orders
from .postlude import Postlude
from .process import BenchError
from .scratch import scratch
from .sink import BULK, OwnSink

AIMS = [Aim("idle_p99", "<=", 100), Aim("busy_p99", "<=", 2000)]
RATE, ORDERS, LOWER = 10, 300, 100000


def quantile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def times_read(path):
    """{number: (due ns, acknowledged ns)}"""
    numbers = array.array("Q")
    numbers.frombytes(path.read_bytes())
    return dict(zip(numbers[0::3], zip(numbers[1::3], numbers[2::3])))


def latencies(sent, rows):
    """Milliseconds from due to accepted, of every order; fails when one is missing or double."""
    came = [(number, ns) for ns, number, _ in rows if not number & BULK]
    if len(came) != len(sent) or {number for number, _ in came} != set(sent):
        raise BenchError(
            f"{len(sent)} orders, {len(came)} confirmations of {len(dict(came))} orders"
        )
    return [(ns - sent[number][0]) / 1e6 for number, ns in came]


def phase_run(figures, phase, count, lower, keep):
    with scratch(keep) as folder, OwnSink(folder) as sink, Postlude(
        folder, sink.port, before_start=lambda ours: lane.fill(ours, lower)
    ) as ours:
        times = folder / "times"
        if lower:
            ours.server.wait(lambda: sink.count()[1] > 0, 30, "to send mails of the lower lane")
        report = Orders().post(
            ours.port, count, "--new-buyers", "--times", times, rate=RATE, connections=4
        )
        bulk_before_end = sink.count()[1]
        ours.wait_mails(sink, count + lower)
        sent = times_read(times)
        ours.counts_check(count, count + lower)
        values = latencies(sent, sink.rows())
    if lower and bulk_before_end >= lower:
        raise BenchError(
            f"the {lower} mails of the lower lane had left before the last order came: take more"
        )
    figures.add(f"{phase}_p50", "ours", quantile(values, 0.5), "ms")
    figures.add(f"{phase}_p99", "ours", quantile(values, 0.99), "ms")
    figures.add(f"{phase}_max", "ours", max(values), "ms")
    figures.add(f"{phase}_acknowledged_p99", "ours", report["p99_us"] / 1000, "ms")
    figures.note(phase=phase, report=report, lower=lower, lower_gone_at_end=bulk_before_end)


def run(figures, options):
    count = 50 if options.quick else int((options.seconds or ORDERS / RATE) * RATE)
    for _ in range(options.runs):
        phase_run(figures, "idle", count, 0, options.keep)
        phase_run(figures, "busy", count, options.lower or LOWER, options.keep)
