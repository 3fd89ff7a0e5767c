"""How busy the open jobs of a pool would keep its slots over time, and the sentences about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sim.core.rounding import at_most
from sim.core.units import show_share
from sim.systems.base.text import pluralize
from sim.systems.batch_pool.arrivals import Rate
from sim.systems.batch_pool.workload import is_overload

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sim.systems.base.operation import Span
    from sim.systems.batch_pool.spec import BatchPool
    from sim.systems.batch_pool.workload import Job

    Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class OfferedLoad:
    """Slots that open jobs keep busy if their tasks start at once, over [0, horizon]."""

    times: Floats
    """Seconds since the start, the first is 0."""
    slots: Floats
    """From each of them on."""
    horizon: float
    """Seconds."""

    @classmethod
    def of(cls, jobs: Sequence[Job], slots: int, span: Span) -> OfferedLoad:
        """Of all open jobs in a pool of so many slots."""
        streams = [job for job in jobs if job.is_open]
        steady = float(sum(job.offered(slots) for job in streams if not job.has_curve))
        changing = [(job.offered(slots), Rate.of(job, span)) for job in streams if job.has_curve]
        edges = (edge for _, rate in changing for edge in (rate.begins, rate.ends))
        times = np.unique(np.concatenate([np.zeros(1), *edges]))
        times = times[: max(np.searchsorted(times, span.horizon), 1)]
        found = np.full(len(times), steady)
        for full, rate in changing:
            found += full * rate.levels_at(times)
        return cls(times, found, span.horizon)

    @property
    def changes(self) -> bool:
        """Whether it is not always the same."""
        return bool((self.slots != self.slots[0]).any())

    @property
    def mean(self) -> float:
        """Over all the time."""
        if not self.changes:
            return self.peak
        seconds = np.diff(np.append(self.times, self.horizon))
        return float(self.slots @ seconds / seconds.sum())

    @property
    def peak(self) -> float:
        """The most that there is at any time."""
        return self.peak_from(0.0)

    def peak_from(self, seconds: float) -> float:
        """The most from so many seconds after the start on."""
        return float(self.slots[self._place(seconds) :].max())

    def at(self, seconds: float) -> float:
        """So many seconds after the start."""
        return float(self.slots[self._place(seconds)])

    def _place(self, seconds: float) -> int:
        return int(np.searchsorted(self.times, seconds, side="right")) - 1


def of_all_slots(spec: BatchPool, span: Span) -> list[str]:
    """The load of a pool in a sentence; none without open jobs."""
    load = OfferedLoad.of(spec.served, spec.slots, span)
    if not load.peak:
        return []
    mean, peak = load.mean / spec.slots, load.peak / spec.slots
    text = f"Offered load: {show_share(mean)} of {pluralize(spec.slots, 'slot')}"
    if load.changes:
        text += f" on average up to the horizon, {show_share(peak)} at its peak"
    if is_overload(mean):
        text += f"; WARNING: at 100 % or above the queue grows {how_long_it_grows(load)}"
    elif is_overload(peak):
        text += "; the queue grows while it is 100 % or more"
    return [f"{text}."]


def how_long_it_grows(load: OfferedLoad) -> str:
    """The queue under an overload: one that changes may yet be less after the horizon."""
    return "up to the horizon" if load.changes else "without end"


def of_slots_left(spec: BatchPool, nodes: int, at: float, span: Span) -> list[str]:
    """The load on what is left while as many of some nodes as may be are out, from `at` on."""
    at_once = at_most(spec.walk_rules.limit, nodes)
    left = (nodes - at_once) * spec.task_slots_per_node
    if not left:
        return ["While all nodes are out no task runs."] if spec.work else []
    load = OfferedLoad.of(spec.served, spec.slots, span)
    peak = load.peak_from(at) / left
    if not peak:
        return []
    text = f"Offered load meanwhile: {show_share(load.at(at) / left)} of the slots that are left"
    until = "until the upgrade is over"
    if load.changes:
        text += f" when it begins, {show_share(peak)} at its peak up to the horizon"
        until = "then, if the upgrade still goes on"
    grows = f"; WARNING: the queue grows {until}" if is_overload(peak) else ""
    return [f"{text}{grows}."]
