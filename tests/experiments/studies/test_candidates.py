"""The values among which a search looks: what is told by how the ends are written."""

import pytest

from sim.core.errors import ScenarioError
from sim.experiments.studies.candidates import candidates


def texts(low, high, tolerance=None):
    found = candidates("x", low, high, tolerance)
    return [found.text(place) for place in range(found.last + 1)]


@pytest.mark.parametrize(
    ("low", "high", "tolerance", "expected"),
    [
        ("2", "5", None, ["2", "3", "4", "5"]),
        (2, 5, None, ["2", "3", "4", "5"]),
        ("2", "7", "2", ["2", "4", "6", "7"]),
        ("0.5", "0.8", "0.1", ["0.5", "0.6", "0.7", "0.8"]),
        (0.5, 1, 0.25, ["0.5", "0.75", "1"]),
        ("80%", "90%", "5%", ["80%", "85%", "90%"]),
        ("1min", "2min", "20s", ["1min", "1min20s", "1min40s", "2min"]),
        ("1h", "1h1s", "0.5s", ["1h", "1h0.5s", "1h1s"]),
        ("0s", "90s", "40s", ["0s", "40s", "1min20s", "1min30s"]),
    ],
)
def test_values_go_from_low_to_high_in_exact_steps(low, high, tolerance, expected):
    assert texts(low, high, tolerance) == expected


@pytest.mark.parametrize(
    ("low", "high", "step", "unit"),
    [
        ("1", "1000", "1", "count"),
        ("0s", "2h", "1min", "s"),
        ("10min", "1h", "30s", "s"),
        ("0s", "1s", "0.01s", "s"),
        ("0s", "60d", "12h", "s"),
        ("0s", "700d", "10d", "s"),
        ("50%", "90%", "0.5%", "share"),
        ("0.5", "2", "0.02", ""),
        ("100.0", "2000", "20", ""),
    ],
)
def test_step_is_round_and_a_64th_of_the_range_or_less(low, high, step, unit):
    found = candidates("x", low, high)
    assert (found.tolerance, found.unit) == (step, unit)
    assert unit == "count" or 64 <= found.last <= 250
    assert found.text(found.last) == found._written(found.high)
    assert found.is_default


def test_numbers_are_in_the_unit_of_the_kind():
    found = candidates("x", "1min", "2min", "30s")
    assert [found.number(place) for place in range(3)] == [60.0, 90.0, 120.0]
    assert candidates("x", "80%", "90%").number(0) == 0.8


@pytest.mark.parametrize(
    ("low", "high", "tolerance", "told"),
    [
        ("5", "5", None, "find: HIGH: must be above LOW, 5, got 5"),
        ("2", "1h", None, "find: HIGH: must be a whole number as LOW is, 2, got 1h"),
        ("10min", "1h", "5%", "find: tolerance: must be a duration as LOW is, 10min, got 5%"),
        ("1", "5", "0", "find: tolerance: must be above 0 and at most what lies between LOW and HIGH, got 0"),
        ("1", "5", "9", "find: tolerance: must be above 0 and at most what lies between LOW and HIGH, got 9"),
        ("10m", "1h", None, "find: LOW: min or months? write 10min, got 10m"),
        (True, "x", None, "find: LOW: must be a number or a text such as 10min, got True\n"
         "find: HIGH: must be a number, a duration such as 10min or a share such as 80%, got x"),
        (float("inf"), 3, None, "find: LOW: must be a finite number, got inf"),
        ("", "3", None, 'find: LOW: must be a number, a duration such as 10min or a share such as 80%, got ""'),
    ],
)  # fmt: skip
def test_what_is_no_value_is_refused_by_its_name(low, high, tolerance, told):
    with pytest.raises(ScenarioError) as error:
        candidates("x", low, high, tolerance)
    assert str(error.value) == told


def test_whole_numbers_with_a_step_that_is_none_are_numbers():
    assert texts("1", "2", "0.5") == ["1", "1.5", "2"]
