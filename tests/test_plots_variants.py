from __future__ import annotations

import datetime as dt
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.text import Text

from sim.plots import variants
from sim.plots.capacity import Band
from sim.plots.variants import Estimate, Panel
from sim.timelines import Timeline

NAN = float("nan")
START = dt.datetime(2026, 11, 20, 14, tzinfo=dt.timezone(dt.timedelta(hours=1)))


def line(times, values, end=21600.0):
    return Timeline(np.array(times, float), np.array(values, float), float(end))


AUTO = line([0, 60, 660], [1, 0.8, 1])
MANUAL = line([0, 60, 660, 7200, 7800], [1, 0.8, 1, 0.8, 1])
SIMULTANEOUS = line([0, 60, 300, 600], [1, 0, 0.5, 1])
THREE = {"auto": AUTO, "manual": MANUAL, "simultaneous": SIMULTANEOUS}
BAND = Band(
    np.array([0.0, 60, 900]), np.array([1, 0.6, 1]), np.array([1, 0.8, 1]), np.array([1, 0.9, 1])
)

LOWEST = Panel(
    "lowest capacity",
    "share",
    "higher",
    [Estimate("auto", 0.8, 0.79, 0.81), Estimate("manual", 0.8), Estimate("simultaneous", 0.0)],
)
DONE = Panel(
    "done in",
    "s",
    "lower",
    [Estimate("auto", 600, 540, 660), Estimate("manual", NAN), Estimate("simultaneous", 420)],
)
LOST = Panel("hours lost", "instance-hours", "", [Estimate("auto", 1.4, 1.3, 1.5)])


def drawn(figure):
    figure.draw_without_rendering()  # warnings are errors
    return [axes for axes in figure.axes if axes.axison]


def found(artist, gid):
    return artist.findobj(lambda one: one.get_gid() == gid)


def title(figure):
    return figure.texts[0].get_text()


def written(axes):
    return [text.get_text() for text in axes.texts]


@pytest.mark.parametrize("count", range(1, 9))
def test_each_variant_has_a_panel_with_its_name_and_line(count):
    lines = {f"variant {k}": line([0, 60, 660], [1, k / 10, 1]) for k in range(count)}
    panels = drawn(variants.capacities(lines, threshold=0.8))
    assert [axes.get_title("left") for axes in panels] == list(lines)
    lowest = [found(axes, "line")[0].get_ydata().min() for axes in panels]
    assert lowest == [k / 10 for k in range(count)]


def test_all_panels_show_the_same_part_of_the_window():
    panels = drawn(variants.capacities(THREE))
    assert {axes.get_xlim() for axes in panels} == {panels[0].get_xlim()}
    assert {axes.get_ylim() for axes in panels} == {panels[0].get_ylim()}
    assert 7800 < panels[0].get_xlim()[1] < 10000


def test_the_time_is_labelled_below_the_last_panel_of_each_column():
    panels = drawn(variants.capacities({f"{k}": AUTO for k in range(7)}))
    labelled = [bool(axes.get_xticklabels()) for axes in panels]
    assert labelled == [False] * 5 + [True] * 2


def test_axes_are_labelled_once_with_units():
    figure = variants.capacities(THREE, start=START)
    panels = drawn(figure)
    texts = [text.get_text() for text in figure.findobj(Text)]
    assert texts.count("capacity (% of nominal)") == 1
    assert texts.count("local time, UTC+01:00  (constant afterwards until Fri 20 Nov 20:00)") == 1
    assert panels[-1].get_xticklabels()[0].get_text() == "14:00\nFri 20 Nov"
    assert "100 %" in [label.get_text() for label in panels[0].get_yticklabels()]


def test_breaches_are_shaded_in_each_panel():
    panels = drawn(variants.capacities(THREE, threshold=0.8))
    breaches = [len(found(axes, "breaches")[0].get_paths()) for axes in panels]
    assert breaches == [0, 0, 1]
    assert all("objective\n80 %" in written(axes) for axes in panels)


def test_two_columns_name_the_objective_at_the_right_only():
    panels = drawn(variants.capacities({f"{k}": AUTO for k in range(6)}, threshold=0.8))
    assert [len(axes.texts) for axes in panels] == [0, 1] * 3


