"""memory: PSS of parent and worker, after the start and while 100,000 orders become mails."""

import time

from .figure import Aim
from .load import Orders, Posting
from .peers import BullmqPipeline
from .postlude import Postlude
from .process import PssWatch, pss_bytes
from .scratch import scratch
from .sink import OwnSink, mails_wait

AIMS = [Aim("start", "<=", 40), Aim("sending", "<=", 128)]
ORDERS, PEER_ORDERS = 100000, 10000
SETTLE_SECONDS = 2  # threads and pools of both sides are up by then


def ours_run(figures, options, count):
    with scratch(options.keep) as folder, OwnSink(folder) as sink, Postlude(
        folder, sink.port
    ) as ours:
        time.sleep(SETTLE_SECONDS)
        figures.add("start", "ours", pss_bytes(ours.pids()) / 1e6, "MB")
        with PssWatch(ours) as watch:
            posting = Posting(Orders().command(ours.port, count))
            ours.wait_mails(sink, count, posting)
            posting.result()
        figures.add("sending", "ours", watch.peak() / 1e6, "MB")
        figures.add("after", "ours", pss_bytes(ours.pids()) / 1e6, "MB")
        ours.counts_check(count, count)


def peer_run(figures, options, count):
    """The peer is slower: it gets fewer orders, which favours it."""
    with scratch(options.keep) as folder, OwnSink(folder) as sink, BullmqPipeline(
        folder, sink.port, options.redis_fsync, options.workers
    ) as peer:
        time.sleep(SETTLE_SECONDS)
        figures.add("start", "bullmq", pss_bytes(peer.pids()) / 1e6, "MB")
        with PssWatch(peer) as watch:
            posting = Posting(Orders().command(peer.port, count))
            mails_wait(sink, count, [peer.check, posting.check])
            posting.result()
        figures.add("sending", "bullmq", watch.peak() / 1e6, "MB")
        figures.add("after", "bullmq", pss_bytes(peer.pids()) / 1e6, "MB")


def run(figures, options):
    count, peer_count = (3000, 1000) if options.quick else (ORDERS, PEER_ORDERS)
    for _ in range(options.runs):
        if options.ours:
            ours_run(figures, options, count)
        if options.peers:
            peer_run(figures, options, peer_count)
