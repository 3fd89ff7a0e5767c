"""The life of a node: in service, taken out, started, given back; drained before, where asked.

Source: "Get information about a node" (states, scheduling), "Reboot a node", "Reimage a node",
"Add a pool" (the start task runs every time that a node starts). A stay out of service that is
overtaken by another is not taken back from the event queue: it is no longer its node's.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sim.systems.base.context import RETURN
from sim.systems.batch_pool.node import Claim, Node, Stay
from sim.systems.batch_pool.scheduler import Scheduler
from sim.systems.batch_pool.states import (
    DRAINING,
    IDLE,
    IN_SERVICE,
    LEAVING,
    OFFLINE,
    PREEMPTED,
    START_TASK_FAILED,
    UNUSABLE,
    WAITING_FOR_START_TASK,
    WIDTH,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from sim.systems.base.context import Context, ScheduledEvent
    from sim.systems.batch_pool.draws import Starts, Tasks
    from sim.systems.batch_pool.layout import PoolLayout


class Nodes:
    """All nodes of a pool and what is done to them."""

    def __init__(self, context: Context, layout: PoolLayout, tasks: Tasks) -> None:
        self._context, self._layout = context, layout
        self.every = [
            Node(number, layout.first_node + number, IDLE if number < layout.spec.nodes else 0)
            for number in range(layout.room)
        ]
        """Every node that there may be, present or not."""
        self.scheduler = Scheduler(context, layout, self.every, tasks)
        """Gives tasks to them."""
        self.left: list[Callable[[Node], None]] = []
        """Called when a node is removed."""

    @property
    def present(self) -> list[Node]:
        """The nodes that are there, in order of number."""
        return [node for node in self.every if node.status]

    def hold(
        self,
        node: Node,
        status: int,
        seconds: float,
        starts: Starts,
        cause: int,
        mode: str,
        version: int | None = None,
        retained: float = 0.0,
    ) -> Stay:
        """Take a node out for `seconds` and its start task; its tasks are interrupted by `mode`.

        One that is out for another reason already is back at the later of both ends. An empty node
        may first be kept offline for `retained` seconds.
        """
        # Assumption: a node that is out for another reason is taken in its turn all the same and is
        # back at the later of both ends.
        before = node.stay
        waiting, works = starts.run(node.number)
        back = self._context.now + retained + seconds + waiting
        if before is not None and before.back > back:
            seconds += before.back - back
            back = before.back
        steps = [(status, seconds)]
        if retained:
            steps.insert(0, (OFFLINE, retained))
        if waiting:
            steps.append((WAITING_FOR_START_TASK, waiting))
        if version is None:
            version = node.version if before is None else before.version
        stay = Stay(node, cause, steps, works, version, back)
        if before is not None:
            stay.arrived += before.arrived  # a request that was on the node ends when it is back
        self._begin(stay, mode)
        return stay

    def _begin(self, stay: Stay, mode: str) -> None:
        """A stay begins: whoever waited for the node loses it, and so do its tasks."""
        node, (status, seconds) = stay.node, stay.steps[0]
        self._lose_claim(node)
        node.stay = stay
        self._becomes(node, status, node.version, stay.cause)
        if node.used:
            self.scheduler.interrupt(node, mode)
        if seconds < math.inf:
            self._context.call(seconds, RETURN, node.subject, self._step, stay)

    def fail(self, node: Node, seconds: float, starts: Starts, cause: int, mode: str) -> None:
        """An unplanned failure; of a node that is out already it changes nothing.

        Who waited for the node to be empty need not wait any longer.
        """
        # Assumption: a failure of a node that is out changes nothing; of one that drains it ends
        # the waiting, and what waits for it takes it at once.
        if not node.is_up:
            return
        # Taken off first: the stay would else tell who waits that the node is lost to it.
        claim, node.claim = node.claim, None
        self.hold(node, UNUSABLE, seconds, starts, cause, mode)
        if claim is not None and not claim.rests:
            claim.take(node)

    def preempt(self, node: Node, seconds: float, starts: Starts, cause: int, version: int) -> None:
        """A spot node that is up is taken back for so long, or for ever; its tasks are requeued.

        Who waited for it to be empty loses it; one that was to leave the pool has left.
        """
        claim, node.claim = node.claim, None
        # Assumption: a preempted node returns as a new one: at the version that the pool is to
        # have, with its scheduling enabled and without data.
        node.disabled = False
        waiting, works = starts.run(node.number) if seconds < math.inf else (0.0, True)
        steps = [(PREEMPTED, seconds)]
        if waiting:
            steps.append((WAITING_FOR_START_TASK, waiting))
        back = self._context.now + seconds + waiting
        self._begin(Stay(node, cause, steps, works, version, back), "requeue")
        node.runs, node.spare = [], []
        if claim is not None and not claim.rests:
            (claim.take if claim.leaves else claim.lost)(node)

    def _step(self, event: ScheduledEvent) -> None:
        """A step of a stay is over: the next one begins, or the node is back."""
        stay: Stay = event.argument
        node = stay.node
        if node.stay is not stay:
            return  # overtaken: another stay or a removal took the node from this one
        stay.steps.pop(0)
        if stay.steps:
            status, seconds = stay.steps[0]
            self._becomes(node, status, stay.version, stay.cause)
            self._context.call(seconds, RETURN, node.subject, self._step, stay)
            return
        node.stay = None
        node.since = self._context.now
        up = OFFLINE if node.disabled else IDLE  # as it is now: it may have changed meanwhile
        self._becomes(node, up if stay.works else START_TASK_FAILED, stay.version, stay.cause)
        for arrived in stay.arrived:
            arrived(node)
        self.scheduler.offer(node)
        self.scheduler.dispatch()

    def drain(self, node: Node, claim: Claim, cause: int) -> None:
        """Give a node no new tasks; `claim` takes it when the running ones have ended."""
        self._lose_claim(node)
        if not node.used:
            claim.take(node)
            return
        node.claim = claim
        if node.status == IDLE:
            self._becomes(node, DRAINING, node.version, cause)

    def retire(self, node: Node, cause: int) -> None:
        """An empty node that will be removed waits until what its tasks left may be deleted."""
        node.stay = None  # one that failed while it drained never comes back
        self._becomes(node, LEAVING, node.version, cause)

    def remove(self, node: Node, cause: int, mode: str) -> None:
        """The node is gone; its tasks are interrupted by `mode`."""
        stay, node.stay = node.stay, None
        self._becomes(node, 0, 0, cause)
        if node.used:
            self.scheduler.interrupt(node, mode)
        node.disabled = False
        self._lose_claim(node)
        for arrived in stay.arrived if stay else ():
            arrived(node)
        for left in self.left:
            left(node)

    def disable(self, node: Node, cause: int, mode: str) -> None:
        """No new tasks for a node; with taskcompletion the running ones may end.

        One that drains already is empty now if they may not: who waits for that takes it.
        """
        node.disabled = True

        def rests(empty: Node) -> None:
            self._becomes(empty, OFFLINE, empty.version, cause)

        if node.status not in IN_SERVICE:
            return
        if node.used and mode != "taskcompletion":
            rests(node)
            self.scheduler.interrupt(node, mode)
            node.emptied()
        elif node.claim is None:
            self.drain(node, Claim(rests, lambda _: None, rests=True), cause)

    def enable(self, node: Node, cause: int) -> None:
        """A node takes tasks again."""
        node.disabled = False
        if node.is_offline:
            node.since = self._context.now
        elif node.claim is None or not node.claim.rests:
            return
        node.claim = None
        self._becomes(node, IDLE, node.version, cause)
        self.scheduler.offer(node)
        self.scheduler.dispatch_later()  # the request that enables it ends before

    def _lose_claim(self, node: Node) -> None:
        claim, node.claim = node.claim, None
        if claim is not None:
            claim.lost(node)

    def _becomes(self, node: Node, status: int, version: int, cause: int) -> None:
        old = node.version * WIDTH + node.status if node.status else 0
        new = version * WIDTH + status if status else 0
        self._context.record(self._context.now, node.subject, old, new, cause)
        node.status, node.version = status, version
