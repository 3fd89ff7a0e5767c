"""A metric over two axes of a sweep."""

import numpy as np
from artists import found, legend_labels, title

from sim.plots.parts.style import png
from sim.plots.parts.sweep_axes import Along
from sim.plots.sweep_heat_map import Cells, figure

X = Along("domains", "", ["2", "5"], np.array([2.0, 5.0]))
Y = Along("bake", "s", ["0s", "10min", "20min"], np.array([0.0, 600.0, 1200.0]))
MEANS = np.array([[0.5, 0.8], [0.6, np.nan], [0.7, 0.9]])
VERDICTS = np.array([["missed", "met"], ["undecided", ""], ["met", "met"]])


def drawn(means=MEANS, verdicts=VERDICTS, x=X, y=Y):
    page = figure(Cells(means, verdicts, "share"), x, y, "capacity", title="t", none="no capacity")
    page.draw_without_rendering()
    return page


def test_each_cell_has_its_number():
    page = drawn()
    cells, bar = page.axes
    assert title(page) == "t"
    numbers = {text.get_position(): text.get_text() for text in found(cells, "number")}
    assert numbers == {
        (0, 0): "50 %", (1, 0): "80 %", (0, 1): "60 %", (0, 2): "70 %", (1, 2): "90 %",
    }  # fmt: skip
    assert (cells.get_xlabel(), cells.get_ylabel()) == ("domains", "bake (min)")
    assert bar.get_xlabel() == "capacity, mean"


def test_what_misses_an_objective_or_is_undecided_is_hatched_and_explained():
    page = drawn()
    for verdict, corner in (("missed", (-0.5, -0.5)), ("undecided", (-0.5, 0.5))):
        (cells,) = found(page.axes[0], verdict)
        (path,) = cells.get_paths()
        assert tuple(path.vertices[0]) == corner
        assert cells.get_hatch()
    assert legend_labels(page) == [
        "an objective is missed",
        "an objective is undecided",
        "no capacity",
    ]
    met = drawn(np.ones((3, 2)), np.full((3, 2), "met"))
    assert legend_labels(met) == ["every objective is met in every cell"]
    assert not drawn(np.ones((3, 2)), np.full((3, 2), "")).legends


def test_numbers_stand_only_where_there_is_room():
    many = Along("it", "", [str(k) for k in range(60)], np.arange(60.0))
    means = np.random.default_rng(1).random((3, 60))
    page = drawn(means, np.full((3, 60), ""), x=many)
    assert found(page.axes[0], "number") == []
    assert len(page.axes[0].get_xticks()) <= 12


def test_a_thousand_cells_are_drawn_at_once():
    side = Along("it", "", [str(k) for k in range(32)], np.arange(32.0))
    means = np.random.default_rng(1).random((32, 32))
    verdicts = np.where(means < 0.3, "missed", "undecided")
    page = drawn(means, verdicts, x=side, y=side)
    assert len(found(page.axes[0], "missed")) == 1  # one artist, whatever the number of cells
    assert png(page)
