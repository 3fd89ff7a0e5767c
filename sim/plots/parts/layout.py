"""Where the axes stand on a page: in the room that their labels leave, each of them measured once.

Matplotlib's constrained layout measures every text twice, as ticks may change with the size of the
axes, and each draw measures tick labels again to find the place of the axis label. The ticks of our
figures do not depend on the size, so here labels are measured once and get their place for good.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from matplotlib.layout_engine import LayoutEngine
from matplotlib.text import Text
from matplotlib.transforms import ScaledTranslation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.backend_bases import RendererBase
    from matplotlib.figure import Figure

PAD = 1 / 24
"""Inches between what belongs to axes and what is beside it."""
POINTS = 72.0
"""Points an inch."""
_LEAST = 0.1
"""Inches of axes at least, on whatever page."""
_NEAR = 1e-6
"""A share of the axis: a tick so near its end is on it."""


class Margins(NamedTuple):
    """Inches by which something sticks out of its axes on each side."""

    left: float = 0.0
    bottom: float = 0.0
    right: float = 0.0
    top: float = 0.0

    def union(self, other: Margins) -> Margins:
        return Margins(*map(max, self, other))


# What a page about comes to, so that a tick beside a corner is measured about where it will be.
_USUAL = Margins(0.6, 0.45, 0.3, 0.15)


class PageLayout(LayoutEngine):
    """A heading, below it axes in a grid, and below those a legend.

    Axes of a column are equally wide, those of a row as high as the grid says, and their axis
    labels are aligned.
    """

    _adjust_compatible = False
    _colorbar_gridspec = True

    def __init__(self, heading: float) -> None:
        super().__init__()
        self.heading, self._left, self._bottom = heading, 0.0, 0.0

    def reserve(self, *, left: float, bottom: float) -> None:
        """Keep the axes and their labels out of so many inches; a legend may stand there."""
        self._left, self._bottom = left, bottom

    def execute(self, fig: Figure) -> None:
        """Measure what belongs to the axes of `fig`, and place them."""
        cells = [_Cell(axes) for axes in fig.axes if axes.get_subplotspec() is not None]
        if not cells:
            return
        renderer: RendererBase = fig._get_renderer()  # type: ignore[attr-defined]  # noqa: SLF001 - as all engines
        legends = (each.get_window_extent(renderer).height / fig.dpi for each in fig.legends)
        below = max((high + 2 * PAD for high in legends if high > self._bottom), default=0.0)
        width, height = fig.get_size_inches()
        room = (self._left, max(self._bottom, below), width, height - self.heading)
        _place(cells, room)
        for cell in cells:
            cell.measure(renderer)
        _put_labels(cells, renderer)
        _place(cells, room)
        for cell in cells:
            # Texts at a share of the width, such as marks, stick out by what the width leaves.
            cell.include(cell.axes.texts, renderer)
        _place(cells, room)


class _Cell:
    """Axes at their place in the grid, with the margins that they need."""

    def __init__(self, axes: Axes) -> None:
        spec = axes.get_subplotspec()
        assert spec is not None
        self.axes = axes
        self.row, self.column = spec.rowspan.start, spec.colspan.start
        grid = spec.get_gridspec()
        self.heights = np.asarray(grid.get_height_ratios(), dtype=float)
        self.margins = _USUAL

    def measure(self, renderer: RendererBase) -> None:
        """Have room for tick labels and titles, as far as titles are no wider than the axes."""
        self.margins = Margins()
        if self.axes.axison:
            self.include(_tick_labels(self.axes.xaxis), renderer)
            self.include(_tick_labels(self.axes.yaxis), renderer)
        beside = {id(text) for text in self.axes.texts}
        children = self.axes.get_children()
        titles = [one for one in children if isinstance(one, Text) and id(one) not in beside]
        self.margins = self.margins.union(Margins(top=self._beyond(titles, renderer).top))

    def include(self, texts: Iterable[Text], renderer: RendererBase) -> None:
        """Have room for these texts too."""
        self.margins = self.margins.union(self._beyond(texts, renderer))

    def _beyond(self, texts: Iterable[Text], renderer: RendererBase) -> Margins:
        """How far they stick out of the axes."""
        inside = self.axes.bbox
        found = Margins()
        for text in texts:
            if not text.get_visible() or not text.get_text():
                continue
            box = text.get_window_extent(renderer)
            sides = (inside.x0 - box.x0, inside.y0 - box.y0, box.x1 - inside.x1, box.y1 - inside.y1)
            found = found.union(Margins(*sides))
        inch: float = renderer.points_to_pixels(1.0) * POINTS  # type: ignore[assignment,operator]
        return Margins(*(side / inch for side in found))


def _tick_labels(axis: Axis) -> Iterator[Text]:
    """The labels of the ticks that are drawn: locators give some beyond the ends, too."""
    axis.get_majorticklabels()  # makes the ticks and writes their labels
    low, high = sorted(axis.get_view_interval())
    near = _NEAR * (high - low)
    for tick in axis.get_major_ticks():
        if low - near <= tick.get_loc() <= high + near:
            yield tick.label1


def _put_labels(cells: Sequence[_Cell], renderer: RendererBase) -> None:
    """Axis labels beyond the highest tick labels of their row, or the widest of their column."""
    below = _most((cell.row, cell.margins.bottom) for cell in cells)
    left = _most((cell.column, cell.margins.left) for cell in cells)
    for cell in [cell for cell in cells if cell.axes.axison]:
        bottom = _put_label(cell.axes.xaxis, below[cell.row], renderer)
        side = _put_label(cell.axes.yaxis, left[cell.column], renderer)
        cell.margins = cell.margins.union(Margins(left=side, bottom=bottom))


def _put_label(axis: Axis, beyond: float, renderer: RendererBase) -> float:
    """Put the label so many inches beyond the axes, and its usual distance; give its far edge."""
    if not axis.label.get_text():
        return 0.0
    figure = axis.axes.get_figure(root=True)
    assert figure is not None
    away = beyond + axis.labelpad / POINTS
    is_x = axis is axis.axes.xaxis
    right, up = (0.0, -away) if is_x else (-away, 0.0)
    move = ScaledTranslation(right, up, figure.dpi_scale_trans)
    place = (0.5, 0.0) if is_x else (0.0, 0.5)
    # A label with coordinates of its own is not measured again when it is drawn.
    axis.set_label_coords(*place, transform=axis.axes.transAxes + move)
    box = axis.label.get_window_extent(renderer)
    return away + float(box.height if is_x else box.width) / figure.dpi


def _place(cells: Sequence[_Cell], room: tuple[float, float, float, float]) -> None:
    """Put the axes into the room (left, bottom, right, top; inches), beside their margins."""
    figure = cells[0].axes.get_figure(root=True)
    assert figure is not None
    left, bottom, right, top = room
    before = _most((cell.column, cell.margins.left + PAD) for cell in cells)
    after = _most((cell.column, cell.margins.right + PAD) for cell in cells)
    above = _most((cell.row, cell.margins.top + PAD) for cell in cells)
    below = _most((cell.row, cell.margins.bottom + PAD) for cell in cells)
    shares = cells[0].heights
    wide = right - left - sum(before.values()) - sum(after.values())
    high = top - bottom - sum(above.values()) - sum(below.values())
    width = max(wide, _LEAST) / len(before)
    heights = max(high, _LEAST) * shares / shares.sum()
    whole = figure.get_size_inches()
    for cell in cells:
        x = left + sum(before[k] + width + after[k] for k in range(cell.column))
        y = top - sum(above[k] + heights[k] + below[k] for k in range(cell.row))
        corner = x + before[cell.column], y - above[cell.row] - heights[cell.row]
        size = width, heights[cell.row]
        cell.axes.set_position((*(corner / whole), *(size / whole)))
        cell.axes.set_in_layout(True)  # which `set_position` ends, and `savefig` needs


def _most(found: Iterable[tuple[int, float]]) -> dict[int, float]:
    """The largest value for each row or column."""
    most: dict[int, float] = {}
    for place, value in found:
        most[place] = max(value, most.get(place, 0.0))
    return most
