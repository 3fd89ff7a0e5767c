"""When requests and rollouts have come to their end, and how.

A request ends with the last machine that it concerns, which counts them while they run. How a
rollout ended is read from the rows of the machines, once all have run.

No document says when a release ends. Here it does when every enrolled extension is up to date or
failed: those that are opted out no longer count, disconnected ones are waited for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.core.log import COMPLETED, SCENARIO, SUPERSEDED, UPGRADE_FAILED
from sim.systems.arc_fleet.states import ENROLLED, FAILED, TARGET_WIDTH, UNDER_WAY, WIDTH
from sim.systems.arc_fleet.versions import major

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sim.systems.arc_fleet.layout import ExtensionLayout, FleetLayout
    from sim.systems.base.service import Call

BEFORE = -1.0
"""A time before all others."""


class End(NamedTuple):
    """When something ended, and because of whom."""

    time: float
    cause: int


class PendingRequest:
    """A push, a PUT or a repair, over all machines that it concerns."""

    def __init__(self, name: str, at: float, subject: int) -> None:
        self.name = name
        self._open = 0
        self._last = End(at, subject)
        self.failed = False
        """Whether an attempt ended badly, on any machine."""
        self.overtaken = False
        """Whether a later request took its place, on any machine."""

    def begins(self) -> None:
        """It concerns one machine more."""
        self._open += 1

    def ends(self, time: float, subject: int) -> None:
        """It is over on a machine, however it went there."""
        self._open -= 1
        # Parts of the fleet run one after the other: the last call need not be of the last end.
        self._last = max(self._last, End(time, subject))

    @property
    def end(self) -> End | None:
        """When the last machine was done."""
        return None if self._open else self._last


Changes = tuple["NDArray[np.float64]", "NDArray[np.int64]", "NDArray[np.int64]"]
"""Times, by how much something changes, causes."""


class FleetRows:
    """The rows of one replication, each subject's in order of time, not all together."""

    def __init__(self, rows: NDArray[np.void]) -> None:
        self._rows = rows
        self._of: dict[int, NDArray[np.void]] = {}

    def of(self, each: ExtensionLayout) -> NDArray[np.void]:
        """Those about an extension of a group."""
        return self._about(each.first, each.count)

    def _about(self, first: int, count: int) -> NDArray[np.void]:
        if first not in self._of:
            subject = self._rows["subject"]
            self._of[first] = self._rows[(subject >= first) & (subject < first + count)]
        return self._of[first]

    def enrolments(self, each: ExtensionLayout) -> Changes:
        """Since when it is enrolled (1), and since when not (-1), because of whom."""
        rows = self._about(each.target.first, 1)
        was, now = (rows[code] % TARGET_WIDTH == ENROLLED for code in ("old", "new"))
        changed = was != now
        times, values, causes = rows["time"][changed], now[changed], rows["cause"][changed]
        if each.initial_target % TARGET_WIDTH == ENROLLED:
            times, values, causes = (
                np.append(first, rest)
                for first, rest in ((BEFORE, times), (True, values), (SCENARIO, causes))
            )
        return times, np.where(values, 1, -1), causes

    def states(self, each: ExtensionLayout, past: NDArray[np.bool_]) -> NDArray[np.int16]:
        """What an extension is in on each machine after those of its rows that are `past`."""
        rows, codes = self.of(each)[past], np.full(each.count, each.initial_code, np.int16)
        codes[rows["subject"] - each.first] = rows["new"]  # in order of time: the last one stays
        return codes


