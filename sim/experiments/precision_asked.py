"""Which means are to be how precise, from what a user says: ``shop.min_capacity`` and ``1%``."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from sim.core.errors import Problem, ScenarioError
from sim.core.metrics import Key
from sim.core.units import parse_duration, parse_share, shorten_any
from sim.experiments.objectives import how_to_ask
from sim.experiments.statistics.stopping import FIRST_LOOK, Target
from sim.formats.checking import joined
from sim.scenario.applying import AskedMetric, Case, apply_nowhere
from sim.scenario.objectives import unknown_metric
from sim.scenario.references import MOST_REPLICATIONS
from sim.systems import SYSTEM_TYPES
from sim.systems.base.spec import unknown_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sim.core.metrics import Metric
    from sim.scenario import Scenario

MOST = 10_000
"""Replications that are made at most where nothing else is said."""

WHERE = "precision"
"""What was asked begins each message about it; so does the next."""
WHERE_MOST = "max_replications"

OBJECTIVES = "objectives"
"""Asks for nothing but that the objectives be decided."""

_NUMBER = re.compile(r"[0-9]+\.?[0-9]*(?:[eE][-+]?[0-9]+)?|\.[0-9]+", re.ASCII)


def most_of(given: int | None, precision: object) -> int:
    """How many replications to make at most. ScenarioError if it is no such number."""
    if given is None:
        return MOST
    if precision is None:
        raise ScenarioError.of("needs a precision to be reached", where=WHERE_MOST)
    whole = isinstance(given, int) and not isinstance(given, bool)
    if not (whole and FIRST_LOOK <= given <= MOST_REPLICATIONS):
        rule = f"must be a whole number from {FIRST_LOOK} to {MOST_REPLICATIONS:,}"
        raise ScenarioError.of(f"{rule}, got {shorten_any(given)}", where=WHERE_MOST)
    return given


def asked_of(
    precision: Mapping[str, object] | str, scenarios: Sequence[Scenario]
) -> dict[Key, Target]:
    """What is asked of means, beside the objectives: nothing where only they are to be decided.

    Raises
    ------
    ScenarioError
        As `targets_of`, or if there is no objective to decide.
    """
    if precision != OBJECTIVES:
        return targets_of(precision, scenarios)
    if not any(each.objectives for each in scenarios):
        raise ScenarioError.of(how_to_ask(scenarios[0]), where=WHERE, path=OBJECTIVES)
    return {}


def targets_of(
    precision: Mapping[str, object] | str, scenarios: Sequence[Scenario]
) -> dict[Key, Target]:
    """What is asked of the variants of a scenario, or of the only one.

    `precision` holds by the name of a mean the half-width of its 95 % interval: in the metric's
    unit, as it would be written in a file, or as ``5%r``, relative to the mean.

    Raises
    ------
    ScenarioError
        With each name that no variant has and each half-width that is none.
    """
    if not isinstance(precision, Mapping) or not precision:
        rule = (
            'must hold half-widths by names of means, such as {"shop.min_capacity": 0.01}, or be '
        )
        rule += f'"{OBJECTIVES}"'
        raise ScenarioError.of(f"{rule}, got {shorten_any(precision)}", where=WHERE)
    problems: list[Problem] = []
    found: dict[Key, Target] = {}
    named: dict[Key, str] = {}
    for name, half_width in precision.items():
        try:
            key = key_of(name, scenarios)
            if key in found:
                rule = f"{'.'.join(filter(None, key))} is given twice, as {named[key]} before"
                raise ValueError(rule)  # noqa: TRY301  (told with the others)
            metrics = SYSTEM_TYPES[_kind(key.system, scenarios)].metrics
            found[key], named[key] = _target(half_width, metrics[key.metric]), name
        except ValueError as error:
            problems.append(Problem(WHERE, str(name), str(error)))
    cases = [Case(each.systems, each.operations, each.span, each.warm_up) for each in scenarios]
    nowhere = apply_nowhere([(AskedMetric(*key),) for key in found], cases)
    problems += [Problem(WHERE, named[Key(*key)], rule) for key, rule in nowhere.items()]
    if problems:
        raise ScenarioError(problems)
    return found


def _kind(system: str, scenarios: Iterable[Scenario]) -> str:
    return next(each.systems[system].kind for each in scenarios if system in each.systems)


def key_of(name: str, scenarios: Sequence[Scenario]) -> Key:
    """Whose mean is meant. ValueError(rule) if it is nobody's."""
    if not isinstance(name, str):
        raise ValueError(f"must be SYSTEM.METRIC, got {shorten_any(name)}")  # noqa: TRY004
    systems = {system: _kind(system, scenarios) for each in scenarios for system in each.systems}
    metrics = {system: SYSTEM_TYPES[kind].metrics for system, kind in systems.items()}
    owner, _, metric = name.rpartition(".")
    able = [system for system, known in metrics.items() if metric in known]
    if not able:
        raise ValueError(unknown_metric(metric, metrics.values()))
    if not owner and len(able) > 1:
        several = joined([f"{system}.{metric}" for system in able])
        raise ValueError(f"must be {several}, as several have the metric {metric}")
    # A name may hold dots: the longest system that the words begin with is meant.
    owned = [each for each in systems if owner == each or owner.startswith(f"{each}.")]
    system = max(owned, key=len) if owner and owned else able[0]
    if owner and not owned:
        raise ValueError(unknown_name("a system of this file", owner.partition(".")[0], systems))
    if metric not in metrics[system]:
        raise ValueError(unknown_name(f"a metric of {system}", metric, metrics[system]))
    group = owner.removeprefix(system).removeprefix(".")
    _check_group(system, group, metric, scenarios)
    if metric not in [*metrics[system], *_named(scenarios)]:
        rule = "is only measured where an objective or `prefer` of the file names it"
        raise ValueError(f"{metric} {rule}")
    return Key(system, group, metric)


