"""The modelled operator of a Manual upgrade: walks a domain, bakes it, looks, goes on or stops.

The operator is a client: what it sees is what Get Deployment would show, and it acts only through
operations that a scenario may write too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.log import SUCCEEDED
from sim.systems.cloud_service.operations import Call
from sim.systems.cloud_service.requests import Rollback, WalkUpgradeDomain
from sim.systems.world import LOOK
from sim.timelines import TOLERANCE

if TYPE_CHECKING:
    from collections.abc import Generator

    from simpy import Event

    from sim.systems.cloud_service.deployment import Deployment, Upgrade
    from sim.systems.cloud_service.operations import Service
    from sim.systems.cloud_service.requests import Operator


class ModelledOperator:
    """Watches one upgrade. Its own operations are numbered from `first`: walks, then a rollback."""

    def __init__(self, service: Service, spec: Operator, reason: str, first: int) -> None:
        self._service, self._spec, self._first = service, spec, first
        self._world, self._layout = service.world, service.layout
        self._subject = self._layout.first  # the first of the system's actors
        path = f"{self._layout.name}/operator/{{}}/{reason}"
        draws = self._world.draws
        self._detects = draws.happens(path.format("detects"), spec.detects)
        self._false_alarm = draws.happens(path.format("false_alarm"), spec.false_alarm)

    def operate(self, deployment: Deployment) -> Generator[Event, None, None]:
        """Walk every domain that has someone to upgrade, bake all but the last, stop when it is bad."""
        upgrade = deployment.upgrade
        assert upgrade is not None
        domain = 0
        while domain < deployment.domains:
            walk = self._call(domain, "walk_upgrade_domain", WalkUpgradeDomain(upgrade_domain=domain))
            takes = bool(deployment.covered(upgrade, domain))
            if deployment.upgrade is not upgrade or not self._service.receive(walk):
                return
            if takes and self._service.status(walk) != SUCCEEDED:
                yield self._service.end_of(walk)
            domain += 1
            if deployment.upgrade is not upgrade:
                return
            rest = range(domain, deployment.domains)
            if takes and any(deployment.covered(upgrade, other) for other in rest):
                sees = yield from self._bake(deployment, upgrade, domain - 1)
                if sees:
                    self._stop()
                    return

    def _bake(
        self, deployment: Deployment, upgrade: Upgrade, bake: int
    ) -> Generator[Event, None, bool]:
        """Wait for the bake time; whether what was seen meanwhile is too bad to go on."""
        spec, world = self._spec, self._world
        left = spec.bake
        if spec.stop_above is None:
            yield world.after(left, LOOK, self._subject)
            return False
        missed = False
        first = True
        while True:
            step = min(spec.look_every, left)
            yield world.after(step, LOOK, self._subject)
            left -= step
            if self._is_bad(deployment, upgrade):
                if not missed and self._detects[bake, 0]:
                    return True
                missed = True
            elif first and self._false_alarm[bake, 0]:
                return True
            first = False
            if left <= 0:
                return False

    def _is_bad(self, deployment: Deployment, upgrade: Upgrade) -> bool:
        """Whether too large a share of the upgraded instances is not Ready."""
        upgraded = deployment.upgraded(upgrade)
        out = sum(not deployment.instances.is_ready(i) for i in upgraded)
        assert self._spec.stop_above is not None
        return out > self._spec.stop_above * len(upgraded) + TOLERANCE

    def _stop(self) -> None:
        if self._spec.then == "rollback":
            number = self._layout.domains
            self._service.receive(self._call(number, "rollback", Rollback(mode="Auto")))

    def _call(self, number: int, kind: str, body: WalkUpgradeDomain | Rollback) -> Call:
        return Call(self._layout, self._first + number, kind, body, self._subject)
