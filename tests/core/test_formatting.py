"""Values for people: few digits, and none that reads as another value."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.core.formatting import (
    format_compact,
    show,
    show_difference,
    show_differences,
    show_range,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0 %"),
        (1.0, "100 %"),
        (0.8, "80 %"),
        (0.7934, "79.3 %"),
        (1 / 3, "33.3 %"),
        (1.07, "107 %"),
        (0.0016, "0.16 %"),
        (1e-5, "0.001 %"),
    ],
)
def test_share_has_two_or_three_digits(value, text):
    assert show(value, "share") == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.9996, "99.96 %"),
        (0.99996, "99.996 %"),
        (0.9999999999, "< 100 %"),
        (1e-10, "> 0 %"),
        (0.7996, "79.96 %"),
        (0.80004, "80.004 %"),
    ],
)
def test_share_is_never_rounded_to_a_whole_number_that_it_is_not(value, text):
    assert show(value, "share") == text


@given(st.floats(0, 1))
def test_only_certainty_reads_as_100_or_0_percent(value):
    text = show(value, "share")
    assert (text == "100 %") == (value > 1 - 1e-11)
    assert (text == "0 %") == (value < 1e-11)


def test_share_of_runs_is_shown_as_a_share():
    assert show(0.965, "0/1") == "96.5 %"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (1.0, "1"),
        (0.667321, "0.667"),
        (12.345, "12.3"),
        (999.6, "1,000"),
        (123_456.0, "123,000"),
        (0.00012, "0.00012"),
        (1e-8, "1.00e-08"),
        (12_345_678_901.0, "1.23e+10"),
        (-2.5, "-2.5"),
    ],
)
def test_number_has_three_digits(value, text):
    assert show(value, "count") == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(1.0, "1.0"), (0.9999, "1.0"), (2.25, "2.25"), (9.996, "10"), (10.0, "10"), (0.0, "0")],
)
def test_hours_of_one_digit_are_no_count(value, text):
    assert show(value, "member-hours") == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0s"), (0.0002, "< 1ms"), (-0.0002, "> -1ms"), (2.0, "2s"), (750.0, "12min30s")],
)
def test_time_is_a_duration_and_not_zero_unless_it_is(value, text):
    assert show(value, "s") == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (590.0, "9min50s"),
        (2262.0, "38min"),
        (-7170.0, "-2h"),
        (9 * 86400.0 + 3600, "9d1h"),
        (12 * 86400.0 + 46800, "13d"),
    ],
)
def test_measured_time_is_brief(seconds, text):
    assert format_compact(seconds, "s") == text


def test_brief_changes_nothing_but_times():
    assert format_compact(2262.0, "count") == "2,260"


def test_missing_value_is_a_dash():
    assert show(math.nan, "share") == show_range(math.nan, 1.0, "s") == "-"


@pytest.mark.parametrize(
    ("low", "high", "unit", "text"),
    [
        (0.791, 0.795, "share", "79.1..79.5 %"),
        (590.0, 2262.0, "s", "9min50s..38min"),
        (-3.0, 2.0, "count", "-3..2"),
    ],
)
def test_interval_names_its_unit_once(low, high, unit, text):
    assert show_range(low, high, unit) == text


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (0.2, "share", "+20 points"),
        (-0.013, "share", "-1.3 points"),
        (0.0, "share", "0 points"),
        (720.0, "s", "+12min"),
        (-3.0, "count", "-3"),
    ],
)
def test_a_difference_has_a_sign_and_that_of_shares_is_in_points(value, unit, shown):
    assert show_difference(value, unit) == shown


def test_the_interval_of_a_difference_is_in_points_too():
    assert show_differences(-0.02, 0.2, "share") == "-2..20 points"
    assert show_differences(-60.0, 720.0, "s") == "-1min..12min"
    assert show_differences(math.nan, 1.0, "share") == "-"
