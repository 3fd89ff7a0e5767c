from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from artists import found, shown_axes, title, written
from matplotlib.text import Text

from sim.core.timelines import Timeline
from sim.experiments.statistics.bands import Band
from sim.plots import variants

START = dt.datetime(2026, 11, 20, 14, tzinfo=dt.timezone(dt.timedelta(hours=1)))


def line(times, values, end=21600.0):
    return Timeline(np.array(times, float), np.array(values, float), float(end))


AUTO = line([0, 60, 660], [1, 0.8, 1])
MANUAL = line([0, 60, 660, 7200, 7800], [1, 0.8, 1, 0.8, 1])
SIMULTANEOUS = line([0, 60, 300, 600], [1, 0, 0.5, 1])
THREE = {"auto": AUTO, "manual": MANUAL, "simultaneous": SIMULTANEOUS}
BAND = Band(
    np.array([0.0, 60, 900]),
    np.array([1, 0.6, 1]),
    np.array([1, 0.8, 1]),
    np.array([1, 0.9, 1]),
    100,
)


@pytest.mark.parametrize("count", range(1, 9))
def test_each_variant_has_a_panel_with_its_name_and_line(count):
    lines = {f"variant {k}": line([0, 60, 660], [1, k / 10, 1]) for k in range(count)}
    panels = shown_axes(variants.capacities(lines, threshold=0.8))
    assert [axes.get_title("left") for axes in panels] == list(lines)
    lowest = [found(axes, "line")[0].get_ydata().min() for axes in panels]
    assert lowest == [k / 10 for k in range(count)]


def test_all_panels_show_the_same_part_of_the_window():
    panels = shown_axes(variants.capacities(THREE))
    assert {axes.get_xlim() for axes in panels} == {panels[0].get_xlim()}
    assert {axes.get_ylim() for axes in panels} == {panels[0].get_ylim()}
    assert 7800 < panels[0].get_xlim()[1] < 10000


def test_the_time_is_labelled_below_the_last_panel_of_each_column():
    panels = shown_axes(variants.capacities({f"{k}": AUTO for k in range(7)}))
    labelled = [bool(axes.get_xticklabels()) for axes in panels]
    assert labelled == [False] * 5 + [True] * 2


def test_axes_are_labelled_once_with_units():
    figure = variants.capacities(THREE, start=START)
    panels = shown_axes(figure)
    texts = [text.get_text() for text in figure.findobj(Text)]
    assert texts.count("capacity (% of nominal)") == 1
    assert texts.count("local time, UTC+01:00  (constant afterwards until Fri 20 Nov 20:00)") == 1
    assert panels[-1].get_xticklabels()[0].get_text() == "14:00\nFri 20 Nov"
    assert "100 %" in [label.get_text() for label in panels[0].get_yticklabels()]


def test_breaches_are_shaded_in_each_panel():
    panels = shown_axes(variants.capacities(THREE, threshold=0.8))
    breaches = [len(found(axes, "breaches")[0].get_paths()) for axes in panels]
    assert breaches == [0, 0, 1]
    assert all("objective\n80 %" in written(axes) for axes in panels)


def test_two_columns_name_the_objective_at_the_right_only():
    panels = shown_axes(variants.capacities({f"{k}": AUTO for k in range(6)}, threshold=0.8))
    assert [len(axes.texts) for axes in panels] == [0, 1] * 3


def test_each_panel_says_what_its_line_does():
    panels = shown_axes(variants.capacities(THREE, threshold=0.8))
    assert [axes.get_title("right") for axes in panels] == [
        "falls to 80 % for 10min; never below 80 %",
        "falls to 80 % for 20min; never below 80 %",
        "falls to 0 % for 4min; below 80 % for 9min",
    ]


def test_answers_are_short_where_a_name_leaves_no_room():
    lines = {f"variant with a rather long name {k}": AUTO for k in range(6)}
    panels = shown_axes(variants.capacities(lines, threshold=0.8))
    assert {axes.get_title("right") for axes in panels} == {"lowest 80 %"}


