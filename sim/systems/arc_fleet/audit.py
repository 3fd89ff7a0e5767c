"""What the log alone cannot know of an Arc fleet: the rules that every run must keep."""

from __future__ import annotations

from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from sim.core.log import OPERATION, SUCCEEDED
from sim.core.random_streams import Again
from sim.core.rounding import at_most
from sim.core.timelines import Members
from sim.systems.arc_fleet import attempts_audit, discoveries_audit
from sim.systems.arc_fleet.history import NEVER
from sim.systems.arc_fleet.layout import is_meant
from sim.systems.arc_fleet.requests import RemoveExtension
from sim.systems.arc_fleet.scopes import Scopes
from sim.systems.arc_fleet.states import (
    CONNECTED,
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
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from sim.core.log import Block
    from sim.core.stack import Stack
    from sim.systems.arc_fleet.layout import FleetLayout, GroupLayout

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
        yield from _goes_wrong(scopes, place)
        if machines.starts_while_away(place):
            yield "an installation began on a disconnected machine"
        if machines.removes_while_busy(place):
            yield "an extension was removed from a machine that was busy"
    if machines.do_two_things():
        yield "a machine was busy with two extensions at once"
    if machines.exceed_the_limit():
        yield "more machines were busy at once than `max_concurrent`"


def _goes_wrong(scopes: Scopes, place: int) -> Iterator[str]:
    """The rules that one extension of a group breaks by itself."""
    for is_broken, rule in _RULES:
        if is_broken(scopes, place):
            yield rule


def _wrong_draws(scopes: Scopes) -> Iterator[str]:
    """The rules that a fleet breaks by what was drawn for it."""
    if not all(_come_and_go_by_windows(scopes, group) for group in scopes.layout.groups):
        yield "a machine was not connected as its windows say"
    for place in range(len(scopes.layout.extensions)):
        history = scopes.history(place)
        yield from attempts_audit.broken_rules(scopes, place, history)
        yield from discoveries_audit.broken_rules(scopes, place, history)


def _touches_unnamed(scopes: Scopes, place: int) -> bool:
    """Whether an operation, or the rollout that it began, changes an extension that it does not
    name, or what is wanted of that.
    """
    layout, each = scopes.layout, scopes.layout.extensions[place]
    is_cause = np.zeros(scopes.stack.subjects.count, bool)
    is_cause[scopes.changes(place).cause] = True
    causes = np.flatnonzero(is_cause)
    begun = causes[(causes >= layout.first_upgrade)] - layout.first_upgrade
    asked = causes[(causes >= layout.first_operation) & (causes < layout.first_upgrade)]
    operations = {one.operation for one in scopes.wanted(place)}
    operations |= {*(asked - layout.first_operation).tolist()}
    bodies = [layout.requests[number].body for number in operations]
    bodies += [scopes.body(rollout) for rollout in begun.tolist() if rollout < layout.rollouts]
    return not all(is_meant(each, body, layout.spec) for body in bodies)


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


def _stays(scopes: Scopes, place: int) -> bool:
    """Whether machines have an extension at the horizon that a removal took away and nothing put
    there since.
    """
    stack, layout = scopes.stack, scopes.layout
    last, latest = np.full(stack.replications, -1), np.full(stack.replications, -np.inf)
    for one in scopes.wanted(place):
        newer = (one.at < NEVER) & (one.at >= latest)
        last[newer], latest[newer] = one.operation, one.at[newer]
    for number in set(last[last >= 0].tolist()):
        if isinstance(layout.requests[number].body, RemoveExtension):
            states = stack.final[:, layout.first_operation + number] % OPERATION.width
            gone = (last == number) & (states == SUCCEEDED)
            if (scopes.final(place)[gone] != 0).any():
                return True
    return False


def _forgets_a_rollback(scopes: Scopes, place: int) -> bool:
    """Whether some rollback does not follow from a bad health window, or the other way round.

    One that a request installs again has no former version, and fails at once.
    """
    rows = scopes.changes(place)
    unhealthy, back = rows.old % WIDTH == UNHEALTHY, rows.new % WIDTH == ROLLING_BACK
    again = (rows.new % WIDTH == FAILED) & ~scopes.is_release[rows.cause]
    return bool((unhealthy != (back | (unhealthy & again))).any())


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
        order = self._turns
        begins, machine = order & 1 == 1, order >> 33
        return bool((begins[1:] & begins[:-1] & (machine[1:] == machine[:-1])).any())

    @cached_property
    def _turns(self) -> NDArray[np.int64]:
        """When machines begin and end with something: the machine, the instant's number, and 1 for
        a beginning, in one number. Ascending: ends come before beginnings, and the two take turns,
        as all rest at time 0.
        """
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
        order = np.concatenate(keys)
        order.sort()
        return order

    def removes_while_busy(self, place: int) -> bool:
        """Whether an extension is removed from a machine in the midst of something."""
        rows = self.scopes.changes(place)
        gone = np.flatnonzero(rows.new == 0)
        if not len(gone):
            return False
        machine = self._machine(place)[gone]
        key = (machine << 32) | self._instants[rows.row[gone]]
        before = np.append(self._turns, -1)[np.searchsorted(self._turns, key << 1) - 1]
        is_busy = (before >> 33 == machine) & (before & 1 == 1)
        return bool((is_busy & ~np.isin(key, self._ends)).any())

    @cached_property
    def _ends(self) -> NDArray[np.int64]:
        """When machines end something, by machine and instant, whatever they begin then."""
        keys = []
        for place in range(len(self.scopes.layout.extensions)):
            rows = self.scopes.changes(place)
            some = np.flatnonzero(_BUSY[rows.new % WIDTH] < _BUSY[rows.old % WIDTH])
            keys.append((self._machine(place)[some] << 32) | self._instants[rows.row[some]])
        return np.concatenate(keys)

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


_RULES: tuple[tuple[Callable[[Scopes, int], bool], str], ...] = (
    (_touches_unnamed, "an operation touched machines that it does not name"),
    (_touches_the_others, "a release touched an extension that is not enrolled"),
    (_goes_down, "a version went down by neither a rollback nor a request"),
    (_forgets_a_rollback, "a bad health window did not end in a rollback, or a rollback had none"),
    (_starts_outside_windows, "an installation began outside its windows"),
    (_goes_unasked, "an extension was removed that no request named"),
    (_stays, "an extension that was removed is still there"),
)
"""Whether an extension breaks a rule by itself, and which."""
