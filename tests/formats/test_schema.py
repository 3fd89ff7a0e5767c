from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from sim.formats.fields import Clock, Count, Duration, Name, Spec
from sim.formats.python_values import from_python
from sim.formats.schema import Place


class Range(Spec):
    low: Duration


class Service(Spec):
    kind: Literal["cloud_service"]
    restart: Duration | Range | SkipJsonSchema[None] = None
    roles: dict[Name, Range] = Field(default_factory=dict)
    curve: dict[Clock, Count] = Field(default_factory=dict)


class Pool(Spec):
    kind: Literal["batch_pool"]
    nodes: Count = 1


class File(Spec):
    systems: dict[Name, Annotated[Service | Pool, Field(discriminator="kind")]]
    steps: list[Range] = Field(default_factory=list)


top = Place.top(File.model_json_schema())
system = top.below("systems").below("any")


def test_named_keys_are_known_through_references_and_alternatives():
    assert top.keys == ["systems", "steps"]
    assert system.keys == ["kind", "restart", "roles", "curve", "nodes"]
    assert system.below("restart").keys == ["low"]
    assert top.below("steps").below(7).keys == ["low"]


def test_constants_choose_among_alternatives():
    assert system.like(from_python({"kind": "batch_pool"})).keys == ["kind", "nodes"]
    assert system.like(from_python({"kind": "other"})).keys == []
    assert system.like(from_python({})).keys == system.keys
    assert system.like(from_python("text")).keys == system.keys
    assert system.like(from_python(5)).keys == system.keys


def test_users_name_entries_only_where_the_format_says_so():
    assert top.below("systems").takes_names
    assert system.below("curve").takes_names
    anything = Place.top({"type": "object", "additionalProperties": True})
    assert (anything.takes_names, anything.below("x").keys) == (True, [])
    assert not top.takes_names
    assert not system.takes_names


def test_list_and_mapping_are_told_apart():
    assert (top.below("steps").is_list, top.below("steps").is_mapping) == (True, False)
    assert (system.below("restart").is_list, system.below("restart").is_mapping) == (False, True)


def test_unknown_place_knows_nothing():
    assert system.below(0).keys == []
    nowhere = top.below("stps").below(0)
    assert (nowhere.keys, nowhere.takes_names, nowhere.is_list) == ([], False, False)


def test_a_name_may_look_like_a_number_where_a_duration_may_not():
    class Named(Spec):
        build: Name
        after: Duration
        count: Count
        mode: Literal["Auto", "Manual"]

    place = Place.top(Named.model_json_schema())
    assert [key for key in place.keys if place.below(key).takes_text] == ["build"]
