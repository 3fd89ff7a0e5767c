"""The objectives of a file, and its preferences: which metric of whom, and its bounds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from sim.core.errors import MOST_PROBLEMS
from sim.core.units import format_share
from sim.formats.checking import joined
from sim.formats.fields import ClockTimeText, Duration, Number, Share, Spec, check
from sim.formats.tree import Node
from sim.scenario.issues import locate, seconds_of, system_meant
from sim.scenario.operations import by_system
from sim.systems import SYSTEM_TYPES
from sim.systems.base.spec import Headcount, Issue, System, unknown_name
from sim.systems.base.text import be, pluralize

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sim.core.errors import Problem
    from sim.core.metrics import Metric
    from sim.scenario.file import File, ObjectiveEntry
    from sim.scenario.issues import Path
    from sim.systems.base.operation import Operation


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


def objectives_of(
    tree: Node,
    file: File,
    systems: Mapping[str, System],
    operations: Sequence[Operation],
    findings: list[Issue],
) -> Iterator[Objective]:
    """What each entry asks for, as far as that can be measured; append what is wrong."""
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
        at_least, at_most = _bounds(locate(tree, path), path, metric, file.local_start, findings)
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


def wrong_preferences(file: File, systems: Mapping[str, System]) -> Iterator[Issue]:
    """What is wrong with the metrics of `prefer`."""
    metrics = [SYSTEM_TYPES[spec.kind].metrics for spec in systems.values()]
    named: set[str] = set()
    for place, metric in enumerate(file.prefer):
        meant = [each[metric] for each in metrics if metric in each]
        if not meant:
            yield Issue(("prefer", place), unknown_metric(metric, metrics))
        elif not all(each.better for each in meant):
            rule = f"must be a metric of which more, or less, is better, got {metric}"
            yield Issue(("prefer", place), rule)
        elif metric in named:
            yield Issue(("prefer", place), f"must be named once, got {metric} again")
        named.add(metric)


def unknown_metric(name: str, metrics: Iterable[Mapping[str, Metric]]) -> str:
    """Say that no system of a file has a metric of that name; `metrics` are those they have."""
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
        rule = unknown_metric(entry.metric, metrics.values())
        return "", [Issue((*path, "metric"), rule)]
    able = [name for name, each in metrics.items() if entry.metric in each]
    return system_meant(f"metric {entry.metric}", entry.system, path, able, systems)


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
        for key in given:
            bound = getattr(bounds, key)
            if bound is not None and bound < 0:
                rule = f"must be 0 or more, as no metric is below it, got {bound:g}"
                findings.append(Issue((*path, key), rule))
        return bounds.at_least, bounds.at_most
    at_least, at_most = (
        None if bound is None else seconds_of(bound, start, (*path, key), findings)
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
