"""Columns of a CSV file: numbers under a header."""

from __future__ import annotations

import csv
import io
import math
from typing import TYPE_CHECKING

from sim.units import shorten

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def read_column(content: bytes, column: str) -> tuple[float, ...]:
    """The numbers under the name `column`, as `read_columns` reads them."""
    return read_columns(content, [column])[column]


def read_columns(
    content: bytes, columns: Sequence[str], optional: Sequence[str] = ()
) -> dict[str, tuple[float, ...]]:
    """Name -> the numbers under it, one or more. ValueError(rule, with the line).

    UTF-8, with or without a byte order mark. Lines without any cell are skipped, and so are
    columns that are not asked for. An `optional` one that the file lacks is left out.
    """
    reader = csv.reader(io.StringIO(_text(content), newline=""))
    try:
        header = [name.strip() for name in next(reader, [])]
        wanted = [*columns, *(name for name in optional if name in header)]
        places = {name: _place(name, header) for name in wanted}
        rows = [_numbers(row, places, reader.line_num) for row in reader if row]
    except csv.Error as error:
        raise ValueError(f"must be CSV, got {error} at line {reader.line_num}") from None
    if not rows:
        raise ValueError(f"must have a number in column {wanted[0]}, got no line below the header")
    return dict(zip(places, zip(*rows, strict=True), strict=True))


def _numbers(row: Sequence[str], places: Mapping[str, int], line: int) -> tuple[float, ...]:
    return tuple(
        _number(row[place] if place < len(row) else "", name, line)
        for name, place in places.items()
    )


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"must be UTF-8 text, got other bytes at byte {error.start}") from None


def _place(column: str, header: list[str]) -> int:
    if header.count(column) != 1:
        number = "more than one" if column in header else "none"
        known = shorten(", ".join(header)) if header else "no header"
        raise ValueError(f"must have one column {column}, got {number} in: {known}")
    return header.index(column)


def _number(text: str, column: str, line: int) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(
            f"must have a number in column {column}, got {shorten(text.strip())} at line {line}"
        )
    return number
