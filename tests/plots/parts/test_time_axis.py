"""An x axis of time, as it is drawn."""

import datetime as dt

import pytest

from sim.plots.parts import style
from sim.plots.parts.clock import View
from sim.plots.parts.time_axis import time_axis

DAY = 86400.0


@pytest.mark.parametrize(
    ("left", "right", "shown", "label"),
    [
        (0, 7200, ["0", "15", "30"], "time since start (min)"),
        (0, 4 * 3600, ["0", "0.5", "1"], "time since start (h)"),
        (0, 4 * DAY, ["0", "0.5", "1"], "time since start (d)"),
        (0, 40, ["0", "5", "10"], "time since start (s)"),
        (3 * DAY, 3 * DAY + 1200, ["0", "5", "10"], "time since start + 3d (min)"),
    ],
)
def test_an_axis_has_one_unit(left, right, shown, label):
    with style.look():
        page = style.picture("title", "", 2)
        axes = page.subplots()
        time_axis(axes, View(left, right, left, right), None)
    page.draw_without_rendering()
    ticks = [text.get_text() for text in axes.get_xticklabels()]
    assert ticks[:3] == shown
    assert axes.get_xlabel() == label


def test_a_window_of_no_length_can_be_drawn():
    with style.look():
        page = style.picture("title", "", 2)
        axes = page.subplots()
        time_axis(axes, View(5, 5, 5, 5), None)
    style.png(page)
    assert axes.get_xlim() == (5, 6)


def test_an_axis_with_a_clock_says_the_day_once():
    start = dt.datetime(2026, 11, 20, 22, tzinfo=dt.UTC)
    with style.look():
        page = style.picture("title", "", 2)
        axes = page.subplots()
        time_axis(axes, View(0, 4 * 3600, 0, 4 * 3600), start)
    page.draw_without_rendering()
    ticks = [text.get_text() for text in axes.get_xticklabels()]
    assert ticks[:3] == ["22:00\nFri 20 Nov", "22:30\n", "23:00\n"]
    assert ticks[4] == "00:00\nSat 21 Nov"
    assert axes.xaxis.get_major_formatter()(3600.0) == "23:00\nFri 20 Nov"
    assert axes.get_xlabel() == "local time, UTC"
