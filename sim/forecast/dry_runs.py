"""Systems run in advance, in the mean case, at a bounded cost: see `DryRunRules`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sim.simulation import Simulation
from sim.systems.base.context import TooLongError
from sim.systems.base.model import DryRun

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sim.scenario import Scenario

MOST_SUBJECTS = 100_000
"""Members and tasks of a system that is run in advance: this one and the next bound a run to a few
seconds."""
MOST_EVENTS = 100_000
MOST_OPERATIONS = 1_000
"""What a service does for a request may hang on all that came before it."""


def dry_run_of(simulation: Simulation, system: str) -> DryRun | None:
    """A system of a scenario run to the horizon, in parts only where all is too much.

    None where nothing is asked of it, and where even that is too much.
    """
    how = simulation.kinds[system].dry_run_rules
    scenario = simulation.scenario
    found = _run(_of(scenario, system, how.spec), system, how.is_spread)
    if found is not None and found.is_certain and how.is_sample:
        # All members do alike: those that there are can be counted, instead of a sample of them.
        itself = _run(_of(scenario, system, lambda spec: spec), system, how.is_spread)
        found = found if itself is None else itself
    if found is None and how.brief is not how.spec:
        found = _run(_of(scenario, system, how.brief), system, _none)
        return None if found is None else replace(found, is_brief=True)
    return found


def dry_run_of_requests(simulation: Simulation, system: str) -> DryRun | None:
    """A system run as far and as coarsely as shows what the service answers to requests."""
    how, scenario = simulation.kinds[system].dry_run_rules, simulation.scenario
    brief = _of(scenario, system, how.brief)
    times = [each.at.mean for each in brief.operations if each.at.mean <= scenario.horizon]
    return _run(replace(brief, horizon=max(times)), system, _none) if times else None


def idle_safeguards(simulation: Simulation) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """What a file has against harm that does nothing in the mean case of that harm: where it
    stands, and why.
    """
    scenario = simulation.scenario
    for name, kind in simulation.kinds.items():
        own = [each for each in scenario.operations if each.system == name]
        for trial in kind.trials(scenario.systems[name], own):
            alone = replace(scenario, systems={name: trial.spec}, operations=(trial.operation,))
            found = _run(alone, name, trial.is_spread)
            asked = found.operations[trial.operation.name] if found else {"status": "Refused"}
            if asked["status"] in ("not sent", "Refused"):
                continue  # nothing is known of it, or nothing happens
            if found and trial.acts not in found.operations:
                yield trial.path, trial.otherwise


def _of(scenario: Scenario, system: str, spec: Callable[[Any], Any]) -> Scenario:
    """One system of a scenario, alone, in another form."""
    return replace(
        scenario,
        systems={system: spec(scenario.systems[system])},
        operations=tuple(each for each in scenario.operations if each.system == system),
    )


def _none(_: str) -> bool:
    """What the service answers to requests hangs on means: to spread draws would only take time."""
    return False


def _run(scenario: Scenario, system: str, is_spread: Callable[[str], bool]) -> DryRun | None:
    if not 0 < len(scenario.operations) <= MOST_OPERATIONS:
        return None
    simulation = Simulation(scenario)
    if simulation.subjects.count > MOST_SUBJECTS:
        return None
    try:
        log = simulation.run_mean_case(is_spread, MOST_EVENTS)
    except TooLongError:
        return None
    return DryRun(simulation.models[system], log)
