"""Paired differences as a forest plot."""

import math

import pytest
from artists import found, legend_labels, main_axes, shown_axes, title, written

from sim.plots import differences
from sim.plots.differences import MOST, Difference, Panel

DONE = Panel(
    "done in",
    "s",
    "lower",
    [
        Difference("manual", 600.0, 500.0, 700.0, "+10min", is_apart=True),
        Difference("slow", -60.0, -120.0, 30.0, "-1min"),
        Difference("never", math.nan, math.nan, math.nan, "no pair has a value; worse"),
    ],
)
LOWEST = Panel("lowest capacity", "share", "higher", [Difference("manual", 0.0, 0.0, 0.0, "0 %")])


def drawn(*panels):
    return differences.figure(panels or (DONE, LOWEST), "auto", title="T")


def test_dots_and_intervals_are_the_differences_of_their_rows():
    axes = main_axes(drawn())
    assert [list(each.get_xdata()) for each in found(axes, "interval")] == [
        [500.0, 700.0],
        [-120.0, 30.0],
    ]
    assert [(*each.get_xdata(), *each.get_ydata()) for each in found(axes, "value")] == [
        (600.0, 0),
        (-60.0, 1),
    ]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["manual", "slow", "never"]


def test_what_is_not_told_apart_from_nothing_is_hollow():
    apart, not_apart = found(main_axes(drawn()), "value")
    assert apart.get_markerfacecolor() != not_apart.get_markerfacecolor()
    assert not_apart.get_markerfacecolor() == "#FFFFFF"


def test_every_panel_has_a_line_at_no_difference_and_says_which_direction_is_better():
    first, second = shown_axes(drawn())
    assert [list(found(axes, "zero")[0].get_xdata()) for axes in (first, second)] == [[0, 0]] * 2
    for axes in (first, second):
        low, high = axes.get_xlim()
        assert low < 0 < high
    assert first.get_xlabel() == "difference (min), lower is better"
    assert second.get_xlabel() == "difference (percentage points), higher is better"


def test_numbers_stand_beside_their_intervals_within_the_page():
    page = drawn()
    axes = main_axes(page)
    assert written(axes) == ["+10min", "-1min", "no pair has a value; worse"]
    page.canvas.draw()
    for axes in shown_axes(page):
        for text in axes.texts:
            assert text.get_window_extent().x1 <= axes.get_window_extent().x1 + 5


def test_the_legend_names_what_occurs():
    assert legend_labels(drawn()) == [
        "mean difference, simultaneous 95 % interval",
        "not told apart from 0",
        "as auto",
    ]
    assert legend_labels(drawn(LOWEST)) == ["not told apart from 0", "as auto"]


def test_the_table_has_every_difference_and_what_can_be_pointed_at_its_number():
    readout = drawn().readout
    assert readout.rows[0] == ("done in", "manual", "auto", "+10min", "yes")
    assert readout.rows[2] == ("done in", "never", "auto", "no pair has a value; worse", "no")
    assert [reading.value for reading in readout.readings] == ["600.0", "-60.0", "0.0"]


@pytest.mark.parametrize(
    ("panels", "text"),
    [
        ([DONE], "Done in against auto: slow not told apart, manual +10min"),
        ([LOWEST, DONE], "Done in against auto: slow not told apart, manual +10min"),
        ([LOWEST], "No variant is told apart from auto"),
        (
            [Panel("hours", "", "", DONE.differences[:1])],
            "Hours against auto: manual +10min",
        ),
        (
            [Panel("hours", "", "", [*DONE.differences[:1], Difference("same", 0.0, 0.0, 0.0)])],
            "Hours against auto: same identical, manual +10min",
        ),
    ],
)
def test_the_title_tells_the_first_metric_that_differs(panels, text):
    assert differences.headline(panels, "auto") == text


def test_the_title_is_drawn():
    assert title(drawn()) == "T"


@pytest.mark.parametrize("many", [0, MOST + 1])
def test_none_and_too_many_are_refused(many):
    panel = Panel("x", "", "", [Difference(f"v{k}", 1.0) for k in range(many)])
    with pytest.raises(ValueError, match=f"1 to {MOST} variants to draw, got {many}"):
        drawn(panel)
