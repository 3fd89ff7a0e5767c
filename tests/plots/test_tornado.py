"""The tornado: what each guess, halved and doubled, makes of a metric."""

import math

import pytest
from artists import found, legend_labels, main_axes, title

from sim.plots import tornado
from sim.plots.tornado import Bar, Row

NOT = Bar(math.nan, math.nan, math.nan, "is 0")
ROWS = [
    Row("restart", Bar(480.0, 450.0, 500.0), Bar(1920.0, 1900.0, 1950.0)),
    Row("create", Bar(960.0, 960.0, 960.0), Bar(960.0, 960.0, 960.0)),
    Row("bad", NOT, Bar(math.nan, math.nan, math.nan, "no value in 3 of 9 runs")),
]


def drawn(rows=ROWS, base=960.0):
    page = tornado.figure(rows, base, "done in", "s", title="restart decides")
    return page, main_axes(page)


def test_bars_lead_from_the_scenario_as_it_is_to_the_changed_one():
    page, axes = drawn()
    (half,), (double,) = (found(axes, gid) for gid in ("halved", "doubled"))
    assert (half.get_x() + half.get_width(), half.get_x()) in (
        (480.0, 960.0),
        (960.0, 480.0),
        (480.0, 480.0),
    ) or half.get_width() == -480.0
    assert double.get_width() == 960.0
    (line,) = found(axes, "base")
    assert list(line.get_xdata()) == [960.0, 960.0]
    assert [list(each.get_xdata()) for each in found(axes, "interval")] == [
        [450.0, 500.0],
        [1900.0, 1950.0],
    ]
    assert title(page) == "restart decides"


def test_what_has_no_bar_says_why():
    _, axes = drawn()
    assert [each.get_text() for each in found(axes, "note")] == [
        "identical", "identical", "is 0", "no value in 3 of 9 runs"
    ]  # fmt: skip


def test_rows_stand_in_order_and_the_legend_names_both():
    page, axes = drawn()
    assert [each.get_text() for each in axes.get_yticklabels()] == ["restart", "create", "bad"]
    assert axes.get_ylim()[0] > axes.get_ylim()[1]
    assert legend_labels(page)[:2] == ["halved", "doubled"]


def test_of_many_the_weightiest_are_drawn():
    rows = [Row(f"g{k}", Bar(900.0, 900.0, 900.0), NOT) for k in range(20)]
    page, axes = drawn(rows)
    assert len(axes.get_yticklabels()) == tornado.MOST
    assert any("the weightiest 15 of 20 guesses" in each.get_text() for each in page.texts)
    with pytest.raises(ValueError, match="there must be a guess"):
        drawn([])


def test_without_a_mean_there_is_no_line():
    _, axes = drawn([Row("x", Bar(5.0, 4.0, 6.0), NOT)], base=math.nan)
    assert found(axes, "base") == found(axes, "halved") == []
