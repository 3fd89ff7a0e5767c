"""Metrics of an Arc fleet, for a whole stack of replications at once.

The groups of members are the types of extensions, over all groups of machines that have them, and
the groups of machines, with all of their extensions.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.core.log import UNIT
from sim.core.metrics import (
    NO_ROLLBACKS,
    Metric,
    MetricFamily,
    availability,
    capacity,
    in_service,
)
from sim.core.rounding import at_least
from sim.core.timelines import TOLERANCE, Members, accumulate, total
from sim.systems.arc_fleet.history import NEVER
from sim.systems.arc_fleet.scopes import Scopes
from sim.systems.arc_fleet.states import FAILED, ROLLING_BACK, WIDTH
from sim.systems.base.metrics import of_rollouts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sim.core.metrics import Measured, Values
    from sim.core.stack import Stack
    from sim.core.timelines import Steps
    from sim.systems.arc_fleet.layout import FleetLayout
    from sim.systems.arc_fleet.scopes import Scope
    from sim.systems.base.model import SystemModel

PERCENTS = (50, 90, 99)
"""How much is to be up to date in the metrics that are always measured: time_to_50 and so on."""
TIME_TO = MetricFamily(
    "time_to_N", "N a whole number from 1 to 100", r"time_to_([1-9][0-9]?|100)", "s"
)


def _time_to(percent: int) -> Metric:
    return Metric(
        f"time_to_{percent}",
        "s",
        "lower",
        f"{percent} % done\nin",
        "From the first publication or push of the version last requested (of a group of "
        f"machines: to it) until {percent} % of those in scope are first up to date; missing if "
        "they never are.",
    )


OWN_METRICS = (
    *map(_time_to, PERCENTS),
    Metric(
        "rollbacks",
        "count",
        "lower",
        "rollbacks",
        "How many times an extension went back to its former version after a bad health window.",
    ),
    Metric(
        "attempts_mean",
        "mean",
        "lower",
        "mean\nattempts",
        "Installations that began, whatever asked for them, by extension on which there was one.",
    ),
    Metric(
        "stuck_machines",
        "count",
        "lower",
        "stuck\nmachines",
        "Machines that have a failed extension at the horizon: a repair, a PUT or a push helps "
        "them, no release does.",
    ),
)


class ArcMetrics(Mapping[str, Metric]):
    """The metrics of a fleet. Beside those it lists it has time_to_N for each N from 1 to 100."""

    # Extensions go back one by one: `rollbacks` counts them.
    _listed = NO_ROLLBACKS | {metric.name: metric for metric in OWN_METRICS}

    def __getitem__(self, name: str) -> Metric:
        found = self._listed.get(name)
        if found is None:
            return _time_to(_percent(name))
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._listed)

    def __len__(self) -> int:
        return len(self._listed)


ARC_METRICS = ArcMetrics()


def _percent(name: str) -> int:
    """The N of time_to_N. KeyError for any other name."""
    found = re.fullmatch(TIME_TO.pattern, name)
    if found is None:
        raise KeyError(name)
    return int(found[1])


def measure(
    layout: FleetLayout, stack: Stack, warm_up: float
) -> tuple[Measured, NDArray[np.bool_]]:
    """All metrics of one fleet over [warm_up, horizon], and where every rollout came to its end."""
    scopes = Scopes(layout, stack)
    types = layout.types
    kinds = (*(types if len(types) == 1 else ("", *types)), *layout.machine_groups)
    # This takes the most memory: it comes before the rows of each extension stand beside it.
    of = {kind: _in_service(scopes, kind, warm_up) for kind in kinds}
    of = {kind: of[kind] | _spread(scopes, kind) | _attempts(scopes, kind) for kind in kinds}
    whole, ended = of[kinds[0]], np.ones(stack.replications, bool)
    if layout.rollouts:
        # A publication is never late: a promise about the fleet does not need its end.
        outcome = of_rollouts(
            layout,
            stack,
            _taken(scopes),
            np.zeros(layout.rollouts, bool),
            is_at_none=partial(_is_at_none, scopes),
        )
        # Where nothing that was asked for covered anybody nothing was upgraded.
        ended = outcome.rollouts_ended & (scopes.began < NEVER).any(axis=1)
        whole = whole | {name: v for name, v in outcome.values.items() if name in NO_ROLLBACKS}
    every = {"": whole, **{kind: of[kind] for kind in (*types, *layout.machine_groups)}}
    return {
        (group, name): v for group, values in every.items() for name, v in values.items()
    }, ended


def _taken(scopes: Scopes) -> NDArray[np.intp]:
    """The rows, in order, by which installations begin, whatever asks for them."""
    changes = [scopes.changes(place) for place in range(len(scopes.layout.extensions))]
    found: NDArray[np.intp] = np.sort(np.concatenate([one.row[one.attempts] for one in changes]))
    return found


def _is_at_none(scopes: Scopes, ends: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Whether each of those whom a rollout covers is at another version when it is completed, as
    where they were opted out before they were discovered.
    """
    stack, layout = scopes.stack, scopes.layout
    replication, number = stack.replication[ends], stack.subject[ends] - layout.first_upgrade
    some, left = np.zeros((2, len(ends)), bool)
    for rollout in np.unique(number).tolist():
        mine = np.flatnonzero(number == rollout)
        end = np.full(stack.replications, -1)
        end[replication[mine]] = ends[mine]
        for place in range(len(layout.extensions)):
            scope = scopes.scope(rollout, place)
            if scope is None:
                continue
            rows = scopes.changes(place)
            past = rows.row < end[rows.replication]
            codes = np.full(scope.members.shape, scopes.initial(place), np.int16)
            codes[rows.replication[past], rows.machine[past]] = rows.new[past]
            there, done = codes != 0, codes == scope.target[:, None]
            left[mine] |= (scope.members & there & ~done).any(axis=1)[replication[mine]]
            some[mine] |= (scope.members & done).any(axis=1)[replication[mine]]
    return left & ~some


