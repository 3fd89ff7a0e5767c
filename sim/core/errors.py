"""What can go wrong, in two kinds: the user's file, and our own fault.

SimError
    ScenarioError   the input is wrong; nothing ran (exit code 2)
        TooMuchError    it asks for more than a run, or this machine, may do (exit code 2)
            NoMemoryError   the memory did not suffice (one replication: exit code 3)
    ModelError      a run failed, or its log its own audit: our bug (exit code 3)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Iterable


MOST_PROBLEMS = 100
"""So many are told of one input; whoever looks for more of them may stop."""

_LONGEST_WORD = 300


def printable(text: str) -> str:
    """One line fit for a terminal: what could move its cursor or forge another line is escaped."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def one_line(text: str) -> str:
    """The same with words of a length that nobody reads cut off."""
    shown = printable(text)
    return re.sub(rf"\S{{{_LONGEST_WORD},}}", lambda word: f"{word[0][:57]}...", shown)


class SimError(Exception):
    """Anything that rollout-sim raises on purpose."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with the input.

    `where` is ``file:line:column`` or what else the value came from (may be empty), `path` the
    dotted keys (may be empty), `rule` what was expected and what was got.
    """

    where: str
    path: str
    rule: str

    def __str__(self) -> str:
        return one_line(": ".join(part for part in (self.where, self.path, self.rule) if part))


class ScenarioError(SimError):
    """The user's input is wrong. `problems` holds what one stage found, in file order.

    All of it, or the first `MOST_PROBLEMS` and that there are more.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(islice(problems, MOST_PROBLEMS + 1))
        if len(self.problems) > MOST_PROBLEMS:
            more = Problem(
                "",
                "",
                f"there are more problems, only the first {MOST_PROBLEMS} problems are shown",
            )
            self.problems = (*self.problems[:-1], more)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def __reduce__(self) -> tuple[Any, ...]:
        """So that it reaches the main process from a worker's."""
        return type(self), (self.problems,)

    @classmethod
    def of(cls, rule: str, *, where: str = "", path: str = "") -> Self:
        """An error with a single problem."""
        return cls([Problem(where, path, rule)])


class TooMuchError(ScenarioError):
    """The input is right and asks for too much: a longer run, or more memory, than there can be."""


class NoMemoryError(TooMuchError):
    """The memory of this machine does not suffice; another replication may need less of it."""


class LongRunWarning(UserWarning):
    """What is about to run takes long, or much memory."""


class ModelError(SimError):
    """A run broke down, or an invariant of its own model. The message says how to reproduce it."""

    def __init__(
        self,
        rule: str,
        *,
        scenario: str,
        seed: int,
        replication: int,
        time: float,
        variant: str = "",
    ) -> None:
        self.rule, self.variant = rule, variant
        self.scenario, self.seed, self.replication, self.time = scenario, seed, replication, time
        super().__init__(
            f"{rule}; please report it with the scenario file: "
            f"{scenario}, seed {seed}, replication {replication}, t = {time:g} s"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        """So that it reaches the main process from a worker's."""
        made_again = partial(
            ModelError,
            self.rule,
            scenario=self.scenario,
            seed=self.seed,
            replication=self.replication,
            time=self.time,
            variant=self.variant,
        )
        return made_again, ()
