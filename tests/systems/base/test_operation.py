"""What the operations of all systems have in common."""

import datetime as dt
from dataclasses import replace

import pytest
from kiosks import request

from sim.core.random_streams import draws
from sim.formats.distributions import Distribution
from sim.systems.base.operation import Window, windows_of

HOUR = 3600.0
FRIDAY = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)


def test_a_window_without_days_opens_every_day():
    night = windows_of((Window.model_validate({"from": "22:00", "to": "05:00"}),), None)
    assert [night.wait(hour * HOUR) / HOUR for hour in (0, 5, 23, 24 * 3 + 6)] == [0, 17, 0, 16]


def test_named_days_are_those_of_the_calendar():
    written = {"from": "22:00", "to": "05:00", "days": ["sun"]}
    sunday = windows_of((Window.model_validate(written),), FRIDAY)
    assert sunday.wait(0) == (12 + 24 + 22) * HOUR


def test_an_empty_list_of_days_is_refused():
    with pytest.raises(ValueError, match="at least 1 item"):
        Window.model_validate({"from": "22:00", "to": "05:00", "days": []})


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