def test_each_panel_says_what_its_line_does():
    panels = drawn(variants.capacities(THREE, threshold=0.8))
    assert [axes.get_title("right") for axes in panels] == [
        "falls to 80 % for 10min; never below 80 %",
        "falls to 80 % for 20min; never below 80 %",
        "falls to 0 % for 4min; below 80 % for 9min",
    ]


def test_answers_are_short_where_a_name_leaves_no_room():
    lines = {f"variant with a rather long name {k}": AUTO for k in range(6)}
    panels = drawn(variants.capacities(lines, threshold=0.8))
    assert {axes.get_title("right") for axes in panels} == {"lowest 80 %"}


def test_bands_have_a_legend_that_covers_no_other_text():
    figure = variants.capacities(THREE, bands={"auto": BAND})
    panels = drawn(figure)
    assert len(panels[0].collections) == 1
    assert len(panels[1].collections) == 0
    (legend,) = figure.legends
    box = legend.get_window_extent()
    texts = [text for axes in panels for text in axes.findobj(Text)] + list(figure.texts)
    shown = [text for text in texts if text.get_text().strip() and text.get_visible()]
    assert not any(Text.get_window_extent(text).overlaps(box) for text in shown)


def test_no_variant_is_refused():
    with pytest.raises(ValueError, match="must be a variant"):
        variants.capacities({})
    with pytest.raises(ValueError, match="must be an estimate"):
        variants.metrics([])


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


def test_each_metric_has_a_panel_with_its_unit_and_direction():
    panels = drawn(variants.metrics([LOWEST, DONE, LOST]))
    assert [axes.get_title("left") for axes in panels] == [
        "lowest capacity",
        "done in",
        "hours lost",
    ]
    assert [axes.get_xlabel() for axes in panels] == [
        "in %, higher is better",
        "duration, lower is better",
        "in instance-hours",
    ]


def test_dots_stand_at_the_means_in_the_rows_of_their_variants():
    axes = drawn(variants.metrics([LOWEST]))[0]
    dots = [(dot.get_xdata()[0], dot.get_ydata()[0]) for dot in found(axes, "mean")]
    assert dots == [(0.8, 0), (0.8, 1), (0.0, 2)]
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        "auto",
        "manual",
        "simultaneous",
    ]


def test_intervals_are_drawn_where_there_are_any():
    axes = drawn(variants.metrics([LOWEST]))[0]
    (interval,) = found(axes, "interval")
    assert list(interval.get_xdata()) == [0.79, 0.81]
    assert list(interval.get_ydata()) == [0, 0]


def test_intervals_are_explained_where_there_are_any():
    (legend,) = variants.metrics([LOWEST]).legends
    assert [text.get_text() for text in legend.get_texts()] == ["mean with its 95 % interval"]
    certain = Panel("lowest capacity", "share", "higher", [Estimate("auto", 0.8, 0.8, 0.8)])
    assert variants.metrics([certain]).legends == []


def test_values_are_written_in_their_unit():
    lowest, done, lost = drawn(variants.metrics([LOWEST, DONE, LOST]))
    assert written(lowest) == ["80 %", "80 %", "0 %"]
    assert written(done) == ["10min", "> horizon", "7min"]
    assert written(lost) == ["1.40", "does not apply", "does not apply"]
    counts = [Estimate("auto", 1234.5), Estimate("manual", 3.0)]
    (count,) = drawn(variants.metrics([Panel("tasks requeued", "count", "lower", counts)]))
    assert written(count) == ["1234", "3"]


def test_a_missing_mean_has_no_dot_and_says_why():
    estimates = [Estimate("auto", 1.0), Estimate("manual", NAN, missing="> horizon in 12 of 200")]
    (axes,) = drawn(variants.metrics([Panel("done in", "s", "lower", estimates)]))
    assert len(found(axes, "mean")) == 1
    assert "> horizon in 12 of 200" in written(axes)


def test_ticks_end_where_the_scale_ends():
    lowest, done = drawn(variants.metrics([LOWEST, DONE]))
    assert [label.get_text() for label in lowest.get_xticklabels()] == ["0 %", "50 %", "100 %"]
    assert [label.get_text() for label in done.get_xticklabels()] == ["0", "5min", "10min"]
    assert lowest.get_xlim()[1] > 1.1
    (lost,) = drawn(variants.metrics([Panel("lost", "hours", "", [Estimate("auto", 1.7)])]))
    assert [label.get_text() for label in lost.get_xticklabels()] == ["0", "0.5", "1", "1.5"]


