"""A fleet of Azure Arc-enabled servers as a user writes it: its machines and their extensions.

Names follow the body of the PUT request in "Automatic Extension Upgrade for Azure Arc-enabled
servers"; the defaults are those of that document where it states one.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic.json_schema import SkipJsonSchema

from sim.formats.distributions import Distribution
from sim.formats.fields import (
    CountOrShare,
    Flag,
    Name,
    PositiveCount,
    PositiveDuration,
    Share,
    Spec,
    Text,
)
from sim.systems.arc_fleet.states import Status
from sim.systems.arc_fleet.versions import Version
from sim.systems.base.operation import Window
from sim.systems.base.spec import System

Os = Literal["linux", "windows"]

# Assumption: a release reaches every server within eight weeks, as documented, and evenly over
# them, of which the documents say nothing.
DISCOVERY = Distribution.model_validate({"uniform": {"low": "0s", "high": "56d"}})
# Assumption: Azure publishes no times; an installation takes 4 min, one in twenty over 6 min
# (recorded requests took between 2 and 6 min).
INSTALL = Distribution.model_validate({"lognormal": {"median": "4min", "p95": "6min"}})
# Assumption: Azure publishes no times; a rollback takes 2 min.
ROLLBACK = Distribution.fixed(120.0)
# Assumption: a retry "every few days" comes two to four days after the rollback, evenly.
RETRY_AFTER = Distribution.model_validate({"uniform": {"low": "2d", "high": "4d"}})


def _publisher_and_type(text: str) -> str:
    publisher, slash, kind = text.partition("/")
    if not (publisher and slash and kind) or "/" in kind:
        raise ValueError("must be a publisher and a type, such as Microsoft.Compute/CustomScript")
    return text


PublisherAndType = Annotated[Text, AfterValidator(_publisher_and_type)]


class Disconnected(Spec):
    """Machines that are away at times: nothing starts on them then, and they catch up. With `on`
    and `off` they have come and gone for long at time 0, so a third of them is away if they are
    away a third of the time; with `windows` they are connected by the clock.
    """

    share: Share
    """Share of the group's machines that are away at times; each is one with this chance."""
    on: Distribution | SkipJsonSchema[None] = None
    """How long such a machine is connected at a time; needs `off`."""
    off: Distribution | SkipJsonSchema[None] = None
    """How long it is away at a time; needs `on`."""
    windows: tuple[Window, ...] | SkipJsonSchema[None] = Field(default=None, min_length=1)
    """Times in which it is connected, by the local clock, instead of `on` and `off`."""


class MachineGroup(Spec):
    """Alike machines of a fleet."""

    count: PositiveCount
    """Number of machines."""
    os: Os | SkipJsonSchema[None] = None
    """Operating system: linux or windows. Default: not specified, and any extension fits."""
    disconnected: Disconnected | SkipJsonSchema[None] = None
    """A share of the machines that are disconnected at times. Default: all are always connected."""
    unhealthy: Share | SkipJsonSchema[None] = None
    """Chance that an attempt on one of them ends unhealthy. Default: that of the fleet."""
    discovery: Distribution | SkipJsonSchema[None] = None
    """Time from a publication until one of them is offered it. Default: that of the fleet."""
    install: Distribution | SkipJsonSchema[None] = None
    """Time to replace an installed version on one of them. Default: that of the fleet."""
    rollback_fails: Share | SkipJsonSchema[None] = None
    """Chance that a rollback on one of them fails. Default: that of the fleet."""


class Extension(Spec):
    """An extension that machines have at time 0."""

    publisher: Name
    """Its publisher, such as Microsoft.Azure.Monitor."""
    type: Name
    """Its type, such as AzureMonitorLinuxAgent; any case is taken."""
    version: Version
    """The version that is installed (typeHandlerVersion), such as 1.37.0."""
    auto_upgrade_minor_version: Flag = True
    """Whether it is installed in its newest minor version, whatever `version` says. It acts where
    the extension is installed again, not on one that is there. Default: true."""
    enable_automatic_upgrade: Flag = False
    """Whether it is enrolled: releases of its publisher are installed by themselves.
    Default: false."""
    min_available: CountOrShare | SkipJsonSchema[None] = None
    """Machines whose extension must be in service for this type to be available: a count, or a
    share rounded up. Default: none, and availability is not measured."""
    groups: tuple[Name, ...] | SkipJsonSchema[None] = Field(default=None, min_length=1)
    """Groups of machines that have it. Default: all but those of another operating system than the
    type names."""


