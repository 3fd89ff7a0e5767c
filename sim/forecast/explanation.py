"""Runs in sentences: what will happen, before anything runs, and why capacity dipped, after."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from sim.core.formatting import show
from sim.core.log import SCENARIO
from sim.core.metrics import HOUR
from sim.core.units import show_duration, show_share
from sim.core.wall_clock import show_instant
from sim.forecast.dry_runs import dry_run_of, dry_run_of_requests, idle_safeguards
from sim.forecast.estimate import estimate, sentence
from sim.forecast.mean_case import TOO_LARGE, foreseen
from sim.forecast.warm_up import rollouts_in_warm_up
from sim.formats.tree import dotted
from sim.systems.base.model import refused

if TYPE_CHECKING:
    import datetime as dt

    from numpy.typing import NDArray

    from sim.core.log import Log
    from sim.scenario import Scenario
    from sim.simulation import Simulation
    from sim.systems.base.model import DryRun

DEEPEST = 10
"""So many dips are told."""


@dataclass(frozen=True)
class Dip:
    """A maximal interval with capacity below 1, or below the threshold asked for."""

    start_s: float
    end_s: float
    depth: float
    """How far capacity falls below 1 at the lowest, a share."""
    lost_hours: float
    """Member-hours of capacity lost."""
    causes: tuple[str, ...]
    """What took members out, each as its chain of causes, in order of time."""


def describe(simulation: Simulation) -> str:
    """What will happen, system by system, with the arithmetic of the lowest capacity."""
    scenario = simulation.scenario
    lines = [_head(scenario)]
    certain = True
    for name in simulation.models:
        dry_run = dry_run_of(simulation, name)
        certain = certain and dry_run is not None and dry_run.is_certain
        lines += ["", *_told_of(simulation, name, dry_run)]
    replications = 1 if certain else scenario.replications
    lines += ["", sentence(estimate(simulation, replications))]
    lines += _assumed(scenario)
    lines += [f"Note: {warning}" for warning in scenario.warnings]
    notes = [*idle_safeguards(simulation), *rollouts_in_warm_up(simulation)]
    lines += [f"Note: {dotted(path)}: {why}" for path, why in notes]
    return "\n".join(lines)


def _assumed(scenario: Scenario) -> list[str]:
    """What the answer rests on that may be otherwise."""
    heads = {"default": "Assumed, as Azure publishes no value", "marked": "Given as a guess"}
    lines = []
    for origin, head in heads.items():
        told = [each.text for each in scenario.guesses if each.origin == origin]
        lines += ["", f"{head}: {'; '.join(told)}."] if told else []
    return lines


def of_system(simulation: Simulation, name: str) -> list[str]:
    """What a system is, what is asked of it and what that comes to in the mean case."""
    return _told_of(simulation, name, dry_run_of(simulation, name))


def _told_of(simulation: Simulation, name: str, dry_run: DryRun | None) -> list[str]:
    model = simulation.models[name]
    lines: list[str] = model.describe(dry_run)
    if dry_run is not None:
        return lines + foreseen(dry_run, simulation.kinds[name], simulation.scenario.warm_up)
    return [*lines, TOO_LARGE] if model.operations else lines


def predicted_rejections(simulation: Simulation) -> list[tuple[tuple[str | int, ...], str]]:
    """The refusals that can be foretold: where in the file, and what the service answers.

    Those that follow from what a request says, and those of the mean case.
    """
    found: list[tuple[tuple[str | int, ...], str]] = []
    for name, model in simulation.models.items():
        dry_run = dry_run_of_requests(simulation, name)
        rejected: dict[int, list[str]] = {}
        for operation in model.operations:
            sentence = refused(operation, model.rejection(operation), dry_run)
            if sentence is not None:
                rejected.setdefault(operation.index, []).append(f"{operation.name} {sentence}")
        written = {each.index: each.path for each in model.operations}
        for index, (first, *others) in rejected.items():
            more = f"; {len(others):,} of its repetitions are rejected too" if others else ""
            found.append((written[index], first + more))
    return found


def _head(scenario: Scenario) -> str:
    span = f"{show_duration(scenario.warm_up)} to {show_duration(scenario.horizon)}"
    start = f", starting at {scenario.start:%Y-%m-%d %H:%M %Z}".rstrip() if scenario.start else ""
    start += f" ({scenario.time_zone})" if scenario.time_zone else ""
    ends = f" ({show_instant(scenario.horizon, scenario.start)})" if scenario.start else ""
    return f"{scenario.name}: measured from {span}{ends}{start}, seed {scenario.seed}."


def dips(simulation: Simulation, log: Log, system: str, below: float = 1.0) -> list[Dip]:
    """The ten deepest dips of a system's capacity in one run, in order of time."""
    model = simulation.models[system]
    whole = model.timeline(log, "capacity")
    line = whole.crop(simulation.scenario.warm_up, whole.end)
    nominal = model.nominal
    found = []
    for start, end in line.intervals_below(below):
        part = line.crop(start, end)
        gap = replace(part, values=np.maximum(0.0, 1.0 - part.values))
        lost = gap.integrate() * nominal / HOUR
        found.append((1.0 - part.minimum(), lost, start, end))
    deepest = sorted(found, key=lambda dip: (-dip[0], -dip[1]))[:DEEPEST]
    # Of thousands of dips only those that are told are looked into.
    return [
        Dip(start, end, depth, lost, _causes(simulation, log, system, start, end))
        for depth, lost, start, end in sorted(deepest, key=lambda dip: dip[2])
    ]


