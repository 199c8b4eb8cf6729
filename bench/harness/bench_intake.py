"""intake: webhooks acknowledged when durable, all stages running; then the backlog drains.

Ours does its whole work meanwhile (digest, render, send); the peer only checks, stores and answers.
"""

import time

from .figure import Aim
from .load import Orders
from .peers import FastifyIntake
from .postlude import Postlude
from .process import BenchError, PssWatch, cpu_seconds
from .scratch import scratch
from .sink import OwnSink, distinct_check

AIMS = [
    Aim("sustained", ">=", 5, peer="fastify"),
    Aim("burst", ">=", 8, peer="fastify"),
    Aim("sustained_p99", "<=", 25),
    Aim("burst_p99", "<=", 25),
    Aim("kept_up", ">=", 95),
]
OURS_PER_SECOND, PEER_PER_SECOND = 40000, 15000  # orders prepared for a second; more than any got
BURST_SECONDS, SUSTAINED_SECONDS = 30, 60


def latency_add(figures, phase, side, report):
    figures.add(f"{phase}_p50", side, report["p50_us"] / 1000, "ms")
    figures.add(f"{phase}_p99", side, report["p99_us"] / 1000, "ms")


def ours_run(figures, phase, seconds, rate, keep):
    """One load on a fresh server, its drain, its counts. `rate`, if any, holds the load back."""
    with scratch(keep) as folder, OwnSink(folder) as sink, Postlude(folder, sink.port) as ours:
        orders = Orders()
        with PssWatch(ours) as watch:
            if rate:
                report = orders.post(ours.port, int(seconds * rate), rate=rate)
            else:
                report = orders.post_for(ours.port, seconds, OURS_PER_SECOND)
            mails, end = sink.mails(), time.monotonic()
            drained = ours.wait_mails(sink, report["ok"])
        cpu = cpu_seconds(ours.pids())
        distinct_check(sink.rows(), report["ok"])
        ours.counts_check(report["ok"], report["ok"])
    figures.add(phase, "ours", report["rate"], "orders/s")
    latency_add(figures, phase, "ours", report)
    figures.add(f"{phase}_digested", "ours", mails / report["seconds"], "mails/s")
    figures.add(f"{phase}_drain", "ours", drained - end, "s")
    figures.add(f"{phase}_memory", "ours", watch.peak() / 1e6, "MB")
    figures.add(f"{phase}_cpu", "ours", 1e6 * cpu / report["ok"], "us of processor an order")
    figures.note(
        phase=phase,
        side="ours",
        report=report,
        mails_at_end=mails,
        drain_seconds=drained - end,
        cpu_seconds=cpu,
    )
    return report["rate"], mails / report["ok"]


def capacity(seconds, keep):
    """Orders a second from the first webhook to the last mail, when all come at once."""
    with scratch(keep) as folder, OwnSink(folder) as sink, Postlude(folder, sink.port) as ours:
        report = Orders().post(ours.port, max(2000, int(seconds * 500)))
        ended = ours.wait_mails(sink, report["ok"])
    return report["ok"] / (ended - report["start_ns"] / 1e9)


def sustained_run(figures, seconds, keep):
    """A steady rate at nine tenths of what the whole path can do: most mails have left when the last
    order comes, and latency counts from the moment an order was due."""
    rate = 0.9 * capacity(seconds, keep)
    _, share = ours_run(figures, "sustained", seconds, rate, keep)
    figures.add("kept_up", "ours", 100 * share, "% of mails had left when the last order came")


def peer_run(figures, phase, seconds, name, keep):
    with scratch(keep) as folder, FastifyIntake(folder, group=name == "fastify_grouped") as peer:
        with PssWatch(peer) as watch:
            report = Orders().post_for(peer.port, seconds, PEER_PER_SECOND)
            cpu = cpu_seconds(peer.pids())
        peer.counts_check(report["ok"])
    figures.add(phase, name, report["rate"], "orders/s")
    latency_add(figures, phase, name, report)
    figures.add(f"{phase}_memory", name, watch.peak() / 1e6, "MB")
    figures.add(f"{phase}_cpu", name, 1e6 * cpu / report["ok"], "us of processor an order")
    figures.note(phase=phase, side=name, report=report)


def run(figures, options):
    peers = ["fastify"] + (["fastify_grouped"] if options.more else [])
    for phase, usual in (("sustained", SUSTAINED_SECONDS), ("burst", BURST_SECONDS)):
        seconds = options.seconds or usual
        for _ in range(options.runs):
            if options.ours:
                if phase == "sustained":
                    sustained_run(figures, seconds, options.keep)
                else:
                    ours_run(figures, phase, seconds, None, options.keep)
            for name in peers if options.peers else []:
                peer_run(figures, phase, seconds, name, options.keep)
    if not figures.series:
        raise BenchError("nothing to run")
