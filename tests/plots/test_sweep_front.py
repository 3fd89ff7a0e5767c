"""Two metrics of a sweep against each other."""

import numpy as np
from artists import found, legend_labels, title, written

from sim.plots.sweep_front import Side, figure

NAN = np.nan


def side(what, unit, better, *means):
    values = np.array(means, float)
    return Side(what, unit, better, values, values - 0.01, values + 0.01)


X = side("capacity", "share", "higher", 0.5, 0.8, 0.9, 0.7, 0.6, NAN)
Y = side("done in", "s", "lower", 600.0, 1200.0, 3600.0, 1500.0, 1300.0, 60.0)
LABELS = ["two", "five", "ten", "four", "three", "never"]
STANDINGS = ["yes", "yes", "yes", "no", "not told apart", ""]


def drawn(**given):
    page = figure(X, Y, LABELS, STANDINGS, title="t", **given)
    page.draw_without_rendering()
    return page, page.axes[0]


def test_the_front_has_a_line_intervals_and_labels():
    page, axes = drawn()
    assert title(page) == "t"
    (line,) = found(axes, "front line")
    assert line.get_xdata().tolist() == [0.5, 0.8, 0.9]
    assert set(written(axes)) == {"two", "five", "ten"}
    assert axes.get_xlabel() == "capacity, mean: higher is better"
    assert axes.get_ylabel() == "done in (min), mean: lower is better"


def test_the_staircase_bounds_what_the_front_beats():
    # Higher is better across: between two dots nothing as good as the right one is beaten yet.
    (line,) = found(drawn()[1], "front line")
    assert line.get_drawstyle() == "steps-pre"
    lower = side("it", "count", "lower", 1, 2, 3, 3, 3, 3)
    page = figure(lower, Y, LABELS, STANDINGS, title="t")
    (line,) = found(page.axes[0], "front line")
    assert line.get_drawstyle() == "steps-post"


def test_others_are_told_apart_by_their_dots():
    page, axes = drawn(knee=1)
    known = {gid: found(axes, gid)[0].get_xydata().tolist() for gid in (
        "behind", "not told apart from the front", "knee",
    )}  # fmt: skip
    assert known == {
        "behind": [[0.7, 1500.0]],
        "not told apart from the front": [[0.6, 1300.0]],
        "knee": [[0.8, 1200.0]],
    }
    assert legend_labels(page) == [
        "front, with 95 % intervals of the means",
        "behind",
        "not told apart from the front",
        "knee",
    ]


def test_what_has_no_mean_is_not_drawn():
    _, axes = drawn()
    assert axes.get_ylim()[0] > 60.0


def test_labels_that_would_meet_are_left_out():
    x = side("it", "count", "lower", *np.linspace(1, 1.0001, 30))
    y = side("that", "count", "lower", *np.linspace(1, 0.9999, 30))
    page = figure(x, y, [f"a long label {k}" for k in range(30)], ["yes"] * 30, title="t")
    assert 1 <= len(written(page.axes[0])) <= 9


def test_without_a_front_there_are_only_dots():
    page = figure(X, Y, LABELS, ["no"] * 6, title="t")
    page.draw_without_rendering()
    assert found(page.axes[0], "front line") == []
    assert legend_labels(page) == ["behind"]


def test_labels_hide_no_dot_where_they_can_stand_elsewhere():
    crowd = np.linspace(1.05, 2.0, 40)
    x = side("it", "count", "lower", 1.0, 3.0, *crowd)
    y = side("that", "count", "lower", 1.0, 0.5, *np.full(40, 1.0))
    standings = ["yes", "yes", *["no"] * 40]
    page = figure(x, y, ["best", "last", *[""] * 40], standings, knee=0, title="t")
    page.canvas.draw()
    axes = page.axes[0]
    dots = axes.transData.transform(np.stack([x.means, y.means], axis=1))
    assert set(written(axes)) == {"best", "last"}
    for text in axes.texts:
        box = text.get_window_extent()
        inside = (dots > [box.x0, box.y0]).all(axis=1) & (dots < [box.x1, box.y1]).all(axis=1)
        assert not inside.any()


def test_no_interval_of_the_front_is_cut_off():
    wide = Side("that", "count", "lower", Y.means, Y.means - 5000.0, Y.means + 9000.0)
    axes = figure(X, wide, LABELS, STANDINGS, title="t").axes[0]
    low, high = axes.get_ylim()
    assert low < 600.0 - 5000.0
    assert high > 3600.0 + 9000.0
