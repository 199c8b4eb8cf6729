"""latency: from an order's webhook to its mail accepted.

First an order each 100 ms with nothing else to do, then one each 25 ms while 100,000 mails of a
lower lane leave. A mail's moment is when the sink writes its 250; an order's moment is when it was
due, so a stalled server cannot hide.
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
ORDERS, LOWER = 300, 100000
IDLE_RATE, BUSY_RATE = 10, 40  # orders a second; busy, all come before the lower lane is empty


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
    rate = BUSY_RATE if lower else IDLE_RATE
    fill = (lambda ours: lane.fill(ours, lower)) if lower else None
    seeds = 1 if lower else 0  # an order that was served before
    with scratch(keep) as folder, OwnSink(folder) as sink:
        with Postlude(folder, sink.port, before_start=fill) as ours:
            if lower:
                ours.server.wait(lambda: sink.count()[1] > 0, 30, "to send the lower lane")
            times = folder / "times"
            more = ("--new-buyers", "--times", times)
            report = Orders().post(ours.port, count, *more, rate=rate, connections=4)
            lower_gone = sink.count()[1]
            ours.wait_mails(sink, count + lower)
            ours.counts_check(count + seeds, count + lower + seeds)
            values = latencies(times_read(times), sink.rows())
    if lower and lower_gone >= lower:
        raise BenchError(f"{lower} mails of the lower lane left before the last order came: more!")
    figures.add(f"{phase}_p50", "ours", quantile(values, 0.5), "ms")
    figures.add(f"{phase}_p99", "ours", quantile(values, 0.99), "ms")
    figures.add(f"{phase}_max", "ours", max(values), "ms")
    figures.add(f"{phase}_acknowledged_p99", "ours", report["p99_us"] / 1000, "ms")
    figures.note(phase=phase, report=report, lower=lower, lower_gone=lower_gone)


def run(figures, options):
    count = 50 if options.quick else ORDERS
    for _ in range(options.runs):
        phase_run(figures, "idle", count, 0, options.keep)
        phase_run(figures, "busy", count, options.lower or LOWER, options.keep)
