"""Unplanned failures of role instances, and of the hosts of a fault domain together."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from sim.systems.base.failures import FailureProcess
from sim.systems.cloud_service.states import RESTARTING

if TYPE_CHECKING:
    from sim.systems.base.failures import Failures
    from sim.systems.cloud_service.draws import RestartDraws
    from sim.systems.cloud_service.service import HostedService


class UnplannedFailures:
    """Failures of single instances and of whole fault domains, which go on during a rollout."""

    def __init__(self, service: HostedService) -> None:
        self._service = service
        self._context, self._layout = service.context, service.layout
        self._subject = self._layout.actor("failures")

    @cached_property
    def _restart_draws(self) -> list[RestartDraws]:
        return self._service.restart_draws("failures")

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
                instances.hold(i, version, RESTARTING, recovery, self._restart_draws, self._subject)
