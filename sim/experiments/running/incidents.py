"""When rollouts and requests came to no good end: failed, stuck, not over, cancelled, refused.

And which builds and versions were bad from the start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.core.log import ASKED, REFUSED, STUCK, UPGRADE_CANCELLED, UPGRADE_FAILED, UPGRADING
from sim.core.metrics import earliest, latest
from sim.core.rollouts import ended_as

BAD = "bad"
"""The state of a build or version that is bad in its replication."""

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from sim.core.log import Block
    from sim.core.stack import Stack


def happened(
    stack: Stack, rollouts: Mapping[str, int]
) -> dict[tuple[str, str], NDArray[np.float64]]:
    """By system and what: when it happened, shape (replications,), NaN where it did not.

    `rollouts` says of each system how many of its upgrades users ask for: the first ones, before
    those of the platform.
    """
    found: dict[tuple[str, str], NDArray[np.float64]] = {}
    for system, asked in rollouts.items():
        found |= _bad_ones(stack, system)
        operations, upgrades = (
            stack.subjects.one(system, kind) if stack.subjects.of(system, kind) else None
            for kind in ("operation", "upgrade")
        )
        if operations is not None:
            found[system, "refused"] = earliest(stack, _becoming(stack, operations, REFUSED))
        if upgrades is not None:
            found[system, "stuck"] = _ends_as(stack, upgrades, STUCK)
            for what, numbers in (
                ("not over", range(asked)),
                ("platform update not over", range(asked, upgrades.count)),
            ):
                found[system, what] = _not_over(stack, operations, upgrades, numbers)
            found[system, "failed"] = _ended_after(stack, upgrades, UPGRADE_FAILED)
            found[system, "cancelled"] = _ended_after(stack, upgrades, UPGRADE_CANCELLED)
    return found


def _not_over(
    stack: Stack, operations: Block | None, upgrades: Block, numbers: range
) -> NDArray[np.float64]:
    """When an upgrade, of those with some numbers, began that is on at the horizon, or its request
    was accepted if it has not begun.
    """
    on = _ends_as(stack, upgrades, UPGRADING, numbers)
    if operations is None:
        return on
    return np.fmax(on, _waits(stack, operations, upgrades, numbers))


def _waits(stack: Stack, operations: Block, upgrades: Block, numbers: range) -> NDArray[np.float64]:
    """When a request was accepted whose upgrade has not begun by the horizon."""
    names = {upgrades.name(number): number for number in numbers}
    found = np.full(stack.replications, np.nan)
    for number in range(operations.count):
        upgrade = names.get(f"upgrade by {operations.name(number)}")
        if upgrade is None:
            continue
        rows = np.flatnonzero((stack.subject == operations.first + number) & (stack.old == 0))
        final = stack.final[stack.replication[rows]]
        is_on = final[:, operations.first + number] % operations.states.width == ASKED
        rows = rows[is_on & (final[:, upgrades.first + upgrade] == 0)]
        found = np.fmax(found, latest(stack, rows))
    return found


def _ended_after(stack: Stack, upgrades: Block, status: int) -> NDArray[np.float64]:
    """How long the last one was on that ended so."""
    rows, seconds = ended_as(stack, upgrades, status)
    found = np.full(stack.replications, np.nan)
    found[stack.replication[rows]] = seconds
    return found


def _bad_ones(stack: Stack, system: str) -> dict[tuple[str, str], NDArray[np.float64]]:
    """Builds and versions of which it is drawn, once a replication, whether they are bad."""
    found = {}
    for block in stack.subjects.blocks:
        if block.system == system and BAD in block.states.statuses:
            bad = block.states.statuses.index(BAD)
            for place, number in enumerate(block.numbers):
                is_so = stack.final[:, number] % block.states.width == bad
                found[system, f"{BAD} {block.name(place)}"] = np.where(is_so, 0.0, np.nan)
    return found


def _becoming(
    stack: Stack, block: Block, status: int, numbers: range | None = None
) -> NDArray[np.intp]:
    """The rows by which one of the block, or of those with some numbers, takes a status."""
    some = range(block.count) if numbers is None else numbers
    about = stack.about(block.first + some.start, len(some))
    return np.flatnonzero(about & (stack.new % block.states.width == status))


def _ends_as(
    stack: Stack, block: Block, status: int, numbers: range | None = None
) -> NDArray[np.float64]:
    """When one of them took the status that it has at the horizon; NaN where none has it."""
    rows = _becoming(stack, block, status, numbers)
    final = stack.final[stack.replication[rows], stack.subject[rows]] % block.states.width
    return latest(stack, rows[final == status])
