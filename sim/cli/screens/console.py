"""Lines of text on a screen of 80 columns: tables, paragraphs, and what a stream can show."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest
from textwrap import wrap
from typing import TYPE_CHECKING

from sim.formats import markdown
from sim.formats.markdown import escape

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

WIDTH = 80
"""Columns of a screen."""
BLOCKS = " ▁▂▃▄▅▆▇█"
"""From empty to full, in eighths."""
ASCII = " .:#"
"""The same where a stream cannot show blocks."""

HEIGHT = 24
"""Lines of a screen."""

_GAP = "  "
_LEAST_MARGIN = 14
"""A name this long always has its place in front of its row."""
_GREEN, _RED, _YELLOW = 32, 31, 33
_COLOURS = {"met": _GREEN, "missed": _RED, "undecided": _YELLOW}
VERDICTS = tuple(_COLOURS)


@dataclass(frozen=True)
class Style:
    """What a stream can show."""

    colour: bool = False
    blocks: bool = False
    """Whether it shows characters like ``▃``."""
    markdown: bool = False
    """Whether a reader of Markdown lays it out, and no screen."""

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
    """A column of a table: a heading, with line breaks where it is broken, and a cell a row."""

    heading: str
    cells: tuple[str, ...]

    @property
    def width(self) -> int:
        return max(len(text) for text in (*self.heading.split("\n"), *self.cells))


def paragraph(text: str, indent: str = "  ") -> list[str]:
    """A text on as many lines as it takes; words stay whole, and so does ``80 %``."""
    lines = wrap(
        text.replace(" %", "\u00a0%"),
        WIDTH,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace("\u00a0%", " %") for line in lines]


def table(names: Sequence[str], columns: Sequence[Column], style: Style) -> list[str]:
    """Rows, each with its name in front, under headings.

    What does not fit beside each other stands in further tables below; a name that leaves no room
    stands on a line of its own. In Markdown all is one table.
    """
    if style.markdown:
        return _in_markdown(names, columns)
    most = max(_LEAST_MARGIN, WIDTH - len(_GAP) - _across(columns))
    margin = max((len(name) for name in names if len(name) <= most), default=0)
    lines: list[str] = []
    for part in _parts(columns, WIDTH - len(_GAP) - margin):
        lines += _one_table(names, part, margin, style)
    return lines


def fits(names: Sequence[str], columns: Sequence[Column], style: Style | None = None) -> bool:
    """Whether a table stands on the screen as it is; Markdown has no such bound."""
    if style is not None and style.markdown:
        return True
    return max(map(len, names), default=0) + len(_GAP) + _across(columns) <= WIDTH


def _in_markdown(names: Sequence[str], columns: Sequence[Column]) -> list[str]:
    """One table; verdicts are bold, as there are no colours."""
    heads = ["", *(escape(column.heading.replace("\n", " ")) for column in columns)]
    rows = [
        [escape(name), *(_bold(column.cells[number]) for column in columns)]
        for number, name in enumerate(names)
    ]
    return markdown.table(heads, rows)


def _bold(cell: str) -> str:
    return f"**{cell}**" if cell in VERDICTS else escape(cell)


def as_markdown(lines: Iterable[str]) -> str:
    """The lines of an answer that was made for Markdown, as one text.

    Tables stay; a `paragraph`, whose further lines hang, becomes one; the first one is a heading.
    """
    blocks: list[str] = []
    is_table = False
    for line in lines:
        if line.startswith("|") and is_table:
            blocks[-1] += f"\n{line}"
        elif line.startswith(" ") and blocks:
            blocks[-1] += f" {escape(line.strip())}"
        elif line:
            blocks.append(line if line.startswith("|") else escape(line))
        is_table = line.startswith("|")
    blocks[:1] = [f"### {each}" for each in blocks[:1]]
    return "\n\n".join(map(_with_verdict, blocks)) + "\n"


def _with_verdict(block: str) -> str:
    word, colon, rest = block.partition(":")
    return f"**{word}**{colon}{rest}" if colon and word in VERDICTS else block


def _across(columns: Sequence[Column]) -> int:
    return sum(column.width for column in columns) + len(_GAP) * (len(columns) - 1)


def _parts(columns: Sequence[Column], room: int) -> list[list[Column]]:
    """The columns in order, as many in each part as there is room for, at least one."""
    parts: list[list[Column]] = [[]]
    for column in columns:
        if parts[-1] and _across([*parts[-1], column]) > room:
            parts.append([])
        parts[-1].append(column)
    return parts


def _one_table(
    names: Sequence[str], columns: Sequence[Column], margin: int, style: Style
) -> list[str]:
    headings = zip_longest(*(column.heading.split("\n") for column in columns), fillvalue="")
    lines = [_line("", columns, heading, margin, style) for heading in headings]
    for number, name in enumerate(names):
        inline = len(name) <= margin
        cells = [column.cells[number] for column in columns]
        lines += [] if inline else [name]
        lines.append(_line(name if inline else "", columns, cells, margin, style))
    return [line for line in lines if line]


def _line(
    name: str, columns: Sequence[Column], texts: Sequence[str], margin: int, style: Style
) -> str:
    padded = [text.ljust(column.width) for column, text in zip(columns, texts, strict=True)]
    padded[-1:] = [padded[-1].rstrip()] if padded else []
    return _GAP.join([name.ljust(margin), *map(style.paint, padded)]).rstrip()
