"""What became of a system's rollouts, as numbers: for any system, for a whole stack at once.

Each function takes a stack and returns arrays of shape (replications,), unless it says otherwise;
NaN where a value is missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sim.core.log import (
    ASKED,
    COMPLETED,
    OPERATION,
    REFUSED,
    ROLLED_BACK,
    ROLLING_BACK,
    STUCK,
    UPGRADE_CANCELLED,
    UPGRADE_ENDS,
    UPGRADE_FAILED,
    UPGRADING,
)
from sim.core.metrics import earliest, latest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from sim.core.log import Block
    from sim.core.metrics import Values
    from sim.core.stack import Stack

    Rows = NDArray[np.intp]
    Mask = NDArray[np.bool_]
    IsAtNone = Callable[[Rows], Mask]
    """Of rows by which rollouts are completed: where each of those that they are for, and there is
    one, is at another version."""


@dataclass(frozen=True, eq=False)
class Rollouts:
    """What became of a system's rollouts, shape (replications,)."""

    values: Values
    """rollout_duration, finished, done_at, ended_in, safe_end, rollback_duration, rolled_back."""
    rollouts_ended: Mask
    """Whether every rollout asked for was accepted, took some of those that it is for, if there
    were any, and has ended: one that never happened keeps every promise."""


def rollouts(
    stack: Stack,
    operations: Sequence[int],
    upgrades: Block,
    must_end: Mask,
    taken: Rows,
    half_way: Mask | None = None,
    is_at_none: IsAtNone | None = None,
) -> Rollouts:
    """Rollout metrics of one system.

    `operations` are the subjects of the rollout operations that the file asks for, `must_end` says
    for each whether a promise needs the end of its upgrade (an Arc publication's need not be over).
    `upgrades` holds one upgrade for each of them, in the same order, and the platform's after them.
    `half_way`, shape (replications,), says where a version that was asked for has reached some
    members only and no rollout brings it to the rest: all may have ended, and yet none is done.
    `taken` are the rows by which upgrades take members, in order; `is_at_none` need not be given of
    a system whose rollouts are completed with all.
    """
    asked, width = np.asarray(operations), upgrades.states.width
    final = stack.final[:, upgrades.first : upgrades.first + len(asked)] % width
    # One that waits, as for an image to be discovered, is not over.
    waits = (final == 0) & (stack.final[:, asked] % OPERATION.width == ASKED)
    is_on = waits | np.isin(final, (UPGRADING, STUCK, ROLLING_BACK))
    rows = np.flatnonzero(stack.about(upgrades.first, len(asked)))
    status = stack.new[rows] % width
    began = rows[stack.old[rows] == 0]
    accepted = earliest(stack, began)
    end = latest(stack, rows[np.isin(status, UPGRADE_ENDS)])
    end[is_on.any(axis=1)] = np.nan
    over = ~np.isnan(end) if half_way is None else ~np.isnan(end) & ~half_way
    every, newest = np.arange(stack.replications), _last_begun(stack, began)
    last = np.where(over, stack.final[every, newest] % width, 0)  # if it is over one has begun
    nobody = took_nobody(stack, upgrades, taken, is_at_none)[:, : len(asked)]
    finished = (last == COMPLETED) & ~nobody[every, np.maximum(newest - upgrades.first, 0)]
    rolled_back = ~np.isnan(latest(stack, rows[status == ROLLING_BACK]))
    refused = np.isin(stack.final[:, asked] % OPERATION.width, (0, REFUSED)).any(axis=1)
    return Rollouts(
        {
            "rollout_duration": np.where(finished, end - accepted, np.nan),
            "finished": finished.astype(np.float64),
            "done_at": np.where(finished, end, np.nan),
            "ended_in": end - accepted,
            "safe_end": (finished | (last == ROLLED_BACK)).astype(np.float64),
            "rollback_duration": latest(stack, rows[status == ROLLED_BACK]) - accepted,
            "rolled_back": rolled_back.astype(np.float64),
        },
        ~(refused | nobody.any(axis=1) | (is_on & must_end).any(axis=1)),
    )


def took_nobody(
    stack: Stack,
    upgrades: Block,
    taken: Rows,
    is_at_none: IsAtNone | None = None,
) -> Mask:
    """Which upgrades have ended without taking any of those that they are for; shape
    (replications, upgrades). `taken` and `is_at_none` are as for `rollouts`.

    One that is completed where some are at its version had nothing to do; one that is
    superseded is another's to do.
    """
    found = np.zeros((stack.replications, upgrades.count), bool)
    for status in (COMPLETED, ROLLED_BACK, UPGRADE_FAILED, UPGRADE_CANCELLED):
        began, ended = _spans(stack, upgrades, status)
        nobody = np.searchsorted(taken, began) == np.searchsorted(taken, ended)
        if status == COMPLETED:
            nobody[nobody] = False if is_at_none is None else is_at_none(ended[nobody])
        found[stack.replication[ended], stack.subject[ended] - upgrades.first] |= nobody
    return found


def ended_as(stack: Stack, upgrades: Block, status: int) -> tuple[Rows, NDArray[np.float64]]:
    """The rows by which upgrades took a status, in order, and how long each was on by then."""
    began, ended = _spans(stack, upgrades, status)
    return ended, stack.time[ended] - stack.time[began]


def _spans(stack: Stack, upgrades: Block, status: int) -> tuple[Rows, Rows]:
    """The rows by which upgrades began that took a status, and those by which they took it, in
    order of these.
    """
    rows = np.flatnonzero(stack.about(upgrades.first, upgrades.count))
    began, ended = stack.old[rows] == 0, stack.new[rows] % upgrades.states.width == status
    key = stack.key[rows]
    order = np.argsort(key[began])
    place = np.searchsorted(key[began][order], key[ended])
    return rows[began][order][place], rows[ended]


def _last_begun(stack: Stack, began: Rows) -> Rows:
    """The subject of the rollout that began last, by replication; 0, the scenario, where none did.

    `began` are the rows by which rollouts began.
    """
    last = np.zeros(stack.replications, np.intp)
    last[stack.replication[began]] = stack.subject[began]  # in order of time, so the last one stays
    return last
