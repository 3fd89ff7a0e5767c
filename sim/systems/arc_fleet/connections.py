"""Machines that are away at times: nothing starts on them meanwhile, what is under way goes on.

Source: "Connected Machine agent overview": the agent pulls its work, so a machine without
connection gets none.
# Assumption: what has begun needs no connection, and a disconnected machine serves.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

import numpy as np

from sim.systems.arc_fleet.states import CONNECTED, DISCONNECTED
from sim.units import GRID

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from sim.chance import Draws
    from sim.systems.arc_fleet.spec import Disconnected

    Record = Callable[[float, int, int, int, int], None]


class Connections:
    """When machines of a group are connected: each on and off in turn, in absolute time.

    Whether a machine is ever away is one draw; its phase at time 0 is uniform over on + off.
    """

    def __init__(
        self, draws: Draws, path: str, spec: Disconnected, members: range, horizon: float
    ) -> None:
        self._draws, self._path, self._spec, self._members = draws, path, spec, members
        away = draws.happens(f"{path}/disconnected", spec.share)
        self._changes: dict[int, list[float]] = {}
        """Machine -> when it goes and comes back, in turn; it may have gone before time 0."""
        chosen = np.flatnonzero(away.vector(len(members), 0, members.start))
        if len(chosen):
            changes = self._draw_changes(chosen, horizon)
            self._changes = dict(zip(chosen.tolist(), changes.tolist(), strict=True))

    def _draw_changes(self, chosen: NDArray[np.intp], horizon: float) -> NDArray[np.float64]:
        """The changes of some machines until all are past the horizon, shape (machines, 2 n)."""
        on, off = self._times("on", 0)[chosen], self._times("off", 0)[chosen]
        uniform = self._draws.stream(f"{self._path}/phase")
        phase = uniform.vector(len(self._members), 0, self._members.start)[chosen]
        goes = on - np.rint(phase * (on + off) / GRID) * GRID
        columns = [goes, goes + off]
        while columns[-1].min() <= horizon:
            turn = len(columns) // 2
            goes = columns[-1] + self._times("on", turn)[chosen]
            columns += [goes, goes + self._times("off", turn)[chosen]]
        return np.stack(columns, axis=1)

    def _times(self, purpose: str, turn: int) -> NDArray[np.float64]:
        times = self._draws.times(f"{self._path}/{purpose}", getattr(self._spec, purpose))
        return times.vector(len(self._members), turn, self._members.start)

    def wait(self, machine: int, now: float) -> float:
        """Seconds until a machine is connected; 0 if it is."""
        changes = self._changes.get(machine)
        if changes is None:
            return 0.0
        passed = bisect_right(changes, now)
        return changes[passed] - now if passed % 2 else 0.0

    def tell(self, record: Record, first: int, network: int, horizon: float) -> None:
        """Write every change; `first` is machine 0's subject. At first all are connected."""
        for machine, changes in self._changes.items():
            # One that is away at time 0 went before it, one that came back before it is there.
            for turn, time in enumerate(changes):
                if changes[turn | 1] > 0 and time <= horizon:
                    states = (DISCONNECTED, CONNECTED) if turn % 2 else (CONNECTED, DISCONNECTED)
                    record(max(time, 0.0), first + machine, *states, network)
