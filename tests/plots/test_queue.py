"""The picture of a pool's queue: what it says of the tasks that wait, and what it shows."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from artists import found
from matplotlib.colors import to_rgb

from sim.core.timelines import Timeline
from sim.plots import queue
from sim.plots.parts import colours
from sim.plots.parts.style import Mark

DAY = 86400.0
START = dt.datetime(2026, 11, 20, 14, tzinfo=dt.timezone(dt.timedelta(hours=1)))


def line(*steps, end=1000.0):
    """A timeline of (second, count)."""
    times, values = zip(*steps, strict=True)
    return Timeline(np.array(times, float), np.array(values, float), end)


WAITING = line((0, 0), (200, 31), (300, 4), (400, 0), end=500.0)
USED = line((0, 5), (200, 8), (400, 7), end=500.0)
SLOTS = line((0, 10), (200, 8), (400, 10), end=500.0)
IDLE = line((0, 0), end=500.0)


def drawn(waiting=WAITING, used=USED, slots=SLOTS, **rest):
    picture = queue.figure(waiting, used=used, slots=slots, **rest)
    picture.draw_without_rendering()  # warnings are errors
    return picture


def points(axes, gid):
    (found_line,) = found(axes, gid)
    return [tuple(point) for point in found_line.get_xydata().tolist()]


@pytest.mark.parametrize(
    ("waiting", "said"),
    [
        (WAITING, "At most 31 tasks wait, 7 on average"),
        (line((0, 0), (500, 1)), "At most 1 task waits, 0.5 on average"),
        (line((0, 0), (900, 3), (922, 0)), "At most 3 tasks wait, 0.07 on average"),
        (line((0, 2), (4, 0)), "At most 2 tasks wait, less than 0.01 on average"),
        (line((0, 2000), (500, 469)), "At most 2,000 tasks wait, 1,234 on average"),
        (line((0, 12)), "12 tasks wait throughout"),
        (line((0, 1)), "1 task waits throughout"),
        (IDLE, "No task waits"),
    ],
)
def test_the_title_says_how_many_tasks_wait(waiting, said):
    assert queue.headline(waiting) == said


def test_the_average_is_that_of_the_window():
    window = WAITING.crop(250.0, 450.0)
    assert queue.headline(window) == "At most 31 tasks wait, 9.8 on average"


def test_the_lines_are_the_exact_step_functions():
    above, below = drawn().axes
    assert points(above, "slots") == [(0, 10), (200, 8), (400, 10), (500, 10)]
    assert points(below, "waiting") == [(0, 0), (200, 31), (300, 4), (400, 0), (500, 0)]
    lines = [*found(above, "slots"), *found(below, "waiting")]
    assert [each.get_drawstyle() for each in lines] == ["steps-post", "steps-post"]


def test_slots_in_use_are_the_area_under_their_line():
    above, _ = drawn().axes
    (area,) = found(above, "used")
    (path,) = area.get_paths()
    inside = {(100, 4.9): True, (100, 5.1): False, (300, 7.9): True, (450, 7.1): False}
    assert {point: path.contains_point(point) for point in inside} == inside


def test_axes_begin_at_nothing_and_count_whole_slots_and_tasks():
    above, below = drawn(slots=line((0, 20_000))).axes
    assert (above.get_ylabel(), below.get_ylabel()) == ("capacity (slots)", "tasks waiting")
    assert [axes.get_ylim()[0] for axes in (above, below)] == [0.0, 0.0]
    assert "20,000" in [label.get_text() for label in above.get_yticklabels()]
    _, below = drawn(IDLE).axes
    low, high = below.get_ylim()
    ticks = [label.get_text() for label in below.get_yticklabels()]
    shown = [text for at, text in zip(below.get_yticks(), ticks, strict=True) if low <= at <= high]
    assert shown == ["0", "1"]


def test_more_slots_in_use_than_the_line_would_be_seen():
    above, _ = drawn(used=line((0, 50))).axes
    assert above.get_ylim()[1] > 50


def test_panels_share_the_time_axis_which_is_told_once():
    above, below = drawn(start=START).axes
    assert above.get_xlim() == below.get_xlim() == (0.0, 500.0)
    assert (above.get_xlabel(), below.get_xlabel()) == ("", "local time, UTC+01:00")
    assert not any(label.get_visible() for label in above.get_xticklabels())


def test_what_is_cut_is_constant_in_both_panels():
    long = [Timeline(each.times, each.values, DAY) for each in (IDLE, USED, SLOTS)]
    _, below = drawn(*long).axes
    assert below.get_xlim()[1] < 1000
    assert "constant afterwards until 1d" in below.get_xlabel()


def test_operations_are_marked_in_both_panels_and_named_once():
    above, below = drawn(marks=[Mark(200, "upgrade_os"), Mark(5000, "later")]).axes
    assert [text.get_text().strip() for text in found(above, "mark")] == ["upgrade_os"]
    assert found(below, "mark") == []
    for axes in (above, below):
        assert [each.get_xdata()[0] for each in axes.lines if len(each.get_xdata()) == 2] == [200]


def test_dense_lines_are_thin():
    times = np.arange(1000.0)
    dense = Timeline(times, times % 2, 1000.0)
    _, below = drawn(dense).axes
    (thin,) = found(below, "waiting")
    (thick,) = found(drawn().axes[1], "waiting")
    assert thin.get_linewidth() < 1 < thick.get_linewidth()


def test_the_legend_names_what_is_above_and_hides_nothing():
    picture = drawn(subtitle="pool")
    (legend,) = picture.legends
    assert [each.get_text() for each in legend.get_texts()] == [
        "slots in service",
        "of them in use",
    ]
    mine = legend.get_window_extent()
    assert not any(axes.get_tightbbox().overlaps(mine) for axes in picture.axes)
    assert picture.texts[1].get_text() == "pool"


def test_waiting_tasks_and_slots_have_colours_of_their_own():
    above, below = drawn().axes
    seen = [
        to_rgb(found(axes, gid)[0].get_color())
        for axes, gid in ((above, "slots"), (below, "waiting"))
    ]
    seen.append(tuple(found(above, "used")[0].get_facecolor()[0][:3]))
    assert seen == [to_rgb(one) for one in (colours.INK, colours.WAITING, colours.RUNNING)]


def test_a_title_may_be_given():
    assert drawn(title="Monday").texts[0].get_text() == "Monday"
