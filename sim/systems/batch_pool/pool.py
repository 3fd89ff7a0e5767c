"""A pool of nodes: its state, its size, its upgrade; and the failures that happen to its nodes.

Source: "Get information about a pool": while an upgrade is on, the pool is `upgrading` and its
currentOSVersion is the one that nodes come from; when all are done it is the one they run.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sim.core.log import COMPLETED, UPGRADE_FAILED, UPGRADING
from sim.systems.base.context import ACT
from sim.systems.base.failures import FailureProcess
from sim.systems.base.targets import REACHED, REQUESTED, Target
from sim.systems.batch_pool.draws import Starts
from sim.systems.batch_pool.node import Claim
from sim.systems.batch_pool.nodes import Nodes
from sim.systems.batch_pool.states import (
    CREATING,
    POOL_ACTIVE,
    POOL_UPGRADING,
    PREEMPTED,
    PREEMPTIONS,
    RESIZING,
    START_TASK_FAILED,
    STEADY,
)
from sim.systems.batch_pool.walk import Walk

if TYPE_CHECKING:
    from collections.abc import Callable

    from sim.systems.base.context import Context, ScheduledEvent
    from sim.systems.batch_pool.draws import Tasks
    from sim.systems.batch_pool.layout import PoolLayout
    from sim.systems.batch_pool.node import Node
    from sim.systems.batch_pool.walk import Plan


class Pool:
    """One pool while it runs."""

    def __init__(self, context: Context, layout: PoolLayout, tasks: Tasks) -> None:
        self.context, self.layout = context, layout
        self.nodes = Nodes(context, layout, tasks)
        self.nodes.left.append(self._left)
        self.target = Target(context, layout.target)
        """The version that nodes are to have: new ones come at it."""
        self.size = Target(context, layout.size)
        """How many nodes it is to have."""
        self.walk: Walk | None = None
        """The upgrade under way."""
        self.resizing = False

    def begin(self) -> None:
        """Let tasks arrive, nodes fail and spot nodes be preempted."""
        self.nodes.scheduler.begin()
        self._let_nodes_fail()
        self._let_nodes_be_preempted()

    def _let_nodes_fail(self) -> None:
        failures = self.layout.spec.failures
        if failures is None or not failures.per_year:
            return
        starts = Starts(self.context, self.layout, "failures")
        mode, cause = self.layout.spec.interruptions.on_failure, self.layout.actor("failures")

        def fail(number: int, recovery: float) -> None:
            self.nodes.fail(self.nodes.every[number], recovery, starts, cause, mode)

        subjects = [node.subject for node in self.nodes.every]
        path = f"{self.layout.name}/failures"
        FailureProcess(self.context, path, failures, subjects, fail).begin()

    def _let_nodes_be_preempted(self) -> None:
        preemptions = self.layout.spec.preemptions
        if preemptions is None or not preemptions.per_hour:
            return
        starts = Starts(self.context, self.layout, PREEMPTIONS)
        cause, are_final = self.layout.actor(PREEMPTIONS), preemptions.are_final

        # Assumption: a node that is out of service is not preempted.
        def preempt(number: int, seconds: float) -> None:
            node = self.nodes.every[number]
            if node.is_up:
                until = math.inf if are_final else seconds
                self.nodes.preempt(node, until, starts, cause, self.target.version)
                self._left(node)

        subjects = [node.subject for node in self.nodes.every]
        path = f"{self.layout.name}/{PREEMPTIONS}"
        FailureProcess(self.context, path, preemptions.process, subjects, preempt).begin()

    # Upgrades.

    def upgrade(self, plan: Plan, cause: int) -> None:
        """Take every node to another version."""
        self._record(plan.subject, 0, UPGRADING, cause)
        if plan.shows:
            self._record(self.layout.pool, POOL_ACTIVE, POOL_UPGRADING, plan.subject)
        self.target.becomes(REQUESTED, plan.version, plan.subject)
        for node in self.nodes.present:
            if node.status == PREEMPTED and node.stay is not None:
                node.stay.version = plan.version

        def completed() -> None:
            broken = any(node.status == START_TASK_FAILED for node in walk.covered)
            self.walk = None
            end = UPGRADE_FAILED if broken else COMPLETED
            self._record(plan.subject, UPGRADING, end, plan.subject)
            self.target.becomes(REACHED, plan.version, plan.subject)
            if plan.shows:
                self._record(self.layout.pool, POOL_UPGRADING, POOL_ACTIVE, plan.subject)

        self.walk = walk = Walk(self.context, self.nodes, plan, completed)
        walk.begin()

    def _left(self, node: Node) -> None:
        if self.walk is not None:
            self.walk.removed(node)

    # Resizing.

    def grow(self, count: int, starts: Starts, path: str, cause: int) -> Resizing:
        """Add nodes; they come at the version that the pool is to have."""
        absent = [node for node in self.nodes.every if not node.status][:count]
        seconds = self.context.draws.times(path, self.layout.spec.create, self.layout.room)
        resizing = Resizing(self, absent, cause)
        for node in absent:
            # Assumption: nodes that are added during an upgrade come at its version.
            node.version = self.target.version
            stay = self.nodes.hold(node, CREATING, seconds[node.number, 0], starts, cause, "")
            stay.arrived.append(resizing.settled)
        return resizing

    def shrink(self, count: int, option: str, cause: int) -> Resizing:
        """Remove the nodes with the highest numbers; `option` says what their tasks do."""
        # Assumption: a resize removes the nodes with the highest numbers.
        leaving = self.nodes.present[-count:]
        resizing = Resizing(self, leaving, cause)
        for node in reversed(leaving):
            if option in ("requeue", "terminate") or not node.is_up:
                self.nodes.remove(node, cause, option)
                resizing.settled(node)
            else:
                if self.walk is not None:
                    self.walk.removed(node)
                claim = Claim(resizing.retire(option), resizing.settled, leaves=True)
                self.nodes.drain(node, claim, cause)
        return resizing

    def allocate(self, *, resizing: bool, cause: int) -> None:
        """The allocation of nodes is resizing, or steady again."""
        states = (STEADY, RESIZING) if resizing else (RESIZING, STEADY)
        self.resizing = resizing
        self._record(self.layout.allocation, *states, cause)

    def _record(self, subject: int, old: int, new: int, cause: int) -> None:
        self.context.record(self.context.now, subject, old, new, cause)


class Resizing:
    """A resize under way: it ends when each of its nodes is there, or gone."""

    def __init__(self, pool: Pool, nodes: list[Node], cause: int) -> None:
        self._pool, self._cause = pool, cause
        self._open = {node.number for node in nodes}
        self.ended: Callable[[], None] | None = None

    @property
    def is_over(self) -> bool:
        """Whether no node is open."""
        return not self._open

    def settled(self, node: Node) -> None:
        """A node is there, or gone."""
        self._open.discard(node.number)
        if not self._open and self.ended is not None:
            self.ended()

    def retire(self, option: str) -> Callable[[Node], None]:
        """What happens to a node that leaves once it is empty."""

        def take(node: Node) -> None:
            retention, now = self._pool.layout.spec.retention_time, self._pool.context.now
            seconds = node.data_retained(retention, now) if option == "retaineddata" else 0.0
            if seconds:
                self._pool.nodes.retire(node, self._cause)
                self._pool.context.call(seconds, ACT, node.subject, self._remove, node)
            else:
                self._take(node)

        return take

    def _remove(self, event: ScheduledEvent) -> None:
        self._take(event.argument)

    def _take(self, node: Node) -> None:
        self._pool.nodes.remove(node, self._cause, "requeue")
        self.settled(node)
