#!/usr/bin/env python3
"""Runs the fuzzers that ./dev fuzz has built, from their seeds, one after the other.

    tools/run_fuzz.py [NAME [SECONDS]] [--json]

What a fuzzer learns is kept in build-fuzz/corpus/NAME, so the next run goes on from there. An input
that breaks something is kept as build-fuzz/NAME-crash-HASH and printed with the program's words: make
it a seed and a unit test. Memory and time of one input are bounded, so a slow parser is a finding too.
"""
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build-fuzz"
SECONDS = 60
MAX_BYTES, MAX_MEGABYTES, MAX_SECONDS_EACH = 65536, 1024, 10


def fuzzers():
    return sorted(path.name.removeprefix("fuzz_") for path in (BUILD / "fuzz").glob("fuzz_*")
                  if path.is_file() and os.access(path, os.X_OK))


def fuzz(name, seconds):
    """One result, as tools/run_tests.py counts it."""
    seeds, corpus = ROOT / "fuzz" / "seed" / name, BUILD / "corpus" / name
    if not seeds.is_dir() or not any(seeds.iterdir()):
        return {"name": f"fuzz/{name}", "outcome": "failed", "detail": f"no seeds in fuzz/seed/{name}/"}
    corpus.mkdir(parents=True, exist_ok=True)
    words = ROOT / "fuzz" / f"{name}.dict"
    command = [BUILD / "fuzz" / f"fuzz_{name}", corpus, seeds, f"-max_total_time={seconds}",
               f"-max_len={MAX_BYTES}", f"-rss_limit_mb={MAX_MEGABYTES}", f"-timeout={MAX_SECONDS_EACH}",
               f"-artifact_prefix={BUILD}/{name}-", "-print_final_stats=1", "-verbosity=1"]
    if words.exists():
        command.append(f"-dict={words}")
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", check=False, env=os.environ | {
                              "ASAN_OPTIONS": "detect_leaks=1:allocator_may_return_null=1",
                              "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1"})
    lines = done.stdout.splitlines()
    runs = next((line.split()[-1] for line in lines if "number_of_executed_units" in line), "?")
    print(f"fuzz/{name}: {runs} inputs in {seconds} s, exit status {done.returncode}", file=sys.stderr)
    return {"name": f"fuzz/{name}", "outcome": "failed" if done.returncode else "passed",
            "detail": "\n".join(finding(lines)) if done.returncode else ""}


def finding(lines):
    """From the sanitizer's ERROR to its SUMMARY, and where the input was kept; else the last words."""
    begin = next((at for at, line in enumerate(lines) if "ERROR: " in line or "runtime error: " in line), None)
    end = next((at for at, line in enumerate(lines) if line.startswith("SUMMARY: ")), len(lines))
    if begin is None:
        return lines[-30:]
    return lines[begin:end + 1] + [line for line in lines if "Test unit written to" in line]


def main():
    words = [word for word in sys.argv[1:] if word != "--json"]
    seconds = int(words[1]) if len(words) > 1 else int(os.environ.get("POSTLUDE_FUZZ_SECONDS", SECONDS))
    names = words[:1] or fuzzers()
    if set(names) - set(fuzzers()):
        raise SystemExit(f"no fuzzer {names[0]}; there are: {' '.join(fuzzers())}")
    results = [fuzz(name, seconds) for name in names]
    if "--json" in sys.argv:
        print(json.dumps(results))
        return
    for result in results:
        print(f"{result['outcome']} {result['name']}\n{result['detail']}".rstrip())
    raise SystemExit(1 if any(result["outcome"] == "failed" for result in results) else 0)


if __name__ == "__main__":
    main()
