"""What the service would receive and refuse: rules, status codes and messages.

# Assumption: where no document names a code, 400 for what a request says, 404 for what is not
# there.
# Assumption: enabling the automatic upgrade of a type that is not supported is refused. Later
# documents accept it without effect; the words are those in which the service refuses it for
# virtual machines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.systems.arc_fleet.requests import PutExtension, SetAutomaticUpgrade, UpgradeExtensions
from sim.systems.arc_fleet.spec import fits
from sim.systems.arc_fleet.supported import is_supported
from sim.systems.base.records import Rejection

if TYPE_CHECKING:
    from sim.systems.arc_fleet.spec import ArcFleet
    from sim.systems.base.operation import Request

REFUSALS: dict[str, Rejection] = {
    "not supported": Rejection(
        400,
        "BadRequest",
        "the extension {name} does not support setting enableAutomaticUpgrade to true",
    ),
    "operating system": Rejection(
        400, "BadRequest", "the extension {name} is not for the operating system of the machines"
    ),
    "no such extension": Rejection(
        404, "ResourceNotFound", "the machines do not have the extension {name}"
    ),
}
"""Every way in which an operation is refused."""

RULES = tuple(REFUSALS)


def by_request(body: Request, spec: ArcFleet) -> str | None:
    """The rule that a request breaks by what it says, whatever the state; all is resolved."""
    if isinstance(body, SetAutomaticUpgrade) and body.enabled:
        return None if is_supported(spec, body.publisher, body.type) else "not supported"
    if isinstance(body, PutExtension):
        if body.enable_automatic_upgrade and not is_supported(spec, body.publisher, body.type):
            return "not supported"
        groups = [spec.groups[body.group]] if body.group else spec.groups.values()
        return None if any(fits(body.type, group) for group in groups) else "operating system"
    return None


def answer(rule: str, body: Request) -> Rejection:
    """The refusal by `rule`, its message about this request."""
    rejection = REFUSALS[rule]
    if isinstance(body, UpgradeExtensions):
        name = " or ".join(body.targets)
    else:
        names = [getattr(body, key, None) for key in ("publisher", "type")]
        name = ".".join(each for each in names if each)
    return rejection._replace(message=rejection.message.format(name=name))