class ArcFleet(System):
    """Azure Arc-enabled servers, whose extensions upgrade themselves."""

    kind: Literal["arc_fleet"]
    """What the system is: a fleet of Azure Arc-enabled servers."""
    machines: PositiveCount | SkipJsonSchema[None] = None
    """Number of machines, where all are alike; instead of `groups`."""
    groups: dict[Name, MachineGroup] = Field(default_factory=dict)
    """Group name and its machines; instead of `machines`."""
    extensions: tuple[Extension, ...] = Field(min_length=1)
    """What the machines have installed."""
    supported: Literal["2021-08", "2021-12", "2025-06"] | SkipJsonSchema[None] = None
    """The document whose list says which types can be upgraded automatically: 2021-08, 2021-12 or
    2025-06. Default: any type that ever stood in one of them."""
    also_supported: tuple[PublisherAndType, ...] = ()
    """Further ones that can, each as publisher/type. Default: none."""
    discovery: Distribution = DISCOVERY
    """Time from a publication until a machine is offered it. Default: uniform from 0s to 56d
    (documented: up to eight weeks for every server)."""
    install: Distribution = INSTALL
    """Time to replace the installed version by another one. Default: lognormal with median 4min and
    95 % within 6min."""
    health_window: PositiveDuration = 300.0
    """Time after an installation in which the machine must be healthy. Default: 5min."""
    verdict: Literal["at_end", "early"] = "at_end"
    """When a healthy machine is found so: at_end of the window, or early, as soon as it is healthy.
    Default: at_end."""
    healthy_after: Distribution = Distribution.fixed(0.0)
    """Time from an installation until the machine is healthy, for an early verdict; beyond the
    window it is unhealthy. Default: 0s."""
    unhealthy: Share = 0.0
    """Chance that an attempt ends with an unhealthy machine. Default: 0%."""
    rollback: Distribution = ROLLBACK
    """Time to put the previous version back. Default: 2min."""
    rollback_fails: Share = 0.0
    """Chance that a rollback fails: the extension is then failed until it is installed again.
    Default: 0%."""
    retry_after: Distribution = RETRY_AFTER
    """Time from the end of a rollback until the next attempt. Default: uniform from 2d to 4d
    (documented: every few days)."""
    max_attempts: PositiveCount | SkipJsonSchema[None] = None
    """Attempts at a release after which an extension is failed. Default: no limit."""
    max_concurrent: CountOrShare | SkipJsonSchema[None] = None
    """Machines that may be busy at one instant: a count, or a share rounded down, at least 1.
    Default: all."""
    # Assumption: an extension serves while it waits, is watched in a health window that ends well,
    # or backs off.
    counts_as_out: tuple[Status, ...] = ("installing", "unhealthy", "rolling_back", "failed")
    """States in which an extension is not in service: current, waiting, installing, watching,
    unhealthy, rolling_back, backing_off, failed. Default: installing, unhealthy, rolling_back,
    failed."""


LAWS = ("unhealthy", "discovery", "install", "rollback_fails")
"""Keys of a fleet that a group of machines may have of its own."""


def on_group(spec: ArcFleet, group: str) -> ArcFleet:
    """The fleet as it is on the machines of a group: what that has of its own takes the place of
    the fleet's. Where it has nothing of its own this is `spec` itself; all is resolved.
    """
    own = {key: getattr(spec.groups[group], key) for key in LAWS}
    given = {key: law for key, law in own.items() if law is not None}
    return spec.model_copy(update=given) if given else spec


def identity(publisher: str, kind: str) -> str:
    """Publisher.Type, by which requests name an extension, in lower case: types have no case."""
    return f"{publisher}.{kind}".lower()


def os_of(kind: str) -> Os | None:
    """The operating system that a type names: at its end (KeyVaultForLinux) or in the middle
    (AzureMonitorLinuxAgent); None where it names none.
    """
    if "linux" in kind.lower():
        return "linux"
    return "windows" if "windows" in kind.lower() else None


def fits(kind: str, group: MachineGroup) -> bool:
    """Whether machines of a group can have an extension of a type, as far as the file says."""
    return group.os is None or os_of(kind) in (None, group.os)
