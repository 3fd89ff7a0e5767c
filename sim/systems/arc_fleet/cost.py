"""What a run of an Arc fleet is expected to cost."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.systems.arc_fleet.connections import changes_by, times_of
from sim.systems.arc_fleet.desired import DesiredState
from sim.systems.arc_fleet.requests import (
    AlwaysUnhealthy,
    PublishExtension,
    PutExtension,
    RemoveExtension,
    RepairExtension,
    UpgradeExtensions,
)
from sim.systems.base.cost import Part, share_within, tries
from sim.systems.base.text import in_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sim.systems.arc_fleet.desired import Desired
    from sim.systems.arc_fleet.layout import ExtensionLayout, FleetLayout, GroupLayout
    from sim.systems.arc_fleet.spec import Disconnected
    from sim.systems.base.model import SystemModel
    from sim.systems.base.operation import Operation, Request

ATTEMPT_ROWS, ATTEMPT_EVENTS = 4.0, 3.0
"""An attempt installs, is watched, may be rolled back and rests; it is discovered, ends, and a
retry of it falls due."""

SAMPLE = 64
"""So many machines stand for all that discover a release."""

MOST_PAIRS = 5_000
"""So many operations times groups are looked at one by one."""

OPERATION_ROWS = 4.0
"""Of an operation itself and of the upgrade that it begins."""


def parts(model: SystemModel[FleetLayout]) -> list[Part]:
    """What makes the rows and events of a replication."""
    found = [*_of_connections(model)]
    expected = _Installations(model)
    for operation in model.operations:
        if operation.at.mean <= model.layout.span.horizon:
            found += _of_operation(operation, expected.because_of(operation))
            found += _of_removal(model.layout, operation)
    return found


def _of_removal(layout: FleetLayout, operation: Operation) -> Iterator[Part]:
    body = operation.body
    if isinstance(body, RemoveExtension):
        machines = float(sum(layout.extensions[place].count for place in layout.meant(body)))
        what = f"removals of {body.type} because of {operation.name}"
        yield Part(operation.path, what, "extension", body.type, machines, machines)


def _of_connections(model: SystemModel[FleetLayout]) -> Iterator[Part]:
    """Machines that go and come back."""
    for group in model.layout.groups:
        away = group.spec.disconnected
        if away is not None:
            rows = group.count * away.share * _changes(model.layout, group, away)
            path = ("systems", model.layout.name, "groups", group.name, "disconnected")
            what = f"machines of {group.name} that connect and disconnect"
            # No events, but each change is drawn and written on its own.
            yield Part(path, what, "machine", group.name, rows, rows / 2)


def _changes(layout: FleetLayout, group: GroupLayout, away: Disconnected) -> float:
    """How often a machine goes or comes back that is away at times."""
    windows, horizon = layout.connected(group), layout.span.horizon
    if windows is not None:
        times = np.array(changes_by(windows, horizon))
        return float(((times > 0) & (times <= horizon)).sum())
    return 2 * horizon / sum(time.mean for time in times_of(away))


def _of_operation(operation: Operation, expected: dict[str, tuple[float, float]]) -> Iterator[Part]:
    yield Part(
        operation.path, f"{operation.name} itself", "operation", "", OPERATION_ROWS, OPERATION_ROWS
    )
    for kind, (count, machines) in expected.items():
        again = ", again and again" if count > 2 * machines else ""
        what = f"installations of {kind} because of {operation.name}{again}"
        rows, events = count * ATTEMPT_ROWS, count * ATTEMPT_EVENTS
        yield Part(operation.path, what, "extension", kind, rows, events)


class _Pending(NamedTuple):
    """A release that machines of a group discover, or try again."""

    operation: Operation
    """The one that it is because of: its publication, or an opt-in."""
    body: PublishExtension
    since: float
    """Seconds."""
    share: float
    """Of the machines, those that do not have it yet."""


class _Installations:
    """How often extensions are installed in the mean, as far as the service's wishes tell."""

    def __init__(self, model: SystemModel[FleetLayout]) -> None:
        self._spec, self._horizon = model.layout.spec, model.layout.span.horizon
        self._on = model.layout.on
        self._counts: dict[str, dict[str, list[tuple[float, float]]]] = {}
        """By operation and type the installations and the machines of each group."""
        self._pending: dict[Desired, _Pending] = {}
        self._newest: dict[Desired, PublishExtension] = {}
        """The release that who opts in gets."""
        self._had: dict[Desired, float] = {}
        """Which share of the machines had it when they were last opted out."""
        by_type: dict[str, list[ExtensionLayout]] = {}
        for layout in model.layout.extensions:
            by_type.setdefault(layout.type, []).append(layout)
        # Where there are very many groups, one of so many stands for all.
        step = max(1, len(model.operations) * len(model.layout.extensions) // MOST_PAIRS)
        some = {kind: every[::step] for kind, every in by_type.items()}
        self._scale = {kind: len(by_type[kind]) / len(few) for kind, few in some.items()}
        self._desired = DesiredState(model.layout, chain(*some.values()))
        for operation in in_time(model.operations):
            rejected = model.rule(operation.body) or self._desired.is_missing(operation.body)
            if operation.at.mean <= self._horizon and not rejected:
                self._take(operation)
        for each in [*self._pending]:
            self._close(each, self._horizon)

    def because_of(self, operation: Operation) -> dict[str, tuple[float, float]]:
        """By type how many installations there are because of an operation, on how many machines.

        Only the types of which there are some.
        """
        found = {}
        for kind, counts in self._counts.get(operation.name, {}).items():
            scale = self._scale[kind]
            count, machines = (scale * sum(each) for each in zip(*counts, strict=True))
            found[kind] = count, machines
        return found

    def _take(self, operation: Operation) -> None:
        """Go on to the next operation: what it installs, what it begins or ends."""
        body, at, desired = operation.body, operation.at.mean, self._desired
        if isinstance(body, PublishExtension):
            for each in desired.behind(body):
                self._close(each, at)
                self._newest[each], self._had[each] = body, 0.0
                if each.enrolled:
                    self._pending[each] = _Pending(operation, body, at, 1.0)
        meant = desired.meant(body)
        enrolled = [each.enrolled for each in meant]
        desired.take(operation.name, body)
        for each, was_enrolled in zip(meant, enrolled, strict=True):
            self._add(operation, each, self._share(body, each))
            if was_enrolled and not each.enrolled:
                self._close(each, at)
            elif each.enrolled and not was_enrolled and each in self._newest:
                left = 1 - self._had[each]
                self._pending[each] = _Pending(operation, self._newest[each], at, left)

    def _share(self, body: Request, each: Desired) -> float:
        """Which share of the machines that it means a request installs something on, about."""
        if isinstance(body, PutExtension | UpgradeExtensions):
            return 1.0
        if isinstance(body, RepairExtension):
            return 1.0 if self._spec.max_attempts else self._on[each.group].rollback_fails
        return 0.0

    def _close(self, each: Desired, until: float) -> None:
        """A release is tried no more: another one came, an opt-out, the horizon."""
        pending = self._pending.pop(each, None)
        if pending is not None:
            attempts = self._attempts(pending, until, each)
            self._add(pending.operation, each, pending.share * attempts)
            discovery = self._on[each.group].discovery
            came = share_within(discovery, until - pending.since)
            self._had[each] = 1 - pending.share * (1 - came)

    def _add(self, operation: Operation, each: Desired, by_machine: float) -> None:
        if by_machine:
            by_type = self._counts.setdefault(operation.name, {})
            group = each.machines * by_machine, each.machines
            by_type.setdefault(each.layout.type, []).append(group)

    def _attempts(self, pending: _Pending, until: float, each: Desired) -> float:
        """How often a machine installs a release that it may discover."""
        spec, left = self._on[each.group], until - pending.since
        cycle = spec.install.mean + spec.health_window + spec.rollback.mean + spec.retry_after.mean
        times = spec.discovery.quantile((np.arange(SAMPLE) + 0.5) / SAMPLE)
        most = [1 + (left - time) / cycle for time in times[times <= left].tolist()]
        if spec.max_attempts:
            most = [min(number, spec.max_attempts) for number in most]
        again = 1 - spec.rollback_fails
        sums = (
            share * sum(tries(chance * again, number) for number in most)
            for share, chance in self._unhealthy(pending.body, each)
        )
        return sum(sums) / SAMPLE

    def _unhealthy(self, body: PublishExtension, each: Desired) -> list[tuple[float, float]]:
        """Shares of the machines, and with which chance an attempt is unhealthy there."""
        spec, late = self._on[each.group], 0.0
        law = each.faults(each.layout.number(body.version), spec).unhealthy
        if spec.verdict == "early":
            late = 1 - share_within(spec.healthy_after, spec.health_window)
        if not isinstance(law, AlwaysUnhealthy):
            return [(1.0, 1 - (1 - law) * (1 - late))]
        is_on_all = law.is_on_all(each.group, spec.groups[each.group].os)
        always = law.machines or 0.0 if is_on_all is None else float(is_on_all)
        return [(always, 1.0), (1 - always, late)]
