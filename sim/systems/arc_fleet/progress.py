"""What is said of one run of a fleet: how far versions came, and what holds the rest, and where.

A type's progress is that of the version last requested: see `metrics.progress`.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.core.formatting import show
from sim.core.stack import Stack
from sim.core.timelines import share_of
from sim.core.wall_clock import DAY, show_instant
from sim.systems.arc_fleet.defaults import MOST_NAMED
from sim.systems.arc_fleet.history import NEVER
from sim.systems.arc_fleet.metrics import progress
from sim.systems.arc_fleet.notes import notes
from sim.systems.arc_fleet.scopes import Scopes
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
    import datetime as dt
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from sim.core.log import Log
    from sim.systems.arc_fleet.layout import FleetLayout
    from sim.systems.arc_fleet.metrics import Progress
    from sim.systems.arc_fleet.scopes import Scope
    from sim.systems.base.model import SystemModel

    Row = dict[str, Any]


def by_day(model: SystemModel[FleetLayout], log: Log) -> list[Row]:
    """The share up to date at the end of each day, until nothing changes.

    Nothing of a type of which nobody is in scope.
    Columns: system, group (a type, a group of machines, or empty for all), day (0 is when the
    version last requested was first published or pushed), at_s, up_to_date, held_by (on the last
    row of a group: what holds the others at the horizon).
    """
    layout = model.layout
    scopes = Scopes(layout, Stack([log]))
    rows: list[Row] = []
    for group in ("", *layout.types, *layout.machine_groups):
        found = progress(scopes, group)
        if found is None or not found.here.values.any():
            continue
        where = {"system": layout.name, "group": group, "held_by": ""}
        rows += [where | row for row in _days(found, log.horizon)]
        rows[-1]["held_by"] = _listed(_counted(scopes, group))
    return rows


def _days(found: Progress, horizon: float) -> Iterator[Row]:
    """The share at the end of each day, and when that is."""
    since = float(found.since[0])
    share = share_of(found.steps.timeline(0), found.here.timeline(0)).simplified()
    days = max(0, math.ceil((float(share.times[-1]) - since) / DAY))
    for day in range(days + 1):
        at = min(since + day * DAY, horizon)
        yield {"day": day, "at_s": at, "up_to_date": float(share.at(at))}


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


Reasons = dict[str, dict[str, int]]
"""Reason -> group of machines -> how many it holds there; the groups as the fleet has them."""


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
    by: Reasons
    """What holds all the rest."""
    failed_s: float
    """When the first of them failed that are failed, seconds; `NEVER` where none is."""


def _counted(scopes: Scopes, kind: str) -> Reasons:
    """What holds those in scope of a type, a group of machines, or all where empty."""
    found: Reasons = {}
    for place in scopes.places(kind):
        group = scopes.layout.extensions[place].group
        counts = np.bincount(_reasons(scopes, place, kind), minlength=len(REASONS)).tolist()
        for reason, count in zip(REASONS, counts, strict=True):
            if count:
                groups = found.setdefault(reason, {})
                groups[group] = groups.get(group, 0) + count
    return {reason: found[reason] for reason in REASONS if reason in found}


def held(layout: FleetLayout, log: Log) -> list[Held]:
    """For each requested type how far the version last requested came, and what holds the rest."""
    scopes, found = Scopes(layout, Stack([log])), []
    for kind in layout.types:
        spread = progress(scopes, kind)
        if spread is None or not spread.here.values[-1]:
            continue
        by, size = _counted(scopes, kind), int(spread.here.values[-1])
        done = size - sum(sum(groups.values()) for groups in by.values())
        last, since = spread.last_arrival(0), float(spread.since[0])
        version, asked = _what(scopes, kind, since)
        failed_s = min(_failed_since(scopes, place, in_scope=True) for place in scopes.places(kind))
        found.append(Held(kind, version, size, done, last, since, asked, by, failed_s))
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


def _reasons(scopes: Scopes, place: int, kind: str) -> NDArray[np.intp]:
    """What holds each one in scope that is not up to date at the horizon.

    With what was last requested of its type, or of its group of machines where `kind` is that.
    """
    scope = scopes.requested(place, kind)
    if scope is None:
        return np.zeros(0, np.intp)
    final, target = scopes.final(place)[0], scope.target[0]
    behind = scope.members[0] & (final != 0) & (final != target)
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

    Then what is stuck beside them, and which operations changed nothing.
    """
    scopes = Scopes(model.layout, Stack([log]))
    names = len(model.layout.groups) > 1
    start = model.layout.span.start
    lines = [_sentence(each, start, names_groups=names) for each in held(model.layout, log)]
    lines += _stuck_beside(scopes)
    return lines + [f"{name} {note}" for name, note in notes(scopes).items()]


