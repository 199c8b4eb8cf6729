"""Each field of each noun, as /openapi.json describes it, violated in each way: a 422 that names its JSON pointer. And the
other way round: what the description allows at its edges is taken."""
import json
import re

import pytest
from program import SAMPLES

NOUNS = sorted(SAMPLES)
LONG = 100_000


def told(stage, noun):
    spec = stage.demo.ask("GET", "/openapi.json").json
    found = spec["paths"][f"/api/v1/{noun}"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    return spec["components"]["schemas"][found["$ref"].rpartition("/")[2]]


def types(schema):
    named = schema.get("type", "string")
    return [named] if isinstance(named, str) else named


def least(schema):
    """A value that fits, as small as can be."""
    named = types(schema)
    if "object" in named:
        return {key: least(schema["properties"][key]) for key in schema.get("required", [])}
    if "array" in named:
        return []
    if schema.get("enum"):
        return schema["enum"][0]
    if "integer" in named:
        return schema["minimum"]
    if "boolean" in named:
        return True
    if schema.get("format") == "date-time":
        return "2026-03-02T08:00:00Z"
    if schema.get("format") == "email":
        return "a@example.com"
    for fits in ("1", "https://a.example", "shop.a", "02-29"):
        if "pattern" in schema:
            if re.search(schema["pattern"], fits):
                return fits
    return "a"


def wrong(schema):
    """Values that the schema forbids, each with a word for it."""
    named = types(schema)
    yield "an object" if "object" not in named else "a list", {} if "object" not in named else []
    if "null" not in named:
        yield "null", None
    if "boolean" not in named:
        yield "a truth", True
    if "string" not in named:
        yield "letters", "x"
    elif "number" not in named:
        yield "a number", 7
    if schema.get("enum"):
        yield "another word", "no such word"
        yield "in capitals", schema["enum"][0].swapcase()
    if "maxLength" in schema:
        yield "too long", "1" * (schema["maxLength"] + 1)
    if "pattern" in schema:
        yield "another form", "\u00e9 \u0000"
        yield "nothing", ""
    if schema.get("format") in ("email", "date-time"):
        yield "no such", "neither a time nor an address"
    if "minimum" in schema:
        yield "too small", schema["minimum"] - 1
        yield "too large", schema["maximum"] + 1
    if "integer" in named:
        yield "a fraction", 1.5
    if "maxItems" in schema:
        yield "too many", [{}] * (schema["maxItems"] + 1)
    if "maxProperties" in schema:
        yield "too many", {f"p{n}": 1 for n in range(schema["maxProperties"] + 1)}


def fields(schema, pointer=""):
    """(pointer, schema) of each member, those of lists below /0."""
    for key, below in schema.get("properties", {}).items():
        yield f"{pointer}/{key}", below
        if "items" in below:
            yield from fields(below["items"], f"{pointer}/{key}/0")
        yield from fields(below, f"{pointer}/{key}")


def body(root, pointer, value, drop=False):
    """The least body that has the value at the pointer; what stands around it is right."""
    made, schema = least(root), root
    here, steps = made, pointer.split("/")[1:]
    for at, step in enumerate(steps[:-1]):
        if step == "0":
            continue
        schema = schema["properties"][step]
        if steps[at + 1] == "0":
            schema = schema["items"]
            here[step] = [least(schema)]
            here = here[step][0]
        else:
            here = here.setdefault(step, least(schema))
    if drop:
        here.pop(steps[-1], None)
    else:
        here[steps[-1]] = value
    return made


@pytest.mark.parametrize("noun", NOUNS)
def test_each_violation_names_its_pointer(stage, noun):
    schema, tried = told(stage, noun), 0
    for pointer, field in fields(schema):
        for why, value in wrong(field):
            answer = stage.demo.post(noun, body(schema, pointer, value))
            shown = (noun, pointer, why, answer.status, answer.body[:300])
            assert answer.status == 422, shown
            assert answer.headers["content-type"] == "application/problem+json", shown
            assert pointer in answer.pointers, shown
            tried += 1
    assert tried > 30


@pytest.mark.parametrize("noun", NOUNS)
def test_what_is_needed_is_missed_and_what_nobody_knows_is_named(stage, noun):
    schema = told(stage, noun)
    objects = [("", schema)] + [(pointer, field) for pointer, field in fields(schema) if "properties" in field]
    objects += [(f"{pointer}/0", field["items"]) for pointer, field in fields(schema) if "items" in field]
    for pointer, shape in objects:
        assert shape["additionalProperties"] is False
        answer = stage.demo.post(noun, body(schema, f"{pointer}/n~o", 1))
        assert answer.status == 422 and f"{pointer}/n~0o" in answer.pointers, (noun, pointer, answer.body)
        for key in shape.get("required", []):
            answer = stage.demo.post(noun, body(schema, f"{pointer}/{key}", None, drop=True))
            assert answer.status == 422 and f"{pointer}/{key}" in answer.pointers, (noun, pointer, key, answer.body)


@pytest.mark.parametrize("noun", NOUNS)
def test_what_is_described_is_taken(stage, noun):
    schema = told(stage, noun)
    for pointer, field in fields(schema):
        edges = [least(field)]
        if "null" in types(field):
            edges.append(None)
        if "maximum" in field:
            edges += [field["minimum"], field["maximum"]]
        if "enum" in field:
            edges += field["enum"]
        if field.get("maxLength") and "pattern" not in field and "format" not in field:
            edges.append("\U0001f97e" * field["maxLength"])
        for value in edges:
            answer = stage.demo.post(noun, body(schema, pointer, value))
            assert answer.status == 202, (noun, pointer, json.dumps(value)[:80], answer.body)
