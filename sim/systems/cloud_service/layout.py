"""The numbering of a cloud service: its subjects and their weights, fixed by the scenario."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING

import numpy as np

from sim.core.log import UPGRADE, Block, States
from sim.core.rounding import at_least
from sim.systems.cloud_service.defaults import configuration
from sim.systems.cloud_service.domains import domains_in_use, update_domain
from sim.systems.cloud_service.rejections import OPERATION_STATES
from sim.systems.cloud_service.requests import (
    ChangeConfiguration,
    GuestOsUpdate,
    HostOsUpdate,
    Swap,
    UpgradeDeployment,
)
from sim.systems.cloud_service.states import (
    ACTOR,
    ACTORS,
    AT_REST,
    BUILD,
    DOMAIN,
    READY,
    SLOW,
    STAGED,
    STATUSES,
    WIDTH,
    is_out,
)
from sim.systems.cloud_service.weights import Units, slow_share, units

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from sim.systems.base.operation import Operation, Span
    from sim.systems.cloud_service.spec import Build, CloudService, Role, UnhealthyLater


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


@dataclass(frozen=True, eq=False)
class Layout:
    """The numbering of a cloud service: fixed by the scenario, the same in every replication.

    Instances are numbered through the roles in order of name, first in production, then in staging;
    an instance's subject is `first_instance` plus that number.
    """

    name: str
    spec: CloudService
    roles: tuple[RoleLayout, ...]
    builds: tuple[str, ...]
    """Versions by number; 0 is the build that runs at time 0."""
    operations: tuple[str, ...]
    """Names by number: the file's, then those that the modelled operators may ask for."""
    upgrades: tuple[str, ...]
    """Names of the operations that begin an upgrade, by number."""
    rollouts: int
    """How many of the upgrades are rollouts, in front; the rest are the platform's."""
    first: int
    """The system's first subject in the log."""
    span: Span
    swaps: bool = False
    """Whether the two slots are to change places."""

    @property
    def platform_updates(self) -> int:
        """How many of the upgrades are the platform's."""
        return len(self.upgrades) - self.rollouts

    @cached_property
    def instances(self) -> int:
        """How many instances a deployment has room for."""
        return sum(role.room for role in self.roles)

    @cached_property
    def slots(self) -> int:
        """1, or 2 with a staging deployment."""
        return 1 if self.spec.staging is None else 2

    @cached_property
    def domains(self) -> int:
        """Update domains that can ever be in use."""
        return domains_in_use(self.spec.update_domains, max(role.room for role in self.roles))

    @cached_property
    def domain_members(self) -> list[list[int]]:
        """For each update domain the numbers of the instances that belong to it."""
        members: list[list[int]] = [[] for _ in range(self.domains)]
        for role in self.roles:
            for k in range(role.room):
                members[update_domain(k, self.spec.update_domains)].append(role.first + k)
        return members

    @cached_property
    def role_of(self) -> list[int]:
        """The place of each instance's role in `roles`."""
        return [place for place, role in enumerate(self.roles) for _ in range(role.room)]

    @cached_property
    def names(self) -> list[str]:
        """Instance names as Azure gives them."""
        return [f"{role.name}_IN_{k}" for role in self.roles for k in range(role.room)]

    # Subjects, in the order of their blocks.
    @cached_property
    def first_operation(self) -> int:
        """Subject of the first operation."""
        return self.first + len(ACTORS)

    @cached_property
    def first_upgrade(self) -> int:
        """Subject of the first upgrade."""
        return self.first_operation + len(self.operations)

    @cached_property
    def first_build(self) -> int:
        """Subject of the first build."""
        return self.first_upgrade + len(self.upgrades)

    def first_domain(self, slot: int = 0) -> int:
        """Subject of update domain 0 of production (0) or staging (1)."""
        return self.first_build + len(self.builds) + slot * self.domains

    def first_instance(self, slot: int = 0) -> int:
        """Subject of instance 0 of the deployment that began in production (0) or staging (1)."""
        return self.first_domain(self.slots) + slot * self.instances

    @cached_property
    def versions(self) -> dict[str, int]:
        """Number of each build."""
        return {build: number for number, build in enumerate(self.builds)}

    def initial_version(self, slot: int) -> int:
        """The build that the deployment of a slot runs at time 0."""
        staging = self.spec.staging
        return self.versions[staging.build] if slot and staging else 0

    def initial_codes(self, slot: int) -> list[int]:
        """Codes of a deployment's instances at time 0."""
        code = self.initial_version(slot) * WIDTH + READY + (STAGED if slot else 0)
        return [code if here else 0 for here in self._present]

    @cached_property
    def _present(self) -> list[bool]:
        """Whether each instance is there at time 0."""
        return [k < role.count for role in self.roles for k in range(role.room)]

    @cached_property
    def units(self) -> Units:
        """How many whole numbers make up a weight of 1, in each series."""
        return units(self.spec)

    @cached_property
    def nominal(self) -> int:
        """Weight of production at time 0, in the unit of `capacity`."""
        codes = np.array(self.initial_codes(0))
        weights = [self.weights(role.spec)["capacity"][codes[role.members]] for role in self.roles]
        return int(sum(weight.sum() for weight in weights))

    @cached_property
    def fails(self) -> list[float]:
        """By build the chance that an instance fails to start, where the build is bad."""
        builds = [self.spec.builds.get(build) for build in self.builds]
        return [build.fails_to_start if build else 0.0 for build in builds]

    @cached_property
    def latent(self) -> list[UnhealthyLater | None]:
        """By build its latent fault, where the build is bad."""
        builds = [self.spec.builds.get(build) for build in self.builds]
        return [build.unhealthy_later if build else None for build in builds]

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

    def blocks(self) -> list[Block]:
        """The system's subjects, in order of number."""
        blocks = [
            self._block("actor", "", self.first, len(ACTORS), ACTOR, ACTORS.__getitem__),
            self._block(
                "operation",
                "",
                self.first_operation,
                len(self.operations),
                OPERATION_STATES,
                self.operations.__getitem__,
            ),
            self._block(
                "upgrade",
                "",
                self.first_upgrade,
                len(self.upgrades),
                UPGRADE,
                tuple(f"upgrade by {name}" for name in self.upgrades).__getitem__,
            ),
            self._block(
                "build",
                "",
                self.first_build,
                len(self.builds),
                BUILD,
                tuple(f"build {name}" for name in self.builds).__getitem__,
            ),
        ]
        blocks += [
            self._block(
                "update_domain",
                slot,
                self.first_domain(number),
                self.domains,
                DOMAIN,
                partial(_domain_name, self._whose(number)),
                [AT_REST] * self.domains,
            )
            for number, slot in enumerate(("", "staging")[: self.slots])
        ]
        for slot in range(self.slots):
            blocks += self._instances(slot)
        return blocks

    def _whose(self, slot: int) -> str:
        """What tells the names of two deployments apart: a slot, unless it changes hands."""
        if not slot:
            return ""
        return " (began in staging)" if self.swaps else " (staging)"

    def _instances(self, slot: int) -> list[Block]:
        states = States(STATUSES, self.builds)
        initial = self.initial_codes(slot)
        return [
            self._block(
                "instance",
                role.name,
                self.first_instance(slot) + role.first,
                role.room,
                states,
                partial(_instance_name, role.name, self._whose(slot)),
                initial[role.first : role.first + role.room],
                self.weights(role.spec),
            )
            for role in self.roles
        ]

    def _block(
        self,
        kind: str,
        group: str,
        first: int,
        count: int,
        states: States,
        name: Callable[[int], str],
        initial: Sequence[int] | None = None,
        weights: Mapping[str, NDArray[np.int64]] | None = None,
    ) -> Block:
        codes = np.array(initial if initial is not None else [0] * count, np.int16)
        return Block(self.name, kind, group, first, count, states, codes, name, weights or {})

    def weights(self, role: Role) -> dict[str, NDArray[np.int64]]:
        """What an instance of `role` weighs by code, in the `units` of the series."""
        slow, units = slow_share(role), self.units
        serves = np.zeros((len(self.builds), WIDTH))
        serves[:, READY], serves[:, SLOW] = 1.0, slow
        factors = [
            self.spec.builds[build].capacity_factor if build in self.spec.builds else 1.0
            for build in self.builds
        ]
        useful = serves * np.array(factors)[:, None]
        ready, out, present = np.zeros((3, len(self.builds), WIDTH), np.int64)
        ready[:, [READY, SLOW]] = 1
        out[:, [status for status in range(STAGED) if is_out(status)]] = 1
        present[:, 1:STAGED] = 1
        return {
            "capacity": _whole(useful * role.weight * units.capacity),
            "serves": _whole(serves * units.serves),
            "demand": _whole(useful * role.serves_demand * units.demand),
            "ready": ready.ravel(),
            "out": out.ravel(),
            "present": present.ravel(),
        }


