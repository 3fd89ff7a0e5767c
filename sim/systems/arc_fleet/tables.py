"""What a fleet shows of a finished run: its extensions, its operations, its Get answers, lanes.

Source: "Automatic Extension Upgrade for Azure Arc-enabled servers" for names and provisioning
states; "Connected Machine agent overview" for the status of a machine.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.core.stack import Stack
from sim.core.timelines import stays
from sim.systems.arc_fleet.layout import is_meant, machine_name
from sim.systems.arc_fleet.notes import notes
from sim.systems.arc_fleet.rejections import answer
from sim.systems.arc_fleet.requests import PublishExtension
from sim.systems.arc_fleet.scopes import Scopes
from sim.systems.arc_fleet.states import (
    BACKING_OFF,
    CONNECTION,
    CURRENT,
    EXTENSION,
    FAILED,
    INSTALLING,
    ROLLING_BACK,
    UNHEALTHY,
    WAITING,
    WATCHING,
    WIDTH,
)
from sim.systems.base import records
from sim.systems.base.activity import Activity, Category
from sim.systems.base.records import OperationRecord

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from sim.core.log import Log
    from sim.systems.arc_fleet.layout import ExtensionLayout, FleetLayout

Row = dict[str, Any]

_LOOKS: dict[Category, Sequence[int]] = {
    "ready": (CURRENT, WAITING, BACKING_OFF),
    "updating": (INSTALLING, WATCHING, ROLLING_BACK),
    "failing": (UNHEALTHY, FAILED),
}


def provisioning_state(code: int) -> str:
    """What Azure shows of an extension in a state.

    The documents name Succeeded, also after a rollback, and Failed.
    """
    # Assumption: an extension is Updating from the start of an installation to its good verdict or
    # the end of its rollback.
    status = code % WIDTH
    if status == FAILED:
        return "Failed"
    return "Succeeded" if status in _LOOKS["ready"] else "Updating"


# Tables -------------------------------------------------------------------------------------------


def members(layout: FleetLayout, log: Log) -> list[Row]:
    """One row an extension of a machine that is there at the horizon, with what it went through."""
    scopes = Scopes(layout, Stack([log]))
    return [
        row
        for place, each in enumerate(layout.extensions)
        for row in _members(layout, scopes, place, each)
    ]


def _members(
    layout: FleetLayout, scopes: Scopes, place: int, each: ExtensionLayout
) -> Iterator[Row]:
    rows = scopes.changes(place)
    back = rows.new % WIDTH == ROLLING_BACK
    attempts = np.bincount(rows.machine[rows.attempts], minlength=each.count)
    rollbacks = np.bincount(rows.machine[back], minlength=each.count)
    final = scopes.final(place)[0]
    os = layout.group_of(each).spec.os or ""
    columns = (final, attempts, rollbacks, _up_to_date_at(scopes, place))
    lines = zip(*(column.tolist() for column in columns), strict=True)
    for k, (code, tried, returned, since) in enumerate(lines):
        if code:
            yield {
                "system": layout.name,
                "machine": machine_name(each.group, k),
                "group": each.group,
                "os": os,
                "publisher": each.publisher,
                "type": each.type,
                "version": each.versions[code // WIDTH],
                "state": EXTENSION[code % WIDTH],
                "provisioning_state": provisioning_state(code),
                "attempts": tried,
                "rollbacks": returned,
                "up_to_date_at": since,
            }


def _up_to_date_at(scopes: Scopes, place: int) -> NDArray[np.float64]:
    """Since when each machine's extension is up to date with what was last requested, seconds.

    NaN for those that are not at the horizon, or of which nothing was requested.
    """
    final, scope = scopes.final(place)[0], scopes.requested(place)
    if scope is None:
        return np.full(len(final), np.nan)
    is_up = scope.members[0] & (final == scope.target[0])
    return np.where(is_up, scopes.since(place), np.nan)


def operations_table(layout: FleetLayout, log: Log) -> list[Row]:
    """One row an operation of the file: asked when, answered how, ended when.

    Of one that was accepted and changed nothing the message says why.
    """
    asked = [
        OperationRecord(each.name, each.kind, each.body, each.index, _http_status(each.body))
        for each in layout.requests
    ]
    block, scopes = log.subjects.one(layout.name, "operation"), Scopes(layout, Stack([log]))
    table, noted = records.operations_table(log, block, asked, answer), notes(scopes)
    return [row | {"message": row["message"] or noted.get(row["name"], "")} for row in table]


def _http_status(body: object) -> int | None:
    """A release is nobody's request; recorded requests on extensions were answered 202."""
    return None if isinstance(body, PublishExtension) else 202


