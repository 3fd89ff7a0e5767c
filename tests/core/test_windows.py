"""Daily and weekly windows of time."""

from __future__ import annotations

import datetime as dt
import math
from zoneinfo import ZoneInfo, available_timezones

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from minutes import Minutes

from sim.core.clock_times import WEEK
from sim.core.wall_clock import DAY, WallClock
from sim.core.windows import Window, Windows, last_common

HOUR = 3600.0
EVERY_DAY = frozenset(range(7))


def windows(*each, start=None):
    return Windows(tuple(Window(*one) for one in each), WallClock(start, 20 * DAY))


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
    weekend = windows((0.0, DAY, frozenset({5, 6})), start=FRIDAY)
    assert weekend.wait(hours * HOUR) == wait * HOUR


def test_a_night_that_begins_on_friday_ends_on_saturday():
    night = windows((22 * HOUR, 5 * HOUR, frozenset({4})), start=FRIDAY)
    assert night.wait(0) == 7.5 * HOUR
    assert night.wait(14 * HOUR) == 0  # Saturday 04:30
    assert night.wait(14.5 * HOUR) == (7 * 24 - 7) * HOUR


def test_a_weekly_window_that_has_just_closed_opens_in_a_week():
    weekly = windows((13 * HOUR, 14 * HOUR, frozenset({4})), start=FRIDAY)
    assert weekly.wait(0) == (7 * 24 - 1.5) * HOUR


clocks = st.integers(0, 95).map(lambda quarter: quarter * 900.0)
some_windows = st.lists(
    st.builds(Window, clocks, clocks, st.frozensets(st.integers(0, 6), min_size=1)),
    min_size=1,
    max_size=3,
)


@settings(derandomize=True)
@given(some_windows, st.integers(0, 10 * 96))
def test_a_wait_ends_when_a_window_first_is_open(given_windows, quarter):
    """By quarters of an hour, each looked at by itself."""

    def is_open(now):
        """Whether it opened on this day, or on the day before and is open past midnight."""
        clock = 14.5 * HOUR + now
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
    windows = Windows(tuple(given_windows), WallClock(FRIDAY, 20 * DAY))
    assert windows.wait(now) == expected
    times = now + 900.0 * np.arange(9 * 96)
    assert windows.are_open(times).tolist() == [is_open(time) for time in times.tolist()]


def test_without_any_window_it_is_always_open():
    assert Windows((), None).are_open(np.arange(3.0)).all()


BERLIN = ZoneInfo("Europe/Berlin")
AUTUMN = dt.datetime(2026, 10, 24, 12, tzinfo=BERLIN)  # the day before summer time ends
SPRING = dt.datetime(2027, 3, 27, 12, tzinfo=BERLIN)  # the day before it begins
NIGHT = (22 * HOUR, 5 * HOUR, EVERY_DAY)


def opened(these, *hours):
    return [these.wait(hour * HOUR) / HOUR for hour in hours]


def test_a_night_in_which_summer_time_ends_has_eight_hours():
    night = windows(NIGHT, start=AUTUMN)
    assert opened(night, 0, 10, 17.99, 18) == [10, 0, 0, 17]
    assert night.are_open(HOUR * np.arange(20)).tolist() == [10 <= k < 18 for k in range(20)]


def test_a_night_in_which_summer_time_begins_has_six_hours():
    night = windows(NIGHT, start=SPRING)
    assert opened(night, 0, 10, 15.99, 16) == [10, 0, 0, 17]
    assert night.are_open(HOUR * np.arange(20)).tolist() == [10 <= k < 16 for k in range(20)]


def test_a_window_keeps_its_reading_of_the_clock_over_a_change():
    """22:00 is 20:00 of UTC before the change and 21:00 after it."""
    night = windows(NIGHT, start=AUTUMN)
    assert opened(night, 18) == [17]  # Sunday 05:00 to 22:00
    assert opened(night, 24 + 18) == [17]  # and Monday's


def test_a_window_within_the_hour_that_is_left_out_is_not_open_that_day():
    hour = windows((2 * HOUR, 3 * HOUR, EVERY_DAY), start=SPRING)
    assert opened(hour, 13) == [14 + 24 - 1 - 13]  # not on Sunday: on Monday 02:00