def _whole(weights: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.rint(weights).astype(np.int64).ravel()


def _domain_name(deployment: str, domain: int) -> str:
    return f"update domain {domain}{deployment}"


def _instance_name(role: str, deployment: str, k: int) -> str:
    return f"{role}_IN_{k}{deployment}"


def has_faults(build: Build) -> bool:
    """Whether a build, when it is bad, can do harm."""
    latent = build.unhealthy_later
    return build.fails_to_start > 0 or (latent is not None and latent.probability > 0)


def operator_walk(upgrade: str, domain: int) -> str:
    """Name of the operator's walk of a domain."""
    return f"{upgrade}-walk-{domain}"


def is_rollout(operation: Operation) -> bool:
    """Whether an operation begins an upgrade that a user asked for."""
    body = operation.body
    if isinstance(body, ChangeConfiguration):
        return body.restarts
    return isinstance(body, UpgradeDeployment | Swap)


def number_all(
    name: str, spec: CloudService, operations: Sequence[Operation], first: int, span: Span
) -> Layout:
    """Number all that can ever be there: instances, the operators' operations, upgrades, builds."""
    roles = []
    place = 0
    for role, each in spec.roles.items():
        counts = [configuration(operation.body).get(role, 0) for operation in operations]
        room = max([each.instances, *counts])
        roles.append(RoleLayout(role, each, place, each.instances, room))
        place += room
    rollouts = [operation.name for operation in operations if is_rollout(operation)]
    platform = [
        operation.name
        for operation in operations
        if isinstance(operation.body, GuestOsUpdate | HostOsUpdate)
    ]
    layout = Layout(
        name,
        spec,
        tuple(roles),
        _builds(spec, operations),
        (),
        (*rollouts, *platform),
        len(rollouts),
        first,
        span,
        swaps=any(operation.kind == "swap" for operation in operations),
    )
    names = [operation.name for operation in operations]
    for operation in operations:
        if isinstance(operation.body, UpgradeDeployment) and operation.body.operator:
            names += [operator_walk(operation.name, domain) for domain in range(layout.domains)]
            names.append(f"{operation.name}-rollback")
    return replace(layout, operations=tuple(names))


def _builds(spec: CloudService, operations: Sequence[Operation]) -> tuple[str, ...]:
    """All builds that the scenario knows; the one that runs at time 0 comes first."""
    others = set(spec.builds)
    if spec.staging:
        others.add(spec.staging.build)
    others |= {
        str(operation.body.build)
        for operation in operations
        if isinstance(operation.body, UpgradeDeployment)
    }
    return (spec.build, *sorted(others - {spec.build}))
