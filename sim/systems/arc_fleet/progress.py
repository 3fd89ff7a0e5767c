"""How a release spreads: who is up to date since when, the share by day, what holds the rest.

A type's progress is that of its last publication. All types together count from the first of their
last publications.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.log import Stack
from sim.rules import DAY
from sim.showing import show
from sim.systems.arc_fleet.scopes import NEVER, Scopes
from sim.systems.arc_fleet.states import (
    BACKING_OFF,
    CURRENT,
    DISCONNECTED,
    FAILED,
    WAITING,
    WIDTH,
)
from sim.systems.sentences import be, counted
from sim.timelines import TOLERANCE, accumulate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sim.log import Log
    from sim.systems.arc_fleet.model import Model
    from sim.systems.arc_fleet.scopes import Scope
    from sim.timelines import Steps

    Row = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Progress:
    """How many extensions are up to date with what was published, in each replication."""

    steps: Steps
    since: NDArray[np.float64]
    """The first of the publications, shape (replications,), seconds; `NEVER` where none came."""
    size: NDArray[np.int64]
    """How many are in scope, shape (replications,)."""

    def time_to(self, share: float) -> NDArray[np.float64]:
        """Seconds until the share up to date first reaches `share`; NaN where it never does."""
        enough = np.maximum(np.ceil(share * self.size - TOLERANCE), 1)
        steps = self.steps
        reached = np.flatnonzero(steps.values >= enough[steps.replication])[::-1]
        times = np.full(len(self.size), np.nan)
        times[steps.replication[reached]] = steps.times[reached]  # backwards: the first one stays
        return times - self.since

    def last_arrival(self, place: int) -> float:
        """When the last one got up to date in a replication, seconds; NaN where none ever did."""
        line = self.steps.timeline(place)
        more = np.flatnonzero(np.diff(line.values) > 0)
        return float(line.times[more[-1] + 1]) if len(more) else math.nan


def progress(scopes: Scopes, kind: str) -> Progress | None:
    """Of a type, or of all types together where empty; None where nothing is to be published."""
    found = [(place, scopes.released(place)) for place in scopes.places(kind)]
    released = [(place, scope) for place, scope in found if scope is not None]
    if not released:
        return None
    since = np.min([scope.since for _, scope in released], axis=0)
    size = np.sum([scope.members.sum(axis=1) for _, scope in released], axis=0)
    parts = [_arrivals(scopes, place, scope) for place, scope in released]
    rows = np.concatenate([part[0] for part in parts])
    change = np.concatenate([part[1] for part in parts])
    if len(parts) > 1:
        order = np.argsort(rows, kind="stable")
        rows, change = rows[order], change[order]
    return Progress(_counted(scopes.stack, rows, change), since, size)


def _arrivals(
    scopes: Scopes, place: int, scope: Scope
) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    """The rows by which those in scope become up to date (+1), or are no longer (-1)."""
    rows = scopes.changes(place)
    target = scope.target[rows.replication]
    some = np.flatnonzero((rows.new == target) | (rows.old == target))
    replication, target = rows.replication[some], target[some]
    counts = scope.members[replication, rows.machine[some]]
    counts &= rows.time[some] >= scope.since[replication]
    change = (rows.new[some] == target).astype(np.int64) - (rows.old[some] == target)
    return rows.row[some[counts]], change[counts]


def _counted(stack: Stack, rows: NDArray[np.intp], change: NDArray[np.int64]) -> Steps:
    """A number that is 0 at first and that rows of the stack change, over time."""
    opens = stack.start[:-1]
    places = np.searchsorted(rows, opens) + np.arange(stack.replications)
    follows = np.ones(len(rows) + stack.replications, bool)
    follows[places] = False
    replication, times, deltas = (np.zeros(len(follows), kind) for kind in (int, float, int))
    replication[places], replication[follows] = range(stack.replications), stack.replication[rows]
    times[follows], deltas[follows] = stack.time[rows], change
    return accumulate(stack.replications, replication, times, deltas, stack.horizon)


# One run ------------------------------------------------------------------------------------------


def by_day(model: Model, log: Log) -> list[Row]:
    """The share up to date at the end of each day since the publication, until nothing changes.

    Nothing of a type of which nobody is in scope.
    Columns: system, group (empty for all types), day (0 is the publication), at_s, up_to_date.
    """
    scopes = Scopes(model, Stack([log]))
    rows: list[Row] = []
    for group in ("", *model.layout.types):
        found = progress(scopes, group)
        if found is None or not found.size[0]:
            continue
        where = {"system": model.name, "group": group}
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
    """How far a release came, and what holds those that are not up to date at the horizon."""

    group: str
    version: str
    scope: int
    up_to_date: int
    last_s: float
    """When the last one got up to date, seconds; NaN where none ever did."""
    since_s: float
    """When it was published, seconds."""
    by: dict[str, int]
    """Reason -> how many; together they are all the rest."""


REASONS = (
    "failed",
    "opted out",
    "disconnected",
    "waiting",
    "backing off",
    "not discovered",
    "under way",
)
_FAILED, _OPTED_OUT, _DISCONNECTED, _WAITING, _BACKING_OFF, _NOT_DISCOVERED, _UNDER_WAY = range(
    len(REASONS)
)


def held(model: Model, log: Log) -> list[Held]:
    """For each published type how far its last release came, and what holds the rest."""
    scopes = Scopes(model, Stack([log]))
    found = []
    for kind in model.layout.types:
        spread = progress(scopes, kind)
        if spread is None or spread.since[0] == NEVER:
            continue
        reasons = [_reasons(scopes, place) for place in scopes.places(kind)]
        counts = np.bincount(np.concatenate(reasons), minlength=len(REASONS)).tolist()
        by = {reason: n for reason, n in zip(REASONS, counts, strict=True) if n}
        size = int(spread.size[0])
        done, last, since = size - sum(counts), spread.last_arrival(0), float(spread.since[0])
        found.append(Held(kind, _version(scopes, kind), size, done, last, since, by))
    return found


def _version(scopes: Scopes, kind: str) -> str:
    """The version of a type's last release."""
    last = scopes.last(scopes.asked(kind, published=True))
    return str(scopes.body(int(last[0])).version)


