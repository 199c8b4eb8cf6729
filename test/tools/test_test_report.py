"""tools/test_report.py and the last line of tools/run_tests.py: nothing that failed may look green."""
import pathlib
import subprocess
import sys
import textwrap

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import run_tests  # noqa: E402
from test_report import FAILED, PASSED, SKIPPED, Result, junit_read, tap_read  # noqa: E402


def outcomes(results):
    return [result.outcome for result in results]


def test_tap_counts_every_test():
    said = "1..3\nok 1 - one\nok 2 - two\nnot ok 3 # SKIP three\n# ok - group\n"
    results = tap_read("unit/x", said, 0)
    assert outcomes(results) == [PASSED, PASSED, SKIPPED]
    assert results[0].name == "unit/x: one"


def test_tap_keeps_what_a_failed_test_said():
    said = "1..2\nnot ok 1 - one\n# 0x1 != 0x2\n# t.c:8: error: Failure!\nok 2 - two\n"
    results = tap_read("unit/x", said, 1)
    assert outcomes(results) == [FAILED, PASSED]
    assert "t.c:8" in results[0].detail


def test_tap_a_program_that_dies_fails_for_every_test_it_owed():
    results = tap_read("unit/x", "1..3\nok 1 - one\nmust: row != NULL\n", -6)
    assert outcomes(results) == [PASSED, FAILED, FAILED]
    assert "signal 6" in results[1].detail and "must: row" in results[1].detail


def test_tap_a_group_without_its_set_up_fails():
    said = "1..3\nnot ok 0 - second [  FAILED  ] GROUP SETUP\n# ok - second\n"
    assert FAILED in outcomes(tap_read("unit/x", said, 0))


@pytest.mark.parametrize("said, status", [("", 0), ("", 1), ("1..1\nok 1 - one\n", 23)])
def test_tap_silence_and_a_bad_exit_are_failures(said, status):
    assert FAILED in outcomes(tap_read("unit/x", said, status))


def test_junit_of_every_kind(tmp_path):
    (tmp_path / "test_kinds.py").write_text(textwrap.dedent("""
        import pytest
        @pytest.fixture
        def torn():
            yield
            raise RuntimeError("teardown")
        def test_fine(): pass
        def test_wrong(): assert 1 == 2
        def test_absent(): pytest.skip("no data here")
        def test_torn(torn): pass
    """))
    report = tmp_path / "junit.xml"
    subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-o",
                    "junit_family=xunit2", f"--junitxml={report}", str(tmp_path)],
                   stdout=subprocess.DEVNULL, cwd=tmp_path, check=False)
    found = {result.name.split()[-1]: result for result in junit_read(report)}
    assert {name: result.outcome for name, result in found.items()} == {
        "test_fine": PASSED, "test_wrong": FAILED, "test_absent": SKIPPED, "test_torn": FAILED}
    assert "no data here" in found["test_absent"].detail


@pytest.mark.parametrize("has_data, outcome", [(True, FAILED), (False, SKIPPED)])
def test_a_skip_is_a_failure_where_the_data_is(tmp_path, monkeypatch, has_data, outcome):
    monkeypatch.setattr(run_tests, "DATA", tmp_path if has_data else tmp_path / "absent")
    assert outcomes(run_tests.judge([Result("x", SKIPPED, "no data")])) == [outcome]


@pytest.mark.parametrize("user, outcome", [(0, FAILED), (1000, SKIPPED)])
def test_what_needs_root_may_skip_without_it(tmp_path, monkeypatch, user, outcome):
    monkeypatch.setattr(run_tests, "DATA", tmp_path)
    monkeypatch.setattr(run_tests.os, "geteuid", lambda: user)
    assert outcomes(run_tests.judge([Result("x", SKIPPED, "disk full: a mount needs root")])) == [outcome]


@pytest.mark.parametrize("results, line, status", [
    ([Result("a", PASSED), Result("b", PASSED)], "2 passed, 0 failed", 0),
    ([Result("a", PASSED), Result("b", FAILED, "why")], "1 passed, 1 failed", 1),
    ([Result("a", PASSED), Result("b", SKIPPED)], "1 passed, 0 failed, 1 skipped", 0),
    ([], "0 passed, 0 failed", 1),
])
def test_the_last_line(tmp_path, monkeypatch, capsys, results, line, status):
    monkeypatch.setattr(run_tests, "DATA", tmp_path / "absent")
    with pytest.raises(SystemExit) as ended:
        run_tests.report(results, 0)
    assert ended.value.code == status
    assert capsys.readouterr().out.splitlines()[-1] == line
