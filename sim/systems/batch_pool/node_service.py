"""Requests to the nodes of a Batch pool: to one, or to several by one request.

Each of several nodes rejects a request by itself, and the request ends when the last one that took
it is through. What a node rejected or failed by stands in the request's own state, because of it.

Source: "Reboot a node", "Reimage a node", "Disable task scheduling on a node", "Enable task
scheduling on a node" of the Batch REST reference, and "Batch Status and Error Codes".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.core.log import ASKED, REFUSED, SUCCEEDED
from sim.systems.base.service import Call, Service
from sim.systems.batch_pool.draws import Starts
from sim.systems.batch_pool.node import Claim
from sim.systems.batch_pool.rejections import (
    ALLOWED,
    ANSWERS,
    BY_STATUS,
    EVERY_NODE,
    NO_NODE,
    SOME_NODES,
)
from sim.systems.batch_pool.requests import WAITING
from sim.systems.batch_pool.selection import ALL, names_one, numbers_of
from sim.systems.batch_pool.states import PREEMPTED, REBOOTING, REIMAGING, shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from sim.core.random_streams import Durations
    from sim.formats.distributions import Distribution
    from sim.systems.batch_pool.node import Node
    from sim.systems.batch_pool.pool import Pool
    from sim.systems.batch_pool.requests import DisableScheduling, RebootNode, ReimageNode

    Forbids = Callable[[Node, Call], str | None]


class NodeService(Service):
    """The part of the Batch service that is about the nodes of a pool."""

    def __init__(self, pool: Pool) -> None:
        super().__init__(pool.context, ANSWERS)
        self._pool, self._layout, self._nodes = pool, pool.layout, pool.nodes
        self._open: dict[int, int] = {}
        """Request for several nodes -> how many of those that took it are not through with it."""

    # Restarts.

    def check_reboot_node(self, call: Call) -> str | None:
        """Only a node that works, or whose start task failed, and for which nobody waits."""
        return self._check_one(call, self._forbids_restart)

    check_reimage_node = check_reboot_node

    def reboot_node(self, call: Call) -> None:
        """Reboot nodes, each at once or once its tasks have ended."""
        self._restart(call, REBOOTING, "reboot", self._layout.spec.reboot)

    def reimage_node(self, call: Call) -> None:
        """Reimage nodes, the same way."""
        assert self._layout.spec.reimage is not None
        self._restart(call, REIMAGING, "reimage", self._layout.spec.reimage)

    def _forbids_restart(self, node: Node, call: Call) -> str | None:
        rule = self._forbids_in(node, call)
        drains = node.claim is not None and not node.claim.rests
        return rule or ("node drains" if drains else None)

    def _restart(self, call: Call, status: int, purpose: str, seconds: Distribution) -> None:
        body: RebootNode | ReimageNode = call.body
        times, starts = self._times(purpose, seconds, call), self._starts(call)
        retention = self._layout.spec.retention_time if body.option == "retaineddata" else 0.0

        def back(node: Node) -> None:
            # 0 where it was removed meanwhile
            self._through(call, node, None if node.status else "node gone")

        def take(node: Node) -> None:
            stay = self._nodes.hold(
                node,
                status,
                times[node.number, 0],
                starts,
                call.subject,
                body.option,
                retained=node.data_retained(retention, self.context.now),
            )
            stay.arrived.append(back)

        def lost(node: Node) -> None:
            # An upgrade counts the node as its own before it takes it; else a resize removed it.
            walk = self._pool.walk
            if node.status == PREEMPTED:
                rule = "node lost to preemption"
            elif walk is not None and walk.takes(node):
                rule = "node lost to the upgrade"
            else:
                rule = "node gone"
            self._through(call, node, rule)

        def begin(node: Node) -> None:
            if body.option in WAITING:
                self._nodes.drain(node, Claim(take, lost), call.subject)
            else:
                take(node)

        self._on_each(call, self._forbids_restart, begin)

    # Scheduling.

    def check_disable_scheduling(self, call: Call) -> str | None:
        """A node that takes tasks may be asked to take none."""
        return self._check_one(call, self._forbids_disabling)

    def disable_scheduling(self, call: Call) -> None:
        """Disable scheduling: no new tasks; the option says what the running ones do."""
        body: DisableScheduling = call.body

        def disable(node: Node) -> None:
            self._nodes.disable(node, call.subject, body.option)
            self._through(call, node)

        self._on_each(call, self._forbids_disabling, disable)

    def _forbids_disabling(self, node: Node, call: Call) -> str | None:
        return "scheduling state" if node.disabled else self._forbids_in(node, call)

    def check_enable_scheduling(self, call: Call) -> str | None:
        """Only where it was disabled."""
        return self._check_one(call, self._forbids_enabling)

    def enable_scheduling(self, call: Call) -> None:
        """Enable scheduling: the nodes take tasks again."""

        def enable(node: Node) -> None:
            self._nodes.enable(node, call.subject)
            self._through(call, node)

        self._on_each(call, self._forbids_enabling, enable)

    @staticmethod
    def _forbids_enabling(node: Node, _: Call) -> str | None:
        return None if node.disabled else "scheduling state"

    # One node or several.

    def _check_one(self, call: Call, forbids: Forbids) -> str | None:
        """The rule by which a single node rejects a request; several are asked one by one."""
        if not names_one(call.body.node):
            return None
        (node,) = self._chosen(call)
        return self._rule_of(node, call, forbids)

    @staticmethod
    def _rule_of(node: Node, call: Call, forbids: Forbids) -> str | None:
        return forbids(node, call) if node.status else "no such node"

    def _on_each(self, call: Call, forbids: Forbids, begin: Callable[[Node], None]) -> None:
        """Begin a request on each node that takes it."""
        nodes = self._chosen(call)
        if names_one(call.body.node):
            begin(nodes[0])
            return
        takes = []
        for node in nodes:
            rule = self._rule_of(node, call, forbids)
            if rule is None:
                takes.append(node)
            else:
                self._note(call, node, rule)
        if not nodes:
            self._becomes(call, self._state(SUCCEEDED, NO_NODE), call.subject)
        elif not takes:
            self._becomes(call, self._state(REFUSED, EVERY_NODE), call.subject)
        self._open[call.number] = len(takes)
        for node in takes:
            begin(node)

    def _chosen(self, call: Call) -> list[Node]:
        """The nodes that a request means now, in order of number."""
        choice, every = call.body.node, self._nodes.every
        numbers = numbers_of(choice)
        if numbers is not None:
            return [every[number] for number in numbers]
        return [
            node
            for node in self._nodes.present
            if choice in (ALL, shown(node.status, busy=node.used > 0))
        ]

    def _through(self, call: Call, node: Node, rule: str | None = None) -> None:
        """A node is through with a request, or it failed there by a rule."""
        if not names_one(call.body.node):
            if rule is not None:
                self._note(call, node, rule)
            self._open[call.number] -= 1
            if self._open[call.number]:
                return
            rule = None if self._states[call.number] == ASKED else SOME_NODES
        if rule is None:
            self.succeeds(call, call.subject)
        else:
            self.fails(call, rule, call.subject)

    def _note(self, call: Call, node: Node, rule: str) -> None:
        """Write into a request that is in progress by which rule it is rejected, or fails, on a
        node.
        """
        self._becomes(call, self._state(ASKED, rule), node.subject)

    @staticmethod
    def _forbids_in(node: Node, call: Call) -> str | None:
        """The rule by which the state of a node forbids a request."""
        return None if node.status in ALLOWED[type(call.body)] else BY_STATUS[node.status][0]

    # What all requests share.

    def _times(self, purpose: str, seconds: Distribution, call: Call) -> Durations:
        path = f"{self._layout.name}/{purpose}/{call.name}"
        return self.context.draws.times(path, seconds, self._layout.room)

    def _starts(self, call: Call) -> Starts:
        return Starts(self.context, self._layout, call.name)
