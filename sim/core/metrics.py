"""Metrics: numbers from timelines and rows, for any modelled system, for a whole stack at once.

Each function takes step functions or a stack and returns arrays of shape (replications,), NaN
where a value is missing. What every metric means stands in its `meaning`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sim.core.stack import Stack
    from sim.core.timelines import Steps

HOUR = 3600.0

Values = dict[str, "NDArray[np.float64]"]
"""Metric name -> one value a replication."""

Measured = dict[tuple[str, str], "NDArray[np.float64]"]
"""(group, metric name) -> one value a replication; the group is empty for the whole system."""


class Key(NamedTuple):
    """What a number is about. `group` is empty for the whole system."""

    system: str
    group: str
    metric: str


@dataclass(frozen=True)
class Metric:
    """A number that a replication has."""

    name: str
    unit: Literal[
        "share",
        "s",
        "count",
        "mean",
        "0/1",
        "member-hours",
        "instance-hours",
        "task-hours",
        "instances",
        "demand x s",
    ]
    better: Literal["higher", "lower", ""]
    """Empty where neither is: to have rolled back from a bad build is no worse than to be on it."""
    label: str
    """Short heading in tables; a line break where it may be broken."""
    meaning: str
    extreme: bool = False
    """Whether tables show the bad tail, which 95 % of the replications stay within, no mean."""
    bounded_by: str = ""
    """The metric that counts what is not over yet: where it is above 0, this one may still grow."""
    counterpart: str = ""
    """The metric that says the same as a count where this one is a share, or the other way."""
    is_instant: bool = False
    """Whether it is a point in time: bounds on it may be clock times, and are shown as such."""

    @property
    def title(self) -> str:
        """The label in one line: ``lowest capacity``."""
        return self.label.replace("\n", " ")

    @property
    def has_quantiles(self) -> bool:
        """Whether it is shown by quantiles, as a bad tail or a time, and not by its mean alone."""
        return self.extreme or self.unit == "s"


@dataclass(frozen=True)
class MetricFamily:
    """Metrics that differ by a number in their name: too many to list."""

    form: str
    """Its names, N for the number: ``time_to_N``."""
    numbers: str
    """Which numbers there are, in words."""
    pattern: str
    """Regular expression of its names, the number in a group."""
    unit: str

    def is_meant(self, name: str) -> bool:
        """Whether a name begins as these do."""
        return name.startswith(self.form.removesuffix("N"))


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric(
            "min_capacity",
            "share",
            "higher",
            "lowest\ncapacity",
            "The lowest share of the nominal capacity in service at any instant of the window.",
            extreme=True,
            counterpart="min_in_service",
        ),
        Metric(
            "mean_capacity",
            "share",
            "higher",
            "mean\ncapacity",
            "The time average of the share of the nominal capacity in service.",
            counterpart="min_in_service",
        ),
        Metric(
            "min_in_service",
            "count",
            "higher",
            "fewest in\nservice",
            "The fewest members in service at any instant of the window.",
            extreme=True,
            counterpart="min_capacity",
        ),
        Metric(
            "capacity_hours_lost",
            "member-hours",
            "lower",
            "hours\nlost",
            "Integral of the capacity missing below nominal, in members times hours.",
        ),
        Metric(
            "availability",
            "share",
            "higher",
            "available",
            "Share of the window in which every group has its `min_available` members in service.",
        ),
        Metric(
            "downtime",
            "s",
            "lower",
            "downtime",
            "Time in which some group has fewer than its `min_available` members in service.",
            extreme=True,
        ),
        Metric(
            "outages",
            "count",
            "lower",
            "outages",
            "How many times the service went from available to not available.",
        ),
        Metric(
            "longest_outage",
            "s",
            "lower",
            "longest\noutage",
            "The longest single time without availability.",
            extreme=True,
        ),
        Metric(
            "rollout_duration",
            "s",
            "lower",
            "done in",
            "From the first rollout operation accepted to the last end of a rollout; missing "
            "unless finished.",
        ),
        Metric(
            "finished",
            "0/1",
            "",
            "finished",
            "1 when every rollout has ended and the last one requested is completed; 0 where it "
            "left some that it covers at another version, took nobody, or a restart took over "
            "half-way.",
        ),
        Metric(
            "done_at",
            "s",
            "lower",
            "done at",
            "The last end of a rollout, since the start of the scenario; missing unless finished.",
            is_instant=True,
        ),
        Metric(
            "ended_in",
            "s",
            "lower",
            "ended in",
            "From the first rollout operation accepted to the last end of a rollout, completed or "
            "not; missing while one has not ended.",
        ),
        Metric(
            "safe_end",
            "0/1",
            "higher",
            "safe\nend",
            "1 when every rollout has ended and the last one requested is `finished`, or rolled "
            "back to its end.",
        ),
        Metric(
            "rollback_duration",
            "s",
            "lower",
            "rolled back\nin",
            "From the first rollout operation accepted to the end of the rollback.",
        ),
        Metric("rolled_back", "0/1", "", "rolled\nback", "1 when a rollback began."),
        Metric(
            "updated_share",
            "share",
            "higher",
            "updated",
            "Members up to date with the version last requested, of those covered, at the horizon.",
        ),
    )
}
"""The metrics that systems have in common; each adds its own."""

OF_ROLLBACKS = frozenset({"rollback_duration", "rolled_back"})
"""What says nothing of systems whose rollouts are never taken back as a whole."""

NO_ROLLBACKS = {name: metric for name, metric in METRICS.items() if name not in OF_ROLLBACKS}
"""The common metrics of such systems."""


def capacity(steps: Steps, nominal: int, unit: int) -> Values:
    """Capacity metrics from the weight in service and its nominal sum, both whole numbers.

    `unit` is what a weight of 1 is among them.
    A group that weighs nothing has nothing to lose: its capacity is 1.
    """
    missing = np.maximum(0, nominal - steps.values) * steps.durations
    none = np.ones(len(steps.start) - 1)
    whole = nominal * (steps.end - steps.times[0])
    return {
        "min_capacity": steps.minimum() / nominal if nominal else none,
        "mean_capacity": steps.integrate() / whole if nominal else none,
        "capacity_hours_lost": steps.sum(missing) / unit / HOUR,
    }


def in_service(ready: Steps) -> Values:
    """The fewest members, from how many are in service: a count, whatever they weigh."""
    return {"min_in_service": ready.minimum().astype(np.float64)}


def availability(up: Steps) -> Values:
    """Availability metrics from a 0/1 step function (1 is available)."""
    length = up.end - up.times[0]
    down = up.durations * (up.values == 0)
    downtime = up.sum(down)
    begins = (up.values == 0) & np.append(True, up.values[:-1] != 0)
    begins[up.start[:-1]] = up.values[up.start[:-1]] == 0
    outages = up.sum(begins.astype(float))
    # An outage may hold several rows: its length is the sum over the rows since its beginning.
    number = np.cumsum(begins)
    lengths = np.bincount(number, weights=down, minlength=1)
    longest = np.maximum.reduceat(np.where(up.values == 0, lengths[number], 0.0), up.start[:-1])
    return {
        "availability": 1.0 - downtime / length,
        "downtime": downtime,
        "outages": outages,
        "longest_outage": longest,
    }


def latest(stack: Stack, rows: NDArray[np.intp]) -> NDArray[np.float64]:
    """Time of the last of some rows (in their order), by replication; NaN where there is none."""
    times = np.full(stack.replications, np.nan)
    times[stack.replication[rows]] = stack.time[rows]  # in order of time, so the last one stays
    return times


def earliest(stack: Stack, rows: NDArray[np.intp]) -> NDArray[np.float64]:
    """Time of the first of some rows (in their order), by replication; NaN where there is none."""
    return latest(stack, rows[::-1])
