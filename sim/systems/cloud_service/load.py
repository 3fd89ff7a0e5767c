"""The demand of a cloud service over a scenario's time, as a timeline."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.core.timelines import Timeline
from sim.core.windows import DAY, second_of_day

if TYPE_CHECKING:
    from sim.systems.base.operation import Span
    from sim.systems.cloud_service.demand import Demand


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
