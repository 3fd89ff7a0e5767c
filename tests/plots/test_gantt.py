from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from artists import found, legend_labels, main_axes, spans, title
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb

from sim.plots import gantt
from sim.plots.gantt import Interval
from sim.plots.parts import colours
from sim.plots.parts.style import Mark

END = 3600.0
READY = [Interval(f"UD {k}", 0, END, "ready") for k in range(3)]
WALK = [Interval(f"UD {k}", 60 + 300 * k, 360 + 300 * k, "updating") for k in range(3)]
FAILED = Interval("UD 1", 600, 1200, "failing")


CATEGORIES = [
    *("ready", "draining", "scaling", "replacing", "pausing", "other", "updating", "failing")
]


def reversed_of_each():
    """An interval of each category, the worst first."""
    return [Interval("UD 0", 0, END, category) for category in reversed(CATEGORIES)]


def test_there_is_a_lane_for_each_label_in_order_of_appearance():
    axes = main_axes(gantt.figure([*reversed(READY), *WALK]))
    assert [label.get_text() for label in axes.get_yticklabels()] == ["UD 2", "UD 1", "UD 0"]
    assert axes.yaxis_inverted()


def test_bars_are_the_intervals_of_their_lane_and_category():
    axes = main_axes(gantt.figure([*READY, *WALK]))
    (updating,) = found(axes, "updating")  # one collection, however many lanes
    assert spans(updating) == [(60, 360), (360, 660), (660, 960)]
    for place, path in enumerate(updating.get_paths()):
        box = path.get_extents()
        assert place - 0.5 < box.y0 < box.y1 < place + 0.5


def test_a_lane_shows_the_union_of_its_members():
    members = [Interval("UD 0", 60, 300, "updating"), Interval("UD 0", 60, 400, "updating")]
    axes = main_axes(gantt.figure([*READY, *members]))
    assert spans(found(axes, "updating")[0]) == [(60, 400)]


def test_what_is_worse_hides_what_is_better():
    order = [one.get_gid() for one in main_axes(gantt.figure(reversed_of_each())).collections]
    assert order == CATEGORIES


def test_who_drains_is_in_service_and_seen():
    drains = [Interval("UD 0", 0, 60, "draining"), *WALK]
    figure = gantt.figure([*READY, *drains])
    assert spans(found(main_axes(figure), "draining")[0]) == [(0, 60)]
    assert "draining: takes no new tasks" in [
        text.get_text() for legend in figure.legends for text in legend.get_texts()
    ]
    assert gantt.headline([*READY, *drains]) == gantt.headline([*READY, *WALK])


def test_the_headline_says_that_some_still_drain():
    end = max(one.end_s for one in READY)
    still = [*READY, *WALK, Interval("UD 0", 970, end, "draining")]
    assert gantt.headline(still).endswith("; some still drain at the end")


def test_categories_differ_in_greyscale():
    axes = main_axes(gantt.figure(reversed_of_each()))
    assert len(axes.collections) == len(CATEGORIES)

    def seen(bars):
        return np.dot(bars.get_facecolor()[0][:3], (0.2126, 0.7152, 0.0722)), bars.get_hatch()

    for one, other in combinations(axes.collections, 2):
        (light, hatch), (other_light, other_hatch) = seen(one), seen(other)
        assert abs(light - other_light) > 0.15 or hatch != other_hatch


def test_the_legend_names_what_occurs_and_nothing_else():
    assert legend_labels(gantt.figure([*READY, *WALK])) == ["in service", "updating"]
    assert legend_labels(gantt.figure([*READY, FAILED])) == [
        "in service",
        "failing: cycling or unresponsive",
    ]
    figure = gantt.figure([*READY, FAILED], failing="its start task failed")
    assert legend_labels(figure) == ["in service", "failing: its start task failed"]


def test_the_headline_of_batches_says_how_many_and_how_long_each_takes():
    turns = [
        Interval("batch 0", 60, 120, "updating"),
        Interval("batch 0", 120, 150, "pausing"),
        Interval("batch 1", 150, 240, "updating"),
    ]
    assert gantt.headline_of_turns(turns, "batches") == (
        "2 batches of 1min to 1min30s, from first to last 3min"
    )
    assert gantt.headline_of_turns(turns[:1], "batches") == (
        "Only one of the batches begins, and takes 1min"
    )


def test_a_window_is_shown_where_lanes_do_not_span_it():
    turns = [Interval("batch 0", 600, 1200, "updating")]
    assert main_axes(gantt.figure(turns)).get_xlim() == (600, 1200)
    assert main_axes(gantt.figure(turns, window=(0, 3000))).get_xlim() == (0, 1380)


def test_time_axis_has_units_and_marks():
    axes = main_axes(gantt.figure([*READY, *WALK], marks=[Mark(60, "upgrade_deployment, Auto")]))
    assert axes.get_xlabel() == "time since start (min)  (constant afterwards until 1h)"
    assert axes.get_xlim()[1] < 1200
    assert len(found(axes, "mark")) == 1


