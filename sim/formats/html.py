"""HTML for notebooks: a heading, lines of text and tables, nothing else."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def page(title: str, lines: Iterable[str], tables: Iterable[str]) -> str:
    """A heading, a paragraph a line, and tables that are HTML already."""
    paragraphs = "".join(f"<div>{_spaced(line)}</div>" for line in lines)
    return f"<div><b>{escape(title)}</b>{paragraphs}{''.join(tables)}</div>"


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of texts; a line break in a heading is one."""
    head = "".join(f"<th>{escape(text).replace(chr(10), '<br>')}</th>" for text in headings)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(text)}</td>' for text in row)}</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _spaced(line: str) -> str:
    """Leading spaces are kept: they show what belongs to what."""
    text = line.lstrip(" ")
    return "&nbsp;" * (len(line) - len(text)) + escape(text)
