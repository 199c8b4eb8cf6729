"""pipeline: an order comes in, its confirmation is accepted by a mail server, every row is durable.

Orders a second from the first webhook to the last mail. Beside it, measured in the same rounds, the
walls: the rows alone (bench/load/rows.c) and mails alone (postfix's smtp-source).
"""

import subprocess
import time

from .figure import Aim
from .load import Orders, Posting
from .peers import BullmqPipeline
from .postlude import ROOT, Postlude
from .process import BenchError, PssWatch, cpu_seconds
from .scratch import scratch
from .sink import OwnSink, PostfixSink, distinct_check, mails_wait
from .tools import run_json, tool

AIMS = [Aim("unsigned", ">=", 20, peer="bullmq")]
ORDERS, PEER_ORDERS = 20000, 8000


def sink_new(options, folder):
    return OwnSink(folder) if options.own_sink else PostfixSink(folder)


def mails_check(sink, want):
    if sink.mails() != want:
        raise BenchError(f"{want} mails were due, {sink.mails()} came")
    if isinstance(sink, OwnSink):
        distinct_check(sink.rows(), want)


def ours_run(figures, options, signing, count):
    kind = None if signing == "unsigned" else signing
    with scratch(options.keep) as folder, sink_new(options, folder) as sink, Postlude(
        folder, sink.port, signing=kind
    ) as ours:
        before = cpu_seconds(ours.pids())
        with PssWatch(ours) as watch:
            posting = Posting(Orders().command(ours.port, count))
            ended = ours.wait_mails(sink, count, posting)
            report = posting.result()
        cpu = cpu_seconds(ours.pids()) - before
        mails_check(sink, count)
        ours.counts_check(count, count)
    seconds = ended - report["start_ns"] / 1e9
    figures.add(signing, "ours", count / seconds, "orders/s")
    figures.add(f"{signing}_cpu", "ours", 1e6 * cpu / count, "us of processor an order")
    figures.add(f"{signing}_memory", "ours", watch.peak() / 1e6, "MB")
    figures.note(side="ours", signing=signing, orders=count, seconds=seconds, intake=report)


def peer_run(figures, options, signing, count):
    name = "bullmq"
    with scratch(options.keep) as folder:
        key = rsa_key(folder) if signing == "rsa" else None
        with sink_new(options, folder) as sink, BullmqPipeline(
            folder, sink.port, options.redis_fsync, options.workers, key
        ) as peer:
            before = cpu_seconds(peer.pids())
            with PssWatch(peer) as watch:
                posting = Posting(Orders().command(peer.port, count))
                ended = mails_wait(sink, count, [peer.check, posting.check])
                report = posting.result()
            cpu = cpu_seconds(peer.pids()) - before
            mails_check(sink, count)
            peer.counts_check()
    seconds = ended - report["start_ns"] / 1e9
    figures.add(signing, name, count / seconds, "orders/s")
    figures.add(f"{signing}_cpu", name, 1e6 * cpu / count, "us of processor an order")
    figures.add(f"{signing}_memory", name, watch.peak() / 1e6, "MB")
    figures.note(
        side=name,
        signing=signing,
        orders=count,
        seconds=seconds,
        intake=report,
        fsync=options.redis_fsync,
        workers=options.workers,
    )


def rsa_key(folder):
    path = folder / "dkim.pem"
    subprocess.run(
        ["openssl", "genrsa", "-out", path, "2048"], check=True, stderr=subprocess.DEVNULL
    )
    return path


def walls_run(figures, options, count):
    with scratch(options.keep) as folder:
        rows = run_json(tool("rows"), ROOT, folder / "rows.db", "-n", count)
        figures.add("wall", "rows", rows["rate"], "orders/s")
    with scratch(options.keep) as folder, sink_new(options, folder) as sink:
        start = time.monotonic()
        subprocess.run(
            [
                "/usr/sbin/smtp-source",
                "-d",
                "-s",
                "10",
                "-l",
                "8400",
                "-m",
                str(count),
                "-f",
                "a@bench.example",
                "-t",
                "b@bench.example",
                f"inet:127.0.0.1:{sink.port}",
            ],
            check=True,
        )
        figures.add("wall", "smtp_source", count / (time.monotonic() - start), "mails/s")


def run(figures, options):
    count, peer_count = (2000, 1000) if options.quick else (ORDERS, PEER_ORDERS)
    for _ in range(options.runs):
        for signing in options.signing:
            if options.ours:
                ours_run(figures, options, signing, count)
            if options.peers and signing != "ed25519":  # nodemailer signs with RSA alone
                peer_run(figures, options, signing, peer_count)
        walls_run(figures, options, count)
