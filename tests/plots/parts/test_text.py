"""Names in any script are drawn without a warning, without mathtext, as wide as there is room."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.text import Text

from sim.core.timelines import Timeline
from sim.plots import availability, capacity, estimates, gantt, overlay, queue, up_to_date, variants
from sim.plots.parts import style, text

NAMES = [
    "Ελληνικά",
    "商店 二",
    "🚀 go",
    "שלום",
    "سلام",
    "हिन्दी",
    "$x^$",
    "a_b\\frac",
    "e\u0301 \u202ereversed",
    "x\x1b[2J\ny",
    "x" * 5000,
]
LINE = Timeline(np.array([0.0, 60, 660]), np.array([1, 0.8, 1]), 3600.0, "share")
DIP = Timeline(np.array([0.0, 60, 660]), np.array([1, 0.0, 1]), 3600.0)


def test_characters_that_the_font_lacks_are_escaped_and_others_stay():
    assert text.drawable("Ελληνικά $x$ a_b é ß") == "Ελληνικά $x$ a_b é ß"
    assert text.drawable("商 🚀") == "\\u5546 \\U0001f680"
    assert text.drawable("a\x1bb\u202e") == "a\\x1bb\\u202e"
    assert text.drawable("two\nlines") == "two lines"


def test_what_is_too_wide_loses_its_middle():
    whole = "the beginning " * 20 + "the end"
    cut = text.fitted(whole, 150, 9)
    assert text.text_width(cut, 9) <= 150
    beginning, end = cut.split("…")
    assert whole.startswith(beginning)
    assert whole.endswith(end)
    assert abs(len(beginning) - len(end)) <= 1
    assert text.fitted("short", 150, 9) == "short"


def test_a_name_of_any_length_is_cut_without_measuring_all_of_it():
    assert text.text_width(text.fitted("y" * 10**6, 100, 9), 9) <= 100


def test_a_heading_has_three_lines_at_most():
    lines = text.lines("many words " * 400, 600, 13, "bold", 3)
    assert len(lines) == 3
    assert "…" in lines[-1]


def test_no_line_of_a_heading_ends_within_a_pair_of_values_or_a_name():
    heading = "Lowest capacity: as-published 80 % / 55 %, in-place 70 % / 50 %, swap 9min / 10min"
    for points in range(150, 400, 10):
        lines = text.lines(heading, points, 13, "bold", 9)
        assert " ".join(lines) == heading
        for line in lines:
            assert not line.endswith(("/", "-", "80", "70", "9min"))
            assert not line.startswith(("/", "%"))


def figures(name, other):
    marks = [style.Mark(60, name)]
    lines = {name: LINE, other: DIP}
    titled = {"title": name, "subtitle": name}
    value = estimates.Estimate(name, 0.5, text="50 %"), estimates.Estimate(other, 0.4, text="40 %")
    panel = estimates.Panel("metric", "share", "higher", value)
    bars = [gantt.Interval(name, 0, 60, "ready"), gantt.Interval(other, 60, 90, "updating")]
    yield capacity.figure(LINE, beside={name: DIP}, marks=marks, **titled)
    yield up_to_date.figure(LINE, beside=lines, marks=marks, **titled)
    yield availability.figure({name: DIP, other: DIP}, marks=marks, subtitle=name)
    yield queue.figure(DIP, used=DIP, slots=DIP, marks=marks, **titled)
    yield gantt.figure(bars, marks=marks)
    yield variants.capacities(lines)
    yield variants.capacities({f"{k} {name}": LINE for k in range(12)})
    yield variants.shares_up_to_date(lines)
    yield variants.queues(lines, title=name, answers=[{name: name}])
    yield estimates.figure([panel])
    yield overlay.figure(lines, name, title=name)


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_every_picture_takes_any_name(name):
    for figure in figures(name, f"{name}2"):
        figure.draw_without_rendering()  # warnings are errors
        shown = figure.findobj(Text)
        assert not any(one.get_parse_math() for one in shown if one.get_text())
        assert all(len(one.get_text()) < 400 for one in shown)


def test_titles_of_panels_stay_apart():
    lines = {f"{'a long name ' * 9}{k}": LINE for k in range(12)}
    figure = variants.capacities(lines, answers=[dict.fromkeys(lines, "an answer " * 20)])
    figure.draw_without_rendering()
    for axes in figure.axes:
        left, right = axes._left_title, axes._right_title
        assert left.get_window_extent().x1 < right.get_window_extent().x0
