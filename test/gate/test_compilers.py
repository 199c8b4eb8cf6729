"""Red fixtures for what the compilers find: clang-tidy, the sanitizers, libFuzzer. Each must turn red,
with the very settings that ./dev uses."""
import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
FIXTURE = ROOT / "test" / "fixture" / "gate"
sys.path.insert(0, str(ROOT / "tools"))

import run_fuzz  # noqa: E402
import run_tests  # noqa: E402

# Mistake, and the build that must see it: as in dev, -Db_sanitize=...
MISTAKES = [("behind_the_end", "address,undefined", "insufficient space|heap-buffer-overflow"),
            ("after_free", "address,undefined", "heap-use-after-free"),
            ("leak", "address,undefined", "detected memory leaks"),
            ("overflow", "address,undefined", "signed integer overflow"),
            ("race", "thread", "data race")]


def sanitizers():
    """What dev's builds turn on."""
    return set(re.findall(r"-Db_sanitize=(\S+)", (ROOT / "dev").read_text()))


def compiled(folder, compiler, source, *flags):
    program = folder / pathlib.Path(source).stem
    glib = subprocess.run(["pkg-config", "--cflags", "--libs", "glib-2.0"], check=True, text=True,
                          stdout=subprocess.PIPE).stdout.split()
    subprocess.run([compiler, "-O1", "-g", f"-I{ROOT}/src", f"-I{ROOT}/test/unit", *flags, FIXTURE / source,
                    "-lcmocka", *glib, "-o", program], check=True)
    return program


@pytest.mark.parametrize("mistake, sanitizer, words", [*MISTAKES, ("fine", "thread", None),
                                                       ("fine", "address,undefined", None)])
def test_a_sanitizer(tmp_path, mistake, sanitizer, words):
    assert sanitizer in sanitizers()
    program = compiled(tmp_path, "gcc", "wrong.c", f"-fsanitize={sanitizer}")
    results = run_tests.unit_run("build", {"name": mistake, "cmd": [program, mistake], "env": {}, "timeout": 30})
    assert ("failed" in [result.outcome for result in results]) == (words is not None), results
    assert words is None or any(re.search(words, result.detail) for result in results), results


def test_clang_tidy(tmp_path):
    done = subprocess.run(["clang-tidy", f"--config-file={ROOT}/.clang-tidy", "--quiet", FIXTURE / "tidy.c", "--",
                           "-std=gnu17"], text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    assert done.returncode != 0
    assert "bugprone-suspicious-memset-usage" in done.stdout and "cert-err34-c" in done.stdout


@pytest.fixture
def fuzz_build(tmp_path, monkeypatch):
    """A project of one fuzzer, with and without a seed."""
    (tmp_path / "build-fuzz/fuzz").mkdir(parents=True)
    (tmp_path / "fuzz/seed/wrong").mkdir(parents=True)
    compiled(tmp_path / "build-fuzz/fuzz", "clang", "fuzz_wrong.c", "-fsanitize=fuzzer,address,undefined")
    monkeypatch.setattr(run_fuzz, "ROOT", tmp_path)
    monkeypatch.setattr(run_fuzz, "BUILD", tmp_path / "build-fuzz")
    return tmp_path


def test_a_fuzzer_finds_what_is_wrong(fuzz_build):
    (fuzz_build / "fuzz/seed/wrong/one").write_text("good")
    assert run_fuzz.fuzzers() == ["wrong"]
    result = run_fuzz.fuzz("wrong", 60)
    assert result["outcome"] == "failed"
    assert "stack-buffer-overflow" in result["detail"] or "out of bounds" in result["detail"]


def test_a_fuzzer_without_seeds_fails(fuzz_build):
    assert run_fuzz.fuzz("wrong", 1) == {"name": "fuzz/wrong", "outcome": "failed",
                                         "detail": "no seeds in fuzz/seed/wrong/"}
