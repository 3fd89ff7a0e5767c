from __future__ import annotations

import datetime as dt
import re
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.core.units import (
    CLOCK_PATTERN,
    DURATION_PATTERN,
    GRID,
    INSTANT_PATTERN,
    SHARE_PATTERN,
    format_clock,
    format_duration,
    format_share,
    parse_clock,
    parse_duration,
    parse_exactly,
    parse_instant,
    parse_load,
    parse_share,
    shorten,
    show_duration,
    show_share,
    to_grid,
)

on_grid = st.integers(0, 2**42).map(lambda steps: steps * GRID)
shares = st.floats(0, 1, exclude_max=True)


def rule(parse, text: str) -> str:
    with pytest.raises(ValueError) as caught:
        parse(text)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0s", 0),
        ("250ms", 0.25),
        ("90s", 90),
        ("1.5s", 1.5),
        ("5min", 300),
        ("1h30min", 5400),
        ("1.5h", 5400),
        ("2w", 14 * 86400),
        ("1w2d3h4min5s500ms", 604800 + 2 * 86400 + 3 * 3600 + 4 * 60 + 5.5),
        ("PT5M", 300),
        ("P1DT2H", 93600),
        ("P2W", 14 * 86400),
        ("PT1.5S", 1.5),
        ("0.1h", 360),
        ("1h56", 6960),
        ("2h05", 7500),
        ("2d 3h", 2 * 86400 + 3 * 3600),
        ("2d 3h05", 2 * 86400 + 3 * 3600 + 300),
        ("55d6h", 55 * 86400 + 6 * 3600),
        ("2min 32s", 152),
    ],
)
def test_duration_is_seconds(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("5", "must be a duration such as 90s or 5min, got 5 (a number without a unit)"),
        ("1e3", "must be a duration such as 90s or 5min, got 1e3 (a number without a unit)"),
        ("-1.5", "must be a duration such as 90s or 5min, got -1.5 (a number without a unit)"),
        ("5m", "min or months? write 5min, got 5m"),
        ("5M", "min or months? write 5min, got 5M"),
        ("1h30m", "min or months? write 1h30min, got 1h30m"),
        ("-5min", "must be a duration such as 90s or 5min, never negative, got -5min"),
        ("5 min", "write 5min, got 5 min"),
        ("1 hour and 5 minutes", "write 1h5min, got 1 hour and 5 minutes"),
        ("30min1h", "write 1h30min, got 30min1h"),
        ("5:00", "must be a duration such as 90s or 5min, got 5:00"),
        ("> 8h", "must be a duration such as 90s or 5min, got > 8h"),
        ("1h6", "must be a duration such as 90s or 5min, got 1h6"),
        ("1h65", "must be a duration such as 90s or 5min, got 1h65"),
        ("1min30", "must be a duration such as 90s or 5min, got 1min30"),
        ("2d  3h", "write 2d3h, got 2d  3h"),
        ("soon", "must be a duration such as 90s or 5min, got soon"),
        ("", 'must be a duration such as 90s or 5min, got ""'),
        ("P", "must be a duration such as 90s or 5min, got P"),
        ("PT", "must be a duration such as 90s or 5min, got PT"),
        ("5min\n", "write 5min, got 5min\\n"),
        ("٣s", "must be a duration such as 90s or 5min, got ٣s"),
        ("9" * 20 + "w", f"must be a duration of at most 10,000 years, got {'9' * 20}w"),
    ],
)
def test_refused_duration_says_how_to_write_it(text, message):
    assert rule(parse_duration, text) == message


@pytest.mark.parametrize("text", ["1y", "2 months", "P1M", "P1Y2M", "3mo"])
def test_months_and_years_have_no_length(text):
    assert "write days, 30d or 365d" in rule(parse_duration, text)


def test_endless_digits_are_refused_in_one_short_line():
    assert len(rule(parse_duration, "9" * 1_000_000 + "s")) < 200
    assert len(rule(parse_share, "9" * 1_000_000 + "%")) < 200


