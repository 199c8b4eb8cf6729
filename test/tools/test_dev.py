"""./dev itself: what it knows, and that it says so when it does not."""
import os
import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import run_tests  # noqa: E402


def dev(*words):
    return subprocess.run([ROOT / "dev", *words], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          cwd="/", check=False)


def verbs():
    """The verbs that dev's last case takes."""
    listed = re.search(r"^([a-z |]+)\) \"dev_\$verb\"", (ROOT / "dev").read_text(), re.MULTILINE)
    return listed[1].split(" | ")


@pytest.mark.parametrize("words", [["help"], ["--help"], []])
def test_help_names_every_verb(words):
    said = dev(*words)
    assert said.returncode == 0
    # What one verb does on the way to another needs no line of its own.
    missing = [verb for verb in verbs() if not re.search(rf"\b{verb}\b", said.stdout) and verb != "fuzzers"]
    assert missing == []


def test_an_unknown_verb_is_wrong_usage():
    said = dev("destroy")
    assert said.returncode == 2 and "./dev run" in said.stdout


@pytest.fixture
def built(monkeypatch):
    """The build ends as the test says; nothing is built."""
    def ends(outcome, detail=""):
        monkeypatch.setattr(run_tests, "stage_command", lambda *_: [run_tests.Result("build", outcome, detail)])
    return ends


def suite(capsys, *names):
    """(exit status, last line) of a run."""
    with pytest.raises(SystemExit) as ended:
        run_tests.main(names)
    return ended.value.code, capsys.readouterr().out.splitlines()[-1]


@pytest.mark.parametrize("name", ["unit/no_such_test", "flow/no_such_scenario", "no_such_folder"])
def test_a_test_that_is_not_there_fails(built, capsys, name):
    built(run_tests.PASSED)
    assert suite(capsys, name) == (1, "0 passed, 1 failed")


def test_what_cannot_be_built_fails(built, capsys):
    built(run_tests.FAILED, "x.c:1: error")
    assert suite(capsys) == (1, "0 passed, 1 failed")


def test_a_stage_that_breaks_fails_and_the_rest_still_runs(built, capsys, monkeypatch):
    built(run_tests.PASSED)
    monkeypatch.setitem(run_tests.SUITES, "fast", [
        ("broken", lambda: 1 / 0), ("fine", lambda: [run_tests.Result("fine", run_tests.PASSED)])])
    assert suite(capsys) == (1, "1 passed, 1 failed")


def test_ci_runs_everything_and_hands_on_its_exit_status():
    script = (ROOT / ".ci/run").read_text()
    assert re.search(r"^exec .*dev\" test all$", script, re.MULTILINE)


def packages(name):
    """The words of a list of packages in dev."""
    return re.search(rf"^{name}='([^']*)'", (ROOT / "dev").read_text(), re.MULTILINE)[1].split()


def linked_libraries():
    """Every shared library that the build links to, by the path it is found at."""
    rules = (ROOT / "build" / "build.ninja").read_text()
    return sorted({os.path.normpath(path) for path in re.findall(r"(?<=\s)/\S+?/lib[\w+.-]+\.so(?=\s)", rules)})


@pytest.mark.parametrize("library", linked_libraries())
def test_dev_installs_what_the_build_links_to(library):
    """The quick half of the proof on a bare machine (test/long): a library of which nobody told dev."""
    owners = subprocess.run(["dpkg", "-S", library], text=True, stdout=subprocess.PIPE, check=True).stdout
    names = {owner.split(":")[0] for owner in owners.splitlines()}
    assert names & set(packages("build_packages")), f"{library} comes with {names}, which dev does not install"
