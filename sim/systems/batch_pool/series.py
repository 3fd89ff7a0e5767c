"""The series of a pool's run: capacity, the queue, what nodes and slots do, over time."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from sim.core.log import Stack
from sim.core.timelines import Members, accumulate, share_of
from sim.systems.batch_pool.executions import executions
from sim.systems.batch_pool.occupancy import RUNNING, SHOWN, occupancy
from sim.systems.batch_pool.states import DRAINING, IDLE, NODE, WIDTH
from sim.systems.batch_pool.updated import at_version, up_to_date

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from sim.core.log import Block, Log
    from sim.core.timelines import Steps, Timeline
    from sim.systems.batch_pool.model import Model

OF_NODES = ("capacity", "available", "nodes", "accepting", "up_to_date")
OF_WORK = ("queue", "running", "utilisation")


def names(model: Model) -> list[tuple[str, str]]:
    """Every (series, group) that a run of the pool has."""
    named = [*OF_NODES, *(OF_WORK if model.layout.jobs else ())]
    named += [f"by_version:{version}" for version in model.layout.os_versions]
    named += [f"by_state:{state}" for state in SHOWN if state != RUNNING or model.layout.jobs]
    return [(name, "") for name in named]


class Series:
    """The series of one run, each over [0, horizon]; what several of them need is made once."""

    def __init__(self, model: Model, log: Log) -> None:
        self._model, self._layout = model, model.layout
        self._stack = Stack([log])
        self._nodes = Members(self._stack, self._stack.subjects.of(model.name, "node"))

    def timeline(self, series: str) -> Timeline:
        """One of them. KeyError for a series that is not there."""
        kind, _, which = series.partition(":")
        if kind == "by_version":
            return self._at_version(self._layout.versions[which])
        if kind == "by_state":
            return self._in_state(which)
        whole: dict[str, Callable[[], Timeline]] = {
            "capacity": lambda: self._nodes.share("capacity"),
            "available": self._available,
            "nodes": lambda: _count(self._nodes.series("nodes")),
            "accepting": lambda: _count(self._nodes.series("accepting")),
            "up_to_date": lambda: up_to_date(self._model, self._stack),
            "queue": lambda: _count(self._tasks.series("queue")),
            "running": lambda: _count(self._running),
            "utilisation": self._utilisation,
        }
        return whole[kind]()

    def _available(self) -> Timeline:
        slots = self._nodes.series("slots")
        enough = slots.values >= self._layout.min_available
        return slots.map(enough.astype(np.int64)).timeline(0, 1.0, "0/1")

    def _utilisation(self) -> Timeline:
        slots = _count(self._nodes.series("slots"))
        return share_of(_count(self._running), slots).simplified()

    @cached_property
    def _tasks(self) -> Members:
        return Members(self._stack, self._stack.subjects.of(self._model.name, "task"))

    @cached_property
    def _running(self) -> Steps:
        """Slots in use."""
        return self._tasks.series("slots")

    def _at_version(self, version: int) -> Timeline:
        """Nodes in service at a version."""
        return _count(self._nodes.weigh(lambda block: at_version(block, version)))

    def _in_state(self, state: str) -> Timeline:
        """Nodes that are seen in a state."""
        if state not in ("idle", RUNNING):
            return self._in_statuses([NODE.index(state)])
        busy = _count(self._busy)
        if state == RUNNING:
            return busy.combine(self._in_statuses([DRAINING]), np.add).simplified()
        return self._in_statuses([IDLE]).combine(busy, np.subtract).simplified()

    def _in_statuses(self, statuses: list[int]) -> Timeline:
        def weight(block: Block) -> NDArray[np.int64]:
            return np.isin(np.arange(len(block.states)) % WIDTH, statuses).astype(np.int64)

        return _count(self._nodes.weigh(weight))

    @cached_property
    def _busy(self) -> Steps:
        """Enabled nodes in service on which tasks run."""
        stack = self._stack
        nodes = occupancy(self._layout, executions(self._model, stack))
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


def _count(steps: Steps) -> Timeline:
    return steps.timeline(0, 1.0, "count")
