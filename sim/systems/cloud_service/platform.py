"""What the platform does by itself: guest and host OS updates, and unplanned failures.

Sources: "Role instance restarts caused by Azure VM operating system upgrades" with its FAQ, "Azure
Host OS Updates". The platform's walks take turns with the user's: never two domains for both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.chance import Distribution
from sim.systems.cloud_service.deployment import Upgrade
from sim.systems.cloud_service.states import RESTARTING, STARTING_VM
from sim.systems.world import ACT
from sim.units import YEAR

if TYPE_CHECKING:
    from sim.chance import Times
    from sim.systems.cloud_service.deployment import Take
    from sim.systems.cloud_service.operations import Call, Service
    from sim.systems.cloud_service.spec import Failures
    from sim.systems.world import Due


def update_guest_os(service: Service, call: Call) -> Upgrade:
    """A restart of every instance, domain by domain: a graceful shutdown, a new OS disk."""
    lucks = service.lucks(call.name, call.body.duration)
    # Assumption: OS updates of the platform concern the production deployment only.
    instances = service.production.instances  # the same ones also after a swap

    def take(members: list[int], cause: int) -> None:
        instances.take(members, None, lucks, cause)

    return _upgrade(service, call, take)


def update_host_os(service: Service, call: Call) -> Upgrade:
    """The hosts of a domain restart together, each taking its own time.

    # Assumption: each instance has a host of its own.
    """
    layout, instances = service.layout, service.production.instances
    lucks = service.lucks(call.name)

    def take(members: list[int], cause: int) -> None:
        for i in members:
            role = layout.roles[layout.role_of[i]]
            path = f"{layout.name}/{role.name}/host_update/{call.name}"
            seconds = service.world.draws.times(path, call.body.duration)[i - role.first, 0]
            instances.hold(i, instances.version(i), STARTING_VM, seconds, lucks, cause)

    return _upgrade(service, call, take)


def _upgrade(service: Service, call: Call, take: Take) -> Upgrade:
    roles = range(len(service.layout.roles))
    return Upgrade(service.upgrade_subject(call), roles, take, call.windows)


class UnplannedFailures:
    """Poisson failures in absolute time: they fall at the same moments whatever else happens."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._world, self._layout = service.world, service.layout
        self._subject = self._layout.first + 2  # the last of the system's actors
        self._lucks = service.lucks("failures")

    def begin(self) -> None:
        """Plan the first failure of each member; each plans the one after it."""
        for role in self._layout.roles:
            if role.spec.failures and role.spec.failures.per_year:
                members = [[role.first + k] for k in range(role.room)]
                path = f"{self._layout.name}/{role.name}/failures"
                self._plan_all(path, role.spec.failures, members)
        spec = self._layout.spec
        if spec.fault_domain_failures and spec.fault_domain_failures.per_year:
            members = [
                [
                    role.first + k
                    for role in self._layout.roles
                    for k in range(domain, role.room, spec.fault_domains)
                ]
                for domain in range(spec.fault_domains)
            ]
            path = f"{self._layout.name}/fault_domain_failures"
            self._plan_all(path, spec.fault_domain_failures, members)

    def _plan_all(self, path: str, spec: Failures, members: list[list[int]]) -> None:
        """Failures of `members`, those of one list together."""
        draws = self._world.draws
        gaps = draws.times(f"{path}/failure", Distribution.memoryless(YEAR / spec.per_year))
        strikes = Strikes(gaps, draws.times(f"{path}/recovery", spec.recovery), members)
        first = gaps.vector(len(members))
        for place in np.flatnonzero(first <= self._world.horizon):
            if members[place]:  # a fault domain may have none
                self._plan(strikes, int(place), 0, float(first[place]))

    def _plan(self, strikes: Strikes, place: int, number: int, delay: float) -> None:
        subject = self._layout.first_instance() + strikes.members[place][0]
        self._world.call(delay, ACT, subject, self._strike, (strikes, place, number))

    def _strike(self, event: Due) -> None:
        strikes, place, number = event.argument
        recovery = strikes.recoveries[place, number]
        instances = self._service.production.instances
        for i in strikes.members[place]:
            if instances.is_ready(i):  # a failure of a member that is out already changes nothing
                version = instances.version(i)
                instances.hold(i, version, RESTARTING, recovery, self._lucks, self._subject)
        gap = strikes.gaps[place, number + 1]
        if self._world.now + gap <= self._world.horizon:
            self._plan(strikes, place, number + 1, gap)


class Strikes(NamedTuple):
    """A stream of failures for each of some groups of instances that fail together."""

    gaps: Times
    recoveries: Times
    members: list[list[int]]
