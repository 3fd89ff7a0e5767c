"""What users ask of a service over time, and how much of it is not served."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Self

import numpy as np
from pydantic import Field, PrivateAttr
from pydantic.json_schema import SkipJsonSchema

from sim.core.timelines import Timeline
from sim.core.units import LONGEST, to_grid
from sim.core.wall_clock import DAY
from sim.formats.columns import read_column
from sim.formats.fields import SIZES, Clock, NonNegativeNumber, OneOf, Text, is_usual
from sim.formats.time_fields import EACH_CLOCK_ONCE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from sim.core.timelines import Steps
    from sim.systems.base.operation import Span

DailyCurve = Annotated[dict[Clock, NonNegativeNumber], Field(min_length=1), EACH_CLOCK_ONCE]


class Demand(OneOf):
    """What users ask of the service, in the unit of `serves_demand`: a step function of time."""

    constant: NonNegativeNumber | SkipJsonSchema[None] = None
    """The same at all times."""
    curve: DailyCurve | SkipJsonSchema[None] = None
    """Time of day and demand, such as "08:00": 900. Each value holds until the next, the last one
    over midnight."""
    csv: Text | SkipJsonSchema[None] = None
    """A file with the columns time_s (seconds after the start) and value. Each value holds until
    the next; before the first there is no demand."""

    _read: tuple[tuple[float, float], ...] = PrivateAttr(default=())

    @property
    def files(self) -> dict[tuple[str, ...], str]:
        """The file that holds the demand, as the scenario names it, by its key."""
        return {} if self.csv is None else {("csv",): self.csv}

    def with_contents(self, contents: Mapping[str, bytes]) -> Self:
        """The same with the `files` read; it still dumps as written. ValueError(rule)."""
        if self.csv is None:
            return self
        filled = self.model_copy()
        filled._read = read_steps(contents[self.csv])  # noqa: SLF001  (a copy of self)
        return filled

    def over(self, span: Span) -> Timeline:
        """The demand on [0, horizon]; a daily curve wraps over midnight, where a day begins."""
        # Nothing is asked before the first row of a file: only a curve has a value before.
        steps = {0.0: 0.0} | dict(self._steps(span))
        times = np.array(sorted(time for time in steps if 0 <= time <= span.horizon))
        values = np.array([steps[time] for time in times.tolist()])
        return Timeline(times, values, span.horizon, "demand").simplified()

    def _steps(self, span: Span) -> Sequence[tuple[float, float]]:
        """(seconds after the start, demand from then on), in order of time."""
        if self.constant is not None:
            return [(0.0, self.constant)]
        if self.curve is None:
            return self._read
        curve = sorted(self.curve.items())
        readings = np.add.outer(span.clock.days * DAY, [clock for clock, _ in curve]).ravel()
        # Of those before the start the last one is in force at time 0.
        times = np.maximum(span.clock.instants(readings), 0.0).tolist()
        values = [value for _, value in curve]
        return list(zip(times, values * len(span.clock.days), strict=True))


def read_steps(content: bytes) -> tuple[tuple[float, float], ...]:
    """Rows (seconds, demand) of a CSV file with the columns time_s and value. ValueError(rule)."""
    seconds = read_column(content, "time_s")
    values = read_column(content, "value")
    if seconds[0] < 0:
        raise ValueError(f"must have times >= 0 in column time_s, got {seconds[0]:g}")
    if max(seconds) > LONGEST:
        rule = "must have times of at most 10,000 years in column time_s"
        raise ValueError(f"{rule}, got {max(seconds):g}")
    times = [to_grid(each) for each in seconds]
    for earlier, later in pairwise(times):
        if later <= earlier:
            rule = "must have times that increase line by line in column time_s"
            raise ValueError(f"{rule}, got {later:g} after {earlier:g}")
    if min(values) < 0:
        raise ValueError(f"must have no demand below 0 in column value, got {min(values):g}")
    for value in values:
        if not is_usual(value):
            raise ValueError(f"must have 0 or numbers {SIZES} in column value, got {value:g}")
    return tuple(zip(times, values, strict=True))


def unserved(demand: Timeline, served: Steps, unit: float) -> NDArray[np.float64]:
    """Integral of the demand above what is served, demand times seconds, shape (replications,).

    `served` counts, over its own time, in whole numbers of which `unit` serve a demand of 1.
    """
    demand = demand.crop(float(served.times[0]), served.end)
    found = np.zeros(len(served.start) - 1)
    for place in range(len(found)):
        gap = demand.combine(served.timeline(place, unit), lambda a, b: np.maximum(0.0, a - b))
        found[place] = gap.integrate()
    return found