@settings(derandomize=True)
@given(on_grid)
def test_formatted_duration_reads_back(seconds):
    assert parse_duration(format_duration(seconds)) == seconds


@settings(derandomize=True)
@given(st.integers(0, 10**10).map(lambda milliseconds: milliseconds / 1000))
def test_what_an_answer_prints_reads_back_to_what_it_shows(seconds):
    shown = show_duration(seconds)
    assert show_duration(parse_duration(shown)) == shown


@settings(derandomize=True)
@given(st.from_regex(re.compile(DURATION_PATTERN, re.ASCII), fullmatch=True))
def test_schema_pattern_takes_only_durations(text):
    if text.endswith("\n"):  # Python's $ takes one, JavaScript's does not
        return
    try:
        parse_duration(text)
    except ValueError as error:
        assert "at most 10,000 years" in str(error) or len(text) > 400  # noqa: PT017


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (0.25, "250ms"),
        (GRID, "0.9765625ms"),
        (1.5, "1.5s"),
        (240, "4min"),
        (5400, "1h30min"),
        (86400, "1d"),
        (14 * 86400, "14d"),
        (3600.25, "1h250ms"),
    ],
)
def test_duration_is_written_exactly(seconds, text):
    assert format_duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (0.0001, "0s"),
        (-0.0001, "0s"),
        (0.25, "250ms"),
        (0.9999, "1s"),
        (9.5, "9.5s"),
        (9.96, "10s"),
        (45.4, "45s"),
        (59.6, "1min"),
        (270, "4min30s"),
        (600, "10min"),
        (3599.7, "1h"),
        (7500, "2h05"),
        (7800, "2h10"),
        (86399.9, "1d"),
        (100800, "1d4h"),
        (90 * 86400, "90d"),
        (-270, "-4min30s"),
    ],
)
def test_duration_is_shown_in_two_parts(seconds, text):
    assert show_duration(seconds) == text


def test_grid_rounds_to_nearest():
    assert to_grid(0.1) == 102 * GRID
    assert to_grid(0.6 * GRID) == GRID
    assert to_grid(0.4 * GRID) == 0


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("80%", 0.8),
        ("0.8", 0.8),
        (".5", 0.5),
        ("33.3%", 0.333),
        ("100%", 1),
        ("0%", 0),
        ("0", 0),
        ("1e-3", 0.001),
    ],
)
def test_share_is_a_number_up_to_1(text, value):
    assert parse_share(text) == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1", "100%, or a count? write a share as 100% or 0.8, got 1"),
        ("1.0", "100%, or a count? write a share as 100% or 0.8, got 1.0"),
        ("80", "must be a share from 0% to 100%, got 80 (write 80% if that is meant)"),
        ("1.5", "must be a share from 0% to 100%, got 1.5"),
        ("120%", "must be a share from 0% to 100%, got 120%"),
        ("80 %", "must be a share such as 80% or 0.8, got 80 % (write 80%)"),
        ("-5%", "must be a share such as 80% or 0.8, got -5%"),
        ("half", "must be a share such as 80% or 0.8, got half"),
        ("", 'must be a share such as 80% or 0.8, got ""'),
    ],
)
def test_refused_share_says_how_to_write_it(text, message):
    assert rule(parse_share, text) == message


@pytest.mark.parametrize(
    ("text", "value"), [("80%", 0.8), ("0.8", 0.8), ("1.2", 1.2), ("100%", 1), ("10000%", 100)]
)
def test_load_is_a_share_that_may_exceed_the_whole(text, value):
    assert parse_load(text) == value
    assert parse_load(format_share(value)) == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("80", "must be a load such as 80% or 0.8, got 80 (write 80% if that is meant)"),
        ("1", "must be a load such as 80% or 0.8, got 1 (write 100%, or 1% if that is meant)"),
        ("12", "must be a load such as 80% or 0.8, got 12 (write 12% if that is meant)"),
        ("80 %", "must be a load such as 80% or 0.8, got 80 % (write 80%)"),
        ("much", "must be a load such as 80% or 0.8, got much"),
        ("0%", "must be a load above 0%, at most 10000%, got 0%"),
        ("10001%", "must be a load above 0%, at most 10000%, got 10001%"),
        ("1e400", "must be a load above 0%, at most 10000%, got 1e400"),
    ],
)
def test_refused_load_says_how_to_write_it(text, message):
    assert rule(parse_load, text) == message


