"""Markdown as code hosts show it: tables, headings with their anchors, a table of contents."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_HEADING = re.compile(r"(#+) (.*)")


def escape(text: str) -> str:
    """Plain text that shows as it is, also in a cell of a table; what is in backticks is code."""
    parts = text.replace("|", r"\|").split("`")
    shown = (part if place % 2 else _plain(part) for place, part in enumerate(parts))
    return "`".join(shown)


def _plain(text: str) -> str:
    """Underscores within a word mean nothing, those around one would slant it."""
    text = re.sub(r"&(?=#|\w+;)", "&amp;", text)
    text = re.sub(r"<(?=[\w/!?])", "&lt;", text).replace("*", r"\*").replace("[", r"\[")
    return re.sub(r"(?<!\w)_|_(?!\w)", r"\\_", text)


def code(text: str) -> str:
    """A word as it is written in a file."""
    return f"`{text}`"


def block(text: str) -> str:
    """Text as it stands, its columns beneath each other; the fence is longer than any within."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return f"{fence}text\n{text}{'' if text.endswith(chr(10)) else chr(10)}{fence}\n"


def link(text: str, heading: str) -> str:
    """A link to a heading of the same page."""
    return f"[{text}](#{anchor(heading)})"


def anchor(heading: str) -> str:
    """The anchor that a heading gets: small letters, no signs, hyphens for spaces."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table with an empty line behind it; its cells are Markdown. Nothing where it has no row."""
    lines = [_row(row) for row in rows]
    return [_row(heads), "|" + "---|" * len(heads), *lines, ""] if lines else []


def _row(cells: Sequence[str]) -> str:
    return "|" + "".join(f" {cell} |" if cell else " |" for cell in cells)


def headings(lines: Iterable[str], most: int) -> list[tuple[int, str]]:
    """(level, text) of the headings down to level `most`, those within blocks of code left out."""
    found, is_code = [], False
    for line in lines:
        is_code ^= line.startswith("```")
        heading = _HEADING.fullmatch(line)
        if heading and not is_code and len(heading[1]) <= most:
            found.append((len(heading[1]), heading[2]))
    return found


def contents(lines: Iterable[str]) -> list[str]:
    """A table of contents: a chapter (##) a line, behind it its sections (###); those that have
    sections of their own (####), a line each below.
    """
    tree: list[tuple[str, list[str], list[list[str]]]] = []
    for level, text in headings(lines, 4):
        if level == 2:  # noqa: PLR2004  (a chapter)
            tree.append((text, [], []))
        elif tree and level == 3:  # noqa: PLR2004
            tree[-1][1].append(text)
            tree[-1][2].append([])
        elif tree and tree[-1][2]:
            tree[-1][2][-1].append(text)
    found = []
    for chapter, sections, below in tree:
        found.append(
            _entry(
                "",
                f"**{link(chapter, chapter)}**",
                [section for section, more in zip(sections, below, strict=True) if not more],
            )
        )
        found += [
            _entry("  ", link(section, section), more)
            for section, more in zip(sections, below, strict=True)
            if more
        ]
    return found


def _entry(indent: str, head: str, rest: Sequence[str]) -> str:
    behind = " · ".join(link(text, text) for text in rest)
    return f"{indent}- {head}{': ' if behind else ''}{behind}"
