"""How a version spreads: who is up to date since when, the share by day, what holds the rest.

A type's progress is that of the version last requested, from when it was first published or pushed,
over all whom a rollout of it covers. All types together count from the first of these times.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.core.formatting import show
from sim.core.log import Stack
from sim.core.timelines import TOLERANCE, accumulate
from sim.core.windows import DAY
from sim.systems.arc_fleet.notes import notes, stuck
from sim.systems.arc_fleet.scopes import NEVER, Scopes
from sim.systems.arc_fleet.states import (
    BACKING_OFF,
    CURRENT,
    DISCONNECTED,
    FAILED,
    ROLLING_BACK,
    WAITING,
    WIDTH,
)
from sim.systems.base.text import be, pluralize

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sim.core.log import Log
    from sim.core.timelines import Steps
    from sim.systems.arc_fleet.layout import FleetLayout
    from sim.systems.arc_fleet.scopes import Scope
    from sim.systems.base.model import SystemModel

    Row = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Progress:
    """How many extensions are up to date with what was last requested, in each replication."""

    steps: Steps
    since: NDArray[np.float64]
    """When that was first asked for, shape (replications,), seconds; `NEVER` if for nobody."""
    size: NDArray[np.int64]
    """How many are in scope, shape (replications,)."""

    def time_to(self, share: float) -> NDArray[np.float64]:
        """Seconds until the share up to date first reaches `share`; NaN where it never does."""
        enough = np.maximum(np.ceil(share * self.size - TOLERANCE), 1)
        steps, since = self.steps, self.since[self.steps.replication]
        is_on = (steps.times >= since) | (steps.times + steps.durations > since)
        reached = np.flatnonzero(is_on & (steps.values >= enough[steps.replication]))[::-1]
        times = np.full(len(self.size), np.nan)
        times[steps.replication[reached]] = steps.times[reached]  # backwards: the first one stays
        waited: NDArray[np.float64] = np.maximum(times, self.since) - self.since
        return waited

    def last_arrival(self, place: int) -> float:
        """When the last one got up to date in a replication, seconds; NaN where none ever did."""
        line = self.steps.timeline(place)
        more = np.flatnonzero(np.diff(line.values) > 0)
        return float(line.times[more[-1] + 1]) if len(more) else math.nan


def progress(scopes: Scopes, kind: str) -> Progress | None:
    """Of a type, or of all types together where empty; None where nothing is to be requested."""
    found = [(place, scopes.requested(place)) for place in scopes.places(kind)]
    asked = [(place, scope) for place, scope in found if scope is not None]
    if not asked:
        return None
    sizes = [scope.members.sum(axis=1) for _, scope in asked]
    pairs = [(size, scope.since) for size, (_, scope) in zip(sizes, asked, strict=True)]
    since = np.min([np.where(size > 0, when, NEVER) for size, when in pairs], axis=0)
    initially = np.sum(
        [
            np.where(scope.target == scopes.initial(place), size, 0)
            for size, (place, scope) in zip(sizes, asked, strict=True)
        ],
        axis=0,
    )
    parts = [_changes(scopes, place, scope) for place, scope in asked]
    rows = np.concatenate([part[0] for part in parts])
    change = np.concatenate([part[1] for part in parts])
    if len(parts) > 1:
        order = np.argsort(rows, kind="stable")
        rows, change = rows[order], change[order]
    return Progress(_counted(scopes.stack, initially, rows, change), since, np.sum(sizes, axis=0))


def _changes(
    scopes: Scopes, place: int, scope: Scope
) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    """The rows by which those in scope become up to date (+1), or are no longer (-1)."""
    rows = scopes.changes(place)
    target = scope.target[rows.replication]
    some = np.flatnonzero((rows.new == target) | (rows.old == target))
    replication, target = rows.replication[some], target[some]
    counts = scope.members[replication, rows.machine[some]]
    change = (rows.new[some] == target).astype(np.int64) - (rows.old[some] == target)
    return rows.row[some[counts]], change[counts]


def _counted(
    stack: Stack, initially: NDArray[np.int64], rows: NDArray[np.intp], change: NDArray[np.int64]
) -> Steps:
    """A number that rows of the stack change, over time."""
    opens = stack.start[:-1]
    places = np.searchsorted(rows, opens) + np.arange(stack.replications)
    follows = np.ones(len(rows) + stack.replications, bool)
    follows[places] = False
    replication, times, deltas = (np.zeros(len(follows), kind) for kind in (int, float, int))
    replication[places], replication[follows] = range(stack.replications), stack.replication[rows]
    deltas[places] = initially
    times[follows], deltas[follows] = stack.time[rows], change
    return accumulate(stack.replications, replication, times, deltas, stack.horizon)


# One run ------------------------------------------------------------------------------------------


def by_day(model: SystemModel[FleetLayout], log: Log) -> list[Row]:
    """The share up to date at the end of each day, until nothing changes.

    Nothing of a type of which nobody is in scope.
    Columns: system, group (empty for all types), day (0 is when the version last requested was
    first published or pushed), at_s, up_to_date.
    """
    layout = model.layout
    scopes = Scopes(layout, Stack([log]))
    rows: list[Row] = []
    for group in ("", *layout.types):
        found = progress(scopes, group)
        if found is None or not found.size[0]:
            continue
        where = {"system": layout.name, "group": group}
        rows += [where | row for row in _days(found, log.horizon)]
    return rows


def _days(found: Progress, horizon: float) -> Iterator[Row]:
    """The share at the end of each day, and when that is."""
    since, size = float(found.since[0]), int(found.size[0])
    count = found.steps.timeline(0)
    days = max(0, math.ceil((float(count.times[-1]) - since) / DAY))
    for day in range(days + 1):
        at = min(since + day * DAY, horizon)
        yield {"day": day, "at_s": at, "up_to_date": float(count.at(at)) / size}


class Held(NamedTuple):
    """How far a version came, and what holds those that are not up to date at the horizon."""

    group: str
    version: str
    scope: int
    up_to_date: int
    last_s: float
    """When the last one got up to date, seconds; NaN where none ever did."""
    since_s: float
    """When it was first asked for, seconds."""
    asked: str
    """How: by a ``publication`` or a ``push``."""
    by: dict[str, int]
    """Reason -> how many; together they are all the rest."""


REASONS = (
    "failed",
    "rolled back",
    "opted out",
    "disconnected",
    "waiting",
    "backing off",
    "not discovered",
    "under way",
    "on another version",
)
_REASON = {reason: number for number, reason in enumerate(REASONS)}


def held(layout: FleetLayout, log: Log) -> list[Held]:
    """For each requested type how far the version last requested came, and what holds the rest."""
    scopes, found = Scopes(layout, Stack([log])), []
    for kind in layout.types:
        spread = progress(scopes, kind)
        if spread is None or not spread.size[0]:
            continue
        reasons = [_reasons(scopes, place) for place in scopes.places(kind)]
        counts = np.bincount(np.concatenate(reasons), minlength=len(REASONS)).tolist()
        by = {reason: n for reason, n in zip(REASONS, counts, strict=True) if n}
        size = int(spread.size[0])
        done, last, since = size - sum(counts), spread.last_arrival(0), float(spread.since[0])
        version, asked = _what(scopes, kind, since)
        found.append(Held(kind, version, size, done, last, since, asked, by))
    return found


def _what(scopes: Scopes, kind: str, since: float) -> tuple[str, str]:
    """The version last requested of a type, and how it was first asked for."""
    rollouts, layout = scopes.asked(kind), scopes.layout
    first = [each for each in rollouts if scopes.asked_at(each)[0] == since]
    asked = "publication" if any(map(scopes.is_published, first)) else "push"
    for place in scopes.places(kind):
        scope = scopes.requested(place)
        if scope is not None and scope.target[0] >= 0:
            return layout.extensions[place].versions[int(scope.target[0]) // WIDTH], asked
    raise ValueError(f"nothing is requested of {kind}")


def _reasons(scopes: Scopes, place: int) -> NDArray[np.intp]:
    """What holds each one in scope that is not up to date at the horizon."""
    scope = scopes.requested(place)
    assert scope is not None
    final, target = scopes.final(place)[0], scope.target[0]
    behind = scope.members[0] & (final != target)
    status = final[behind] % WIDTH
    away = _away(scopes, place)[behind]
    reasons = np.full(len(status), _REASON["under way"])
    reasons[status == FAILED] = _REASON["failed"]
    reasons[status == BACKING_OFF] = _REASON["backing off"]
    reasons[status == WAITING] = _REASON["waiting"]
    reasons[(status == WAITING) & away] = _REASON["disconnected"]
    rests = status == CURRENT
    reasons[rests] = _at_rest(scopes, place, scope)[behind][rests]
    return reasons


def _at_rest(scopes: Scopes, place: int, scope: Scope) -> NDArray[np.intp]:
    """What holds an extension that is at rest on another version, by machine."""
    final, first = scopes.final(place)[0], np.zeros(1, np.intp)
    now, then = (
        bool(scopes.enrolled(place, first, when)[0])
        for when in (np.full(1, scopes.stack.horizon), scope.since)
    )
    if now:
        beyond = final > scope.target[0]
        return np.where(beyond, _REASON["on another version"], _REASON["not discovered"])
    if then:
        return np.full(len(final), _REASON["opted out"])
    rows = scopes.changes(place)
    returned = np.zeros(len(final), bool)
    returned[rows.machine] = rows.old % WIDTH == ROLLING_BACK  # in order of time: the last one
    return np.where(returned, _REASON["rolled back"], _REASON["on another version"])


def _away(scopes: Scopes, place: int) -> NDArray[np.bool_]:
    """Which machines of an extension's group are disconnected at the horizon."""
    layout = scopes.layout
    each = layout.extensions[place]
    group = layout.group_of(each)
    if group.connections is None:
        return np.zeros(each.count, bool)
    final = scopes.stack.final[0, group.connections : group.connections + group.count]
    away: NDArray[np.bool_] = final == DISCONNECTED
    return away


def progress_text(model: SystemModel[FleetLayout], log: Log) -> list[str]:
    """How far what was last requested of each type came in a run, and what holds the rest.

    Then what is stuck, and which operations changed nothing.
    """
    scopes = Scopes(model.layout, Stack([log]))
    lines = [_sentence(each) for each in held(model.layout, log)] + stuck(scopes)
    return lines + [f"{name} {note}" for name, note in notes(scopes).items()]


def _sentence(one: Held) -> str:
    what = f"{one.group} {one.version}"
    share = show(one.up_to_date / one.scope, "share")
    machines = pluralize(one.scope, "machine")
    done = f"{one.up_to_date:,} of {machines} {be(one.up_to_date)} up to date ({share})"
    if one.up_to_date and not math.isnan(one.last_s):
        day = math.ceil((one.last_s - one.since_s) / DAY)
        done += f", the last on day {day} after the {one.asked}"
    rest = ", ".join(f"{count:,} {reason}" for reason, count in one.by.items())
    return f"{what}: {done}" + (f"; the rest: {rest}" if rest else "")
