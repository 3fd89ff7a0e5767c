"""Objectives and preferences on metrics that have a value nowhere in a file, in no variant either.

A metric may apply to a kind of system and yet not to this one: without a rollout there is nothing
that could take long. Which ones do is asked of the models themselves, by a run in which nothing
happens.
"""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING, NamedTuple

from sim.core.log import Recorder, Subjects, the_scenario
from sim.core.stack import Stack
from sim.formats.checking import nearest
from sim.systems import SYSTEM_TYPES
from sim.systems.base.spec import Issue

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from sim.core.metrics import Metric
    from sim.scenario.objectives import Objective
    from sim.systems.base.operation import Operation, Span
    from sim.systems.base.spec import System


class Case(NamedTuple):
    """The file, or one of its variants, with every default."""

    systems: Mapping[str, System]
    operations: Sequence[Operation]
    span: Span
    warm_up: float


class AskedMetric(NamedTuple):
    """A metric of a system, or of a group of it."""

    system: str
    group: str
    metric: str


def apply_nowhere(
    wanted: Iterable[tuple[AskedMetric, ...]], cases: Iterable[Case]
) -> dict[AskedMetric, str]:
    """The metrics that are asked for and apply in none of the cases.

    Each entry of `wanted` is one question, which any of its metrics would answer. With the first
    of each goes the rule that it breaks, which names the nearest metric that does apply.
    """
    questions = set(wanted)
    named = {asked.metric for question in questions for asked in question}
    known: set[AskedMetric] = set()
    metrics: dict[str, Mapping[str, Metric]] = {}
    for case in cases:
        unanswered = [question for question in questions if known.isdisjoint(question)]
        if not unanswered:
            break
        systems = {asked.system for question in unanswered for asked in question}
        for name in systems & case.systems.keys():
            metrics[name] = SYSTEM_TYPES[case.systems[name].kind].metrics
            known.update(_applying(case, name, named))
    return {
        question[0]: _rule(question[0], metrics[question[0].system], known)
        for question in questions
        if known.isdisjoint(question)
    }


def of_objective(objective: Objective) -> tuple[AskedMetric, ...]:
    """What an objective asks for."""
    return (AskedMetric(objective.system, objective.group, objective.metric),)


def of_preference(metric: str, systems: Mapping[str, System]) -> tuple[AskedMetric, ...]:
    """What `prefer` asks for by a metric: it of any system that knows it."""
    return tuple(
        AskedMetric(name, "", metric)
        for name, spec in systems.items()
        if metric in SYSTEM_TYPES[spec.kind].metrics
    )


def _applying(case: Case, system: str, named: Iterable[str]) -> Iterator[AskedMetric]:
    """The metrics that a system of a case has a value of, those `named` among them."""
    spec, itself = case.systems[system], the_scenario()
    operations = [each for each in case.operations if each.system == system]
    kind = SYSTEM_TYPES[spec.kind]
    model = kind.model(system, spec, operations, itself.count, case.span)
    subjects = Subjects([itself, *model.blocks])
    nothing = Recorder().freeze(subjects, 0, case.span.horizon, drew=False)
    values, _ = kind.measure(model, Stack([nothing]), case.warm_up, named)
    return (AskedMetric(system, group, metric) for group, metric in values)


def _rule(asked: AskedMetric, metrics: Mapping[str, Metric], known: Collection[AskedMetric]) -> str:
    rule = f"must be a metric that applies in the file or a variant of it, got {asked.metric}"
    beside = [each.metric for each in known if each[:2] == asked[:2]]
    return f"{rule}; the nearest that does is {_nearest(asked.metric, sorted(beside), metrics)}"


def _nearest(metric: str, others: Collection[str], metrics: Mapping[str, Metric]) -> str:
    """The one with the most similar name in the same unit.

    Where there is none, one with a similar name, or else the one that is listed first.
    """
    same = [other for other in others if metrics[other].unit == metrics[metric].unit]
    if same:
        return max(same, key=lambda other: SequenceMatcher(None, metric, other).ratio())
    return nearest(metric, others) or min(others, key=list(metrics).index)


def issues_of_objectives(
    objectives: Iterable[Objective], nowhere: Mapping[AskedMetric, str]
) -> Iterator[Issue]:
    """What is wrong with the metrics of objectives: they apply nowhere."""
    for each in objectives:
        (asked,) = of_objective(each)
        if asked in nowhere:
            yield Issue(("objectives", each.index, "metric"), nowhere[asked])


def issues_of_preferences(
    preferred: Iterable[tuple[AskedMetric, ...]], nowhere: Mapping[AskedMetric, str]
) -> Iterator[Issue]:
    """The same of the metrics of `prefer`, in their order."""
    for place, question in enumerate(preferred):
        if question[0] in nowhere:
            yield Issue(("prefer", place), nowhere[question[0]])
