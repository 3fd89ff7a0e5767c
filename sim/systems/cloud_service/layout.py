"""The numbering of a cloud service: its subjects and their weights, fixed by the scenario."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, NamedTuple, TypeGuard

import numpy as np

from sim.core.log import States
from sim.core.rounding import at_least
from sim.systems.base import layout as base
from sim.systems.base.targets import INITIAL, target_states
from sim.systems.cloud_service.configured import Configured
from sim.systems.cloud_service.defaults import builds_of, largest_counts
from sim.systems.cloud_service.operator_requests import operator_requests
from sim.systems.cloud_service.rejections import RULES
from sim.systems.cloud_service.requests import (
    GuestOsUpdate,
    HostOsUpdate,
    Swap,
    begins_walk,
)
from sim.systems.cloud_service.spec import Build
from sim.systems.cloud_service.states import (
    ACTORS,
    AT_REST,
    BUILD,
    DEPLOYMENT,
    DOMAIN,
    PRODUCTION,
    READY,
    STAGED,
    STAGING,
    STATUSES,
    WIDTH,
    Units,
    units,
    weights,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from sim.core.timelines import Timeline
    from sim.systems.base.failures import Failures
    from sim.systems.base.operation import Operation, Request, Span
    from sim.systems.cloud_service.spec import CloudService, Role, UnhealthyLater


def domains_in_use(domains: int, largest_role: int) -> int:
    """How many domains a service uses whose largest role has had `largest_role` instances.

    A real service that grew from 2 to 4 instances ended with domains 0 to 3.
    """
    return min(domains, largest_role)


@dataclass(frozen=True)
class RoleLayout:
    """Where a role's instances stand: `first` is the number of its first one in the deployment."""

    name: str
    spec: Role
    first: int
    count: int
    """Instances at time 0."""
    room: int
    """The most instances that the scenario's operations can ask for."""

    @property
    def members(self) -> range:
        """Numbers of all instances that the role may ever have."""
        return range(self.first, self.first + self.room)


class Failing(NamedTuple):
    """Instances whose unplanned failures have one law and are drawn on one path."""

    path: str
    failures: Failures
    members: list[list[int]]
    """Numbers of instances; those of one list fail together."""
    causes: list[int]
    """By list the subject whose doing it is."""


