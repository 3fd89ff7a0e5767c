"""What a caller of `run`, `compare` or `sweep` gives as a scenario."""

from __future__ import annotations

from os import PathLike

from sim import files
from sim.core.errors import ScenarioError
from sim.scenario import Scenario

BASELINE = "baseline"
"""What the only variant is called in tables."""


def given_scenario(
    given: Scenario | str | PathLike[str],
    *,
    replications: int | None = None,
    seed: int | None = None,
) -> Scenario:
    """What a caller means: a scenario or the path of its file, perhaps with other numbers."""
    if isinstance(given, str) and "\n" in given:
        raise ScenarioError.of("must be a path, got a text of several lines; sim.loads reads it")
    if isinstance(given, str | PathLike):
        given = files.load(given)
    if not isinstance(given, Scenario):
        got = type(given).__name__
        raise ScenarioError.of(f"must be a scenario or the path of its file, got {got}")
    return given.with_(replications=replications, seed=seed)
