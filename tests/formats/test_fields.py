from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import Field, TypeAdapter
from pydantic.json_schema import SkipJsonSchema

from sim.core.rounding import Amount
from sim.core.units import GRID
from sim.formats import fields
from sim.formats.fields import Null, Spec, check
from sim.formats.python_values import from_python
from sim.formats.writing import write
from sim.formats.yaml_reading import read

if TYPE_CHECKING:
    from sim.formats.tree import Node


class Everything(Spec):
    """One field of every type."""

    duration: fields.Duration = 1800.0
    """How long to wait."""
    positive_duration: fields.PositiveDuration = 1.0
    share: fields.Share = 0.5
    load: fields.Load = 0.8
    amount: fields.CountOrShare = Amount(count=1)
    integer: fields.Integer = 0
    count: fields.Count = 0
    positive_count: fields.PositiveCount = 1
    number: fields.Number = 0.0
    positive_number: fields.PositiveNumber = 1.0
    non_negative_number: fields.NonNegativeNumber = 0.0
    flag: fields.Flag = False
    text: fields.Text = ""
    name: fields.Name = "x"
    clock: fields.Clock = 0.0
    instant: fields.Instant | SkipJsonSchema[None] = None
    text_or_null: fields.TextOrNull = ""
    curve: dict[fields.Clock, fields.Number] = Field(default_factory=dict)
    from_: fields.Count = Field(alias="from", default=0)


def value_of(field: str, text: str) -> object:
    """Read ``field: text`` from YAML; a text where it is refused is the rule."""
    return _checked(read(f"{field}: {text}", "x"), field)


def python_value_of(field: str, value: object) -> object:
    return _checked(from_python({field: value}), field)


def _checked(node: Node, field: str) -> object:
    problems = []
    spec = check(Everything, node, (), problems)
    if spec is None:
        (problem,) = problems
        return problem.rule
    return getattr(spec, field)


# What is taken ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        ("duration", "5min", 300),
        ("duration", "'5min'", 300),
        ("duration", "0s", 0),
        ("positive_duration", "1ms", GRID),
        ("share", "80%", 0.8),
        ("share", "'80%'", 0.8),
        ("share", "0.8", 0.8),
        ("load", "120%", 1.2),
        ("load", "'120%'", 1.2),
        ("load", "1.2", 1.2),
        ("amount", "14", Amount(count=14)),
        ("amount", "80%", Amount(share=0.8)),
        ("integer", "-3", -3),
        ("integer", "+3", 3),
        ("integer", "010", 10),
        ("integer", "-" + "1" * 15, -111_111_111_111_111),
        ("count", "0", 0),
        ("positive_count", "1", 1),
        ("number", "1e4", 10_000),
        ("number", "-.5", -0.5),
        ("number", "7.", 7),
        ("number", "3", 3),
        ("positive_number", "0.1", 0.1),
        ("non_negative_number", "0", 0),
        ("flag", "true", True),
        ("flag", "false", False),
        ("text", "9.10", "9.10"),
        ("text", "'9.10'", "9.10"),
        ("text", "no", "no"),
        ("text", "true", "true"),
        ("text", "''", ""),
        ("name", "42", "42"),
        ("name", "Conference.Web.Admin", "Conference.Web.Admin"),
        ("clock", "22:00", 79_200),
        ("clock", "'22:00'", 79_200),
        ("instant", "2026-11-20T14:00Z", dt.datetime(2026, 11, 20, 14, tzinfo=dt.UTC)),
        ("text_or_null", "", Null.NULL),
        ("text_or_null", "null", Null.NULL),
        ("text_or_null", "'null'", "null"),
        ("text_or_null", "9.10", "9.10"),
    ],
)
def test_field_decides_what_a_scalar_means(field, text, value):
    assert value_of(field, text) == value


@pytest.mark.parametrize(
    ("field", "given", "value"),
    [
        ("duration", "5min", 300),
        ("share", 0.8, 0.8),
        ("share", 1e-5, 1e-5),
        ("amount", 14, Amount(count=14)),
        ("amount", "80%", Amount(share=0.8)),
        ("count", np.int64(3), 3),
        ("number", np.float64(0.5), 0.5),
        ("number", 3, 3),
        ("flag", True, True),
        ("text", 42, "42"),
        ("text_or_null", None, Null.NULL),
    ],
)
def test_python_values_are_taken_too(field, given, value):
    assert python_value_of(field, given) == value


def test_types_are_plain_python():
    assert type(value_of("text", "9.10")) is str
    assert type(value_of("number", "3")) is float
    assert type(value_of("count", "3")) is int


