"""The modelled operator of a Manual upgrade: walks a domain, bakes it, looks, goes on or stops.

The operator is a client: what it sees is what Get Deployment would show, and it acts only through
operations that a scenario may write too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.core.log import SUCCEEDED
from sim.core.timelines import TOLERANCE
from sim.core.windows import Windows
from sim.systems.base.context import LOOK
from sim.systems.base.service import Call
from sim.systems.cloud_service.rejections import by_request

if TYPE_CHECKING:
    from collections.abc import Generator

    from simpy import Event

    from sim.systems.cloud_service.deployment import Deployment, Upgrade
    from sim.systems.cloud_service.requests import UpgradeDeployment
    from sim.systems.cloud_service.service import HostedService

SEEN = 100
"""Looking at so many instances takes as long as an event."""


class ModelledOperator:
    """Watches one upgrade. Its own operations are numbered from `first`: walks, then a rollback."""

    def __init__(
        self, service: HostedService, asked: UpgradeDeployment, reason: str, first: int
    ) -> None:
        spec = asked.operator
        assert spec is not None
        self._service, self._spec, self._first = service, spec, first
        self._context, self._layout = service.context, service.layout
        self._subject = self._layout.actor("operator")
        path, draws = f"{self._layout.name}/operator", self._context.draws
        bakes = self._layout.domains
        self._detects = draws.happens(f"{path}/detects/{reason}", spec.detects, bakes)
        self._false_alarm = draws.happens(f"{path}/false_alarm/{reason}", spec.false_alarm, bakes)

    def operate(self, deployment: Deployment) -> Generator[Event, None, None]:
        """Walk every domain with someone to upgrade, bake all but the last, stop when it is bad."""
        upgrade = deployment.upgrade
        assert upgrade is not None
        for domain in range(self._layout.domains):
            if not _goes_on(deployment, upgrade):
                return
            if not deployment.covered(upgrade, domain):
                continue
            walk = self._call(domain, deployment)
            if not self._service.handle(walk):
                return
            # It looks when its walk has ended, and sees what Get Operation Status shows then.
            yield self._service.end_of(walk)
            if self._service.status(walk) != SUCCEEDED:
                return
            if deployment.is_left(upgrade):
                sees = yield from self._bake(deployment, upgrade, domain)
                if sees:
                    self._stop(deployment)
                    return

    def _bake(
        self, deployment: Deployment, upgrade: Upgrade, bake: int
    ) -> Generator[Event, None, bool]:
        """Wait for the bake time; whether what was seen meanwhile is too bad to go on."""
        spec, context = self._spec, self._context
        left = spec.bake
        if spec.stop_above is None:
            yield context.after(left, LOOK, self._subject)
            return False
        first = True
        while True:
            step = min(spec.look_every, left)
            yield context.after(step, LOOK, self._subject)
            if not _goes_on(deployment, upgrade):
                return False
            left -= step
            # What it sees is drawn once a bake, not once a look: who looks more often is not more
            # attentive, and a share that was missed stays missed for this bake.
            if self._is_bad(deployment, upgrade):
                if self._detects[bake, 0]:
                    return True
            elif first and self._false_alarm[bake, 0]:
                return True
            first = False
            if left <= 0:
                return False

    def _is_bad(self, deployment: Deployment, upgrade: Upgrade) -> bool:
        """Whether too large a share of the upgraded instances is not Ready."""
        upgraded = deployment.upgraded(upgrade)
        self._context.spend(len(upgraded) // SEEN, self._subject)
        out = sum(not deployment.instances.is_ready(i) for i in upgraded)
        assert self._spec.stop_above is not None
        return out > self._spec.stop_above * len(upgraded) + TOLERANCE

    def _stop(self, deployment: Deployment) -> None:
        if self._spec.then == "rollback":
            self._service.handle(self._call(self._layout.domains, deployment))

    def _call(self, number: int, deployment: Deployment) -> Call:
        """One of its own operations: the walk of a domain, or after those of all the rollback."""
        layout, number = self._layout, self._first + number
        kind, body = layout.asked(number)
        return Call(
            number,
            layout.first_operation + number,
            layout.operations[number],
            kind,
            body,
            self._subject,
            by_request(body, layout.spec, layout.configured.ever),
            Windows((), None),
            deployment,
        )


def _goes_on(deployment: Deployment, upgrade: Upgrade) -> bool:
    """Whether `upgrade` is still in progress: no other took over, nobody turned it round."""
    return deployment.upgrade is upgrade and not upgrade.rolling_back
