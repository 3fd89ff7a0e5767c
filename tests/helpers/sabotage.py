"""Models with one rule broken, by small changes to their code, for tests of what a run notices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sim.experiments.running.replications import replicate
from sim.scenario import Scenario
from sim.simulation import Simulation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True)
class Sabotage:
    """A rule that is broken, and a scenario in which it matters."""

    name: str
    """What the model then does, in plain words."""
    breaks: Callable[[Any], None]
    """Breaks the model, by a monkeypatch."""
    scenario: Mapping[str, Any]
    rule: str
    """What the run says then."""


def run(scenario, replications=4):
    """Run, audit and measure some replications; the first that fails raises."""
    simulation = Simulation(Scenario.from_dict(dict(scenario)))
    for number in range(replications):
        if not replicate(simulation, [number]).random:
            break


def scaled(patch, owner, name, factor):
    """Let a method return its seconds times a factor, on the grid of times."""
    method = getattr(owner, name)

    def other(*given):
        return _times(method(*given), factor)

    patch.setattr(owner, name, other)


def _times(value, factor):
    if isinstance(value, list):
        return [_times(each, factor) for each in value]
    return round(value * factor * 1024) / 1024
