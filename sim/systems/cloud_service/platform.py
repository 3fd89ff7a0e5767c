"""What the platform does by itself: guest and host OS updates, and unplanned failures.

Sources: "Role instance restarts caused by Azure VM operating system upgrades" with its FAQ, "Azure
Host OS Updates". The platform's walks take turns with the user's: never two domains for both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.systems.base.failures import FailureProcess
from sim.systems.cloud_service.deployment import Upgrade
from sim.systems.cloud_service.states import RESTARTING, STARTING_VM

if TYPE_CHECKING:
    from sim.systems.base.failures import Failures
    from sim.systems.base.service import Call
    from sim.systems.cloud_service.deployment import Take
    from sim.systems.cloud_service.operations import HostedService


def update_guest_os(service: HostedService, call: Call) -> Upgrade:
    """A restart of every instance, domain by domain: a graceful shutdown, a new OS disk."""
    restart_draws = service.restart_draws(call.name, call.body.duration)
    # Assumption: OS updates of the platform concern the production deployment only.
    instances = service.production.instances  # the same ones also after a swap

    def take(members: list[int], cause: int) -> None:
        instances.take(members, None, restart_draws, cause)

    return _upgrade(service, call, take)


def update_host_os(service: HostedService, call: Call) -> Upgrade:
    """The hosts of a domain restart together, each taking its own time.

    # Assumption: each instance has a host of its own.
    """
    layout, instances = service.layout, service.production.instances
    restart_draws = service.restart_draws(call.name)

    def take(members: list[int], cause: int) -> None:
        for i in members:
            role = layout.roles[layout.role_of[i]]
            path = f"{layout.name}/{role.name}/host_update/{call.name}"
            times = service.context.draws.times(path, call.body.duration, role.room)
            seconds = times[i - role.first, 0]
            instances.hold(i, instances.version(i), STARTING_VM, seconds, restart_draws, cause)

    return _upgrade(service, call, take)


def _upgrade(service: HostedService, call: Call, take: Take) -> Upgrade:
    roles = range(len(service.layout.roles))
    return Upgrade(service.upgrade_subject(call), roles, take, call.windows)


class UnplannedFailures:
    """Failures of single instances and of whole fault domains, which go on during a rollout."""

    def __init__(self, service: HostedService) -> None:
        self._service = service
        self._context, self._layout = service.context, service.layout
        self._subject = self._layout.actor("failures")
        self._lucks = service.restart_draws("failures")

    def begin(self) -> None:
        """Plan the first failure of each member; each plans the one after it."""
        for role in self._layout.roles:
            if role.spec.failures and role.spec.failures.per_year:
                members = [[role.first + k] for k in range(role.room)]
                path = f"{self._layout.name}/{role.name}/failures"
                self._plan(path, role.spec.failures, members)
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
            self._plan(path, spec.fault_domain_failures, [each for each in members if each])

    def _plan(self, path: str, failures: Failures, members: list[list[int]]) -> None:
        """Failures of `members`, those of one list together."""
        first = self._layout.first_instance()
        subjects = [first + together[0] for together in members]

        def strike(place: int, recovery: float) -> None:
            self._strike(members[place], recovery)

        FailureProcess(self._context, path, failures, subjects, strike).begin()

    def _strike(self, members: list[int], recovery: float) -> None:
        instances = self._service.production.instances
        for i in members:
            if instances.is_ready(i):  # a failure of a member that is out already changes nothing
                version = instances.version(i)
                instances.hold(i, version, RESTARTING, recovery, self._lucks, self._subject)
