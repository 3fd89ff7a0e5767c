"""The picture of the values that a search tried."""

import datetime as dt
import math

import pytest

from sim.plots import trials
from sim.plots.trials import Panel, Point

POINTS = [
    Point(2.0, 0.2, 0.1, 0.3, "missed"),
    Point(5.0, 0.9, 0.85, 0.94, "undecided"),
    Point(9.0, 1.0, 0.97, 1.0, "met"),
    Point(10.0, math.nan, math.nan, math.nan, "missed"),
]
SHARE = Panel("capacity >= 80 % in 95 % of runs", "share", 0.9, POINTS)


def drawn(axes, gid):
    return list(axes.findobj(lambda one: one.get_gid() == gid))


def test_each_value_has_a_mark_of_its_verdict_and_its_limits():
    (axes,) = trials.figure([SHARE], "domains", "count", title="t").axes
    marks = {line.get_xdata()[0]: line.get_marker() for line in drawn(axes, "trial")}
    assert marks == {2.0: "X", 5.0: "s", 9.0: "o"}
    limits = [list(line.get_ydata()) for line in drawn(axes, "limits")]
    assert limits == [[0.1, 0.3], [0.85, 0.94], [0.97, 1.0]]


def test_what_is_asked_for_and_the_bracket_are_drawn():
    (axes,) = trials.figure([SHARE], "domains", "count", title="t", bracket=(2.0, 9.0)).axes
    (line,) = drawn(axes, "asked")
    assert list(line.get_ydata()) == [0.9, 0.9]
    (area,) = drawn(axes, "bracket")
    assert (area.get_x(), area.get_width()) == (2.0, 7.0)
    (without,) = trials.figure([SHARE], "domains", "count", title="t").axes
    assert drawn(without, "bracket") == []


def test_legend_names_only_what_is_there():
    page = trials.figure([Panel("x", "share", 0.9, POINTS[2:3])], "it", "s", title="t")
    assert [text.get_text() for text in page.legends[0].get_texts()] == ["met", "objective"]
    page = trials.figure([SHARE], "it", "s", title="t", bracket=(2.0, 9.0))
    assert [text.get_text() for text in page.legends[0].get_texts()] == [
        "met",
        "missed",
        "undecided",
        "objective",
        "the answer lies here",
    ]


@pytest.mark.parametrize(
    ("unit", "label"), [("share", "share of the runs"), ("s", "mean (s)"), ("count", "mean")]
)
def test_panels_have_their_unit(unit, label):
    page = trials.figure([Panel("x", unit, 0.9, POINTS)], "it", "s", title="t")
    assert page.axes[0].get_ylabel() == label


def test_at_most_four_objectives_are_drawn():
    page = trials.figure([SHARE] * 6, "it", "", title="t")
    assert len(page.axes) == 4
    with pytest.raises(ValueError, match="must be an objective"):
        trials.figure([], "it", "", title="t")


def test_instants_have_a_clock_as_their_axis_and_readings():
    start = dt.datetime(2026, 11, 20, 22, tzinfo=dt.UTC)
    points = [Point(5.0, 3600.0, 3000.0, 4200.0, "met"), Point(6.0, math.nan, 0.0, 1.0, "missed")]
    made = trials.figure(
        [Panel("done at <= 01:00", "s", 10800.0, points, start)], "bake", "count", title="t"
    )
    (axes,) = made.axes
    assert axes.get_ylabel().startswith("mean (")
    assert any(each.get_text().startswith("23:00") for each in axes.get_yticklabels())
    first, _ = made.readout.rows
    assert first[2:4] == ("Fri 20 Nov 23:00", "Fri 20 Nov 22:50 to Fri 20 Nov 23:10")
    assert made.readout.rows[1][2] == "-"