# What is refused ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "text", "rule"),
    [
        (
            "duration",
            "5",
            "must be a duration such as 90s or 5min, got 5 (a number without a unit)",
        ),
        ("duration", "5m", "min or months? write 5min, got 5m"),
        ("duration", "[5s]", "must be a duration such as 90s or 5min, got a list"),
        ("duration", "{a: 5s}", "must be a duration such as 90s or 5min, got a mapping"),
        ("positive_duration", "0s", "must be a duration above 0s, got 0s"),
        ("positive_duration", "0.1ms", "must be a duration above 0s, got 0.1ms"),
        ("share", "1", "100%, or a count? write a share as 100% or 0.8, got 1"),
        (
            "share",
            "'0.8'",
            (
                'must be a share such as 80% or 0.8, got "0.8" '
                "(text, not a number: leave the quotes out)"
            ),
        ),
        ("share", "half", "must be a share such as 80% or 0.8, got half"),
        ("amount", "0.8", "must be a count such as 14 or a share such as 80%, got 0.8"),
        ("amount", "-1", "must be a count such as 14 or a share such as 80%, got -1"),
        ("amount", "120%", "must be a share from 0% to 100%, got 120%"),
        ("integer", "5.0", "must be a whole number, got 5.0"),
        ("integer", "1_000", "must be a whole number, got 1_000"),
        ("integer", "0x1F", "must be a whole number, got 0x1F"),
        ("integer", "0o17", "must be a whole number, got 0o17"),
        (
            "integer",
            "'5'",
            'must be a whole number, got "5" (text, not a number: leave the quotes out)',
        ),
        ("integer", "1" * 16, f"must be a whole number, got {'1' * 16} (more than 15 digits)"),
        ("count", "-1", "must be a whole number, 0 or more, got -1"),
        ("count", "many", "must be a whole number, 0 or more, got many"),
        ("positive_count", "0", "must be a whole number, 1 or more, got 0"),
        ("number", ".inf", "must be a number, got .inf"),
        ("number", ".nan", "must be a number, got .nan"),
        ("number", "1e999", "must be a number, got 1e999"),
        ("number", "5:00", "must be a number, got 5:00"),
        ("number", "5min", "must be a number, got 5min"),
        ("number", "true", "must be a number, got true"),
        ("positive_number", "0", "must be a number above 0, got 0"),
        ("non_negative_number", "-0.1", "must be a number, 0 or more, got -0.1"),
        ("flag", "no", "must be true or false, got no"),
        ("flag", "True", "must be true or false, got True"),
        ("flag", "'true'", 'must be true or false, got "true"'),
        ("flag", "1", "must be true or false, got 1"),
        ("text", "[a]", "must be text, got a list"),
        ("clock", "24:00", "must be a time of day from 00:00 to 23:59, got 24:00"),
        (
            "instant",
            "tomorrow",
            (
                "must be a date and time such as 2026-11-20T14:00 or 2026-11-20T14:00+01:00, "
                "got tomorrow"
            ),
        ),
        ("text_or_null", "{}", "must be text or null, got a mapping"),
    ],
)
def test_refused_value_is_told_with_its_rule(field, text, rule):
    assert value_of(field, text) == rule


@pytest.mark.parametrize("name", ["''", "' a'", "a/b", r"a\b", '"a\\tb"'])
def test_name_that_could_not_stand_in_a_path_or_a_table_is_refused(name):
    assert str(value_of("name", name)).startswith("must be a name, without slashes, ")


@pytest.mark.parametrize(
    ("field", "given", "rule"),
    [
        ("text", 9.1, "must be text: quote it, got 9.1"),
        ("text", True, "must be text: quote it, got true"),
        (
            "count",
            "5",
            'must be a whole number, 0 or more, got "5" (text, not a number: leave the quotes out)',
        ),
        ("count", 5.0, "must be a whole number, 0 or more, got 5.0"),
        ("count", True, "must be a whole number, 0 or more, got true"),
        ("number", float("nan"), "must be a number, got nan"),
        ("amount", 0.8, "must be a count such as 14 or a share such as 80%, got 0.8"),
        ("amount", True, "must be a count such as 14 or a share such as 80%, got true"),
        ("share", True, "must be a share such as 80% or 0.8, got true"),
        ("share", 1, "100%, or a count? write a share as 100% or 0.8, got 1"),
        ("duration", 5, "must be a duration such as 90s or 5min, got 5 (a number without a unit)"),
        ("flag", "true", 'must be true or false, got "true"'),
        ("flag", 1, "must be true or false, got 1"),
    ],
)
def test_python_value_of_another_kind_is_refused(field, given, rule):
    assert python_value_of(field, given) == rule