def measure_more(model: SystemModel[FleetLayout], stack: Stack, name: str) -> Measured:
    """A metric that is not listed, by (group, name)."""
    layout, scopes = model.layout, Scopes(model.layout, stack)
    kinds = ("", *layout.types, *layout.machine_groups)
    found = {kind: progress(scopes, kind) for kind in kinds}
    share = _percent(name) / 100
    return {(kind, name): one.time_to(share) for kind, one in found.items() if one is not None}


def _in_service(scopes: Scopes, kind: str, warm_up: float) -> Values:
    """Capacity, and availability where the file says how many must be in service."""
    blocks = scopes.blocks(kind)
    members = Members(scopes.stack, blocks)
    steps = members.series("capacity").crop(warm_up)
    values = capacity(steps, members.initial("present") * UNIT, UNIT)
    values |= in_service(members.series("ready").crop(warm_up))
    up = available(scopes, kind)
    return values if up is None else values | availability(up.crop(warm_up))


def available(scopes: Scopes, kind: str) -> Steps | None:
    """1 where each extension of a type has its `min_available` members in service, else 0.

    Of all types where `kind` is empty; None where no extension has a `min_available`, and of a
    group of machines, as that counts machines of all groups.
    """
    layout, enough = scopes.layout, []
    if kind in layout.machine_groups:
        return None
    for place, spec in enumerate(layout.spec.extensions):
        parts = [layout.extensions[k] for k in scopes.places(kind)]
        parts = [each for each in parts if each.place == place]
        if spec.min_available is None or not parts:
            continue
        least = at_least(spec.min_available, sum(each.count for each in parts))
        ready = Members(scopes.stack, [scopes.block(each) for each in parts]).series("ready")
        enough.append(ready.map((ready.values >= least).astype(np.int64)))
    if not enough:
        return None
    both = total(enough)
    return both.map((both.values == len(enough)).astype(np.int64))


def _spread(scopes: Scopes, kind: str) -> Values:
    """How far and how fast what was requested got; nothing where nothing is requested."""
    values: Values = {}
    requested = [(place, scopes.requested(place, kind)) for place in scopes.places(kind)]
    scope = [(place, each) for place, each in requested if each is not None]
    if scope:
        size = sum((each.members & (scopes.final(place) != 0)).sum(axis=1) for place, each in scope)
        done = sum(
            (each.members & (scopes.final(place) == each.target[:, None])).sum(axis=1)
            for place, each in scope
        )
        values["updated_share"] = done / np.maximum(size, 1)  # of nothing nothing is updated
    spread = progress(scopes, kind)
    if spread is not None:
        values |= {f"time_to_{percent}": spread.time_to(percent / 100) for percent in PERCENTS}
    return values


def _attempts(scopes: Scopes, kind: str) -> Values:
    """What became of the attempts: rollbacks, attempts of those that tried, those stuck."""
    layout, replications = scopes.layout, scopes.stack.replications
    rolled_back, attempts, tried = np.zeros((3, replications))
    failed = {group.name: np.zeros((replications, group.count), bool) for group in layout.groups}
    for place in scopes.places(kind):
        rows, group = scopes.changes(place), layout.extensions[place].group
        back = rows.new % WIDTH == ROLLING_BACK
        rolled_back += np.bincount(rows.replication[back], minlength=replications)
        begun = rows.attempts
        attempts += np.bincount(rows.replication[begun], minlength=replications)
        once = np.zeros((replications, layout.extensions[place].count), bool)
        once[rows.replication[begun], rows.machine[begun]] = True
        tried += once.sum(axis=1)
        failed[group] |= scopes.final(place) % WIDTH == FAILED
    none = np.full(replications, np.nan)
    return {
        "rollbacks": rolled_back,
        "attempts_mean": np.divide(attempts, tried, out=none, where=tried > 0),
        "stuck_machines": sum((each.sum(axis=1) for each in failed.values()), np.zeros(1)),
    }