def test_bands_have_a_legend_that_covers_no_other_text():
    figure = variants.capacities(THREE, bands={"auto": BAND})
    panels = shown_axes(figure)
    assert len(panels[0].collections) == 1
    assert len(panels[1].collections) == 0
    (legend,) = figure.legends
    box = legend.get_window_extent()
    texts = [text for axes in panels for text in axes.findobj(Text)] + list(figure.texts)
    shown = [text for text in texts if text.get_text().strip() and text.get_visible()]
    assert not any(Text.get_window_extent(text).overlaps(box) for text in shown)


@pytest.mark.parametrize("count", [0, 13])
def test_no_variant_and_more_than_a_page_holds_are_refused(count):
    with pytest.raises(ValueError, match=f"must be 1 to 12 variants to draw, got {count}"):
        variants.capacities({f"{k}": AUTO for k in range(count)})


def test_twelve_panels_fit_a_page():
    figure = variants.capacities({f"{k}": AUTO for k in range(12)})
    shown_axes(figure)
    assert figure.get_figheight() < 10


def test_the_first_answers_that_fit_are_given():
    lines = {f"{k}": AUTO for k in range(6)}
    long, short = (dict.fromkeys(lines, text) for text in ("a long answer " * 9, "short"))
    panels = shown_axes(variants.capacities(lines, answers=[long, short]))
    assert {axes.get_title("right") for axes in panels} == {"short"}


def test_answers_that_fit_beside_a_short_name_are_not_cut():
    text = "Lowest capacity: 80 % in all runs"
    lines = dict.fromkeys(("auto", "a rather long name", "c", "d", "e"), AUTO)
    panels = shown_axes(variants.capacities(lines, answers=[dict.fromkeys(lines, text), {}]))
    assert {axes.get_title("right") for axes in panels} <= {text, ""}
    lines = dict.fromkeys("abcde", AUTO)
    panels = shown_axes(variants.capacities(lines, answers=[dict.fromkeys(lines, text), {}]))
    assert {axes.get_title("right") for axes in panels} == {text}


def test_with_bands_the_objective_is_a_line_and_no_replication_is_shaded():
    figure = variants.capacities({"a": SIMULTANEOUS}, threshold=0.8, bands={"a": BAND})
    (axes,) = shown_axes(figure)
    assert [line.get_ydata()[0] for line in found(axes, "objective")] == [0.8]
    assert not found(axes, "breaches")[0].get_paths()


def test_lines_beside_are_named_once_in_the_legend():
    beside = {name: {"accepting": MANUAL} for name in ("auto", "simultaneous")}
    figure = variants.capacities(THREE, bands={"auto": BAND}, beside=beside)
    panels = shown_axes(figure)
    assert [len(found(axes, "beside")) for axes in panels] == [1, 0, 1]
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == [
        "median of all runs",
        "5 % to 95 % of the runs",
        "replication 0",
        "accepting, replication 0",
    ]


def test_tasks_waiting_are_counted_on_axes_of_their_own():
    lines = {"a": line([0, 60, 660], [0, 40, 0]), "b": line([0], [0])}
    panels = shown_axes(variants.queues(lines, title="t", answers=[{"a": "40", "b": "none"}]))
    assert [axes.get_title("right") for axes in panels] == ["40", "none"]
    assert "40" in [label.get_text() for label in panels[0].get_yticklabels()]


def test_the_title_states_the_lowest_capacity_of_each_variant():
    assert title(variants.capacities(THREE)) == (
        "Lowest capacity: auto and manual 80 %, simultaneous 0 %"
    )
    assert variants.headline({"auto": AUTO, "manual": MANUAL}) == (
        "Lowest capacity: 80 % in every variant"
    )
    many = {**THREE, "other": AUTO, "last": MANUAL}
    assert variants.headline(many) == (
        "Lowest capacity: from 0 % (simultaneous) to 80 % (4 variants)"
    )


def test_the_title_says_of_which_replication_it_is_where_there_are_others():
    assert title(variants.capacities(THREE, bands={"auto": BAND})) == (
        "Lowest capacity in replication 0: auto and manual 80 %, simultaneous 0 %"
    )


def test_levels_are_of_what_they_are_said_to_be_of():
    same, many = dict.fromkeys("ab", "1h"), {**dict.fromkeys("abcde", "1h"), "f": "2h"}
    assert variants.levels("Done in", same, "group") == "Done in: 1h in every group"
    assert variants.levels("Done in", many, "group") == "Done in: from 2h (f) to 1h (5 groups)"
