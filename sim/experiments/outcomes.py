"""What became of rollouts and requests that no mean may hide: failed, stuck, not over, cancelled,
refused, completed without any member, without some or with unhealthy ones.

A rollback is told too.

Each is told of the replications in which it happened: how many they are, and when it was. What
failed or was cancelled is timed from its own beginning, a rollback from the first rollout on, as
durations are; what is stuck, refused or completed so says when.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from sim.core.formatting import format_compact, show
from sim.core.metrics import Key
from sim.core.wall_clock import show_instant
from sim.experiments.statistics.intervals import quantile

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sim.experiments.objectives import Experiment

What = Literal[
    "failed",
    "stuck",
    "not over",
    "platform update not over",
    "cancelled",
    "completed without any member",
    "completed without some members",
    "completed with unhealthy members",
    "refused",
    "rolled back",
]
"""In the order in which they are told."""

WORDS: dict[str, str] = {
    "failed": "upgrade failed",
    "stuck": "upgrade stuck",
    "not over": "upgrade not over",
    "platform update not over": "platform update not over",
    "cancelled": "upgrade cancelled",
    "completed without any member": "upgrade took none of the members",
    "completed without some members": "upgrade completed without some members",
    "completed with unhealthy members": "upgrade completed with unhealthy members",
    "refused": "request refused",
    "rolled back": "rolled back",
}
"""What it was that failed: a replication may fail too, by a fault of the program."""

_WHEN: dict[str, str] = {
    "failed": "after",
    "stuck": "since",
    "cancelled": "after",
    "completed without any member": "at",
    "completed without some members": "at",
    "completed with unhealthy members": "at",
    "refused": "first at",
    "rolled back": "after",
}
_AFTER = ("failed", "cancelled", "rolled back")
"""What is told as so long after the request; the others by the clock where there is one."""


@dataclass(frozen=True)
class Outcome:
    """Something that happened in some of a variant's replications. Times in seconds."""

    variant: str
    system: str
    what: What
    runs: int
    """In how many replications it happened."""
    of: int
    p50_s: float
    """Quantiles of the time among those in which it happened, as `quantile`."""
    p95_s: float
    first: int
    """The first replication in which it happened."""
    sentence: str


def outcomes(one: Experiment) -> Iterator[Outcome]:
    """What happened in any of a variant's replications."""
    for what in get_args(What):
        for system in one.simulation.models:
            when, is_so = _times(one, system, what)
            if is_so.any():
                yield _outcome(one, system, what, when, is_so)


def _times(
    one: Experiment, system: str, what: What
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """When it happened, and where it did: a rollback may have begun and not ended."""
    nothing = np.full(len(one.measured.numbers), np.nan)
    if what != "rolled back":
        when = one.measured.outcomes.get((system, what), nothing)
        return when, ~np.isnan(when)
    values = one.measured.values
    when = values.get(Key(system, "", "rollback_duration"), nothing)
    return when, values.get(Key(system, "", "rolled_back"), nothing) == 1


def _outcome(
    one: Experiment,
    system: str,
    what: What,
    when: NDArray[np.float64],
    is_so: NDArray[np.bool_],
) -> Outcome:
    numbers, times = one.measured.numbers, when[is_so]
    runs, of = len(times), len(numbers)
    middle, late = (quantile(times, p) for p in (0.5, 0.95))
    whose = f"{system} " if len(one.simulation.models) > 1 else ""
    share = f" in {show(runs / of, 'share')} of runs" if one.measured.random else ""
    horizon, start = one.scenario.horizon, one.scenario.start
    said = WORDS[what].replace("members", f"{one.simulation.models[system].member}s")
    if what in ("not over", "platform update not over"):
        sentence = f"{whose}{said} at the end ({_at(horizon, start)}){share}"
    else:
        at = None if what in _AFTER else start
        sentence = f"{whose}{said}{share}{_told(what, middle, late, horizon, share, at)}"
    return Outcome(
        one.variant, system, what, runs, of, middle, late, int(numbers[is_so][0]), sentence
    )


def _told(
    what: What,
    middle: float,
    late: float,
    horizon: float,
    share: str,
    start: dt.datetime | None,
) -> str:
    """When it was; with a `start` by its clock."""
    if np.isnan(middle):
        return f", not ended within {format_compact(horizon, 's')}"
    text = f"{',' if share else ''} {_WHEN[what]} {_at(middle, start)}"
    if late == middle:
        return text
    return f"{text} (p95 {'> horizon' if np.isnan(late) else _at(late, start)})"


def _at(seconds: float, start: dt.datetime | None) -> str:
    return format_compact(seconds, "s") if start is None else show_instant(seconds, start)
