from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from artists import found, main_axes, title

from sim.core.timelines import Timeline
from sim.experiments.statistics.bands import Band
from sim.plots import capacity
from sim.plots.parts import style
from sim.plots.parts.style import Mark

DAY = 86400.0
START = dt.datetime(2026, 11, 20, 14, tzinfo=dt.timezone(dt.timedelta(hours=1)))


def line(times, values, end):
    return Timeline(np.array(times, float), np.array(values, float), float(end))


FLAT = line([0], [1], 3600)
DIP = line([0, 60, 660], [1, 0.8, 1], 3600)
TWO_BREACHES = line([0, 60, 360, 660, 1260, 1800], [1, 0.5, 0.8, 0.7, 0.9, 1], 3600)
BAND = Band(
    np.array([0.0, 60, 900]),
    np.array([1, 0.6, 1]),
    np.array([1, 0.8, 1]),
    np.array([1, 0.9, 1]),
    100,
)


def spans(axes, gid):
    (collection,) = found(axes, gid)
    extents = [path.get_extents() for path in collection.get_paths()]
    return [(box.x0, box.x1) for box in extents]


def tick_labels(axis):
    low, high = sorted(axis.get_view_interval())
    ticks = zip(axis.get_ticklocs(), axis.get_ticklabels(), strict=True)
    return [label.get_text() for at, label in ticks if low <= at <= high]


def legend_labels(figure):
    return [text.get_text() for legend in figure.legends for text in legend.get_texts()]


def test_the_line_is_the_exact_step_function():
    axes = main_axes(capacity.figure(DIP))
    (drawn_line,) = found(axes, "line")
    assert drawn_line.get_drawstyle() == "steps-post"
    assert drawn_line.get_xdata().tolist()[:3] == [0, 60, 660]
    assert drawn_line.get_ydata().tolist() == [1, 0.8, 1, 1]


def test_axes_have_units():
    axes = main_axes(capacity.figure(DIP))
    assert axes.get_ylabel() == "capacity (% of nominal)"
    assert tick_labels(axes.yaxis) == ["0 %", "20 %", "40 %", "60 %", "80 %", "100 %"]
    assert axes.get_xlabel() == "time since start (min)  (constant afterwards until 1h)"
    assert tick_labels(axes.xaxis)[:3] == ["0", "2", "4"]


def test_with_a_start_the_time_is_a_wall_clock():
    axes = main_axes(capacity.figure(DIP, start=START))
    assert axes.get_xlabel().startswith("local time, UTC+01:00")
    assert tick_labels(axes.xaxis)[:2] == ["14:00\nFri 20 Nov", "14:02\n"]


def test_shaded_intervals_are_the_breaches():
    axes = main_axes(capacity.figure(TWO_BREACHES, threshold=0.8))
    assert spans(axes, "breaches") == TWO_BREACHES.intervals_below(0.8) == [(60, 360), (660, 1260)]


def test_nothing_is_shaded_where_the_threshold_is_just_met():
    axes = main_axes(capacity.figure(DIP, threshold=0.8))
    assert spans(axes, "breaches") == []
    assert [text.get_text() for text in axes.texts] == ["objective\n80 %"]


def test_the_threshold_is_named_at_its_height():
    axes = main_axes(capacity.figure(TWO_BREACHES, threshold=0.85))
    (name,) = [text for text in axes.texts if text.get_text() == "objective\n85 %"]
    assert name.get_position()[1] == 0.85
    assert any(set(one.get_ydata()) == {0.85} for one in axes.lines)


def test_breaches_are_labelled_with_their_length_where_there_is_room():
    axes = main_axes(capacity.figure(TWO_BREACHES, threshold=0.8))
    assert [text.get_text() for text in found(axes, "breach")] == [
        "5min",
        "below 80 % for 10min",
    ]
    hidden = main_axes(
        capacity.figure(line([0, 60, 61, 3000], [1, 0, 1, 0.9], 3600), threshold=0.8)
    )
    assert found(hidden, "breach") == []


def test_a_breach_beyond_the_view_is_labelled_with_its_whole_length():
    axes = main_axes(capacity.figure(line([0, 600], [1, 0], DAY), threshold=0.8))
    (label,) = found(axes, "breach")
    assert label.get_text() == "below 80 % for 23h50"
    assert 600 < label.xy[0] < axes.get_xlim()[1] < DAY


def test_a_band_is_shown_with_median_and_legend():
    figure = capacity.figure(DIP, band=BAND)
    axes = main_axes(figure)
    assert legend_labels(figure) == [
        "median of all runs",
        "5 % to 95 % of the runs",
        "replication 0",
    ]
    (filled,) = axes.collections
    box = filled.get_paths()[0].get_extents()
    assert (box.y0, box.y1) == (0.6, 1)
    (median,) = found(axes, "median")
    assert median.get_ydata().tolist() == [1, 0.8, 1, 1]
    assert median.get_xdata().tolist() == [0, 60, 900, axes.get_xlim()[1]]
    (one,) = found(axes, "line")
    assert one.get_linewidth() < median.get_linewidth()
    assert title(figure).startswith("In replication 0 capacity falls to 80 %")


