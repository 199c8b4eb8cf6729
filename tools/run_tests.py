#!/usr/bin/env python3
"""Runs the suites of `./dev test` and says in one last line how every single test ended:

    212 passed, 0 failed          (", 3 skipped" where something was skipped)

The suites are the table at the end of this file. A suite is a list of stages; each stage gives
results (tools/test_report.py). Tests that read ../shared/data skip where it is absent; where it is
there, a skip counts as a failure, so that nothing is quietly left out. (A test that needs root
may skip for those who are not.)

What a test finds in its environment: POSTLUDE the program, POSTLUDE_BUILD its build folder,
POSTLUDE_SUITE fast, all or long (how much to do), POSTLUDE_CONTROL (all, long) a program built
wrong on purpose, POSTLUDE_PATIENT (G=1) that somebody looks with gdb, so time does not matter.
"""
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import traceback

from test_report import FAILED, PASSED, SKIPPED, Result, junit_read, tap_read

ROOT = pathlib.Path(__file__).resolve().parent.parent
DATA = ROOT.parent / "shared" / "data"
# Begun first, so that none of them is waited for alone; of the first each file by itself, it waits most.
SLOWEST = ("test/net", "test/fault", "test/plug", "test/api", "test/mail")
# Folders of test/ that are not for every day.
LATER = ("browser", "crash", "gate", "long", "pack", "vendure")
TOLD = 20  # failures that are printed with all they said
# Sanitizers stop at the first mistake and fail the process, so that no test can overlook one.
SANITIZERS = {
    "ASAN_OPTIONS": "abort_on_error=1:detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1",
    "UBSAN_OPTIONS": "halt_on_error=1:abort_on_error=1:print_stacktrace=1",
    "TSAN_OPTIONS": f"halt_on_error=1:second_deadlock_stack=1:suppressions={ROOT}/tools/tsan.supp",
}


# ---- stages: each gives a list of results ---------------------------------------------------

def stage_command(name, *command):
    """One command that must succeed, quietly."""
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace", check=False)
    outcome = PASSED if done.returncode == 0 else FAILED
    return [Result(name, outcome, "" if outcome == PASSED else done.stdout)]


def stage_lint():
    done = subprocess.run([sys.executable, "tools/lint.py", "--json"], cwd=ROOT, text=True,
                          stdout=subprocess.PIPE, check=False)
    try:
        return [Result(**row) for row in json.loads(done.stdout)]
    except ValueError:
        return [Result("lint", FAILED, done.stdout)]


def stage_unit(folder, wanted=None):
    """The cmocka programs that meson knows of, as many at once as there are cores."""
    listed = subprocess.run(["meson", "introspect", "--tests", folder], cwd=ROOT, text=True,
                            stdout=subprocess.PIPE, check=True)
    tests = [test for test in json.loads(listed.stdout) if wanted in (None, test["name"])]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        found = pool.map(lambda test: unit_run(folder, test), tests)
        return [result for results in found for result in results]


def unit_run(folder, test):
    stem = f"{stem_of(folder)}unit/{test['name']}"
    environment = test_environment(folder) | test["env"] | {"CMOCKA_MESSAGE_OUTPUT": "TAP"}
    try:
        done = subprocess.run(test["cmd"], cwd=ROOT, env=environment, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=3 * test["timeout"], text=True,
                              errors="replace", check=False)
    except subprocess.TimeoutExpired as late:
        said = (late.stdout or b"").decode(errors="replace")
        return [Result(f"{stem}: time", FAILED, f"still running after {late.timeout} s\n{said}")]
    return tap_read(stem, done.stdout, done.returncode)


