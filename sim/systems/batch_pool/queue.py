"""Who waits for whom: tasks that wait for a slot, and nodes that have one free."""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

from sim.systems.batch_pool.states import IDLE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sim.systems.batch_pool.node import Node


# Assumption: tasks of one priority, which Azure starts in no defined order, start as submitted; the
# head of the queue blocks those behind it.
class Queue:
    """Tasks that wait: by priority, then requeued ones in order of submission, then the others.

    Tasks are numbered in order of submission. A waiting task is one whole number, level, place and
    task, so that one heap orders them all and a million waiting ones cost no objects of ours.
    """

    def __init__(self, priorities: Sequence[int], *, to_front: bool) -> None:
        ranks = {
            priority: place for place, priority in enumerate(sorted(set(priorities), reverse=True))
        }
        self._lines = [ranks[priority] << 65 | 1 << 64 for priority in priorities]
        """By task the line of its priority; the line of requeued ones is the one before."""
        self._to_front = to_front
        self.waiting: list[int] = []
        """A heap of those that wait."""
        self._submitted = 0
        """How many have joined the end of a line."""

    def join(self, task: int) -> None:
        """A task is submitted: it waits behind all others of its priority."""
        self._submitted += 1
        heappush(self.waiting, self._lines[task] | self._submitted << 33 | task)

    def join_again(self, task: int) -> None:
        """A task returns: before those that never ran, or behind all, as the pool wants it.

        There, those that no submission separates wait in order of their own.
        """
        if self._to_front:
            heappush(self.waiting, self._lines[task] - (1 << 64) | task)
        else:
            heappush(self.waiting, self._lines[task] | self._submitted << 33 | 1 << 32 | task)

    @property
    def head(self) -> int:
        """The task that is next."""
        return self.waiting[0] & 0xFFFFFFFF

    def leave(self) -> int:
        """Take the head out."""
        return heappop(self.waiting) & 0xFFFFFFFF


# Assumption: of nodes that are equally busy the one that is idle longest takes a task.
class FreeNodes:
    """Enabled nodes with a free slot, by how many slots they use, the longest idle first.

    A node is offered anew whenever its slots change; an older offer is known by its time or by its
    number of slots, and is dropped when it comes up.
    """

    def __init__(self, nodes: Sequence[Node], slots: int, *, spread: bool) -> None:
        self._nodes = nodes
        fitting = [range(slots - required + 1) for required in range(slots + 1)]
        self._order = [each if spread else each[::-1] for each in fitting]
        """By slots required: the numbers of used ones that leave room, the best first."""
        self._offers: list[list[tuple[float, int]]] = [[] for _ in range(slots)]
        """By slots used: when the node was last left or came back, and its number."""
        self._most = 2 * len(nodes) + 64
        self.choose = self._hot_choose()
        """The node for a task that requires so many slots; offer it again if it stays free."""

    def _hot_choose(self) -> Callable[[int], Node | None]:
        # A closure, as every task passes here.
        nodes, all_offers, order = self._nodes, self._offers, self._order

        def choose(slots: int) -> Node | None:
            for used in order[slots]:
                offers = all_offers[used]
                while offers:
                    since, number = heappop(offers)
                    node = nodes[number]
                    if node.since == since and node.used == used and node.status == IDLE:
                        return node
            return None

        return choose

    def offer(self, node: Node) -> None:
        """A node that is idle or has a slot left may take a task."""
        offers = self._offers[node.used]
        heappush(offers, (node.since, node.number))
        if len(offers) > self._most:  # old offers that nobody looked at
            offers[:] = {each for each in offers if self._holds(each, node.used)}
            heapify(offers)

    def _holds(self, offer: tuple[float, int], used: int) -> bool:
        node = self._nodes[offer[1]]
        return node.status == IDLE and node.used == used and node.since == offer[0]
