"""What a run is expected to cost: rows, events, seconds and memory, before anything runs.

The rates are those of a laptop of 2023, and rather high; an estimate is good within a few times.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING

from sim import bounds
from sim.core.errors import TooMuchError
from sim.core.units import show_duration
from sim.forecast.dry_runs import dry_run_of
from sim.systems.base.cost import Part

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sim.simulation import Simulation

SECONDS, SECONDS_A_ROW, SECONDS_AN_EVENT = 1e-3, 4e-6, 2e-6
"""Of a replication, with its analysis."""

BYTES, BYTES_A_SUBJECT, BYTES_A_ROW = 2e8, 100, 300
"""Of the program with its libraries, and of what a replication has."""

LONG, LARGE = 60.0, 2e9
"""Seconds and bytes above which a run is warned of before it begins."""

NEAR_ENOUGH = 3
"""An estimate may be wrong by this factor: only what is as far above a bound is refused."""


@dataclass(frozen=True)
class Estimate:
    """What the replications of one scenario are expected to cost."""

    simulation: Simulation
    replications: int
    parts: Sequence[Part]

    @property
    def rows(self) -> float:
        """Rows of the log of a replication."""
        return sum(part.rows for part in self.parts)

    @property
    def events(self) -> float:
        """Events of a replication."""
        return sum(part.events for part in self.parts)

    @property
    def seconds(self) -> float:
        """Of all replications."""
        one = SECONDS + SECONDS_A_ROW * self.rows + SECONDS_AN_EVENT * self.events
        return self.replications * one

    @property
    def bytes(self) -> float:
        """Memory: of one replication, or of as many as are analysed together."""
        rows = max(self.rows, min(bounds.STACK, self.rows * self.replications))
        return BYTES + BYTES_A_SUBJECT * self.simulation.subjects.count + BYTES_A_ROW * rows

    @property
    def largest(self) -> Part:
        """The part of the file that costs most."""
        nothing = Part((), "the scenario", "", "")
        return max(self.parts, key=lambda part: part.rows + part.events, default=nothing)

    @property
    def is_unbounded(self) -> bool:
        """Whether a replication would surely pass the bounds of a run."""
        rows, events = bounds.MOST_ROWS, bounds.MOST_EVENTS
        return self.rows > NEAR_ENOUGH * rows or self.events > NEAR_ENOUGH * events

    @property
    def beyond(self) -> str:
        """What passes the bounds, and what makes most of it."""
        if self.rows > NEAR_ENOUGH * bounds.MOST_ROWS:
            counted, what, most = attrgetter("rows"), "rows of the log", bounds.MOST_ROWS
        else:
            counted, what, most = attrgetter("events"), "events", bounds.MOST_EVENTS
        part = max(self.parts, key=counted)
        many = _about(counted(self))
        return f"{many} {what} a replication, most of {part.what}; {most:,} are the most"


def estimate(simulation: Simulation, replications: int) -> Estimate:
    """What so many replications are expected to cost."""
    parts = [
        part
        for name, model in simulation.models.items()
        for part in simulation.kinds[name].parts(model)
    ]
    return Estimate(simulation, replications, parts)


def sentence(found: Estimate) -> str:
    """The estimate as a sentence of an explanation."""
    if found.is_unbounded:
        return f"Expected cost: {found.beyond}; `run` refuses that without --force."
    many = "1 replication takes"
    if found.replications > 1:
        many = f"{found.replications:,} replications take"
    return (
        f"Expected cost: {_about(found.rows)} rows of the log a replication; {many} about "
        f"{_time(found.seconds)} and {_size(found.bytes)} of memory."
    )


def too_large(found: Sequence[Estimate], available: float | None) -> TooMuchError | None:
    """Why runs one after the other are refused, in a machine with so many bytes to spare."""
    for each in found:
        if each.is_unbounded:
            return _refusal(each, each.beyond)
    needed = max(found, key=attrgetter("bytes"))
    if available is None or needed.bytes <= available:
        return None
    rule = (
        f"about {_size(needed.bytes)} of memory, most of it for {needed.largest.what}; this "
        f"machine has {_size(available)} to spare"
    )
    return _refusal(needed, rule)


def _refusal(found: Estimate, rule: str) -> TooMuchError:
    said = f"asks for too much: {rule}; force=True runs it all the same"
    scenario = found.simulation.scenario
    return TooMuchError([bounds.located(scenario, found.largest.path, said)])


def warning(found: Sequence[Estimate], what: str = "") -> str | None:
    """That runs one after the other take long, or much memory; None where they do not.

    `what` is said of them, by default how many replications they are.
    """
    if not _is_much(found):
        return None
    certain = [_is_certain(each) for each in found]
    found = [
        Estimate(each.simulation, 1, each.parts) if is_certain else each
        for each, is_certain in zip(found, certain, strict=True)
    ]
    if not _is_much(found):
        return None
    seconds, needed = sum(each.seconds for each in found), max(each.bytes for each in found)
    largest = max(found, key=attrgetter("seconds"))
    (problem,) = _refusal(largest, "").problems
    many = sum(each.replications for each in found)
    what = what or f"{many:,} replications"
    runs = "1 replication is" if many == 1 else f"{what} are"
    place = f"{problem.where}: " if problem.where else ""
    return (
        f"{place}{runs} expected to take about {_time(seconds)} and {_size(needed)} of memory, "
        f"most for {largest.largest.what}"
    )


def _is_much(found: Sequence[Estimate]) -> bool:
    return sum(each.seconds for each in found) > LONG or any(each.bytes > LARGE for each in found)


def _is_certain(found: Estimate) -> bool:
    """Whether nothing is random in it, as far as that can be seen at a bearable cost."""
    if found.replications == 1:
        return True
    simulation = found.simulation
    runs = [dry_run_of(simulation, name) for name in simulation.models]
    return all(run is not None and run.is_certain for run in runs)


def _about(number: float) -> str:
    """Two digits of a count."""
    if number >= 1e15:  # noqa: PLR2004  (nobody counts the zeros of more)
        return "more than 10^15"
    digits = max(0, math.floor(math.log10(number)) - 1) if number >= 1 else 0
    return f"about {round(number, -digits):,.0f}"


def _time(seconds: float) -> str:
    if seconds < 1:
        return "1s"
    if seconds > 1e9:  # noqa: PLR2004  (some thirty years)
        return "more than 30 years"
    return show_duration(float(f"{seconds:.1g}") if seconds < LONG else seconds)


def _size(count: float) -> str:
    """Two digits of a number of bytes."""
    for unit, size in (("TB", 1e12), ("GB", 1e9)):
        if count >= size:
            return "more than 1,000 TB" if count >= 1e15 else f"{count / size:.2g} {unit}"  # noqa: PLR2004
    return f"{float(f'{count / 1e6:.2g}'):.0f} MB"
