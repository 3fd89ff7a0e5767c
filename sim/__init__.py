"""Simulate how upgrades roll through Azure fleets, before anyone presses the button.

>>> import sim
>>> results = sim.run("scenarios/five-domains-auto.yaml")  # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from sim.core.version import __version__ as __version__

if TYPE_CHECKING:
    from sim.core.errors import LongRunWarning, ModelError, ScenarioError, SimError, TooMuchError
    from sim.files import load, loads
    from sim.results.exploring import explore
    from sim.results.finding import FindResults, find
    from sim.results.results import Results, open_results
    from sim.results.runs import compare, run, run_one
    from sim.results.sensitivity import Assumptions, assumptions
    from sim.results.single_run import Run
    from sim.results.sweeps.sweep_results import SweepResults, sweep
    from sim.scenario import Scenario

__all__ = [
    "Assumptions", "FindResults", "LongRunWarning", "ModelError", "Results", "Run", "Scenario",
    "ScenarioError", "SimError", "SweepResults", "TooMuchError", "assumptions", "compare",
    "explore", "find", "load", "loads", "open_results", "run", "run_one", "sweep",
]  # fmt: skip

_HOMES = {
    "sim.core.errors": "LongRunWarning ModelError ScenarioError SimError TooMuchError",
    "sim.files": "load loads",
    "sim.results.exploring": "explore",
    "sim.results.finding": "FindResults find",
    "sim.results.results": "Results open_results",
    "sim.results.runs": "compare run run_one",
    "sim.results.sensitivity": "Assumptions assumptions",
    "sim.results.single_run": "Run",
    "sim.results.sweeps.sweep_results": "SweepResults sweep",
    "sim.scenario": "Scenario",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: `import sim` alone costs nothing."""
    for module, names in _HOMES.items():
        if name in names.split():
            return getattr(import_module(module), name)
    raise AttributeError(f"module 'sim' has no attribute {name!r}")


def __dir__() -> list[str]:
    return list(__all__)