def _sentence(one: Held, start: dt.datetime | None, *, names_groups: bool) -> str:
    """With the groups of machines that hold the rest, where there are several."""
    share = show(one.up_to_date / one.scope, "share")
    machines = pluralize(one.scope, "machine")
    text = f"{one.group} {one.version}: {one.up_to_date:,} of {machines} {be(one.up_to_date)}"
    text += f" up to date ({share})"
    if one.up_to_date and not math.isnan(one.last_s):
        day = math.ceil((one.last_s - one.since_s) / DAY)
        text += f", the last on day {day} after the {one.asked}"
    rest = []
    for reason, groups in one.by.items():
        said = [_where(groups)] if names_groups else []
        said += [_for_good(one.failed_s, start)] if reason == "failed" else []
        rest.append(
            f"{sum(groups.values()):,} {reason}" + (f" ({'; '.join(said)})" if said else "")
        )
    return text + (f"; the rest: {', '.join(rest)}" if rest else "")


def _listed(by: Reasons) -> str:
    """``202 backing off, 3 failed``, the most first."""
    counts = {reason: sum(groups.values()) for reason, groups in by.items()}
    ordered = sorted(counts, key=lambda reason: -counts[reason])
    return ", ".join(f"{counts[reason]:,} {reason}" for reason in ordered)


def _where(groups: Mapping[str, int]) -> str:
    """``202 of shops, 7 of desks``, the most first; ``of shops`` where these are all."""
    if len(groups) == 1:
        return f"of {next(iter(groups))}"
    ordered = sorted(groups, key=lambda name: -groups[name])
    told = [f"{groups[name]:,} of {name}" for name in ordered[:MOST_NAMED]]
    more = ordered[MOST_NAMED:]
    if more:
        told.append(
            f"{sum(groups[name] for name in more):,} of {pluralize(len(more), 'more group')}"
        )
    return ", ".join(told)


def _for_good(since: float, start: dt.datetime | None) -> str:
    """What helps those that are failed, the first of them since an instant, seconds."""
    helps = "only a repair, a PUT or a push installs it again, no release does"
    return f"the first since {show_instant(since, start)}; {helps}"


def _stuck_beside(scopes: Scopes) -> list[str]:
    """Who is failed and in no scope: nothing else tells of those."""
    machines = set[tuple[str, int]]()
    since = NEVER
    for place, each in enumerate(scopes.layout.extensions):
        failed = np.flatnonzero(_is_failed(scopes, place, in_scope=False))
        machines |= {(each.group, machine) for machine in failed.tolist()}
        since = min(since, _failed_since(scopes, place, in_scope=False))
    if not machines:
        return []
    stuck = f"stuck: {pluralize(len(machines), 'machine')} with a failed extension"
    groups = Counter(group for group, _ in sorted(machines))
    where = f"{_where(groups)}; " if len(scopes.layout.groups) > 1 else ""
    return [f"{stuck} ({where}{_for_good(since, scopes.layout.span.start)})"]


def _is_failed(scopes: Scopes, place: int, *, in_scope: bool) -> NDArray[np.bool_]:
    """Which extensions are failed at the horizon, of those in scope of what was last requested or
    of the others.
    """
    failed: NDArray[np.bool_] = scopes.final(place)[0] % WIDTH == FAILED
    scope = scopes.requested(place)
    members = np.zeros(len(failed), bool) if scope is None else scope.members[0]
    failed &= members == in_scope
    return failed


def _failed_since(scopes: Scopes, place: int, *, in_scope: bool) -> float:
    """When the first of them failed, seconds; `NEVER` where there is none."""
    times = scopes.since(place)[_is_failed(scopes, place, in_scope=in_scope)]
    return float(times.min(initial=NEVER))
