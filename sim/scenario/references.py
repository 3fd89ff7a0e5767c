"""The second look at a scenario file: what its parts say about each other, and the files they name.

Keys and values are right already. All that is found is told at once, each with its place.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from sim.core.clock_times import ClockTime
from sim.core.errors import MOST_PROBLEMS, Problem
from sim.core.units import YEAR, format_duration, format_share
from sim.formats.checking import joined
from sim.formats.distributions import Distribution
from sim.formats.fields import ClockTimeText, Duration, Number, Share, Spec, check, dotted
from sim.formats.tree import Node, walk
from sim.scenario.inputs import Reader
from sim.systems import SYSTEM_TYPES
from sim.systems.base.operation import Operation, Span
from sim.systems.base.spec import Headcount, Issue, System, unknown_name
from sim.systems.base.text import be, pluralize

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sim.core.metrics import Metric
    from sim.scenario.file import File, ObjectiveEntry
    from sim.scenario.inputs import InputFile

Path = tuple[str | int, ...]

LONGEST_HORIZON = 100 * YEAR
"""Seconds. Every instant of a run has a date, and sums of times are exact."""

MOST_OPERATIONS = 10_000
"""Of a file, with their repetitions."""

MOST_REPLICATIONS = 1_000_000
"""More would take days; what they would be needed to settle is too close to call."""


@dataclass(frozen=True)
class Objective:
    """What one entry of the file's `objectives` asks, its bound a number in the metric's unit."""

    index: int
    """Its place in the file's list, from 0."""
    metric: str
    system: str
    group: str
    """A role or extension type; empty for the whole system."""
    at_least: float | None
    """One of the two bounds is None. Of a clock time: seconds after the start."""
    at_most: float | None
    in_runs: float
    confidence: float
    of: Literal["runs", "mean"]
    """Whether the replications are judged one by one, or their mean."""
    among: Headcount | None = field(default=None, compare=False)
    """The members that it is about, where they are known: variants may have more or fewer."""

    def in_service(self, owner: str) -> str:
        """``at least 9 of WebRole's 12 instances in service``; empty where that is not asked.

        `owner` says whose members they are, as far as that must be said.
        """
        if self.metric != "min_in_service" or self.at_least is None:
            return ""
        whom = owner
        if self.among is not None:
            there = pluralize(self.among.first, self.among.noun)
            later = f" ({self.among.most:,} at most)" if self.among.most > self.among.first else ""
            whom = f"{owner}'s {there}{later}" if owner else f"{there}{later}"
        of = f" of {whom}" if whom else ""
        least = int(self.at_least) if self.at_least.is_integer() else self.at_least
        return f"at least {least:,}{of} in service"


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
    operations = tuple(_operations(file, systems, findings))
    if not reader.findings:  # else a distribution has no times
        operations = _repeated(file, horizon, operations, findings)
    # A distribution whose file is missing has no times to look at.
    findings += _times(file, horizon, () if reader.findings else operations)
    findings += islice(_preferred(file, systems), MOST_PROBLEMS + 1)
    findings += islice(_names(operations), MOST_PROBLEMS + 1)
    if file.local_start is None:
        findings += _dates(systems, ("systems",))
        if file.time_zone is not None:
            rule = f"needs a `start` in the file, got {file.time_zone}"
            findings.append(Issue(("time_zone",), rule))
    for name, own in by_system(systems, operations).items():
        checked = SYSTEM_TYPES[systems[name].kind].references(name, systems[name], own)
        findings += islice(checked, MOST_PROBLEMS + 1)
    objectives = tuple(_objectives(tree, file, systems, operations, findings))
    problems += as_problems(tree, findings)
    return Linked(horizon, systems, operations, objectives, reader.inputs)


def by_system(
    systems: Mapping[str, System], operations: Iterable[Operation]
) -> dict[str, list[Operation]]:
    """The operations asked of each system, in the file's order."""
    asked: dict[str, list[Operation]] = {name: [] for name in systems}
    for operation in operations:
        if operation.system:  # else it is nobody's, which is told
            asked[operation.system].append(operation)
    return asked


