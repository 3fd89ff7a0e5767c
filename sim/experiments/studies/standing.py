"""How variants stand as a scenario is, and which conclusions change once something else does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.experiments.conclusion import conclude
from sim.experiments.conditional import never
from sim.experiments.objectives import describe
from sim.experiments.outcomes import outcomes
from sim.experiments.studies.unseen import unseen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sim.experiments.objectives import Experiment

ENDED = "rollouts ended well"
BEST = "best"


class Standing:
    """How the variants stand as the scenario is, to see which conclusions change."""

    def __init__(self, variants: Sequence[Experiment]) -> None:
        self._variants = variants
        self._best = _best(variants)

    def turned(
        self, varied: Mapping[str, Experiment], *, whole: bool
    ) -> Iterator[tuple[str, str, str, str]]:
        """Variant, what, before and after: of the variants that were `varied`.

        Unless these are the `whole` of what moves, nobody can tell which one is best then.
        """
        for base in self._variants:
            if base.variant in varied:
                yield from _turned(base, varied[base.variant])
        if self._best is not None and varied and whole:
            best = _best([varied.get(one.variant, one) for one in self._variants])
            if best is not None and best != self._best:
                yield "", BEST, self._best, best


def shortcomings(one: Experiment) -> str:
    """``upgrade failed in 5 % of runs, after 9min; misses downtime <= 0s in all runs``.

    Also what may befall a run and befell none. Empty where nothing of the kind happened and no
    objective is missed or undecided.
    """
    told = [each.sentence for each in outcomes(one)]
    runs = len(one.measured.numbers)
    told += [never(what, runs, chance) for (_, what), chance in unseen(one).items()]
    for word, says in (("missed", "misses"), ("undecided", "undecided:")):
        judged = zip(one.scenario.objectives, one.verdicts, strict=True)
        own = [describe(asked, one.scenario) for asked, each in judged if each.verdict == word]
        told += [f"{says} {', '.join(own)}"] if own else []
    return "; ".join(told)


def _turned(base: Experiment, one: Experiment) -> Iterator[tuple[str, str, str, str]]:
    before, after = _ended(base), _ended(one)
    if before != after:
        yield base.variant, ENDED, before, after
    asked = zip(base.scenario.objectives, base.verdicts, one.verdicts, strict=True)
    for objective, judged, again in asked:
        if judged.verdict != again.verdict:
            what = describe(objective, base.scenario)
            yield base.variant, what, judged.verdict, again.verdict


def _ended(one: Experiment) -> str:
    """In how many replications every rollout was accepted and came to its end."""
    measured = one.measured
    whole = np.ones(len(measured.numbers), dtype=bool)
    for each in measured.rollouts_ended.values():
        whole &= each
    return f"in {int(whole.sum()):,} of {len(whole):,} runs"


def _best(variants: Sequence[Experiment]) -> str | None:
    """Which variants are best; None where nothing may be called so."""
    if len(variants) < 2:  # noqa: PLR2004  (there is nothing to compare)
        return None
    found = conclude(variants)
    return (" or ".join(found.best) or "none") if found.asked else None