class Layout(base.Layout["CloudService"]):
    """The numbering of a cloud service: fixed by the scenario, the same in every replication.

    Instances are numbered through the roles in order of name, first in production, then in staging;
    an instance's subject is `first_instance` plus that number.
    """

    def __init__(
        self,
        name: str,
        spec: CloudService,
        requests: Sequence[Operation],
        first: int,
        span: Span,
    ) -> None:
        self.roles = _role_layouts(spec, requests)
        largest = max(role.room for role in self.roles)
        self.domains = domains_in_use(spec.update_domains, largest)
        """Update domains that can ever be in use."""
        self.fault_domains = domains_in_use(spec.fault_domains, largest)
        """Fault domains that can ever be in use."""
        operators = list(operator_requests(requests, self.domains))
        platform = [
            each.name for each in requests if isinstance(each.body, GuestOsUpdate | HostOsUpdate)
        ]
        super().__init__(
            name,
            spec,
            requests,
            first,
            span,
            actors=ACTORS,
            rules=RULES,
            rollouts=[
                each.name
                for each in requests
                if begins_walk(each.body) or isinstance(each.body, Swap)
            ],
            platform_updates=platform,
            clients=[each.name for each in operators],
        )
        self._asked = [(each.kind, each.body) for each in requests]
        self._asked += [(each.kind, each.body) for each in operators]
        self.platform_updates = len(platform)
        """How many of the upgrades are the platform's."""
        self.builds = builds_of(spec, requests)
        """Versions by number; 0 is the build that runs at time 0."""
        self.swaps = any(each.kind == "swap" for each in requests)
        """Whether the two slots are to change places."""
        self._number()

    def _number(self) -> None:
        """Number what only a cloud service has."""
        slots = range(self.slots)
        whose = [self._whose(slot) for slot in slots]
        names = [f"deployment{each}" for each in whose]
        begin = [PRODUCTION, STAGING][: self.slots]
        self.deployments = self.add("deployment", DEPLOYMENT, names, begin)
        """The deployment that began in production, then the one in staging."""
        states = target_states(self.builds)
        initial = [self.initial_version(slot) * states.width + INITIAL for slot in slots]
        names = [f"target of {role.name}{each}" for each in whose for role in self.roles]
        self.targets = self.add("target", states, names, np.repeat(initial, len(self.roles)))
        """What each deployment is to run, by role: see `target`."""
        names = [f"build {build}" for build in self.builds]
        self.first_build = self.add("build", BUILD, names).first
        """Subject of the first build."""
        racks = range(self.fault_domains if _come(self.spec.fault_domain_failures) else 0)
        names = [f"failure of fault domain {domain}" for domain in racks]
        self.failures_of_domains = self.add("fault_domain", base.ACTOR, names)
        """By fault domain what its failures are the doing of; none where none fails."""
        self._domains = [
            self.add(
                "update_domain",
                DOMAIN,
                partial(_domain_name, whose[slot]),
                [AT_REST] * self.domains,
                group="staging" if slot else "",
            )
            for slot in slots
        ]
        factors = [build.capacity_factor for build in self._build_specs]
        states, codes = States(STATUSES, self.builds), self.initial_codes
        self.instance_blocks = [
            self.add(
                "instance",
                states,
                partial(_instance_name, role.name, whose[slot]),
                codes[slot][role.first : role.first + role.room],
                group=role.name,
                weights=weights(role.spec, factors, self.units),
            )
            for slot in slots
            for role in self.roles
        ]
        """Those of each role, of the deployment that began in production first."""
        bodies = [body for _, body in self._asked]
        self.configured = Configured(
            self.add, self.spec, self.requests, bodies, self.instance_blocks, whose
        )
        """What roles are configured with, where that changes."""

    def asked(self, number: int) -> tuple[str, Request]:
        """Kind and body of an operation, also of those that the modelled operators ask for."""
        return self._asked[number]

    def target(self, slot: int, role: int) -> int:
        """The place in `targets` of a role, by its own place, in a deployment."""
        return slot * len(self.roles) + role

    @cached_property
    def instances(self) -> int:
        """How many instances a deployment has room for."""
        return sum(role.room for role in self.roles)

    @cached_property
    def slots(self) -> int:
        """1, or 2 with a staging deployment."""
        return 1 if self.spec.staging is None else 2

    @cached_property
    def domain_of(self) -> NDArray[np.int64]:
        """The update domain of each instance: Azure deals them out one after another, by role.

        Where fewer domains are in use instances' numbers are below that, so the domain is the same.
        """
        numbers = np.concatenate([np.arange(role.room) for role in self.roles])
        return numbers % self.spec.update_domains

    @cached_property
    def domain_members(self) -> list[list[int]]:
        """For each update domain the numbers of the instances that belong to it."""
        members: list[list[int]] = [[] for _ in range(self.domains)]
        for number, domain in enumerate(self.domain_of.tolist()):
            members[domain].append(number)
        return members

    @cached_property
    def role_of(self) -> list[int]:
        """The place of each instance's role in `roles`."""
        return [place for place, role in enumerate(self.roles) for _ in range(role.room)]

    @cached_property
    def names(self) -> list[str]:
        """Instance names as Azure gives them."""
        return [f"{role.name}_IN_{k}" for role in self.roles for k in range(role.room)]

    def first_domain(self, slot: int = 0) -> int:
        """Subject of update domain 0 of production (0) or staging (1)."""
        return self._domains[slot].first

    @property
    def operation_numbers(self) -> range:
        """Subjects of all operations."""
        return range(self.first_operation, self.first_operation + len(self.operations))

    @property
    def domain_numbers(self) -> range:
        """Subjects of all update domains."""
        return range(self.first_domain(), self.first_instance())

    def first_instance(self, slot: int = 0) -> int:
        """Subject of instance 0 of the deployment that began in production (0) or staging (1)."""
        return self.instance_blocks[slot * len(self.roles)].first

    @cached_property
    def versions(self) -> dict[str, int]:
        """Number of each build."""
        return {build: number for number, build in enumerate(self.builds)}

    def initial_version(self, slot: int) -> int:
        """The build that the deployment of a slot runs at time 0."""
        staging = self.spec.staging
        return self.versions[staging.build] if slot and staging else 0

    @cached_property
    def initial_codes(self) -> list[list[int]]:
        """By deployment the codes of its instances at time 0."""
        return [
            [
                self._initial_code(slot) * (k < role.count)
                for role in self.roles
                for k in range(role.room)
            ]
            for slot in range(self.slots)
        ]

    def _initial_code(self, slot: int) -> int:
        return self.initial_version(slot) * WIDTH + READY + (STAGED if slot else 0)

    @cached_property
    def units(self) -> Units:
        """How many whole numbers make up a weight of 1, in each series."""
        return units(self.spec)

    @cached_property
    def _build_specs(self) -> list[Build]:
        """How the builds behave, by number: one of which nothing is said behaves well."""
        return [self.spec.builds.get(build, Build()) for build in self.builds]

    @cached_property
    def fails(self) -> list[float]:
        """By build the chance that an instance fails to start, where the build is bad."""
        return [build.fails_to_start for build in self._build_specs]

    @cached_property
    def latent(self) -> list[UnhealthyLater | None]:
        """By build its latent fault, where the build is bad."""
        return [build.unhealthy_later for build in self._build_specs]

    @cached_property
    def faulty(self) -> list[int]:
        """Numbers of the builds that have a fault with a probability above 0."""
        return [number for number, build in enumerate(self._build_specs) if has_faults(build)]

    @cached_property
    def demand(self) -> Timeline:
        """What users ask for over time; the file's demand must be given."""
        assert self.spec.demand is not None
        return self.spec.demand.over(self.span)

    def least_served(self, role: int) -> int:
        """What a role, by place, must serve to be available, in the unit of `serves`."""
        return self.min_available[role] * self.units.serves

    def rollout(self, number: int) -> Operation:
        """The file's operation that begins the upgrade `number`."""
        return self.request(self.upgrades[number])

    @cached_property
    def failing(self) -> tuple[Failing, ...]:
        """Who fails by himself: instances one by one, the hosts of a fault domain together."""
        return tuple(self._failing())

    def _failing(self) -> Iterator[Failing]:
        for role in self.roles:
            if _come(role.spec.failures):
                path = f"{self.name}/{role.name}/failures"
                causes = [self.actor("failures")] * role.room
                yield Failing(path, role.spec.failures, [[i] for i in role.members], causes)
        failures = self.spec.fault_domain_failures
        if _come(failures):
            domains = [
                [i for role in self.roles for i in role.members[domain :: self.spec.fault_domains]]
                for domain in range(self.fault_domains)
            ]
            causes = list(self.failures_of_domains.numbers)
            yield Failing(f"{self.name}/fault_domain_failures", failures, domains, causes)

    @cached_property
    def slow(self) -> list[bool]:
        """By role whether its instances start slowly."""
        return [role.spec.slow_start is not None for role in self.roles]

    @cached_property
    def min_healthy(self) -> list[int]:
        """Upgraded instances that the health gate wants Ready, by role."""
        return [at_least(role.spec.min_healthy, role.count) for role in self.roles]

    @cached_property
    def min_available(self) -> list[int]:
        """Members in service that each role needs, by role."""
        return [at_least(role.spec.min_available, role.count) for role in self.roles]

    def _whose(self, slot: int) -> str:
        """What tells the names of two deployments apart: a slot, unless it changes hands."""
        if not slot:
            return ""
        return " (began in staging)" if self.swaps else " (staging)"


def _come(failures: Failures | None) -> TypeGuard[Failures]:
    return failures is not None and failures.per_year > 0


def _domain_name(deployment: str, domain: int) -> str:
    return f"update domain {domain}{deployment}"


def _instance_name(role: str, deployment: str, k: int) -> str:
    return f"{role}_IN_{k}{deployment}"


def has_faults(build: Build) -> bool:
    """Whether a build, when it is bad, can do harm."""
    latent = build.unhealthy_later
    return build.fails_to_start > 0 or (latent is not None and latent.probability > 0)


def _role_layouts(spec: CloudService, requests: Sequence[Operation]) -> tuple[RoleLayout, ...]:
    """Room for the most instances that each role is ever asked to have.

    Subjects are numbered before anything runs, so whoever may come has a number from the start.
    """
    roles: list[RoleLayout] = []
    place = 0
    largest = largest_counts(spec, requests)
    for role, each in spec.roles.items():
        roles.append(RoleLayout(role, each, place, each.instances, largest[role]))
        place += roles[-1].room
    return tuple(roles)