@settings(derandomize=True)
@given(shares)
def test_formatted_share_reads_back(value):
    text = format_share(value)
    assert parse_share(text) == value
    assert re.fullmatch(SHARE_PATTERN, text)


def test_whole_share_is_written_as_100_percent():
    assert format_share(1) == "100%"
    assert format_share(0) == "0%"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.8, "80 %"), (0.9995, "99.95 %"), (0.333, "33.3 %"), (1 / 3, "33.33 %"), (-1e-9, "0 %")],
)
def test_share_is_shown_with_at_most_two_decimals(value, text):
    assert show_share(value) == text


def test_clock_is_seconds_of_the_day():
    assert parse_clock("00:00") == 0
    assert parse_clock("22:30") == 22.5 * 3600
    assert parse_clock("23:59:59") == 86399


@pytest.mark.parametrize("text", ["24:00", "9:00", "22", "22:60", "22:00 ", "22:00\n", ""])
def test_no_time_of_day(text):
    assert rule(parse_clock, text).startswith("must be a time of day from 00:00 to 23:59, got ")


@settings(derandomize=True)
@given(st.integers(0, 86399))
def test_formatted_clock_reads_back(seconds):
    assert parse_clock(format_clock(seconds)) == seconds
    assert re.fullmatch(CLOCK_PATTERN, format_clock(seconds))


def test_instant_is_aware_only_where_an_offset_is_written():
    assert parse_instant("2026-11-20T14:00") == dt.datetime(2026, 11, 20, 14)  # noqa: DTZ001
    hour_ahead = dt.timezone(dt.timedelta(hours=1))
    assert parse_instant("2026-11-20T14:00+01:00") == dt.datetime(
        2026, 11, 20, 14, tzinfo=hour_ahead
    )
    assert parse_instant("2026-11-20 14:00Z").utcoffset() == dt.timedelta(0)
    assert parse_instant("2026-11-20") == dt.datetime(2026, 11, 20)  # noqa: DTZ001


@pytest.mark.parametrize(
    "text",
    ["tomorrow", "2026-02-30", "2026-11-20T25:00", "20261120", "2026-11-20T14", "2026-W47-5"],
)
def test_no_instant(text):
    assert rule(parse_instant, text).startswith("must be a date and time such as 2026-11-20T14:00")


def test_impossible_date_says_so():
    assert rule(parse_instant, "2026-02-30").endswith("got 2026-02-30 (no such date)")


@settings(derandomize=True)
@given(st.datetimes(min_value=dt.datetime(1000, 1, 1)))  # noqa: DTZ001
def test_iso_format_of_an_instant_reads_back(instant):
    assert parse_instant(instant.isoformat()) == instant
    assert re.fullmatch(INSTANT_PATTERN, instant.isoformat())


def test_shortened_text_is_one_printable_line():
    assert shorten("a\nb\x07") == "a\\nb\\x07"
    assert shorten("x" * 61) == "x" * 57 + "..."
    assert shorten("x" * 60) == "x" * 60


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("100ms", Fraction(1, 10), "s"),
        ("1h30min", Fraction(5400), "s"),
        ("PT0.1S", Fraction(1, 10), "s"),
        ("12.5%", Fraction(1, 8), "share"),
        ("0.1", Fraction(1, 10), ""),
        ("-3", Fraction(-3), ""),
        ("1e-3", Fraction(1, 1000), ""),
    ],
)
def test_a_value_is_read_exactly_with_its_unit(text, value, unit):
    assert parse_exactly(text) == (value, unit)


@pytest.mark.parametrize("text", ["few", "5 min or so", "10 %", "", "9" * 500])
def test_what_has_no_exact_value_is_refused(text):
    with pytest.raises(ValueError, match="must be a duration such as 5min, a share such as 80% or"):
        parse_exactly(text)
