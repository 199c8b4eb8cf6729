"""./dev itself: what it knows, and that it says so when it does not."""
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


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


@pytest.mark.parametrize("name", ["unit/no_such_test", "flow/no_such_scenario", "no_such_folder"])
def test_a_test_that_is_not_there_fails(name):
    said = subprocess.run(["python3", ROOT / "tools/run_tests.py", name], text=True, stdout=subprocess.PIPE,
                          check=False)
    assert said.returncode == 1
    assert said.stdout.splitlines()[-1] == "0 passed, 1 failed"


def test_ci_runs_everything_and_hands_on_its_exit_status():
    script = (ROOT / ".ci/run").read_text()
    assert re.search(r"^exec .*dev\" test all$", script, re.MULTILINE)
