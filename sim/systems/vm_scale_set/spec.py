"""A scale set as a user writes it: its instances, how they are upgraded, and what befalls them.

Names follow the Compute REST API (`upgradePolicy`, `rollingUpgradePolicy`, ...) in this file's
style. Sources: the pages on upgrade policy modes, rolling upgrades, MaxSurge, automatic OS image
upgrades, the Application Health extension and automatic instance repairs of scale sets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import (
    AfterValidator,
    Discriminator,
    Field,
    Tag,
    ValidationError,
    WrapValidator,
)
from pydantic.json_schema import SkipJsonSchema

from sim.core.rounding import Amount
from sim.core.units import format_share
from sim.formats.distributions import Distribution
from sim.formats.fields import (
    Count,
    CountOrShare,
    Flag,
    Name,
    NonNegativeNumber,
    PositiveCount,
    Share,
    Spec,
    share_schema,
)
from sim.formats.time_fields import Duration, PositiveDuration
from sim.systems.base.demand import Demand
from sim.systems.base.failures import Failures
from sim.systems.base.spec import System

if TYPE_CHECKING:
    from collections.abc import Callable

# Assumption: Azure publishes no times of an instance. Recorded reimages on Linux took 73 and 83 s,
# a model change on Windows 240 to 520 s a batch; a set of two was created in 356 to 585 s.
REIMAGE = Distribution.fixed(80.0)
UPGRADE = Distribution.fixed(240.0)
CREATE = Distribution.fixed(180.0)
DELETE = Distribution.fixed(60.0)
HEALTHY_AFTER = Distribution.fixed(60.0)
RESTART = Distribution.fixed(60.0)

LEAST_PERCENT = 0.05


def _at_least_five_percent(share: float) -> float:
    if share < LEAST_PERCENT:
        raise ValueError(f"must be 5% to 100%, got {format_share(share)}")
    return share


Percent = Annotated[Share, AfterValidator(_at_least_five_percent), share_schema(LEAST_PERCENT)]
"""The bounds of the REST API."""


def _form_of_zones(given: object) -> str:
    return "list" if isinstance(given, list | tuple) else "number"


def _number_of_zones(given: object, read: Callable[[object], int]) -> int:
    """A number; what is none is told that it may also be a list."""
    try:
        return read(given)
    except ValidationError:
        if not isinstance(given, str | int | float):
            raise
        rule = "must be a number of zones, 1 or more, or a list with the instances of each"
        raise ValueError(rule) from None


if TYPE_CHECKING:
    Zones = int | tuple[int, ...]
else:
    Zones = Annotated[
        Annotated[PositiveCount, WrapValidator(_number_of_zones), Tag("number")]
        | Annotated[tuple[Count, ...], Tag("list")],
        Discriminator(_form_of_zones),
    ]


class UpgradePolicy(Spec):
    """How a change of the model reaches the instances, and the policy of rolling upgrades."""

    mode: Literal["automatic", "manual", "rolling"] = "rolling"
    """automatic (all instances at once), manual (none until manual_upgrade) or rolling (in
    batches). Automatic OS upgrades and those that are started go in batches in every mode.
    Default: rolling."""
    max_batch_instance_percent: Percent = 0.2
    """Share of the instances that a batch takes at most, rounded down, at least one.
    Default: 20%."""
    max_unhealthy_instance_percent: Percent = 0.2
    """Share of all instances, unhealthy for whatever reason, above which no batch begins.
    Default: 20%."""
    max_unhealthy_upgraded_instance_percent: Share = 0.2
    """Share of the upgraded instances, unhealthy after a batch, above which the upgrade ends.
    Default: 20%."""
    pause_time_between_batches: Duration = 0.0
    """Time from the end of a batch to the start of the next one. Default: 0s."""
    prioritize_unhealthy_instances: Flag = False
    """Whether unhealthy instances are upgraded first. Default: false."""
    enable_cross_zone_upgrade: Flag = False
    """Whether a batch may take instances of several zones. Default: false."""
    rollback_failed_instances_on_policy_breach: Flag = False
    """Whether instances that failed go back to their former model when the upgrade ends by a
    breach; uniform sets only. Default: false."""
    max_surge: Flag = False
    """Whether a batch creates new instances before it deletes old ones. Default: false."""


class AutomaticOsUpgrade(Spec):
    """Whether Azure upgrades the set by itself when an image is published."""

    enabled: Flag = False
    """Whether it does. Default: false."""
    disable_automatic_rollback: Flag = False
    """Whether an instance that does not get healthy keeps the new image; else it gets its former
    OS disk back. Default: false."""
    # Assumption: Azure publishes no delay; the first run may start up to 3 h after it is enabled.
    discovery: Distribution = Distribution.model_validate({"uniform": {"low": "0h", "high": "3h"}})
    """Time from the publication of an image until its upgrade begins. Default: uniform from 0s to
    3h."""


class Health(Spec):
    """How Azure sees that an instance is healthy."""

    source: Literal["application", "load_balancer", "none"] = "application"
    """application (the Application Health extension), load_balancer (its probe) or none (an
    instance that runs and whose extensions are provisioned counts as healthy). Default:
    application."""
    interval: PositiveDuration = 5.0
    """Time between two probes. Default: 5s."""
    probes: PositiveCount = 1
    """Probes in a row that must agree. Default: 1."""
    grace_period: Duration = 0.0
    """Time in which an instance that has started may initialize: the wait for its health begins
    when that is over. Default: 0s."""
    # Assumption: the documents give five minutes for images; a change of the model waits as long.
    wait: PositiveDuration = 300.0
    """How long an upgrade waits for an instance to be healthy. Default: 5min."""
    # Assumption: the documents do not reconcile a grace period of up to 4 h with the five minutes.
    grace_extends_wait: Flag = True
    """Whether the wait begins when the grace period is over; else when the instance has started.
    Default: true."""


class Repairs(Spec):
    """Automatic instance repairs: what Azure does with an unhealthy instance."""

    action: Literal["replace", "reimage", "restart"] = "replace"
    """What is done with it. Default: replace."""
    grace_period: Duration = 600.0
    """Time after any change of the set, or of the instance, in which nothing is repaired.
    Default: 10min."""


class UnhealthyLater(Spec):
    """A fault that shows only some time after the instance was healthy."""

    probability: Share
    """Chance, each time an instance gets healthy on the version, that it turns unhealthy."""
    after: Distribution
    """Time until it does."""


class Version(Spec):
    """How an image, an extension or a size behaves. What is left out says that it behaves well."""

    bad: Share = 1.0
    """Chance that the version is bad, drawn once a replication. The faults below affect only a bad
    one; one of them must stand beside it. Default: 100%."""
    unhealthy: Share = 0.0
    """Chance that an instance does not get healthy on it, at each attempt. Default: 0%."""
    unhealthy_later: UnhealthyLater | SkipJsonSchema[None] = None
    """Turning unhealthy some time after. Default: never."""


class VmScaleSet(System):
    """A virtual machine scale set: instances that follow a model, upgraded in batches."""

    kind: Literal["vm_scale_set"]
    """What the system is: a virtual machine scale set."""
    instances: PositiveCount
    """Number of instances at the start: its capacity."""
    orchestration: Literal["uniform", "flexible"] = "uniform"
    """uniform or flexible. Default: uniform."""
    zones: Zones | SkipJsonSchema[None] = None
    """Availability zones: a number, over which the instances are spread, or a list with the
    instances of each. Default: none, a regional set."""
    update_domains: PositiveCount = 5
    """Update domains of a uniform regional set, instance k in domain k mod update_domains: a batch
    stays inside one. Sets in zones and flexible sets have none. Default: 5."""
    image: Name = "1"
    """The image version of the model at time 0."""
    extensions: Name = "1"
    """The version of its extensions at time 0. Default: "1"."""
    size: Name = "1"
    """The size of its instances at time 0. Default: "1"."""
    versions: dict[Name, Version] = Field(default_factory=dict)
    """Name of an image, of extensions or of a size, and how it behaves. Default: all behave
    well."""
    upgrade_policy: UpgradePolicy = UpgradePolicy()
    """How instances are upgraded."""
    automatic_os_upgrade: AutomaticOsUpgrade = AutomaticOsUpgrade()
    """Whether Azure upgrades the image by itself. Default: not."""
    health: Health = Health()
    """How Azure sees that an instance is healthy."""
    upgrade: Distribution = UPGRADE
    """Time that a change of the size, or of extensions, takes an instance; new extensions leave it
    in service. Default: 240s."""
    reimage: Distribution = REIMAGE
    """Time that a new image, or a reimage, takes an instance out. Default: 80s."""
    restore: Distribution | SkipJsonSchema[None] = None
    """Time until an instance is back on its former OS disk. Default: as reimage."""
    restart: Distribution = RESTART
    """Time that a restart, by a repair, takes. Default: 60s."""
    create: Distribution = CREATE
    """Time until a new instance runs. Default: 180s."""
    delete: Distribution = DELETE
    """Time until an instance is deleted. Default: 60s."""
    healthy_after: Distribution = HEALTHY_AFTER
    """Time from when an instance runs until its application answers. Default: 60s."""
    unhealthy_instances: tuple[Count, ...] = ()
    """Numbers of instances that are unhealthy at time 0, until something replaces or restarts them.
    Default: none."""
    quota: PositiveCount | SkipJsonSchema[None] = None
    """Instances that there may be at once: a batch of a surge for which that is too few goes in
    place, a scale-out is refused. Default: enough."""
    repairs: Repairs | SkipJsonSchema[None] = None
    """Automatic instance repairs. Default: none."""
    failures: Failures | SkipJsonSchema[None] = None
    """Unplanned failures of single instances. Default: none."""
    min_available: CountOrShare = Amount(count=1)
    """Instances that must be in service for the set to be available: a count, or a share rounded
    up. Default: 1."""
    demand: Demand | SkipJsonSchema[None] = None
    """What users ask of the set over time. Default: not modelled."""
    serves_demand: NonNegativeNumber = 0.0
    """Demand that one instance serves. Default: 0."""

    @property
    def zone_counts(self) -> tuple[int, ...]:
        """Instances at time 0 by zone; empty for a regional set."""
        if self.zones is None:
            return ()
        if not isinstance(self.zones, int):
            return self.zones
        each, more = divmod(self.instances, self.zones)
        return tuple(each + (zone < more) for zone in range(self.zones))

    @property
    def domains(self) -> int:
        """Update domains that a batch stays inside of; 1 where there are none."""
        # The documents give update domains to uniform sets; in a zone each has its own.
        is_regional = self.orchestration == "uniform" and self.zones is None
        return self.update_domains if is_regional else 1
