"""Lines over an axis of a sweep."""

import numpy as np
import pytest
from artists import found, legend_labels, shown_axes, title

from sim.plots.parts.sweep_axes import Along
from sim.plots.sweep_lines import Curve, Panel, figure

NAN = np.nan
BAKE = Along("bake", "s", ["0s", "10min", "20min"], np.array([0.0, 600.0, 1200.0]))
ONE = Curve(np.array([0.5, 0.8, NAN]), np.array([0.4, 0.7, NAN]), np.array([0.6, 0.9, NAN]))
FLAT = Curve(np.array([1.0, 1.0, 1.0]), np.full(3, NAN), np.full(3, NAN))


def test_each_metric_has_a_panel_and_each_variant_a_line_with_its_band():
    page = figure(
        [
            Panel("Capacity", "share", {"auto": ONE, "manual": FLAT}),
            Panel("Done", "s", {"auto": ONE}),
        ],
        BAKE,
        title="t",
    )
    first, second = shown_axes(page)
    assert title(page) == "t"
    assert [axes.get_title("left") for axes in (first, second)] == ["Capacity", "Done (s)"]
    lines = [line for line in found(first, "line") if line.get_xdata().size]
    assert [line.get_ydata()[1] for line in lines] == [0.8, 1.0]
    assert lines[0].get_xdata().tolist() == [0.0, 600.0, 1200.0]
    (band,) = found(first, "band")
    assert (band.get_paths()[0].vertices[:, 1].min(), band.get_paths()[0].vertices[:, 1].max()) == (
        0.4,
        0.9,
    )
    assert (first.get_xlabel(), second.get_xlabel()) == ("", "bake (min)")
    assert legend_labels(page) == ["auto", "manual", "mean with its 95 % interval"]


def test_values_are_drawn_in_the_order_of_the_axis():
    backward = Along("bake", "s", ["20min", "0s"], np.array([1200.0, 0.0]))
    curve = Curve(np.array([2.0, 1.0]), np.full(2, NAN), np.full(2, NAN))
    (axes,) = shown_axes(figure([Panel("It", "count", {"": curve})], backward, title="t"))
    (line,) = found(axes, "line")
    assert line.get_xydata().tolist() == [[0.0, 1.0], [1200.0, 2.0]]


def test_an_objective_and_a_gap_are_explained():
    page = figure([Panel("It", "share", {"": ONE}, 0.75)], BAKE, title="t", missing="no mean")
    (axes,) = shown_axes(page)
    (line,) = found(axes, "objective")
    assert set(line.get_ydata()) == {0.75}
    assert legend_labels(page) == ["mean with its 95 % interval", "objective", "no mean"]


def test_what_has_no_mean_anywhere_has_empty_panels():
    nothing = Curve(*[np.full(3, NAN)] * 3)
    (axes,) = shown_axes(figure([Panel("It", "s", {"": nothing})], BAKE, title="t"))
    assert axes.get_ylim()[0] < axes.get_ylim()[1]


def test_too_many_lines_or_panels_are_refused():
    with pytest.raises(ValueError, match="1 to 8 lines to draw, got 9"):
        figure([Panel("It", "s", {str(k): ONE for k in range(9)})], BAKE, title="t")
    with pytest.raises(ValueError, match="1 to 6 metrics to draw, got 0"):
        figure([], BAKE, title="t")