def _causes(
    simulation: Simulation, log: Log, system: str, start: float, end: float
) -> tuple[str, ...]:
    """The chains of causes of the rows that take capacity away within [start, end)."""
    rows = log.rows
    within = np.flatnonzero((rows["time"] >= start) & (rows["time"] < end))
    lowers = _capacity_lost(simulation, log, system, within)
    causes = _Causes(log)
    chains = dict.fromkeys(causes.chain(row) for row in causes.apart(within[lowers]))
    return tuple(
        ", ".join(simulation.subjects.name(subject) for subject in chain) for chain in chains
    )


def _capacity_lost(
    simulation: Simulation, log: Log, system: str, rows: NDArray[np.intp]
) -> NDArray[np.bool_]:
    """Which rows lower the capacity of a system."""
    lowers = np.zeros(len(rows), bool)
    subjects = log.rows["subject"][rows]
    for block in simulation.subjects.blocks:
        if block.system == system and "capacity" in block.weights:
            mine = (subjects >= block.first) & (subjects < block.first + block.count)
            weight = block.weights["capacity"]
            here = log.rows[rows[mine]]
            lowers[mine] = weight[here["new"]] < weight[here["old"]]
    return lowers


class _Causes:
    """Chains of causes of rows; each subject's rows are looked up once."""

    def __init__(self, log: Log) -> None:
        self._cause, self._subject = log.rows["cause"], log.rows["subject"]
        self._rows: dict[int, NDArray[np.intp]] = {}

    def apart(self, rows: NDArray[np.intp]) -> list[int]:
        """The first of all rows that have one chain of causes, in order: of a million members that
        stop in one turn it is one row.
        """
        found: list[int] = []
        by = self._cause[rows]
        for cause in np.unique(by).tolist():
            own = rows[by == cause]
            places = np.searchsorted(self._rows_of(cause), own)
            found += own[np.unique(places, return_index=True)[1]].tolist()
        return sorted(found)

    def chain(self, row: int) -> tuple[int, ...]:
        """The cause of a row, that cause's own cause, and so on, without the scenario itself."""
        chain: list[int] = []
        while row >= 0:
            cause = int(self._cause[row])
            if cause == SCENARIO or cause in chain:
                break
            chain.append(cause)
            row = self._latest(cause, row)
        return tuple(chain)

    def _latest(self, subject: int, row: int) -> int:
        """The last row of a subject before `row`, -1 where there is none."""
        rows = self._rows_of(subject)
        place = int(np.searchsorted(rows, row))
        return int(rows[place - 1]) if place else -1

    def _rows_of(self, subject: int) -> NDArray[np.intp]:
        if subject not in self._rows:
            self._rows[subject] = np.flatnonzero(self._subject == subject)
        return self._rows[subject]


def explain(simulation: Simulation, log: Log) -> str:
    """What happened in one run: how operations ended, how far they came, dips with causes."""
    lines: list[str] = []
    start = simulation.scenario.start
    for name, model in simulation.models.items():
        lines += [_ended(each, start) for each in model.operations_table(log)]
        kind = simulation.kinds[name]
        lines += [f"{each}." for each in kind.progress_text(model, log)]
        lines += [f"{each}." for each in kind.changes_text(model, log)]
        for dip in dips(simulation, log, name):
            lines.append(
                f"{name}: capacity falls by {show_share(dip.depth)} at "
                f"{show_instant(dip.start_s, start)} for {show_duration(dip.end_s - dip.start_s)} "
                f"({show(dip.lost_hours, 'member-hours')} hours lost), because of:"
            )
            lines += [f"  {cause}" for cause in dip.causes]
    return "\n".join(lines)


def _ended(operation: dict[str, object], start: dt.datetime | None) -> str:
    """What became of an operation, a row of the operations table."""
    name, at, ended = operation["name"], operation["at_s"], operation["ended_s"]
    if not isinstance(at, float):
        return f"{name} was not sent within the scenario's time."
    text = f"{name} at {show_instant(at, start)}: {operation['status']}"
    if isinstance(ended, float) and ended > at:
        text += f" at {show_instant(ended, start)}"
    if operation["code"]:
        text += f", {operation['http_status']} {operation['code']}: {operation['message']}"
    return f"{text}."