# At an instant ------------------------------------------------------------------------------------


def status(layout: FleetLayout, log: Log, at: float) -> Row:
    """What the service would show of the fleet at an instant (seconds): counts by extension."""
    scopes = Scopes(layout, Stack([log.until(at)]))
    names = dict.fromkeys(each.name for each in layout.extensions)
    return {
        "machines": _connections(scopes),
        "extensions": {name: _shown(scopes, name, at) for name in names},
    }


def _connections(scopes: Scopes) -> dict[str, int]:
    """Machines by the status of their agent; those that are never away have no subject."""
    states = [
        CONNECTION.statuses[code].capitalize()
        for group in scopes.layout.groups
        if group.connections is not None
        for code in scopes.stack.final[0, group.connections : group.connections + group.count]
    ]
    counts = Counter(states)
    counts["Connected"] += sum(group.count for group in scopes.layout.groups) - len(states)
    return dict(sorted(counts.items()))


def _shown(scopes: Scopes, name: str, at: float) -> Row:
    """An extension on all machines that have it."""
    layout = scopes.layout
    places = [place for place, each in enumerate(layout.extensions) if each.name == name]
    versions, states, enrolled = Counter[str](), Counter[str](), 0
    for place in places:
        codes = Counter(scopes.final(place)[0].tolist())
        del codes[0]
        upgrades_itself = scopes.enrolled(place, np.zeros(1, np.intp), np.full(1, at))[0]
        enrolled += codes.total() if upgrades_itself else 0
        for code, count in codes.items():
            versions[layout.extensions[place].versions[code // WIDTH]] += count
            states[provisioning_state(code)] += count
    known = layout.extensions[places[0]].versions
    return {
        "machines": versions.total(),
        "enableAutomaticUpgrade": enrolled,
        "typeHandlerVersions": {each: versions[each] for each in known if each in versions},
        "provisioningStates": dict(sorted(states.items())),
        "releases": _releases(scopes, places, at),
    }


def _releases(scopes: Scopes, places: Sequence[int], at: float) -> list[str]:
    """The versions of an extension that are published by an instant, in the file's order; each
    once, to however many groups it came.
    """
    layout, accepted = scopes.layout, scopes.accepted[0]
    versions = (
        operation.body.version
        for number, operation in enumerate(layout.requests)
        if isinstance(operation.body, PublishExtension)
        and accepted[number] <= at
        and any(is_meant(layout.extensions[place], operation.body, layout.spec) for place in places)
    )
    return list(dict.fromkeys(versions))


# Lanes --------------------------------------------------------------------------------------------


def activity(layout: FleetLayout, stack: Stack) -> Activity:
    """What the extensions of each machine do.

    Ready (in service by itself), updating (from an installation to the end of its health window, or
    of its rollback), failing (unhealthy or failed).
    """
    blocks = [stack.subjects.block_of(each.first) for each in layout.extensions]
    spent = stays(stack, blocks)
    firsts = np.array([block.first for block in blocks])
    before = np.cumsum([0, *(block.count for block in blocks)])
    of = np.searchsorted(firsts, spent.subject, side="right") - 1
    lane = np.where(spent.state != 0, spent.subject - firsts[of] + before[of], -1)
    doing = np.zeros(WIDTH, np.int8)
    for place, statuses in enumerate(_LOOKS.values()):
        doing[list(statuses)] = place

    def label(number: int) -> str:
        which = int(np.searchsorted(before, number, side="right")) - 1
        return blocks[which].name(number - int(before[which]))

    words = "extensions", "unhealthy or failed"
    return Activity(*words, spent, lane, doing[spent.state % WIDTH], tuple(_LOOKS), label)
