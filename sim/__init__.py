"""Simulate how upgrades roll through Azure fleets, before anyone presses the button.

>>> import sim
>>> results = sim.run("scenarios/shop.yaml")  # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from sim.core.version import __version__ as __version__

if TYPE_CHECKING:
    from sim.core.errors import LongRunWarning, ModelError, ScenarioError, SimError, TooMuchError
    from sim.files import load, loads
    from sim.results import (
        Assumptions,
        FindResults,
        Results,
        Run,
        SweepResults,
        assumptions,
        compare,
        explore,
        find,
        open_results,
        run,
        run_one,
        sweep,
    )
    from sim.scenario import Scenario

__all__ = [
    "Assumptions", "FindResults", "LongRunWarning", "ModelError", "Results", "Run", "Scenario",
    "ScenarioError", "SimError", "SweepResults", "TooMuchError", "assumptions", "compare",
    "explore", "find", "load", "loads", "open_results", "run", "run_one", "sweep",
]  # fmt: skip

_HOMES = {
    "sim.core.errors": "LongRunWarning ModelError ScenarioError SimError TooMuchError",
    "sim.files": "load loads",
    "sim.results": "Assumptions FindResults Results Run SweepResults assumptions compare explore "
    "find open_results run run_one sweep",
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
