"""doc/manual/api.md: its commands work as they stand there, and the answers are those that it shows."""
import json
import pathlib
import re
import shlex
import subprocess

import pytest

MANUAL = (pathlib.Path(__file__).resolve().parents[2] / "doc/manual/api.md").read_text()
BLOCKS = re.findall(r"^```\n(.*?)^```", MANUAL, re.M | re.S)


def examples():
    """(command, status, body as the manual has it) of each curl in it, in their order."""
    found = []
    for block in BLOCKS:
        found += re.findall(r"^(curl .*?)\n\n(\d{3}) (.*?)(?:\n\n|\n?\Z)", block, re.M | re.S)
    return found


def shape(value):
    return {key: shape(below) for key, below in value.items()} if isinstance(value, dict) else type(value)


def test_each_curl_answers_as_the_manual_says(stage):
    asked = examples()
    assert len(asked) >= 3
    for command, status, shown in asked:
        command = command.replace("https://mail.example.com", f"http://127.0.0.1:{stage.server.port}")
        command = command.replace("pk_...", stage.demo.key)
        ran = subprocess.run(["sh", "-c", command + " -sS -i"], capture_output=True, text=True, timeout=30, check=True)
        head, _, body = ran.stdout.replace("\r", "").partition("\n\n")
        assert head.split()[1] == status, ran.stdout
        if "..." not in shown:
            assert shape(json.loads(body)) == shape(json.loads(shown))
        stage.server.control("work")
    order, = stage.demo.pages("orders", source_id="1001")
    assert order["email"] == "ana@example.com" and order["total"] == {"amount": "179.80", "currency": "EUR"}
    shipment, = stage.demo.pages("shipments", source_id="P-1")
    assert shipment["order_id"] == order["id"]


@pytest.mark.parametrize("line", [line for line in BLOCKS[0].splitlines() if "..." not in line])
def test_each_command_for_keys_works(stage, line):
    words = shlex.split(line)
    if "--revoke" in words:
        words[-1] = re.search(r"\bak_[0-9a-z]+", stage.server.cli("key", "api", "demo", "--name", "x", "--scopes", "all"))[0]
    assert words[0] == "postlude"
    stage.server.cli(*words[1:])


def test_what_it_says_of_http_is_so(stage):
    for accept in ("text/html", "application/xml", "application/json;q=0", "*/*"):
        answer = stage.demo.ask("GET", "/api/v1/orders", headers={"Accept": accept})
        assert answer.status == 200 and answer.headers["content-type"] == "application/json"
    assert "etag" not in answer.headers and "no-store" in answer.headers["cache-control"]
    answer = stage.demo.ask("OPTIONS", "/api/v1/orders", headers={"Origin": "https://evil.example",
                                                                  "Access-Control-Request-Method": "POST"})
    assert answer.status == 204 and answer.headers["allow"] == "GET, HEAD, POST"
    assert not any(name.startswith("access-control") for name in answer.headers)
