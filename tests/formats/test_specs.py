"""Mappings in a file: one of several keys, and what editors are told of them."""

from __future__ import annotations

from typing import Literal

import pytest
from jsonschema import Draft202012Validator
from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from sim.formats import fields
from sim.formats.fields import OneOf, Spec, check
from sim.formats.python_values import from_python
from sim.formats.tree import Scalar
from sim.formats.yaml_reading import read


class Range(Spec):
    low: fields.Duration
    high: fields.Duration


class Choice(OneOf):
    """A choice."""

    fixed: fields.Duration | SkipJsonSchema[None] = None
    uniform: Range | SkipJsonSchema[None] = None
    for_: fields.Count | SkipJsonSchema[None] = Field(alias="for", default=None)
    unit: Literal["a", "b"] = "a"


def choice_rules(text: str) -> list[str]:
    problems = []
    assert check(Choice, read(text, "x"), ("a",), problems) is None
    return [str(problem) for problem in problems]


def test_chosen_is_the_key_and_its_value():
    choice = check(Choice, read("{for: 3, unit: b}", ""), (), [])
    assert choice is not None
    assert choice.chosen == ("for", 3)
    assert Choice(for_=Scalar("3")).chosen == ("for", 3)


def test_no_key_or_two_are_refused():
    either = "must have exactly one of fixed, uniform or for"
    assert choice_rules("{}") == [f"x:1:1: a: {either}, got none of them"]
    assert choice_rules("unit: b") == [f"x:1:1: a: {either}, got none of them"]
    assert choice_rules("{for: 3, fixed: 3s}") == [f"x:1:1: a: {either}, got fixed and for"]


@pytest.mark.parametrize("text", ["5", "fixed", "[fixed]"])
def test_what_is_no_mapping_is_no_choice(text):
    (line,) = choice_rules(text)
    assert line.startswith("x:1:1: a: must be a mapping (keys and values), got ")


@pytest.mark.parametrize("value", [5, None, "for"])
def test_python_value_that_is_no_mapping_is_no_choice(value):
    problems = []
    assert check(Choice, from_python(value), (), problems) is None
    assert len(problems) == 1


def test_misspelt_choice_is_an_unknown_key_only():
    assert choice_rules("{unform: {}}") == ["x:1:2: a.unform: unknown key, did you mean uniform?"]


def test_error_inside_a_choice_has_no_part_of_pydantic_in_its_path():
    assert choice_rules("uniform: {low: 1, high: 2s}") == [
        (
            "x:1:16: a.uniform.low: must be a duration such as 90s or 5min, got 1 "
            "(a number without a unit)"
        )
    ]


def test_schema_of_a_choice_requires_exactly_one():
    editor = Draft202012Validator(Choice.model_json_schema())
    assert editor.is_valid({"for": 3, "unit": "a"})
    assert not editor.is_valid({"unit": "a"})
    assert not editor.is_valid({"for": 3, "fixed": "3s"})
