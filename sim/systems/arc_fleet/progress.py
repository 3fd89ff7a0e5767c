"""What is said of one run of a fleet: how far versions came, what holds the rest, what did nothing.

A type's progress is that of the version last requested: see `metrics.progress`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.core.formatting import show
from sim.core.log import OPERATION, SUCCEEDED, Stack
from sim.core.units import show_duration
from sim.core.wall_clock import DAY
from sim.systems.arc_fleet.metrics import progress
from sim.systems.arc_fleet.requests import (
    PublishExtension,
    PutExtension,
    RemoveExtension,
    RepairExtension,
    SetAutomaticUpgrade,
)
from sim.systems.arc_fleet.scopes import NEVER, Scopes
from sim.systems.arc_fleet.states import (
    BACKING_OFF,
    CURRENT,
    DISCONNECTED,
    ENROLLED,
    FAILED,
    ROLLING_BACK,
    TARGET_WIDTH,
    WAITING,
    WIDTH,
)
from sim.systems.arc_fleet.versions import major, upgrades, version_key
from sim.systems.base.text import be, pluralize

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sim.core.log import Log
    from sim.systems.arc_fleet.layout import FleetLayout
    from sim.systems.arc_fleet.metrics import Progress
    from sim.systems.arc_fleet.scopes import Scope
    from sim.systems.base.model import SystemModel
    from sim.systems.base.operation import Operation

    Row = dict[str, Any]


def by_day(model: SystemModel[FleetLayout], log: Log) -> list[Row]:
    """The share up to date at the end of each day, until nothing changes.

    Nothing of a type of which nobody is in scope.
    Columns: system, group (a type, a group of machines, or empty for all), day (0 is when the
    version last requested was first published or pushed), at_s, up_to_date.
    """
    layout = model.layout
    scopes = Scopes(layout, Stack([log]))
    rows: list[Row] = []
    for group in ("", *layout.types, *layout.machine_groups):
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
    failed_s: float
    """When the first of them failed that are failed, seconds; `NEVER` where none is."""


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

    Then what is stuck beside them, and which operations changed nothing.
    """
    scopes = Scopes(model.layout, Stack([log]))
    lines = [_sentence(each) for each in held(model.layout, log)] + _stuck_beside(scopes)
    return lines + [f"{name} {note}" for name, note in notes(scopes).items()]


def _sentence(one: Held) -> str:
    share = show(one.up_to_date / one.scope, "share")
    machines = pluralize(one.scope, "machine")
    text = f"{one.group} {one.version}: {one.up_to_date:,} of {machines} {be(one.up_to_date)}"
    text += f" up to date ({share})"
    if one.up_to_date and not math.isnan(one.last_s):
        day = math.ceil((one.last_s - one.since_s) / DAY)
        text += f", the last on day {day} after the {one.asked}"
    rest = [f"{count:,} {reason}" for reason, count in one.by.items()]
    if one.failed_s < NEVER:  # the first of the reasons
        rest[0] += f" {_for_good(one.failed_s)}"
    return text + (f"; the rest: {', '.join(rest)}" if rest else "")


def _for_good(since: float) -> str:
    """What helps those that are failed, the first of them since some seconds."""
    helps = "a repair, a PUT or a push installs it anew, no release does"
    return f"(the first since {show_duration(since)}; {helps})"


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
    return [f"{stuck} {_for_good(since)}"]


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


# What changed nothing -----------------------------------------------------------------------------


class _There(NamedTuple):
    """An extension of a group, as an operation found it in a run."""

    type: str
    enrolled: bool
    machines: int
    """How many have it."""
    versions: tuple[str, ...]
    """Those that some machine has, each once."""
    wanted: str
    """The version that the service wants of it from then on."""


def notes(scopes: Scopes) -> dict[str, str]:
    """By name each operation of the first replication that was accepted and changed nothing: why.

    A stack of one is meant.
    """
    found = {}
    for number, operation in enumerate(scopes.layout.requests):
        if scopes.accepted[0, number] < NEVER:
            note = _note(scopes, number, operation)
            if note:
                found[operation.name] = note
    return found


