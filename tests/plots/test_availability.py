from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from artists import found, main_axes, spans

from sim.core.timelines import Timeline
from sim.plots import availability
from sim.plots.parts import style
from sim.plots.parts.readout import MOST_ROWS
from sim.plots.parts.style import Mark

START = dt.datetime(2026, 11, 20, 14, tzinfo=dt.timezone(dt.timedelta(hours=1)))


def line(times, values, end=3600.0):
    return Timeline(np.array(times, float), np.array(values, float), float(end))


UP = line([0], [1])
ONCE = line([0, 600, 1200], [1, 0, 1])
TWICE = line([0, 600, 660, 1800, 3000], [1, 0, 1, 0, 1])
ROWS = {"shop": TWICE, "WebRole": ONCE, "WorkerRole": UP}


def test_each_row_has_its_name_in_order():
    axes = main_axes(availability.figure(ROWS))
    assert [label.get_text() for label in axes.get_yticklabels()] == list(ROWS)
    assert axes.yaxis_inverted()


def test_down_bars_are_the_outages_of_their_row():
    axes = main_axes(availability.figure(ROWS))
    shop, web, worker = found(axes, "down")
    assert spans(shop) == [(600, 660), (1800, 3000)]
    assert spans(web) == [(600, 1200)]
    assert spans(worker) == []
    box = shop.get_paths()[0].get_extents()
    assert -0.5 < box.y0 < 0 < box.y1 < 0.5


def test_outages_are_labelled_with_their_length():
    axes = main_axes(availability.figure(ROWS))
    labels = [(text.get_text(), round(text.get_position()[1])) for text in found(axes, "outage")]
    assert labels == [("1min", 0), ("20min", 0), ("10min", 1)]


def test_a_label_has_room_inside_its_bar_or_after_it():
    short, inside, _ = found(main_axes(availability.figure(ROWS)), "outage")
    assert 660 < short.get_position()[0] < 1800
    assert inside.get_position()[0] == 2400
    crowded = line([0, 600, 610, 620, 630, 3000], [1, 0, 1, 0, 1, 0])
    texts = found(main_axes(availability.figure({"shop": crowded})), "outage")
    assert [text.get_text() for text in texts] == ["10s", "10min"]
    close = line([0, 600, 700, 930, 1030, 3000, 3600], [1, 0, 1, 0, 1, 0, 1])
    texts = found(main_axes(availability.figure({"shop": close})), "outage")
    assert [text.get_position()[0] > 1030 for text in texts] == [True, True]


def test_an_outage_beyond_the_view_is_labelled_with_its_whole_length():
    axes = main_axes(availability.figure({"shop": line([0, 600], [1, 0], 86400)}))
    (label,) = found(axes, "outage")
    assert label.get_text() == "23h50"
    assert 600 < label.get_position()[0] < axes.get_xlim()[1] < 86400


def test_each_row_says_how_long_it_is_down_in_all():
    axes = main_axes(availability.figure(ROWS))
    totals = [text.get_text() for text in axes.texts if text.get_gid() != "outage"]
    assert totals == ["down 21min", "down 10min", "never down"]


def test_time_axis_and_legend_are_labelled():
    figure = availability.figure(ROWS, start=START, marks=[Mark(600, "swap")])
    axes = main_axes(figure)
    assert axes.get_xlabel() == "local time, UTC+01:00"
    assert axes.get_xticklabels()[0].get_text() == "14:00\nFri 20 Nov"
    assert [text.get_text().strip() for text in found(axes, "mark")] == ["swap"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [
        "available",
        "down: fewer in service than needed",
    ]


def test_short_outages_in_a_long_window_are_seen():
    day = line([0, 2e4, 2e4 + 0.001, 8e4, 8e4 + 0.001], [1, 0, 1, 0, 1], 86400)
    axes = main_axes(availability.figure({"shop": day}))
    (down,) = found(axes, "down")
    assert all(b - a >= 86400 * 0.6 / style.COLUMNS for a, b in spans(down))


def test_a_hundred_thousand_changes_are_thinned_before_drawing():
    flapping = line(np.arange(100_000), np.arange(100_000) % 2, 100_000)
    (down,) = found(main_axes(availability.figure({"shop": flapping})), "down")
    assert len(spans(down)) <= style.COLUMNS


@pytest.mark.parametrize(
    ("rows", "down"),
    [({"shop": UP}, []), ({"shop": line([0], [0])}, [(0, 3600)]),
     ({"s": line([0], [1], 0)}, [])],
)  # fmt: skip
def test_flat_rows_can_be_drawn(rows, down):
    bars = found(main_axes(availability.figure(rows)), "down")
    assert [span for each in bars for span in spans(each)] == down


@pytest.mark.parametrize(
    ("timeline", "text"),
    [
        (UP, "shop is available throughout"),
        (ONCE, "shop is down for 10min, in one outage"),
        (TWICE, "shop is down for 21min, in 2 outages; the longest 20min"),
    ],
)
def test_the_title_states_how_long_the_first_row_was_down(timeline, text):
    figure = availability.figure({"shop": timeline, "WebRole": ONCE})
    assert figure.texts[0].get_text() == text
    assert availability.figure({"shop": timeline}, title="Mine").texts[0].get_text() == "Mine"


def test_the_page_grows_with_the_rows_of_labels():
    line = Timeline(np.array([0.0, 60.0, 120.0]), np.array([1.0, 0.0, 1.0]), 3600.0)
    few = [Mark(600.0, "upgrade_deployment")]
    many = [Mark(600.0 * k, f"operation {'xyzuvw'[k]} {'x' * 40}") for k in range(1, 6)]
    low, high = (availability.figure({"shop": line}, marks=marks) for marks in (few, many))
    bars = []
    for page in (low, high):
        page.draw_without_rendering()  # warnings are errors
        (axes,) = page.axes
        bars.append(axes.get_window_extent().height)
    assert high.get_figheight() > low.get_figheight() + 0.5
    assert bars[1] > 0.9 * bars[0]


def test_bars_of_one_replication_are_called_so_and_beside_them_stands_what_holds_for_all():
    rows = {"shop": Timeline(np.array([0.0, 60.0]), np.array([1.0, 0.0]), 3600.0)}
    page = availability.figure(rows, notes={"shop": "down in 3 %"}, which="replication 0")
    page.draw_without_rendering()
    (axes,) = page.axes
    assert "down in 3 %" in [text.get_text() for text in axes.texts]
    (legend,) = page.legends
    assert [text.get_text() for text in legend.get_texts()] == [
        "available (replication 0)",
        "down: fewer in service than needed (replication 0)",
    ]


def test_what_is_never_down_is_shown_over_the_whole_window():
    line = Timeline(np.array([0.0]), np.array([1.0]), 3600.0)
    page = availability.figure({"shop": line}, marks=[Mark(600.0, "upgrade_deployment")])
    assert page.axes[0].get_xlim() == (0.0, 3600.0)


def test_the_table_tells_of_very_many_outages_how_many_more_there_are_and_how_long():
    times = np.arange(2 * 250 + 1) * 6.0
    many = Timeline(times, np.arange(len(times)) % 2 * 1.0, 3600.0)
    readout = availability.figure({"shop": many}).readout
    assert len(readout.rows) == MOST_ROWS + 1
    assert readout.rows[0] == ("shop", "0s", "6s", "6s")
    assert readout.rows[-1] == ("shop", "11 more times", "-", "11min")
