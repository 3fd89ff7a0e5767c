"""Rollouts that begin in the warm-up: what they do there counts in no share and no total."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.core.units import show_duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sim.simulation import Simulation


def rollouts_in_warm_up(simulation: Simulation) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Where each stands that begins before anything is measured, and what that means.

    Not of one that is repeated: who measures the steady state does not want the first ones.
    """
    scenario = simulation.scenario
    for operation in scenario.operations:
        layout = simulation.models[operation.system].layout
        is_rollout = operation.name in layout.upgrades[: layout.rollouts]
        if is_rollout and operation.times == 1 and operation.at.mean < scenario.warm_up:
            until = show_duration(scenario.warm_up)
            rule = f"begins within warm_up: capacity, downtime and work count from {until} on, so "
            yield (*operation.path[:2], "at"), f"{rule}what it costs before is not seen"
