"""What a search was about and what came of it, as far as its table does not tell: plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence  # noqa: TC003  (as in `sweep_about`)
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Self

from sim.core.wall_clock import start_of
from sim.experiments.objectives import bound_of, describe, metric_of
from sim.experiments.running.failures import FailedReplication, options_of
from sim.experiments.studies.search import change
from sim.experiments.studies.search_sentence import Answer, answers_of
from sim.results import cells
from sim.results.given import BASELINE

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from sim.core.errors import ModelError
    from sim.experiments.studies.candidates import Candidates
    from sim.experiments.studies.search import Found
    from sim.scenario import Objective, Scenario


@dataclass(frozen=True)
class Asked:
    """An objective, as a picture shows it."""

    text: str
    unit: str
    """Of what is judged: a share of the runs, or the unit of a mean."""
    wanted: float
    """That share, or the bound of the mean."""
    of_mean: bool = False
    """Whether it is the mean."""
    is_instant: bool = False
    """Whether it is an instant, which the clock shows where there is one."""


def asked_of(scenario: Scenario) -> tuple[Asked, ...]:
    """The objectives of a scenario."""
    return tuple(_asked(each, scenario) for each in scenario.objectives)


def _asked(objective: Objective, scenario: Scenario) -> Asked:
    kinds = (each.kind for each in scenario.systems.values())
    text = cells.asked(describe(objective, scenario), kinds)
    if objective.of == "runs":
        return Asked(text, "share", objective.in_runs)
    metric = metric_of(scenario, objective.system, objective.metric)
    return Asked(text, metric.unit, bound_of(objective)[0], True, metric.is_instant)


NO_ANSWER = "every replication failed at a value, so there is no answer"
NOT_SEARCHED = "not searched, as the path "


@dataclass(frozen=True)
class AboutFind:
    """What a search was about and what came of it, as far as no table tells it."""

    name: str
    question: str
    path: str
    unit: str
    """Of the numbers in tables: ``s``, ``share``, ``count`` or nothing."""
    low: str
    high: str
    tolerance: str
    tolerance_given: bool
    largest: bool
    looks: Sequence[int]
    """After how many replications a value is looked at, as long as it is undecided."""
    kinds: Mapping[str, str]
    """Name of a system -> its kind."""
    asked: Mapping[str, Sequence[Asked]]
    """Of each variant."""
    seed: int
    start: str
    """Of the scenario, in ISO 8601, or empty."""
    time_zone: str
    answers: Sequence[Answer]
    """One a variant that was searched."""
    passed_over: Mapping[str, str]
    """Those that have no such path, with why."""
    failed_replications: Sequence[FailedReplication]
    assumptions: Sequence[str]
    inputs: Mapping[str, str]
    wall_time_s: float

    @classmethod
    def of(
        cls,
        scenario: Scenario,
        variants: Mapping[str, Scenario],
        values: Candidates,
        found: Sequence[Found],
        lost: Mapping[str, ModelError],
        passed_over: Mapping[str, str],
        *,
        path: str,
        looks: Sequence[int],
        largest: bool,
        wall_time: float,
    ) -> Self:
        """What came of a search over the values of a path in some variants of a scenario.

        `lost` are those in which every replication failed at a value, `passed_over` those that
        have no such path.
        """
        return cls(
            name=scenario.name,
            question=scenario.question,
            path=path,
            unit=values.unit,
            low=values.text(0),
            high=values.text(values.last),
            tolerance=values.tolerance,
            tolerance_given=not values.is_default,
            largest=largest,
            looks=tuple(looks),
            kinds={name: each.kind for name, each in scenario.systems.items()},
            asked={name: asked_of(each) for name, each in variants.items()},
            seed=scenario.seed,
            start=scenario.start.isoformat() if scenario.start else "",
            time_zone=scenario.time_zone,
            answers=answers_of(found, values, largest=largest),
            passed_over=passed_over,
            failed_replications=(
                *(_lost(name, error) for name, error in lost.items()),
                *(one for each in found for one in _failed(each, scenario, path)),
            ),
            assumptions=scenario.assumptions,
            inputs={
                file: sha256(content).hexdigest()
                for file, content in sorted(scenario.written.contents.items())
            },
            wall_time_s=wall_time,
        )

    @property
    def start_time(self) -> dt.datetime | None:
        """The start as a datetime."""
        return start_of(self.start, self.time_zone)

    @property
    def lost(self) -> list[FailedReplication]:
        """The variants in which every replication failed at a value, by the first one."""
        known = {each.variant for each in self.answers}
        return [each for each in self.failed_replications if each.variant not in known]


def _lost(variant: str, error: ModelError) -> FailedReplication:
    # A search notes the value that it tried.
    again = [*error.__notes__, options_of(error.replication, error.seed, error.variant)]
    return FailedReplication(
        variant, error.replication, error.seed, error.time, error.rule, " ".join(again)
    )


def _failed(found: Found, scenario: Scenario, path: str) -> Iterator[FailedReplication]:
    name = "" if found.variant == BASELINE and not scenario.variant_names else found.variant
    for trial in found.trials:
        for each in trial.failures:
            again = (
                f"{change(path, trial.value)} {options_of(each.replication, scenario.seed, name)}"
            )
            yield FailedReplication(
                found.variant, each.replication, scenario.seed, each.time_s, each.message, again
            )
