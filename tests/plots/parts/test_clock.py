from __future__ import annotations

import datetime as dt
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.plots.parts import clock
from sim.plots.parts.clock import View, view

DAY = 86400.0
START = dt.datetime(2026, 11, 20, 14, tzinfo=dt.timezone(dt.timedelta(hours=1)))
BERLIN = ZoneInfo("Europe/Berlin")


def labels(left, right, start=None, most=9):
    ticks = clock.ticks(left, right, start, most)
    return clock.labels(ticks, start)


def test_ticks_stand_at_round_durations():
    assert labels(0, 1800) == ["0", "5min", "10min", "15min", "20min", "25min", "30min"]
    assert labels(0, 6 * 3600) == ["0", "1h", "2h", "3h", "4h", "5h", "6h"]
    assert labels(0, 7200, most=4) == ["0", "30min", "1h", "1h30min", "2h"]


def test_tick_labels_are_exact_where_the_view_is_narrow():
    assert labels(3720, 3760, most=4) == [
        "1h2min",
        "1h2min10s",
        "1h2min20s",
        "1h2min30s",
        "1h2min40s",
    ]
    assert labels(60, 60.5, most=5) == [f"1min{k}00ms" if k else "1min" for k in range(6)]
    assert labels(-60, 60, most=2) == ["-1min", "0", "1min"]


@given(st.floats(0, 1e6), st.floats(1, 1e7), st.integers(2, 12), st.sampled_from([None, START]))
def test_ticks_lie_in_the_view_and_are_few_and_even(left, span, most, start):
    ticks = clock.ticks(left, left + span, start, most)
    assert len(ticks) <= most + 1
    assert all(left - 1e-3 <= tick <= left + span + 1e-3 for tick in ticks)
    assert {round(b - a, 3) for a, b in pairwise(ticks)} <= {
        clock.nice_step((left + span) - left, most)
    }


def test_wall_clock_ticks_are_round_hours_and_name_the_date_once():
    assert labels(7000, 7800, START, most=4) == ["16:00\nFri 20 Nov", "16:05\n", "16:10\n"]


def test_wall_clock_ticks_name_the_date_after_midnight():
    shown = labels(0, DAY, START, most=6)
    assert shown[:5] == ["16:00\nFri 20 Nov", "20:00\n", "00:00\nSat 21 Nov", "04:00\n", "08:00\n"]


def test_wall_clock_ticks_show_seconds_only_where_they_count():
    assert labels(0, 60, START, most=2) == ["14:00:00\nFri 20 Nov", "14:00:30\n", "14:01:00\n"]
    assert labels(0, 1, START, most=2)[1] == "14:00:00.5\n"


def test_ticks_of_whole_days_are_dates():
    start = dt.datetime(2026, 12, 30, tzinfo=dt.UTC)
    assert labels(0, 3 * DAY, start, most=3) == [
        "Wed 30 Dec\n2026",
        "Thu 31 Dec\n",
        "Fri 1 Jan\n2027",
        "Sat 2 Jan\n",
    ]


def test_wall_clock_stays_round_when_summer_time_ends():
    start = dt.datetime(2026, 10, 24, 22, tzinfo=BERLIN)
    ticks = clock.ticks(0, 20 * 3600, start, 6)
    assert list(ticks) == [2 * 3600, 7 * 3600, 11 * 3600, 15 * 3600, 19 * 3600]
    assert clock.labels(ticks, start)[:2] == ["00:00\nSun 25 Oct", "04:00\n"]


def test_the_hour_that_comes_twice_has_ticks_both_times():
    start = dt.datetime(2026, 10, 25, 1, tzinfo=BERLIN)
    shown = labels(0, 3 * 3600, start, most=6)
    assert [text[:5] for text in shown] == [
        "01:00",
        "01:30",
        "02:00",
        "02:30",
        "02:00",
        "02:30",
        "03:00",
    ]


def test_the_hour_that_never_comes_has_no_ticks():
    start = dt.datetime(2026, 3, 29, 1, tzinfo=BERLIN)
    shown = labels(0, 2 * 3600, start, most=4)
    assert [text[:5] for text in shown] == ["01:00", "01:30", "03:00", "03:30", "04:00"]


@pytest.mark.parametrize(
    ("start", "label"),
    [
        (None, "time since start (h)"),
        (START, "local time, UTC+01:00"),
        (dt.datetime(2026, 11, 20, tzinfo=BERLIN), "local time, Europe/Berlin"),
        (dt.datetime(2026, 11, 20), "local time"),  # noqa: DTZ001  (a start without a zone)
    ],
)
def test_axis_label_says_which_time_it_shows(start, label):
    assert clock.time_label(View(0, DAY, 0, DAY), start) == label


def test_a_start_without_zone_is_shown_as_written():
    start = dt.datetime(2026, 11, 20, 9)  # noqa: DTZ001  (a start without a zone)
    assert labels(0, 3600, start, most=2) == ["09:00\nFri 20 Nov", "09:30\n", "10:00\n"]


def test_a_view_shows_where_things_happen_and_says_what_is_cut():
    shown = view(0, DAY, [60, 1200])
    assert shown.left == 0
    assert 1200 < shown.right < 1500
    assert clock.time_label(shown, None) == "time since start (min)  (constant afterwards until 1d)"
    assert shown.describe(START) == "constant afterwards until Sat 21 Nov 14:00"


def test_a_view_of_late_events_leaves_out_what_comes_before():
    shown = view(0, DAY, [80000, 81000])
    assert 79000 < shown.left < 80000
    assert shown.describe(None) == "constant before and afterwards; window 0s to 1d"
    assert view(0, DAY, [80000, DAY]).describe(None) == "constant before, from 0s"


def test_a_view_is_cut_only_where_it_gains_much():
    assert view(0, 3600, [60, 3000]) == View(0, 3600, 0, 3600)


def test_a_view_without_change_shows_the_whole_window():
    assert view(600, 3600, []) == View(600, 3600, 600, 3600)
    assert view(600, 3600, [0, 600, 3601]) == View(600, 3600, 600, 3600)
    assert view(600, DAY, [0, 700, 900, 2 * DAY]) == view(600, DAY, [700, 900])
    assert view(0, 0, []).describe(None) == ""


def test_a_single_change_is_not_magnified():
    shown = view(0, DAY, [3600])
    assert shown.left == 0
    assert shown.right == 3 * 3600
    assert view(0, 1200, [300]) == View(0, 1200, 0, 1200)  # most of it follows
    assert view(0, DAY, [70_000]) == View(0, DAY, 0, DAY)
    assert view(600, DAY, [601]).right > 3600