@dataclass(eq=False)
class Rollout:
    """A release, or a push, and whom it may cover."""

    call: Call
    at: float
    upgrade: int
    """Its subject."""
    row: int
    """The place in the log of the row by which it begins."""
    layout: FleetLayout
    extensions: Sequence[ExtensionLayout]
    """Those that are enrolled when it is published, or that the push names."""
    named: tuple[ExtensionLayout, ...] = ()
    """Of a release all that may get it, as they may be opted in later."""
    request: PendingRequest | None = None
    """Of a push what became of it."""

    def covers_anybody(self, rows: FleetRows) -> bool:
        """Whether a machine has something that it changes."""
        return any(self._covered(each, rows).any() for each in self.extensions)

    def _covered(self, each: ExtensionLayout, rows: FleetRows) -> NDArray[np.bool_]:
        """The machines of an extension that it covers."""
        mine, operation = rows.of(each), self.call.subject
        past = self.layout.came_before(
            mine["time"], mine["cause"], self.at, operation, self.upgrade
        )
        release = self.call.body.version if self.request is None else None
        return each.covered(release)[rows.states(each, past)]

    def outcome(self, later: Sequence[Rollout], rows: FleetRows) -> tuple[int, End] | None:
        """The state in which it ends, and when; None where it has not ended."""
        request = self.request
        if request is None:
            overtaken, end = self._superseded(later), end_of(self, self.call.body.version, rows)
            if overtaken is not None and (end is None or end.time >= overtaken.time):
                return SUPERSEDED, overtaken
        else:
            end = request.end
        if end is None:
            return None
        # Assumption: a push has failed where an attempt of it ended badly, as only releases are
        # tried again.
        if (request is not None and request.failed) or self._leaves_failed(end.time, rows):
            return UPGRADE_FAILED, end
        return SUPERSEDED if request is not None and request.overtaken else COMPLETED, end

    def _superseded(self, later: Sequence[Rollout]) -> End | None:
        """When later releases of the same major version have taken its place in all groups."""
        left = set(self.named)
        for other in later:
            # A machine that backs off or waits takes the newest release: nobody waits for this one.
            if other.named and major(other.call.body.version) == major(self.call.body.version):
                left.difference_update(other.named)
                if not left:
                    return End(other.at, other.upgrade)
        return None

    def _leaves_failed(self, end: float, rows: FleetRows) -> bool:
        """Whether one that it covers is failed at its end."""
        for each in self.extensions:
            codes = rows.states(each, rows.of(each)["time"] <= end)
            if (codes[self._covered(each, rows)] % WIDTH == FAILED).any():
                return True
        return False


def end_of(release: Rollout, version: str, rows: FleetRows) -> End | None:
    """The first instant, from the publication on, at which nobody enrolled is pending."""
    parts = [_changes(each, version, rows) for each in release.named]
    # The publication itself comes first at its instant: then nobody may be pending at all.
    times, pending, causes = map(
        np.concatenate, zip(([release.at], [0], [release.call.subject]), *parts, strict=True)
    )
    order = np.lexsort((causes, times))  # of several at one instant, whoever ran first
    times, causes = times[order], causes[order]
    over = np.cumsum(pending[order]) == 0
    over &= np.append(times[1:] != times[:-1], True) & (times >= release.at)
    if not over.any():
        return None
    first = int(np.argmax(over))
    return End(float(times[first]), int(causes[first]))


def _changes(each: ExtensionLayout, version: str, rows: FleetRows) -> Changes:
    """How the number of pending extensions of one group changes, while they are enrolled."""
    pends, mine = _pends(each, version), rows.of(each)
    deltas = pends[mine["new"]] - pends[mine["old"]]
    moves = deltas != 0
    times, deltas, causes = mine["time"][moves], deltas[moves], mine["subject"][moves]
    begin = each.count * int(pends[each.initial_code])
    enrolled, toggles = np.zeros(len(times), bool), []
    since, values, because = rows.enrolments(each)
    for time, value in zip(since.tolist(), values.tolist(), strict=True):
        enrolled[times >= time] = value > 0
        toggles.append(value * (begin + int(deltas[times < time].sum())))
    return (
        np.concatenate([since, times[enrolled]]),
        np.concatenate([toggles, deltas[enrolled]]).astype(np.int64),
        np.concatenate([because, causes[enrolled]]).astype(np.int64),
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
