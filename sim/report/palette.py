"""The colours of a page, light and dark, and what the colours of figures become in the dark.

A meaning has one colour wherever it stands: blue is the rollout, vermilion what an objective asks
for and what misses it, green what is met, amber what is undecided.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

LIGHT: Mapping[str, str] = {
    "paper": "#ffffff",
    "raised": "#f4f6f8",
    "ink": "#1a1a1a",
    "quiet": "#5f5f5f",
    "rule": "#d5d9dd",
    "link": "#0062a0",
    "met": "#006b4f",
    "missed": "#a33f00",
    "undecided": "#7a5b00",
    "failed": "#a3005f",
}
"""What it is for -> its colour by day."""

DARK: Mapping[str, str] = {
    "paper": "#16191d",
    "raised": "#20252b",
    "ink": "#e8eaed",
    "quiet": "#a9b0b8",
    "rule": "#3a424b",
    "link": "#7cc4f5",
    "met": "#4fd1a5",
    "missed": "#ff9457",
    "undecided": "#f0c04a",
    "failed": "#ff8ac6",
}
"""The same by night."""

FIGURES: Mapping[str, str] = {
    "ffffff": "#16191d",  # paper
    "1a1a1a": "#e8eaed",  # ink
    "5f5f5f": "#a9b0b8",  # axes, notes
    "e4e4e4": "#333a42",  # grids
    "0072b2": "#58b4f0",  # the rollout
    "56b4e9": "#3a86b8",  # the band around it
    "d55e00": "#ff9457",  # objectives, tasks that wait
    "8a3c00": "#ffb88a",  # words on breaches
    "009e73": "#3fcf9f",
    "cc79a7": "#e29cc4",
    "e69f00": "#ffbe3d",
    "d9ecf7": "#20384a",  # in service
    "bfe0f2": "#2a4a60",
    "9ccbe6": "#3d6d8c",  # draining
    "eaf4fa": "#1d2f3c",  # created or deleted
    "bdbdbd": "#6d757d",  # out for another reason
    "7a7a7a": "#a9b0b8",
    "f2a878": "#9c5526",  # failing
    "b0b0b0": "#7f868e",  # what is not on a front
    "dadada": "#3a424b",  # no value
    "f6d3bb": "#5a3826",  # tasks that wait
}
"""The colours of figures by day, without ``#`` -> the same by night."""


def style_sheet() -> str:
    """The colours as CSS variables; on paper they are those of the day."""
    day = "".join(f"--{name}:{colour};" for name, colour in LIGHT.items())
    night = "".join(f"--{name}:{colour};" for name, colour in DARK.items())
    night += "".join(f"--c{name}:{colour};" for name, colour in FIGURES.items())
    dark = f"@media screen and (prefers-color-scheme:dark){{:root{{{night}}}}}"
    return f":root{{{day}}}\n{dark}"
