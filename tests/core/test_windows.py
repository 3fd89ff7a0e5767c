"""Daily and weekly windows of time."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.core.windows import DAY, Window, Windows, second_of_day

HOUR = 3600.0
EVERY_DAY = frozenset(range(7))


def windows(*each, start=None):
    return Windows(tuple(Window(*one) for one in each), start)


FRIDAY = dt.datetime(2026, 11, 20, 14, 30, tzinfo=dt.timezone(dt.timedelta(hours=1)))


def test_without_windows_it_is_always_time():
    assert windows().wait(12345.0) == 0


@pytest.mark.parametrize(
    ("now", "wait"),
    [
        (0, 2 * HOUR),
        (2 * HOUR - 1, 1),
        (2 * HOUR, 0),
        (5 * HOUR - 1, 0),
        (5 * HOUR, 21 * HOUR),
        (DAY + 3 * HOUR, 0),
    ],
)
def test_a_window_is_open_from_its_beginning_and_no_longer_at_its_end(now, wait):
    assert windows((2 * HOUR, 5 * HOUR, EVERY_DAY)).wait(now) == wait


@pytest.mark.parametrize(
    ("now", "wait"),
    [(0, 0), (5 * HOUR - 1, 0), (5 * HOUR, 17 * HOUR), (22 * HOUR, 0), (DAY + 4 * HOUR, 0)],
)
def test_a_window_over_midnight_was_open_at_the_start_too(now, wait):
    assert windows((22 * HOUR, 5 * HOUR, EVERY_DAY)).wait(now) == wait


def test_a_window_that_ends_where_it_begins_is_open_all_day():
    assert windows((3 * HOUR, 3 * HOUR, EVERY_DAY)).wait(4 * HOUR) == 0
    assert windows((3 * HOUR, 3 * HOUR, EVERY_DAY)).wait(2 * HOUR) == 0


def test_the_next_of_several_windows_counts():
    both = windows((20 * HOUR, 21 * HOUR, EVERY_DAY), (8 * HOUR, 9 * HOUR, EVERY_DAY))
    assert [both.wait(hour * HOUR) / HOUR for hour in (0, 8.5, 9, 22)] == [8, 0, 11, 10]


@pytest.mark.parametrize(
    ("hours", "wait"),
    [
        (0, 9.5),  # Friday 14:30, opens on Saturday at 00:00
        (9.5, 0),
        (33.5, 0),  # Sunday 00:00
        (57.5, 5 * 24),  # Monday 00:00
    ],
)
def test_days_name_the_day_on_which_a_window_opens(hours, wait):
    weekend = windows((0.0, 0.0, frozenset({5, 6})), start=FRIDAY)
    assert weekend.wait(hours * HOUR) == wait * HOUR


def test_a_night_that_begins_on_friday_ends_on_saturday():
    night = windows((22 * HOUR, 5 * HOUR, frozenset({4})), start=FRIDAY)
    assert night.wait(0) == 7.5 * HOUR
    assert night.wait(14 * HOUR) == 0  # Saturday 04:30
    assert night.wait(14.5 * HOUR) == (7 * 24 - 7) * HOUR


def test_a_weekly_window_that_has_just_closed_opens_in_a_week():
    weekly = windows((13 * HOUR, 14 * HOUR, frozenset({4})), start=FRIDAY)
    assert weekly.wait(0) == (7 * 24 - 1.5) * HOUR


def test_the_clock_at_the_start_is_the_one_on_the_wall():
    assert second_of_day(FRIDAY) == 14.5 * HOUR
    assert second_of_day(None) == 0
    assert second_of_day(dt.datetime(2026, 1, 1, 0, 0, 1, 500_000)) == 1.5  # noqa: DTZ001 (as written)


clocks = st.integers(0, 95).map(lambda quarter: quarter * 900.0)
some_windows = st.lists(
    st.builds(Window, clocks, clocks, st.frozensets(st.integers(0, 6), min_size=1)),
    min_size=1,
    max_size=3,
)


@settings(derandomize=True, deadline=None)
@given(some_windows, st.integers(0, 10 * 96))
def test_a_wait_ends_when_a_window_first_is_open(given_windows, quarter):
    """By quarters of an hour, each looked at by itself."""

    def is_open(now):
        """Whether it opened on this day, or on the day before and is open past midnight."""
        clock = second_of_day(FRIDAY) + now
        day, second = math.floor(clock / DAY), clock % DAY
        for window in given_windows:
            over = window.closes <= window.opens
            today = window.opens <= second < (window.closes + DAY if over else window.closes)
            late = over and second < window.closes
            if today and (FRIDAY.weekday() + day) % 7 in window.weekdays:
                return True
            if late and (FRIDAY.weekday() + day - 1) % 7 in window.weekdays:
                return True
        return False

    now = quarter * 900.0
    waits = (900.0 * k for k in range(9 * 96))
    expected = next(wait for wait in waits if is_open(now + wait))
    windows = Windows(tuple(given_windows), FRIDAY)
    assert windows.wait(now) == expected
    times = now + 900.0 * np.arange(9 * 96)
    assert windows.are_open(times).tolist() == [is_open(time) for time in times.tolist()]


def test_without_any_window_it_is_always_open():
    assert Windows((), None).are_open(np.arange(3.0)).all()
