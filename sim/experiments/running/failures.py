"""Replications that failed by a fault of the program: told of, and left out of what is reported.

One that fails does not take the others with it. Where none ran, or the first ones all fail, there
is nothing to report, and the first fault is raised.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from sim.core.errors import ModelError, NoMemoryError

MOST_IN_VAIN = 10
"""So many replications may fail before one has run to its end: more would hardly do better."""


@dataclass(frozen=True)
class Failure:
    """One replication that failed."""

    replication: int
    time_s: float | None
    """How far its run had come, seconds; None where its analysis failed."""
    message: str
    """What went wrong."""


@dataclass(frozen=True)
class FailedReplication:
    """The same of one variant, with what runs it again."""

    variant: str
    replication: int
    seed: int
    time_s: float | None
    message: str
    rerun: str
    """Options of ``rollout-sim run FILE``: ``--replay 3 --seed 7 --variant auto``."""


@dataclass(frozen=True)
class FailedChange(FailedReplication):
    """The same of a variant in which something was changed."""

    change: str = ""
    """What, such as ``restart (4min) halved``; empty as the scenario is."""
    nothing_known: bool = False
    """Whether all others failed too."""


def options_of(replication: int, seed: int, variant: str) -> str:
    """What makes ``rollout-sim run FILE`` run one replication of a variant again."""
    words = ["--replay", str(replication), "--seed", str(seed)]
    return shlex.join([*words, "--variant", variant] if variant else words)


class Failures:
    """Those found so far. Tracebacks hold whole runs, so only the first error is kept."""

    def __init__(self) -> None:
        self.found: list[Failure] = []
        self.first: Exception | None = None
        """The first error."""
        self.are_in_vain = False
        """Whether so many failed, or so badly, that more need not be tried where none ran."""

    def add(self, replication: int, error: Exception) -> None:
        """One more replication that failed."""
        if not self.found:
            self.first = error
        self.found.append(_failure(replication, error))
        no_memory = isinstance(error, NoMemoryError)
        self.are_in_vain |= no_memory or len(self.found) >= MOST_IN_VAIN


def _failure(replication: int, error: Exception) -> Failure:
    if isinstance(error, ModelError):
        return Failure(replication, error.time, error.rule)
    return Failure(replication, None, f"{type(error).__name__}: {error}")
