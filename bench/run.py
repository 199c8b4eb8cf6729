#!/usr/bin/env python3
"""./dev bench NAME...: figures of ours beside a peer's, made in turn on this machine.

Prints `NAME.FIGURE.SIDE median unit  (min..max in N runs)` and `NAME.FIGURE.ratio`, then each aim
with its verdict; writes bench/results/NAME.json. Exits with 1 when a bench failed: counts that do
not add up, answers other than 2xx, a program that died. A missed aim is a figure, not a failure.
"""

import argparse
import datetime
import importlib
import pathlib
import signal
import sys

from harness import machine
from harness.figure import Figures
from harness.load import Orders
from harness.postlude import ROOT, binary
from harness.process import BenchError, Process
from harness.scratch import scratch, scratch_root
from harness.tools import tool

SIGNING = ("unsigned", "ed25519", "rsa")
BENCHES = ("intake", "pipeline", "latency", "page", "memory", "import", "storm", "generator")
RESULTS = pathlib.Path(__file__).resolve().parent / "results"


def options_read():
    parser = argparse.ArgumentParser(
        prog="./dev bench",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="+", choices=BENCHES, metavar="NAME", help=" ".join(BENCHES))
    parser.add_argument("--runs", type=int, default=5, help="rounds (5)")
    parser.add_argument("--seconds", type=float, help="length of each load, where a bench has one")
    parser.add_argument("--quick", action="store_true", help="one short round: does it work at all")
    parser.add_argument(
        "--ours-only", dest="peers", action="store_false", help="leave the peers out"
    )
    parser.add_argument("--peers-only", dest="ours", action="store_false", help="leave ours out")
    parser.add_argument(
        "--more", action="store_true", help="intake: also the peer with a group commit of its own"
    )
    parser.add_argument(
        "--own-sink", action="store_true", help="pipeline: bench/load/sink.c in place of smtp-sink"
    )
    parser.add_argument(
        "--signing", nargs="+", choices=SIGNING, default=SIGNING, help="pipeline: which of these"
    )
    parser.add_argument(
        "--redis-fsync",
        choices=("everysec", "always"),
        default="everysec",
        help="pipeline, memory: everysec, as Redis' manual advises, can lose a second of orders",
    )
    parser.add_argument(
        "--workers", type=int, default=1, help="pipeline, memory: worker processes of the peer (1)"
    )
    parser.add_argument("--lower", type=int, help="latency: mails of the lower lane (100,000)")
    parser.add_argument(
        "--keep", action="store_true", help="keep the data folders and logs of the runs"
    )
    options = parser.parse_args()
    if options.quick:
        options.runs, options.seconds = 1, options.seconds or 3
    return options


def generator_run(figures, options):
    """The generator's own wall: orders a second against a server that does nothing."""
    for _ in range(options.runs):
        with scratch() as folder, Process([tool("http_null")], folder / "null.log") as null:
            report = Orders().post(null.wait_port(), 200000)
        figures.add("orders", "generator", report["rate"], "orders/s")
        figures.add(
            "cpu",
            "generator",
            1e6 * report["cpu_seconds"] / report["ok"],
            "us of processor an order",
        )


def bench_run(name, options):
    """Runs one bench and tells it; True when its figures can be trusted."""
    module = None if name == "generator" else importlib.import_module(f"harness.bench_{name}")
    figures = Figures(name, module.AIMS if module else ())
    frame = {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "machine": machine.describe(scratch_root()),
        "options": vars(options),
    }
    failure = None
    try:
        (module.run if module else generator_run)(figures, options)
    except BenchError as error:
        failure = str(error)
    for line in figures.lines():
        print(line, flush=True)
    if failure:
        print(f"{name} FAILED: {failure}", file=sys.stderr, flush=True)
    ours = binary() if options.ours and name != "generator" else "true"
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(
        figures.json(**frame, versions=machine.versions(ROOT, ours), failure=failure) + "\n",
        encoding="utf-8",
    )
    return failure is None


def main():
    options = options_read()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # unwinds, so that children end
    done = [bench_run(name, options) for name in options.names]
    sys.exit(0 if all(done) else 1)


if __name__ == "__main__":
    main()
