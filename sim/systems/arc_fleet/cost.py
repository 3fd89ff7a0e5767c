"""What a run of an Arc fleet is expected to cost."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

import numpy as np

from sim.systems.arc_fleet.defaults import Named
from sim.systems.arc_fleet.requests import (
    AlwaysUnhealthy,
    PublishExtension,
    PutExtension,
    RepairExtension,
    SetAutomaticUpgrade,
    UpgradeExtensions,
)
from sim.systems.base.cost import Part, share_within, tries

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sim.systems.arc_fleet.layout import ExtensionLayout, FleetLayout
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
            found += _of_operation(operation, expected)
    return found


def _of_connections(model: SystemModel[FleetLayout]) -> Iterator[Part]:
    """Machines that go and come back."""
    for group in model.layout.groups:
        away = group.spec.disconnected
        if away is not None:
            cycle = away.on.mean + away.off.mean
            rows = 2 * group.count * away.share * model.layout.span.horizon / cycle
            path = ("systems", model.layout.name, "groups", group.name, "disconnected")
            what = f"machines of {group.name} that connect and disconnect"
            # No events, but each change is drawn and written on its own.
            yield Part(path, what, "machine", group.name, rows, rows / 2)


def _of_operation(operation: Operation, expected: _Installations) -> Iterator[Part]:
    yield Part(
        operation.path, f"{operation.name} itself", "operation", "", OPERATION_ROWS, OPERATION_ROWS
    )
    for kind, (count, machines) in expected.by_type(operation).items():
        again = ", again and again" if count > 2 * machines else ""
        what = f"installations of {kind} because of {operation.name}{again}"
        rows, events = count * ATTEMPT_ROWS, count * ATTEMPT_EVENTS
        yield Part(operation.path, what, "extension", kind, rows, events)


class _Installations:
    """How often extensions are installed in the mean."""

    def __init__(self, model: SystemModel[FleetLayout]) -> None:
        self._spec, self._horizon = model.layout.spec, model.layout.span.horizon
        self._layouts: dict[str, list[ExtensionLayout]] = {}
        """By type in lower case."""
        for each in model.layout.extensions:
            self._layouts.setdefault(each.type.lower(), []).append(each)
        self._names = {each.name.lower(): each.type.lower() for each in model.layout.extensions}
        self._rollout: dict[str, list[Operation]] = {}
        """By type the releases and changes of enrolment, in order of time."""
        for operation in sorted(model.operations, key=_time):
            if isinstance(operation.body, PublishExtension | SetAutomaticUpgrade):
                self._rollout.setdefault(operation.body.type.lower(), []).append(operation)
        bodies = [operation.body for operation in model.operations]
        self._is_opted_in = any(
            (isinstance(body, SetAutomaticUpgrade) and body.enabled)
            or (isinstance(body, PutExtension) and body.enable_automatic_upgrade)
            for body in bodies
        )
        pairs = len(model.operations) * len(model.layout.extensions)
        self._step = max(1, pairs // MOST_PAIRS)
        """Where there are very many groups, one of so many stands for all."""

    def by_type(self, operation: Operation) -> dict[str, tuple[float, float]]:
        """By type how many installations there are because of an operation, on how many machines.

        Only the types that it concerns.
        """
        found = {}
        for kind in self._types(operation.body):
            layouts = self._layouts.get(kind, [])
            some = layouts[:: self._step]
            counts = [(self._of_one(operation, each), each.count) for each in some]
            counts = [(count, machines) for count, machines in counts if count]
            if counts:
                scale = len(layouts) / len(some)
                count, machines = (scale * sum(each) for each in zip(*counts, strict=True))
                found[layouts[0].type] = count, machines
        return found

    def _types(self, body: Request) -> list[str]:
        """The types that an operation names, in lower case."""
        if isinstance(body, UpgradeExtensions):
            named = (self._names.get(target.lower(), "") for target in body.targets)
            return list(dict.fromkeys(named))
        return [body.type.lower()] if isinstance(body, Named) else []

    def _of_one(self, operation: Operation, each: ExtensionLayout) -> float:
        body = operation.body
        match body:
            case PublishExtension() if each.is_named(body.type, body.publisher):
                return each.count * self._attempts(body, operation.at.mean, each)
            case SetAutomaticUpgrade() if body.enabled and _concerns(body, each):
                return each.count * self._caught_up(operation.at.mean, each)
            case PutExtension() if each.is_named(body.type, body.publisher, body.group):
                return float(each.count)
            case RepairExtension() if _concerns(body, each):
                return each.count * (1.0 if self._spec.max_attempts else self._spec.rollback_fails)
            case UpgradeExtensions() if body.group in (None, each.group):
                return float(each.count * (each.name.lower() in map(str.lower, body.targets)))
        return 0.0

    def _attempts(self, body: PublishExtension, since: float, each: ExtensionLayout) -> float:
        """How often a machine installs a release that it may discover from `since` on."""
        if not (_is_enrolled(each) or self._is_opted_in):
            return 0.0
        spec = self._spec
        cycle = spec.install.mean + spec.health_window + spec.rollback.mean + spec.retry_after.mean
        left = self._until(since, each) - since
        times = spec.discovery.quantile((np.arange(SAMPLE) + 0.5) / SAMPLE)
        most = [1 + (left - time) / cycle for time in times[times <= left].tolist()]
        if spec.max_attempts:
            most = [min(number, spec.max_attempts) for number in most]
        again = 1 - spec.rollback_fails
        sums = (
            share * sum(tries(chance * again, number) for number in most)
            for share, chance in self._unhealthy(body, each)
        )
        return sum(sums) / SAMPLE

    def _unhealthy(
        self, body: PublishExtension, each: ExtensionLayout
    ) -> list[tuple[float, float]]:
        """Shares of the machines, and with which chance an attempt is unhealthy there."""
        spec, law, late = self._spec, body.unhealthy or 0.0, 0.0
        if spec.verdict == "early":
            late = 1 - share_within(spec.healthy_after, spec.health_window)
        if not isinstance(law, AlwaysUnhealthy):
            return [(1.0, 1 - (1 - law) * (1 - late))]
        os = spec.groups[each.group].os
        always = float(law.os == os) if law.os is not None else law.machines or 0.0
        return [(always, 1.0), (1 - always, late)]

    def _caught_up(self, at: float, each: ExtensionLayout) -> float:
        """What a machine installs that is opted in `at` that time, after a release."""
        release = None
        for operation in self._rollout[each.type.lower()]:
            if operation.at.mean >= at:
                break
            body = operation.body
            if isinstance(body, PublishExtension) and each.is_named(body.type, body.publisher):
                release = operation
        if release is None:
            return 0.0
        body, since = release.body, release.at.mean
        assert isinstance(body, PublishExtension)
        had = 0.0
        if _is_enrolled(each):
            ended = min(at, self._until(since, each))
            had = share_within(self._spec.discovery, ended - since)
        return (1 - had) * self._attempts(body, at, each)

    def _until(self, since: float, each: ExtensionLayout) -> float:
        """When what was released is tried no more: another release, an opt-out, the horizon."""
        operations = self._rollout.get(each.type.lower(), [])
        for operation in operations[bisect_right(operations, since, key=_time) :]:
            body = operation.body
            if isinstance(body, PublishExtension):
                ends = each.is_named(body.type, body.publisher)
            else:
                assert isinstance(body, SetAutomaticUpgrade)
                ends = not body.enabled and _concerns(body, each)
            if ends:
                return min(operation.at.mean, self._horizon)
        return self._horizon


def _concerns(body: SetAutomaticUpgrade | RepairExtension, each: ExtensionLayout) -> bool:
    return each.is_named(body.type, body.publisher, body.group or each.group)


def _is_enrolled(each: ExtensionLayout) -> bool:
    return each.written is not None and each.written.enable_automatic_upgrade


def _time(operation: Operation) -> float:
    return operation.at.mean
