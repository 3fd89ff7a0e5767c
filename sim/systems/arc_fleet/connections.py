"""Machines that are away at times: nothing starts on them meanwhile, what is under way goes on.

Source: "Connected Machine agent overview": the agent pulls its work, so a machine without
connection gets none.
# Assumption: what has begun needs no connection, and a disconnected machine serves.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

import numpy as np

from sim.core.units import GRID
from sim.core.windows import last_common
from sim.systems.arc_fleet.states import CONNECTED, DISCONNECTED
from sim.systems.base.operation import windows_of
from sim.systems.base.spec import Issue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from sim.core.random_streams import Draws
    from sim.core.windows import Windows
    from sim.formats.distributions import Distribution
    from sim.systems.arc_fleet.requests import PublishExtension
    from sim.systems.arc_fleet.spec import ArcFleet, Disconnected, Extension
    from sim.systems.base.operation import Operation, Span

    Floats = NDArray[np.float64]
    Record = Callable[[float, int, int, int, int], None]


class Connections:
    """When machines of a group are connected: each on and off in turn, in absolute time.

    Whether a machine is ever away is one draw; at time 0 it is as at any other time.
    """

    def __init__(
        self,
        draws: Draws,
        path: str,
        spec: Disconnected,
        members: range,
        horizon: float,
        afford: Callable[[int], None],
        windows: Windows | None = None,
    ) -> None:
        """`afford` is called with how many changes there are, again and again, as they get more;
        `windows` are those of the spec, if it has some.
        """
        self._draws, self._path, self._spec, self._members = draws, path, spec, members
        away = draws.happens(f"{path}/disconnected", spec.share)
        self._changes: dict[int, list[float]] = {}
        """Machine -> when it goes and comes back, in turn; it may have gone before time 0."""
        chosen = np.flatnonzero(away.vector(len(members), 0, members.start))
        if windows is not None:
            common = changes_by(windows, horizon)
            afford(len(common) * len(chosen))
            self._changes = dict.fromkeys(chosen.tolist(), common)
        elif len(chosen):
            changes = self._draw_changes(chosen, horizon, afford)
            self._changes = dict(zip(chosen.tolist(), changes.tolist(), strict=True))

    def _draw_changes(
        self, chosen: NDArray[np.intp], horizon: float, afford: Callable[[int], None]
    ) -> NDArray[np.float64]:
        """The changes of some machines until all are past the horizon, shape (machines, 2 n)."""
        on, off = times_of(self._spec)
        cycle = on.mean + off.mean
        afford(int(len(chosen) * horizon / cycle / 2))  # a quarter of what is expected
        columns = [*self._begin(chosen)]
        while columns[-1].min() <= horizon:
            turn = len(columns) // 2
            goes = columns[-1] + self._times("on", turn)[chosen]
            columns += [goes, goes + self._times("off", turn)[chosen]]
            afford(len(columns) * len(chosen))
        return np.stack(columns, axis=1)

    def _begin(self, chosen: NDArray[np.intp]) -> tuple[Floats, Floats]:
        """When some machines first go and come back; those that are away at time 0 went before it.

        A period is met the likelier the longer it is, anywhere in it.
        """
        # Assumption: machines have come and gone for long when a run begins.
        on_time, off_time = times_of(self._spec)
        on_mean, off_mean = on_time.mean, off_time.mean
        passed = self._uniforms("phase")[chosen] * (on_mean + off_mean)
        on = on_time.quantile_in_time(self._uniforms("on")[chosen])
        off = off_time.quantile_in_time(self._uniforms("off")[chosen])
        goes = on - _rounded(passed * (on / on_mean))
        comes = off - _rounded((passed - on_mean) * (off / off_mean))
        away = passed >= on_mean
        return (
            np.where(away, comes - off, goes),
            np.where(away, comes, goes + self._times("off", 0)[chosen]),
        )

    def _times(self, purpose: str, turn: int) -> Floats:
        times = self._draws.times(f"{self._path}/{purpose}", getattr(self._spec, purpose))
        return times.vector(len(self._members), turn, self._members.start)

    def _uniforms(self, purpose: str) -> Floats:
        stream = self._draws.stream(f"{self._path}/{purpose}")
        return stream.vector(len(self._members), 0, self._members.start)

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


def changes_by(windows: Windows, horizon: float) -> list[float]:
    """When a machine that is connected in windows goes and comes back, in turn.

    It was away before the first of them; the last time that it comes is past the horizon.
    """
    opens, closes = windows.intervals
    most = int(np.searchsorted(opens[:-1], horizon, side="right")) + 1
    goes = np.concatenate([[-np.inf], closes])[:most]
    changes: list[float] = np.stack([goes, opens[:most]], axis=1).ravel().tolist()
    return changes


def times_of(spec: Disconnected) -> tuple[Distribution, Distribution]:
    """How long a machine is on and off that comes and goes at any time."""
    assert spec.on is not None
    assert spec.off is not None
    return spec.on, spec.off


def share_away(spec: Disconnected, windows: Windows | None, horizon: float) -> float:
    """Which share of such a group's machines is away at an instant, on average."""
    if windows is None:
        on, off = times_of(spec)
        return spec.share * off.mean / (on.mean + off.mean)
    opens, closes = (np.clip(each, 0.0, horizon) for each in windows.intervals)
    return spec.share * (1 - float((closes - opens).sum()) / horizon)


def never_connected(
    operation: Operation,
    body: PublishExtension,
    spec: ArcFleet,
    there: Sequence[Extension],
    span: Span,
) -> Iterator[Issue]:
    """The groups that are connected only while the windows of a release are closed.

    A window that never opens at all is told as that.
    """
    if not body.windows:
        return
    since = 0.0 if operation.at.is_random else operation.at.highest
    ours = windows_of(body.windows, span)
    having = {name for each in there for name in each.groups or () if body.group in (None, name)}
    for name, group in spec.groups.items():
        away = group.disconnected
        if name not in having or away is None or not (away.windows and away.share):
            continue
        theirs = windows_of(away.windows, span)
        opens = [last_common(each, each, span.horizon) > since for each in (ours, theirs)]
        if all(opens) and last_common(ours, theirs, span.horizon) <= since:
            who = f"those of {name} that disconnect"
            rule = f"are never open while {who} are connected, {span.told_from(since)}"
            yield Issue((*operation.path, "windows"), f"{rule}: these never update")


def _rounded(times: Floats) -> Floats:
    """On the grid of times."""
    return np.rint(times / GRID) * GRID
