"""How many intervals and verdicts stand beside each other, which all hold less often than each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sim.experiments.statistics.intervals import least_for_quantile
from sim.systems.base.text import pluralize

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Row = Mapping[str, Any]

TAIL = 0.95
"""The quantile, p5 or p95, of which limits are given."""


@dataclass(frozen=True)
class Multiplicity:
    """What the tables of a result estimate."""

    intervals: int
    """On means and on differences; one of no width is none."""
    verdicts: int
    """Those that rest on a limit."""
    replications: int
    """The fewest from which a metric that varies was estimated; 0 where none varies."""

    @property
    def sentence(self) -> str:
        """What to bear in mind; empty where nothing is estimated."""
        told = []
        if self.intervals + self.verdicts > 1:
            counts = (self.intervals, "interval"), (self.verdicts, "verdict")
            many = [pluralize(count, what) for count, what in counts if count]
            level = "each at its own level (not adjusted for multiple comparisons)"
            told.append(f"{' and '.join(many)}, {level}")
        least = least_for_quantile(TAIL)
        if 1 < self.replications < least:
            told.append(f"limits on a p5 or p95: needs n >= {least}, got {self.replications}")
        return "; ".join(told)


def multiplicity(
    summary: Iterable[Row], comparison: Iterable[Row], objectives: Iterable[Row]
) -> Multiplicity:
    """Count what stands in the rows of these tables."""
    means = [row for row in summary if row["ci95_low"] < row["ci95_high"]]
    apart = sum(row["ci_low"] < row["ci_high"] for row in comparison)
    judged = sum(row["low"] < row["high"] for row in objectives)
    fewest = min((row["n"] for row in means), default=0)
    return Multiplicity(len(means) + apart, judged, fewest)