def as_problems(tree: Node, findings: Iterable[Issue]) -> list[Problem]:
    """Findings with their places, in the order of the file."""
    located = [(_locate(tree, finding.path), finding) for finding in findings]
    if located:
        order = {id(node): number for number, node in enumerate(walk(tree))}
        located.sort(key=lambda pair: order[id(pair[0])])
    return [
        Problem(
            node.key_where if finding.about_key and node.key_where else node.where,
            dotted(finding.path),
            finding.rule,
        )
        for node, finding in located
    ]


def _locate(tree: Node, path: Path) -> Node:
    """The node at `path`, or the deepest one above it: a missing key has no place."""
    node = tree
    for key in path:
        if isinstance(node.value, dict) and key in node.value:
            node = node.value[str(key)]
        elif isinstance(node.value, list) and isinstance(key, int):
            node = node.value[key]
        else:
            break
    return node


# Times -------------------------------------------------------------------------------------------


def _seconds(
    written: float | ClockTime, start: dt.datetime | None, path: Path, findings: list[Issue]
) -> float:
    """Seconds after the start; a clock time that means none is told, and counts as 0."""
    if not isinstance(written, ClockTime):
        return written
    try:
        return written.after(start)
    except ValueError as error:
        findings.append(Issue(path, str(error)))
        return 0.0


def _horizon(file: File, findings: list[Issue]) -> float:
    """Seconds. Where the file does not say, the longest that any of its systems would take."""
    usual = max(SYSTEM_TYPES[spec.kind].horizon for spec in file.systems.values())
    if file.horizon is None:
        return usual
    if not isinstance(file.horizon, ClockTime):
        return file.horizon
    found = len(findings)
    horizon = _seconds(file.horizon, file.local_start, ("horizon",), findings)
    if not horizon and found == len(findings):
        rule = f"must be after the start, got {file.horizon.text}"
        findings.append(Issue(("horizon",), rule))
    return horizon or usual


# Operations --------------------------------------------------------------------------------------


def _operations(
    file: File, systems: Mapping[str, System], findings: list[Issue]
) -> Iterator[Operation]:
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
            at = Distribution.fixed(_seconds(at, file.local_start, path, findings))
        operation = Operation(
            index, name, bool(entry.name), kind, "", at, body, clock, entry.every or 0.0
        )
        if len(findings) > MOST_PROBLEMS:
            return
        whom = f"operation {kind}"
        system, finding = _whom(whom, body.system, operation.path, known.get(kind, ()), systems)
        findings += finding
        yield replace(operation, system=system)


def _whom(
    what: str, system: str | None, path: Path, able: Sequence[str], systems: Mapping[str, System]
) -> tuple[str, list[Issue]]:
    """Which of the systems that are `able` is meant, "" where none."""
    if system is None and len(able) == 1:
        return able[0], []
    if system is None:
        several = f"missing key system, as several have the {what}: {', '.join(able)}"
        return "", [Issue(path, several if able else f"no system of this file has the {what}")]
    if system in able:
        return system, []
    if system in systems:
        rule = f"{system} is a {systems[system].kind}, which has no {what}"
    else:
        rule = unknown_name("a system of this file", system, systems)
    return "", [Issue((*path, "system"), rule)]


def _names(operations: Sequence[Operation]) -> Iterator[Issue]:
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


