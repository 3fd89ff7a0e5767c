"""Replications that failed by a fault of the program: told of, and left out of what is reported.

One that fails does not take the others with it. Where none ran, or the first ones all fail, there
is nothing to report, and the first fault is raised.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sim.core.errors import ModelError, NoMemoryError

if TYPE_CHECKING:
    from collections.abc import Sized

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


def options_of(replication: int, seed: int, variant: str) -> str:
    """What makes ``rollout-sim run FILE`` run one replication of a variant again."""
    words = ["--replay", str(replication), "--seed", str(seed)]
    return shlex.join([*words, "--variant", variant] if variant else words)


class Failures:
    """Those found so far. Tracebacks hold whole runs, so only the first error is kept."""

    def __init__(self) -> None:
        self.found: list[Failure] = []
        self._first: Exception | None = None

    def add(self, replication: int, error: Exception, ran: Sized) -> None:
        """One more replication that failed, after those that `ran` to their end.

        Raises
        ------
        Exception
            The first error, where so many failed and none ran; also where there is no memory.
        """
        if not self.found:
            self._first = error
        self.found.append(_failure(replication, error))
        in_vain = 1 if isinstance(error, NoMemoryError) else MOST_IN_VAIN
        if not ran and len(self.found) >= in_vain:
            self.raise_first()

    def forget(self) -> None:
        """There is something to report: no error will be raised."""
        self._first = None

    def raise_first(self) -> None:
        """Raise the first error, if there is one and it is not forgotten."""
        if self._first is not None:
            raise self._first


def _failure(replication: int, error: Exception) -> Failure:
    if isinstance(error, ModelError):
        return Failure(replication, error.time, error.rule)
    return Failure(replication, None, f"{type(error).__name__}: {error}")
