"""What may be asked of a Batch pool: each request is checked, answered, carried out.

Source: the pages of the requests in the Batch REST reference and "Batch Status and Error Codes".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.core.rounding import at_most
from sim.core.wall_clock import reading
from sim.systems.base.service import Call, Service
from sim.systems.batch_pool.draws import Starts
from sim.systems.batch_pool.layout import node_name
from sim.systems.batch_pool.node import Claim
from sim.systems.batch_pool.rejections import ALLOWED, BY_STATUS, RULES, by_version
from sim.systems.batch_pool.requests import WAITING
from sim.systems.batch_pool.states import ASKED_FOR, REBOOTING, REIMAGING, UPGRADING_OS
from sim.systems.batch_pool.walk import Plan

if TYPE_CHECKING:
    from sim.core.random_streams import Durations
    from sim.formats.distributions import Distribution
    from sim.systems.batch_pool.node import Node
    from sim.systems.batch_pool.pool import Pool, Resizing
    from sim.systems.batch_pool.requests import (
        DisableScheduling,
        RebootNode,
        ReimageNode,
        Resize,
        UpgradeOs,
    )


class BatchService(Service):
    """The Batch service, as far as one pool goes."""

    def __init__(self, pool: Pool) -> None:
        super().__init__(pool.context, RULES)
        self._pool, self._layout, self._nodes = pool, pool.layout, pool.nodes
        self._numbers = {node_name(node.number): node for node in pool.nodes.every}

    # Upgrades.

    def check_upgrade_os(self, call: Call) -> str | None:
        """The state of the pool, and the versions that there are at this time."""
        body: UpgradeOs = call.body
        start = self._layout.span.start
        now = reading(start, self.context.now) if start else None
        rule = by_version(body.target_os_version, self._layout.spec, now)
        if rule is not None:
            return rule
        # "Upgrade OS": the target of the upgrade that is on may be asked for again, with no effect;
        # once the pool is on it, the same request is an error.
        is_on_it = self._layout.brings(call.name) == self._pool.target.version
        if self._pool.walk is not None:
            return None if is_on_it else "upgrading"
        if is_on_it:
            return "version equal"
        return "resizing" if self._pool.resizing else None

    def upgrade_os(self, call: Call) -> None:
        """Upgrade OS: 202 at once, and the walk begins; the same target again has no effect."""
        if self._pool.walk is None:
            # Assumption: a node shows as reimaging while its operating system is upgraded.
            self._upgrade(call, REIMAGING)
        self.succeeds(call, call.subject)

    def check_upgrade_image(self, _: Call) -> str | None:
        """One upgrade at a time, of a pool that is steady."""
        if self._pool.walk is not None:
            return "upgrade in progress"
        return "resizing" if self._pool.resizing else None

    def upgrade_image(self, call: Call) -> None:
        """The walk of a virtual_machine pool: batches, by its upgrade policy."""
        self._upgrade(call, UPGRADING_OS)
        self.succeeds(call, call.subject)

    def _upgrade(self, call: Call, status: int) -> None:
        """Begin the walk; a node shows `status` while it is upgraded."""
        rules = self._layout.spec.walk_rules
        plan = Plan(
            subject=self._layout.upgrade(call.name),
            version=self._layout.brings(call.name),
            status=status,
            # The pool state `upgrading` went with the call upgradeos (2018-12-01.8.0).
            shows=status == REIMAGING,
            limit=at_most(rules.limit, len(self._nodes.present)),
            rules=rules,
            seconds=self._times("node_upgrade", self._layout.spec.node_upgrade, call),
            starts=self._starts(call),
            windows=call.windows,
        )
        self._pool.upgrade(plan, call.subject)

    # Size.

    def check_resize(self, _: Call) -> str | None:
        """One resize at a time."""
        # Assumption: a pool may be resized while it is upgraded.
        return "resizing" if self._pool.resizing else None

    def resize(self, call: Call) -> None:
        """Resize: new nodes are created, or those with the highest numbers go."""
        body: Resize = call.body
        self._pool.size.becomes(ASKED_FOR, self._layout.sizes.index(body.nodes), call.subject)
        missing = body.nodes - len(self._nodes.present)
        if not missing:
            self.succeeds(call, call.subject)
            return
        self._pool.allocate(resizing=True, cause=call.subject)
        resizing: Resizing
        if missing > 0:
            path = f"{self._layout.name}/create/{call.name}"
            resizing = self._pool.grow(missing, self._starts(call), path, call.subject)
        else:
            option = str(body.node_deallocation_option)
            resizing = self._pool.shrink(-missing, option, call.subject)

        def ended() -> None:
            self._pool.allocate(resizing=False, cause=call.subject)
            self.succeeds(call, call.subject)

        if resizing.is_over:
            ended()
        else:
            resizing.ended = ended

    # Single nodes.

    def check_reboot_node(self, call: Call) -> str | None:
        """Only a node that works, or whose start task failed, and for which nobody waits."""
        node = self._node(call)
        if node is None:
            return "no such node"
        rule = self._forbids_in(node, call)
        drains = node.claim is not None and not node.claim.rests
        return rule or ("node drains" if drains else None)

    check_reimage_node = check_reboot_node

    def reboot_node(self, call: Call) -> None:
        """Reboot a node, at once or once its tasks have ended."""
        self._restart(call, REBOOTING, "reboot", self._layout.spec.reboot)

    def reimage_node(self, call: Call) -> None:
        """Reimage a node, the same way."""
        assert self._layout.spec.reimage is not None
        self._restart(call, REIMAGING, "reimage", self._layout.spec.reimage)

    def _restart(self, call: Call, status: int, purpose: str, seconds: Distribution) -> None:
        body: RebootNode | ReimageNode = call.body
        node = self._numbers[body.node]
        times, starts = self._times(purpose, seconds, call), self._starts(call)
        retention = self._layout.spec.retention_time if body.option == "retaineddata" else 0.0

        def back(node: Node) -> None:
            if node.status:  # 0 where it was removed meanwhile
                self.succeeds(call, call.subject)
            else:
                self.fails(call, "node gone", call.subject)

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
            upgraded = walk is not None and walk.takes(node)
            rule = "node lost to the upgrade" if upgraded else "node gone"
            self.fails(call, rule, call.subject)

        if body.option in WAITING:
            self._nodes.drain(node, Claim(take, lost), call.subject)
        else:
            take(node)

    def check_disable_scheduling(self, call: Call) -> str | None:
        """A node that takes tasks may be asked to take none."""
        node = self._node(call)
        if node is None:
            return "no such node"
        if node.disabled:
            return "scheduling state"
        return self._forbids_in(node, call)

    def disable_scheduling(self, call: Call) -> None:
        """Disable scheduling: no new tasks; the option says what the running ones do."""
        body: DisableScheduling = call.body
        self._nodes.disable(self._numbers[body.node], call.subject, body.option)
        self.succeeds(call, call.subject)

    def check_enable_scheduling(self, call: Call) -> str | None:
        """Only where it was disabled."""
        node = self._node(call)
        if node is None:
            return "no such node"
        return None if node.disabled else "scheduling state"

    def enable_scheduling(self, call: Call) -> None:
        """Enable scheduling: the node takes tasks again."""
        self._nodes.enable(self._numbers[call.body.node], call.subject)
        self.succeeds(call, call.subject)

    # What they share.

    def _node(self, call: Call) -> Node | None:
        """The node that a request names, where the pool has it now: a check that sees none rejects
        the request, so that what carries it out need not ask again.
        """
        node = self._numbers.get(call.body.node)
        return node if node is not None and node.status else None

    @staticmethod
    def _forbids_in(node: Node, call: Call) -> str | None:
        """The rule by which the state of a node forbids a request."""
        return None if node.status in ALLOWED[type(call.body)] else BY_STATUS[node.status][0]

    def _times(self, purpose: str, seconds: Distribution, call: Call) -> Durations:
        path = f"{self._layout.name}/{purpose}/{call.name}"
        return self.context.draws.times(path, seconds, self._layout.room)

    def _starts(self, call: Call) -> Starts:
        return Starts(self.context, self._layout, call.name)