def _repeated(
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
        found.append(replace(operation, times=times))
    return tuple(found)


def _times(file: File, horizon: float, operations: Sequence[Operation]) -> Iterator[Issue]:
    if horizon > LONGEST_HORIZON:
        rule = f"must be at most 100 years, {format_duration(LONGEST_HORIZON)}"
        yield Issue(("horizon",), f"{rule}, got {format_duration(horizon)}")
    if file.warm_up >= horizon:
        rule = f"must be below the horizon, {format_duration(horizon)}"
        yield Issue(("warm_up",), f"{rule}, got {format_duration(file.warm_up)}")
    for operation in operations:
        path = (*operation.path[:2], "at")
        lowest = float(operation.at.quantile(np.zeros(1))[0])
        got = operation.at if operation.at.is_random else format_duration(lowest)
        if lowest > horizon:
            rule = f"must not be after the horizon, {format_duration(horizon)}"
            yield Issue(path, f"{rule}, got {got}")
        if file.local_start is None:
            yield from _days(operation)


def _dates(part: Any, path: Path) -> Iterator[Issue]:
    """Dates and days of systems: without a `start` no instant of a run has one."""
    if part and path[-1] == "days":
        yield Issue(path, _DAYS)
    elif isinstance(part, dt.datetime):
        yield Issue(path, "a date needs a `start` in the file")
    elif isinstance(part, Spec):
        for name, field in type(part).model_fields.items():
            yield from _dates(getattr(part, name), (*path, field.alias or name))
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


# Objectives --------------------------------------------------------------------------------------


class Bounds(Spec):
    """The bounds of an objective. Each unit of a metric has its own way to write them."""

    at_least: Any = None
    at_most: Any = None


class ShareBounds(Bounds):
    at_least: Share | None = None
    at_most: Share | None = None


class DurationBounds(Bounds):
    at_least: Duration | None = None
    at_most: Duration | None = None


class InstantBounds(Bounds):
    at_least: ClockTimeText | Duration | None = None
    at_most: ClockTimeText | Duration | None = None


class NumberBounds(Bounds):
    at_least: Number | None = None
    at_most: Number | None = None


BOUNDS: dict[str, type[Bounds]] = {"share": ShareBounds, "s": DurationBounds}
"""Unit of a metric -> how bounds on it are written; as a number in every other unit."""


def _bounds_on(metric: Metric) -> type[Bounds]:
    """How bounds on a metric are written."""
    return InstantBounds if metric.is_instant else BOUNDS.get(metric.unit, NumberBounds)


def _objectives(
    tree: Node,
    file: File,
    systems: Mapping[str, System],
    operations: Sequence[Operation],
    findings: list[Issue],
) -> Iterator[Objective]:
    asked = by_system(systems, operations)
    for index, entry in enumerate(file.objectives):
        if len(findings) > MOST_PROBLEMS:
            return
        path = ("objectives", index)
        system, found = _system_of(entry, path, systems)
        findings += found
        if not system:
            continue
        findings += _group(entry, path, system, systems[system], asked[system])
        record = SYSTEM_TYPES[systems[system].kind]
        metric = record.metrics[entry.metric]
        at_least, at_most = _bounds(_locate(tree, path), path, metric, file.local_start, findings)
        among = None
        if not findings:  # else there may be no such group
            among = record.headcount(systems[system], asked[system], entry.group or "")
        if among and metric.name == "min_in_service":
            bounds = {"at_least": at_least, "at_most": at_most}
            whole = entry.of == "runs"
            findings += _no_headcounts(path, among, bounds, file.warm_up, whole=whole)
        yield Objective(
            index=index,
            metric=entry.metric,
            system=system,
            group=entry.group or "",
            at_least=at_least,
            at_most=at_most,
            in_runs=entry.in_runs,
            confidence=entry.confidence,
            of=entry.of,
            among=among,
        )


def _no_headcounts(
    path: Path,
    among: Headcount,
    bounds: Mapping[str, float | None],
    warm_up: float,
    *,
    whole: bool,
) -> Iterator[Issue]:
    """Bounds that are no number of members in service: above what there are, or 0.8 of one."""
    # Only what is there at time 0 can be in service at every instant from then on.
    most = among.most if warm_up else among.first
    for key, bound in bounds.items():
        if bound is not None and bound > most:
            there = pluralize(most, among.noun)
            rule = f"must be at most {most:,}, as there {be(most)} {there}, got {bound:,g}"
            yield Issue((*path, key), rule)
        elif bound is not None and whole and not bound.is_integer():
            rule = f"must be a whole number of {among.noun}s, got {bound:g}"
            yield Issue((*path, key), f"{rule}; for a share ask min_capacity")


def _preferred(file: File, systems: Mapping[str, System]) -> Iterator[Issue]:
    """What is wrong with the metrics of `prefer`."""
    metrics = [SYSTEM_TYPES[spec.kind].metrics for spec in systems.values()]
    named: set[str] = set()
    for place, metric in enumerate(file.prefer):
        meant = [each[metric] for each in metrics if metric in each]
        if not meant:
            yield Issue(("prefer", place), _unknown_metric(metric, metrics))
        elif not all(each.better for each in meant):
            rule = f"must be a metric of which more, or less, is better, got {metric}"
            yield Issue(("prefer", place), rule)
        elif metric in named:
            yield Issue(("prefer", place), f"must be named once, got {metric} again")
        named.add(metric)


def _unknown_metric(name: str, metrics: Iterable[Mapping[str, Metric]]) -> str:
    owners = [kind for kind, record in SYSTEM_TYPES.items() if name in record.metrics]
    if owners:
        return f"must be a metric of this file's systems, got {name}, a metric of {joined(owners)}"
    for record in SYSTEM_TYPES.values():
        family = record.metric_family
        if family is not None and family.is_meant(name):
            return f"must be {family.form}, {family.numbers}, got {name}"
    known = dict.fromkeys(metric for each in metrics for metric in each)
    return unknown_name("a metric of this file's systems", name, known)


def _system_of(
    entry: ObjectiveEntry, path: Path, systems: Mapping[str, System]
) -> tuple[str, list[Issue]]:
    metrics = {name: SYSTEM_TYPES[spec.kind].metrics for name, spec in systems.items()}
    if not any(entry.metric in each for each in metrics.values()):
        rule = _unknown_metric(entry.metric, metrics.values())
        return "", [Issue((*path, "metric"), rule)]
    able = [name for name, each in metrics.items() if entry.metric in each]
    return _whom(f"metric {entry.metric}", entry.system, path, able, systems)


def _group(
    entry: ObjectiveEntry, path: Path, system: str, spec: System, operations: Sequence[Operation]
) -> Iterator[Issue]:
    if entry.group is None:
        return
    known = SYSTEM_TYPES[spec.kind].groups(spec, operations)
    if entry.group not in known:
        rule = unknown_name(f"a group of {system}", entry.group, known)
        yield Issue((*path, "group"), rule)
    elif entry.metric not in SYSTEM_TYPES[spec.kind].group_metrics:
        rule = f"must be left out, as {entry.metric} has no groups, got {entry.group}"
        yield Issue((*path, "group"), rule)


def _bounds(
    node: Node, path: Path, metric: Metric, start: dt.datetime | None, findings: list[Issue]
) -> tuple[float | None, float | None]:
    """The bounds of an objective, at_least and at_most, in the metric's unit."""
    entries = node.value if isinstance(node.value, dict) else {}
    given = {key: node for key, node in entries.items() if key in Bounds.model_fields}
    problems: list[Problem] = []
    bounds = check(_bounds_on(metric), Node(given), path, problems)
    got = "".join(str(each.value) for each in given.values())
    findings += [Issue((*path, *given), problem.rule + _hint(metric, got)) for problem in problems]
    if bounds is None:
        return None, None
    if not metric.is_instant:
        return bounds.at_least, bounds.at_most
    at_least, at_most = (
        None if bound is None else _seconds(bound, start, (*path, key), findings)
        for key, bound in (("at_least", bounds.at_least), ("at_most", bounds.at_most))
    )
    return at_least, at_most


def _hint(metric: Metric, got: str) -> str:
    """Which metric has the kind of bound that was given."""
    if metric.counterpart and metric.unit == "share" and got.isdecimal():
        return f"; for a count ask {metric.counterpart}"
    if metric.counterpart and metric.unit == "count" and got.endswith("%"):
        return f"; for a share ask {metric.counterpart}"
    return ""


def dump_objective(objective: Objective, systems: Mapping[str, System]) -> dict[str, Any]:
    """An entry of `objectives` that reads back to the same objective."""
    metric = SYSTEM_TYPES[systems[objective.system].kind].metrics[objective.metric]
    bounds = {"at_least": objective.at_least, "at_most": objective.at_most}
    written = BOUNDS.get(metric.unit, NumberBounds).model_construct(None, **bounds)
    entry = {
        "metric": objective.metric,
        "system": objective.system,
        "group": objective.group or None,
        **written.model_dump(mode="json"),
        "in_runs": format_share(objective.in_runs),
        "confidence": format_share(objective.confidence),
        "of": objective.of,
    }
    return {key: value for key, value in entry.items() if value is not None}
