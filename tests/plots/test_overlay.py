"""Several lines in one picture."""

import numpy as np
import pytest

from sim.core.timelines import Timeline
from sim.plots import overlay
from sim.plots.parts import style


def line(*values, unit="share"):
    return Timeline(np.arange(len(values)) * 600.0, np.array(values, float), 3600.0, unit)


def drawn(lines, what="capacity"):
    picture = overlay.figure(lines, what)
    picture.draw_without_rendering()  # warnings are errors
    (axes,) = picture.axes
    return picture, axes


def test_each_line_has_a_look_and_its_name_in_the_legend():
    picture, axes = drawn({"auto": line(1, 0.5, 1), "manual": line(1, 0.8, 1)})
    (legend,) = picture.legends
    assert [text.get_text() for text in legend.get_texts()] == ["auto", "manual"]
    looks = {(each.get_color(), each.get_linestyle()) for each in legend.get_lines()}
    assert len(looks) == 2
    assert axes.get_ylabel() == "capacity (%)"


def test_a_single_line_needs_no_legend():
    picture, axes = drawn({"pool": line(0, 4, 31, unit="count")}, "queue")
    assert picture.legends == []
    assert axes.get_ylabel() == "queue (count)"
    assert axes.get_ylim()[1] > 31


@pytest.mark.parametrize("count", [0, overlay.MOST + 1])
def test_no_line_and_more_than_can_be_told_apart_are_refused(count):
    with pytest.raises(ValueError, match=f"1 to {overlay.MOST} lines to draw, got {count}"):
        overlay.figure({str(k): line(1) for k in range(count)}, "capacity")


def test_no_two_looks_are_alike():
    assert len(set(style.LINES)) == overlay.MOST
