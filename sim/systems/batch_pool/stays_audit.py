"""Whether nodes are out of service for as long as was drawn, and come back as what they should be.

A stay begins when something takes the node and ends with the drawn time: later only where the node
was out for another reason already, earlier only where something else takes it meanwhile.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.core.random_streams import Again
from sim.systems.base.failures import redraw_failures
from sim.systems.batch_pool.history import history
from sim.systems.batch_pool.requests import RebootNode, ReimageNode, Resize
from sim.systems.batch_pool.states import (
    CREATING,
    DRAINING,
    IDLE,
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

    from sim.core.log import Stack
    from sim.formats.distributions import Distribution
    from sim.systems.batch_pool.history import NodeRows
    from sim.systems.batch_pool.layout import PoolLayout


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


def broken_rules(layout: PoolLayout, stack: Stack) -> Iterator[str]:
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
    if layout.spec.failures is not None and layout.spec.failures.per_year:
        yield from _wrong_failures(layout, stack, rows, again)


def _reasons(layout: PoolLayout) -> Iterator[_Reason]:
    spec = layout.spec
    for number, operation in enumerate(layout.requests):
        body, name = operation.body, operation.name
        cause = layout.first_operation + number
        if name in layout.upgrades:
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


def _wrong_failures(
    layout: PoolLayout, stack: Stack, rows: NodeRows, again: Again
) -> Iterator[str]:
    """Nodes that are in service fail when it is drawn, and then only."""
    failures = layout.spec.failures
    assert failures is not None
    path, places = f"{layout.name}/failures", np.arange(stack.replications)
    strikes = redraw_failures(again, path, failures, places, layout.room, stack.horizon)
    node = strikes.place * stack.subjects.count + layout.first_node + strikes.member
    mine = np.flatnonzero((rows.cause == layout.actor("failures")) & (rows.new == UNUSABLE))
    # By node and instant: both are in order, so that each finds the other by a search.
    struck, failed = _instants(node, strikes.time), _instants(rows.key[mine], rows.time[mine])
    place = np.searchsorted(struck, failed)
    found = place < len(struck)
    if not found.all() or (struck[place] != failed).any():
        yield "a node failed that was not drawn to fail"
        return
    due = rows.time[mine] + strikes.recovery[place]
    if _differ(rows, mine, due, stack.horizon):
        yield "a node was not out for the time that was drawn (recovery)"
    # What a node was in before the instant of its failure; without a row before, as at the start.
    all_rows = _instants(rows.key, rows.time)
    before = np.searchsorted(all_rows, struck) - 1
    known = (before >= 0) & (rows.key[before] == node) if len(rows.key) else np.zeros(0, bool)
    status = stack.subjects.initial[layout.first_node + strikes.member] % WIDTH
    if len(rows.key):
        status = np.where(known, rows.new[before], status)
        after = np.minimum(before + 1, len(all_rows) - 1)
        changes = all_rows[after] == struck
    else:
        changes = np.zeros(len(struck), bool)
    if (np.isin(status, (IDLE, DRAINING)) & ~changes).any():
        yield "a node did not fail though it was drawn to"


def _instants(key: NDArray[np.int64], time: NDArray[np.float64]) -> NDArray[np.void]:
    """Key and time as one value that compares by both."""
    instants = np.empty(len(key), [("key", "<i8"), ("time", "<f8")])
    instants["key"], instants["time"] = key, time
    return instants
