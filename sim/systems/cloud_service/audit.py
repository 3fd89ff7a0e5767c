"""What the log alone cannot know of a cloud service: the rules that every run must keep."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from sim.core.log import ROLLING_BACK, SUPERSEDED, UPGRADE
from sim.core.timelines import Members
from sim.systems.cloud_service import restart_audit, turn_audit
from sim.systems.cloud_service.history import History
from sim.systems.cloud_service.rollouts import accepted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sim.core.log import Stack
    from sim.systems.cloud_service.layout import Layout


def audit(layout: Layout, stack: Stack) -> str | None:
    """The rule that a stack breaks, if any."""
    history = History(layout, stack)
    rules = chain(
        broken_rules(layout, stack),
        turn_audit.broken_rules(history),
        restart_audit.broken_rules(history),
    )
    rule = next(rules, None)
    return None if rule is None else f"{layout.name}: {rule}"


def broken_rules(layout: Layout, stack: Stack) -> Iterator[str]:
    """Update domains are out one at a time.

    Except under Simultaneous, and where a takeover or a rollback did not wait.
    """
    status = stack.new % UPGRADE.width
    mine = stack.about(layout.first_upgrade, len(layout.upgrades))
    hurried = np.zeros(stack.replications, bool)
    rows = np.flatnonzero(mine & ((status == SUPERSEDED) | (status == ROLLING_BACK)))
    hurried[stack.replication[rows]] = True
    began = accepted(layout, stack) if layout.rollouts else np.zeros((stack.replications, 0))
    for number in range(layout.rollouts):
        if getattr(layout.rollout(number).body, "mode", "") == "Simultaneous":
            hurried |= began[:, number] >= 0
    for block in stack.subjects.of(layout.name, "update_domain"):
        updating = Members(stack, [block]).weigh(lambda _: np.array([0, 0, 1]))
        if (updating.maximum() > 1)[~hurried].any():
            yield "two update domains had their turn at once"
