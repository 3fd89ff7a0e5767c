"""What the log alone cannot know of an Arc fleet: the rules that every run must keep."""

from __future__ import annotations

from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from sim.core.random_streams import Again
from sim.core.rounding import at_most
from sim.core.timelines import Members
from sim.systems.arc_fleet import attempts_audit
from sim.systems.arc_fleet.layout import is_meant
from sim.systems.arc_fleet.requests import PublishExtension, RemoveExtension
from sim.systems.arc_fleet.scopes import NEVER, Scopes
from sim.systems.arc_fleet.states import (
    BACKING_OFF,
    CONNECTED,
    CURRENT,
    DISCONNECTED,
    FAILED,
    INSTALLING,
    ROLLING_BACK,
    UNDER_WAY,
    UNHEALTHY,
    WAITING,
    WIDTH,
)
from sim.systems.base.operation import windows_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sim.core.log import Block, Stack
    from sim.systems.arc_fleet.layout import FleetLayout, GroupLayout
    from sim.systems.arc_fleet.scopes import Changes, Scope

_BUSY = np.isin(np.arange(WIDTH), UNDER_WAY).astype(int)
"""By status 1 where an extension keeps its machine busy."""


def audit(layout: FleetLayout, stack: Stack) -> str | None:
    """The rule that a stack breaks, if any."""
    scopes = Scopes(layout, stack)
    rule = next(chain(broken_rules(scopes), _wrong_draws(scopes)), None)
    return None if rule is None else f"{layout.name}: {rule}"


def broken_rules(scopes: Scopes) -> Iterator[str]:
    """The rules that a fleet breaks whatever was drawn for it."""
    machines = _Machines(scopes)
    for place in range(len(scopes.layout.extensions)):
        if _touches_the_others(scopes, place):
            yield "a release touched an extension that is not enrolled"
        if _goes_down(scopes, place):
            yield "a version went down by neither a rollback nor a request"
        if _forgets_a_rollback(scopes, place):
            yield "a bad health window did not end in a rollback, or a rollback had none"
        if _starts_outside_windows(scopes, place):
            yield "an installation began outside its windows"
        if machines.starts_while_away(place):
            yield "an installation began on a disconnected machine"
        if _goes_unasked(scopes, place):
            yield "an extension was removed that no request named"
    if machines.do_two_things():
        yield "a machine was busy with two extensions at once"
    if machines.exceed_the_limit():
        yield "more machines were busy at once than `max_concurrent`"


def _wrong_draws(scopes: Scopes) -> Iterator[str]:
    """The rules that a fleet breaks by what was drawn for it."""
    if not all(_come_and_go_by_windows(scopes, group) for group in scopes.layout.groups):
        yield "a machine was not connected as its windows say"
    for place in range(len(scopes.layout.extensions)):
        history = scopes.history(place)
        yield from attempts_audit.broken_rules(scopes, place, history)
        yield from _wrong_discoveries(scopes, place, history)


def _touches_the_others(scopes: Scopes, place: int) -> bool:
    """Whether a release awaits or begins its installation where it is not enrolled."""
    rows = scopes.changes(place)
    status = rows.status
    begins = (status == INSTALLING) | (status == WAITING)
    chosen = np.flatnonzero(begins & scopes.is_release[rows.cause])
    enrolled = scopes.enrolled(place, rows.replication[chosen], rows.time[chosen])
    return not enrolled.all()