def stage_pytest(folder, path, minutes=60, live=True):
    """pytest over one path of test/. live: its words go straight to the terminal."""
    prefix = stem_of(folder)
    with tempfile.TemporaryDirectory(prefix="postlude-test-") as scratch:
        report = pathlib.Path(scratch) / "junit.xml"
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=short", "--no-summary",
                   "-o", "junit_family=xunit2", f"--rootdir={ROOT}", f"--junitxml={report}", path]
        try:
            done = subprocess.run(command, cwd=ROOT, env=test_environment(folder), check=False, text=True,
                                  stdout=None if live else subprocess.PIPE, timeout=60 * minutes,
                                  stderr=None if live else subprocess.STDOUT)
        except subprocess.TimeoutExpired as late:
            said = (late.stdout or b"").decode(errors="replace")
            return [Result(f"{prefix}{path}: time", FAILED, f"still running after {minutes} min\n{said}")]
        results = junit_read(report, prefix) if report.exists() else []
    # 0: all passed, 1: some failed, 5: nothing to run. Anything else is pytest's own trouble.
    if done.returncode not in (0, 1, 5) and not any(result.outcome == FAILED for result in results):
        results.append(Result(f"{prefix}{path}: exit", FAILED, f"exit status {done.returncode}\n{done.stdout}"))
    return results


def stage_everyday(folder):
    """What ./dev test runs, against the program of one build folder. Each folder of test/ is a pytest of
    its own: they run side by side, and modules of the same name do not meet."""
    paths = [str(path.relative_to(ROOT)) for path in (ROOT / "test").iterdir()
             if path.is_dir() and path.name not in LATER and holds_tests(path)]
    paths.sort(key=lambda path: (SLOWEST.index(path) if path in SLOWEST else len(SLOWEST), path))
    paths[:1] = sorted(str(path.relative_to(ROOT)) for path in (ROOT / paths[0]).glob("test_*.py"))
    results = timed(folder, "test/unit", stage_unit, folder)
    # Most of them wait for a server more than they compute: two for each core.
    with concurrent.futures.ThreadPoolExecutor(2 * os.cpu_count()) as pool:
        running = [pool.submit(timed, folder, path, stage_pytest, folder, path, live=False) for path in paths]
        for done in concurrent.futures.as_completed(running):
            results += done.result()
    return results


def timed(folder, path, stage, *arguments, **settings):
    """The results of one part, and a line that says how it went."""
    begun = time.monotonic()
    results = stage(*arguments, **settings)
    wrong = sum(result.outcome != PASSED for result in results)
    print(f"   {stem_of(folder)}{path}: {len(results)} tests, {time.monotonic() - begun:.0f} s"
          + (f", {wrong} not passed" if wrong else ""), flush=True)
    return results


def holds_tests(path):
    return any(True for pattern in ("test_*.py", "*.flow") for _ in path.rglob(pattern))


def stage_folder(folder, name):
    return stage_pytest(folder, f"test/{name}") if (ROOT / "test" / name).is_dir() else []


def stage_fuzz():
    built = stage_command("build-fuzz", "./dev", "fuzzers")
    if built[0].outcome == FAILED:
        return built
    seconds = {"POSTLUDE_FUZZ_SECONDS": os.environ.get("POSTLUDE_FUZZ_SECONDS", "180")}
    done = subprocess.run([sys.executable, "tools/run_fuzz.py", "--json"], cwd=ROOT, text=True,
                          stdout=subprocess.PIPE, check=False, env=os.environ | seconds)
    return built + [Result(**row) for row in json.loads(done.stdout)]


# ---- one test by its name -------------------------------------------------------------------

def stage_named(name):
    """unit/json, flow/review_request, a folder or file of test/, with or without its ending."""
    room, _, stem = name.removeprefix("test/").partition("/")
    if room == "unit":
        results = stage_unit("build", stem or None)
        return results or [Result(name, FAILED, "no such test in test/unit/meson.build")]
    for path in (f"{room}/{stem}", f"{room}/{stem}.flow", f"{room}/{stem}.py", f"{room}/test_{stem}.py"):
        if (ROOT / "test" / path).exists():
            results = stage_pytest("build", str(pathlib.Path("test", path)))
            return results or [Result(name, FAILED, "nothing to run there")]
    return [Result(name, FAILED, "no such test")]


def debug(name):
    """G=1: a unit test's program in gdb; any other test with gdb around the program it starts."""
    room, _, stem = name.removeprefix("test/").partition("/")
    if room == "unit":
        os.execvp("gdb", ["gdb", "-q", "--args", str(ROOT / "build/test/unit" / f"test_{stem}")])
    os.environ |= {"POSTLUDE": str(ROOT / "tools/under_gdb"), "POSTLUDE_TTY": os.ttyname(0),
                   "POSTLUDE_PATIENT": "1", "PYTEST_ADDOPTS": "-s"}
    report(stage_named(name), time.monotonic())


