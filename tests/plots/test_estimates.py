from __future__ import annotations

import datetime as dt
from itertools import pairwise

import numpy as np
import pytest
from artists import found, shown_axes, title, written
from matplotlib.text import Text

from sim.plots import estimates
from sim.plots.estimates import Estimate, Panel

NAN, INF = float("nan"), float("inf")

LOWEST = Panel(
    "lowest capacity",
    "share",
    "higher",
    [
        Estimate("auto", 0.8, 0.79, 0.81, "80 %"),
        Estimate("manual", 0.8, text="80 %"),
        Estimate("simultaneous", 0.0, text="0 %"),
    ],
)
DONE = Panel(
    "done in",
    "s",
    "lower",
    [
        Estimate("auto", 600, 600, 900, "10min / 15min"),
        Estimate("manual", 1200, 1200, INF, "20min / > 1h"),
        Estimate("simultaneous", INF, INF, INF, "never"),
    ],
    quantiles=True,
    bound=1800.0,
)
LOST = Panel("hours lost", "instance-hours", "", [Estimate("auto", 1.4, 1.3, 1.5, "1.4")])


def dots(axes, gid="value"):
    return [
        (float(x), float(y))
        for line in found(axes, gid)
        for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)
    ]


def intervals(axes):
    return [part.tolist() for lines in found(axes, "interval") for part in lines.get_segments()]


def explained(figure):
    return [text.get_text() for legend in figure.legends for text in legend.get_texts()]


