"""What an answer is about: all that it says beside its numbers, as plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from sim.core.metrics import Metric
    from sim.core.timelines import Timeline
    from sim.results.notes import Rare
    from sim.scenario import Objective

    Row = Mapping[str, Any]


@dataclass(frozen=True)
class System:
    """A modelled system, as far as an answer speaks of it."""

    name: str
    size: str
    """How large it is: ``30 instances, 5 update domains``; empty where variants share nothing."""
    metrics: Mapping[str, Metric]
    headlines: tuple[str, ...]
    """The metrics to show, in order."""
    groups: tuple[str, ...] = ()
    """The groups that are shown beside the whole system."""
    rollouts: int = 0
    """How many the file asks for, in the variant with the most."""


@dataclass(frozen=True)
class Setting:
    """What was simulated: all that an answer says beside its numbers. Times are seconds."""

    name: str
    systems: tuple[System, ...]
    replications: int
    is_random: bool
    warm_up: float
    horizon: float
    start: dt.datetime | None
    objectives: Mapping[str, tuple[Objective, ...]]
    """Of each variant."""
    rare: Mapping[tuple[str, str, str, str], Rare] = field(default_factory=dict)
    """(variant, system, group, metric) -> what is told of a metric that is 0 in most runs."""
    variant: str = ""
    """The variant that was run, where it is one of several."""
    replayed: int | None = None
    """The only replication that was run, where one was asked for."""
    precision: str = ""
    """Why there are so many replications, where that was left to a precision."""
    is_saved: bool = True
    """Whether the tables are written to a result folder."""

    @property
    def is_single(self) -> bool:
        """Whether there is one value of each metric, so that nothing is spread."""
        return self.replications == 1 or not self.is_random


@dataclass(frozen=True)
class First:
    """What the first replication of a system shows."""

    series: str
    """The series that says most, such as ``capacity``."""
    line: Timeline
    """That series over the window, a share."""
    days: Sequence[Row] = ()
    """How far a rollout had come, one row a day."""
    changes: Sequence[float] = ()
    """When something else happens in the system, seconds: it belongs to the drawing."""
    replication: int = 0
    """Which replication it is."""