def _reasons(scopes: Scopes, place: int) -> NDArray[np.intp]:
    """What holds each one in scope that is not up to date at the horizon."""
    scope = scopes.released(place)
    assert scope is not None
    final = scopes.final(place)[0]
    behind = scope.members[0] & (final != scope.target[0])
    status = final[behind] % WIDTH
    first, horizon = np.zeros(1, np.intp), np.full(1, scopes.stack.horizon)
    enrolled = bool(scopes.enrolled(place, first, horizon)[0])
    away = _away(scopes, place)[behind]
    reasons = np.full(len(status), _UNDER_WAY)
    reasons[status == FAILED] = _FAILED
    reasons[status == CURRENT] = _NOT_DISCOVERED
    reasons[status == BACKING_OFF] = _BACKING_OFF
    reasons[status == WAITING] = np.where(away, _DISCONNECTED, _WAITING)[status == WAITING]
    if not enrolled:  # what would start by itself does not
        reasons[np.isin(status, (CURRENT, BACKING_OFF, WAITING))] = _OPTED_OUT
    return reasons


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


def told(model: Model, log: Log) -> list[str]:
    """How far each type's last release came in a run, and what holds the rest, in sentences."""
    return [_sentence(each) for each in held(model, log)]


def _sentence(one: Held) -> str:
    what = f"{one.group} {one.version}"
    if not one.scope:
        return f"{what}: no machine was enrolled and below it when it was published"
    share = show(one.up_to_date / one.scope, "share")
    machines = counted(one.scope, "machine")
    done = f"{one.up_to_date:,} of {machines} {be(one.up_to_date)} up to date ({share})"
    if one.up_to_date:
        day = math.ceil((one.last_s - one.since_s) / DAY)
        done += f", the last on day {day} after the publication"
    rest = ", ".join(f"{count:,} {reason}" for reason, count in one.by.items())
    return f"{what}: {done}" + (f"; the rest: {rest}" if rest else "")