@pytest.mark.parametrize("field", [f for f in Everything.model_fields if f[-1] != "_"])
def test_only_one_type_takes_null(field):
    if field != "text_or_null":
        rule = "null is not allowed here: leave the key out"
        assert value_of(field, "") == rule
        assert python_value_of(field, None) == rule


# Dumps --------------------------------------------------------------------------------------------


everything = st.builds(
    Everything.model_construct,
    duration=st.integers(0, 2**40).map(lambda steps: steps * GRID),
    share=st.floats(0, 1),
    amount=st.one_of(
        st.builds(Amount, count=st.integers(0, 10**15 - 1)),
        st.builds(Amount, share=st.floats(0, 1)),
    ),
    integer=st.integers(-(10**14), 10**14),
    number=st.floats(-1e15, 1e15),
    flag=st.booleans(),
    text=st.text(st.characters(exclude_categories=["Cs"])),
    name=st.from_regex(r"[-+.0-9A-Za-z:%_]{1,9}", fullmatch=True),
    clock=st.integers(0, 86_399).map(float),
    instant=st.none() | st.datetimes(dt.datetime(1000, 1, 1)),  # noqa: DTZ001
    text_or_null=st.just(Null.NULL) | st.sampled_from(["null", "~", "no", ""]),
    curve=st.dictionaries(st.integers(0, 86_399).map(float), st.just(0.0) | st.floats(1e-6, 100)),
    from_=st.integers(0, 5),
)


@settings(derandomize=True)
@given(everything)
def test_dump_reads_back_to_an_equal_spec(spec):
    dumped = spec.model_dump(mode="json", by_alias=True, exclude_none=True)
    problems = []
    assert check(Everything, from_python(dumped), (), problems) == spec
    assert check(Everything, read(write(dumped), ""), (), problems) == spec
    assert problems == []


def test_dump_is_written_as_a_user_would():
    text = """
duration: 90min
share: 0.8
amount: 80%
count: 3
number: 1200
flag: true
text: 9.10
clock: 22:00
instant: 2026-11-20T14:00+01:00
text_or_null:
curve: {"14:00": 2}
from: 1
"""
    spec = check(Everything, read(text, ""), (), [])
    assert spec is not None
    dumped = spec.model_dump(mode="json", by_alias=True, exclude_unset=True)
    assert dumped == {
        "duration": "1h30min",
        "share": "80%",
        "amount": "80%",
        "count": 3,
        "number": 1200,
        "flag": True,
        "text": "9.10",
        "clock": "22:00",
        "instant": "2026-11-20T14:00:00+01:00",
        "text_or_null": None,
        "curve": {"14:00": 2},
        "from": 1,
    }
    assert type(dumped["number"]) is int


def test_amount_is_shown_as_a_count_or_a_share():
    assert str(Amount(count=14)) == "14"
    assert str(Amount(share=0.8)) == "80 %"


# One of several keys ------------------------------------------------------------------------------


# Editors ------------------------------------------------------------------------------------------


def test_schema_tells_what_the_reader_takes():
    editor = Draft202012Validator(Everything.model_json_schema())
    assert editor.is_valid(
        {"duration": "1h30min", "share": "80%", "amount": 14, "text": 9.1, "clock": "22:00"}
    )
    assert editor.is_valid({"share": 0.8, "amount": "80%", "text_or_null": None, "from": 1})
    for wrong in (
        {"duration": 5},
        {"duration": "5m"},
        {"share": 1},
        {"share": "80"},
        {"amount": 0.8},
        {"count": -1},
        {"positive_number": 0},
        {"flag": "no"},
        {"clock": "24:00"},
        {"instant": "tomorrow"},
        {"instant": None},
        {"from_": 1},
    ):
        assert not editor.is_valid(wrong), wrong


def test_schema_shows_defaults_as_written_and_docstrings_as_descriptions():
    schema = Everything.model_json_schema()
    assert schema["properties"]["duration"]["default"] == "30min"
    assert schema["properties"]["duration"]["description"] == "How long to wait."
    assert schema["properties"]["amount"]["default"] == 1
    assert "default" not in schema["properties"]["instant"]
    assert not any("title" in field for field in schema["properties"].values())


def test_every_type_has_a_schema():
    for name in fields.__all__:
        kind = getattr(fields, name)
        if not isinstance(kind, type) and not callable(kind):
            assert TypeAdapter(kind).json_schema(), name
