"""Whether upgrades go through the nodes of a pool as it says, and nodes come back as they should.

An upgrade takes all nodes, so many at once, in order. A node that drains already when its turn
comes shows nothing by then; what is counted as out by an upgrade is what its rows say, never more
than there was.

A stay out of service begins when something takes the node and ends with the drawn time: later only
where the node was out for another reason already, earlier only where something else takes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.core.log import UPGRADE, UPGRADE_ENDS
from sim.core.random_streams import Again
from sim.core.rounding import at_most
from sim.systems.base.failures import redraw_failures
from sim.systems.base.operation import windows_of
from sim.systems.batch_pool.history import history
from sim.systems.batch_pool.requests import RebootNode, ReimageNode, Resize
from sim.systems.batch_pool.states import (
    CREATING,
    DRAINING,
    IDLE,
    LEAVING,
    PREEMPTED,
    PREEMPTIONS,
    REBOOTING,
    REIMAGING,
    START_TASK_FAILED,
    UNUSABLE,
    UPGRADING_OS,
    WAITING_FOR_START_TASK,
    WIDTH,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sim.core.stack import Stack
    from sim.formats.distributions import Distribution
    from sim.systems.base.failures import Failures
    from sim.systems.batch_pool.history import NodeRows
    from sim.systems.batch_pool.layout import PoolLayout


class _Takings(NamedTuple):
    """The rows by which an upgrade takes nodes, in order of the stack; shape (takings,)."""

    place: NDArray[np.intp]
    """In the rows of nodes."""
    row: NDArray[np.int64]
    """In the stack."""
    replication: NDArray[np.intp]
    node: NDArray[np.int64]
    time: NDArray[np.float64]


def broken_rules(layout: PoolLayout, stack: Stack) -> Iterator[str]:
    """The rules that upgrades and stays out of service break."""
    rollouts = np.flatnonzero(stack.about(layout.first_upgrade, layout.rollouts))
    for name in layout.upgrades:
        yield from _Upgrade(layout, stack, name, rollouts).broken_rules()
    yield from _broken_by_stays(layout, stack)


class _Upgrade:
    """One upgrade of a pool in each replication of a stack."""

    def __init__(
        self, layout: PoolLayout, stack: Stack, name: str, rollouts: NDArray[np.intp]
    ) -> None:
        self._layout, self._stack = layout, stack
        rows = self._rows = history(layout, stack).nodes
        self._rules = layout.spec.walk_rules
        self._subject = layout.upgrade(name)
        self._target = layout.brings(name)
        self._body: Any = layout.request(name).body
        own = rollouts[stack.subject[rollouts] == self._subject]
        self._begins, self._ends = np.full((2, stack.replications), len(stack.time))
        begins, ends = (
            own[stack.old[own] == 0],
            own[np.isin(stack.new[own] % UPGRADE.width, UPGRADE_ENDS)],
        )
        self._begins[stack.replication[begins]] = begins
        self._ends[stack.replication[ends]] = ends
        self._mine = rows.cause == self._subject
        self._taking = self._mine & np.isin(rows.new, (DRAINING, REIMAGING, UPGRADING_OS))

    def broken_rules(self) -> Iterator[str]:
        """Each in words."""
        rows = self._rows
        upgraded = self._mine & (rows.new != 0) & rows.follows
        upgraded[1:] &= self._mine[:-1] & np.isin(rows.old[1:], (REIMAGING, UPGRADING_OS))
        if (rows.version[upgraded] != self._target).any():
            yield "a node came back from an upgrade on another version"
        if self._forgets_a_node():
            yield "an upgrade was completed without one of the nodes"
        takings = self._takings()
        if not windows_of(self._body.windows, self._layout.span).are_open(takings.time).all():
            yield "a node was taken outside the windows of its upgrade"
        if self._rules.order == "number" and self._out_of_order(takings):
            yield "nodes were not taken in the order of their numbers"
        yield from self._wrong_waves(takings)

    def _forgets_a_node(self) -> bool:
        """Whether a node that nothing else happened to is on another version after the upgrade."""
        stack, rows, layout = self._stack, self._rows, self._layout
        first, over = layout.first_node, self._ends < len(stack.time)
        shape = stack.replications, layout.room
        initial = stack.subjects.initial[first : first + layout.room]
        version, status = (np.tile(codes, (shape[0], 1)) for codes in np.divmod(initial, WIDTH))
        past = rows.row < self._ends[rows.replication]
        where = rows.replication[past], rows.node[past]
        version[where], status[where] = rows.version[past], rows.new[past]
        asked = (rows.cause >= layout.first_operation) & (rows.cause < layout.first_upgrade)
        # What is to be removed may end an upgrade just before its own row tells so.
        ends = np.full(len(self._ends), np.inf)
        ends[over] = stack.time[self._ends[over]]
        asked &= (rows.time <= ends[rows.replication]) & (rows.row > self._begins[rows.replication])
        spared = np.isin(status, (0, DRAINING, LEAVING, PREEMPTED))
        spared[rows.replication[asked], rows.node[asked]] = True
        return bool((over[:, None] & ~spared & (version != self._target)).any())

    def _takings(self) -> _Takings:
        """Where it was that row that took a node, not one that it drained already."""
        rows = self._rows
        together = np.zeros(len(rows.key), bool)
        together[1:] = rows.follows[1:] & (rows.time[1:] == rows.time[:-1])
        place = np.flatnonzero(self._taking & (rows.old != DRAINING) & ~together)
        # Of each node the first one: what drained may fail, and is then taken again.
        _, first = np.unique(rows.key[place], return_index=True)
        place = place[first]
        place = place[np.argsort(rows.row[place])]
        where = rows.row[place], rows.replication[place]
        return _Takings(place, *where, rows.node[place], rows.time[place])

    @staticmethod
    def _out_of_order(takings: _Takings) -> bool:
        same = takings.replication[1:] == takings.replication[:-1]
        return bool((same & (takings.node[1:] < takings.node[:-1])).any())

    def _wrong_waves(self, takings: _Takings) -> Iterator[str]:
        """How many are out at once, and whether a wave waits for the one before and the pause."""
        rows, stack = self._rows, self._stack
        out = self._taking | (self._mine & (rows.new == WAITING_FOR_START_TASK))
        was = np.zeros(len(out), bool)
        was[1:] = out[:-1] & rows.follows[1:]
        moves = np.flatnonzero(out != was)
        moves = moves[np.argsort(rows.row[moves])]
        takes, replication, time = out[moves], rows.replication[moves], rows.time[moves]
        count = np.cumsum(np.where(takes, 1, -1))
        begins = np.searchsorted(replication, np.arange(stack.replications))
        before = np.concatenate([[0], count])[begins]
        count -= before[replication]
        if (count > self._limits()[replication]).any():
            yield "more nodes were out for an upgrade at once than `max_concurrent`"
        if self._rules.rolling or not len(moves):
            return
        first = takes & (count == 1)
        wave = np.maximum.accumulate(np.where(first, np.arange(len(moves)), 0))
        takes = np.isin(moves, takings.place)  # one that failed while it drained is taken again
        if (takes & (time != time[wave])).any():
            yield "a wave of an upgrade began before the one before it was back"
        again = np.flatnonzero((first & takes)[1:] & (replication[1:] == replication[:-1])) + 1
        if (time[again] < time[again - 1] + self._rules.pause).any():
            yield "a wave of an upgrade began before the pause was over"

    def _limits(self) -> NDArray[np.int64]:
        """Most nodes at once in each replication: a share is one of those that were there."""
        rows, spec = self._rows, self._layout.spec
        change = (rows.new != 0).astype(np.int64) - (rows.old != 0)
        past = rows.row < self._begins[rows.replication]
        came = np.bincount(rows.replication[past], change[past], self._stack.replications)
        there = came.astype(np.int64) + spec.nodes
        limits = [at_most(self._rules.limit, count) for count in there.tolist()]
        return np.array(limits, np.int64)


class _Reason(NamedTuple):
    """Why nodes are out for a while."""

    cause: int
    """Its subject."""
    name: str
    """Of the operation, by which it is drawn."""
    status: int
    purpose: str
    """In the path of its draws."""
    seconds: Distribution


def _broken_by_stays(layout: PoolLayout, stack: Stack) -> Iterator[str]:
    """The rules that stays break."""
    again, rows = Again(stack.seed, stack.numbers), history(layout, stack).nodes
    for reason in _reasons(layout):
        mine = np.flatnonzero((rows.cause == reason.cause) & (rows.new == reason.status))
        path = f"{layout.name}/{reason.purpose}/{reason.name}"
        once = np.zeros(len(mine), np.int64)
        drawn = again.times(path, reason.seconds, (rows.replication[mine], rows.node[mine], once))
        if _differ(rows, mine, rows.time[mine] + drawn, stack.horizon):
            yield f"a node was not out for the time that was drawn ({reason.purpose})"
    yield from _wrong_starts(layout, stack, rows, again)
    for strike in _strikes(layout):
        yield from _wrong_strikes(layout, stack, rows, again, strike)


def _reasons(layout: PoolLayout) -> Iterator[_Reason]:
    spec = layout.spec
    for number, operation in enumerate(layout.requests):
        body, name = operation.body, operation.name
        cause = layout.first_operation + number
        if layout.begins_upgrade(name):
            status = REIMAGING if operation.kind == "upgrade_os" else UPGRADING_OS
            yield _Reason(layout.upgrade(name), name, status, "node_upgrade", spec.node_upgrade)
        elif isinstance(body, RebootNode):
            yield _Reason(cause, name, REBOOTING, "reboot", spec.reboot)
        elif isinstance(body, ReimageNode):
            assert spec.reimage is not None
            yield _Reason(cause, name, REIMAGING, "reimage", spec.reimage)
        elif isinstance(body, Resize):
            yield _Reason(cause, name, CREATING, "create", spec.create)


def _differ(
    rows: NodeRows, begins: NDArray[np.intp], due: NDArray[np.float64], horizon: float
) -> bool:
    """Whether stays that begin with some rows do not end when they are due."""
    until, goes_on = rows.until[begins], rows.next_cause[begins] == rows.cause[begins]
    # One that was out already may have to stay longer.
    fresh = np.isin(rows.old[begins], (0, IDLE, DRAINING, START_TASK_FAILED))
    early = goes_on & (until < due)
    late = fresh & (until > due) & (due <= horizon)
    return bool((early | late).any())


def _wrong_starts(layout: PoolLayout, stack: Stack, rows: NodeRows, again: Again) -> Iterator[str]:
    """Start tasks after all but failures, whose attempts are counted over all of them."""
    spec = layout.spec.start_task
    if not spec.wait_for_success:
        return
    for reason in _reasons(layout):
        mine = np.flatnonzero((rows.cause == reason.cause) & (rows.new == WAITING_FOR_START_TASK))
        members = rows.replication[mine], rows.node[mine]
        seconds, failed = np.zeros(len(mine)), np.ones(len(mine), bool)
        attempt = 0
        while failed.any() and attempt <= (spec.max_retry_count % 2**31):
            part = (members[0][failed], members[1][failed])
            number = np.full(len(part[0]), attempt)
            path = f"{layout.name}/start_task"
            drawn = again.times(f"{path}/{reason.name}", spec.duration, (*part, number))
            fails = again.happens(f"{path}_fails/{reason.name}", spec.fails, (*part, number))
            seconds[failed] += drawn
            failed[failed] = fails
            attempt += 1
        until, goes_on = rows.until[mine], rows.next_cause[mine] == rows.cause[mine]
        due = rows.time[mine] + seconds
        if ((goes_on & (until != due)) | ((until > due) & (due <= stack.horizon))).any():
            yield "a start task did not take the time that was drawn for it"
        back = mine[goes_on] + 1
        if ((rows.new[back] == START_TASK_FAILED) != failed[goes_on]).any():
            yield "a start task did not fail or succeed as was drawn"


class _Strike(NamedTuple):
    """What happens to nodes that are in service, by chance."""

    actor: str
    status: int
    process: Failures
    are_final: bool
    """Whether nodes never return."""
    done: str
    """What a node did, in words."""
    drawn: str
    took: str


def _strikes(layout: PoolLayout) -> Iterator[_Strike]:
    failures, preemptions = layout.spec.failures, layout.spec.preemptions
    if failures is not None and failures.per_year:
        words = "failed", "fail", "recovery"
        yield _Strike("failures", UNUSABLE, failures, False, *words)
    if preemptions is not None and preemptions.per_hour:
        words, process = ("was preempted", "be preempted", "returns"), preemptions.process
        yield _Strike(PREEMPTIONS, PREEMPTED, process, preemptions.are_final, *words)


def _wrong_strikes(
    layout: PoolLayout, stack: Stack, rows: NodeRows, again: Again, strike: _Strike
) -> Iterator[str]:
    """Nodes that are in service fail, or are preempted, when it is drawn, and then only."""
    path, places = f"{layout.name}/{strike.actor}", np.arange(stack.replications)
    drawn = redraw_failures(again, path, strike.process, places, layout.room, stack.horizon)
    node = drawn.place * stack.subjects.count + layout.first_node + drawn.member
    mine = np.flatnonzero((rows.cause == layout.actor(strike.actor)) & (rows.new == strike.status))
    # By node and instant: both are in order, so that each finds the other by a search.
    due, failed = _instants(node, drawn.time), _instants(rows.key[mine], rows.time[mine])
    place = np.searchsorted(due, failed)
    if (place == len(due)).any() or (due[place] != failed).any():
        yield f"a node {strike.done} that was not drawn to {strike.drawn}"
        return
    out = np.inf if strike.are_final else drawn.recovery[place]
    if _differ(rows, mine, rows.time[mine] + out, stack.horizon):
        yield f"a node was not out for the time that was drawn ({strike.took})"
    # What a node was in before the instant of its failure; without a row before, as at the start.
    status = stack.subjects.initial[layout.first_node + drawn.member] % WIDTH
    changes = np.zeros(len(due), bool)
    if len(rows.key):
        all_rows = _instants(rows.key, rows.time)
        before = np.searchsorted(all_rows, due) - 1
        known = (before >= 0) & (rows.key[before] == node)
        status[known] = rows.new[before[known]]
        changes = all_rows[np.minimum(before + 1, len(all_rows) - 1)] == due
    if (np.isin(status, (IDLE, DRAINING)) & ~changes).any():
        did_not = "did not fail" if strike.actor == "failures" else "was not preempted"
        yield f"a node {did_not} though it was drawn to"


def _instants(key: NDArray[np.int64], time: NDArray[np.float64]) -> NDArray[np.void]:
    """Key and time as one value that compares by both."""
    instants = np.empty(len(key), [("key", "<i8"), ("time", "<f8")])
    instants["key"], instants["time"] = key, time
    return instants