# How a version spreads ----------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Progress:
    """How many extensions are up to date with what was last requested, in each replication."""

    steps: Steps
    since: NDArray[np.float64]
    """When that was first asked for, shape (replications,), seconds; `NEVER` if for nobody."""
    here: Steps
    """How many in scope are there, at the instants of `steps`."""

    def time_to(self, share: float) -> NDArray[np.float64]:
        """Seconds until the share up to date first reaches `share`; NaN where it never does."""
        enough = np.maximum(np.ceil(share * self.here.values - TOLERANCE), 1)
        steps, since = self.steps, self.since[self.steps.replication]
        is_on = (steps.times >= since) | (steps.times + steps.durations > since)
        reached = np.flatnonzero(is_on & (steps.values >= enough))[::-1]
        times = np.full(len(self.since), np.nan)
        times[steps.replication[reached]] = steps.times[reached]  # backwards: the first one stays
        waited: NDArray[np.float64] = np.maximum(times, self.since) - self.since
        return waited

    def last_arrival(self, place: int) -> float:
        """When the last one got up to date in a replication, seconds; NaN where none ever did."""
        line = self.steps.timeline(place)
        more = np.flatnonzero(np.diff(line.values) > 0)
        return float(line.times[more[-1] + 1]) if len(more) else math.nan


def progress(scopes: Scopes, kind: str) -> Progress | None:
    """Of a type, or of all types together where empty; None where nothing is to be requested.

    A type's progress is that of the version last requested, from when it was first published or
    pushed, over all there whom a rollout of it covers; that of a group of machines is of the
    versions last requested of it. All together count from the first of these times.
    """
    found = [(place, scopes.requested(place, kind)) for place in scopes.places(kind)]
    asked = [(place, scope) for place, scope in found if scope is not None]
    if not asked:
        return None
    sizes = [scope.members.sum(axis=1) for _, scope in asked]
    pairs = [(size, scope.since) for size, (_, scope) in zip(sizes, asked, strict=True)]
    since = np.min([np.where(size > 0, when, NEVER) for size, when in pairs], axis=0)
    parts = [_changes(scopes, place, scope) for place, scope in asked]
    rows = np.concatenate([part.row for part in parts])
    order = np.argsort(rows, kind="stable") if len(parts) > 1 else slice(None)

    def counted(first: list[NDArray[np.int64]], change: list[NDArray[np.int64]]) -> Steps:
        changes = np.concatenate(change)[order]
        return _counted(scopes.stack, np.sum(first, axis=0), rows[order], changes)

    at_first = [(scopes.initial(place), scope.target) for place, scope in asked]
    ready = [
        np.where(target == code, size, 0)
        for (code, target), size in zip(at_first, sizes, strict=True)
    ]
    present = [size * (code != 0) for (code, _), size in zip(at_first, sizes, strict=True)]
    return Progress(
        counted(ready, [part.done for part in parts]),
        since,
        counted(present, [part.here for part in parts]),
    )


class _Changes(NamedTuple):
    """The rows by which those in scope come, go, become up to date or are no longer."""

    row: NDArray[np.intp]
    done: NDArray[np.int64]
    """How many more are up to date: 1, 0 or -1."""
    here: NDArray[np.int64]
    """How many more are there."""


def _changes(scopes: Scopes, place: int, scope: Scope) -> _Changes:
    rows = scopes.changes(place)
    target = scope.target[rows.replication]
    some = np.flatnonzero(
        (rows.new == target) | (rows.old == target) | (rows.new == 0) | (rows.old == 0)
    )
    some = some[scope.members[rows.replication[some], rows.machine[some]]]
    target, new, old = target[some], rows.new[some], rows.old[some]
    done = (new == target).astype(np.int64) - (old == target)
    return _Changes(rows.row[some], done, (new != 0).astype(np.int64) - (old != 0))


def _counted(
    stack: Stack, initially: NDArray[np.int64], rows: NDArray[np.intp], change: NDArray[np.int64]
) -> Steps:
    """A number that rows of the stack change, over time."""
    opens = stack.start[:-1]
    places = np.searchsorted(rows, opens) + np.arange(stack.replications)
    follows = np.ones(len(rows) + stack.replications, bool)
    follows[places] = False
    replication, times, deltas = (np.zeros(len(follows), kind) for kind in (int, float, int))
    replication[places], replication[follows] = range(stack.replications), stack.replication[rows]
    deltas[places] = initially
    times[follows], deltas[follows] = stack.time[rows], change
    return accumulate(stack.replications, replication, times, deltas, stack.horizon)
