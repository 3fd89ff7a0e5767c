"""An x axis for the values of a metric."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from sim.plots.parts import style
from sim.plots.parts.value_axis import value_axis


@pytest.mark.parametrize(
    ("unit", "ends", "label", "ticks"),
    [
        ("share", (0.0, 1.0), "it (%)", ["0 %", "20 %", "40 %", "60 %", "80 %", "100 %"]),
        ("0/1", (0.0, 1.0), "it (%)", ["0 %", "20 %", "40 %", "60 %", "80 %", "100 %"]),
        ("s", (0.0, 7200.0), "it (min)", ["0", "20", "40", "60", "80", "100", "120"]),
        ("count", (0.0, 4.0), "it", None),
        ("task-hours", (0.0, 4.0), "it (task-hours)", None),
    ],
)
def test_ticks_and_label_have_the_unit(unit, ends, label, ticks):
    with style.look():
        axes = style.picture("t", "", 2.0).subplots()
        value_axis(axes, "it", unit, *ends)
        axes.figure.draw_without_rendering()
    assert axes.get_xlabel() == label
    assert axes.get_xlim() == ends
    if ticks:
        assert [each.get_text() for each in axes.get_xticklabels()] == ticks


def test_instants_have_the_clock_of_their_zone():
    start = dt.datetime(2026, 11, 20, 14, tzinfo=ZoneInfo("Europe/Berlin"))
    with style.look():
        axes = style.picture("t", "", 2.0).subplots()
        value_axis(axes, "done at", "s", 0.0, 7200.0, start)
        axes.figure.draw_without_rendering()
    assert axes.get_xlabel() == "done at (local time, Europe/Berlin)"
    texts = [each.get_text() for each in axes.get_xticklabels()]
    assert (texts[0], texts[-1].strip()) == ("14:00\nFri 20 Nov", "16:00")
