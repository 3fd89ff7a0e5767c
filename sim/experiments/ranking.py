"""Which variants of a comparison may be called best, and which stand beside each other.

Best is a question of what is asked for. With objectives, those that meet all may be best; where
several do, the file's `prefer` decides: its metrics are asked in order, each of every two variants
by their paired interval, and one that another one beats is out. Without `prefer` they are named
together. With neither objectives nor `prefer` nothing is best: what is left to say is which
variants no other one beats, and what each is best in. One variant beats another in every headline
where it is better in some, and worse in none: equal ones, and those that the intervals do not tell
apart, defend nobody.

A variant whose rollouts did not all end well (accepted, and completed or rolled back to the end) in
at least half of its replications is never best, in nothing; nor is one without rollouts whose
requests were refused in more than half of them.

Where others ask for a rollout, a variant that asks for none is a reference: shown, never best,
whatever it meets. One that does nothing would win every headline by it, so it is set against nobody
either. One that asks for something else instead (a resize to zero and back, reboots) is a way to
the same end: its headlines that the others have too, such as makespan and lowest capacity, are set
against theirs. Where no variant asks for a rollout, all are ranked by what applies.

How long a rollout takes is asked of the replications in which neither variant was rolled back: one
that turned back from a bad build is no slower than one that finished onto it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from sim.core.metrics import Key
from sim.experiments.comparison import (
    ERROR,
    difference,
    idle,
    is_paired,
    paired_up,
    pairs,
    references,
)
from sim.experiments.objectives import metric_of
from sim.experiments.statistics.intervals import surely_above

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from sim.experiments.comparison import Difference
    from sim.experiments.objectives import Experiment

LEAST_ENDED_WELL = 0.5
"""In which share of its replications the rollouts of the best variant end well, at least."""

OF_THE_FINISHED = ("rollout_duration", "done_at")
"""Metrics that are asked of those replications in which no variant was rolled back."""

Criterion = tuple[str, str]
"""A system and one of its metrics."""


@dataclass(frozen=True)
class Ranking:
    """What a comparison comes to."""

    asked: bool
    """Whether there are objectives."""
    decides: tuple[str, ...]
    """The metrics that the file prefers."""
    meets_all: tuple[str, ...]
    """Those that meet every objective; all where there is none. References are left out."""
    never_best: Mapping[str, float]
    """Variant -> in which share of its replications the rollouts ended well: too few."""
    references: tuple[str, ...]
    able: tuple[str, ...]
    """Those that are set against each other."""
    best: tuple[str, ...]
    undominated: tuple[str, ...]
    """Those of `able` that no other one beats in every headline."""
    beaten: Mapping[str, str]
    """The rest of `able` -> the first of those that beat it."""
    leads: Mapping[str, tuple[Criterion, ...]]
    """Of each of `able` the headlines in which it beats another one, and none beats it."""
    reason: Difference | None = None
    """What the best one is better in than the last one that it beat; None where it beat none."""
    concessions: tuple[Difference, ...] = ()
    """The headlines in which that other one is better."""


def rank(variants: Sequence[Experiment]) -> Ranking:
    """Set the variants of a comparison against each other."""
    apart, nothing = references(variants), idle(variants)
    asked = any(one.scenario.objectives for one in variants)
    prefer = variants[0].scenario.prefer
    in_race = [one for one in variants if one.variant not in apart]
    meets_all = [one for one in in_race if one.meets_all]
    ends = {one.variant: ended_well(one) for one in variants if one.variant not in nothing}
    able = [one for one in meets_all if ends[one.variant] >= LEAST_ENDED_WELL]
    choosable = [one.variant for one in able]
    if not asked and not prefer:
        able = [
            one
            for one in variants
            if one in able
            or (one.variant in apart and ends.get(one.variant, 0) >= LEAST_ENDED_WELL)
        ]
    wins = {each: _wins(able, each) for each in _headlines(able)}
    undominated, beaten = _undominated(able, wins)
    found = Ranking(
        asked,
        prefer,
        tuple(one.variant for one in meets_all),
        {name: share for name, share in ends.items() if share < LEAST_ENDED_WELL},
        tuple(one.variant for one in variants if one.variant in apart),
        tuple(one.variant for one in able),
        tuple(choosable) if asked or prefer else (),
        undominated,
        beaten,
        {one.variant: _leads(one, wins) for one in able},
    )
    return _decided(found, able, wins) if prefer else found


def ended_well(one: Experiment) -> float:
    """In which share of the replications every rollout was accepted and ended well.

    Where none is asked for, in which share no request was refused: it is all that there is.
    """
    measured = one.measured
    well = np.ones(len(measured.numbers), bool)
    if not measured.asks_for_rollouts:
        for (_, what), when in measured.outcomes.items():
            if what == "refused":
                well &= np.isnan(when)
    for key, values in measured.values.items():
        if key.metric == "safe_end" and not key.group:
            well &= (values == 1) & measured.rollouts_ended[key.system]
    return float(well.mean())


Wins = frozenset[tuple[str, str]]
"""(winner, loser) of one metric."""


def _wins(variants: Sequence[Experiment], criterion: Criterion) -> Wins:
    """Of every two variants that have the metric, who is better, where that is sure."""
    having = _having(variants, criterion)
    if len(having) > 1 and _is_plain(having, _key(criterion)):
        return _plain_wins(having, criterion)
    wins = set()
    for place, one in enumerate(having):
        for other in having[place + 1 :]:
            row = _row(having, criterion, one.variant, other.variant)
            if row.better == "yes":
                wins.add((one.variant, other.variant))
            elif row.better == "no":
                wins.add((other.variant, one.variant))
    return frozenset(wins)


def _plain_wins(having: Sequence[Experiment], criterion: Criterion) -> Wins:
    """The same where every replication has its value, of all pairs at once: there may be many."""
    key = _key(criterion)
    n = max(len(one.measured.numbers) for one in having)
    values = np.array([np.broadcast_to(one.measured.values[key], n) for one in having])
    if metric_of(having[0].scenario, *criterion).better == "lower":
        values = -values
    certain = not any(one.measured.random for one in having)
    above = surely_above(values, _level(having), certain=certain)
    names = [one.variant for one in having]
    return frozenset((names[one], names[other]) for one, other in np.argwhere(above).tolist())


def _is_plain(having: Sequence[Experiment], key: Key) -> bool:
    """Whether no value or replication is missing, and none is left out for its rollback."""
    if not is_paired(having):
        return False
    if any(np.isnan(one.measured.values[key]).any() for one in having):
        return False
    rolled_back = key._replace(metric="rolled_back")
    return key.metric not in OF_THE_FINISHED or not any(
        one.measured.values.get(rolled_back, np.zeros(1)).any() for one in having
    )


def _having(variants: Sequence[Experiment], criterion: Criterion) -> list[Experiment]:
    return [one for one in variants if _key(criterion) in one.measured.values]


def _key(criterion: Criterion) -> Key:
    return Key(criterion[0], "", criterion[1])


def _level(having: Sequence[Experiment]) -> float:
    return 1 - ERROR / max(1, len(having) - 1)


def _row(having: Sequence[Experiment], criterion: Criterion, one: str, other: str) -> Difference:
    """One variant set against another one in a metric."""
    known = {each.variant: each for each in having}
    row = difference(known[one], known[other], _key(criterion), _level(having))
    return _fair(row, known)


def _fair(row: Difference, known: Mapping[str, Experiment]) -> Difference:
    """The same, of a rollout's duration only where neither was rolled back."""
    one, other = not_rolled_back(row, known)
    if one is known[row.variant]:
        return row
    if not one.measured.numbers.size:
        return replace(row, better="inconclusive")
    return difference(one, other, Key(row.system, row.group, row.metric), row.level)


