"""Axes of a sweep in pictures."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from sim.plots.parts.sweep_axes import Along, metric_axis


def along(unit, *numbers):
    return Along("it", unit, [str(each) for each in numbers], np.array(numbers, float))


def ticks(axis):
    return list(axis.get_ticklocs()), [label.get_text() for label in axis.get_ticklabels()]


def test_numbers_stand_at_their_values_with_the_unit_in_the_name():
    axes = Figure().subplots()
    one = along("s", 0, 600, 1800)
    one.put(axes.xaxis)
    assert ticks(axes.xaxis) == ([0, 600, 1800], ["0", "10", "30"])
    assert axes.get_xlabel() == "it (min)"
    along("share", 0.1, 0.5).put(axes.yaxis)
    assert ticks(axes.yaxis) == ([0.1, 0.5], ["10", "50"])
    assert axes.get_ylabel() == "it (%)"


def test_words_stand_at_equal_distances():
    one = Along("mode", "", ["Auto", "Manual"], None)
    assert one.positions.tolist() == [0, 1]
    axes = Figure().subplots()
    one.put(axes.xaxis)
    assert ticks(axes.xaxis) == ([0, 1], ["Auto", "Manual"])
    assert axes.get_xlabel() == "mode"


def test_many_values_get_some_ticks():
    assert along("", *range(100)).ticks() == list(range(0, 100, 13))
    assert along("", 1, 2, 3).ticks() == [0, 1, 2]


@pytest.mark.parametrize(
    ("values", "is_logarithmic"),
    [((1, 10, 100), True), ((1, 2, 3), False), ((0, 10, 100), False), ((1, 10), False)],
)
def test_equal_ratios_stand_at_equal_distances(values, is_logarithmic):
    one = along("", *values)
    assert one.is_logarithmic is is_logarithmic
    axes = Figure().subplots()
    one.put(axes.xaxis)
    assert axes.get_xscale() == ("log" if is_logarithmic else "linear")


def test_a_metric_has_its_unit_at_the_ticks_or_beside_its_name():
    axes = Figure().subplots()
    axes.set_ylim(0, 1)
    assert metric_axis(axes.yaxis, 0.0, 1.0, "share") == ""
    assert axes.yaxis.get_major_formatter()(0.8) == "80 %"
    assert metric_axis(axes.xaxis, 0.0, 3600.0, "s") == " (min)"
    assert metric_axis(axes.xaxis, 1800.0, 7800.0, "s") == " (min)"
    assert ticks(axes.xaxis)[1] == ["40", "60", "80", "100", "120"]  # not 1.666667 hours
    assert metric_axis(axes.xaxis, 360_000.0, 360_300.0, "s") == " + 4d4h (min)"
    assert ticks(axes.xaxis)[1] == ["0", "1", "2", "3", "4", "5"]
    assert metric_axis(Figure().subplots().xaxis, 0.0, 1.0, "task-hours") == " (task-hours)"
