"""A log as a table in words: every transition with the names of its subject, states and cause."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from sim.results.tables import NAME, NUMBER, WHOLE, Vocabulary, named, numbers, wholes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from sim.core.log import Block, Log, States, Subjects

MOST_ROWS = 500_000
"""Rows of a piece: some 50 MB."""

EVENTS = pa.schema(
    [
        ("variant", NAME),
        ("replication", WHOLE),
        ("time_s", NUMBER),
        *((column, NAME) for column in ("system", "kind", "group", "subject")),
        *((column, NAME) for column in ("old", "old_version", "new", "new_version", "cause")),
    ]
)


def events(variant: str, log: Log) -> pa.Table:
    """One row a transition, in the order of the log."""
    rows = log.rows
    subject, cause = rows["subject"].astype(np.int64), rows["cause"].astype(np.int64)
    used, places = np.unique(np.concatenate([subject, cause]), return_inverse=True)
    called = [log.subjects.name(number) for number in used.tolist()]
    words = _words(log.subjects)
    block = np.searchsorted(words.firsts, subject, side="right") - 1
    bases = words.bases[block]
    columns = [
        named([variant], np.zeros(len(rows), np.intp)),
        wholes(np.full(len(rows), log.replication)),
        numbers(rows["time"]),
        *(each.column(block) for each in words.of_blocks),
        named(called, places[: len(rows)]),
        *(each.column(bases + rows[of]) for of in ("old", "new") for each in words.of_states),
        named(called, places[len(rows) :]),
    ]
    return pa.Table.from_arrays(columns, schema=EVENTS)


def in_pieces(variant: str, log: Log) -> Iterator[pa.Table]:
    """The same, so many rows at once that the memory which they take is bounded."""
    for begin in range(0, max(1, len(log)), MOST_ROWS):
        yield events(variant, replace(log, rows=log.rows[begin : begin + MOST_ROWS]))


class _Words(NamedTuple):
    """What blocks and states are called: the same in every replication."""

    firsts: NDArray[np.int64]
    """The first subject of each block."""
    bases: NDArray[np.int64]
    """By block the place of its first code among all codes of all blocks."""
    of_blocks: list[Vocabulary]
    """System, kind and group of each block."""
    of_states: list[Vocabulary]
    """Status and version of each code of each block."""


@lru_cache(maxsize=2)
def _words(subjects: Subjects) -> _Words:
    blocks = subjects.blocks
    return _Words(
        np.array([each.first for each in blocks]),
        np.cumsum([0, *(len(each.states) for each in blocks)]),
        [Vocabulary([getattr(b, of) for b in blocks]) for of in ("system", "kind", "group")],
        [Vocabulary(words) for words in _states(blocks)],
    )


def _states(blocks: Sequence[Block]) -> tuple[list[str], list[str]]:
    """Status and version of every code of every block."""
    every = [(block.states, code) for block in blocks for code in range(len(block.states))]
    return (
        [states.status(code) for states, code in every],
        [_version(states, code) for states, code in every],
    )


def _version(states: States, code: int) -> str:
    """What is absent has no version."""
    return states.version(code) if code else ""