def test_a_long_reason_for_a_missing_mean_does_not_squeeze_the_ticks():
    reason = Estimate("manual", NAN, missing="> horizon in 1,234 of 10,000 runs")
    panel = Panel("done in", "s", "lower", [Estimate("auto", 1560.0), reason])
    axes = drawn(variants.metrics([panel, LOWEST, LOST]))[0]
    boxes = [label.get_window_extent() for label in axes.get_xticklabels()]
    assert len(boxes) == 3
    assert all(one.x1 < other.x0 for one, other in pairwise(boxes))


def test_shares_near_one_are_spread_out():
    near = [Estimate("auto", 0.9999, 0.9998, 1.0), Estimate("manual", 0.999)]
    (axes,) = drawn(variants.metrics([Panel("availability", "share", "higher", near)]))
    assert axes.get_xlim()[0] > 0.998
    assert "99.95 %" in [label.get_text() for label in axes.get_xticklabels()]


def test_shares_that_are_all_one_leave_the_scale_as_it_is():
    all_of_it = [Estimate("days", 1.0, 1.0, 1.0), Estimate("hour", 1.0)]
    (axes,) = drawn(variants.metrics([Panel("updated", "share", "higher", all_of_it)]))
    assert "0 %" in [label.get_text() for label in axes.get_xticklabels()]


@pytest.mark.parametrize("value", [0.0, NAN])
@pytest.mark.parametrize("unit", ["share", "s", "count"])
def test_panels_without_any_extent_can_be_drawn(value, unit):
    estimates = [Estimate("auto", value), Estimate("manual", value)]
    (axes,) = drawn(variants.metrics([Panel("metric", unit, "", estimates)]))
    assert axes.get_xlim()[0] < axes.get_xlim()[1]


@pytest.mark.parametrize("count", range(1, 8))
def test_any_number_of_metrics_and_eight_variants_can_be_drawn(count):
    estimates = [Estimate(f"variant {k}", k + 1.0, k + 0.5, k + 1.5) for k in range(8)]
    panels = [Panel(f"metric {k}", "s", "lower", estimates) for k in range(count)]
    axes = drawn(variants.metrics(panels))
    assert [one.get_title("left") for one in axes] == [panel.label for panel in panels]
    assert all(len(found(one, "mean")) == 8 for one in axes)


def test_values_written_beside_dots_stay_in_their_panel():
    long = [Estimate("auto", 37 * 60 + 36.0, 2200, 2300), Estimate("manual", 1200.0)]
    figure = variants.metrics([Panel("done in", "s", "lower", long), DONE, LOST])
    for axes in drawn(figure):
        right = axes.get_window_extent().x1
        assert all(Text.get_window_extent(text).x1 <= right for text in axes.texts)


def test_the_title_states_the_first_metric():
    assert title(variants.metrics([LOWEST, DONE])) == (
        "Lowest capacity: auto 80 %, manual 80 %, simultaneous 0 %"
    )
    assert title(variants.metrics([DONE])) == (
        "Done in: auto 10min, manual > horizon, simultaneous 7min"
    )
    assert title(variants.metrics([DONE], title="Mine")) == "Mine"


def test_counts_are_numbers_of_what_the_panel_names():
    panel = Panel("tasks requeued", "count", "lower", [Estimate("a", 12.2, 11, 13)])
    (axes,) = drawn(variants.metrics([panel]))
    assert axes.get_xlabel() == "number, lower is better"


def test_the_title_is_the_first_metric_that_tells_the_variants_apart():
    same = Panel("lowest capacity", "share", "higher", [Estimate("a", 0.8), Estimate("b", 0.8)])
    other = Panel("done in", "s", "lower", [Estimate("a", 600), Estimate("b", 60)])
    assert title(variants.metrics([same, other])) == "Done in: a 10min, b 1min"
    assert title(variants.metrics([same])) == "Lowest capacity: a 80 %, b 80 %"
