"""Requests to an Arc fleet, and what publishers do: the bodies of its operations.

Names follow the body of the PUT request in "Automatic Extension Upgrade for Azure Arc-enabled
servers", and `extensionTargets` of machines/upgradeExtensions. A request on a group stands for the
same request on each of its machines. What the service would receive and reject is accepted here:
the modelled service rejects it.
"""

from __future__ import annotations

from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from sim.formats.fields import Flag, Name, OneOf, Share
from sim.systems.arc_fleet.spec import Os
from sim.systems.arc_fleet.versions import Version
from sim.systems.base.operation import Request, Window


class AlwaysUnhealthy(OneOf):
    """A release that never gets healthy on some machines, and always on the others."""

    machines: Share | SkipJsonSchema[None] = None
    """Share of the machines on which it never does; each is one with this chance, for good."""
    os: Os | SkipJsonSchema[None] = None
    """The operating system on which it never does: linux or windows."""
    group: Name | SkipJsonSchema[None] = None
    """The group of machines on which it never does."""

    def is_on_all(self, group: str, os: Os | None) -> bool | None:
        """Whether it is so on every machine of a group, or on none; None where chance decides."""
        if self.group is not None:
            return self.group == group
        return None if self.os is None else self.os == os


class PublishExtension(Request):
    """A publisher releases a version: enrolled extensions of the same major version get it."""

    group: Name | SkipJsonSchema[None] = None
    """The group of machines that it reaches; the same version released again later, without a
    group, reaches the rest. Default: all."""
    publisher: Name | SkipJsonSchema[None] = None
    """The publisher. Default: that of the fleet's only extension of this type."""
    type: Name
    """Type of the extension."""
    version: Version
    """The version that is released."""
    unhealthy: Share | AlwaysUnhealthy | SkipJsonSchema[None] = None
    """How bad the release is: the chance that an attempt ends with an unhealthy machine, {machines:
    SHARE}, {os: NAME} or {group: NAME} on which every attempt does. A version is as bad as its
    first release says. Default: `unhealthy` of the group, or of the fleet."""
    windows: tuple[Window, ...] = ()
    """Times in which an attempt may begin. Default: at any time."""


class SetAutomaticUpgrade(Request):
    """Opt an extension in or out; what is under way finishes, what waits does not start."""

    publisher: Name | SkipJsonSchema[None] = None
    """The publisher. Default: that of the fleet's only extension of this type."""
    type: Name
    """Type of the extension."""
    group: Name | SkipJsonSchema[None] = None
    """The group of machines. Default: all that have it."""
    enabled: Flag
    """Whether it is upgraded automatically from now on (enableAutomaticUpgrade)."""


class PutExtension(Request):
    """PUT of machines/extensions: the extension is created, or changed; what is failed is installed
    again.
    """

    group: Name | SkipJsonSchema[None] = None
    """The group of machines. Default: all but those of another operating system than the type
    names."""
    publisher: Name
    """Its publisher."""
    type: Name
    """Its type."""
    version: Version
    """The version to install (typeHandlerVersion); a partial one, such as 9.5, is its newest known
    release."""
    auto_upgrade_minor_version: Flag = True
    """Whether the newest minor version is installed instead. Default: true."""
    enable_automatic_upgrade: Flag = False
    """Whether it is upgraded automatically from now on. Default: false."""


class UpgradeExtensions(Request):
    """POST of machines/upgradeExtensions: the operator's own push, enrolled or not; what is failed
    is installed again.
    """

    group: Name | SkipJsonSchema[None] = None
    """The group of machines. Default: all that have the extension."""
    targets: dict[Name, Version] = Field(min_length=1)
    """Publisher.Type, such as Microsoft.Azure.Monitor.AzureMonitorLinuxAgent, and the version to
    install; a partial one is its newest known release."""
    windows: tuple[Window, ...] = ()
    """Times in which an installation may begin. Default: at any time."""


class RepairExtension(Request):
    """An operator removes an extension where it is failed, and installs it again."""

    publisher: Name | SkipJsonSchema[None] = None
    """The publisher. Default: that of the fleet's only extension of this type."""
    type: Name
    """Type of the extension."""
    group: Name | SkipJsonSchema[None] = None
    """The group of machines. Default: all that have it."""


class RemoveExtension(Request):
    """DELETE of machines/extensions: the extension goes, failed or not; a PUT installs it again."""

    publisher: Name | SkipJsonSchema[None] = None
    """The publisher. Default: that of the fleet's only extension of this type."""
    type: Name
    """Type of the extension."""
    group: Name | SkipJsonSchema[None] = None
    """The group of machines. Default: all that have it."""


OPERATIONS: dict[str, type[Request]] = {
    "publish_extension": PublishExtension,
    "set_automatic_upgrade": SetAutomaticUpgrade,
    "put_extension": PutExtension,
    "upgrade_extensions": UpgradeExtensions,
    "repair_extension": RepairExtension,
    "remove_extension": RemoveExtension,
}
