"""What the Batch service would receive and reject: rules, status codes and messages.

Source: "Batch Status and Error Codes" of the Batch REST reference, and the pages of the requests.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sim.core.log import OPERATION, States
from sim.systems.base.records import Rejection
from sim.systems.batch_pool.requests import (
    DisableScheduling,
    EnableScheduling,
    RebootNode,
    ReimageNode,
    UpgradeImage,
    UpgradeOs,
)
from sim.systems.batch_pool.states import (
    CREATING,
    DRAINING,
    IDLE,
    LEAVING,
    NODE,
    OFFLINE,
    PREEMPTED,
    REBOOTING,
    REIMAGING,
    START_TASK_FAILED,
    UNUSABLE,
    UPGRADING_OS,
    WAITING_FOR_START_TASK,
)

if TYPE_CHECKING:
    import datetime as dt

    from sim.systems.base.operation import Request
    from sim.systems.batch_pool.spec import BatchPool, OsVersion

REMOVED = "2018-12-01"
"""The API has no upgradeos from version 2018-12-01.8.0 on ("Batch Service REST API Versioning")."""

LATEST = "*"
"""Stands for the latest version of the OS family."""

_WELL_FORMED = re.compile(r"WA-GUEST-OS-[0-9]+\.[0-9]+_[0-9]{6}-[0-9]{2}", re.ASCII)


# Assumption: a node whose start task failed may be rebooted and reimaged, as operators do to mend
# it; the documents name idle and running nodes only.
RESTARTABLE = (IDLE, DRAINING, START_TASK_FAILED)

ALLOWED: dict[type[Request], tuple[int, ...]] = {
    RebootNode: RESTARTABLE,
    ReimageNode: RESTARTABLE,
    DisableScheduling: (IDLE, DRAINING, OFFLINE),
}
"""Request -> statuses of a node in which it is accepted."""

BY_STATUS = {
    CREATING: ("node created", "NodeBeingCreated"),
    WAITING_FOR_START_TASK: ("node started", "NodeBeingStarted"),
    REIMAGING: ("node reimaged", "NodeBeingReimaged"),
    UPGRADING_OS: ("node upgraded", "NodeBeingReimaged"),
    REBOOTING: ("node rebooted", "NodeBeingRebooted"),
    UNUSABLE: ("node unusable", "NodeStateUnusable"),
    OFFLINE: ("node offline", "OperationNotValidOnNode"),
    START_TASK_FAILED: ("node broken", "OperationNotValidOnNode"),
    LEAVING: ("node leaving", "OperationNotValidOnNode"),
    PREEMPTED: ("node preempted", "OperationNotValidOnNode"),
}
"""Status of a node -> the rule by which it rejects what is asked of it, and the code."""


def _conflict(code: str, message: str) -> Rejection:
    return Rejection(409, code, message)


REJECTIONS: dict[str, Rejection] = {
    # Assumption: a call that a version of the API no longer has is an unknown URI.
    "api version": Rejection(
        400, "InvalidUri", "api-version {api_version} has no upgradeos; 2018-08-01.7.0 is the last"
    ),
    # Assumption: the documents give 409 and no code for a pool of the wrong kind.
    "virtual machine pool": _conflict(
        "OperationNotValidOnPool",
        "upgradeos is for cloud_service pools; a virtual_machine pool takes upgrade_image",
    ),
    "cloud service pool": _conflict(
        "OperationNotValidOnPool",
        "images are for virtual_machine pools; a cloud_service pool takes upgrade_os",
    ),
    "version unknown": Rejection(
        400,
        "OSVersionNotFound",
        "there is no OS version {target_os_version}; versions are named such as "
        "WA-GUEST-OS-5.31_201905-01",
    ),
    "version disabled": Rejection(
        400, "OSVersionDisabled", "the OS version {target_os_version} is disabled"
    ),
    "version expired": Rejection(
        400, "OSVersionExpired", "the OS version {target_os_version} is expired"
    ),
    "version equal": Rejection(
        400,
        "PoolVersionEqualsUpgradeVersion",
        "the pool is on the requested version already, {target_os_version}; name another one",
    ),
    "upgrading": _conflict(
        "UpgradePoolVersionConflict",
        "the pool is upgrading to a different version: allowed are the same one, and any other in "
        "state active",
    ),
    # Assumption: an image is refused while another one is under way.
    "upgrade in progress": _conflict(
        "OperationInvalidForCurrentState",
        "an upgrade of the pool's image is in progress: allowed once it has ended",
    ),
    "resizing": _conflict(
        "PoolBeingResized", "the allocation state of the pool is resizing: allowed in steady"
    ),
    "no such node": Rejection(404, "NodeNotFound", "the pool has no {node}"),
    **{
        rule: _conflict(code, f"{{node}} is in state {NODE[status]}: allowed in {{allowed}}")
        for status, (rule, code) in BY_STATUS.items()
    },
    "node drains": _conflict(
        "OperationNotValidOnNode",
        "{node} is running its last tasks before an upgrade or another request takes it: allowed "
        "in {allowed} otherwise",
    ),
    # "Reimage a node" is for pools created with the cloudServiceConfiguration property.
    "virtual machine node": _conflict(
        "OperationNotValidOnNode", "only nodes of a cloud_service pool can be reimaged"
    ),
    "scheduling state": _conflict(
        "NodeAlreadyInTargetSchedulingState",
        "the scheduling of {node} is {scheduling} already: allowed in {other}",
    ),
    # Assumption: a reboot or reimage that waits for a node's tasks is lost to an upgrade that takes
    # the node meanwhile, and has failed, with 409.
    "node lost to the upgrade": _conflict(
        "NodeBeingReimaged", "the upgrade took {node} while this waited for its tasks to end"
    ),
    # Assumption: a reboot or reimage that waits for the tasks of a node that is preempted meanwhile
    # has failed, with 409.
    "node lost to preemption": _conflict(
        "OperationInvalidForCurrentState", "{node} was preempted while this waited for its tasks"
    ),
    # Assumption: an accepted request whose node is removed before its end has failed, with 409.
    "node gone": _conflict("OperationInvalidForCurrentState", "{node} was removed meanwhile"),
}
"""Every way in which an operation is rejected or fails. The last three happen to accepted ones."""

RULES = tuple(REJECTIONS)

# Assumption: the Batch service takes one node a request: of several that are asked for at once each
# is answered by itself, and what one rejects does not keep the others from it.
SOME_NODES, EVERY_NODE, NO_NODE = "some nodes", "every node", "no node"
"""Of a request for several nodes: some rejected it or it failed on them, every one rejected it, or
none was in the state that it names."""

ANSWERS = (*RULES, SOME_NODES, EVERY_NODE, NO_NODE)
"""What the state of an operation may tell beside its status."""

OPERATION_STATES = States(OPERATION.statuses, ("", *ANSWERS))
"""An operation's state is its status with the rule that rejected it, or that it failed by; while
one for several nodes is in progress, with the last rule by which a node rejected it or failed."""


def by_request(body: Request, spec: BatchPool) -> str | None:
    """The rule that a request breaks by what it says, whenever it is sent."""
    virtual_machines = spec.configuration == "virtual_machine"
    if isinstance(body, UpgradeOs):
        # Versions begin with dates, which compare as texts.
        if body.api_version >= REMOVED:
            return "api version"
        return "virtual machine pool" if virtual_machines else None
    if isinstance(body, UpgradeImage):
        return None if virtual_machines else "cloud service pool"
    return "virtual machine node" if isinstance(body, ReimageNode) and virtual_machines else None


def by_version(target: str, spec: BatchPool, now: dt.datetime | None) -> str | None:
    """The rule that a target version breaks at the instant `now`.

    Without one (the scenario has no `start`) every listed version can be asked for.
    """
    if target == LATEST:
        return None
    if not spec.os_versions:
        return None if _WELL_FORMED.fullmatch(target) else "version unknown"
    listed = next((each for each in spec.os_versions if each.version == target), None)
    return by_listing(listed, now) if listed else "version unknown"


def by_listing(version: OsVersion, now: dt.datetime | None) -> str | None:
    """The rule that forbids a listed version at an instant."""
    if now is None:
        return None
    if version.released and not _reached(version.released, now):
        return "version unknown"
    if version.expires and _reached(version.expires, now):
        return "version expired"
    if version.disabled and _reached(version.disabled, now):
        return "version disabled"
    return None


def _reached(instant: dt.datetime, now: dt.datetime) -> bool:
    """Where only one of the two has an offset, both are of the same clock."""
    if instant.tzinfo is None or now.tzinfo is None:
        return instant.replace(tzinfo=None) <= now.replace(tzinfo=None)
    return instant <= now


_SEVERAL = Rejection(409, "", "")
"""Stands where several nodes answer, whose own answers then are told."""


def answer(rule: str, body: Request) -> Rejection:
    """The rejection by `rule`, its message about this request."""
    rejection = REJECTIONS.get(rule, _SEVERAL)
    about = body.model_dump() | {"allowed": _allowed(body)} | _scheduling(body)
    return rejection._replace(message=rejection.message.format(**about))


def _allowed(body: Request) -> str:
    """The states of a node in which a request is accepted; one that drains is running."""
    statuses = ALLOWED.get(type(body), ())
    return ", ".join("running" if status == DRAINING else NODE[status] for status in statuses)


def _scheduling(body: Request) -> dict[str, str]:
    """The scheduling state that a request asks for, and the other one."""
    asked, other = "disabled", "enabled"
    if isinstance(body, EnableScheduling):
        asked, other = other, asked
    return {"scheduling": asked, "other": other}


# Which operation gets which answer ----------------------------------------------------------------


def _by_status(request: type[Request]) -> tuple[str, ...]:
    """The rules by which the state of a node forbids a request."""
    return tuple(rule for status, (rule, _) in BY_STATUS.items() if status not in ALLOWED[request])


_OF_RESTARTS = (
    "node drains",
    "node lost to the upgrade",
    "node lost to preemption",
    "node gone",
)

RULES_OF: dict[str, tuple[str, ...]] = {
    "upgrade_os": (
        "api version",
        "virtual machine pool",
        "version unknown",
        "version disabled",
        "version expired",
        "version equal",
        "upgrading",
        "resizing",
    ),
    "upgrade_image": ("cloud service pool", "upgrade in progress", "resizing"),
    "resize": ("resizing",),
    "reboot_node": ("no such node", *_by_status(RebootNode), *_OF_RESTARTS),
    "reimage_node": (
        "virtual machine node",
        "no such node",
        *_by_status(ReimageNode),
        *_OF_RESTARTS,
    ),
    "disable_scheduling": ("no such node", "scheduling state", *_by_status(DisableScheduling)),
    "enable_scheduling": ("no such node", "scheduling state"),
}
"""Operation -> the rules by which it is rejected or, once accepted, fails."""