# ---- around them ----------------------------------------------------------------------------

def stem_of(folder):
    """build -> "", build-asan -> "asan/": how results of another build are told apart."""
    return folder.removeprefix("build").removeprefix("-") + "/" if folder != "build" else ""


def test_environment(folder):
    ret = os.environ | SANITIZERS | {"POSTLUDE_BUILD": str(ROOT / folder)}
    ret.setdefault("POSTLUDE", str(ROOT / folder / "postlude"))
    ret["LC_ALL"] = "C.UTF-8"
    return ret


def judge(results):
    """Where the data is there, a skipped test is one that should have run."""
    if not DATA.is_dir():
        return results
    return [Result(r.name, FAILED, f"skipped although ../shared/data is there: {r.detail}")
            if r.outcome == SKIPPED and not ("needs root" in r.detail and os.geteuid() != 0) else r
            for r in results]


def report(results, started):
    """Prints what did not pass, the first ones with all they said, and the last line; ends the program."""
    results = judge(results)
    wrong = [result for result in results if result.outcome != PASSED]
    for place, result in enumerate(wrong):
        print(f"\n{result.outcome.upper()} {result.name}" if place < TOLD else f"{result.outcome} {result.name}")
        for line in result.detail.strip().splitlines()[-40:] if place < TOLD else ():
            print(f"    {line}")
    count = {outcome: sum(r.outcome == outcome for r in results) for outcome in (PASSED, FAILED, SKIPPED)}
    print(f"\n{time.monotonic() - started:.0f} s")
    line = f"{count[PASSED]} passed, {count[FAILED]} failed"
    print(line + (f", {count[SKIPPED]} skipped" if count[SKIPPED] else ""))
    raise SystemExit(1 if count[FAILED] or not results else 0)


FAST = [
    ("unit, scenarios, tools", lambda: stage_everyday("build")),
]
ALL = [
    ("lint", stage_lint),
    ("clang", lambda: stage_command("build-clang", "./dev", "clang") + stage_command("clang-tidy", "./dev", "tidy")),
    ("control", lambda: stage_command("build-control", "./dev", "control")),
    *FAST,
    ("sanitizers", lambda: stage_command("build-asan", "./dev", "asan") + stage_everyday("build-asan")),
    ("browser", lambda: stage_folder("build", "browser")),
    ("a real shop", lambda: stage_folder("build", "vendure")),
    ("package", lambda: stage_folder("build", "pack")),
    ("red fixtures of the compilers", lambda: stage_folder("build", "gate")),
    ("crash", lambda: stage_folder("build", "crash")),
]
LONG = [
    *ALL,
    ("threads", lambda: stage_command("build-tsan", "./dev", "tsan") + stage_everyday("build-tsan")
     + stage_pytest("build-tsan", "test/long/test_storm.py")),
    ("fuzz", stage_fuzz),
    ("long", lambda: stage_folder("build", "long")),
]
SUITES = {"fast": FAST, "all": ALL, "long": LONG}


def main(names):
    started = time.monotonic()
    suite = names[0] if names and names[0] in SUITES else "fast"
    os.environ["POSTLUDE_SUITE"] = suite
    if suite != "fast":
        os.environ["POSTLUDE_CONTROL"] = str(ROOT / "build-control" / "postlude")
    stages = SUITES[suite] if not names or names[0] in SUITES else [
        (name, lambda name=name: stage_named(name)) for name in names]
    built = stage_command("build", "./dev", "build")
    if built[0].outcome == FAILED:
        report(built, started)
    if os.environ.get("G") and len(names) == 1:
        debug(names[0])
    print(f"-- build: {time.monotonic() - started:.0f} s")
    results = []
    for title, stage in stages:
        begun = time.monotonic()
        results += staged(title, stage)
        print(f"-- {title}: {time.monotonic() - begun:.0f} s", flush=True)
    report(results, started)


def staged(title, stage):
    """A stage that breaks is a failure like any other; the rest still runs."""
    try:
        return stage()
    except Exception:  # noqa: BLE001
        return [Result(title, FAILED, traceback.format_exc())]


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)
    main(sys.argv[1:])
