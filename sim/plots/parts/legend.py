"""A legend below the axes, in as many columns as the page has room for."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

from sim.plots.parts import style
from sim.plots.parts.layout import POINTS
from sim.plots.parts.text import text_width

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.artist import Artist

    from sim.plots.parts.style import Picture

_HANDLE, _BETWEEN = 2.8 * style.SMALL, 2.0 * style.SMALL
"""Points of what stands before a label, and from one column to the next, as matplotlib has them."""
_ROW = 1.7 * style.SMALL / POINTS
"""Inches."""
_ROOM = (style.WIDTH - 0.4) * POINTS


def explain(page: Picture, handles: Sequence[Artist]) -> None:
    """Name the `handles` by their labels, the page grows for each row but the first.

    Without handles there is no legend.
    """
    if handles:
        many = columns([str(each.get_label()) for each in handles])
        page.legend(handles=handles, loc="outside lower center", ncols=many)
        style.heighten(page, (math.ceil(len(handles) / many) - 1) * _ROW)


def columns(labels: Sequence[str]) -> int:
    """So many that there are as few rows as fit; at least one."""
    widths = [_HANDLE + text_width(label, style.SMALL) for label in labels]
    for many in range(len(widths), 1, -1):
        rows, longer = divmod(len(widths), many)  # a legend is filled column by column
        ends = [rows * k + min(k, longer) for k in range(many + 1)]
        wide = sum(max(widths[a:b]) for a, b in pairwise(ends))
        if wide + _BETWEEN * (many - 1) <= _ROOM:
            return math.ceil(len(widths) / math.ceil(len(widths) / many))  # rows of equal length
    return 1
