"""The distribution of a metric over all replications, as titles of pictures state it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from sim.core.formatting import format_compact, show
from sim.core.timelines import TOLERANCE
from sim.core.units import show_duration, show_share
from sim.core.wall_clock import show_instant
from sim.experiments.statistics.intervals import quantile
from sim.experiments.summaries import BAD, bad_tail

if TYPE_CHECKING:
    import datetime as dt

    from numpy.typing import NDArray

    from sim.core.metrics import Metric


@dataclass(frozen=True, eq=False)
class Spread:
    """One metric of one variant in all its replications, shape (replications,); NaN is missing."""

    metric: Metric
    values: NDArray[np.float64]
    horizon: float
    """Seconds: what is missing has not come by then."""
    start: dt.datetime | None = None
    """Of the scenario: instants are told by the clock."""

    @property
    def runs(self) -> int:
        """How many replications."""
        return len(self.values)

    @cached_property
    def middle(self) -> float:
        """The median; infinite where it is missing."""
        return self._at(0.5)

    @cached_property
    def bad(self) -> float:
        """The quantile that the bad 5 % of the runs do not keep; infinite where it is missing."""
        return self._at({"p5": 0.05, "p95": 0.95}[bad_tail(self.metric)])

    def text(self) -> str:
        """``80 % in every run``, or ``median 80 %, bad 5 % 76 %``."""
        if np.isnan(self.values).all():
            return "never by the end of the window"
        if self._is_one_value:
            return self.show(self.middle) + (" in every run" if self.runs > 1 else "")
        middle, bad = self.show(self.middle), self.show(self.bad)
        return f"median {middle}, {BAD} {bad}" if middle != bad else f"median and {BAD} {bad}"

    def mean(self) -> str:
        """``55d``; none where the metric is missing in any run."""
        mean = float(self.values.mean())
        return "none" if math.isnan(mean) else self.show(mean)

    def cell(self) -> str:
        """``80 %``, or ``36min / 43min``: median and bad 5 %."""
        if np.isnan(self.values).all():
            return "never"
        middle, bad = self.show(self.middle), self.show(self.bad)
        return middle if middle == bad else f"{middle} / {bad}"

    def show(self, value: float) -> str:
        """A value in the metric's unit; ``> 2h`` where it is missing."""
        if math.isinf(value):
            if self.metric.unit != "s":
                return "none"
            return f"> {self._instant(self.horizon) or show_duration(self.horizon)}"
        return self._instant(value) or format_compact(value, self.metric.unit)

    def _instant(self, value: float) -> str:
        """By the clock; empty for what is no instant, or without a clock."""
        by_clock = self.metric.is_instant and self.start is not None
        return show_instant(value, self.start) if by_clock else ""

    @property
    def varies(self) -> bool:
        """Whether the replications differ."""
        return not (self._is_one_value or bool(np.isnan(self.values).all()))

    @property
    def _is_one_value(self) -> bool:
        return not np.isnan(self.values).any() and bool((self.values == self.values[0]).all())

    def _at(self, p: float) -> float:
        value = quantile(self.values, p)
        return math.inf if math.isnan(value) else value


def sentence(spread: Spread, bound: float | None, mean_bound: float | None = None) -> str:
    """What a metric comes to and what is asked for: ``Done in: median 36min, bad 5 % 43min``.

    What is asked for of the mean, `mean_bound`, stands beside the mean.
    """
    title = spread.metric.title
    text = f"{title[:1].upper()}{title[1:]}: {spread.text()}"
    if bound is not None and spread.metric.name == "min_capacity":
        below = in_runs(spread.values < bound - TOLERANCE)
        text += f"; {'' if below else 'never '}below {show_share(bound)}{below}"
    elif bound is not None:
        text += f"; objective: {_asked(spread, bound)}"
    if mean_bound is not None:
        text += f"; mean {spread.mean()}, objective: {_asked(spread, mean_bound)}"
    return text


def _asked(spread: Spread, bound: float) -> str:
    word = "least" if spread.metric.better == "higher" else "most"
    return f"at {word} {spread.show(bound)}"


def downtime(name: str, spread: Spread) -> str:
    """In how many runs a system goes down, and for how long: where it is rare, when it does."""
    down = spread.values > 0
    if not down.any():
        return f"{name} is never down in {spread.runs:,} runs"
    text = f"{name} goes down{in_runs(down)}"
    if spread.bad:
        return f"{text}; downtime {spread.text()}"
    then = replace(spread, values=spread.values[down])
    return f"{text}; when it does, for {then.show(then.middle)} (median)"


def in_runs(which: NDArray[np.bool_]) -> str:
    """`` in 12 % of runs`` or `` in every run``; nothing where it is in none."""
    if not which.any():
        return ""
    return " in every run" if which.all() else f" in {show(float(which.mean()), 'share')} of runs"
