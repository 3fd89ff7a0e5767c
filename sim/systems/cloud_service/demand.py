"""What users ask of a cloud service over time."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Self

import numpy as np
from pydantic import Field, PrivateAttr
from pydantic.json_schema import SkipJsonSchema

from sim.core.timelines import Timeline
from sim.core.units import LONGEST, to_grid
from sim.core.windows import DAY, second_of_day
from sim.formats.columns import read_column
from sim.formats.fields import SIZES, Clock, NonNegativeNumber, OneOf, Text, is_usual

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sim.systems.base.operation import Span

DailyCurve = Annotated[dict[Clock, NonNegativeNumber], Field(min_length=1)]


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

    @property
    def steps(self) -> tuple[tuple[float, float], ...]:
        """Of a csv: (seconds after the start, demand from then on), in order of time."""
        return self._read

    def with_contents(self, contents: Mapping[str, bytes]) -> Self:
        """The same with the `files` read; it still dumps as written. ValueError(rule)."""
        if self.csv is None:
            return self
        filled = self.model_copy()
        filled._read = read_steps(contents[self.csv])  # noqa: SLF001  (a copy of self)
        return filled


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


def demand_over(demand: Demand, span: Span) -> Timeline:
    """A step function on [0, horizon]; a daily curve wraps over midnight, where a day begins."""
    steps = dict(_steps(demand, span))
    steps.setdefault(0.0, _at_zero(demand, span))
    times = np.array(sorted(time for time in steps if 0 <= time <= span.horizon))
    values = np.array([steps[time] for time in times.tolist()])
    return Timeline(times, values, span.horizon, "demand").simplified()


def _steps(demand: Demand, span: Span) -> list[tuple[float, float]]:
    if demand.constant is not None:
        return [(0.0, demand.constant)]
    if demand.curve is None:
        return list(demand.steps)
    days = range(int(span.horizon // DAY) + 2)
    begin = second_of_day(span.start)
    return [
        (day * DAY + clock - begin, value) for day in days for clock, value in demand.curve.items()
    ]


def _at_zero(demand: Demand, span: Span) -> float:
    """The value in force at time 0: of a curve the last one before, of a file none."""
    if demand.curve is None:
        return 0.0
    begin = second_of_day(span.start)
    before = [clock for clock in demand.curve if clock <= begin]
    return demand.curve[max(before) if before else max(demand.curve)]
