"""Columns of a CSV file: numbers under a header."""

from __future__ import annotations

import csv
import io
import math
from array import array
from typing import TYPE_CHECKING

from sim.core.units import shorten

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_LINES = 5_000_000
"""Of a file; they take some ten seconds and some hundred MB."""


def read_column(content: bytes, column: str) -> tuple[float, ...]:
    """The numbers under the name `column`, as `read_columns` reads them."""
    return tuple(read_columns(content, [column])[column])


def read_columns(
    content: bytes, columns: Sequence[str], optional: Sequence[str] = ()
) -> dict[str, array[float]]:
    """Name -> the numbers under it, one or more. ValueError(rule, with the line).

    UTF-8, with or without a byte order mark. Lines without any cell are skipped, and so are
    columns that are not asked for. An `optional` one that the file lacks is left out.
    """
    # Decoded piece by piece: the text of a large file takes up to four times its bytes.
    reader = csv.reader(io.TextIOWrapper(io.BytesIO(content), "utf-8-sig", newline=""))
    try:
        header = [name.strip() for name in next(reader, [])]
        wanted = [*columns, *(name for name in optional if name in header)]
        places = {name: _place(name, header) for name in wanted}
        found = {name: array("d") for name in wanted}
        targets = [(name, places[name], found[name].append) for name in wanted]
        for row in reader:
            line = reader.line_num
            if line > MOST_LINES:
                raise ValueError(f"must have at most {MOST_LINES:,} lines, got more")
            for name, place, append in targets if row else ():
                append(_number(row[place] if place < len(row) else "", name, line))
    except csv.Error as error:
        raise ValueError(f"must be CSV, got {error} at line {reader.line_num}") from None
    except UnicodeDecodeError:
        raise ValueError(f"not valid UTF-8{_undecodable(content)}") from None
    if not found[wanted[0]]:
        raise ValueError(f"must have a number in column {wanted[0]}, got no line below the header")
    return found


def _undecodable(content: bytes) -> str:
    """The line with bytes that are no UTF-8: pieces are decoded ahead of the line that is read."""
    for number, line in enumerate(io.BytesIO(content), 1):
        try:
            line.decode()
        except UnicodeDecodeError:
            return f" at line {number}"
    return ""


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
