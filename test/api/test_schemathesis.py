"""The description of the API against the API: schemathesis makes requests that the description allows, and such that it
forbids, for every address, and looks whether what comes back is what the description says.

Schemathesis comes from PyPI, exactly what requirements.txt names, into a folder of its own beside the build; where it cannot
be had, these tests skip by name. A description that lies (`test_a_lie_is_caught`) must be caught by the same run.
"""
import copy
import hashlib
import json
import os
import pathlib
import subprocess
import sys

import pytest

from program import SAMPLES

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
WANTED = HERE / "requirements.txt"
BUILD = pathlib.Path(os.environ.get("POSTLUDE_BUILD") or ROOT / "build")
SUITE = os.environ.get("POSTLUDE_SUITE")
EXAMPLES = {"fast": "5", "all": "60", "long": "400"}.get(SUITE, "15")
SOME = ("--include-path-regex", "^/api/v1/(orders|events)$")  # what there is time for every day
CHECKS = ("not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,"
          "negative_data_rejection,positive_data_acceptance,unsupported_method,allow_header_conformance,ignored_auth")


@pytest.fixture(scope="module")
def schemathesis():
    """The program, installed if what is there is another version."""
    home = BUILD / "schemathesis"
    mark, wanted = home / "installed", hashlib.sha256(WANTED.read_bytes()).hexdigest()
    if not (mark.is_file() and mark.read_text() == wanted):
        for command in ([sys.executable, "-m", "venv", "--clear", str(home)],
                        [str(home / "bin" / "pip"), "install", "--quiet", "--no-input", "--require-hashes",
                         "--only-binary", ":all:", "-r", str(WANTED)]):
            try:
                ran = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
            except (OSError, subprocess.TimeoutExpired) as error:
                pytest.skip(f"schemathesis cannot be had here: {error}")
            if ran.returncode:
                pytest.skip(f"schemathesis cannot be had here: {ran.stderr.strip()[-200:]}")
        mark.write_text(wanted)
    return home / "bin" / "schemathesis"


def run(schemathesis, stage, spec, folder, *words):
    """What it says about a description; (passed, words)."""
    file = folder / "openapi.json"
    file.write_text(json.dumps(spec))
    command = [str(schemathesis), "run", str(file), "--url", f"http://127.0.0.1:{stage.server.port}",
               "-H", f"Authorization: Bearer {stage.demo.key}", "--checks", CHECKS, "--max-examples", EXAMPLES,
               "--seed", "1", "--continue-on-failure", "--no-color", "--phases", "examples,coverage,fuzzing",
               "--suppress-health-check", "all", *words]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False, cwd=folder,
                         env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"})
    return ran.returncode == 0, ran.stdout[-20000:] + ran.stderr[-2000:]


@pytest.fixture(scope="module")
def spec(stage):
    """As it is served, without Idempotency-Key: one key with many bodies is refused, as it should be (test_api.py)."""
    for noun, sample in SAMPLES.items():
        assert stage.demo.settle(noun, sample)["state"] == "done"
    served = stage.demo.ask("GET", "/openapi.json").json
    for methods in served["paths"].values():
        if "post" in methods:
            key, = methods["post"].pop("parameters")
            assert key["name"] == "Idempotency-Key"
    return served


def test_the_description_is_true(schemathesis, stage, spec, tmp_path):
    passed, said = run(schemathesis, stage, spec, tmp_path, *(SOME if SUITE == "fast" else ()))
    assert passed, said
    stage.server.control("work")
    unread = stage.server.rows("SELECT topic, reason FROM inbox WHERE state IN ('unread', 'aside')")
    assert not unread, "what was taken could not be read later"


# Each on an address that is asked every day.
LIES = {
    "a field of another type": lambda spec: spec["components"]["schemas"]["Order"]["properties"]["total"].update(
        type="integer"),
    "a field that never comes": lambda spec: spec["components"]["schemas"]["Order"]["required"].append("colour"),
    "a bound that is not kept": lambda spec: spec["components"]["schemas"]["EventTold"]["properties"]["kind"].update(
        pattern="^[a-z]+$"),
}


@pytest.mark.parametrize("lie", list(LIES)[:1] if SUITE == "fast" else list(LIES))
def test_a_lie_is_caught(schemathesis, stage, spec, tmp_path, lie):
    wrong = copy.deepcopy(spec)
    LIES[lie](wrong)
    passed, said = run(schemathesis, stage, wrong, tmp_path, *SOME)
    assert not passed, said
