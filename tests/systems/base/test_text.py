"""Pieces of sentences."""

import datetime as dt
from dataclasses import replace

import pytest
from kiosks import request

from sim.core.rounding import Amount
from sim.formats.distributions import Distribution
from sim.systems.base.operation import Span, Window
from sim.systems.base.text import (
    be,
    in_common,
    in_time,
    pluralize,
    rounded_up,
    serve,
    so_often,
    when,
    within,
)

FRIDAY = dt.datetime(2026, 11, 20, 14, 0, tzinfo=dt.UTC)


def test_one_is_and_more_are():
    assert [pluralize(n, "node") for n in (0, 1, 2000)] == ["0 nodes", "1 node", "2,000 nodes"]
    assert [be(n) for n in (0, 1, 2)] == ["are", "is", "are"]
    assert [serve(n) for n in (1, 2000)] == ["1 serves", "2,000 serve"]


def test_a_rate_is_told_in_times():
    assert [so_often(rate, "an hour") for rate in (0.5, 1.0, 20_000.0)] == [
        "0.5 times an hour",
        "1 time an hour",
        "20,000 times an hour",
    ]


def test_a_share_is_told_with_what_it_comes_to():
    assert rounded_up(Amount(share=0.75), 10) == " (75 % of 10, rounded up, is 8)"
    assert rounded_up(Amount(count=8), 10) == ""


def test_operations_stand_in_order_of_their_mean_times():
    late, early = request(0, 30, "2"), request(1, 10, "3")
    assert in_time([late, early]) == [early, late]


def test_an_instant_has_its_local_time_where_the_file_has_a_clock():
    asked = request(0, 120, "2")
    assert when(asked, Span(1.0, None)) == "At 2h, update_kiosks-0:"
    local = "At 2h (Fri 20 Nov 16:00), update_kiosks-0:"
    assert when(asked, Span(1.0, FRIDAY)) == local
    by_chance = replace(asked, at=Distribution.model_validate({"exponential": {"mean": "2h"}}))
    assert "Nov" not in when(by_chance, Span(1.0, FRIDAY))


class Body:
    """A request that may have windows."""

    def __init__(self, *windows):
        self.windows = [Window.model_validate(each) for each in windows]


@pytest.mark.parametrize(
    ("windows", "told"),
    [
        ((), ""),
        (({"from": "22:00", "to": "05:00"},), " A walk begins only within 22:00 to 05:00."),
        (
            (
                {"from": "22:00", "to": "05:00", "days": ["sat", "sun"]},
                {"from": "01:00", "to": "02:00"},
            ),
            " A walk begins only within 22:00 to 05:00 (sat, sun) or 01:00 to 02:00.",
        ),
    ],
)
def test_windows_are_told_with_their_days(windows, told):
    assert within(Body(*windows), "A walk") == told


@pytest.mark.parametrize(
    ("texts", "common"),
    [
        (["a >= 50 % in all runs"], "a >= 50 % in all runs"),
        (["a >= 50 % in all runs", "a >= 55 % in all runs"], "a >= ... % in all runs"),
        (["a <= 1h in all runs", "a <= 1h 30min in all runs"], "a <= 1h ... in all runs"),
        (["a b", "a b", "a c"], "a ..."),
        (["x", "y z"], "..."),
    ],
)
def test_what_texts_have_in_common_stands_around_what_they_have_not(texts, common):
    assert in_common(texts) == common
