"""What the operations of all systems have in common."""

import datetime as dt
from dataclasses import replace

import pytest
from kiosks import request

from sim.core.random_streams import draws
from sim.formats.distributions import Distribution
from sim.systems.base.operation import Span, Window, never_open, windows_of

HOUR = 3600.0
FRIDAY = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)


def test_a_window_without_days_opens_every_day():
    night = windows_of((Window.model_validate({"from": "22:00", "to": "05:00"}),), Span(1e6, None))
    assert [night.wait(hour * HOUR) / HOUR for hour in (0, 5, 23, 24 * 3 + 6)] == [0, 17, 0, 16]


def test_named_days_are_those_of_the_calendar():
    written = {"from": "22:00", "to": "05:00", "days": ["sun"]}
    sunday = windows_of((Window.model_validate(written),), Span(1e6, FRIDAY))
    assert sunday.wait(0) == (12 + 24 + 22) * HOUR


def test_a_window_may_end_with_its_day():
    window = Window.model_validate({"from": "00:00", "to": "24:00", "days": ["sun"]})
    sunday = windows_of((window,), Span(1e6, FRIDAY))
    assert [sunday.wait(hour * HOUR) / HOUR for hour in (0, 36, 59.5, 60)] == [36, 0, 0, 6 * 24]
    assert window.model_dump(mode="json", by_alias=True)["to"] == "24:00"


@pytest.mark.parametrize("clock", ["22:00", "00:00"])
def test_a_window_takes_time(clock):
    with pytest.raises(ValueError, match=r"must not be as `from` .* got " + clock):
        Window.model_validate({"from": clock, "to": clock})


def test_a_window_does_not_begin_at_the_end_of_a_day():
    with pytest.raises(ValueError, match="must be a time of day from 00:00 to 23:59, got 24:00"):
        Window.model_validate({"from": "24:00", "to": "06:00"})


def test_operations_with_the_same_windows_share_them():
    span, night = Span(1e6, FRIDAY), {"from": "22:00", "to": "05:00"}
    one, other = ((Window.model_validate(night),) for _ in range(2))
    assert windows_of(one, span) is windows_of(other, span)
    assert windows_of(one, span) is not windows_of(one, Span(1e6, None))


def test_an_empty_list_of_days_is_refused():
    with pytest.raises(ValueError, match="at least 1 item"):
        Window.model_validate({"from": "22:00", "to": "05:00", "days": []})


def windows(*times):
    return tuple(Window.model_validate(each) for each in times)


NIGHT, SUNDAY = {"from": "22:00", "to": "04:00"}, {"from": "09:00", "to": "10:00", "days": ["sun"]}


@pytest.mark.parametrize(
    ("since", "horizon", "closed"),
    [
        (0, 12, [1]),  # from Friday 22:00 on
        (6, 12, [0, 1]),  # the night is over at 4, which is out
        (5.99, 12, [1]),
        (6, 24, [1]),  # it opens again at the horizon, which is in
        (12, 35, []),
        (30, 34.9, [0, 1]),
        (30, 246, []),  # more than a week
    ],
)
def test_a_window_that_does_not_open_up_to_the_horizon_is_told(since, horizon, closed):
    start = dt.datetime.fromisoformat("2026-11-20T22:00")
    span = Span(horizon * HOUR, start)
    found = [*never_open(("w",), windows(NIGHT, SUNDAY), span, since * HOUR)]
    assert [issue.path for issue in found] == [("w", place) for place in closed]


def test_it_is_told_from_when_to_when():
    start = dt.datetime.fromisoformat("2026-11-20T22:00")
    (issue,) = never_open((), windows(SUNDAY), Span(8 * HOUR, start), HOUR)
    assert issue.rule == "is never open from Fri 20 Nov 23:00 to Sat 21 Nov 06:00"
    (issue,) = never_open((), windows(NIGHT), Span(8 * HOUR, None), 5 * HOUR)
    assert issue.rule == "is never open from 5h to 8h"


def test_its_body_stands_under_its_kind():
    assert request(3, 10, "2").path == ("operations", 3, "update_kiosks")


def test_its_instant_is_drawn_by_its_name():
    """So that no other operation changes it."""
    at = Distribution.model_validate({"uniform": {"low": "1h", "high": "2h"}})
    asked = replace(request(0, 10, "2"), at=at)
    moved = replace(asked, index=5)
    other = replace(asked, name="another")
    drawn = [each.drawn_at(draws(1, 0)) for each in (asked, moved, other)]
    assert HOUR <= drawn[0] <= 2 * HOUR
    assert drawn[0] == drawn[1] != drawn[2]
