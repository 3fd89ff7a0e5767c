"""Releases that machines of a fleet did not discover as was drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.core.random_streams import Again
from sim.systems.arc_fleet.history import NEVER
from sim.systems.arc_fleet.layout import is_meant
from sim.systems.arc_fleet.requests import PublishExtension
from sim.systems.arc_fleet.states import BACKING_OFF, CURRENT, INSTALLING, WAITING, WIDTH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sim.systems.arc_fleet.history import Changes
    from sim.systems.arc_fleet.scopes import Scope, Scopes


def broken_rules(scopes: Scopes, place: int, history: Changes) -> Iterator[str]:
    """The rules that the discoveries of an extension break.

    A machine that a release covers awaits it, or begins with it, at the instant of its discovery:
    unless it is busy, has failed, was opted out, or began with a release since the publication.
    """
    found = []
    for rollout in range(scopes.layout.rollouts):
        scope = scopes.scope(rollout, place) if scopes.is_published(rollout) else None
        if scope is not None:
            times = _discoveries(scopes, rollout, place, scope)
            if _are_lost(scopes, rollout, place, scope, times):
                yield "a machine discovered a release and did not begin with it"
            found.append(times)
    if _come_early(scopes, place, history, found):
        yield "a release was begun with before the machine discovered it"


def _discoveries(scopes: Scopes, rollout: int, place: int, scope: Scope) -> NDArray[np.float64]:
    """When machines discover a release, shape (replications, machines); NaN where not known."""
    each, layout = scopes.layout.extensions[place], scopes.layout
    times = np.full(scope.members.shape, np.nan)
    replication, machine = np.nonzero(scope.members)
    first = _first_of_the_instant(scopes, rollout)
    reasons = first[replication]
    for reason in np.unique(reasons[reasons >= 0]).tolist():
        mine = np.flatnonzero(reasons == reason)
        path = f"{layout.name}/{each.group}/discovery/{layout.operations[reason]}"
        rows = replication[mine], machine[mine], np.zeros(len(mine), np.int64)
        again = Again(scopes.stack.seed, scopes.stack.numbers)
        delays = again.times(path, layout.on[each.group].discovery, rows)
        times[replication[mine], machine[mine]] = scope.since[replication[mine]] + delays
    return times


def _first_of_the_instant(scopes: Scopes, rollout: int) -> NDArray[np.int64]:
    """By replication the first release published together with one: they are discovered together.

    -1 where that one began no rollout: whether it concerned anybody is not in the log.
    """
    upgrades = [scopes.layout.operation_number(name) for name in scopes.layout.upgrades]
    at = scopes.asked_at(rollout)
    first = np.full(len(at), -1)
    for number, operation in reversed(list(enumerate(scopes.layout.requests))):
        if isinstance(operation.body, PublishExtension):
            together = scopes.accepted[:, number] == at
            began = scopes.began[:, upgrades.index(number)] < NEVER
            first = np.where(together, np.where(began, number, -1), first)
    return first


def _are_lost(
    scopes: Scopes, rollout: int, place: int, scope: Scope, times: NDArray[np.float64]
) -> bool:
    """Whether a machine neither awaits nor begins anything from the publication to a discovery."""
    rows, each = scopes.changes(place), scopes.layout.extensions[place]
    where = rows.replication, rows.machine
    past = rows.time <= times[where]  # not where that is not known
    codes = np.full(scope.members.shape, scopes.initial(place), np.int16)
    codes[rows.replication[past], rows.machine[past]] = rows.new[past]
    status = rows.new % WIDTH
    begins = past & ((status == WAITING) | (status == INSTALLING))
    begins &= rows.time >= scope.since[rows.replication]
    tried = np.zeros(scope.members.shape, bool)
    tried[rows.replication[begins], rows.machine[begins]] = True
    release = scopes.body(rollout).version
    rests = np.isin(codes % WIDTH, (CURRENT, BACKING_OFF)) & each.covered(release)[codes]
    lost = rests & ~tried & (times <= scopes.stack.horizon)
    for at in scopes.opt_outs(place):
        lost &= ~((at[:, None] >= scope.since[:, None]) & (at[:, None] <= times))
    return bool(lost.any())


def _come_early(
    scopes: Scopes, place: int, history: Changes, found: list[NDArray[np.float64]]
) -> bool:
    """Whether a release is begun with at another instant than that of a discovery.

    Asked only where all that comes to an extension are releases that began a rollout: what is opted
    in, or asked for, is discovered besides.
    """
    layout, each = scopes.layout, scopes.layout.extensions[place]
    asked = [k for k, one in enumerate(layout.requests) if is_meant(each, one.body, layout.spec)]
    if not found or any(not isinstance(layout.requests[k].body, PublishExtension) for k in asked):
        return False
    plain = np.ones(scopes.stack.replications, bool)
    for number in asked:
        rollout = layout.upgrade_number(layout.operations[number])
        came = scopes.accepted[:, number] < NEVER
        plain &= ~came | (_first_of_the_instant(scopes, rollout) >= 0)
    rests = (history.old % WIDTH == CURRENT) & plain[history.replication]
    key = scopes.stack.key[history.row]
    # What was discovered while another one was under way is due at the end of that.
    rests[1:] &= (history.time[1:] != history.time[:-1]) | (key[1:] != key[:-1])
    starts = np.flatnonzero(rests)
    discovered = np.zeros(len(starts), bool)
    for times in found:
        here = times[history.replication[starts], history.machine[starts]]
        discovered |= here == history.time[starts]
    return not discovered.all()
