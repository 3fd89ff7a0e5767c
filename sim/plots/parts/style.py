"""How every figure looks: lines, fonts, and a page with a title that states the answer.

What colours mean is told in `colours`; where areas meet or lines cross, hatches and dashes tell
them apart too.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter, MaxNLocator, StrMethodFormatter
from PIL import Image

from sim.plots.parts import colours
from sim.plots.parts.layout import PAD, POINTS, PageLayout
from sim.plots.parts.text import FONT, drawable, fitted, fitted_apart, lines, text_width

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.backend_bases import RendererBase

    from sim.plots.parts.readout import Readout

_DASHES: tuple[Any, ...] = (
    *("-", (0, (6, 1.5)), (0, (3, 1.2)), (0, (7, 1.5, 1.5, 1.5))),
    *((0, (10, 2)), (0, (1.5, 1)), (0, (5, 3)), (0, (1, 2))),
)
LINES: tuple[tuple[str, Any], ...] = tuple(zip(colours.LINES, _DASHES, strict=True))
"""Colours and dashes of lines that cross: so many can be told apart."""

OBJECTIVE: dict[str, Any] = {
    "color": colours.MISSED,
    "linewidth": 1.3,
    "linestyle": (0, (7, 2, 1.5, 2)),
}
"""The line at what an objective asks for."""
THICK = 1.8
"""Points of a line that is to be looked at."""
LEGEND_NAME = 180.0
"""Points of a name in a legend."""

SMALL, NORMAL, LARGE = 9.0, 10.0, 13.0
"""Text sizes in points."""
LEAST_TEXT = 12.0
"""Points that any number with a unit takes at least: for less room nothing need be measured."""
WIDTH = 9.0
"""Inches; at DPI this is the width of a README page."""
DPI = 100
_FINER = 2
"""Pixels of a notebook's picture a pixel of its page: screens may have as many."""
_RUNS = 3
"""zlib's Z_RLE."""
COLUMNS = 4096
"""More pixel columns than any screen gives a figure: finer detail than this is not drawn."""

_MARGIN = 0.12
_TITLE_LINE, _SUBTITLE_LINE = 0.25, 0.19
_LABEL_ROOM = 0.28
"""Inches for a label of all axes."""

_MOST_TITLE_LINES = 3
_WIDEST_NAME = 150.0
"""Points of a row's name."""
_WIDEST_LABEL = 320.0
"""Points of a mark's label."""
_DOTTED: dict[str, Any] = {"color": colours.QUIET, "linewidth": 0.9, "linestyle": (0, (1, 2))}
_MOST_LABELS = 4
"""Marks at more instants than this share labels."""
_LABEL_ROW = 14.0
"""Points from one row of labels to the next."""

_LOOK: dict[Any, Any] = {
    **{key: value for key, value in mpl.rcParamsDefault.items() if key != "backend"},
    "font.family": [FONT],
    "font.size": NORMAL,
    "text.color": colours.INK,
    "text.parse_math": False,  # a name may hold dollar signs
    "text.hinting": "none",  # so texts are as wide as they were measured, and glyphs load sooner
    "axes.edgecolor": colours.QUIET,
    "axes.labelcolor": colours.INK,
    "axes.labelsize": NORMAL,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.linewidth": 0.8,
    "axes.titley": 1.0,  # where it would be put anyway, once all tick labels are measured for it
    "axes.axisbelow": True,
    "xtick.color": colours.QUIET,
    "ytick.color": colours.QUIET,
    "xtick.labelcolor": colours.INK,
    "ytick.labelcolor": colours.INK,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "grid.color": colours.RULE,
    "grid.linewidth": 0.8,
    "hatch.linewidth": 1.0,
    "legend.fontsize": SMALL,
    "legend.frameon": False,
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "rollout-sim",  # the same bytes for the same figure
}


@dataclass(frozen=True, slots=True)
class Mark:
    """An instant worth a line across the figure, such as an operation."""

    at_s: float
    """Seconds since the scenario's start."""
    label: str


class Picture(Figure):
    """A figure that notebooks show as it is, without pyplot or a magic command."""

    title = ""
    """What it shows, in a sentence."""
    subtitle = ""
    heading: Sequence[Text] = ()
    """The texts in which both are written."""
    readout: Readout | None = None
    """The numbers that it shows."""

    def draw(self, renderer: RendererBase) -> None:
        """Draw in the house style: matplotlib makes some of the ticks only now."""
        with look():
            super().draw(renderer)

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        return png(self, _FINER), {"width": round(self.get_figwidth() * DPI)}


