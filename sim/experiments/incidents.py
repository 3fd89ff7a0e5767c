"""When rollouts and requests came to no good end: failed, stuck, not over, refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.core.log import REFUSED, STUCK, UPGRADE_FAILED, UPGRADING
from sim.core.metrics import earliest, latest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from sim.core.log import Block, Stack


def happened(stack: Stack, systems: Iterable[str]) -> dict[tuple[str, str], NDArray[np.float64]]:
    """By system and what: when it happened, shape (replications,), NaN where it did not."""
    found = {}
    for system in systems:
        operations, upgrades = (
            stack.subjects.one(system, kind) if stack.subjects.of(system, kind) else None
            for kind in ("operation", "upgrade")
        )
        if operations is not None:
            found[system, "refused"] = earliest(stack, _becoming(stack, operations, REFUSED))
        if upgrades is not None:
            began = earliest(stack, np.flatnonzero(_about(stack, upgrades) & (stack.old == 0)))
            found[system, "stuck"] = _ends_as(stack, upgrades, STUCK)
            found[system, "not over"] = _ends_as(stack, upgrades, UPGRADING)
            found[system, "failed"] = _ends_as(stack, upgrades, UPGRADE_FAILED) - began
    return found


def _about(stack: Stack, block: Block) -> NDArray[np.bool_]:
    return stack.about(block.first, block.count)


def _becoming(stack: Stack, block: Block, status: int) -> NDArray[np.intp]:
    """The rows by which one of the block takes a status."""
    return np.flatnonzero(_about(stack, block) & (stack.new % block.states.width == status))


def _ends_as(stack: Stack, block: Block, status: int) -> NDArray[np.float64]:
    """When one of the block took the status that it has at the horizon; NaN where none has it."""
    rows = _becoming(stack, block, status)
    final = stack.final[stack.replication[rows], stack.subject[rows]] % block.states.width
    return latest(stack, rows[final == status])
