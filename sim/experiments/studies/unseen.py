"""What a sweep may not have seen: a bad build, say, that came up in no replication of a point."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sim.experiments.conditional import conditions_of, never, of_chance
from sim.systems.base.text import pluralize

if TYPE_CHECKING:
    from sim.experiments.objectives import Experiment


@dataclass(frozen=True)
class Unseen:
    """What befalls a replication as a whole by chance, and came up in none at some points."""

    system: str
    condition: str
    """As `conditional.of_chance` calls it."""
    points: int
    runs: int
    """Replications of each point."""
    chance: float
    """The smallest at these points."""

    def sentence(self, of: int) -> str:
        """That it came up in none of the runs at so many `of` the points."""
        told = never(self.condition, self.runs, self.chance)
        return f"{told}; so at {self.points:,} of {pluralize(of, 'point')}"


def unseen(one: Experiment) -> dict[tuple[str, str], float]:
    """By system and condition the chance of what came up in none of the replications; where nothing
    is rolled out nothing can.
    """
    if not (one.measured.random and one.measured.asks_for_rollouts):
        return {}
    seen = conditions_of(one)
    return {
        key: chance
        for key, chance in of_chance(one.scenario).items()
        if 0 < chance < 1 and key in seen and not seen[key].any()
    }


class Chances:
    """What came up in no replication, gathered point by point."""

    def __init__(self) -> None:
        self._missed: dict[tuple[str, str], dict[int, float]] = {}
        self._runs = 0

    def add(self, one: Experiment, point: int) -> None:
        """One more experiment."""
        self._runs = len(one.measured.numbers)
        for key, chance in unseen(one).items():
            self._missed.setdefault(key, {})[point] = chance

    def unseen(self) -> list[Unseen]:
        """All of it, in the order of systems and conditions."""
        return [
            Unseen(*key, len(points), self._runs, min(points.values()))
            for key, points in sorted(self._missed.items())
        ]
