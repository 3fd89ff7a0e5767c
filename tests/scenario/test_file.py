"""The JSON Schema of a scenario file, as editors use it."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from sim.formats.tree import Scalar, plain
from sim.formats.yaml_reading import read
from sim.scenario import Scenario, json_schema
from sim.systems import SYSTEM_TYPES


def as_an_editor_reads(value: Any) -> Any:
    """Plain numbers and booleans as such, all else as text."""
    if isinstance(value, dict):
        return {key: as_an_editor_reads(each) for key, each in value.items()}
    if isinstance(value, list):
        return [as_an_editor_reads(each) for each in value]
    if isinstance(value, Scalar) and value.plain:
        try:
            return json.loads(value)
        except ValueError:
            return str(value)
    return value


def valid(text: str) -> bool:
    validator = jsonschema.Draft202012Validator(json_schema())
    return validator.is_valid(as_an_editor_reads(plain(read(text, ""))))


def test_the_schema_is_one():
    dialect = jsonschema.validators.validator_for(json_schema(), default=None)
    assert dialect is jsonschema.Draft202012Validator
    dialect.check_schema(json_schema())
    assert json.loads(json.dumps(json_schema())) == json_schema()


@pytest.mark.parametrize("kind", list(SYSTEM_TYPES))
def test_editors_accept_what_we_write(kind):
    text = SYSTEM_TYPES[kind].starter
    assert valid(text)
    assert valid(Scenario.from_text(text).to_yaml())


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("horizon: 6h", "horizn: 6h"),
        ("horizon: 6h", "horizon: 6 hours"),
        ("mode: Manual", "mode: Slowly"),
        ("instances: 20", "instances: 0"),
        ("median: 4min", "medium: 4min"),
        ("kind: cloud_service", "kind: cloud"),
        ("upgrade_deployment:", "upgrade:"),
        ("  - at: 10min\n", "  - at: 10min\n    swap: {}\n"),
        ("    at_least: 80%\n", ""),
    ],
)
def test_editors_mark_what_we_refuse(right, wrong):
    text = SYSTEM_TYPES["cloud_service"].starter
    assert right in text
    assert not valid(text.replace(right, wrong))


def test_every_key_of_a_file_is_described():
    schema = json_schema()
    parts = schema["$defs"]
    for name, part in {"": schema, **parts}.items():
        for key, described in part.get("properties", {}).items():
            under = parts.get(described.get("$ref", "").removeprefix("#/$defs/"), {})
            assert described.get("description") or under.get("description"), (name, key)


def test_no_two_kinds_of_system_share_an_operation():
    keys = [key for record in SYSTEM_TYPES.values() for key in record.operations]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize(
    ("metric", "is_one"),
    [
        ("min_capacity", True),
        ("tasks_waiting", True),
        *((f"time_to_{n}", True) for n in (1, 9, 37, 50, 100)),
        *((f"time_to_{n}", False) for n in ("0", "101", "050", "x", "")),
        ("capacity", False),
    ],
)
def test_editors_know_every_metric_and_the_pattern_of_those_with_a_number(metric, is_one):
    starter = SYSTEM_TYPES["arc_fleet"].starter
    assert valid(starter.replace("time_to_99", metric)) is is_one
    assert valid(f"{starter}prefer: [time_to_99, {metric}]\n") is is_one