def test_an_hour_that_comes_twice_is_open_from_its_first_to_the_end_of_its_second():
    hour = windows((2 * HOUR, 3 * HOUR, EVERY_DAY), start=AUTUMN)
    assert opened(hour, 14, 15.5, 16) == [0, 0, 23]


def test_a_window_to_midnight_ends_with_its_day():
    evening = windows((22 * HOUR, DAY, frozenset({4})), start=FRIDAY)
    assert opened(evening, 0, 7.5, 9.5) == [7.5, 0, 7 * 24 - 2]


def test_windows_that_meet_are_one():
    both = windows((22 * HOUR, DAY, EVERY_DAY), (0.0, 5 * HOUR, EVERY_DAY))
    assert opened(both, 23, 24, 28.99, 29) == [0, 0, 0, 17]


def test_the_next_opening_of_a_long_scenario_is_there_at_its_end():
    clock = WallClock(None, 365 * DAY)
    yearly = Windows((Window(22 * HOUR, 23 * HOUR, frozenset({0})),), clock)
    assert yearly.wait(365 * DAY) == 6 * DAY + 22 * HOUR


def test_the_next_opening_is_not_searched_for_among_all_of_them():
    """Each machine of a fleet asks: what is asked of a window must not grow with the horizon."""
    asked = []

    class Counted(Window):
        def intervals(self, clock):
            asked.append(self)
            return super().intervals(clock)

    night = Windows((Counted(22 * HOUR, 5 * HOUR, EVERY_DAY),), WallClock(None, 90 * DAY))
    for hour in range(1000):
        night.wait(hour * HOUR)
    assert len(asked) == 1


ZONES = sorted(available_timezones())
minutes_of_a_day = st.integers(0, 95).map(lambda quarter: 15 * quarter)
some_days = st.sets(st.sampled_from(WEEK), min_size=1)


def of_a_change(zone, year):
    """An instant within a day before the first change of a zone's clock since a year, if any."""
    at = dt.datetime(year, 1, 1, tzinfo=dt.UTC)
    days = (at + dt.timedelta(days=day) for day in range(366))
    offset = at.astimezone(zone).utcoffset()
    found = (day for day in days if day.astimezone(zone).utcoffset() != offset)
    return next(found, at + dt.timedelta(days=59)) - dt.timedelta(days=1)


@settings(derandomize=True, max_examples=60)
@given(
    st.sampled_from(ZONES),
    st.integers(1920, 2060),
    st.integers(-1440, 1440),
    st.lists(st.tuples(minutes_of_a_day, minutes_of_a_day, some_days), min_size=1, max_size=2),
)
def test_windows_are_open_when_a_walk_minute_by_minute_finds_them_so(name, year, minute, given):
    """In any zone, in any year, mostly over a change of its clock."""
    zone = ZoneInfo(name)
    start = (of_a_change(zone, year) + dt.timedelta(minutes=minute)).astimezone(zone)
    expected = Minutes(start, 3).open(given)
    each = [
        Window(60.0 * opens, 60.0 * closes, frozenset(map(WEEK.index, days)))
        for opens, closes, days in given
    ]
    times = np.arange(3 * 1440) * 60.0
    found = Windows(tuple(each), WallClock(start, 3 * DAY))
    is_open = [minute in expected for minute in range(3 * 1440)]
    assert found.are_open(times).tolist() == is_open
    assert [found.wait(at) == 0 for at in times.tolist()] == is_open


@pytest.mark.parametrize(
    ("horizon", "end"),
    [(DAY, 5 * HOUR), (DAY + 3 * HOUR, 5 * HOUR), (DAY + 4 * HOUR, DAY + 5 * HOUR)],
)
def test_the_last_common_time_begins_by_the_horizon_and_ends_with_the_first_to_close(horizon, end):
    early, late = (
        windows((begin * HOUR, close * HOUR, EVERY_DAY)) for begin, close in ((2, 5), (4, 9))
    )
    assert last_common(early, late, horizon) == last_common(late, early, horizon) == end


def test_what_closes_as_the_other_opens_has_no_common_time():
    early, late = windows((2 * HOUR, 4 * HOUR, EVERY_DAY)), windows((4 * HOUR, 9 * HOUR, EVERY_DAY))
    assert last_common(early, late, 5 * DAY) == -math.inf
    assert last_common(early, windows(), 3 * HOUR) == 4 * HOUR