def _note(scopes: Scopes, number: int, operation: Operation) -> str:
    body = operation.body
    there = [_found(scopes, number, place, operation) for place in scopes.layout.meant(body)]
    if isinstance(body, PublishExtension):
        return _of_release(scopes, operation, body, there)
    if isinstance(body, SetAutomaticUpgrade):
        is_news = any(each.enrolled != body.enabled for each in there)
        opted = f"{body.type} is opted {'in' if body.enabled else 'out'}"
        return "" if is_news else f"changes nothing: {opted} already"
    if not _is_over(scopes, number) or _did_something(scopes, number, operation):
        return ""
    if isinstance(body, RepairExtension | RemoveExtension):
        did, what = ("repairs", "was failed") if isinstance(body, RepairExtension) else _NONE_THERE
        return f"{did} nothing: no {body.type} {what}"
    if any(set(each.versions) - {each.wanted} for each in there):
        return "installs nothing: another request or release came before it"
    had = dict.fromkeys(f"{each.type} {version}" for each in there for version in each.versions)
    machines = sum(each.machines for each in there)
    has = "has" if machines == 1 else "have"
    text = f"installs nothing: {pluralize(machines, 'machine')} {has} {' and '.join(had)} already"
    return text + (_opts(body, there) if isinstance(body, PutExtension) else "")


_NONE_THERE = "removes", "was there yet"


def _opts(body: PutExtension, there: list[_There]) -> str:
    """What a PUT changes beside versions."""
    if all(each.enrolled == body.enable_automatic_upgrade for each in there):
        return ", and it changes nothing"
    return f"; it opts {body.type} {'in' if body.enable_automatic_upgrade else 'out'}"


def _of_release(
    scopes: Scopes, operation: Operation, body: PublishExtension, there: list[_There]
) -> str:
    """Why a release covers nobody, where it does not."""
    rollout = scopes.layout.upgrade_number(operation.name)
    if scopes.began[0, rollout] < NEVER:
        return ""
    text = f"{body.type} {body.version} upgrades nobody: "
    enrolled = [version for each in there if each.enrolled for version in each.versions]
    if not any(each.machines for each in there):
        return f"{text}no machine has the extension"
    if not enrolled:
        return f"{text}no machine is enrolled"
    if not any(major(version) == major(body.version) for version in enrolled):
        return f"{text}those enrolled have another major version"
    if not any(upgrades(body.version, version) for version in enrolled):
        newest = max(enrolled, key=version_key)
        return f"{text}those enrolled have it, or a newer version, already ({newest})"
    return f"{text}a newer version of its major is out already"


def _found(scopes: Scopes, number: int, place: int, operation: Operation) -> _There:
    """An extension when an operation was accepted, before that did anything."""
    layout, at = scopes.layout, float(scopes.accepted[0, number])
    each, rows = layout.extensions[place], scopes.changes(place)
    subject, first, name = layout.first_operation + number, layout.first_upgrade, operation.name
    own = layout.upgrade_number(name) if layout.begins_upgrade(name) else layout.rollouts
    past = layout.came_before(rows.time, rows.cause, at, subject, first + own)
    codes = np.full(each.count, each.initial_code, np.int16)
    codes[rows.machine[past]] = rows.new[past]
    here = codes[codes != 0]
    before = scopes.target(place, np.zeros(1, np.intp), np.full(1, at), number)[0]
    versions = tuple(each.versions[number] for number in np.unique(here // WIDTH).tolist())
    wanted = each.versions[scopes.after(number, place)[0] // TARGET_WIDTH]
    return _There(each.type, before % TARGET_WIDTH == ENROLLED, len(here), versions, wanted)


def _is_over(scopes: Scopes, number: int) -> bool:
    """Whether an operation has succeeded by the horizon."""
    state = scopes.stack.final[0, scopes.layout.first_operation + number]
    return bool(state % OPERATION.width == SUCCEEDED)


def _did_something(scopes: Scopes, number: int, operation: Operation) -> bool:
    """Whether an extension changed because of an operation, or of the upgrade that it began."""
    layout = scopes.layout
    causes = [layout.first_operation + number]
    if layout.begins_upgrade(operation.name):
        causes.append(layout.upgrade(operation.name))
    places = range(len(layout.extensions))
    return any(np.isin(scopes.changes(place).cause, causes).any() for place in places)
