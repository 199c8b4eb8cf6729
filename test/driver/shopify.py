"""shopify.py - bodies as Shopify posts them: a fixture, edited, signed.

Edits keep every number as it is written: a 64-bit id is an int of Python's, an amount is a string.
"""

import base64
import hashlib
import hmac
import json
from pathlib import Path

FIXTURES = Path(__file__).resolve().parents[1] / "fixture"


def sign(secret, body):
    """Base64 of HMAC-SHA256 over the raw bytes."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def fixture(name):
    """The bytes of a file below test/fixture/."""
    path = FIXTURES / name
    if not path.is_file():
        near = " ".join(sorted(found.name for found in path.parent.glob("*.json")))
        raise FileNotFoundError(f"no file test/fixture/{name}; there are: {near}")
    return path.read_bytes()


def edit(body, edits):
    """The body with values put at JSON pointers (RFC 6901). A value is JSON, or text as it stands."""
    if not edits:
        return body
    document = json.loads(body)
    for pointer, value in edits:
        _put(document, pointer, value)
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _put(document, pointer, value):
    steps = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
    if not steps:
        raise ValueError(f"`{pointer}`: a JSON pointer begins with /")
    for step in steps[:-1]:
        document = document[int(step) if isinstance(document, list) else step]
    last = int(steps[-1]) if isinstance(document, list) else steps[-1]
    try:
        document[last] = json.loads(value)
    except ValueError:
        document[last] = value


def headers(topic, delivery, signature, at):
    """The headers of one delivery; no signature leaves the header out."""
    found = {
        "Content-Type": "application/json",
        "User-Agent": "Shopify-Captain-Hook",
        "X-Shopify-Topic": topic,
        "X-Shopify-Shop-Domain": "demo-outdoor.myshopify.com",
        "X-Shopify-API-Version": "2026-01",
        "X-Shopify-Webhook-Id": delivery,
        "X-Shopify-Triggered-At": at,
    }
    if signature:
        found["X-Shopify-Hmac-Sha256"] = signature
    return found
