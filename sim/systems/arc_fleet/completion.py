"""When a rollout has come to its end, and how: from the rows of the machines, once all have run.

Source of the condition: every enrolled extension is up to date or failed; those that are opted out
no longer count, disconnected ones are waited for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.systems.arc_fleet.covering import came_before, covered_codes
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


class MachineRows:
    """The rows of the machines of one replication, each one's in order of time."""

    def __init__(self, rows: NDArray[np.void]) -> None:
        self._rows = rows
        self._of: dict[int, NDArray[np.void]] = {}

    def of(self, each: ExtensionLayout) -> NDArray[np.void]:
        """Those about an extension of a group."""
        if each.first not in self._of:
            subject = self._rows["subject"]
            mine = (subject >= each.first) & (subject < each.first + each.count)
            self._of[each.first] = self._rows[mine]
        return self._of[each.first]

    def states(self, each: ExtensionLayout, past: NDArray[np.bool_]) -> NDArray[np.int16]:
        """What an extension is in on each machine after those of its rows that are `past`."""
        rows, codes = self.of(each)[past], np.full(each.count, each.initial_code, np.int16)
        codes[rows["subject"] - each.first] = rows["new"]  # in order of time: the last one stays
        return codes


@dataclass
class Rollout:
    """A release, or a push, and whom it may cover."""

    at: float
    operation: int
    """Its subject, as is the next."""
    upgrade: int
    first_upgrade: int
    """The first upgrade of the fleet."""
    release: str | None
    """The version that is published; None for a push."""
    extensions: Sequence[ExtensionLayout]
    """Those that are enrolled when it is published, or that the push names."""

    def covered(self, rows: MachineRows) -> list[NDArray[np.bool_]]:
        """The machines of each extension that it covers."""
        return [self._covered(each, rows) for each in self.extensions]

    def _covered(self, each: ExtensionLayout, rows: MachineRows) -> NDArray[np.bool_]:
        mine = rows.of(each)
        past = came_before(
            mine["time"],
            mine["cause"],
            self.at,
            self.operation,
            self.upgrade,
            self.first_upgrade,
        )
        return covered_codes(each, self.release)[rows.states(each, past)]

    def leaves_failed(self, end: float, rows: MachineRows) -> bool:
        """Whether one that it covers is failed at its end."""
        return any(
            (rows.states(each, rows.of(each)["time"] <= end)[covered] % WIDTH == FAILED).any()
            for each, covered in zip(self.extensions, self.covered(rows), strict=True)
        )


def end_of(
    release: Rollout, version: str, enrolments: Sequence[Enrolment], rows: MachineRows
) -> End | None:
    """The first instant, from the publication on, at which nobody enrolled is pending."""
    parts = [_changes(each, version, rows) for each in enrolments]
    # The publication itself comes first at its instant: then nobody may be pending at all.
    times, pending, causes = map(
        np.concatenate, zip(([release.at], [0], [release.operation]), *parts, strict=True)
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


def _changes(enrolment: Enrolment, version: str, rows: MachineRows) -> Changes:
    """How the number of pending extensions of one group changes, while they are enrolled."""
    each, pends = enrolment.extension, _pends(enrolment.extension, version)
    mine = rows.of(each)
    deltas = pends[mine["new"]] - pends[mine["old"]]
    moves = deltas != 0
    times, deltas, causes = mine["time"][moves], deltas[moves], mine["subject"][moves]
    begin = each.count * int(pends[each.initial_code])
    pluralize = np.zeros(len(times), bool)
    toggles = []
    for time, value in zip(enrolment.times, enrolment.values, strict=True):
        pluralize[times >= time] = value
        pending = begin + int(deltas[times < time].sum())
        toggles.append(pending if value else -pending)
    return (
        np.concatenate([enrolment.times, times[pluralize]]),
        np.concatenate([toggles, deltas[pluralize]]).astype(np.int64),
        np.concatenate([enrolment.causes, causes[pluralize]]).astype(np.int64),
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
