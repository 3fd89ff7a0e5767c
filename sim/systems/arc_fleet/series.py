"""The series of a fleet's run: capacity, the compliance curve, who is in which state, over time."""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.core.timelines import Members, Timeline, accumulate, share_of
from sim.systems.arc_fleet.history import NEVER
from sim.systems.arc_fleet.metrics import available
from sim.systems.arc_fleet.scopes import Scopes
from sim.systems.arc_fleet.states import EXTENSION
from sim.systems.base import series

if TYPE_CHECKING:
    from collections.abc import Callable

    from sim.core.log import Log
    from sim.systems.arc_fleet.layout import FleetLayout
    from sim.systems.arc_fleet.scopes import Scope


def names(layout: FleetLayout) -> list[tuple[str, str]]:
    """Every (series, group) that a run of the fleet has."""
    named = []
    for group in ("", *layout.types, *layout.machine_groups):
        named += [(name, group) for name in ("capacity", "ready", "up_to_date")]
        parts = [layout.extensions[place] for place in layout.places[group]]
        is_type = group not in layout.machine_groups
        if is_type and any(each.written and each.written.min_available for each in parts):
            named.append(("available", group))
        named += [(f"by_state:{status}", group) for status in EXTENSION[1:]]
        if group and is_type:
            every = dict.fromkeys(version for each in parts for version in each.versions)
            named += [(f"by_version:{version}", group) for version in every]
    return named


class Series(series.Series):
    """The series of one run; groups are the types of extensions and the groups of machines."""

    def __init__(self, layout: FleetLayout, log: Log) -> None:
        super().__init__(layout.name, log, "extension")
        self._layout = layout
        self._scopes = Scopes(layout, self.stack)

    def names(self) -> list[tuple[str, str]]:
        """Every (series, group) that the run has."""
        return names(self._layout)

    def timeline(self, series: str, group: str = "") -> Timeline:
        """One of them. KeyError for a series or group that is not there."""
        if series == "available" and (series, group) not in self.names():
            raise KeyError("no series available: no extension has a `min_available`")
        return super().timeline(series, group)

    def members(self, group: str) -> Members:
        """The rows of a group's extensions, or of all."""
        if group not in self._members:
            self._members[group] = Members(self.stack, self._scopes.blocks(group))
        return self._members[group]

    def available(self, group: str) -> Timeline:
        """1 while as many as are needed of each extension are in service, else 0."""
        up = available(self._scopes, group)
        assert up is not None  # or there is no such series
        return up.timeline(0, 1.0, "0/1")

    def up_to_date(self, group: str) -> Timeline:
        """Share of those in scope that are there which are current at the version last requested of
        their type, or of their group of machines.

        1 before anything is requested: all have what they are to have. Then 0 while no rollout has
        begun, as a publication that covers nobody begins none.
        """
        end, asked_for = self.stack.horizon, self._scopes.asked(group)
        since = min((float(self._scopes.asked_at(each)[0]) for each in asked_for), default=NEVER)
        asked = _between(since, NEVER, 1.0, end)
        done, size = (Timeline(np.zeros(1), np.zeros(1), end) for _ in range(2))
        for place in self._scopes.places(group):
            for scope, since, until in self._in_force(place, group):
                in_force = _between(since, until, 1.0, end)
                here = self._count(place, scope, lambda codes: codes != 0)
                size = size.combine(here.combine(in_force, np.multiply).simplified(), np.add)
                up = self._count(place, scope, partial(np.equal, scope.target[0]))
                done = done.combine(up.combine(in_force, np.multiply).simplified(), np.add)
        share = share_of(done, size).combine(asked, lambda a, b: np.where(b > 0, a, 1.0))
        return share.simplified()

    def _in_force(self, place: int, group: str) -> list[tuple[Scope, float, float]]:
        """The scopes of an extension one after the other, each with its begin and end, seconds."""
        scopes = self._scopes
        began = scopes.began[0].tolist()
        asked = scopes.asked(self._layout.extensions[place].type)
        if group in self._layout.machine_groups:
            asked = [each for each in asked if scopes.covers(each, place)[0]]
        asked = sorted((each for each in asked if began[each] < NEVER), key=began.__getitem__)
        spans = pairwise([*(began[each] for each in asked), NEVER])
        return [
            (scopes.together(each, place), since, until)
            for each, (since, until) in zip(asked, spans, strict=True)
            if since < until
        ]

    def _count(self, place: int, scope: Scope, counts: Callable[..., Any]) -> Timeline:
        """How many in scope are in a state that `counts`, at any time."""
        rows, members = self._scopes.changes(place), scope.members[0]
        change = counts(rows.new).astype(np.int64) - counts(rows.old)
        some = np.flatnonzero(change)
        some = some[members[rows.machine[some]]]
        initially = members.sum() if counts(self._scopes.initial(place)) else 0
        steps = accumulate(
            1,
            np.zeros(len(some) + 1, np.intp),
            np.append(0.0, rows.time[some]),
            np.append(initially, change[some]),
            self.stack.horizon,
        )
        return steps.timeline(0)


def _between(since: float, until: float, value: float, end: float) -> Timeline:
    """A value that holds on [since, until), 0 before and after, on [0, end]."""
    times, values = [0.0], [0.0]
    for time, then in ((since, float(value)), (until, 0.0)):
        if time > times[-1] and time <= end:
            times.append(time)
            values.append(then)
        elif time == times[-1]:
            values[-1] = then
    return Timeline(np.array(times), np.array(values), end)
