"""Requests to a Batch pool: each is checked, answered, carried out.

Source: the pages of the requests in the Batch REST reference and "Batch Status and Error Codes".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.core.rounding import at_most
from sim.core.wall_clock import reading
from sim.systems.batch_pool.node_service import NodeService
from sim.systems.batch_pool.rejections import by_version
from sim.systems.batch_pool.states import ASKED_FOR, REIMAGING, UPGRADING_OS
from sim.systems.batch_pool.walk import Plan

if TYPE_CHECKING:
    from sim.systems.base.service import Call
    from sim.systems.batch_pool.pool import Resizing
    from sim.systems.batch_pool.requests import Resize, UpgradeOs


class BatchService(NodeService):
    """The Batch service, as far as one pool goes."""

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
