"""The drawing of a timeline with characters."""

from __future__ import annotations

import datetime as dt
import re

import numpy as np
import pytest
from screens import assert_screen

from sim.cli.screens.console import ASCII, BLOCKS
from sim.cli.screens.sparkline import afterwards, sparkline
from sim.core.timelines import Timeline


def line(*steps, end=3600.0):
    """A timeline of (time, value)."""
    times, values = zip(*steps, strict=True)
    return Timeline(np.array(times, float), np.array(values, float), end)


def drawn(timeline, *, start=None, width=28, rows=1, levels=BLOCKS, changes=()):
    return sparkline(timeline, start=start, width=width, rows=rows, levels=levels, changes=changes)


def test_dip_is_drawn_over_its_time():
    picture = drawn(line((0, 1), (900, 0.5), (1800, 0), (2700, 1)), rows=2)
    assert_screen("cli/sparkline", picture)


def test_column_shows_the_lowest_value_within_it():
    picture = drawn(line((0, 1), (1000, 0.2), (1001, 1), (3000, 0.99), (3001, 1)))
    assert picture[0].count("▂") == 1
    assert picture[0].count("▇") == 1


def test_full_is_only_full_and_empty_is_only_empty():
    picture = drawn(line((0, 1), (900, 0.999), (1800, 0.001), (2700, 0)))
    assert {*picture[0][8:]} == {"█", "▇", "▁"}
    assert picture[0].rstrip() == picture[0]


def test_thousandth_of_float_noise_does_not_open_a_dip():
    picture = drawn(line((0, 1 - 1e-12), (900, 0.5), (1800, 1)))
    assert "▇" not in picture[0]


def test_ascii_is_enough():
    picture = drawn(line((0, 1), (900, 0.5), (1800, 0.1), (2700, 1)), levels=ASCII)
    assert all(text.isascii() for text in picture)
    assert {*picture[0][8:]} == {"#", ":", "."}


def test_scale_reaches_the_highest_value_above_all():
    picture = drawn(line((0, 1), (900, 1.5)), rows=3)
    assert [text.split()[0] for text in picture[:4]] == ["150", "100", "50", "0"]


@pytest.mark.parametrize("width", [28, 40, 80])
def test_nothing_is_wider_than_asked(width):
    picture = drawn(line((0, 1), (900, 0.5), (1800, 0.7), (3500, 1)), width=width)
    assert max(map(len, picture)) == width


def test_labels_stand_under_their_ticks():
    *_, axis, labels = drawn(line((0, 1), (900, 0.5), (3500, 1)), width=80)
    *inner, last = re.finditer(r"\S+", labels)
    assert [each[0] for each in inner] == ["0", "10min", "20min", "30min", "40min", "50min"]
    assert all(axis[each.start()] == "+" for each in inner)
    assert (last[0], last.end(), axis[-1]) == ("1h", 80, "+")


def test_only_the_part_that_changes_is_drawn():
    *_, labels = drawn(line((0, 1), (40_000, 0.5), (40_600, 1), end=86_400), width=80)
    first, *_, last = labels.split()
    assert first.startswith(("11h", "10h"))
    assert last.startswith("11h")


def test_what_else_happens_belongs_to_the_drawing():
    *_, labels = drawn(line((0, 1), (600, 0), end=86_400), width=80, changes=[7200.0])
    assert labels.split()[-1] == "2h"


def test_what_the_drawing_leaves_out_is_told_where_it_is_not_as_it_was():
    out = line((0, 1), (600, 0.8), (700, 0.75), end=21_600)
    assert afterwards(out, None) == ", then 75 % until 6h"
    assert afterwards(out, dt.datetime.fromisoformat("2026-11-20T23:30")).endswith(
        "until Sat 21 Nov 05:30"
    )
    assert afterwards(out, None, changes=[20_000.0]) == ""
    back = line((0, 1), (600, 0.8), (700, 1), end=21_600)
    assert afterwards(back, None) == ""


def test_date_stands_below_the_clock_where_there_is_a_start():
    start = dt.datetime.fromisoformat("2026-11-20T23:30")
    *_, clocks, dates = drawn(line((0, 1), (900, 0.5), (3500, 1)), start=start, width=80)
    assert clocks.split()[0] == "23:30"
    assert dates.split() == ["Fri", "20", "Nov", "Sat", "21", "Nov"]
    assert clocks.index("00:00") == dates.index("Sat")
