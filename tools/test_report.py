"""What the test programs say, in one form: every single test is one Result.

cmocka programs speak TAP (CMOCKA_MESSAGE_OUTPUT=TAP), pytest writes JUnit XML. Both can die half
way; a test that was announced and did not report counts as failed.
"""
import dataclasses
import re
import xml.etree.ElementTree

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"

TAP_PLAN = re.compile(r"1\.\.(\d+)\s*$")
# cmocka 1.1 writes a skipped test as `not ok 3 # SKIP name` and a failed group as `not ok 0 - name`.
TAP_LINE = re.compile(r"(?P<no>not )?ok (?P<number>\d+) (?P<skip># SKIP )?(?:- )?(?P<name>.*)$")


@dataclasses.dataclass
class Result:
    """One test: its name as `./dev test` takes it, how it ended, what it said."""
    name: str
    outcome: str
    detail: str = ""


def tap_read(stem, text, status):
    """The results of one cmocka program: its output and its exit status (negative: signal)."""
    ret, open_tests, said = [], 0, []
    for line in text.splitlines():
        plan, report = TAP_PLAN.match(line), TAP_LINE.match(line)
        if plan:
            ret += _unreported(stem, open_tests, said, status)
            open_tests, said = int(plan.group(1)), []
        elif report:
            ret.append(_tap_result(stem, report, said))
            whole_group = report.group("number") == "0"
            open_tests = 0 if whole_group else open_tests - 1
            said = []
        else:
            _keep(line, ret, said)
    ret += _unreported(stem, open_tests, said, status)
    if status != 0 and not any(result.outcome == FAILED for result in ret):
        ret.append(Result(f"{stem}: exit", FAILED, "\n".join([_ending(status)] + said)))
    if not ret:
        ret.append(Result(f"{stem}: exit", FAILED, "no test ran"))
    return ret


def _tap_result(stem, report, said):
    outcome = SKIPPED if report.group("skip") else FAILED if report.group("no") else PASSED
    detail = "" if outcome == PASSED else "\n".join(said)
    return Result(f"{stem}: {report.group('name').strip()}", outcome, detail)


def _keep(line, results, said):
    """A failed test's `# ...` lines follow it; what a test prints itself comes before its line."""
    if line.startswith("# ") and results and results[-1].outcome == FAILED and not said:
        results[-1].detail += ("\n" if results[-1].detail else "") + line[2:]
    elif not line.startswith("#"):
        said.append(line)


def _unreported(stem, count, said, status):
    if count <= 0:
        return []
    first = Result(f"{stem}: after the last report", FAILED, "\n".join([_ending(status)] + said))
    return [first] + [Result(f"{stem}: never ran", FAILED, "the program ended before")
                      for _ in range(count - 1)]


def _ending(status):
    return f"ended by signal {-status}" if status < 0 else f"exit status {status}"


def junit_read(path, prefix=""):
    """The results in pytest's JUnit XML. A test with an error in its set-up or its teardown has
    two entries there; the worse one counts."""
    order = {PASSED: 0, SKIPPED: 1, FAILED: 2}
    found = {}
    for case in xml.etree.ElementTree.parse(path).iter("testcase"):
        result = _junit_result(case, prefix)
        before = found.get(result.name)
        if before is None or order[result.outcome] > order[before.outcome]:
            found[result.name] = result
    return list(found.values())


def _junit_result(case, prefix):
    room = case.get("classname", "").replace(".", "/").removeprefix("test/")
    name = f"{prefix}{room}: {case.get('name')}" if room else f"{prefix}{case.get('name')}"
    for tag, outcome in (("failure", FAILED), ("error", FAILED), ("skipped", SKIPPED)):
        said = case.find(tag)
        if said is not None:
            detail = said.get("message") if outcome == SKIPPED else said.text
            return Result(name, outcome, detail or said.get("message") or "")
    return Result(name, PASSED)
