"""Rules that stand on their own: rounding, update domains, windows."""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.core.rounding import Amount, at_least, at_most
from sim.core.windows import DAY, Window, Windows, second_of_day
from sim.systems.cloud_service.domains import domains_in_use, update_domain

HOUR = 3600.0
EVERY_DAY = frozenset(range(7))


# Rounding


def test_shares_round_as_kubernetes_rounds_them():
    """10 replicas at 25 %: 2 may be unavailable, 3 may surge (Kubernetes' documentation)."""
    assert at_most(Amount(share=0.25), 10) == 2
    assert at_least(Amount(share=0.25), 10) == 3


@pytest.mark.parametrize(
    ("share", "members", "most", "least"),
    [
        (0.29, 100, 29, 29),  # 0.29 * 100 is 28.999999999999996
        (0.07, 100, 7, 7),  # 0.07 * 100 is 7.000000000000001
        (0.2, 30, 6, 6),
        (0.2, 31, 6, 7),
        (0.2, 4, 1, 1),
        (1.0, 7, 7, 7),
        (0.0, 7, 1, 0),
        (0.01, 7, 1, 1),
    ],
)
def test_a_share_that_limits_rounds_down_and_one_that_must_stay_rounds_up(
    share, members, most, least
):
    assert at_most(Amount(share=share), members) == most
    assert at_least(Amount(share=share), members) == least


def test_a_count_is_a_count():
    assert at_most(Amount(count=4), 10) == 4
    assert at_most(Amount(count=40), 10) == 10
    assert at_least(Amount(count=4), 10) == 4
    assert at_least(Amount(count=40), 10) == 40  # it can never be kept, and that must be seen
    assert at_most(Amount(count=0), 10) == 0
    assert at_least(Amount(count=0), 10) == 0


@settings(derandomize=True)
@given(st.integers(0, 1000), st.integers(1, 400))
def test_rounding_is_exact_for_whole_thousandths(thousandths, members):
    amount = Amount(share=thousandths / 1000)
    assert at_most(amount, members) == max(1, thousandths * members // 1000)
    assert at_least(amount, members) == -(-thousandths * members // 1000)


# Update domains


@pytest.mark.parametrize(
    ("instances", "sizes"), [(10, [2, 2, 2, 2, 2]), (14, [3, 3, 3, 3, 2]), (4, [1, 1, 1, 1])]
)
def test_instances_are_spread_evenly(instances, sizes):
    """The first two are the examples of "How to update a cloud service"."""
    domains = Counter(update_domain(k, 5) for k in range(instances))
    assert [domains[domain] for domain in range(domains_in_use(5, instances))] == sizes


@settings(derandomize=True)
@given(st.integers(1, 20), st.integers(1, 60))
def test_the_domain_is_the_same_by_the_number_of_domains_in_use(update_domains, largest):
    used = domains_in_use(update_domains, largest)
    for k in range(largest):
        assert update_domain(k, update_domains) == k % used


# Windows


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
