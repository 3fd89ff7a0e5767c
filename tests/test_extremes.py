"""Every number, duration, share and date of a file at its extremes: taken, or refused in place.

The schema says where one may stand, and the good files of the corpus use every key.
"""

from __future__ import annotations

import pytest
from places import TESTS

from sim.core import units
from sim.core.errors import ScenarioError
from sim.files import load
from sim.forecast.explanation import describe, predicted_rejections
from sim.formats.schema import Place
from sim.formats.tree import Node, Scalar, dotted
from sim.formats.yaml_reading import read
from sim.scenario.file import json_schema
from sim.simulation import Simulation

WHOLE = ("0", "1", f"{10**15 - 1}", f"{10**15}", f"{2**31}", f"{2**63}", "-1")
DATE = ("0001-01-01", "1000-01-01", "9000-12-31T23:59:59-14:00", "9999-12-31T23:59:59+14:00")
VALUES = {
    "integer": WHOLE,
    "number": (*WHOLE, "1e-300", "-1e-300", "1e300", "1e15"),
    units.DURATION_PATTERN: ("0s", "1ms", f"{10**15}s", "1e15s", f"{10**6}d", f"{10**15}d"),
    units.SHARE_PATTERN: ("0%", "100%", "1e-300", f"0.{0:013}1%", f"{10**13}%", "1e300"),
    units.CLOCK_PATTERN: ("00:00", "23:59:59", "24:00"),
    units.CLOCK_END_PATTERN: ("00:00", "24:00"),
    units.INSTANT_PATTERN: DATE,
}
"""Type or pattern in the schema -> what is tried."""

TEXT = {"type", "minLength"}
"""All that the schema says of a text that may be anything."""

SCHEMA = Place.top(json_schema())


def kinds(place):
    """Which of them a place takes; none where a number is a name or another text."""
    if any(form.get("type") == "string" and form.keys() <= TEXT for form in place.forms):
        return []
    said = [form.get("pattern") for form in place.forms]
    for form in place.forms:
        said += form["type"] if isinstance(form.get("type"), list) else [form.get("type")]
    return [each for each in VALUES if each in said]


def below(part):
    """(key, its schema, place) of everything that may stand directly below a part of the schema."""
    place = Place(SCHEMA.root, (part,))
    for key, schema in part.get("properties", {}).items():
        yield key, schema, place.below(key)
    for word, key in (("items", 0), ("additionalProperties", "NAME")):
        if isinstance(part.get(word), dict):
            yield key, part[word], place.below(key)


def parts(schema):
    """All mappings in a schema."""
    if isinstance(schema, dict):
        yield schema
    for each in schema.values() if isinstance(schema, dict) else schema:
        if isinstance(each, dict | list):
            yield from parts(each)


def nodes(node, place, path=()):
    """(path, place) of all that stands in a file."""
    yield path, place
    inside, place = node.value, place.like(node)
    if isinstance(inside, dict | list):
        for key in inside if isinstance(inside, dict) else range(len(inside)):
            yield from nodes(inside[key], place.below(key), (*path, key))


def cases():
    """(file, path, kinds) of the first place in the good files of each that a schema names."""
    met = set()
    for file in sorted((TESTS / "corpus" / "good").glob("*.yaml")):
        for path, place in nodes(read(file.read_bytes(), file.name), SCHEMA):
            new = {id(form) for form in place.forms} - met
            if kinds(place) and id(place.forms[-1]) in new:
                yield file, path, kinds(place)
            met |= new
    missing = [
        key
        for part in parts(SCHEMA.root)
        for key, schema, place in below(part)
        if kinds(place) and id(schema) not in met
    ]
    assert missing == [], "no good file has them"


CASES = {f"{file.name}:{dotted(path)}": (file, path, found) for file, path, found in cases()}


def told(file, path, value):
    """What is said of a file with another value: before it runs, or the places of what is wrong."""
    try:
        simulation = Simulation(load(file, {dotted(path): Node(Scalar(value), "here")}))
        predicted_rejections(simulation)
        return [describe(simulation)]
    except ScenarioError as error:
        return [problem.where for problem in error.problems]
    except Exception as error:
        raise AssertionError(value) from error


@pytest.mark.parametrize("case", CASES)
def test_an_extreme_value_is_explained_or_refused_with_its_place(case):
    file, path, found = CASES[case]
    for value in dict.fromkeys(value for kind in found for value in VALUES[kind]):
        said = told(file, path, value)
        assert said, value
        assert all(said), value
