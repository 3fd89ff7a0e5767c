"""Metrics that follow from the states of members and of upgrades, for every system alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.core.metrics import NO_ROLLBACKS, availability, capacity, in_service
from sim.core.rollouts import rollouts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from sim.core.log import Block
    from sim.core.metrics import Values
    from sim.core.rollouts import IsAtNone, Rollouts
    from sim.core.stack import Stack
    from sim.core.timelines import Members, Steps
    from sim.systems.base.layout import Layout


OF_MEMBERS = (
    *("min_capacity", "mean_capacity", "capacity_hours_lost", "min_in_service"),
    *("availability", "downtime", "outages", "longest_outage"),
)
"""What `of_members` measures where it is told what is needed."""


def of_members(members: Members, unit: int, warm_up: float, up: Steps | None = None) -> Values:
    """Capacity over [warm_up, horizon], how few were in service, and availability.

    `unit` is what a weight of 1 is in the log; `up` is 1 where all that is needed is in service.
    """
    values = capacity(members.series("capacity").crop(warm_up), members.initial("capacity"), unit)
    values |= in_service(members.series("ready").crop(warm_up))
    return values if up is None else values | availability(up.crop(warm_up))


def at_least(steps: Steps, least: int) -> Steps:
    """1 where a count or a weight is at least so much, else 0."""
    return steps.map((steps.values >= least).astype(np.int64))


def rollouts_of_one_group(
    layout: Layout[Any],
    stack: Stack,
    updated_share: Callable[[Any, Stack], NDArray[np.float64]],
    taken: NDArray[np.intp],
    half_way: NDArray[np.bool_] | None = None,
    is_at_none: IsAtNone | None = None,
) -> tuple[Values, NDArray[np.bool_]]:
    """The metrics of rollouts that are never taken back as a whole, none where a file asks for
    none; and in which replications all rollouts came to an end.
    """
    if not layout.rollouts:
        return {}, np.ones(stack.replications, bool)
    outcome = of_rollouts(layout, stack, taken, half_way=half_way, is_at_none=is_at_none)
    values = {name: each for name, each in outcome.values.items() if name in NO_ROLLBACKS}
    return values | {"updated_share": updated_share(layout, stack)}, outcome.rollouts_ended


def of_rollouts(
    layout: Layout[Any],
    stack: Stack,
    taken: NDArray[np.intp],
    must_end: NDArray[np.bool_] | None = None,
    half_way: NDArray[np.bool_] | None = None,
    is_at_none: IsAtNone | None = None,
) -> Rollouts:
    """What became of the rollouts that a file asks of a system: see `sim.core.rollouts.rollouts`.

    By default each must end for a promise to be kept.
    """
    names = layout.upgrades[: layout.rollouts]
    asked = [layout.operation(name) for name in names]
    all_of_them = np.ones(len(asked), bool) if must_end is None else must_end
    upgrades = stack.subjects.one(layout.name, "upgrade")
    return rollouts(stack, asked, upgrades, all_of_them, taken, half_way, is_at_none)


def taken_by_upgrades(
    layout: Layout[Any], stack: Stack, members: Iterable[Block]
) -> NDArray[np.intp]:
    """The rows, in order, by which upgrades themselves change members."""
    by_them = (stack.cause >= layout.first_upgrade) & (
        stack.cause < layout.first_upgrade + len(layout.upgrades)
    )
    about = [stack.about(each.first, each.count) for each in members]
    return np.flatnonzero(by_them & np.logical_or.reduce(about))
