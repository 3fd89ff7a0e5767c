"""The picture of how outcomes are spread over the runs."""

import datetime as dt
import math

import numpy as np
import pytest

from sim.plots import distribution
from sim.plots.distribution import Curve, Quantile

CURVE = Curve(
    np.array([1.0, 3.0]),
    np.array([0.25, 0.75]),
    0.2,
    [Quantile(0.05, 1.0, math.nan, 3.0), Quantile(0.95, math.nan, 3.0, math.nan)],
)


def drawn(axes, gid):
    return list(axes.findobj(lambda one: one.get_gid() == gid))


def test_curve_has_a_step_at_each_value_and_stays_below_all_where_some_is_missing():
    (axes,) = distribution.figure({"auto": CURVE}, "done in", "s", title="t").axes
    (line,) = drawn(axes, "curve")
    x, y = line.get_data()
    assert x[1:-1].tolist() == [1.0, 3.0]
    assert y.tolist() == [0.0, 0.25, 0.75, 0.75]
    assert line.get_drawstyle() == "steps-post"


def test_band_is_as_wide_on_both_sides_and_stays_between_nothing_and_all():
    (axes,) = distribution.figure({"auto": CURVE}, "done in", "s", title="t").axes
    (band,) = drawn(axes, "band")
    heights = band.get_paths()[0].vertices[:, 1]
    assert sorted(set(heights.round(9))) == [0.0, 0.05, 0.2, 0.45, 0.55, 0.95]


def test_quantile_that_is_missing_is_not_drawn_nor_a_limit_that_is():
    (axes,) = distribution.figure({"auto": CURVE}, "done in", "s", title="t").axes
    (dot,) = drawn(axes, "quantile")
    assert (dot.get_xdata(), dot.get_ydata()) == ([1.0], [0.05])
    (limits,) = drawn(axes, "limits")
    assert list(limits.get_xdata()) == [1.0, 3.0]


@pytest.mark.parametrize(
    ("unit", "label"),
    [("share", "it (%)"), ("s", "it (s)"), ("count", "it"), ("task-hours", "it (task-hours)")],
)
def test_axis_has_its_unit(unit, label):
    page = distribution.figure({"auto": CURVE}, "it", unit, title="t")
    assert page.axes[0].get_xlabel() == label
    assert page.axes[0].get_ylabel() == "share of the runs at most that"


def test_legend_names_what_is_there():
    certain = Curve(np.array([2.0]), np.array([1.0]))
    page = distribution.figure({"auto": CURVE, "other": certain}, "it", "", title="t", bound=2.0)
    assert [text.get_text() for text in page.legends[0].get_texts()] == [
        "auto",
        "other",
        "the whole curve at 95 % (DKW)",
        "p5, p50, p95 with limits, each one-sided at 95 %",
        "objective",
    ]
    assert not distribution.figure({"other": certain}, "it", "", title="t").legends


def test_number_of_curves_is_bounded():
    for count in (0, distribution.MOST + 1):
        with pytest.raises(ValueError, match="there must be 1 to 8 curves"):
            distribution.figure(dict.fromkeys(map(str, range(count)), CURVE), "", "", title="")


def test_nothing_that_came_is_a_line_at_zero():
    never = Curve(np.array([]), np.array([]))
    (axes,) = distribution.figure({"auto": never}, "it", "s", title="t").axes
    assert drawn(axes, "curve")[0].get_ydata().tolist() == [0.0, 0.0]


def test_instants_are_read_by_the_clock():
    start = dt.datetime(2026, 11, 20, 14, 0)  # noqa: DTZ001  (a clock without a zone)
    sure = Curve(np.array([60.0]), np.array([1.0]), 0.2, [Quantile(0.5, 60.0, 60.0, 120.0)])
    page = distribution.figure({"auto": sure}, "done at", "s", title="t", start=start)
    assert page.readout.rows == [
        ("auto", "50 %", "Fri 20 Nov 14:01", "Fri 20 Nov 14:01 to Fri 20 Nov 14:02")
    ]
    assert page.axes[0].get_xlabel() == "done at (local time)"
