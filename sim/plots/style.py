"""How every figure looks: colours, fonts, and a page with a title that states the answer.

Colours are Okabe and Ito's (2008), told apart by all kinds of colour vision; where areas meet or
lines cross, hatches and dashes tell them apart in greyscale too.
"""

from __future__ import annotations

import io
import textwrap
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.textpath import text_to_path
from matplotlib.ticker import FuncFormatter

from sim.units import show_share

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.backend_bases import RendererBase

BLUE, SKY, VERMILLION = "#0072B2", "#56B4E9", "#D55E00"
INK, GREY, PALE = "#1A1A1A", "#5F5F5F", "#E4E4E4"

FONT = "DejaVu Sans"  # comes with matplotlib, so figures are alike on every machine
SMALL, NORMAL, LARGE = 9.0, 10.0, 13.0
"""Text sizes in points."""
LEAST_TEXT = 12.0
"""Points that any number with a unit takes at least: for less room nothing need be measured."""
POINTS = 72.0
"""Points an inch."""
WIDTH = 9.0
"""Inches; at DPI this is the width of a README page."""
DPI = 100
COLUMNS = 4096
"""More pixel columns than any screen gives a figure: finer detail than this is not drawn."""

_MARGIN = 0.12
_TITLE_LINE, _SUBTITLE_LINE = 0.25, 0.19

_DOTTED: dict[str, Any] = {"color": GREY, "linewidth": 0.9, "linestyle": (0, (1, 2))}
_MOST_LABELS = 4
_LABEL_ROW = 14.0
"""Points from one row of labels to the next."""
"""Marks at more instants than this share labels."""

_LOOK: dict[Any, Any] = {
    **{key: value for key, value in mpl.rcParamsDefault.items() if key != "backend"},
    "font.family": [FONT],
    "font.size": NORMAL,
    "text.color": INK,
    "text.parse_math": False,  # a name may hold dollar signs
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "axes.labelsize": NORMAL,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.linewidth": 0.8,
    "axes.axisbelow": True,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "grid.color": PALE,
    "grid.linewidth": 0.8,
    "hatch.linewidth": 1.0,
    "legend.fontsize": SMALL,
    "legend.frameon": False,
}


@dataclass(frozen=True, slots=True)
class Mark:
    """An instant worth a line across the figure, such as an operation."""

    at_s: float
    """Seconds since the scenario's start."""
    label: str


class Picture(Figure):
    """A figure that notebooks show as it is, without pyplot or a magic command."""

    def draw(self, renderer: RendererBase) -> None:
        """Draw in the house style: matplotlib makes some of the ticks only now."""
        with look():
            super().draw(renderer)

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        return png(self), {"width": round(self.get_figwidth() * DPI)}


def look() -> AbstractContextManager[None]:
    """The house style while artists are made; what the user has set is back afterwards."""
    return mpl.rc_context(_LOOK)


def picture(title: str, subtitle: str, inches: float) -> Picture:
    """A page with its heading and `inches` of height below it. Use it inside `look`."""
    titles = _lines(title, LARGE, "bold")
    subtitles = _lines(subtitle, SMALL, "normal")
    heading = len(titles) * _TITLE_LINE + len(subtitles) * _SUBTITLE_LINE + 1.3 * _MARGIN
    height = inches + heading
    figure = Picture(figsize=(WIDTH, height), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    figure.set_layout_engine(ConstrainedLayoutEngine(rect=(0.0, 0.0, 1.0, inches / height)))
    top = height - _MARGIN
    for lines, size, weight, colour, step in (
        (titles, LARGE, "bold", INK, _TITLE_LINE),
        (subtitles, SMALL, "normal", GREY, _SUBTITLE_LINE),
    ):
        for line in lines:
            figure.text(
                _MARGIN / WIDTH,
                top / height,
                line,
                va="top",
                size=size,
                weight=weight,
                color=colour,
            )
            top -= step
    return figure


def reserve_below(page: Picture, inches: float) -> None:
    """Keep the axes and their labels out of the lowest part of the page."""
    engine = page.get_layout_engine()
    assert isinstance(engine, ConstrainedLayoutEngine)
    left, bottom, width, height = engine.get()["rect"]
    share = inches / page.get_figheight()
    engine.set(rect=(left, bottom + share, width, height - share))


def heighten(page: Picture, inches: float) -> None:
    """Make the page higher; its heading and what is reserved keep their sizes."""
    engine = page.get_layout_engine()
    assert isinstance(engine, ConstrainedLayoutEngine)
    left, bottom, width, height = engine.get()["rect"]
    before = page.get_figheight()
    scale = before / (before + inches)
    page.set_figheight(before + inches)
    for text in page.texts:
        text.set_y(1 - (1 - text.get_position()[1]) * scale)
    top = 1 - (1 - bottom - height) * scale
    engine.set(rect=(left, bottom * scale, width, top - bottom * scale))


def png(figure: Figure) -> bytes:
    """The figure as a PNG with two pixels a point, the same bytes for the same figure."""
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=2 * DPI, metadata={"Software": None})
    return out.getvalue()


def text_width(text: str, size: float, weight: str = "normal") -> float:
    """Points that `text` takes at `size` points."""
    font = FontProperties(family=FONT, size=size, weight=weight)
    width, _, _ = text_to_path.get_text_width_height_descent(text, font, ismath=False)
    return float(width)


def percent_axis(axis: Axis) -> None:
    """Ticks of shares as ``80 %``."""
    axis.set_major_formatter(FuncFormatter(lambda value, _: show_share(value)))


def nothing(axes: Axes, sentence: str) -> None:
    """Say in the axes that there is nothing to draw, and why."""
    axes.set_axis_off()
    axes.text(0.5, 0.5, sentence, transform=axes.transAxes, ha="center", va="center", color=GREY)


def name_rows(axes: Axes, names: Sequence[str]) -> None:
    """A row for each name, the first on top: row k is centred on y = k."""
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_yticks(range(len(names)), names)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


def room_beside(names: Sequence[str]) -> float:
    """How wide axes with these names of rows are, as a share of the usual width."""
    longest = max((text_width(name, NORMAL) for name in names), default=0.0)
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
            color=GREY,
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


def _lines(text: str, size: float, weight: str) -> list[str]:
    """`text` in lines that fit the page; none where it is empty."""
    if not text:
        return []
    room = (WIDTH - 2 * _MARGIN) * POINTS
    needed = text_width(text, size, weight)
    # Lines differ in their mean width of a letter, so leave some room.
    return [text] if needed <= room else textwrap.wrap(text, int(0.93 * len(text) * room / needed))


def _labels(marks: Sequence[Mark]) -> dict[float, str]:
    """The label at each instant. Where there are many, neighbours of one kind share a label."""
    labels: dict[float, list[str]] = {}
    crowded = len({mark.at_s for mark in marks}) > _MOST_LABELS
    for kind, run in groupby(marks, key=lambda mark: mark.label.partition(" ")[0].rstrip(",")):
        alike = list(run)
        if crowded and len(alike) > 1:
            alike = [Mark(alike[0].at_s, f"{len(alike)} x {kind}")]
        for mark in alike:
            labels.setdefault(mark.at_s, []).append(mark.label)
    return {at: "; ".join(names) for at, names in labels.items()}
