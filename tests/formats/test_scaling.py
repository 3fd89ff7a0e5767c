"""A value times a factor: what may be halved and doubled, and what becomes of it."""

from __future__ import annotations

import numpy as np
import pytest

from sim.formats.distributions import Distribution
from sim.formats.fields import (
    ClockTimeText,
    Count,
    CountOrShare,
    Duration,
    Level,
    Load,
    Name,
    PositiveNumber,
    Share,
    Spec,
)
from sim.formats.python_values import from_python
from sim.formats.scaling import has_number, is_distribution, scaled, takes_number
from sim.formats.schema import Place
from sim.formats.tree import plain
from sim.formats.yaml_reading import read


class Everything(Spec):
    count: Count = 1
    rate: PositiveNumber = 1.0
    share: Share = 0.5
    load: Load = 0.5
    level: Level = 0.5
    some: CountOrShare | None = None
    time: Duration = 0.0
    at: ClockTimeText | Distribution | None = None
    law: Distribution | None = None
    name: Name = "x"
    names: dict[str, Count] | None = None


TOP = Place.top(Everything.model_json_schema())


def times(key, text, factor):
    found = scaled(read(text, ""), TOP.below(key), factor)
    return (plain(found.node) if found.node else None), found.note


@pytest.mark.parametrize(
    ("key", "text", "halved", "doubled"),
    [
        ("count", "4", (2, ""), (8, "")),
        ("count", "3", (2, "rounded"), (6, "")),
        ("count", "1", (None, "is a whole number, rounded to 1 again"), (2, "")),
        ("count", "0", (None, "is 0"), (None, "is 0")),
        ("rate", "3", (1.5, ""), (6.0, "")),
        ("share", "20%", ("10%", ""), ("40%", "")),
        ("share", "0.2", ("10%", ""), ("40%", "")),
        ("share", "80%", ("40%", ""), ("100%", "100 % at most")),
        ("share", "100%", ("50%", ""), (None, "is 100 % already")),
        ("share", "0%", (None, "is 0"), (None, "is 0")),
        ("load", "80%", ("40%", ""), ("160%", "")),
        ("level", "80%", ("40%", ""), ("160%", "")),
        ("some", "6", (3, ""), (12, "")),
        ("some", "60%", ("30%", ""), ("100%", "100 % at most")),
        ("time", "5min", ("2min30s", ""), ("10min", "")),
        ("time", "PT5M", ("2min30s", ""), ("10min", "")),
        ("time", "0s", (None, "is 0"), (None, "is 0")),
        ("at", "'22:00'", (None, "is a time of day"), (None, "is a time of day")),
        ("at", "1h", ("30min", ""), ("2h", "")),
        ("name", "3", (None, "is no number"), (None, "is no number")),
    ],
)
def test_a_number_keeps_its_kind(key, text, halved, doubled):
    assert times(key, text, 0.5) == halved
    assert times(key, text, 2.0) == doubled


@pytest.mark.parametrize(
    "text",
    [
        "{uniform: {low: 1min, high: 3min}}",
        "{triangular: {low: 1min, mode: 2min, high: 5min}}",
        "{exponential: {mean: 4min}}",
        "{lognormal: {median: 4min, p95: 9min}}",
        "{lognormal: {mean: 4min, sd: 2min}}",
        "{weibull: {shape: 1.5, scale: 4min}}",
        "{empirical: {values: [1min, 2min, 6min]}}",
        "{exponential: {mean: 4min}, min: 1min, max: 10min}",
        "4min",
    ],
)
def test_a_distribution_is_scaled_as_a_whole(text):
    u = np.array([0.0, 0.25, 0.5, 0.99])
    once, twice = (
        Distribution.model_validate(value).quantile(u)
        for value in (plain(read(text, "")), times("law", text, 2.0)[0])
    )
    assert np.allclose(twice, 2 * once, rtol=1e-4)


def test_times_in_a_file_stay():
    assert times("law", "{empirical: {csv: times.csv, column: s}}", 2.0) == (
        None,
        "has no times in the file",
    )


def test_places_that_take_a_number_and_no_other_text():
    of = [key for key in Everything.model_fields if takes_number(TOP.below(key))]
    assert of == ["count", "rate", "share", "load", "level", "some", "time", "at", "law"]


def test_a_mapping_is_a_number_only_as_a_distribution():
    law, names = from_python({"exponential": {"mean": "1min"}}), from_python({"a": 1})
    assert is_distribution(law)
    assert has_number(law, TOP.below("law"))
    assert not has_number(names, TOP.below("names"))
    assert scaled(from_python([1]), TOP.below("names"), 2.0).note == "is no number"