def not_rolled_back(
    row: Difference, known: Mapping[str, Experiment]
) -> tuple[Experiment, Experiment]:
    """The two of a difference, in those replications that it may rest on."""
    whole = known[row.variant], known[row.baseline]
    one, other = paired_up(*whole)
    rolled_back = Key(row.system, row.group, "rolled_back")
    if row.metric not in OF_THE_FINISHED or rolled_back not in one.measured.values:
        return whole
    a, b = pairs(one, other, rolled_back)
    stays = (a == 0) & (b == 0)
    if stays.all():
        return whole
    return _only(one, stays), _only(other, stays)


def _only(one: Experiment, replications: NDArray[np.bool_]) -> Experiment:
    """Some of an experiment's replications; one without chance has only one, which counts once."""
    measured = one.measured
    chosen = replications if measured.random else np.array([replications.any()])
    return replace(one, measured=measured.only(chosen))


def _headlines(variants: Iterable[Experiment]) -> dict[Criterion, None]:
    return dict.fromkeys(
        (name, metric)
        for one in variants
        for name, model in one.simulation.models.items()
        for metric in model.headlines
        if metric_of(one.scenario, name, metric).better
    )


def _undominated(
    variants: Sequence[Experiment], wins: Mapping[Criterion, Wins]
) -> tuple[tuple[str, ...], dict[str, str]]:
    """Those that no other one beats in every headline, and the rest with who beats it."""
    better = {pair for each in wins.values() for pair in each}
    beaten: dict[str, str] = {}
    for winner, loser in sorted(better):
        if (loser, winner) not in better:
            beaten.setdefault(loser, winner)
    names = [one.variant for one in variants]
    left = tuple(name for name in names if name not in beaten)
    # Intervals need not agree: each of three may beat the next one.
    return (left, beaten) if left else (tuple(names), {})


def _leads(one: Experiment, wins: Mapping[Criterion, Wins]) -> tuple[Criterion, ...]:
    return tuple(
        each
        for each, pairs in wins.items()
        if any(winner == one.variant for winner, _ in pairs)
        and not any(loser == one.variant for _, loser in pairs)
    )


def _decided(found: Ranking, able: Sequence[Experiment], wins: Mapping[Criterion, Wins]) -> Ranking:
    """The same with the preferred metrics asked in order: one that another one beats is out."""
    left = list(found.best)
    systems = dict.fromkeys(name for one in able for name in one.simulation.models)
    for criterion in ((system, metric) for metric in found.decides for system in systems):
        pairs = wins.get(criterion) or _wins(able, criterion)
        beaten = {loser for winner, loser in pairs if winner in left and loser in left}
        left = [name for name in left if name not in beaten]
        if beaten and len(left) == 1:
            having = _having(able, criterion)
            best = left[0]
            by_it = [each for each in sorted(beaten) if (best, each) in pairs] or sorted(beaten)
            rows = [_row(having, criterion, best, each) for each in by_it]
            reason = min(rows, key=lambda row: abs(row.difference))
            return replace(
                found, best=(best,), reason=reason, concessions=_conceded(reason, able, wins)
            )
    return replace(found, best=tuple(left))


def _conceded(
    reason: Difference, able: Sequence[Experiment], wins: Mapping[Criterion, Wins]
) -> tuple[Difference, ...]:
    """The headlines in which the one that was beaten is better."""
    pair = (reason.baseline, reason.variant)
    return tuple(
        _row(_having(able, criterion), criterion, *pair)
        for criterion, each in wins.items()
        if pair in each
    )
