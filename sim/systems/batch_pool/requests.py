"""Requests to a Batch pool, as a user writes them: the bodies of its operations.

Names follow the requests of the Batch REST reference ("Upgrade the operating system of compute
nodes in a pool", "Resize a pool", "Reboot a node", ...). What that API would receive and reject is
accepted here: the modelled service rejects it.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator
from pydantic.json_schema import SkipJsonSchema

from sim.formats.fields import Count, Text
from sim.systems.base.operation import Request, Window
from sim.systems.batch_pool.selection import NodeChoice
from sim.systems.batch_pool.spec import Deallocation


def _api_version(text: str) -> str:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(\.[0-9]+\.[0-9]+)?", text):
        raise ValueError("must be a version such as 2018-08-01.7.0")
    return text


ApiVersion = Annotated[Text, AfterValidator(_api_version)]


class UpgradeOs(Request):
    """Upgrade OS: another Guest OS version for every node of a cloud_service pool."""

    target_os_version: Text
    """The version, such as WA-GUEST-OS-5.31_201905-01; * is the latest of its family."""
    api_version: ApiVersion = "2018-08-01.7.0"
    """Version of the API that the request asks for. Default: 2018-08-01.7.0, the last that has the
    call."""
    windows: tuple[Window, ...] = ()
    """Times in which nodes may be taken. Default: at any time."""


class UpgradeImage(Request):
    """A new image for every node of a virtual_machine pool, by its `upgrade_policy`."""

    windows: tuple[Window, ...] = ()
    """Times in which a batch may begin. Default: at any time."""


class Resize(Request):
    """Resize: another number of nodes."""

    nodes: Count
    """The number of nodes to have. Those with the highest numbers go."""
    node_deallocation_option: Deallocation | SkipJsonSchema[None] = None
    """What happens to the tasks of nodes that go. Default: the pool's own option."""


class OfNodes(Request):
    """A request about single nodes."""

    node: NodeChoice
    """node-0 or 0, node-1 and so on; a list of them; `all`; or a state such as starttaskfailed:
    each node that is in it then."""


class RebootNode(OfNodes):
    """Reboot nodes that are idle or running, or whose start task failed."""

    option: Deallocation = "requeue"
    """What happens to their tasks: requeue, terminate, taskcompletion (wait for them) or
    retaineddata (wait also until their data may go). Default: requeue."""


class ReimageNode(OfNodes):
    """Reimage nodes that are idle or running, or whose start task failed: a fresh operating system,
    in a cloud_service pool.
    """

    option: Deallocation = "requeue"
    """What happens to their tasks: requeue, terminate, taskcompletion (wait for them) or
    retaineddata (wait also until their data may go). Default: requeue."""


class DisableScheduling(OfNodes):
    """Disable scheduling: nodes take no new tasks."""

    option: Literal["requeue", "terminate", "taskcompletion"] = "requeue"
    """What happens to the tasks that they run: requeue, terminate or taskcompletion (they go on).
    Default: requeue."""


class EnableScheduling(OfNodes):
    """Enable scheduling: nodes take tasks again."""


OPERATIONS: dict[str, type[Request]] = {
    "upgrade_os": UpgradeOs,
    "upgrade_image": UpgradeImage,
    "resize": Resize,
    "reboot_node": RebootNode,
    "reimage_node": ReimageNode,
    "disable_scheduling": DisableScheduling,
    "enable_scheduling": EnableScheduling,
}

WAITING = ("taskcompletion", "retaineddata")
"""Options that let running tasks end."""


def drains(body: Request, most: int) -> bool:
    """Whether a request to a pool of at most so many nodes may let one end its tasks first."""
    if isinstance(body, Resize):
        return body.nodes < most and body.node_deallocation_option in WAITING
    return getattr(body, "option", "") in WAITING
