"""Times in a file: durations, times of day, dates, zones, and times by the clock."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from jsonschema import Draft202012Validator
from pydantic.json_schema import SkipJsonSchema

from sim.formats import time_fields
from sim.formats.fields import Spec, check
from sim.formats.python_values import from_python
from sim.formats.yaml_reading import read


class Times(Spec):
    """A time of every type."""

    duration: time_fields.Duration = 0.0
    positive_duration: time_fields.PositiveDuration = 1.0
    clock: time_fields.Clock = 0.0
    end: time_fields.ClockEnd = 0.0
    instant: time_fields.Instant | SkipJsonSchema[None] = None
    start: time_fields.Start | SkipJsonSchema[None] = None
    zone: time_fields.TimeZone | SkipJsonSchema[None] = None
    at: time_fields.ClockTimeText | time_fields.Duration = 0.0


def value_of(field, text):
    """Read ``field: text``; a text where it is refused is the rule."""
    problems = []
    spec = check(Times, read(f"{field}: {text}", "x"), (), problems)
    if spec is not None:
        return getattr(spec, field)
    (problem,) = problems
    return problem.rule


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        ("duration", "1h30min", 5400),
        ("clock", "22:00", 79_200),
        ("end", "22:00", 79_200),
        ("end", "24:00", 86_400),
        ("instant", "2026-11-20T14:00Z", dt.datetime(2026, 11, 20, 14, tzinfo=dt.UTC)),
        ("zone", "Australia/Lord_Howe", ZoneInfo("Australia/Lord_Howe")),
        ("at", "5min", 300),
    ],
)
def test_a_time_is_read(field, text, value):
    assert value_of(field, text) == value


@pytest.mark.parametrize("text", ["22:00", "sat 22:00", "2026-11-20T22:00"])
def test_a_time_by_the_clock_keeps_its_text(text):
    assert value_of("at", text).text == text
    spec = check(Times, from_python({"at": text}), (), [])
    assert spec.model_dump(mode="json", exclude_unset=True) == {"at": text}


@pytest.mark.parametrize(
    ("field", "text", "rule"),
    [
        ("positive_duration", "0s", "must be a duration above 0s, got 0s"),
        ("clock", "24:00", "must be a time of day from 00:00 to 23:59, got 24:00"),
        ("start", "0999-01-01", "must be a date in the years 1000 to 9000, got 0999-01-01"),
        ("start", "[]", "must be a date and time such as 2026-11-20T14:00, got a list"),
        ("zone", "Berlin", "must be a time zone such as Europe/Berlin, got Berlin; did you mean "),
        ("at", "25:00", "must be a clock time such as 22:00, sat 22:00 or 2026-11-20T22:00, got "),
        ("at", "5", "must be a duration such as 90s or 5min, got 5 (a number without a unit)"),
    ],
)
def test_another_time_is_refused_with_its_rule(field, text, rule):
    assert value_of(field, text).startswith(rule)


def test_editors_are_told_what_is_taken():
    editor = Draft202012Validator(Times.model_json_schema())
    for right in ({"clock": "23:59"}, {"end": "24:00"}, {"at": "sat 22:00"}, {"at": "5min"}):
        assert editor.is_valid(right), right
    for wrong in ({"clock": "24:00"}, {"end": "24:01"}, {"at": "24:00"}, {"zone": "a b"}):
        assert not editor.is_valid(wrong), wrong
