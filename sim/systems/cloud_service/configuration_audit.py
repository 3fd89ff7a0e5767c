"""The rules of configurations that every run of a cloud service must keep, read from its log.

What a request asks for is read here again: nothing is asked of what has carried it out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.core.log import ASKED, OPERATION
from sim.systems.cloud_service.configured import EXTENSION, FIRST, NAMED
from sim.systems.cloud_service.requests import ChangeConfiguration, Swap, UpgradeDeployment
from sim.systems.cloud_service.states import PRODUCTION, STAGING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sim.core.log import Block
    from sim.core.stack import Stack
    from sim.systems.cloud_service.layout import Layout


def broken_rules(layout: Layout, stack: Stack) -> Iterator[str]:
    """The rules about configurations that a stack breaks."""
    configured = layout.configured
    if configured.numbers is not None:
        if not _are_counted(stack, configured.numbers):
            yield "the number of a role's configuration did not rise by one"
        if not _are_told(layout, stack):
            yield "an instance was not told of its role's configuration"
        if not _are_all_updated(layout, stack):
            yield "instances came or went, and the configuration of a role is as before"
    if configured.states is not None and not _follow(layout, stack):
        yield "a role has other extensions than its deployment was given"
    if configured.endpoints is not None and not _swap_alike(layout, stack):
        yield "two deployments with other endpoints were swapped"


def _are_counted(stack: Stack, block: Block) -> bool:
    rows = stack.about(block.first, block.count)
    return bool((stack.new[rows] == stack.old[rows] + 1).all())


def _are_told(layout: Layout, stack: Stack) -> bool:
    """At the horizon each instance that is there knows the number of its role, nobody else does."""
    configured, final = layout.configured, stack.final
    assert configured.numbers is not None
    for place, (known, instances) in enumerate(
        zip(configured.known, layout.instance_blocks, strict=True)
    ):
        number = final[:, [configured.numbers.first + place]]
        there = final[:, instances.first : instances.first + instances.count] != 0
        knows = final[:, known.first : known.first + known.count]
        if (knows != np.where(there, number, 0)).any():
            return False
    return True


def _are_all_updated(layout: Layout, stack: Stack) -> bool:
    """Each request by which instances come or go updates all roles of that deployment.

    Such a row's cause is the request, as is that of the configuration's row.
    """
    numbers = layout.configured.numbers
    assert numbers is not None
    first, size = layout.first_instance(), layout.instances
    own = stack.about(first, size * layout.slots)
    moved = np.flatnonzero(own & ((stack.old == 0) | (stack.new == 0)))
    rows = np.flatnonzero(stack.about(numbers.first, numbers.count))
    roles = len(layout.roles)
    updated = _keys(stack, rows, stack.subject[rows] - numbers.first, numbers.count)
    slot = (stack.subject[moved] - first) // size
    for role in range(roles):
        wanted = _keys(stack, moved, slot * roles + role, numbers.count)
        if not np.isin(wanted, updated).all():
            return False
    return True


def _keys(
    stack: Stack, rows: NDArray[np.intp], place: NDArray[Any], count: int
) -> NDArray[np.int64]:
    """One number for each replication, cause and place below `count`."""
    cause = stack.replication[rows] * np.int64(stack.subjects.count) + stack.cause[rows]
    keys: NDArray[np.int64] = cause * count + place
    return keys


def _accepted(layout: Layout, stack: Stack, replication: int) -> list[tuple[int, Any]]:
    """(row of the stack, operation) of the file's operations that one replication accepted."""
    first, begin = layout.first_operation, int(stack.start[replication])
    part = slice(begin, int(stack.start[replication + 1]))
    subject, new = stack.subject[part], stack.new[part]
    asked = (subject >= first) & (subject < first + len(layout.requests))
    rows = np.flatnonzero(asked & (new % OPERATION.width == ASKED))
    return [(begin + row, layout.requests[subject[row] - first]) for row in rows.tolist()]


def _follow(layout: Layout, stack: Stack) -> bool:
    """The rows of an accepted request leave what it asks for: a role's own entry first."""
    block = layout.configured.states
    assert block is not None
    mine = stack.about(block.first, block.count)
    for replication in range(stack.replications):
        swaps = 0
        code = block.initial.copy()
        begin, end = stack.start[replication : replication + 2].tolist()
        rows = begin + np.flatnonzero(mine[begin:end])
        for row, operation in _accepted(layout, stack, replication):
            body = operation.body
            swaps += isinstance(body, Swap)
            given = getattr(body, "extension_configuration", None)
            if given is None:
                continue
            until = rows[(rows < row) | (stack.cause[rows] == stack.subject[row])]
            code[:] = block.initial
            code[stack.subject[until] - block.first] = stack.new[until]
            slot = _slot(layout, body, swaps)
            if not _is_given(layout, code, slot, given):
                return False
    return True


def _slot(layout: Layout, body: UpgradeDeployment | ChangeConfiguration, swaps: int) -> int:
    """The deployment that a request names: 0 began in production, 1 in staging."""
    named = getattr(body, "deployment", None)
    if named is not None:
        return int(named != layout.spec.deployment)
    return (int(body.slot == "staging") + swaps) % 2


def _is_given(layout: Layout, code: NDArray[np.int16], slot: int, given: Any) -> bool:
    """Whether a deployment has exactly the extensions of a configuration."""
    for place, role in enumerate(layout.roles):
        wanted = {each.id: each.state or "Enable" for each in given.all_roles}
        own = {each.id: each.state or "Enable" for each in given.named_roles.get(role.name, ())}
        for extension in layout.configured.ever:
            found = int(code[layout.configured.place(slot, place + 1, extension)])
            name = own.get(extension, wanted.get(extension, "absent"))
            if EXTENSION.status(found) != name or (found >= NAMED) != (extension in own):
                return False
    return True


def _swap_alike(layout: Layout, stack: Stack) -> bool:
    """When the slots change places their endpoints have the same number."""
    block = layout.configured.endpoints
    assert block is not None
    first = layout.deployments.first
    comes = stack.about(first, layout.deployments.count)
    comes &= (stack.old == STAGING) & (stack.new == PRODUCTION)
    changes = np.flatnonzero(stack.about(block.first, block.count))
    for row in np.flatnonzero(comes).tolist():
        before = changes[changes < row]
        before = before[stack.replication[before] == stack.replication[row]]
        number = np.full(block.count, FIRST)
        number[stack.subject[before] - block.first] = stack.new[before]
        if len(set(number.tolist())) > 1:
            return False
    return True
