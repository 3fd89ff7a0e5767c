"""Replications until means are as precise as was asked, and objectives decided: what came of it.

A mean is named as SYSTEM.METRIC or SYSTEM.GROUP.METRIC, or by its metric alone where one system has
it; of a comparison it is asked of every variant that has it, and objectives are those of every
variant that is no reference.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence  # noqa: TC003  (checked when results are read)
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from sim.core.formatting import format_compact, show
from sim.experiments.comparison import references
from sim.experiments.conclusion import MOST_NAMED
from sim.experiments.objectives import describe, enlarged, experiments, metric_of, rarest
from sim.experiments.statistics.stopping import SIDE, look_until_met, most_looks, projected, reached
from sim.experiments.statistics.verdicts import enough_to_see
from sim.formats.checking import listed
from sim.systems.base.text import pluralize

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sim.core.errors import ModelError
    from sim.core.metrics import Key
    from sim.experiments.objectives import Experiment
    from sim.experiments.running.execution import Execution
    from sim.experiments.statistics.stopping import Reached, Target
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
    undecided: Sequence[str] = ()
    """Objectives on which no verdict stands, each with its variant where there are several."""

    @property
    def is_missed(self) -> bool:
        """Whether something is less sure than was asked."""
        return self.stopped in ("at the most", "no mean")


def replicate_until(
    simulations: Mapping[str, Simulation],
    targets: Mapping[Key, Target],
    most: int,
    *,
    before_look: Callable[[int], None],
    execution: Execution,
    lost: dict[str, ModelError] | None = None,
) -> tuple[list[Experiment], Precision]:
    """Make replications of variants, all equally many, until every mean is as precise as asked.

    And until a verdict stands on every objective, where there are any; `targets` may then be empty.
    `before_look` is told how many there will be before each look; `lost` is that of `experiments`.

    Raises
    ------
    ModelError
        If every run of a variant fails, or with `lost` every run of all of them.
    """
    made: list[Experiment] = []
    judged = any(each.scenario.objectives for each in simulations.values())
    parts = most_looks(most) if judged else 1

    def look(n: int) -> list[Reached]:
        before_look(n)
        if made:
            made[:] = enlarged(made, n, execution)
        else:
            named = simulations.items()
            found = experiments(named, range(n), looks=parts, execution=execution, lost=lost)
            made.extend(found)
            if not made and lost:
                raise next(iter(lost.values()))
        asked = [*_all(made, targets)]
        widest = max(asked, key=attrgetter("excess"), default=None)
        if widest is not None and not widest.reached.is_hopeless:
            execution.progress.tell(_within(widest, whose=""))
        return [each.reached for each in asked]

    seldom = min(rarest(each.scenario) for each in simulations.values())
    least = enough_to_see(seldom, SIDE)
    is_undecided = (lambda: bool(_undecided(made))) if judged else None
    looks = look_until_met(look, most, least, is_undecided)
    return made, _precision(made, targets, looks, most, least)


def _undecided(made: Sequence[Experiment]) -> list[str]:
    """The objectives on which no verdict stands, of the variants that are no reference."""
    left_out = references(made)
    return [
        f"{one.variant}: {text}" if len(made) > 1 else text
        for one in made
        if one.variant not in left_out
        for objective, verdict in zip(one.scenario.objectives, one.verdicts, strict=True)
        if verdict.verdict == "undecided"
        for text in [describe(objective, one.scenario)]
    ]


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
    open_ones = _undecided(made)
    stopped = _why([each.reached for each in found], open_ones, looks[-1], least)
    said = _Stop(stopped if random else CERTAIN, found, open_ones, looks, most, least)
    return Precision(
        said.stopped,
        looks[-1],
        most,
        tuple(looks),
        tuple(map(_mean, found)),
        said.sentence(made),
        tuple(open_ones),
    )


def _why(found: Sequence[Reached], undecided: Sequence[str], n: int, least: int) -> Stopped:
    if found and all(each.is_hopeless for each in found) and not undecided:
        return "no mean"
    open_means = [each for each in found if not (each.is_met or each.is_hopeless)]
    if open_means or undecided or (found and n < least):
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


class _Stop(NamedTuple):
    """Where a run stopped, as its sentence tells it."""

    stopped: Stopped
    found: Sequence[_Asked]
    undecided: Sequence[str]
    looks: Sequence[int]
    most: int
    least: int

    def sentence(self, made: Sequence[Experiment]) -> str:
        """Why there are so many replications; what is less sure than was asked comes first."""
        if self.stopped == CERTAIN:
            return ""  # an answer begins with it
        judged = any(one.scenario.objectives for one in made)
        if self.stopped == "met":
            return self._met(judged=judged, several=len(made) > 1)
        limit = ", the most allowed" if self.stopped == "at the most" else ""
        told = listed(self._missed(several=len(made) > 1), MOST_NAMED)
        some = any(each.reached.is_met for each in self.found)
        others = "; met by the others" if some and len(self._wide) < len(self.found) else ""
        others = others if self._wide else ""
        return f"precision not met at {self._many}{limit}: {told}{others}"

    @property
    def _many(self) -> str:
        return pluralize(self.looks[-1], "replication")

    @property
    def _wide(self) -> list[_Asked]:
        return [each for each in self.found if not each.reached.is_met]

    def _met(self, *, judged: bool, several: bool) -> str:
        many = self._many
        widest: dict[Key, _Asked] = {}
        for each in self.found:
            widest.setdefault(each.key, each)
        told = [_within(each, whose="") for each in widest.values()]
        where = ", the widest of all variants" if several and told else ""
        count, most = len(self.looks), most_looks(self.most)
        shared = f"look {count} of at most {most}, which share the error"
        if not told:
            return f"every objective decided at {many}: {shared}"
        also = f"; every objective decided ({shared})" if judged else ""
        return f"precision met at {many}: {listed(told, MOST_NAMED)}{where}{also}"

    def _missed(self, *, several: bool) -> list[str]:
        n = self.looks[-1]
        told = [f"undecided: {each}" for each in self.undecided]
        wide = self._wide
        told += [_within(each, f"{each.one.variant}: " if several else "", n) for each in wide]
        if self.found and n < self.least:
            least = f"{self.least:,} runs"
            told.append(f"a rare event of the scenario may not occur in fewer than {least}")
        return told


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
