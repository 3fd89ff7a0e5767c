"""The steps of a start, known when it begins: an instance runs, is seen healthy, is given up."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.systems.base.context import LOOK, RETURN
from sim.systems.vm_scale_set.draws import seen_healthy
from sim.systems.vm_scale_set.states import (
    CREATING,
    EXTENSIONS_UPDATING,
    HEALTHY,
    INITIALIZING,
    REIMAGING,
    RESTARTING,
    UNHEALTHY,
    UPDATING,
    WIDTH,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sim.systems.vm_scale_set.draws import Starts
    from sim.systems.vm_scale_set.layout import SetLayout

KEYS = {
    EXTENSIONS_UPDATING: "upgrade",
    UPDATING: "upgrade",
    REIMAGING: "reimage",
    RESTARTING: "restart",
    CREATING: "create",
}
"""Status in which an instance starts -> the key of the set that says how long it takes."""

RUNS, ANSWERS, JUDGED = range(3)
"""Steps of a start: the instance runs, is seen to be healthy, is given up."""
AFTER = (INITIALIZING, HEALTHY, UNHEALTHY)
"""Its status after each of them."""


class Steps(NamedTuple):
    """The steps of a start, in order; columns of shape (steps,)."""

    time: NDArray[np.float64]
    """Seconds."""
    priority: NDArray[np.int64]
    """In the event queue."""
    instance: NDArray[np.int64]
    step: NDArray[np.int64]


def plan(
    layout: SetLayout,
    starts: Starts,
    members: NDArray[np.int64],
    attempts: NDArray[np.int64],
    state: int,
    runs: NDArray[np.float64],
) -> Steps:
    """The steps of some instances that start, in a state of theirs, and run from `runs` on.

    Columns of shape (members,); `attempts` are the numbers of their starts for this reason.
    """
    health, version = layout.spec.health, state // WIDTH
    answers = starts.durations("healthy_after", members, attempts)
    healthy = runs + seen_healthy(answers, health)
    judged = runs + health.wait + (health.grace_period if health.grace_extends_wait else 0.0)
    gets_healthy = starts.get_healthy(members, attempts, version)
    stops = np.ones(len(members), bool)
    if state % WIDTH == EXTENSIONS_UPDATING:  # it serves on where all is well
        healthy[gets_healthy], stops = runs[gets_healthy], ~gets_healthy
    is_late = ~gets_healthy | (healthy > judged)
    place = np.arange(len(members))
    steps = (
        (RUNS, RETURN, runs, place[stops]),
        (ANSWERS, RETURN, healthy, place[gets_healthy]),
        (JUDGED, LOOK, judged, place[is_late]),
    )
    times = np.concatenate([when[which] for _, _, when, which in steps])
    number = np.concatenate([members[which] for _, _, _, which in steps])
    rank = np.repeat([rank for _, rank, _, _ in steps], [len(each[3]) for each in steps])
    step = np.repeat([step for step, _, _, _ in steps], [len(each[3]) for each in steps])
    priority = rank << 32 | (layout.first_instance + number)
    order = np.lexsort((step, priority, times))
    return Steps(times[order], priority[order], number[order], step[order])