def look() -> AbstractContextManager[None]:
    """The house style while artists are made; what the user has set is back afterwards."""
    return mpl.rc_context(_LOOK)


def picture(title: str, subtitle: str, inches: float) -> Picture:
    """A page with its heading and `inches` of height below it. Use it inside `look`."""
    room = (WIDTH - 2 * _MARGIN) * POINTS
    titles = lines(title, room, LARGE, "bold", _MOST_TITLE_LINES)
    subtitles = lines(subtitle, room, SMALL, "normal", _MOST_TITLE_LINES)
    heading = len(titles) * _TITLE_LINE + len(subtitles) * _SUBTITLE_LINE + 1.3 * _MARGIN
    height = inches + heading
    figure = Picture(figsize=(WIDTH, height), dpi=DPI, facecolor=colours.PAPER)
    FigureCanvasAgg(figure)
    figure.set_layout_engine(PageLayout(heading))
    figure.title, figure.subtitle = title, subtitle
    top, texts = height - _MARGIN, list[Text]()
    for written, size, weight, colour, step in (
        (titles, LARGE, "bold", colours.INK, _TITLE_LINE),
        (subtitles, SMALL, "normal", colours.QUIET, _SUBTITLE_LINE),
    ):
        for line in written:
            text = figure.text(
                _MARGIN / WIDTH,
                top / height,
                line,
                va="top",
                size=size,
                weight=weight,
                color=colour,
            )
            texts.append(text)
            top -= step
    figure.heading = texts
    return figure


def label_panels(page: Picture, x: str, y: str, below: float) -> None:
    """One label for all x axes, above the lowest `below` inches, and one for all y axes."""
    engine = page.get_layout_engine()
    assert isinstance(engine, PageLayout)
    engine.reserve(left=_LABEL_ROOM, bottom=below + _LABEL_ROOM)
    width, height = page.get_size_inches()
    page.text(0.5, (below + 0.5 * _LABEL_ROOM) / height, x, ha="center", va="center")
    page.text(PAD / width, 0.5, y, ha="left", va="center", rotation="vertical")


def heighten(page: Picture, inches: float) -> None:
    """Make the page higher; its heading and what is reserved keep their sizes."""
    before = page.get_figheight()
    scale = before / (before + inches)
    page.set_figheight(before + inches)
    for text in page.texts:
        text.set_y(1 - (1 - text.get_position()[1]) * scale)


def png(figure: Picture, finer: int = 1) -> bytes:
    """The figure as a PNG, the same bytes for the same figure.

    It has the size at which a page shows it, or `finer` times as many pixels each way. `savefig`
    would draw it twice, once to lay it out and once more for its pixels: one draw does both.
    """
    canvas: Any = FigureCanvasAgg(figure)
    figure.set_dpi(finer * DPI)
    try:
        canvas.draw()
    finally:
        figure.set_dpi(DPI)
    out = io.BytesIO()
    # A page is opaque. Its large plain areas are found by the simplest search for repetitions.
    pixels = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    pixels.save(out, format="png", compress_type=_RUNS)
    return out.getvalue()


def percent_axis(axis: Axis) -> None:
    """Ticks of shares as ``80 %``, with as many digits as they have: no two read alike."""
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{round(100 * value, 9):.12g} %"))


