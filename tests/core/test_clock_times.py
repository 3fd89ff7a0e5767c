"""Instants as people say them."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from sim.core.clock_times import ClockTime, is_likely

HOUR = 3600.0
FRIDAY = dt.datetime(2026, 11, 20, 14, tzinfo=dt.timezone(dt.timedelta(hours=1)))


def hours(text, start=FRIDAY):
    return ClockTime.parse(text).after(start) / HOUR


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("14:00", 0),
        ("14:00:01", 1 / 3600),
        ("13:59:30", 24 - 1 / 120),
        ("22:00", 8),
        ("02:00", 12),
        ("fri 14:00", 0),
        ("fri 13:00", 7 * 24 - 1),
        ("sat 02:00", 12),
        ("thu 14:00", 6 * 24),
        ("2026-11-20T14:00", 0),
        ("2026-11-20T14:00Z", 1),
        ("2026-11-21", 10),
        ("2026-12-20 14:00:30", 30 * 24 + 1 / 120),
    ],
)
def test_a_clock_time_is_the_first_one_from_the_start_on(text, after):
    assert hours(text) == pytest.approx(after, abs=1e-6)


def test_it_follows_the_clock_of_a_zone():
    start = dt.datetime(2026, 10, 24, 12, tzinfo=ZoneInfo("Europe/Berlin"))
    assert [hours(text, start) for text in ("01:30", "03:00", "sun 03:00")] == [13.5, 16, 16]
    assert hours("2026-10-26T00:00", start) == 37


def test_a_start_without_an_offset_has_a_clock_too():
    start = dt.datetime(2026, 11, 20, 14)  # noqa: DTZ001
    assert [hours(text, start) for text in ("22:00", "2026-11-20T15:00")] == [8, 1]


@pytest.mark.parametrize(
    ("text", "start", "rule"),
    [
        ("22:00", None, "a clock time needs a `start` in the file, got 22:00"),
        (
            "2026-11-20T13:00",
            FRIDAY,
            "must not be before the start, 2026-11-20T14:00+01:00, got 2026-11-20T13:00",
        ),
        (
            "2026-11-20T15:00Z",
            FRIDAY.replace(tzinfo=None),
            "must have no offset from UTC, as `start` has none, got 2026-11-20T15:00Z",
        ),
    ],
)
def test_what_it_cannot_mean_is_told(text, start, rule):
    with pytest.raises(ValueError, match=r".") as error:
        ClockTime.parse(text).after(start)
    assert str(error.value) == rule


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("25:00", ""),
        ("22:00 sat", ""),
        ("sat", ""),
        ("Sat 22:00", " (write sat 22:00)"),
        ("saturday 9:00", " (write sat 09:00)"),
        ("7:00", " (write 07:00)"),
        ("10pm", " (write 22:00)"),
        ("Sat 12:30 am", " (write sat 00:30)"),
        ("12 pm", " (write 12:00)"),
        ("24:00", " (write 00:00 of the next day)"),
        ("sat 24:00", " (write 00:00 of the next day)"),
        ("tomorrow 22:00", ""),
    ],
)
def test_other_spellings_are_refused_with_the_right_one(text, hint):
    with pytest.raises(ValueError, match=r".") as error:
        ClockTime.parse(text)
    rule = "must be a clock time such as 22:00, sat 22:00 or 2026-11-20T22:00"
    assert str(error.value) == f"{rule}, got {text}{hint}"


@pytest.mark.parametrize("text", ["0001-01-01", "9999-12-31T23:59-12:00"])
def test_a_date_that_no_zone_may_have_is_refused(text):
    with pytest.raises(ValueError, match="must be a date in the years 1000 to 9200, got " + text):
        ClockTime.parse(text)


def test_a_date_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="no such date"):
        ClockTime.parse("2026-02-30T12:00")


@pytest.mark.parametrize(
    "text", ["22:00", "7:5", "10pm", "7:30 am", "Sat 22", "saturday 9:00", "2026-1"]
)
def test_what_looks_like_a_clock_time_is_told_as_one(text):
    assert is_likely(text)


@pytest.mark.parametrize("text", ["90s", "1h30min", "PT5M", "90", "5 minutes", "", "m", "seconds"])
def test_what_looks_like_a_duration_is_not(text):
    assert not is_likely(text)
