"""Replications until means are as precise as was asked: whose, and what came of it.

A mean is named as SYSTEM.METRIC or SYSTEM.GROUP.METRIC, or by its metric alone where one system has
it; of a comparison it is asked of every variant that has it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence  # noqa: TC003  (checked when results are read)
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from sim.core.formatting import format_compact, show
from sim.experiments.conclusion import MOST_NAMED
from sim.experiments.objectives import enlarged, experiment, metric_of, rarest
from sim.experiments.stopping import SIDE, look_until_met, projected, reached
from sim.experiments.verdicts import enough_to_see
from sim.formats.checking import listed
from sim.systems.base.text import pluralize

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sim.core.metrics import Key
    from sim.experiments.objectives import Experiment
    from sim.experiments.stopping import Reached, Target
    from sim.simulation import Simulation

Stopped = Literal["met", "at the most", "no mean", "deterministic"]
CERTAIN: Stopped = "deterministic"


@dataclass(frozen=True)
class PreciseMean:
    """How precise a mean of one variant is; NaN where there is none."""

    variant: str
    system: str
    group: str
    metric: str
    unit: str
    asked: float
    """The half-width of its 95 % interval: in that unit, or a share of the mean."""
    relative: bool
    mean: float
    half_width: float
    """The longer side of the interval, in the unit."""
    met: bool


@dataclass(frozen=True)
class Precision:
    """What came of a run that was to be as precise as was asked."""

    stopped: Stopped
    """Why there are no more replications: means that some replication misses never get an interval,
    and hold up no others."""
    replications: int
    most: int
    """Replications that it might have made."""
    looks: Sequence[int]
    """After how many replications it was looked at."""
    means: Sequence[PreciseMean]
    """What was asked for, of each variant that has it, the least precise first."""
    sentence: str


def replicate_until(
    simulations: Mapping[str, Simulation],
    targets: Mapping[Key, Target],
    most: int,
    *,
    before_look: Callable[[int], None],
    progress: bool = False,
) -> tuple[list[Experiment], Precision]:
    """Make replications of variants, all equally many, until every mean is as precise as asked.

    `before_look` is told how many there will be before each look.

    Raises
    ------
    ModelError
        If a run breaks an invariant of its own model.
    """
    made: dict[str, Experiment] = {}

    def look(n: int) -> list[Reached]:
        before_look(n)
        for name, simulation in simulations.items():
            if name in made:
                made[name] = enlarged(made[name], n, progress=progress)
            else:
                made[name] = experiment(name, simulation, range(n), progress=progress)
        return [each.reached for each in _all(made.values(), targets)]

    seldom = min(rarest(each.scenario) for each in simulations.values())
    least = enough_to_see(seldom, SIDE)
    looks = look_until_met(look, most, least)
    every = list(made.values())
    return every, _precision(every, targets, looks, most, least)


class _Asked(NamedTuple):
    """A mean of a variant that was asked for, and how precise it is."""

    one: Experiment
    key: Key
    target: Target
    reached: Reached

    @property
    def excess(self) -> float:
        """How many times as wide as asked its interval is; infinite where there is none."""
        found = self.reached
        if found.is_hopeless:
            return math.inf
        return found.half_width / found.asked if found.asked else math.inf * (not found.is_met)


def _all(made: Iterable[Experiment], targets: Mapping[Key, Target]) -> Iterator[_Asked]:
    """What is asked for, of each variant that has it."""
    for one in made:
        for key in targets.keys() & one.measured.values.keys():
            binary = metric_of(one.scenario, key.system, key.metric).unit == "0/1"
            values, random = one.measured.values[key], one.measured.random
            found = reached(values, targets[key], binary=binary, random=random)
            yield _Asked(one, key, targets[key], found)


def _precision(
    made: Sequence[Experiment],
    targets: Mapping[Key, Target],
    looks: Sequence[int],
    most: int,
    least: int,
) -> Precision:
    found = sorted(_all(made, targets), key=lambda each: (-each.excess, each.key))
    random = any(one.measured.random for one in made)
    looks = looks if random else (1,)
    stopped = _why([each.reached for each in found], looks[-1], least) if random else CERTAIN
    return Precision(
        stopped,
        looks[-1],
        most,
        tuple(looks),
        tuple(map(_mean, found)),
        _sentence(stopped, found, looks[-1], least, several=len(made) > 1),
    )


def _why(found: Sequence[Reached], n: int, least: int) -> Stopped:
    if all(each.is_hopeless for each in found):
        return "no mean"
    if n < least or not all(each.is_met or each.is_hopeless for each in found):
        return "at the most"
    return "met" if all(each.is_met for each in found) else "no mean"


def _mean(asked: _Asked) -> PreciseMean:
    one, key, target, found = asked
    metric = metric_of(one.scenario, key.system, key.metric)
    return PreciseMean(
        one.variant,
        *key,
        metric.unit,
        target.half_width,
        target.relative,
        found.mean,
        found.half_width,
        found.is_met,
    )


def _sentence(
    stopped: Stopped, found: Sequence[_Asked], n: int, least: int, *, several: bool
) -> str:
    """Why there are so many replications; what missed its precision comes first."""
    if stopped == CERTAIN:
        return ""  # an answer begins with it
    many = pluralize(n, "replication")
    if stopped == "met":
        widest: dict[Key, _Asked] = {}
        for each in found:
            widest.setdefault(each.key, each)
        told = [_within(each, whose="") for each in widest.values()]
        where = ", the widest of all variants" if several else ""
        return f"precision met at {many}: {listed(told, MOST_NAMED)}{where}"
    missed = [each for each in found if not each.reached.is_met]
    told = [_within(each, f"{each.one.variant}: " if several else "", n) for each in missed]
    if n < least:
        told.append(f"a rare event of the scenario may not occur in fewer than {least:,} runs")
    others = "; met by the others" if len(missed) < len(found) and missed else ""
    limit = ", the most allowed" if stopped == "at the most" else ""
    return f"precision not met at {many}{limit}: {listed(told, MOST_NAMED)}{others}"


def _within(asked: _Asked, whose: str, n: int = 0) -> str:
    """``shop.min_capacity within 1.2 % (asked 1 %; 43 would do)``, of n replications."""
    one, key, target, found = asked
    name = f"{whose}{'.'.join(filter(None, key))}"
    if found.is_hopeless:
        values = one.measured.values[key]
        missing = int(np.isnan(values).sum())
        return f"{name} has no mean, as it is missing in {missing:,} of {len(values):,} runs"
    unit = metric_of(one.scenario, key.system, key.metric).unit
    if target.relative:
        share = found.half_width / abs(found.mean) if found.mean else math.inf
        seen = f"{show(share, 'share')} of the mean" if found.mean else "more than the mean, 0"
        wanted = show(target.half_width, "share")
    else:
        seen, wanted = format_compact(found.half_width, unit), format_compact(found.asked, unit)
    if not found.half_width:
        return f"{name} is equal in all of them"
    would = projected(n, found)
    more = f"; about {would:,.0f} would do" if n < would < math.inf else ""
    return f"{name} within {seen} (asked {wanted}{more})"