def count_axis(axes: Axes, highest: float) -> None:
    """A y axis of whole numbers from 0 on."""
    axes.set_ylim(0.0, 1.06 * max(1.0, highest))
    axes.yaxis.set_major_locator(MaxNLocator(6, integer=True, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.grid(axis="y")


def nothing(axes: Axes, sentence: str) -> None:
    """Say in the axes that there is nothing to draw, and why."""
    axes.set_axis_off()
    axes.text(
        0.5,
        0.5,
        drawable(sentence),
        transform=axes.transAxes,
        ha="center",
        va="center",
        color=colours.QUIET,
    )


def name_rows(axes: Axes, names: Sequence[str], places: Sequence[float] = ()) -> None:
    """A row for each name, the first on top: row k is centred on y = k, or on `places[k]`."""
    places = places or range(len(names))
    axes.set_ylim(max(places, default=-1) + 0.6, -0.6)
    axes.set_yticks(places, row_names(names))
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


def row_names(names: Sequence[str]) -> list[str]:
    """The names as they stand beside rows: long ones without their middle, no two alike."""
    return fitted_apart(list(names), _WIDEST_NAME, SMALL)


def room_beside(names: Sequence[str]) -> float:
    """How wide axes with these names of rows are, as a share of the usual width."""
    longest = max((text_width(name, SMALL) for name in row_names(names)), default=0.0)
    return min(1.0, (0.92 * WIDTH - longest / POINTS) / (0.8 * WIDTH))


def points_a_second(seconds: float, room: float = 1.0) -> float:
    """About how wide a second is in axes that show so many, before they are laid out.

    `room` is the axes' width as a share of the usual one.
    """
    return POINTS * 0.8 * WIDTH * room / seconds if seconds else 0.0


def draw_instants(axes: Axes, marks: Sequence[Mark], left: float, right: float) -> None:
    """A dotted line for each mark in [left, right], without its label."""
    for at in {mark.at_s for mark in marks if left <= mark.at_s <= right}:
        axes.axvline(at, **_DOTTED, zorder=1.5)


def draw_marks(
    axes: Axes, marks: Sequence[Mark], left: float, right: float, room: float = 1.0
) -> None:
    """A dotted line for each mark in [left, right], its label above the axes.

    Labels that would meet go into rows of their own, for which the page grows; marks of one instant
    share a label. `room` is the axes' width as a share of the usual one.
    """
    shown = sorted((m for m in marks if left <= m.at_s <= right), key=lambda mark: mark.at_s)
    draw_instants(axes, shown, left, right)
    scale = points_a_second(right - left, room)
    begins: list[float] = []  # where each row's leftmost label begins, in points
    # From right to left: a label ends before the lines that lead up to those placed so far.
    for at, text in reversed(_labels(shown).items()):
        width = text_width(text, SMALL) + 8
        begin = min((at - left) * scale, (right - left) * scale - width)
        rows = (k for k in range(len(begins)) if begin + width <= min(begins[k:]))
        row = next(rows, len(begins))
        begins[row : row + 1] = [begin]
        axes.annotate(
            f" {text}",
            (at, 1.0),
            (begin - (at - left) * scale, 4 + _LABEL_ROW * row),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            size=SMALL,
            color=colours.QUIET,
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "-",
                "relpos": (((at - left) * scale - begin) / width, 0),
                "shrinkA": 0,
                "shrinkB": 0,
                **_DOTTED,
            },
            gid="mark",
        )
    page = axes.get_figure()
    if isinstance(page, Picture) and len(begins) > 1:
        heighten(page, (len(begins) - 1) * _LABEL_ROW / POINTS)


def _labels(marks: Sequence[Mark]) -> dict[float, str]:
    """The label at each instant. Marks of one kind share one: those of an instant, and where there
    are many neighbours too; where those are many as well, all of them.
    """
    kinds = [re.sub(r"\d+", "#", mark.label) for mark in marks]
    by_kind = sorted(zip(marks, kinds, strict=True), key=lambda one: kinds.index(one[1]))
    in_time = sorted(by_kind, key=lambda one: one[0].at_s)
    crowded = len({mark.at_s for mark in marks}) > _MOST_LABELS
    runs = _runs(in_time, lambda one: (one[1], 0.0 if crowded else one[0].at_s))
    if len(runs) > 2 * _MOST_LABELS:
        runs = _runs(by_kind, lambda one: one[1])
    labels: dict[float, list[str]] = {}
    for run in runs:
        labels.setdefault(run[0].at_s, []).append(_together([mark.label for mark in run]))
    return {at: fitted("; ".join(names), _WIDEST_LABEL, SMALL) for at, names in labels.items()}


def _runs(
    marks: Sequence[tuple[Mark, str]], alike: Callable[[tuple[Mark, str]], object]
) -> list[list[Mark]]:
    return [[mark for mark, _ in run] for _, run in groupby(marks, key=alike)]


def _together(labels: Sequence[str]) -> str:
    """``walk 3``, ``walks 0 to 4``, ``3 x swap``."""
    found = [re.fullmatch(r"(\D*?)( ?)(\d+)(\D*)", label) for label in labels]
    if len(labels) == 1:
        return labels[0]
    numbers = [int(match[3]) for match in found if match]
    if len(set(labels)) == 1 or len(numbers) < len(labels):
        return f"{len(labels)} x {labels[0]}"
    assert found[0]
    stem, gap, first, rest = found[0].groups()
    if numbers != list(range(numbers[0], numbers[0] + len(numbers))):
        return f"{len(labels)} x {stem}{rest}"
    return f"{stem}{'s' if stem and gap else ''}{gap}{first} to {numbers[-1]}{rest}"