def _goes_down(scopes: Scopes, place: int) -> bool:
    """Whether a version goes down that no rollback takes back and no request names."""
    rows, layout = scopes.changes(place), scopes.layout
    down = (rows.new // WIDTH < rows.old // WIDTH) & (rows.new != 0)
    down &= rows.old % WIDTH != ROLLING_BACK
    asked = (rows.cause >= layout.first_operation) & (rows.cause < layout.first_upgrade)
    for rollout in range(layout.rollouts):
        scope = scopes.scope(rollout, place)
        if scope is not None and not scopes.is_published(rollout):
            named = rows.new // WIDTH == scope.target[rows.replication] // WIDTH
            asked |= named & (rows.cause == layout.first_upgrade + rollout)
    return bool((down & ~asked).any())


def _goes_unasked(scopes: Scopes, place: int) -> bool:
    """Whether an extension goes from a machine and no operation removes it."""
    rows, layout = scopes.changes(place), scopes.layout
    each = layout.extensions[place]
    removals = [
        layout.first_operation + number
        for number, operation in enumerate(layout.requests)
        if isinstance(operation.body, RemoveExtension)
        and is_meant(each, operation.body, layout.spec)
    ]
    return not np.isin(rows.cause[rows.new == 0], removals).all()


def _forgets_a_rollback(scopes: Scopes, place: int) -> bool:
    """Whether some rollback does not follow from a bad health window, or the other way round.

    One that a request installs anew has no former version, and fails at once.
    """
    rows = scopes.changes(place)
    unhealthy, back = rows.old % WIDTH == UNHEALTHY, rows.new % WIDTH == ROLLING_BACK
    anew = (rows.new % WIDTH == FAILED) & ~scopes.is_release[rows.cause]
    return bool((unhealthy != (back | (unhealthy & anew))).any())


def _starts_outside_windows(scopes: Scopes, place: int) -> bool:
    """Whether an installation begins while no window of its rollout is open."""
    rows, layout = scopes.changes(place), scopes.layout
    starts = rows.new % WIDTH == INSTALLING
    for rollout in range(layout.rollouts):
        windows = scopes.body(rollout).windows
        if windows:
            mine = starts & (rows.cause == layout.first_upgrade + rollout)
            is_open = windows_of(windows, layout.span).are_open(rows.time[mine])
            if not is_open.all():
                return True
    return False


class _Machines:
    """The machines of a fleet: what all their extensions do together."""

    def __init__(self, scopes: Scopes) -> None:
        self.scopes = scopes
        self._count = sum(group.count for group in scopes.layout.groups)

    def _machine(self, place: int) -> NDArray[np.int64]:
        """For each row of an extension the number of its machine, by replication."""
        rows, layout = self.scopes.changes(place), self.scopes.layout
        first = layout.group_of(layout.extensions[place]).first
        machine: NDArray[np.int64] = rows.replication * self._count + first + rows.machine
        return machine

    def do_two_things(self) -> bool:
        """Whether a machine begins something while another extension of it is busy."""
        keys = []
        for place in range(len(self.scopes.layout.extensions)):
            rows = self.scopes.changes(place)
            delta = _BUSY[rows.new % WIDTH] - _BUSY[rows.old % WIDTH]
            some = np.flatnonzero(delta)
            key = (self._machine(place)[some] << 32) | self._instants[rows.row[some]]
            # What takes no time, and what goes on at once, is no change.
            key, at = np.unique(key, return_inverse=True)
            change = np.bincount(at, delta[some], len(key))
            keys.append(((key << 1) | (change > 0))[change != 0])
        # By machine and instant, ends before beginnings, the two take turns: all rest at time 0.
        order = np.concatenate(keys)
        order.sort()
        begins, machine = order & 1 == 1, order >> 33
        return bool((begins[1:] & begins[:-1] & (machine[1:] == machine[:-1])).any())

    def exceed_the_limit(self) -> bool:
        """Whether more machines are busy at one instant than the fleet allows."""
        limit = self.scopes.layout.spec.max_concurrent
        if limit is None:
            return False
        busy = Members(self.scopes.stack, self.scopes.blocks("")).weigh(_busy)
        return bool((busy.maximum() > at_most(limit, self._count)).any())

    def starts_while_away(self, place: int) -> bool:
        """Whether an installation begins on a machine that is disconnected at that instant, or an
        extension is removed from it.
        """
        stack, each = self.scopes.stack, self.scopes.layout.extensions[place]
        group = self.scopes.layout.group_of(each)
        if group.connections is None:
            return False
        first = group.connections
        changes = np.flatnonzero(stack.about(first, group.count))
        if not len(changes):
            return False
        machine = stack.replication[changes] * group.count + stack.subject[changes] - first
        keys = (machine << 32) | self._instants[changes]
        order = np.argsort(keys, kind="stable")
        keys, away = keys[order], stack.new[changes[order]] == DISCONNECTED
        rows = self.scopes.changes(place)
        starts = np.flatnonzero((rows.status == INSTALLING) | (rows.new == 0))
        machine = rows.replication[starts] * group.count + rows.machine[starts]
        asked = (machine << 32) | self._instants[rows.row[starts]]
        last = np.searchsorted(keys, asked, side="right") - 1
        changed = (last >= 0) & (keys[last] >> 32 == machine)
        return bool((changed & away[last]).any())

    @cached_property
    def _instants(self) -> NDArray[np.int64]:
        """For each row of the stack the number of its instant: what holds then holds after it."""
        stack = self.scopes.stack
        begins = np.ones(len(stack.time), np.int64)
        np.not_equal(stack.time[1:], stack.time[:-1], out=begins[1:], casting="unsafe")
        begins[stack.start[:-1][np.diff(stack.start) > 0]] = 1
        return np.cumsum(begins)


def _busy(block: Block) -> NDArray[np.int64]:
    return np.tile(_BUSY, len(block.states) // WIDTH)


def _come_and_go_by_windows(scopes: Scopes, group: GroupLayout) -> bool:
    """Whether those machines go and come back with their windows that are drawn for it."""
    layout, stack, away = scopes.layout, scopes.stack, group.spec.disconnected
    windows = layout.connected(group)
    if windows is None or away is None or group.connections is None:
        return True
    opens, closes = (each[np.isfinite(each)] for each in windows.intervals)
    times = np.concatenate([opens, closes])
    is_open = np.repeat([True, False], [len(opens), len(closes)])
    due = (times > 0) & (times <= stack.horizon)
    times, states = times[due], np.where(is_open, CONNECTED, DISCONNECTED)[due]
    if not windows.are_open(np.zeros(1))[0]:
        times, states = np.append(times, 0.0), np.append(states, DISCONNECTED)
    order = np.argsort(times)
    replication, machine = np.indices((stack.replications, group.count)).reshape(2, -1)
    path = f"{layout.name}/{group.name}/disconnected"
    never_tried = np.zeros(len(machine), np.int64)
    chosen = Again(stack.seed, stack.numbers).happens(
        path, away.share, (replication, machine, never_tried)
    )
    who = machine[chosen] + replication[chosen] * group.count
    rows = stack.histories(group.connections, group.count)
    key = stack.subject[rows] - group.connections + stack.replication[rows] * group.count
    return (
        np.array_equal(key, np.repeat(who, len(times)))
        and np.array_equal(stack.time[rows], np.tile(times[order], len(who)))
        and np.array_equal(stack.new[rows], np.tile(states[order], len(who)))
    )


# Discoveries --------------------------------------------------------------------------------------


def _wrong_discoveries(scopes: Scopes, place: int, history: Changes) -> Iterator[str]:
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
