"""The series of a pool's run: capacity, the queue, what nodes and slots do, over time."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from sim.core.timelines import Members, accumulate, share_of
from sim.systems.base.metrics import at_least
from sim.systems.base.series import Series
from sim.systems.batch_pool.history import occupancy
from sim.systems.batch_pool.states import BUSY, DRAINING, IDLE, NODE, PREEMPTED, SHOWN, WIDTH
from sim.systems.batch_pool.status import up_to_date

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sim.core.log import Log
    from sim.core.stack import Stack
    from sim.core.timelines import Steps, Timeline
    from sim.systems.batch_pool.layout import PoolLayout

SPOT = NODE[PREEMPTED]
"""A state of spot nodes only."""

OF_NODES = ("capacity", "available", "nodes", "accepting", "up_to_date")
OF_WORK = ("queue", "running", "utilisation")


def names(layout: PoolLayout) -> list[tuple[str, str]]:
    """Every (series, group) that a run of the pool has."""
    named = [*OF_NODES, *(OF_WORK if layout.jobs else ())]
    named += [f"by_version:{version}" for version in layout.os_versions]
    never = {*(() if layout.jobs else (BUSY,)), *(() if layout.spec.preemptions else (SPOT,))}
    named += [f"by_state:{state}" for state in SHOWN if state not in never]
    return [(name, "") for name in named]


class PoolSeries(Series):
    """The series of one run; a pool has no groups."""

    units: ClassVar[Mapping[str, str]] = {**Series.units, "utilisation": "share"}

    def __init__(self, layout: PoolLayout, log: Log) -> None:
        super().__init__(layout.name, log, "node")
        self._layout = layout

    def names(self) -> list[tuple[str, str]]:
        """Every (series, group) that the run has."""
        return names(self._layout)

    def available(self, _: str) -> Timeline:
        """1 while enough slots are in service, else 0."""
        return at_least(self._slots, self._layout.min_available).timeline(0, 1.0, "0/1")

    def nodes(self, group: str) -> Timeline:
        """Nodes in service."""
        return self.ready(group)

    def accepting(self, group: str) -> Timeline:
        """Slots of nodes in service that take new tasks."""
        return _count(self.members(group).series("accepting"))

    def up_to_date(self, _: str) -> Timeline:
        """The share of the nodes that are to stay which are at the version wanted."""
        return up_to_date(self._layout, self.stack)

    def queue(self, _: str) -> Timeline:
        """Tasks that wait."""
        return _count(self._tasks.series("queue"))

    def running(self, _: str) -> Timeline:
        """Slots in use."""
        return _count(self._tasks.series("slots"))

    def utilisation(self, group: str) -> Timeline:
        """The share of the slots in service that are in use."""
        return share_of(self.running(group), _count(self._slots)).simplified()

    def by_state(self, group: str, status: str) -> Timeline:
        """Nodes that are seen in a state: whether one is idle or running, its tasks tell."""
        if status not in (NODE[IDLE], BUSY):
            return super().by_state(group, status)
        busy = _count(self._busy)
        if status == BUSY:
            return busy.combine(super().by_state(group, NODE[DRAINING]), np.add).simplified()
        return super().by_state(group, NODE[IDLE]).combine(busy, np.subtract).simplified()

    @property
    def _slots(self) -> Steps:
        """Slots in service."""
        return self.members("").series("slots")

    @cached_property
    def _tasks(self) -> Members:
        return Members(self.stack, self.stack.subjects.of(self._layout.name, "task"))

    @cached_property
    def _busy(self) -> Steps:
        """Enabled nodes in service on which tasks run."""
        stack, nodes = self.stack, occupancy(self._layout, self.stack)
        busy = ((nodes.used > 0) & (nodes.code % WIDTH == IDLE)).astype(np.int64)
        change = np.diff(busy, prepend=0)
        change[nodes.opens] = busy[nodes.opens]
        keep = np.flatnonzero(change)
        order = keep[np.argsort(nodes.row[keep])]
        return accumulate(
            1,
            np.zeros(1 + len(order), np.intp),
            np.concatenate([[0.0], stack.time[nodes.row[order]]]),
            np.concatenate([[0], change[order]]),
            stack.horizon,
        )


def population(layout: PoolLayout, stack: Stack) -> list[Steps]:
    """Tasks that wait and slots in use, of a pool whose streams come at one rate for ever."""
    streams = [job.spec for job in layout.jobs if job.spec.is_open]
    if not streams or any(job.has_curve for job in streams):
        return []
    tasks = Members(stack, stack.subjects.of(layout.name, "task"))
    return [tasks.series("queue"), tasks.series("slots")]


def _count(steps: Steps) -> Timeline:
    return steps.timeline(0, 1.0, "count")
