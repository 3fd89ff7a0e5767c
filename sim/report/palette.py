"""The colours of a page, light and dark, and what the colours of figures become in the dark.

They are those of the figures, so that a meaning has one colour wherever it stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.plots.parts.colours import PALETTE

if TYPE_CHECKING:
    from collections.abc import Mapping

_OF_PAGES = (
    *("paper", "raised", "ink", "quiet", "rule", "link"),
    *("met", "missed", "undecided", "failed"),
)
LIGHT: Mapping[str, str] = {name: PALETTE[name].day for name in _OF_PAGES}
"""What it is for -> its colour by day."""

DARK: Mapping[str, str] = {name: PALETTE[name].night for name in _OF_PAGES}
"""The same by night."""

FIGURES: Mapping[str, str] = {
    each.day.lower().removeprefix("#"): each.night for each in PALETTE.values()
}
"""The colours of figures by day, without ``#`` -> the same by night."""


def style_sheet() -> str:
    """The colours as CSS variables; on paper they are those of the day."""
    day = "".join(f"--{name}:{colour};" for name, colour in LIGHT.items())
    night = "".join(f"--{name}:{colour};" for name, colour in DARK.items())
    night += "".join(f"--c{name}:{colour};" for name, colour in FIGURES.items())
    dark = f"@media screen and (prefers-color-scheme:dark){{:root{{{night}}}}}"
    return f":root{{{day}}}\n{dark}"
