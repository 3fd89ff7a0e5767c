"""Step-exact timelines as tables: one row a step."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pyarrow as pa

from sim.results.tables import TIMELINES, named, numbers, wholes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from sim.core.timelines import Timeline

    Key: TypeAlias = tuple[str, str, str]

MOST_ROWS = 500_000
"""Rows of a piece: some 20 MB."""


def in_pieces(
    variant: str, replication: int, lines: Iterable[tuple[Key, Timeline]]
) -> Iterator[pa.Table]:
    """Timelines by (system, series, group), so many rows at once that their memory is bounded.

    Each line is asked for when those before it are written.
    """
    waiting: list[tuple[Key, NDArray[np.float64], NDArray[np.float64]]] = []
    rows = 0
    for key, line in lines:
        for begin in range(0, len(line.times), MOST_ROWS):
            piece = slice(begin, begin + MOST_ROWS)
            waiting.append((key, line.times[piece], line.values[piece]))
            rows += len(waiting[-1][1])
            if rows >= MOST_ROWS:
                yield _table(variant, replication, waiting)
                waiting, rows = [], 0
    if waiting:
        yield _table(variant, replication, waiting)


def _table(
    variant: str,
    replication: int,
    parts: list[tuple[Key, NDArray[np.float64], NDArray[np.float64]]],
) -> pa.Table:
    counts = [len(times) for _, times, _ in parts]
    which = np.repeat(np.arange(len(parts)), counts)
    columns = [
        named([variant], np.zeros(len(which), np.intp)),
        wholes(np.full(len(which), replication)),
        *(named([key[place] for key, _, _ in parts], which) for place in range(3)),
        numbers(np.concatenate([times for _, times, _ in parts])),
        numbers(np.concatenate([values for _, _, values in parts])),
    ]
    return pa.Table.from_arrays(columns, schema=TIMELINES)
