"""The clock on the wall, with and without a time zone that changes it."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.core.wall_clock import (
    DAY,
    WallClock,
    localized,
    reading,
    show_clock,
    show_instant,
    show_window,
    since,
    start_of,
)

HOUR = 3600.0
BERLIN = ZoneInfo("Europe/Berlin")
FRIDAY = dt.datetime(2026, 11, 20, 14, 30, tzinfo=dt.timezone(dt.timedelta(hours=1)))
AUTUMN = dt.datetime(2026, 10, 24, 12, tzinfo=BERLIN)  # the day before summer time ends
SPRING = dt.datetime(2027, 3, 27, 12, tzinfo=BERLIN)  # the day before it begins


def naive(text):
    return dt.datetime.fromisoformat(text)


def instants(start, *hours):
    """Hours after midnight of the first day -> hours since the start."""
    clock = WallClock(start, 30 * DAY)
    return (clock.instants(np.array(hours) * HOUR) / HOUR).tolist()


def test_without_a_start_time_0_is_midnight():
    assert instants(None, 0, 22, 46) == [0, 22, 46]


def test_without_changes_readings_are_as_far_apart_as_instants():
    assert instants(FRIDAY, 14.5, 22, 46) == [0, 7.5, 31.5]


def test_a_start_between_two_seconds_is_kept_to_the_grid():
    clock = WallClock(naive("2026-01-01T00:00:01.3"), DAY)
    assert clock.instants(np.array([2.0])).tolist() == [717 / 1024]


@pytest.mark.parametrize(
    ("reads", "since_start"),
    [
        (24 + 1, 13),
        (24 + 2, 14),  # twice: the first, in summer time
        (24 + 2.5, 14.5),
        (24 + 3, 16),
        (48, 37),
    ],
)
def test_when_summer_time_ends_a_day_has_25_hours(reads, since_start):
    assert instants(AUTUMN, reads) == [since_start]


@pytest.mark.parametrize(
    ("reads", "since_start"),
    [
        (24 + 1, 13),
        (24 + 2, 14),  # never shown: at the end of the gap
        (24 + 2.5, 14),
        (24 + 3, 14),
        (24 + 3.5, 14.5),
        (48, 35),
    ],
)
def test_when_summer_time_begins_a_day_has_23_hours(reads, since_start):
    assert instants(SPRING, reads) == [since_start]


def test_a_start_after_the_change_of_its_day_reads_as_it_is_written():
    noon = dt.datetime(2026, 10, 25, 12, tzinfo=BERLIN)
    assert instants(noon, 3, 12, 22) == [-9, 0, 10]


@pytest.mark.parametrize(
    ("written", "utc"),
    [
        ("2026-10-25T01:30", "2026-10-24T23:30Z"),
        ("2026-10-25T02:30", "2026-10-25T00:30Z"),  # the first of two
        ("2026-10-25T02:30+01:00", "2026-10-25T01:30Z"),
        ("2026-10-25T03:00", "2026-10-25T02:00Z"),
        ("2027-03-28T01:59", "2027-03-28T00:59Z"),
        ("2027-03-28T02:00", "2027-03-28T01:00Z"),
        ("2027-03-28T02:30", "2027-03-28T01:00Z"),  # never shown: at the end of the gap
        ("2027-03-28T03:00", "2027-03-28T01:00Z"),
        ("2027-03-28T02:30+01:00", "2027-03-28T01:30Z"),
    ],
)
def test_what_is_written_is_an_instant_of_the_zone(written, utc):
    at = localized(naive(written), BERLIN)
    assert at.tzinfo is BERLIN
    assert at.astimezone(dt.UTC) == naive(utc)


def test_time_passes_evenly_over_a_change():
    after = reading(AUTUMN, 16 * HOUR)
    assert after.isoformat() == "2026-10-25T03:00:00+01:00"
    assert since(AUTUMN, after) == 16 * HOUR
    assert since(naive("2026-01-01T00:00"), naive("2026-01-01T02:00")) == 2 * HOUR


def test_an_instant_is_shown_by_the_clock_of_its_day():
    assert show_instant(5400.0, None) == "1h30"
    assert show_instant(5400.0, FRIDAY) == "Fri 20 Nov 16:00"
    assert show_instant(16 * HOUR, AUTUMN) == "Sun 25 Oct 03:00"


def test_a_short_form_is_as_long_as_it_takes_to_tell_instants_apart():
    assert show_clock(10 * HOUR, FRIDAY, 12 * HOUR) == "00:30"
    assert show_clock(10 * HOUR, FRIDAY, DAY) == "Sat 00:30"
    assert show_clock(10 * HOUR, FRIDAY, 7 * DAY) == "21 Nov 00:30"


def test_a_minute_that_has_begun_counts():
    assert show_clock(HOUR + 1, FRIDAY, 12 * HOUR) == "15:31"
    assert show_clock(HOUR, FRIDAY, 12 * HOUR) == "15:30"


ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Apia")


@settings(derandomize=True)
@given(
    st.sampled_from(ZONES),
    st.datetimes(dt.datetime(2009, 1, 1), dt.datetime(2030, 1, 1)),  # noqa: DTZ001
    st.integers(0, 400 * 96),
)
def test_all_readings_at_once_are_where_each_is_by_itself(zone, written, quarter):
    """Half an hour of Lord Howe, the day that Apia left out, and the usual changes."""
    start = localized(written.replace(second=0, microsecond=0), ZoneInfo(zone))
    clock = WallClock(start, 400 * DAY)
    midnight = dt.datetime.combine(start.date(), dt.time())
    alone = localized(midnight + dt.timedelta(minutes=15 * quarter), ZoneInfo(zone))
    assert clock.instants(np.array([quarter * 900.0])).tolist() == [since(start, alone)]


@pytest.mark.parametrize(
    ("begin", "end", "start", "shown"),
    [
        (0.0, 6 * HOUR, None, "0..6h"),
        (1800.0, 6 * HOUR, None, "30min..6h"),
        (1800.0, 6 * HOUR, FRIDAY, "Fri 20 Nov 15:00..20:30"),
        (0.0, DAY, FRIDAY, "Fri 20 Nov 14:30..Sat 21 Nov 14:30"),
    ],
)
def test_window_is_told_by_the_clock_where_there_is_one(begin, end, start, shown):
    assert show_window(begin, end, start) == shown


@pytest.mark.parametrize(
    ("written", "zone", "shown"),
    [
        ("2026-06-01T12:00:00+00:00", "Europe/Berlin", "2026-06-01T14:00:00+02:00"),
        ("2026-06-01T12:00:00+05:00", "", "2026-06-01T12:00:00+05:00"),
        ("2026-06-01T12:00:00", "", "2026-06-01T12:00:00"),
    ],
)
def test_a_start_that_results_hold_is_shown_by_the_clock_of_its_zone(written, zone, shown):
    assert start_of(written, zone).isoformat() == shown
    assert start_of("", zone) is None
