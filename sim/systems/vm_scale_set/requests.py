"""What may be asked of a scale set, as a user writes it: the bodies of its operations.

Names follow the requests of the Compute REST API (PUT and PATCH of the set, `osRollingUpgrade`,
`extensionRollingUpgrade`, `rollingUpgrades/cancel`, `manualupgrade`, `reimage`).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag
from pydantic.json_schema import SkipJsonSchema

from sim.formats.distributions import Distribution
from sim.formats.fields import Count, Flag, Name, PositiveCount
from sim.systems.base.operation import Request, Window

ALL = "all"


def _form_of_instances(given: object) -> str:
    return "numbers" if isinstance(given, list | tuple) else "word"


def _is_all(given: object) -> object:
    if given != ALL:
        raise ValueError(f"must be {ALL}, or a list of numbers such as [0, 3]")
    return given


InstanceChoice = Annotated[
    Annotated[Literal["all"], BeforeValidator(_is_all), Tag("word")]
    | Annotated[tuple[Count, ...], Field(min_length=1), Tag("numbers")],
    Discriminator(_form_of_instances),
]
"""`all`, or a list of numbers."""


class UpdateModel(Request):
    """Update the model (PUT or PATCH): a new image replaces OS disks, a new size restarts, new
    extensions leave instances in service. An empty update begins again where one ended early.
    """

    image: Name | SkipJsonSchema[None] = None
    """The new image version. Default: as it is."""
    extensions: Name | SkipJsonSchema[None] = None
    """The new version of the extensions. Default: as it is."""
    size: Name | SkipJsonSchema[None] = None
    """The new size. Default: as it is."""
    windows: tuple[Window, ...] = ()
    """Times in which a batch may begin. Default: at any time."""


class StartOsUpgrade(Request):
    """Start a rolling upgrade of all instances to an image (osRollingUpgrade)."""

    image: Name | SkipJsonSchema[None] = None
    """The image version. Default: the last one that was published."""
    windows: tuple[Window, ...] = ()
    """Times in which a batch may begin. Default: at any time."""


class StartExtensionUpgrade(Request):
    """Start a rolling upgrade of the extensions (extensionRollingUpgrade)."""

    extensions: Name
    """The version of the extensions."""
    windows: tuple[Window, ...] = ()
    """Times in which a batch may begin. Default: at any time."""


class CancelRollingUpgrade(Request):
    """Cancel the rolling upgrade: the batch under way is finished (rollingUpgrades/cancel)."""


class ManualUpgrade(Request):
    """Bring instances to the latest model, all of them at once, protected ones too: it is an action
    on instances, not on the set (manualupgrade).
    """

    instances: InstanceChoice
    """`all`, or a list of numbers."""


class Reimage(Request):
    """Reimage instances at once, at the latest model; protected ones are passed over."""

    instances: InstanceChoice
    """`all`, or a list of numbers."""


class Scale(Request):
    """Change the capacity of the set."""

    instances: PositiveCount
    """The number of instances to have."""


class PublishImage(Request):
    """Azure, or its owner, publishes an image version."""

    image: Name
    """The image version."""
    discovery: Distribution | SkipJsonSchema[None] = None
    """Time until an automatic OS upgrade to it begins. Default: that of the set."""
    windows: tuple[Window, ...] = ()
    """Times in which a batch may begin: the set's maintenance configuration. Default: at any
    time."""


class SetProtection(Request):
    """Protect instances, or end that."""

    instances: InstanceChoice
    """`all`, or a list of numbers."""
    protect_from_scale_in: Flag = False
    """Whether no scale-in deletes them. Default: false."""
    protect_from_scale_set_actions: Flag = False
    """Whether upgrades, reimages and repairs of the set pass over them, and scale-in too; not so
    manual_upgrade, which names them. Default: false."""


OPERATIONS: dict[str, type[Request]] = {
    "update_model": UpdateModel,
    "start_os_upgrade": StartOsUpgrade,
    "start_extension_upgrade": StartExtensionUpgrade,
    "cancel_rolling_upgrade": CancelRollingUpgrade,
    "manual_upgrade": ManualUpgrade,
    "reimage": Reimage,
    "scale": Scale,
    "publish_image": PublishImage,
    "set_protection": SetProtection,
}

BEGINS = (UpdateModel, StartOsUpgrade, StartExtensionUpgrade)
"""Requests that begin an upgrade, if they are accepted."""
OF_INSTANCES = (ManualUpgrade, Reimage, SetProtection)
"""Requests about single instances."""
