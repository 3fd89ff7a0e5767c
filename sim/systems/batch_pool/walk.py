"""An upgrade of all nodes of a pool, some of them at a time.

Source: "Upgrade the operating system of compute nodes in a pool": the service tries to avoid taking
all nodes at once and does not guarantee it. How many go at once, in waves or one by one, and in
which order, Azure does not publish: the pool says.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from heapq import nsmallest
from typing import TYPE_CHECKING

from sim.systems.base.context import ACT
from sim.systems.batch_pool.node import Claim
from sim.systems.batch_pool.states import PREEMPTED

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from simpy import Event

    from sim.core.random_streams import Durations
    from sim.core.windows import Windows
    from sim.systems.base.context import Context, ScheduledEvent
    from sim.systems.batch_pool.draws import Starts
    from sim.systems.batch_pool.node import Node
    from sim.systems.batch_pool.nodes import Nodes
    from sim.systems.batch_pool.spec import WalkRules


@dataclass(frozen=True, eq=False)
class Plan:
    """What an upgrade brings, and how it goes about it."""

    subject: int
    version: int
    status: int
    """Status of a node while it is upgraded."""
    shows: bool
    """Whether the pool's own state shows it."""
    limit: int
    """How many nodes may be draining for it or out by it."""
    rules: WalkRules
    seconds: Durations
    starts: Starts
    windows: Windows


class Walk:
    """One upgrade under way."""

    def __init__(
        self, context: Context, nodes: Nodes, plan: Plan, completed: Callable[[], None]
    ) -> None:
        self._context, self._nodes, self._plan, self._rules = context, nodes, plan, plan.rules
        self._completed = completed
        self.covered = tuple(node for node in nodes.present if node.status != PREEMPTED)
        """Nodes that it takes, whether they are still there or not."""
        self._waiting = deque(self.covered)
        """Nodes to be taken yet, in order of number."""
        self._out: set[int] = set()
        """Numbers of those that drain for it or are out by it."""
        self._returned: Event | None = None
        """What the waves wait for."""

    def begin(self) -> None:
        """Take the first nodes."""
        if not self._waiting:
            self._completed()
        elif self._rules.rolling:
            # An event each, in its rank, as those that replace a node that is back.
            for _ in range(min(self._plan.limit, len(self._waiting))):
                self._context.call(0.0, ACT, self._plan.subject, self._replace)
        else:
            self._context.start(self._waves())

    def removed(self, node: Node) -> None:
        """A node that is removed or preempted is not taken any more; `_back` tells of one that was
        taken.
        """
        if node in self._waiting:
            self._waiting.remove(node)
            if not self._waiting and not self._out:
                self._completed()

    def takes(self, node: Node) -> bool:
        """Whether a node drains for it or is out by it."""
        return node.number in self._out

    def _waves(self) -> Generator[Event, None, None]:
        """Take a wave, wait until all of it are back, pause; until no node is left."""
        while self._waiting:
            yield from self._window()
            returned = self._returned = self._context.event()
            self._take_next(self._plan.limit)
            yield returned
            if self._waiting and self._rules.pause:
                yield self._context.after(self._rules.pause, ACT, self._plan.subject)

    def _replace(self, _: ScheduledEvent) -> None:
        """Take the next node, as soon as a window is open."""
        wait = self._plan.windows.wait(self._context.now)
        if wait:
            self._context.call(wait, ACT, self._plan.subject, self._replace)
        else:
            self._take_next(1)

    def _window(self) -> Generator[Event, None, None]:
        wait = self._plan.windows.wait(self._context.now)
        if wait:
            yield self._context.after(wait, ACT, self._plan.subject)

    def _take_next(self, most: int) -> None:
        """Take the nodes that are next by the order, each now or once it is empty."""
        for node in self._choose(min(most, len(self._waiting))):
            self._out.add(node.number)
            if self._rules.mode == "taskcompletion":
                # Assumption: a node whose upgrade is deferred takes no new tasks and waits until it
                # is idle, without limit.
                self._nodes.drain(node, Claim(self._take, self._back), self._plan.subject)
            else:
                self._take(node)

    def _choose(self, count: int) -> list[Node]:
        if self._rules.order == "number":
            return [self._waiting.popleft() for _ in range(count)]
        chosen = nsmallest(count, self._waiting, self._price)  # at equal prices by number
        for node in chosen:
            self._waiting.remove(node)
        return chosen

    def _price(self, node: Node) -> float:
        """What counts against taking a node now: its tasks, or the work that they would lose."""
        if self._rules.order == "idle_first":
            return node.used > 0
        return self._nodes.scheduler.work_to_lose(node, self._rules.mode)

    def _take(self, node: Node) -> None:
        plan = self._plan
        stay = self._nodes.hold(
            node,
            plan.status,
            plan.seconds[node.number, 0],
            plan.starts,
            plan.subject,
            self._rules.mode,
            plan.version,
        )
        # Assumption: a node whose start task failed for good is done with, and the upgrade goes on;
        # where one is so at its end, the upgrade has failed.
        stay.arrived.append(self._back)

    def _back(self, node: Node) -> None:
        """A node is back, or is lost to the upgrade; the last one completes it."""
        self._out.remove(node.number)
        if not self._waiting and not self._out:
            self._completed()
        elif self._rules.rolling:
            # In its rank, also without a pause: what returns at this instant returns first.
            self._context.call(self._rules.pause, ACT, self._plan.subject, self._replace)
        elif not self._out and self._returned is not None:
            self._context.trigger(self._returned, 0.0, ACT, self._plan.subject)
            self._returned = None
