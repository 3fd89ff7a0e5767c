"""What the Compute service would receive and reject: rules, status codes and messages.

Sources: the errors of "Automatic OS image upgrades" and recorded answers of the Compute REST API.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.systems.base.records import Rejection
from sim.systems.vm_scale_set.requests import (
    OF_INSTANCES,
    PublishImage,
    Scale,
    SetProtection,
    StartOsUpgrade,
    UpdateModel,
)

if TYPE_CHECKING:
    from sim.systems.base.operation import Request

BREACH_BEFORE = "MaxUnhealthyInstancePercentExceededBeforeRollingUpgrade"
BREACH_UPGRADED = "MaxUnhealthyUpgradedInstancePercentExceededInRollingUpgrade"
BREACH_DURING = "MaxUnhealthyInstancePercentExceededInRollingUpgrade"
BREACHES = (BREACH_BEFORE, BREACH_UPGRADED, BREACH_DURING)
"""Errors by which a rolling upgrade ends early."""

IN_PROGRESS = "rolling upgrade in progress"
NONE_RUNNING = "no rolling upgrade in progress"
CANCELLED = "cancelled"
SUPERSEDED = "superseded"
UNHEALTHY = "instances unhealthy"
NO_IMAGE = "no image published"
NO_INSTANCE = "no such instance"
PROTECTED = "instances protected"
QUOTA = "quota exceeded"


def _not_allowed(message: str) -> Rejection:
    return Rejection(409, "OperationNotAllowed", message)


REJECTIONS = {
    IN_PROGRESS: _not_allowed(
        "a rolling upgrade is in progress: wait until it has ended, or cancel it first"
    ),
    NONE_RUNNING: _not_allowed("no rolling upgrade is in progress that could be cancelled"),
    # Assumption: Azure publishes no code for the four that follow.
    NO_IMAGE: Rejection(
        409, "OperationNotAllowed", "no image was published: there is no later one to upgrade to"
    ),
    NO_INSTANCE: Rejection(404, "InstanceIdNotFound", "there is no instance with such a number"),
    PROTECTED: _not_allowed("too few instances are without protection from scale-in"),
    QUOTA: _not_allowed("the new instances, with all that there are now, would exceed the quota"),
    UNHEALTHY: Rejection(
        409, "VMExtensionProvisioningError", "instances that were updated are not healthy"
    ),
    CANCELLED: Rejection(409, "OperationPreempted", "the upgrade was cancelled"),
    SUPERSEDED: Rejection(409, "OperationPreempted", "a later change of the model took over"),
    BREACH_BEFORE: Rejection(
        409,
        BREACH_BEFORE,
        "more instances are unhealthy than max_unhealthy_instance_percent allows: no batch was "
        "attempted",
    ),
    BREACH_UPGRADED: Rejection(
        409,
        BREACH_UPGRADED,
        "more of the upgraded instances are unhealthy than max_unhealthy_upgraded_instance_percent "
        "allows",
    ),
    BREACH_DURING: Rejection(
        409,
        BREACH_DURING,
        "more instances are unhealthy than max_unhealthy_instance_percent allows",
    ),
}
"""Rule -> how the service answers."""

RULES = tuple(REJECTIONS)

RULES_OF: dict[str, tuple[str, ...]] = {
    "update_model": (IN_PROGRESS, UNHEALTHY, *BREACHES, CANCELLED, SUPERSEDED),
    "start_os_upgrade": (IN_PROGRESS, NO_IMAGE, *BREACHES, CANCELLED),
    "start_extension_upgrade": (IN_PROGRESS, *BREACHES, CANCELLED),
    "cancel_rolling_upgrade": (NONE_RUNNING,),
    "manual_upgrade": (IN_PROGRESS, NO_INSTANCE, UNHEALTHY),
    "reimage": (NO_INSTANCE, UNHEALTHY),
    "scale": (IN_PROGRESS, PROTECTED, QUOTA, UNHEALTHY),
    "publish_image": (*BREACHES, CANCELLED, SUPERSEDED),
    "set_protection": (NO_INSTANCE,),
}
"""Operation -> the rules by which it is rejected or, once accepted, fails."""


def accepted(body: Request) -> int | None:
    """How a request is answered that is accepted; None where nobody sends one.

    Source: the operations of the Compute REST API, of whose answers this is the one while the work
    is not over yet.
    """
    if isinstance(body, PublishImage):
        return None
    return 200 if isinstance(body, UpdateModel | Scale | SetProtection) else 202


def by_request(body: Request, room: int, quota: int | None) -> str | None:
    """The rule that a request breaks by what it says; there are `room` numbers of instances."""
    if isinstance(body, Scale) and quota is not None:
        return QUOTA if body.instances > quota else None
    if isinstance(body, OF_INSTANCES) and isinstance(body.instances, tuple):
        return NO_INSTANCE if max(body.instances) >= room else None
    return None


def answer(rule: str, body: Request) -> Rejection:
    """The rejection by a rule."""
    found = REJECTIONS[rule]
    if rule == IN_PROGRESS and isinstance(body, StartOsUpgrade):
        return found._replace(message="another rolling upgrade is in progress")
    return found
