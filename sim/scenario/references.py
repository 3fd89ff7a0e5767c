"""The second look at a scenario file: what its parts say about each other, and the files they name.

Keys and values are right already. All that is found is told at once, each with its place.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.core.clock_times import ClockTime
from sim.core.errors import MOST_PROBLEMS, Problem
from sim.core.units import YEAR, format_duration
from sim.formats.fields import Spec
from sim.scenario.inputs import Reader
from sim.scenario.issues import as_problems, seconds_of
from sim.scenario.objectives import objectives_of, wrong_preferences
from sim.scenario.operations import by_system, name_clashes, operations_of, repeated
from sim.systems import SYSTEM_TYPES
from sim.systems.base.spec import Issue

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sim.formats.tree import Node
    from sim.scenario.file import File
    from sim.scenario.inputs import InputFile
    from sim.scenario.issues import Path
    from sim.scenario.objectives import Objective
    from sim.systems.base.operation import Operation
    from sim.systems.base.spec import System

LONGEST_HORIZON = 100 * YEAR
"""Seconds. Every instant of a run has a date, and sums of times are exact."""

MOST_REPLICATIONS = 1_000_000
"""More would take days; what they would be needed to settle is too close to call."""


@dataclass(frozen=True)
class Linked:
    """A file whose parts know each other, with the content of the files that it names."""

    horizon: float
    systems: dict[str, System]
    """In order of name."""
    operations: tuple[Operation, ...]
    """In the file's order, each with its system; nothing is resolved yet."""
    objectives: tuple[Objective, ...]
    inputs: tuple[InputFile, ...]


def link(tree: Node, file: File, contents: Mapping[str, bytes], problems: list[Problem]) -> Linked:
    """Tell the operations and objectives of a file whom they mean; append what is wrong.

    `contents` holds the files that the scenario names. Where there are problems, the result is good
    for nothing.
    """
    reader = Reader(contents)
    file = reader.fill(file, ())
    findings = list(reader.findings)
    if file.replications and file.replications > MOST_REPLICATIONS:
        rule = f"must be at most {MOST_REPLICATIONS:,}, got {file.replications}"
        findings.append(Issue(("replications",), rule))
    systems = dict(sorted(file.systems.items()))
    horizon = _horizon(file, findings)
    operations = tuple(operations_of(file, systems, findings))
    if not reader.findings:  # else a distribution has no times
        operations = repeated(file, horizon, operations, findings)
    # A distribution whose file is missing has no times to look at.
    findings += _times(file, horizon, () if reader.findings else operations)
    findings += islice(wrong_preferences(file, systems), MOST_PROBLEMS + 1)
    findings += islice(name_clashes(operations), MOST_PROBLEMS + 1)
    if file.local_start is None:
        findings += _dates(systems, ("systems",))
        if file.time_zone is not None:
            rule = f"needs a `start` in the file, got {file.time_zone}"
            findings.append(Issue(("time_zone",), rule))
    for name, own in by_system(systems, operations).items():
        checked = SYSTEM_TYPES[systems[name].kind].references(name, systems[name], own)
        findings += islice(checked, MOST_PROBLEMS + 1)
    objectives = tuple(objectives_of(tree, file, systems, operations, findings))
    problems += as_problems(tree, findings)
    return Linked(horizon, systems, operations, objectives, reader.inputs)


def _horizon(file: File, findings: list[Issue]) -> float:
    """Seconds. Where the file does not say, the longest that any of its systems would take."""
    usual = max(SYSTEM_TYPES[spec.kind].horizon for spec in file.systems.values())
    if file.horizon is None:
        return usual
    if not isinstance(file.horizon, ClockTime):
        return file.horizon
    found = len(findings)
    horizon = seconds_of(file.horizon, file.local_start, ("horizon",), findings)
    if not horizon and found == len(findings):
        rule = f"must be after the start, got {file.horizon.text}"
        findings.append(Issue(("horizon",), rule))
    return horizon or usual


def _times(file: File, horizon: float, operations: Sequence[Operation]) -> Iterator[Issue]:
    if horizon > LONGEST_HORIZON:
        rule = f"must be at most 100 years, {format_duration(LONGEST_HORIZON)}"
        yield Issue(("horizon",), f"{rule}, got {format_duration(horizon)}")
    if file.warm_up >= horizon:
        rule = f"must be below the horizon, {format_duration(horizon)}"
        yield Issue(("warm_up",), f"{rule}, got {format_duration(file.warm_up)}")
    for operation in operations:
        yield from _late(operation, horizon)
        if file.local_start is None:
            yield from _days(operation)


def _late(operation: Operation, horizon: float) -> Iterator[Issue]:
    """An operation that no replication asks for in time."""
    at = operation.at
    lowest = float(at.quantile(np.zeros(1))[0]) if at.is_random else at.highest
    if lowest > horizon:
        got = str(at) if at.is_random else format_duration(lowest)
        if operation.clock:
            got = f"{operation.clock}, {got} after the start"
        rule = f"must not be after the horizon, {format_duration(horizon)}, got {got}"
        yield Issue((*operation.path[:2], "at"), rule)


def _dates(part: Any, path: Path) -> Iterator[Issue]:
    """Dates and days of systems: without a `start` no instant of a run has one."""
    if isinstance(part, dt.datetime):
        yield Issue(path, "a date needs a `start` in the file")
    elif isinstance(part, Spec):
        for name, field in type(part).model_fields.items():
            value = getattr(part, name)
            if name == "days" and value:
                yield Issue((*path, name), _DAYS)
            yield from _dates(value, (*path, field.alias or name))
    elif isinstance(part, dict):
        for key, value in part.items():
            yield from _dates(value, (*path, key))
    elif isinstance(part, tuple):
        for place, value in enumerate(part):
            yield from _dates(value, (*path, place))


def _days(operation: Operation) -> Iterator[Issue]:
    for number, window in enumerate(getattr(operation.body, "windows", ())):
        if window.days:
            path = (*operation.path, "windows", number, "days")
            yield Issue(path, _DAYS)


_DAYS = "days of the week need a `start` in the file"
