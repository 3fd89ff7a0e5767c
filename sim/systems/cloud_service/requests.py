"""Requests to a cloud service, as a user writes them: the bodies of its operations.

Names follow the requests of the Service Management API ("Upgrade Deployment", "Change Deployment
Configuration", "Rollback Update Or Upgrade", ...). What that API would receive and reject is
accepted here: the modelled service rejects it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
)
from pydantic.json_schema import SkipJsonSchema

from sim.formats.distributions import Distribution
from sim.formats.fields import (
    Count,
    Duration,
    Flag,
    Name,
    Null,
    PositiveCount,
    PositiveDuration,
    Share,
    Spec,
    Text,
    TextOrNull,
)
from sim.systems.base.operation import Request, Window


def as_spelled(*spellings: str) -> BeforeValidator:
    """Any case is taken and becomes Azure's spelling."""
    by_lower = {spelling.lower(): spelling for spelling in spellings}

    def spell(value: object) -> object:
        return by_lower.get(value.lower(), value) if isinstance(value, str) else value

    return BeforeValidator(spell)


def _api_version(text: str) -> str:
    if not re.fullmatch(r"newest|[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise ValueError("must be newest or a date such as 2014-06-01")
    return text


def _none_for_null(value: str | Null) -> str | None:
    return None if value is Null.NULL else value


# None where null was written.
if TYPE_CHECKING:
    NullableText = str | None
else:
    NullableText = Annotated[TextOrNull, AfterValidator(_none_for_null)]
Mode = Annotated[
    Literal["Auto", "Manual", "Simultaneous"], as_spelled("Auto", "Manual", "Simultaneous")
]
RollbackMode = Annotated[Literal["Auto", "Manual"], as_spelled("Auto", "Manual")]
Change = Literal["vm_size", "local_storage", "endpoints"]
# Versions are compared as texts, and "newest" is above every date.
XMsVersion = Annotated[Text, AfterValidator(_api_version)]


class UserRequest(Request):
    """What a user sends to the Service Management API."""

    x_ms_version: XMsVersion = "newest"
    """Version of the API that the request asks for, such as 2014-06-01. Default: newest."""


class Operator(Spec):
    """Walks a Manual upgrade domain by domain, watches it, and stops when it goes wrong."""

    bake: Duration = 0.0
    """Time between a domain's end and the next walk. Default: 0s."""
    look_every: PositiveDuration = 300.0
    """Time between two looks during the bake. Default: 5min."""
    stop_above: Share | SkipJsonSchema[None] = None
    """Share of upgraded instances that are not Ready above which the walk ends; one whose start
    failed, and that is Ready by then, is not seen. Default: the operator never stops."""
    then: Literal["stop", "rollback"] = "stop"
    """What follows: stop (nothing more is done) or rollback (with Mode Auto). Default: stop."""
    detects: Share = 1.0
    """Chance that the operator sees a share that is above, one draw a bake. Default: 100%."""
    false_alarm: Share = 0.0
    """Chance that the operator sees one that is not, one draw a bake. Default: 0%."""


class ExtendedProperty(Spec):
    """A name with a value that belongs to the service."""

    name: Text
    """Its name. The service takes up to 64 letters, digits and underscores, a letter first."""
    value: NullableText
    """Its value, up to 255 characters. null deletes the property."""

    @model_serializer
    def _with_null(self) -> dict[str, str | None]:
        """Dumps leave None out everywhere else; here it says something."""
        return {"name": self.name, "value": self.value}


class ExtensionState(Spec):
    """An extension for a deployment to have."""

    id: Text
    """The identifier of an extension of the service."""
    state: (
        Annotated[
            Literal["Enable", "Disable", "Uninstall"],
            as_spelled("Enable", "Disable", "Uninstall"),
        ]
        | SkipJsonSchema[None]
    ) = None
    """Enable, Disable or Uninstall, for extensions that are configured by JSON. Default: not sent,
    which means Enable."""


class ExtensionConfiguration(Spec):
    """The extensions of a deployment, instead of those that it had."""

    all_roles: tuple[ExtensionState, ...] = ()
    """Extensions for every role. Default: none."""
    named_roles: dict[Name, tuple[ExtensionState, ...]] = Field(default_factory=dict)
    """Role name and the extensions for that role; its own entry wins over that in `all_roles`.
    Default: none."""


def _sent(body: Request, handler: SerializerFunctionWrapHandler, *elements: str) -> dict[str, Any]:
    """Leave out elements that the user did: an old x_ms_version rejects even a default one."""
    dumped: dict[str, Any] = handler(body)
    for element in elements:
        if element not in body.model_fields_set:
            del dumped[element]
    return dumped


class UpgradeDeployment(UserRequest):
    """Upgrade Deployment: a new build for the instances of a deployment, in place."""

    slot: Literal["production", "staging"] | SkipJsonSchema[None] = None
    """Slot of the deployment: production or staging. Default: production."""
    deployment: Name | SkipJsonSchema[None] = None
    """Name of the deployment, instead of its slot."""
    build: Name | SkipJsonSchema[None] = None
    """The build to roll out. Default: the only other one in `builds`, "2" where none is listed."""
    mode: Mode = "Auto"
    """How the domains go: Auto (one by one), Manual (when told) or Simultaneous (all at once).
    Under Manual an operator or walk_upgrade_domain tells. Default: Auto."""
    role_to_upgrade: Name | SkipJsonSchema[None] = None
    """The only role to upgrade. Default: all roles."""
    force: Flag = False
    """Whether to go on although local data is lost. Default: false."""
    label: Text | SkipJsonSchema[None] = None
    """A label for the deployment, up to 100 characters. It changes nothing in the model."""
    package_url: Text | SkipJsonSchema[None] = None
    """Where the package lies. It changes nothing in the model."""
    configuration: dict[Name, PositiveCount] = Field(default_factory=dict)
    """Role name and its new number of instances. Default: as before."""
    extended_properties: tuple[ExtendedProperty, ...] = ()
    """Extended properties to set or delete. Default: none."""
    extension_configuration: ExtensionConfiguration | SkipJsonSchema[None] = None
    """Extensions for the deployment to have. Default: as before."""
    changes: tuple[Change, ...] = ()
    """What else the package changes: vm_size (local data is lost), local_storage (cannot be rolled
    back), endpoints (no swap while the slots differ). Default: nothing."""
    windows: tuple[Window, ...] = ()
    """Times in which a new domain may begin. Default: at any time."""
    operator: Operator | SkipJsonSchema[None] = None
    """Who walks the domains under Manual. Default: nobody; walk_upgrade_domain does."""

    @model_serializer(mode="wrap")
    def _without_what_is_not_sent(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return _sent(self, handler, "force")


class WalkUpgradeDomain(UserRequest):
    """Walk Upgrade Domain: the next domain of a Manual upgrade."""

    upgrade_domain: Count
    """Number of the domain, from 0. They must be walked in order."""


class Rollback(UserRequest):
    """Rollback Update Or Upgrade: upgraded instances go back to the build they had."""

    mode: RollbackMode = "Auto"
    """Auto (domain by domain) or Manual (walk_upgrade_domain decides when). Default: Auto."""
    force: Flag = False
    """Whether to go on although local data is lost. Default: false."""


class ChangeConfiguration(UserRequest):
    """Change Deployment Configuration: other settings or numbers of instances, the same build."""

    slot: Literal["production", "staging"] = "production"
    """Slot of the deployment: production or staging. Default: production."""
    mode: Mode = "Auto"
    """Auto, Manual or Simultaneous, as for upgrade_deployment. Default: Auto."""
    configuration: dict[Name, PositiveCount] = Field(default_factory=dict)
    """Role name and its new number of instances. Default: as before."""
    extended_properties: tuple[ExtendedProperty, ...] = ()
    """Extended properties to set or delete. Default: none."""
    extension_configuration: ExtensionConfiguration | SkipJsonSchema[None] = None
    """Extensions for the deployment to have. Default: as before."""
    restarts: Flag = False
    """Whether the change restarts the instances, domain by domain as an upgrade does. They are told
    of it in any case. Default: false."""
    changes: tuple[Change, ...] = ()
    """What else changes: vm_size (restarts the instances, and their local data is lost),
    local_storage (cannot be rolled back), endpoints (no swap while the slots differ).
    Default: nothing."""
    force: Flag = False
    """Whether to go on although local data is lost. Default: false."""
    windows: tuple[Window, ...] = ()
    """Times in which a new domain may begin. Default: at any time."""

    @model_serializer(mode="wrap")
    def _without_what_is_not_sent(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return _sent(self, handler, "force", "mode")


class RebootInstance(UserRequest):
    """Reboot Role Instance."""

    instance: Name
    """Its name: the role, _IN_ and the number, such as WebRole_IN_0."""


class ReimageInstance(UserRequest):
    """Reimage Role Instance."""

    instance: Name
    """Its name: the role, _IN_ and the number, such as WebRole_IN_0."""


class UpdateStatus(UserRequest):
    """Update Deployment Status: suspend the production deployment, or let it run again."""

    status: Annotated[Literal["Running", "Suspended"], as_spelled("Running", "Suspended")]
    """Suspended stops all instances at once, Running starts them."""


class Swap(UserRequest):
    """Swap Deployment: the staging deployment becomes production and the other way round."""


class AddExtension(UserRequest):
    """Add Extension: the service gets an extension, which deployments may then be given."""

    id: Text
    """Its identifier."""
    json_: Flag = Field(default=False, alias="json")
    """Whether it is configured by JSON: only such extensions have a state. Default: false."""


class DeleteExtension(UserRequest):
    """Delete Extension: the service has an extension no more. No deployment may use it."""

    id: Text
    """Its identifier."""


class GuestOsUpdate(Request):
    """The platform updates the guest OS: a restart of every instance, domain by domain."""

    duration: Distribution | SkipJsonSchema[None] = None
    """Time that an instance is out. Default: the restart of its role."""
    windows: tuple[Window, ...] = ()
    """Times in which a new domain may begin. Default: at any time."""


class HostOsUpdate(Request):
    """The platform updates the hosts: those of one domain together, domain by domain."""

    duration: Distribution | SkipJsonSchema[None] = None
    """Time that a host is out. Default: uniform from 15min to 20min."""
    windows: tuple[Window, ...] = ()
    """Times in which a new domain may begin. Default: at any time."""


def configuration(body: Request) -> dict[str, int]:
    """Role -> number of instances that an operation asks for."""
    return body.configuration if isinstance(body, UpgradeDeployment | ChangeConfiguration) else {}


def begins_walk(body: Request) -> bool:
    """Whether a request of a user restarts instances domain by domain."""
    if isinstance(body, ChangeConfiguration):
        # "How to update a cloud service": another VM size comes by a restart of the instances.
        return body.restarts or "vm_size" in body.changes
    return isinstance(body, UpgradeDeployment)


OPERATIONS: dict[str, type[Request]] = {
    "upgrade_deployment": UpgradeDeployment,
    "walk_upgrade_domain": WalkUpgradeDomain,
    "rollback": Rollback,
    "change_configuration": ChangeConfiguration,
    "reboot_instance": RebootInstance,
    "reimage_instance": ReimageInstance,
    "update_status": UpdateStatus,
    "swap": Swap,
    "add_extension": AddExtension,
    "delete_extension": DeleteExtension,
    "guest_os_update": GuestOsUpdate,
    "host_os_update": HostOsUpdate,
}
