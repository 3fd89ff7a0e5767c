"""What pictures show of many replications: series over time of the first ones, until it is enough.

Which those are does not depend on how replications were stacked, cut into chunks or looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from sim.core.timelines import Members, Steps, stacked

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sim.core.log import Log
    from sim.core.stack import Stack
    from sim.simulation import Simulation

SAMPLE_RUNS, SAMPLE_STEPS = 2_000, 2_000_000
"""When that many replications, or steps, of series over time are remembered, it is enough."""

Piece: TypeAlias = Mapping[tuple[str, str], Steps]
"""By system and series what pictures show of some replications, in the units of the systems'
weights."""


def series_of(simulation: Simulation, stack: Stack, logs: Sequence[Log]) -> Piece:
    """What pictures show of the replications of a stack."""
    found = {}
    for system, model in simulation.models.items():
        own = [block for block in stack.subjects.blocks if block.system == system]
        weighed = [block for block in own if "capacity" in block.weights]
        found[system, "capacity"] = Members(stack, weighed).series("capacity")
        series = simulation.kinds[system].main_series
        if series != "capacity":
            lines = [model.timeline(log, series) for log in logs]
            found[system, series] = stacked(lines, model.unit * model.nominal)
    return found


class Samples:
    """Pieces in order of their replications, as long as there are not enough."""

    def __init__(self, pieces: Iterable[Piece] = ()) -> None:
        self.pieces: list[Piece] = []
        self._runs, self._steps = SAMPLE_RUNS, SAMPLE_STEPS
        for piece in pieces:
            self.add(piece)

    @property
    def are_enough(self) -> bool:
        """Whether no picture needs more."""
        return self._runs <= 0 or self._steps <= 0

    def add(self, piece: Piece) -> None:
        """The next piece, or its first replications where they are enough."""
        if self.are_enough or not piece:
            return
        lengths = np.sum([np.diff(steps.start) for steps in piece.values()], axis=0)
        needed = np.arange(len(lengths)) * len(piece) < self._runs
        count = int(np.sum(needed & (np.cumsum(lengths) - lengths < self._steps)))
        if count < len(lengths):
            piece = {key: steps.first(count) for key, steps in piece.items()}
        self.pieces.append(piece)
        self._runs -= count * len(piece)
        self._steps -= int(lengths[:count].sum())
