"""A cloud service as a user writes it: its roles, builds and what happens to them.

Names follow the service definition and the management API of Azure Cloud Services; the defaults are
those of "How to update a cloud service" where it states one.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from sim.core.rounding import Amount
from sim.formats.distributions import Distribution
from sim.formats.fields import (
    CountOrShare,
    Flag,
    Name,
    NonNegativeNumber,
    PositiveCount,
    PositiveDuration,
    PositiveNumber,
    Share,
    Spec,
    Text,
)
from sim.systems.base.demand import Demand
from sim.systems.base.failures import Failures
from sim.systems.base.spec import System


class Stages(Spec):
    """A restart in its four stages, each with its own time. A stage left out takes none."""

    stop: Distribution = Distribution.fixed(0.0)
    """Time in StoppingRole: out of the load balancer, OnStop."""
    apply: Distribution = Distribution.fixed(0.0)
    """Time in StoppingVM: the new package is put in place."""
    start: Distribution = Distribution.fixed(0.0)
    """Time in StartingRole: host and startup tasks."""
    on_start: Distribution = Distribution.fixed(0.0)
    """Time in BusyRole: OnStart, until the instance is Ready."""


class SlowStart(Spec):
    """An instance that is Ready but still cold."""

    for_: Distribution = Field(alias="for")
    """How long an instance serves less after it became Ready."""
    serves: Share
    """The share of its weight that it serves meanwhile."""


class UnhealthyLater(Spec):
    """A fault that shows only some time after the instance became Ready."""

    probability: Share
    """Chance, at each start on the build, that the instance turns unresponsive."""
    after: Distribution
    """Time from Ready until it turns unresponsive."""


class Build(Spec):
    """How a build behaves. What is left out says that it behaves well."""

    bad: Share = 1.0
    """Chance that the build is bad, drawn once a replication. The two faults below affect only a
    bad build; one of them, or a capacity_factor, must stand beside it. Default: 100%."""
    fails_to_start: Share = 0.0
    """Chance that an instance fails to start, at each attempt. Default: 0%."""
    unhealthy_later: UnhealthyLater | SkipJsonSchema[None] = None
    """Turning unresponsive some time after the start. Default: never."""
    capacity_factor: Share = 1.0
    """Share of its normal capacity that an instance serves on this build, good or bad.
    Default: 100%."""


class Staging(Spec):
    """The deployment in the staging slot: the same roles, not counted until swapped in."""

    build: Name
    """The build that the staging deployment runs."""
    deployment: Name | SkipJsonSchema[None] = None
    """Name of the staging deployment. Default: the system's name, followed by -staging."""


class Extension(Spec):
    """An extension that was added to the service (Add Extension) and may be referred to."""

    id: Text
    """Its identifier."""
    json_: Flag = Field(default=False, alias="json")
    """Whether it is configured by JSON: only such extensions have a state. Default: false."""


class Role(Spec):
    """Alike instances of a cloud service; instance k is in update domain k mod update_domains."""

    instances: PositiveCount
    """Number of instances at the start."""
    min_available: CountOrShare = Amount(count=1)
    """Instances that must serve for the service to be available: a count, or a share rounded up.
    Default: 1."""
    # Assumption: one upgraded instance of each role must be Ready; Azure publishes no number.
    min_healthy: CountOrShare = Amount(count=1)
    """Upgraded instances that must be Ready before the next domain's turn: a count, or a share
    rounded up. Default: 1."""
    weight: PositiveNumber = 1.0
    """What one instance weighs in the capacity of the service. Default: 1."""
    restart: Distribution | SkipJsonSchema[None] = None
    """Time from stop to Ready of one instance, for whatever reason. Default: lognormal with median
    4min and 95 % within 9min, unless there are `stages`."""
    stages: Stages | SkipJsonSchema[None] = None
    """The restart in stages, instead of `restart`. Default: none."""
    create: Distribution | SkipJsonSchema[None] = None
    """Time until a new instance is Ready. Default: as a restart."""
    slow_start: SlowStart | SkipJsonSchema[None] = None
    """A time after Ready in which an instance serves less. Default: none."""
    serves_demand: NonNegativeNumber = 0.0
    """Demand that one instance serves. Default: 0."""
    # Assumption: an instance that fails by itself is back with its local data.
    failures: Failures | SkipJsonSchema[None] = None
    """Unplanned failures of single instances, which keep their local data. Default: none."""
    local_storage: Flag = False
    """Whether instances keep data on local disks, which a change of the VM size and a failure of
    their fault domain lose. Default: false."""


class CloudService(System):
    """A cloud service (classic): role instances, upgraded update domain by update domain."""

    kind: Literal["cloud_service"]
    """What the system is: a cloud service (classic)."""
    update_domains: PositiveCount = 5
    """Number of update domains, taken out one at a time. Default: 5."""
    # Assumption: there are two fault domains; Azure promises at least two, publishes no number.
    fault_domains: PositiveCount = 2
    """Number of fault domains. Default: 2."""
    start_timeout: PositiveDuration = 1800.0
    """How long the walk waits for an instance to be Ready. Default: 30min."""
    on_start_timeout: Literal["continue", "stuck"] = "continue"
    """What follows when it is not: continue with the next domain, or stuck. Default: continue."""
    build: Name = "1"
    """The build that runs at time 0. Default: "1"."""
    builds: dict[Name, Build] = Field(default_factory=dict)
    """Build name and how it behaves. Default: every build behaves well."""
    deployment: Name | SkipJsonSchema[None] = None
    """Name of the production deployment. Default: the system's name."""
    staging: Staging | SkipJsonSchema[None] = None
    """The deployment in the staging slot, for swap. Default: none."""
    extensions: tuple[Extension, ...] = ()
    """Extensions that the service owns. Default: none."""
    demand: Demand | SkipJsonSchema[None] = None
    """What users ask of the service over time. Default: not modelled."""
    # Assumption: instances of a failed fault domain are rebuilt on other servers, as documented of
    # a server that fails.
    fault_domain_failures: Failures | SkipJsonSchema[None] = None
    """Failures of a whole fault domain, whose instances lose their local data. Default: none."""
    roles: dict[Name, Role] = Field(min_length=1)
    """Role name and its instances."""
