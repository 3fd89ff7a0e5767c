"""What the service would receive and reject: rules, status codes and messages.

Source: the request descriptions of "Upgrade Deployment", "Change Deployment Configuration", "Walk
Upgrade Domain", "Rollback Update Or Upgrade" and "Swap Deployment"; "How to update a cloud
service" (a change during an update is possible since 2011-10-01).
# Assumption: where no document names a code, 400 for what a request says, 409 for what the state
# forbids.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sim.systems.base.records import Rejection
from sim.systems.cloud_service.requests import (
    AddExtension,
    ChangeConfiguration,
    DeleteExtension,
    RebootInstance,
    ReimageInstance,
    Rollback,
    Swap,
    UpgradeDeployment,
    UserRequest,
    WalkUpgradeDomain,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from sim.systems.base.operation import Request
    from sim.systems.cloud_service.requests import (
        ExtendedProperty,
        ExtensionConfiguration,
        ExtensionState,
    )
    from sim.systems.cloud_service.spec import CloudService


MOST_PROPERTIES = 25
LONGEST_LABEL = 100
LONGEST_NAME = 64
LONGEST_VALUE = 255
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*", re.ASCII)

SECOND_CHANGE = "a second change during an update"

FIRST_VERSIONS = {
    "request": "2009-10-01",
    "Reboot Role Instance": "2010-10-28",
    "Reimage Role Instance": "2010-10-28",
    "Rollback Update Or Upgrade": "2011-10-01",
    "Force": "2011-10-01",
    "Mode of Change Deployment Configuration": "2011-08-01",
    "ExtendedProperties": "2012-03-01",
    "Simultaneous": "2012-12-01",
    "Add Extension": "2013-03-01",
    "Delete Extension": "2013-03-01",
    "Simultaneous of Change Deployment Configuration": "2013-03-01",
    "ExtensionConfiguration": "2013-03-01",
    "State": "2014-06-01",
    SECOND_CHANGE: "2011-10-01",
}
"""The first x-ms-version that has each request and element of one, in the words of a rejection."""

_REQUESTS: dict[type[Request], str] = {
    RebootInstance: "Reboot Role Instance",
    ReimageInstance: "Reimage Role Instance",
    Rollback: "Rollback Update Or Upgrade",
    AddExtension: "Add Extension",
    DeleteExtension: "Delete Extension",
}
"""Those that are younger than the oldest version."""


def _bad(message: str) -> Rejection:
    return Rejection(400, "BadRequest", message)


def _conflict(message: str) -> Rejection:
    return Rejection(409, "ConflictError", message)


REJECTIONS: dict[str, Rejection] = {
    f"version of {element}": _bad(
        f"x-ms-version {{x_ms_version}} is too old for {element}, which needs {first} or higher"
    )
    for element, first in FIRST_VERSIONS.items()
} | {
    "label": _bad(f"Label has more than {LONGEST_LABEL} characters"),
    "too many properties": _bad(f"a service has at most {MOST_PROPERTIES} ExtendedProperties"),
    "property name": _bad(
        f"the Name of an ExtendedProperty has at most {LONGEST_NAME} letters, digits and "
        "underscores, and starts with a letter"
    ),
    "property value": _bad(
        f"the Value of an ExtendedProperty has at most {LONGEST_VALUE} characters"
    ),
    "property empty": _bad(
        "an ExtendedProperty has both a Name and a Value: null deletes it, not an empty Value"
    ),
    "property twice": _bad("two ExtendedProperties have the same Name"),
    "property owned": _bad("the service has an ExtendedProperty of that Name already"),
    "extension unknown": _bad(
        "ExtensionConfiguration names an extension that was not added before"
    ),
    "extension state": _bad("State is only for extensions that are configured by JSON"),
    "extension in use": _bad(
        "a deployment uses the extension {id}: allowed once its ExtensionConfiguration no longer "
        "has it"
    ),
    "extension there": _conflict("the service has an extension {id} already"),
    "no such extension": Rejection(404, "ResourceNotFound", "there is no extension {id}"),
    "force": _bad("local data would be lost: the request needs Force"),
    "no such domain": _bad(
        "there is no update domain {upgrade_domain}: allowed are those in use, numbered from 0"
    ),
    "no such instance": Rejection(404, "ResourceNotFound", "there is no role instance {instance}"),
    # "Swap Deployment": names that are not those of the two slots are a conflict.
    "no staging": _conflict("there is no staging deployment to swap"),
    "no update": _conflict("no update or upgrade is in progress: allowed while there is one"),
    "not manual": _conflict("the update in progress is not Manual: allowed under Manual alone"),
    "out of order": _conflict(
        "update domains must be walked in order: {upgrade_domain} is not the next one, the only "
        "one that is allowed"
    ),
    "still walking": _conflict("the last walk is not complete: allowed once its domain is done"),
    "cannot roll back": _conflict(
        "every instance is updated, or the update is rolled back already: allowed while an "
        "instance is still to be updated"
    ),
    "local resources": _conflict("an update that changes local storage cannot be rolled back"),
    "suspended": _conflict("the deployment is Suspended: allowed in Running"),
    "endpoints differ": _conflict(
        "the deployments in the two slots have other endpoints: allowed while they have the same"
    ),
    "locked": _conflict("an update or upgrade is in progress: allowed once it has ended"),
    "overtaken": _conflict("another update or a rollback took over"),
    "gone": Rejection(404, "ResourceNotFound", "the role instance was removed meanwhile"),
}
"""Every way in which an operation is rejected or fails. The last two happen to accepted ones."""

RULES = tuple(REJECTIONS)


def by_request(
    body: Request, spec: CloudService, extensions: Mapping[str, Collection[bool]]
) -> str | None:
    """The first rule that a request breaks by what it says, whatever the service's state.

    `extensions` are those that the service ever has: see `extensions_ever`.
    """
    return next(_broken(body, spec, extensions), None)


def _broken(
    body: Request, spec: CloudService, extensions: Mapping[str, Collection[bool]]
) -> Iterator[str]:
    if isinstance(body, UserRequest):
        elements = _elements(body)
        yield from (f"version of {each}" for each in elements if is_too_old(body, each))
    if isinstance(body, UpgradeDeployment) and len(body.label or "") > LONGEST_LABEL:
        yield "label"
    if isinstance(body, UpgradeDeployment | ChangeConfiguration):
        yield from _of_properties(body.extended_properties)
        yield from of_extensions(body.extension_configuration, extensions)
        if "vm_size" in body.changes and not body.force:
            yield "force"
    if isinstance(body, WalkUpgradeDomain) and body.upgrade_domain >= spec.update_domains:
        yield "no such domain"
    if isinstance(body, Swap) and spec.staging is None:
        yield "no staging"


def is_too_old(body: UserRequest, element: str) -> bool:
    """Whether the version of the API that a request asks for does not have an element yet."""
    # Versions are dates, so they compare as texts; "newest" is above them all.
    return body.x_ms_version < FIRST_VERSIONS[element]


def _elements(body: UserRequest) -> Iterator[str]:
    """What a request consists of, as `FIRST_VERSIONS` has it."""
    yield _REQUESTS.get(type(body), "request")
    if not isinstance(body, UpgradeDeployment | ChangeConfiguration):
        return
    if "force" in body.model_fields_set:
        yield "Force"
    if body.extended_properties:
        yield "ExtendedProperties"
    if isinstance(body, ChangeConfiguration):
        if "mode" in body.model_fields_set:
            yield "Mode of Change Deployment Configuration"
        if body.mode == "Simultaneous":
            yield "Simultaneous of Change Deployment Configuration"
    elif body.mode == "Simultaneous":
        yield "Simultaneous"
    if body.extension_configuration is not None:
        yield "ExtensionConfiguration"
        if any(extension.state for extension in _all(body.extension_configuration)):
            yield "State"


def _of_properties(properties: tuple[ExtendedProperty, ...]) -> Iterator[str]:
    names = [each.name for each in properties]
    if len(properties) > MOST_PROPERTIES:
        yield "too many properties"
    if any(len(name) > LONGEST_NAME or not _NAME.fullmatch(name) for name in names):
        yield "property name"
    if len(set(names)) < len(names):
        yield "property twice"
    if any(len(each.value or "") > LONGEST_VALUE for each in properties):
        yield "property value"
    if any(not each.value and each.value is not None for each in properties):
        yield "property empty"


def of_extensions(
    configuration: ExtensionConfiguration | None, known: Mapping[str, Collection[bool]]
) -> Iterator[str]:
    """The rules that a configuration breaks where the service has the `known` extensions.

    They are by identifier, with whether they are configured by JSON.
    """
    for extension in _all(configuration) if configuration else ():
        if extension.id not in known:
            yield "extension unknown"
        elif extension.state and True not in known[extension.id]:
            yield "extension state"


def _all(configuration: ExtensionConfiguration) -> list[ExtensionState]:
    named = [each for extensions in configuration.named_roles.values() for each in extensions]
    return [*configuration.all_roles, *named]


_ABOUT = ("x_ms_version", "upgrade_domain", "instance", "id")
"""What of a request its rejection may tell."""


def answer(rule: str, body: Request) -> Rejection:
    """The rejection by `rule`, its message about this request."""
    rejection = REJECTIONS[rule]
    about = {key: getattr(body, key, "") for key in _ABOUT}
    return rejection._replace(message=rejection.message.format_map(about))


# Which operation gets which answer ----------------------------------------------------------------

_OF_CHANGES = (
    "version of request",
    "version of Force",
    "version of ExtendedProperties",
    "version of ExtensionConfiguration",
    "version of State",
    f"version of {SECOND_CHANGE}",
    "too many properties",
    "property name",
    "property value",
    "property empty",
    "property twice",
    "property owned",
    "extension unknown",
    "extension state",
    "force",
    "overtaken",
)
_OF_INSTANCES = ("no such instance", "suspended", "gone")

RULES_OF: dict[str, tuple[str, ...]] = {
    "upgrade_deployment": (*_OF_CHANGES, "version of Simultaneous", "label"),
    "walk_upgrade_domain": (
        "version of request",
        "no such domain",
        "no update",
        "not manual",
        "still walking",
        "out of order",
        "overtaken",
    ),
    "rollback": (
        "version of Rollback Update Or Upgrade",
        "no update",
        "cannot roll back",
        "local resources",
        "force",
        "overtaken",
    ),
    "change_configuration": (
        *_OF_CHANGES,
        "version of Mode of Change Deployment Configuration",
        "version of Simultaneous of Change Deployment Configuration",
    ),
    "reboot_instance": ("version of Reboot Role Instance", *_OF_INSTANCES),
    "reimage_instance": ("version of Reimage Role Instance", *_OF_INSTANCES),
    "update_status": ("version of request", f"version of {SECOND_CHANGE}"),
    "swap": ("version of request", "no staging", "locked", "endpoints differ"),
    "add_extension": ("version of Add Extension", "extension there"),
    "delete_extension": ("version of Delete Extension", "no such extension", "extension in use"),
}
"""Operation -> the rules by which it is rejected or, once accepted, fails."""
