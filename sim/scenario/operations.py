"""The operations of a file: whom each asks, when, how often, and by what name."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from sim.core.clock_times import ClockTime
from sim.core.errors import MOST_PROBLEMS
from sim.formats.distributions import Distribution
from sim.scenario.issues import seconds_of, system_meant
from sim.systems import SYSTEM_TYPES
from sim.systems.base.operation import Operation, Span
from sim.systems.base.spec import Issue

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sim.scenario.file import File
    from sim.systems.base.spec import System

MOST_OPERATIONS = 10_000
"""Of a file, with their repetitions."""


def operations_of(
    file: File, systems: Mapping[str, System], findings: list[Issue]
) -> Iterator[Operation]:
    """What is asked, whom, and when it is asked first; append what is wrong."""
    counts = Counter[str]()
    known: dict[str, list[str]] = {}
    for each, spec in systems.items():
        for kind in SYSTEM_TYPES[spec.kind].operations:
            known.setdefault(kind, []).append(each)
    for index, entry in enumerate(file.operations):
        kind, body = entry.chosen
        name = entry.name or f"{kind}-{counts[kind]}"
        counts[kind] += 1
        at, clock = entry.at, ""
        if isinstance(at, ClockTime):
            path = ("operations", index, "at")
            clock = at.dated(file.local_start).text if file.local_start else ""
            at = Distribution.fixed(seconds_of(at, file.local_start, path, findings))
        operation = Operation(
            index, name, bool(entry.name), kind, "", at, body, clock, entry.every or 0.0
        )
        if len(findings) > MOST_PROBLEMS:
            return
        able = known.get(kind, ())
        system, found = system_meant(
            f"operation {kind}", body.system, operation.path, able, systems
        )
        findings += found
        yield replace(operation, system=system)


def name_clashes(operations: Sequence[Operation]) -> Iterator[Issue]:
    """Names that several operations or their repetitions would have."""
    taken = {operation.name for operation in operations if not operation.named}
    for operation in operations:
        place = operation.path[:2]
        if operation.named and operation.name in taken:
            rule = f"must be the name of one operation only, got {operation.name}"
            yield Issue((*place, "name"), rule)
        repeated = [operation.name_of(number) for number in range(1, operation.times)]
        clash = next((name for name in repeated if name in taken), "")
        if clash:
            rule = f"must not repeat it as {clash}, which another operation is called"
            yield Issue((*place, "every"), rule)
        taken.update([operation.name, *repeated])


def repeated(
    file: File, horizon: float, written: Sequence[Operation], findings: list[Issue]
) -> tuple[Operation, ...]:
    """The operations, which know how often each is asked for."""
    span, total, found = Span(horizon, file.local_start), len(written), list[Operation]()
    for operation in written:
        times = 1
        if operation.every and operation.at.is_random:
            rule = "must be a fixed time, as `every` repeats it"
            findings.append(Issue((*operation.path[:2], "at"), f"{rule}, got {operation.at}"))
        elif operation.every and operation.at.highest <= horizon:
            more = int((horizon - operation.at.highest) // operation.every)
            total += more
            if total > MOST_OPERATIONS:
                rule = f"must make at most {MOST_OPERATIONS:,} operations with those before it"
                path = (*operation.path[:2], "every")
                findings.append(Issue(path, f"{rule}, got {total:,} up to the horizon"))
                total -= more
            else:
                times += len(operation.repeated_at(span))
        found.append(operation if times == 1 else replace(operation, times=times))
    return tuple(found)


def by_system(
    systems: Mapping[str, System], operations: Iterable[Operation]
) -> dict[str, list[Operation]]:
    """The operations asked of each system, in the file's order."""
    asked: dict[str, list[Operation]] = {name: [] for name in systems}
    for operation in operations:
        if operation.system:  # else it is nobody's, which is told
            asked[operation.system].append(operation)
    return asked