def test_the_view_also_holds_what_only_the_band_and_the_marks_do():
    assert main_axes(capacity.figure(DIP)).get_xlim()[1] < 900
    assert main_axes(capacity.figure(DIP, band=BAND)).get_xlim()[1] > 900
    assert main_axes(capacity.figure(DIP, marks=[Mark(1500, "swap")])).get_xlim()[1] > 1500


def test_operations_are_marked():
    axes = main_axes(capacity.figure(DIP, marks=[Mark(60, "upgrade_deployment, Auto")]))
    assert [text.get_text().strip() for text in found(axes, "mark")] == ["upgrade_deployment, Auto"]
    assert any(list(one.get_xdata()) == [60, 60] for one in axes.lines)


def test_ten_minutes_in_a_day_are_shown_large():
    axes = main_axes(capacity.figure(line([0, 60, 660], [1, 0.8, 1], DAY)))
    assert axes.get_xlim()[1] < 1000
    assert "constant afterwards until 1d" in axes.get_xlabel()


def test_capacity_above_nominal_is_in_the_picture():
    axes = main_axes(capacity.figure(line([0, 60], [1, 1.4], 3600)))
    assert axes.get_ylim() == (0.0, 1.4)


def test_shares_end_at_100_percent():
    assert main_axes(capacity.figure(DIP)).get_ylim() == (0.0, 1.0)


def test_a_small_dip_has_an_axis_that_begins_near_it():
    axes = main_axes(capacity.figure(line([0, 60, 120], [1, 0.99, 1], 3600)))
    low, high = axes.get_ylim()
    assert 0.98 < low < 0.99
    assert high == 1.0
    assert "99.6 %" in tick_labels(axes.yaxis)


def test_a_line_beside_is_named_and_lies_under_the_other():
    figure = capacity.figure(DIP, beside={"accepting": line([0, 30, 660], [1, 0.5, 1], 3600)})
    axes = main_axes(figure)
    assert legend_labels(figure) == ["in service", "accepting"]
    (main,), (other,) = found(axes, "line"), found(axes, "beside")
    assert other.get_zorder() < main.get_zorder()


def test_without_capacity_the_line_is_still_seen():
    axes = main_axes(capacity.figure(line([0], [0], 3600), threshold=0.5))
    assert not found(axes, "line")[0].get_clip_on()
    assert spans(axes, "breaches") == [(0, 3600)]


def test_a_hundred_thousand_steps_are_thinned_before_drawing():
    rng = np.random.default_rng(1)
    long = line(np.arange(100_000), rng.integers(0, 2, 100_000), 100_000)
    axes = main_axes(capacity.figure(long, threshold=0.8))
    (drawn_line,) = found(axes, "line")
    assert len(drawn_line.get_xdata()) <= 4 * style.COLUMNS + 1
    assert len(spans(axes, "breaches")) <= style.COLUMNS


def test_a_breach_of_a_second_in_a_day_has_a_visible_edge():
    axes = main_axes(
        capacity.figure(line([0, 6e4, 6e4 + 1, 8e4], [1, 0, 1, 0.9], DAY), threshold=0.8)
    )
    (collection,) = found(axes, "breaches")
    assert collection.get_linewidth()[0] > 0
    assert collection.get_edgecolor()[0][3] > 0


@pytest.mark.parametrize("timeline", [FLAT, line([0], [1], 0), line([0, 3600], [1, 0], 3600)])
def test_flat_and_empty_windows_have_no_breach_of_any_length(timeline):
    axes = main_axes(capacity.figure(timeline, threshold=0.8, marks=[Mark(0, "swap")]))
    assert sum(end - begin for begin, end in spans(axes, "breaches")) == 0


def test_a_given_title_and_subtitle_are_used():
    figure = capacity.figure(DIP, title="All is well", subtitle="shop, 20 instances")
    assert [text.get_text() for text in figure.texts] == ["All is well", "shop, 20 instances"]


@pytest.mark.parametrize(
    ("timeline", "threshold", "text"),
    [
        (FLAT, None, "Capacity stays at 100 %"),
        (FLAT, 0.8, "Capacity stays at 100 %; never below 80 %"),
        (DIP, None, "Capacity falls to 80 % for 10min"),
        (DIP, 0.8, "Capacity falls to 80 % for 10min; never below 80 %"),
        (DIP, 0.9, "Capacity falls to 80 % for 10min; below 90 % for 10min"),
        (TWO_BREACHES, 0.8, "Capacity falls to 50 % for 5min; below 80 % for 15min"),
        (TWO_BREACHES, None, "Capacity falls to 50 % for 5min; below 100 % for 29min"),
        (line([0, 60], [1, 0], 3600), None, "Capacity falls to 0 % and is still there at the end"),
        (
            line([0, 60], [1, 1.2], 3600),
            None,
            "Capacity rises to 120 % and is never below 100 %",
        ),
    ],
)
def test_the_title_states_what_the_line_shows(timeline, threshold, text):
    assert capacity.headline(timeline, threshold) == text
    assert title(capacity.figure(timeline, threshold=threshold)) == text
