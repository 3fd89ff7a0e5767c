"""What a user holds: results in DataFrames and pictures, from runs or from a result folder."""

from __future__ import annotations

from sim.results.exploring import explore
from sim.results.finding import FindResults, find
from sim.results.renewing import renew_report
from sim.results.results import Results, open_results
from sim.results.runs import compare, run, run_one
from sim.results.sensitivity import Assumptions, assumptions
from sim.results.single_run import Run
from sim.results.sweep_results import SweepResults, sweep

__all__ = [
    "Assumptions",
    "FindResults",
    "Results",
    "Run",
    "SweepResults",
    "assumptions",
    "compare",
    "explore",
    "find",
    "open_results",
    "renew_report",
    "run",
    "run_one",
    "sweep",
]