def _named(scenarios: Iterable[Scenario]) -> set[str]:
    """The metrics that files name: beside those that are listed these are measured."""
    found: set[str] = set()
    for each in scenarios:
        found.update(each.prefer, (objective.metric for objective in each.objectives))
    return found


def _check_group(system: str, group: str, metric: str, scenarios: Iterable[Scenario]) -> None:
    """ValueError(rule) if the system has no such group, or groups no such metric."""
    if not group:
        return
    known: dict[str, None] = {}
    kind = SYSTEM_TYPES[_kind(system, scenarios)]
    for each in scenarios:
        if system in each.systems:
            own = [one for one in each.operations if one.system == system]
            known |= dict.fromkeys(kind.groups(each.systems[system], own))
    if group not in known:
        raise ValueError(unknown_name(f"a group of {system}", group, known))
    if metric not in kind.group_metrics:
        raise ValueError(f"must be {system}.{metric}, as {metric} has no groups, got {group}")


def _target(given: object, metric: Metric) -> Target:
    """How precise a metric's mean is to be. ValueError(rule) where that cannot be read."""
    relative = isinstance(given, str) and given.endswith("r")
    if isinstance(given, str):
        half_width = parse_share(given[:-1]) if relative else _in_unit(given, metric.unit)
    else:
        number = isinstance(given, int | float) and not isinstance(given, bool)
        half_width = float(given) if number else math.nan  # type: ignore[arg-type]
    if not 0 < half_width < math.inf:
        raise ValueError(f"must be a number above 0, got {shorten_any(given)}")
    if metric.unit in ("share", "0/1") and half_width >= 1:
        raise ValueError(f"must be a share below 100%, got {shorten_any(given)}")
    return Target(half_width, relative)


def _in_unit(text: str, unit: str) -> float:
    """A half-width as it is written. ValueError(rule)."""
    hint = " (relative to the mean: write an r after it)" if text.endswith("%") else ""
    try:
        if unit in ("share", "0/1"):
            return parse_share(text)
        if _NUMBER.fullmatch(text):
            return float(text)
        if unit == "s":
            return parse_duration(text)
    except ValueError as error:
        raise ValueError(f"{error}{hint}") from None
    what = f"a number of {unit}" if unit.endswith(("hours", "instances")) else "a number"
    raise ValueError(f"must be {what}, such as 0.5, or 5%r, got {shorten_any(text)}{hint}")
