"""Which variant is best, and what says so.

The variants that meet every objective are set against each other on the same luck. Their headline
metrics are asked in order; one that an objective bounds is not asked, as more than was asked for is
no better. A variant that another one beats is out. What is left in the end is best; where several
are left, nothing tells them apart.

How long a rollout takes is asked of the replications in which neither variant was rolled back: one
that turned back from a bad build is no slower than one that finished onto it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.experiments.comparison import difference, differences, pairs, references
from sim.experiments.intervals import quantile
from sim.experiments.objectives import metric_of
from sim.formats.checking import joined
from sim.metrics import Key
from sim.showing import brief, show, show_range

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from sim.experiments.comparison import Difference
    from sim.experiments.objectives import Experiment
    from sim.metrics import Metric


@dataclass(frozen=True, slots=True)
class Ranking:
    """What a comparison comes to."""

    best: tuple[str, ...]
    """The best variant; several where nothing tells them apart; none where each misses something.
    A reference is never among them."""
    reason: Difference | None = None
    """What the best one is better in than the last one that it beat; None where it beat none."""
    concessions: tuple[Difference, ...] = ()
    """The headlines in which that other one is better."""


class _Pair(NamedTuple):
    """A metric of a whole system, of one variant set against another."""

    variant: str
    other: str
    system: str
    metric: str


def rank(variants: Sequence[Experiment]) -> Ranking:
    """Rank the variants of a comparison, those without a rollout left out."""
    apart = references(variants)
    able = [one for one in variants if one.variant not in apart and one.meets_all]
    rows = dict(_pairs(able))
    left, reason = [one.variant for one in able], None
    for system, metric in _criteria(able):
        beaten = {
            loser
            for loser in left
            for winner in left
            if _is_better(rows.get(_Pair(winner, loser, system, metric)))
        }
        left = [name for name in left if name not in beaten]
        if beaten and len(left) == 1:
            found = [rows[_Pair(left[0], loser, system, metric)] for loser in sorted(beaten)]
            reason = min(found, key=lambda row: abs(row.difference))
            break
    return Ranking(tuple(left), reason, tuple(_concessions(able, rows, reason)))


def _pairs(variants: Sequence[Experiment]) -> Iterator[tuple[_Pair, Difference]]:
    known = {one.variant: one for one in variants}
    for other in variants:
        for row in differences([other, *(one for one in variants if one is not other)]):
            if not row.group:
                yield _Pair(row.variant, row.baseline, row.system, row.metric), _fair(row, known)


def _fair(row: Difference, known: Mapping[str, Experiment]) -> Difference:
    """The same, of a rollout's duration only where neither was rolled back."""
    one, other = _not_rolled_back(row, known)
    if one is known[row.variant]:
        return row
    if not one.measured.numbers.size:
        return replace(row, better="not told apart")
    return difference(one, other, Key(row.system, row.group, row.metric), row.level)


def _not_rolled_back(
    row: Difference, known: Mapping[str, Experiment]
) -> tuple[Experiment, Experiment]:
    """The two of a difference, in those replications that it may rest on."""
    one, other = known[row.variant], known[row.baseline]
    rolled_back = Key(row.system, row.group, "rolled_back")
    if row.metric != "rollout_duration" or rolled_back not in one.measured.values:
        return one, other
    a, b = pairs(one, other, rolled_back)
    stays = (a == 0) & (b == 0)
    if stays.all():
        return one, other
    return _only(one, stays), _only(other, stays)


def _only(one: Experiment, replications: NDArray[np.bool_]) -> Experiment:
    """Some of an experiment's replications; one without chance has only one, which counts once."""
    measured = one.measured
    chosen = replications if measured.random else replications.any(keepdims=True)
    values = {key: value[chosen] for key, value in measured.values.items()}
    return replace(one, measured=replace(measured, numbers=measured.numbers[chosen], values=values))


def _criteria(variants: Iterable[Experiment]) -> Iterator[tuple[str, str]]:
    """What tells variants apart, in order: (system, metric)."""
    bounded = {
        (objective.system, objective.metric)
        for one in variants
        for objective in one.scenario.objectives
        if not objective.group
    }
    return (each for each in _headlines(variants) if each not in bounded)


def _headlines(variants: Iterable[Experiment]) -> dict[tuple[str, str], None]:
    return dict.fromkeys(
        (name, metric)
        for one in variants
        for name, model in one.simulation.models.items()
        for metric in model.headlines
    )


def _concessions(
    variants: Sequence[Experiment], rows: dict[_Pair, Difference], reason: Difference | None
) -> Iterator[Difference]:
    if reason is None:
        return
    for system, metric in _headlines(variants):
        row = rows.get(_Pair(reason.baseline, reason.variant, system, metric))
        if row is not None and _is_better(row):
            yield row


def _is_better(row: Difference | None) -> bool:
    return row is not None and row.better == "yes"


# In words -----------------------------------------------------------------------------------------


def conclude(variants: Sequence[Experiment]) -> str:
    """Which variant is best and why, in a sentence or two."""
    found = rank(variants)
    asked = any(one.scenario.objectives for one in variants)
    if not found.best:
        return "best: none, as no variant meets every objective"
    if len(found.best) > 1:
        among = " among those that meet every objective" if asked else ""
        return f"best: {joined(found.best, 'or')}; no headline metric tells them apart{among}"
    if found.reason is None:
        why = (
            "the only one that meets every objective"
            if asked
            else "as there is no other to rank it with"
        )
        return f"best: {found.best[0]}, {why}"
    known = {one.variant: one for one in variants}
    among = "which meets every objective; " if asked else ""
    text = f"best: {found.best[0]}, {among}{_told(found.reason, known)}"
    text += _apart(found.reason, known)
    if found.concessions:
        against = "; ".join(_told(row, known) for row in found.concessions)
        text += f"; but {found.concessions[0].variant} is better here: {against}"
    return text


def _told(row: Difference, known: Mapping[str, Experiment]) -> str:
    """``done in 10min, against 2h10 with manual``."""
    one, other = _not_rolled_back(row, known)
    metric = metric_of(one.scenario, row.system, row.metric)
    label = metric.label.replace("\n", " ")
    key = Key(row.system, row.group, row.metric)
    mine, its = _value(one, key, metric), _value(other, key, metric)
    text = f"{label} {mine}, against {its} with {row.baseline}"
    return text if one is known[row.variant] else f"{text} where neither is rolled back"


def _value(one: Experiment, key: Key, metric: Metric) -> str:
    values = one.measured.values[key]
    missing = int(np.isnan(values).sum())
    if not missing:
        return brief(float(values.mean()), metric.unit)
    middle = quantile(values, 0.5)
    never = f"never in {missing:,} of {len(values):,} runs"
    return never if np.isnan(middle) else f"{brief(middle, metric.unit)} (median; {never})"


def _apart(row: Difference, known: Mapping[str, Experiment]) -> str:
    """How large the difference is; nothing where a mean is missing, or nothing is random."""
    random = any(known[name].measured.random for name in (row.variant, row.baseline))
    if np.isnan(row.ci_low) or not random:
        return ""
    difference = brief(row.difference, row.unit)
    if row.ci_low == row.ci_high:
        return f" (difference {difference} in every run)"
    interval = show_range(row.ci_low, row.ci_high, row.unit)
    return f" (difference {difference}, {show(row.level, 'share')} interval {interval})"
