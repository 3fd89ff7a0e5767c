"""Lines of text on a screen of 80 columns: tables, paragraphs, and what a stream can show."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest
from textwrap import wrap
from typing import TYPE_CHECKING

from sim.sketch import ASCII, BLOCKS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

WIDTH = 80
"""Columns of a screen."""

_GAP = "  "
_GREEN, _RED, _YELLOW = 32, 31, 33
_COLOURS = {"met": _GREEN, "missed": _RED, "undecided": _YELLOW}


@dataclass(frozen=True)
class Style:
    """What a stream can show."""

    colour: bool = False
    blocks: bool = False
    """Whether it shows characters like ``▃``."""

    @property
    def levels(self) -> str:
        """The characters that a drawing is made of."""
        return BLOCKS if self.blocks else ASCII

    def paint(self, text: str) -> str:
        """A word that is a verdict, in its colour; spaces around it stay."""
        code = _COLOURS.get(text.strip())
        return f"\x1b[{code}m{text}\x1b[0m" if code and self.colour else text

    def title(self, text: str) -> str:
        """A first line."""
        return f"\x1b[1m{text}\x1b[0m" if self.colour else text


@dataclass(frozen=True)
class Column:
    """A column of a table: its heading, a line break where it is broken, and a cell for each row."""

    heading: str
    cells: tuple[str, ...]

    @property
    def width(self) -> int:
        return max(len(text) for text in (*self.heading.split("\n"), *self.cells))


def paragraph(text: str, indent: str = "  ") -> list[str]:
    """A text on as many lines as it takes; a word longer than a line is not broken."""
    return wrap(
        text, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def table(names: Sequence[str], columns: Iterable[Column], style: Style) -> list[str]:
    """Rows, each with its name in front, under headings.

    What does not fit beside each other stands in further tables below; a name that leaves no room
    stands on a line of its own.
    """
    lines: list[str] = []
    room = WIDTH - _widest(names) - len(_GAP)
    given = list(columns)
    own_line = room < min(WIDTH // 2, _across(given))
    for part in _parts(given, WIDTH - len(_GAP) if own_line else room):
        lines += _one_table(names, part, style, own_line=own_line)
    return lines


def fits(names: Sequence[str], columns: Sequence[Column]) -> bool:
    """Whether a table stands on the screen as it is."""
    return _widest(names) + len(_GAP) + _across(columns) <= WIDTH


def _widest(names: Sequence[str]) -> int:
    return max((len(name) for name in names), default=0)


def _across(columns: Sequence[Column]) -> int:
    return sum(column.width for column in columns) + len(_GAP) * (len(columns) - 1)


def _parts(columns: Sequence[Column], room: int) -> list[list[Column]]:
    parts: list[list[Column]] = [[]]
    for column in columns:
        if parts[-1] and _across([*parts[-1], column]) > room:
            parts.append([])
        parts[-1].append(column)
    return parts


def _one_table(
    names: Sequence[str], columns: Sequence[Column], style: Style, *, own_line: bool
) -> list[str]:
    margin = 0 if own_line else _widest(names)
    headings = zip_longest(*(column.heading.split("\n") for column in columns), fillvalue="")
    lines = [_line("", margin, columns, heading, style) for heading in headings]
    for number, name in enumerate(names):
        cells = [column.cells[number] for column in columns]
        lines += [name] if own_line else []
        lines.append(_line("" if own_line else name, margin, columns, cells, style))
    return [line for line in lines if line]


def _line(
    name: str, margin: int, columns: Sequence[Column], texts: Sequence[str], style: Style
) -> str:
    padded = [text.ljust(column.width) for column, text in zip(columns, texts, strict=True)]
    padded[-1:] = [padded[-1].rstrip()] if padded else []
    return _GAP.join([name.ljust(margin), *map(style.paint, padded)]).rstrip()
