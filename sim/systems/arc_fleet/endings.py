"""When a release has come to its end: from the rows of the machines, once all of them have run.

Source of the condition: every enrolled extension is up to date or failed; those that are opted out
no longer count, disconnected ones are waited for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.systems.arc_fleet.states import FAILED, UNDER_WAY, WIDTH
from sim.systems.arc_fleet.versions import major

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sim.systems.arc_fleet.layout import ExtensionLayout

BEFORE = -1.0
"""A time before all others."""


class End(NamedTuple):
    """When something ended, and because of whom."""

    time: float
    cause: int


@dataclass
class Enrolment:
    """Since when the extensions of a group are enrolled, and since when not."""

    extension: ExtensionLayout
    times: list[float] = field(default_factory=list)
    values: list[bool] = field(default_factory=list)
    causes: list[int] = field(default_factory=list)

    @property
    def now(self) -> bool:
        """How it stands after all changes so far."""
        return bool(self.values) and self.values[-1]

    def change(self, time: float, value: bool, cause: int) -> None:
        """From `time` on they are enrolled, or not."""
        self.times.append(time)
        self.values.append(value)
        self.causes.append(cause)


@dataclass
class Release:
    """A version that was published, and whom it concerns."""

    at: float
    version: str
    upgrade: int
    """Its subject."""
    enrolments: Sequence[Enrolment]
    superseded: End | None = None


def end_of(release: Release, operation: int, rows: NDArray[np.void]) -> End | None:
    """The first instant, from the publication on, at which nobody enrolled is pending.

    `operation` is the subject of the publication, `rows` are those of the machines, each one's in
    order of time.
    """
    parts = [_changes(each, release.version, rows) for each in release.enrolments]
    # The publication itself comes first at its instant: then nobody may be pending at all.
    times, pending, causes = map(
        np.concatenate, zip(([release.at], [0], [operation]), *parts, strict=True)
    )
    order = np.lexsort((causes, times))  # of several at one instant, whoever ran first
    times, causes = times[order], causes[order]
    over = np.cumsum(pending[order]) == 0
    over &= np.append(times[1:] != times[:-1], True) & (times >= release.at)
    if not over.any():
        return None
    first = int(np.argmax(over))
    return End(float(times[first]), int(causes[first]))


Changes = tuple["NDArray[np.float64]", "NDArray[np.int64]", "NDArray[np.int64]"]
"""Times, by how much the number of those pending changes, causes."""


def _changes(enrolment: Enrolment, version: str, rows: NDArray[np.void]) -> Changes:
    """How the number of pending extensions of one group changes, while they are enrolled."""
    each, pends = enrolment.extension, _pends(enrolment.extension, version)
    mine = rows[(rows["subject"] >= each.first) & (rows["subject"] < each.first + each.count)]
    deltas = pends[mine["new"]] - pends[mine["old"]]
    moves = deltas != 0
    times, deltas, causes = mine["time"][moves], deltas[moves], mine["subject"][moves]
    begin = each.count * int(pends[each.initial_code])
    counted = np.zeros(len(times), bool)
    toggles = []
    for time, value in zip(enrolment.times, enrolment.values, strict=True):
        counted[times >= time] = value
        pending = begin + int(deltas[times < time].sum())
        toggles.append(pending if value else -pending)
    return (
        np.concatenate([enrolment.times, times[counted]]),
        np.concatenate([toggles, deltas[counted]]).astype(np.int64),
        np.concatenate([enrolment.causes, causes[counted]]).astype(np.int64),
    )


def _pends(each: ExtensionLayout, version: str) -> NDArray[np.int64]:
    """By code 1 where a release is still to come: below it, or being replaced at this instant."""
    pends = np.zeros((len(each.versions), WIDTH), np.int64)
    for number, text in enumerate(each.versions):
        if major(text) == major(version):
            pends[number, UNDER_WAY] = 1
            if number < each.number(version):
                pends[number, 1:FAILED] = 1
    return pends.ravel()