def test_sixty_lanes_are_drawn_and_more_are_refused():
    many = [Interval(f"WebRole_IN_{k}", 0, END, "ready") for k in range(61)]
    assert len(main_axes(gantt.figure(many[:60])).get_yticks()) == 60
    with pytest.raises(ValueError, match="at most 60 lanes can be distinguished, got 61"):
        gantt.figure(many)


def test_many_bars_are_joined_and_not_hatched():
    dense = [Interval("UD 0", k, k + 0.5, "updating") for k in range(20_000)]
    sparse = [Interval("UD 1", 100 * k, 100 * k + 1, "failing") for k in range(201)]
    axes = main_axes(gantt.figure([*dense, *sparse]))
    assert spans(found(axes, "updating")[0]) == [(0, 19_999.5)]
    (failing,) = found(axes, "failing")
    assert len(spans(failing)) == 201
    assert not failing.get_hatch()
    assert found(main_axes(gantt.figure([*READY, FAILED])), "failing")[0].get_hatch()


def test_bars_of_no_width_are_seen_wherever_they_are():
    """Edges are snapped to pixels: of 40 places in a pixel none may lose its bar."""
    month = 30 * 86_400.0
    ready = [Interval(f"web_{k}..{k + 1}", 0, month, "ready") for k in range(40)]
    short = [
        Interval(one.lane, 700_000 + 100 * k, 700_001 + 100 * k, "updating")
        for k, one in enumerate(ready)
    ]
    figure = gantt.figure([*ready, *short])
    figure.draw_without_rendering()
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[..., :3] / 255
    blue = (abs(pixels - to_rgb(colours.ROLLOUT)).max(axis=2) < 0.02).any(axis=1)
    (updating,) = found(figure.axes[0], "updating")
    for path in updating.get_paths():
        middle = path.get_extents().y0 / 2 + path.get_extents().y1 / 2
        row = figure.axes[0].transData.transform((0, middle))[1]
        assert blue[len(blue) - 1 - int(row)]


def test_no_interval_can_be_drawn():
    figure = gantt.figure([])
    main_axes(figure)
    assert title(figure) == "Every member is in service throughout"


def test_colours_are_those_of_the_house():
    axes = main_axes(gantt.figure([*READY, *WALK]))
    assert tuple(found(axes, "updating")[0].get_facecolor()[0][:3]) == to_rgb(colours.ROLLOUT)


@pytest.mark.parametrize(
    ("intervals", "text"),
    [
        (READY, "Every member is in service throughout"),
        (
            [*READY, *WALK],
            "At most 1 of 3 update domains is out at once; the updates take 15min",
        ),
        (
            [*READY, *WALK, FAILED],
            "At most 2 of 3 update domains are out at once; UD 1 fails",
        ),
        (
            [*READY, *(Interval(f"UD {k}", 60, 90, "failing") for k in range(2))],
            "At most 2 of 3 update domains are out at once; UD 0 and UD 1 fail",
        ),
        (
            [*READY, *(Interval(f"UD {k}", 60, 90, "failing") for k in range(3))],
            "All 3 update domains are out at once; UD 0, UD 1 and UD 2 fail",
        ),
        (
            [Interval(f"{k}", 60, 90, "failing") for k in range(5)],
            "All 5 update domains are out at once; 5 fail",
        ),
        (
            [*READY, *(Interval("UD 0", k, 90, "other") for k in range(60, 70))],
            "At most 1 of 3 update domains is out at once",
        ),
        (
            [*READY, Interval("UD 0", 60, 90, "scaling")],
            "No update domains are out at any time",
        ),
        (
            [*READY, *WALK, Interval("UD 0", 60, 990, "scaling")],
            "At most 1 of 3 update domains is out at once; the updates take 15min",
        ),
        ([READY[0], WALK[0]], "UD 0 is out; the updates take 5min"),
        (
            [*READY, Interval("UD 0", 60, END, "updating")],
            "At most 1 of 3 update domains is out at once; the updates are not over at the end",
        ),
        (
            [*READY, Interval("UD 0", 60, 90, "other")],
            "At most 1 of 3 update domains is out at once",
        ),
    ],
)
def test_the_title_states_how_many_are_out_at_once(intervals, text):
    assert title(gantt.figure(intervals)) == text


REPLACED = [
    Interval("UD 0", 0, 400, "ready"),
    Interval("UD 0", 400, 460, "replacing"),
    Interval("UD 1", 0, END, "ready"),
    Interval("UD 2", 100, 400, "replacing"),
    Interval("UD 2", 400, END, "ready"),
]
"""UD 2 comes before UD 0 goes."""


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ([], "New instances come before old ones go; the updates take 6min"),
        (
            [Interval("UD 1", 500, 600, "other")],
            "Never more than 1 of the instances is out at once; the updates take 6min",
        ),
        (
            [Interval(f"UD {k}", 500, 600, "updating") for k in (1, 2)],
            "At most 2 instances are out at once; the updates take 8min20s",
        ),
    ],
)
def test_who_is_replaced_is_not_out_and_lanes_that_come_later_are_not_counted(more, text):
    assert gantt.headline([*REPLACED, *more], "instances") == text


def test_the_title_names_what_the_lanes_are():
    assert "1 of 3 instances is" in title(gantt.figure([*READY, *WALK], what="instances"))
