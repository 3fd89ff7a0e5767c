"""The result of a comparison in words: which variant is best, or what each one is best in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence  # noqa: TC003  (checked when results are read)
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sim.core.formatting import format_compact, show, show_difference, show_differences
from sim.core.metrics import Key
from sim.experiments.objectives import metric_of
from sim.experiments.ranking import Ranking, not_rolled_back, rank
from sim.experiments.statistics.intervals import quantile
from sim.formats.checking import joined, listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sim.core.metrics import Metric
    from sim.experiments.comparison import Difference
    from sim.experiments.objectives import Experiment


MOST_NAMED = 6
"""Variants that a sentence names; of more it says how many there are."""


@dataclass(frozen=True)
class Conclusion:
    """What a comparison comes to, as data and in words."""

    asked: bool
    """Whether objectives or `prefer` say what is best: without them nothing is."""
    best: Sequence[str]
    """The best variant; those that nothing decides between; none where nothing may be called so."""
    meets_all: Sequence[str]
    """The variants that meet every objective, in a file that has any, references left out."""
    undominated: Mapping[str, Sequence[str]]
    """The variants that no other one beats in every headline -> the headlines that each is best in.
    With objectives, of those that may be best."""
    never_best: Mapping[str, float]
    """The variants whose rollouts (where they have none, whose requests) ended well in fewer than
    half of the runs -> in which share."""
    references: Sequence[str]
    """The variants that begin no rollout, where others do."""
    sentence: str
    """The same in words, one sentence a line."""


def conclude(variants: Sequence[Experiment]) -> Conclusion:
    """What a comparison of these variants comes to."""
    found = rank(variants)
    known = {one.variant: one for one in variants}
    several = len({system for one in variants for system in one.simulation.models}) > 1
    undominated = {
        name: tuple(f"{system}.{metric}" if several else metric for system, metric in leads)
        for name, leads in found.leads.items()
        if name in found.undominated
    }
    lines = [*_never(found, known), *_best(found, known), *_references(found)]
    return Conclusion(
        found.asked or bool(found.decides),
        found.best,
        found.meets_all if found.asked else (),
        undominated,
        found.never_best,
        found.references,
        "\n".join(lines),
    )


def _never(found: Ranking, known: Mapping[str, Experiment]) -> Iterator[str]:
    """Said first: what did not end."""
    if not found.never_best:
        return
    random = any(known[name].measured.random for name in found.never_best)
    names = [name + _of_runs(share, known[name]) for name, share in found.never_best.items()]
    how = "ended well in fewer than half of the runs" if random else "did not end well"
    yield f"never best, as what was requested {how}: {listed(names, MOST_NAMED)}"


def _of_runs(share: float, one: Experiment) -> str:
    n = len(one.measured.numbers)
    return f" ({round(share * n):,} of {n:,} runs)" if one.measured.random else ""


def _best(found: Ranking, known: Mapping[str, Experiment]) -> Iterator[str]:
    if found.asked and not found.meets_all:
        yield f"best: none, as no variant meets every objective{_open(found, known)}"
    elif not found.able:
        whose = " that meets every objective" if found.asked else ""
        yield f"best: none, as no variant{whose} ended its rollouts well often enough"
    elif found.decides and len(found.best) == 1:
        yield _winner(found, known)
    elif found.asked and len(found.best) == 1:
        yield f"best: {found.best[0]}, the only one that meets every objective"
    else:
        yield from _side_by_side(found, known)


def _open(found: Ranking, known: Mapping[str, Experiment]) -> str:
    """Which variants may yet meet all: they miss none, and more replications might decide."""
    names = [
        name
        for name, one in known.items()
        if name not in found.references
        and one.undecided
        and not any(verdict.verdict == "missed" for verdict in one.verdicts)
    ]
    return f" for certain; undecided: {listed(names, MOST_NAMED)}" if names else ""


def _side_by_side(found: Ranking, known: Mapping[str, Experiment]) -> Iterator[str]:
    """Several variants, with what each is best in."""
    if found.decides:
        among = " among those that meet every objective" if found.asked else ""
        head = (
            f"best: {joined(found.best, 'or')}; the preferred metrics do not separate them{among}"
        )
        named: Sequence[str] = found.best
    elif found.asked:
        head = f"best: {joined(found.best, 'or')}, which meet every objective; "
        head += "`prefer: [METRIC, ...]` would decide"
        named = found.best
    else:
        head = "best: none is named, without objectives or `prefer: [METRIC, ...]`"
        named = found.undominated
    if len(found.able) > 1 and not any(found.leads[name] for name in named):
        yield f"{head}; no headline metric separates them"
        return
    yield head
    for name in named[:MOST_NAMED]:
        labels = [_label(known[name], *lead) for lead in found.leads[name]]
        if len(found.able) == 1:
            yield f"  {name}: the only one left"
        else:
            yield f"  {name}: {'best in ' + ', '.join(labels) if labels else 'best in nothing'}"
    if len(named) > MOST_NAMED:
        yield f"  and {len(named) - MOST_NAMED:,} more: `best_in` of the objectives has all"
    beaten = [f"{loser} (by {winner})" for loser, winner in found.beaten.items()]
    if beaten and not found.asked and not found.decides:
        yield f"  beaten in every headline that differs: {listed(beaten, MOST_NAMED)}"


def _references(found: Ranking) -> Iterator[str]:
    if found.references:
        yield f"reference (no rollout): {listed(found.references, MOST_NAMED)}"


def _label(one: Experiment, system: str, metric: str) -> str:
    label = metric_of(one.scenario, system, metric).title
    return f"{system} {label}" if len(one.simulation.models) > 1 else label


def _winner(found: Ranking, known: Mapping[str, Experiment]) -> str:
    among = "which meets every objective; " if found.asked else ""
    if found.reason is None:
        return f"best: {found.best[0]}, {among}no other variant qualifies"
    text = f"best: {found.best[0]}, {among}{_told(found.reason, known)}"
    text += _apart(found.reason, known)
    if found.concessions:
        against = "; ".join(_told(row, known) for row in found.concessions)
        text += f"; but {found.concessions[0].variant} is better here: {against}"
    return text


def _told(row: Difference, known: Mapping[str, Experiment]) -> str:
    """``done in 10min, against 2h10 with manual``."""
    one, other = not_rolled_back(row, known)
    metric = metric_of(one.scenario, row.system, row.metric)
    key = Key(row.system, row.group, row.metric)
    mine, its = _value(one, key, metric), _value(other, key, metric)
    text = f"{metric.title} {mine}, against {its} with {row.baseline}"
    return text if one is known[row.variant] else f"{text} where neither is rolled back"


def _value(one: Experiment, key: Key, metric: Metric) -> str:
    values = one.measured.values[key]
    missing = int(np.isnan(values).sum())
    if not missing:
        return format_compact(float(values.mean()), metric.unit)
    middle = quantile(values, 0.5)
    never = f"never in {missing:,} of {len(values):,} runs" if one.measured.random else "never"
    return never if np.isnan(middle) else f"{format_compact(middle, metric.unit)} (median; {never})"


def _apart(row: Difference, known: Mapping[str, Experiment]) -> str:
    """How large the difference is; nothing where a mean is missing, or nothing is random."""
    random = any(known[name].measured.random for name in (row.variant, row.baseline))
    if np.isnan(row.ci_low) or not random:
        return ""
    difference = show_difference(row.difference, row.unit)
    if row.ci_low == row.ci_high:
        return f" (difference {difference} in every run)"
    interval = show_differences(row.ci_low, row.ci_high, row.unit)
    return f" (difference {difference}, {show(row.level, 'share')} interval {interval})"