def many(count, unit="s"):
    return Panel(
        "done in",
        unit,
        "lower",
        [
            Estimate(f"variant {k}", rank, text=f"{rank}s")
            for k, rank in enumerate((np.arange(count) * 37 + count // 2) % count)
        ],
    )


def test_each_metric_has_a_panel_with_its_unit_and_direction():
    panels = shown_axes(estimates.figure([LOWEST, DONE, LOST]))
    assert [axes.get_title("left") for axes in panels] == [
        "lowest capacity",
        "done in",
        "hours lost",
    ]
    assert [axes.get_xlabel() for axes in panels] == [
        "higher is better",
        "duration (min), lower is better",
        "instance-hours",
    ]


def test_dots_stand_at_the_values_in_the_rows_of_their_variants():
    axes = shown_axes(estimates.figure([LOWEST]))[0]
    assert dots(axes) == [(0.8, 0), (0.8, 1), (0.0, 2)]
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        "auto",
        "manual",
        "simultaneous",
    ]


def test_intervals_are_drawn_where_there_are_any():
    axes = shown_axes(estimates.figure([LOWEST]))[0]
    assert intervals(axes) == [[[0.79, 0.0], [0.81, 0.0]]]


def test_what_has_not_come_by_the_horizon_stands_at_the_edge():
    axes = shown_axes(estimates.figure([DONE]))[0]
    assert dots(axes) == [(600, 0), (1200, 1)]
    (edge,) = {x for x, _ in dots(axes, "beyond")}
    assert edge > 1800
    assert [y for _, y in dots(axes, "beyond")] == [1, 2]
    assert intervals(axes) == [[[600, 0], [900, 0]], [[1200, 1], [edge, 1]]]
    assert written(axes) == ["10min / 15min", "20min / > 1h", "never"]


def test_an_objective_is_a_line_within_the_scale():
    axes = shown_axes(estimates.figure([DONE]))[0]
    (line,) = found(axes, "objective")
    assert line.get_xdata()[0] == 1800.0
    left, right = axes.get_xlim()
    assert left < 1800 < right


def test_the_legend_names_what_occurs():
    assert explained(estimates.figure([LOWEST])) == ["mean, its 95 % interval"]
    assert explained(estimates.figure([DONE])) == [
        "median, and to the bad 5 % of the runs",
        "not by the horizon",
        "objective",
    ]
    certain = Panel("lowest capacity", "share", "higher", [Estimate("auto", 0.8, 0.8, 0.8)])
    assert estimates.figure([certain]).legends == []
    beside = estimates.figure([certain, DONE])
    assert explained(beside)[:2] == [
        "mean, its 95 % interval",
        "median, and to the bad 5 % of the runs",
    ]


def test_no_estimate_is_refused():
    with pytest.raises(ValueError, match="must be an estimate"):
        estimates.figure([])


def test_a_variant_to_which_a_metric_does_not_apply_says_so():
    _, lost = shown_axes(estimates.figure([LOWEST, LOST]))
    assert written(lost) == ["1.4", "does not apply", "does not apply"]


def test_no_objective_runs_through_a_number_or_a_word():
    bounded = Panel("done in", "s", "lower", [Estimate("auto", 1.0, text="1s")], bound=2.0)
    _, axes = shown_axes(estimates.figure([LOWEST, bounded]))
    (line,) = found(axes, "objective")
    texts = [text for text in axes.texts if text.get_text()]
    assert len(texts) == 3
    for text in texts:
        assert text.get_bbox_patch().get_facecolor() == (1, 1, 1, 1)
        assert text.get_zorder() > line.get_zorder()


def test_a_value_that_is_not_there_has_no_dot_and_says_why():
    missing = [Estimate("auto", 1.0, text="1s"), Estimate("manual", NAN, text="never")]
    (axes,) = shown_axes(estimates.figure([Panel("done in", "s", "lower", missing)]))
    assert dots(axes) == [(1.0, 0)]
    assert written(axes) == ["1s", "never"]


def test_ticks_end_where_the_scale_ends_and_so_does_the_axis():
    lowest, lost = shown_axes(estimates.figure([LOWEST, LOST]))
    assert [label.get_text() for label in lowest.get_xticklabels()] == ["0 %", "50 %", "100 %"]
    assert lowest.spines["bottom"].get_bounds() == (0.0, 1.0)
    assert lowest.get_xlim()[1] > 1.05
    assert [label.get_text() for label in lost.get_xticklabels()] == ["0", "0.5", "1", "1.5"]


def test_durations_have_one_unit_on_an_axis():
    hours = Panel("done in", "s", "lower", [Estimate("auto", 5400, text="1h30")])
    (axes,) = shown_axes(estimates.figure([hours]))
    assert [label.get_text() for label in axes.get_xticklabels()] == ["0", "0.5", "1", "1.5"]
    assert axes.get_xlabel() == "duration (h), lower is better"


def test_long_numbers_do_not_squeeze_the_ticks():
    far = Estimate("manual", INF, text="> horizon in 1,234 of 10,000 runs and more than that")
    panel = Panel("done in", "s", "lower", [Estimate("auto", 1560.0, text="26min"), far])
    axes = shown_axes(estimates.figure([panel, LOWEST, LOST]))[0]
    boxes = [label.get_window_extent() for label in axes.get_xticklabels()]
    assert len(boxes) == 3
    assert all(one.x1 < other.x0 for one, other in pairwise(boxes))


def test_shares_near_one_are_spread_out():
    near = [Estimate("auto", 0.9999, 0.9998, 1.0), Estimate("manual", 0.999)]
    (axes,) = shown_axes(estimates.figure([Panel("availability", "share", "higher", near)]))
    assert axes.get_xlim()[0] > 0.998
    assert "99.95 %" in [label.get_text() for label in axes.get_xticklabels()]


def test_shares_that_are_all_one_leave_the_scale_as_it_is():
    all_of_it = [Estimate("days", 1.0, 1.0, 1.0), Estimate("hour", 1.0)]
    (axes,) = shown_axes(estimates.figure([Panel("updated", "share", "higher", all_of_it)]))
    assert "0 %" in [label.get_text() for label in axes.get_xticklabels()]


@pytest.mark.parametrize("value", [0.0, NAN, INF])
@pytest.mark.parametrize("unit", ["share", "s", "count"])
def test_panels_without_any_extent_can_be_drawn(value, unit):
    same = [Estimate("auto", value, text="x"), Estimate("manual", value, text="x")]
    (axes,) = shown_axes(estimates.figure([Panel("metric", unit, "", same)]))
    assert axes.get_xlim()[0] < axes.get_xlim()[1]


@pytest.mark.parametrize("count", range(1, 8))
def test_any_number_of_metrics_and_eight_variants_can_be_drawn(count):
    eight = [Estimate(f"variant {k}", k + 1.0, k + 0.5, k + 1.5) for k in range(8)]
    panels = [Panel(f"metric {k}", "s", "lower", eight) for k in range(count)]
    axes = shown_axes(estimates.figure(panels))
    assert [one.get_title("left") for one in axes] == [panel.label for panel in panels]
    assert all(len(dots(one)) == 8 for one in axes)


def test_values_written_beside_dots_stay_in_their_panel():
    long = [Estimate("auto", 2256.0, 2200, 2300, "37min36s / 40min"), Estimate("manual", 1200.0)]
    figure = estimates.figure([Panel("done in", "s", "lower", long), DONE, LOST])
    for axes in shown_axes(figure):
        right = axes.get_window_extent().x1
        assert all(Text.get_window_extent(text).x1 <= right for text in axes.texts)


def test_counts_are_numbers_of_what_the_panel_names():
    panel = Panel("tasks requeued", "count", "lower", [Estimate("a", 12.2, 11, 13, "12.2")])
    (axes,) = shown_axes(estimates.figure([panel]))
    assert axes.get_xlabel() == "number, lower is better"


def test_the_title_is_the_first_metric_that_tells_the_variants_apart():
    same = Panel("lowest", "share", "higher", [Estimate(k, 0.8, text="80 %") for k in "ab"])
    other = [Estimate("a", 600, text="10min"), Estimate("b", 60, text="1min")]
    done = Panel("done in", "s", "lower", other)
    assert title(estimates.figure([same, done])) == "Done in: b 1min, a 10min"
    assert title(estimates.figure([same])) == "Lowest: 80 % in every variant"
    assert title(estimates.figure([done], title="Mine")) == "Mine"


def test_the_title_says_what_its_numbers_are_and_who_never_ends_is_last():
    assert title(estimates.figure([LOWEST])).startswith("Lowest capacity, mean: ")
    first_line, *rest = (text.get_text() for text in estimates.figure([DONE]).texts)
    assert first_line.startswith("Done in, median / bad 5 %: auto 10min / 15min, manual 20min / ")
    assert "simultaneous never" in " ".join([first_line, *rest])


def test_of_two_with_the_same_median_the_better_tail_comes_first():
    tails = [Estimate("a", 0.8, 0.5, 0.8, "80 / 50"), Estimate("b", 0.8, 0.7, 0.8, "80 / 70")]
    panel = Panel("lowest", "share", "higher", tails, quantiles=True)
    assert estimates.headline([panel]) == "Lowest, median / bad 5 %: b 80 / 70, a 80 / 50"


@pytest.mark.parametrize("count", [12, 13, 32, 33, 133, 1000])
def test_any_number_of_variants_reads_on_a_page(count):
    figure = estimates.figure([many(count)] * 6)
    axes = shown_axes(figure)[0]
    assert figure.get_figheight() < 18
    assert len(dots(axes)) == count
    labels = [label for label in axes.get_yticklabels() if label.get_text()]
    assert len(labels) == (count if count <= 32 else 17)
    boxes = [label.get_window_extent() for label in labels]
    assert all(one.y0 >= other.y1 - 1 for one, other in pairwise(boxes))


def test_more_variants_than_panels_can_show_are_ranked_and_both_ends_named():
    figure = estimates.figure([many(133)], subtitle="shop")
    axes = shown_axes(figure)[0]
    heights = dict(dots(axes))
    assert [x for x, _ in sorted(heights.items(), key=lambda one: one[1])] == list(range(133))
    named = [label.get_text() for label in axes.get_yticklabels()]
    assert len(named) == 17  # eight at each end, and the first variant, which is the baseline
    assert "variant 0" in named
    assert "133 variants by done in, the best on top" in figure.texts[1].get_text()


def test_dots_of_many_variants_are_drawn_together():
    figure = estimates.figure([many(1000)])
    artists = figure.findobj(lambda one: one.get_gid() in ("value", "interval", "number"))
    assert len(artists) < 30


def test_names_that_would_be_cut_alike_are_numbered():
    names = ["x" * 100 + "middle one" + "y" * 100, "x" * 100 + "middle two" + "y" * 100]
    panel = Panel("lowest", "share", "higher", [Estimate(name, 0.5) for name in names])
    (axes,) = shown_axes(estimates.figure([panel]))
    shown = [label.get_text() for label in axes.get_yticklabels()]
    assert len(set(shown)) == 2
    assert [text[:2] for text in shown] == ["0 ", "1 "]


def test_ends_are_finite_numbers_for_matplotlib():
    for line in found(shown_axes(estimates.figure([DONE]))[0], "beyond"):
        assert np.isfinite(line.get_xydata()).all()


def test_instants_have_an_axis_of_the_clock():
    start = dt.datetime(2026, 11, 20, 14, 0)  # noqa: DTZ001  (a clock without a zone)
    done = Panel("done at", "s", "lower", [Estimate("auto", 3600.0, text="15:00")], start=start)
    (axes,) = shown_axes(estimates.figure([done]))
    assert axes.get_xlabel() == "local time, lower is better"
    assert axes.get_xticklabels()[0].get_text() == "14:00\nFri 20 Nov"
