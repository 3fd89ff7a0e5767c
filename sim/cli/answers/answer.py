"""What a command says and its exit code."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sim.cli.options.arguments import PROGRAM

if TYPE_CHECKING:
    from collections.abc import Sequence

MET, MISSED, WRONG_INPUT, INTERNAL_ERROR, UNDECIDED, NOT_SAVED, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130
"""Exit codes, as the help explains them."""


@dataclass(frozen=True)
class Answer:
    """What a command says on stdout and on stderr, and its exit code."""

    text: str = ""
    code: int = MET
    notes: tuple[str, ...] = ()
    """Lines for stderr: why the code is not that of the answer."""


def not_written(reason: str) -> str:
    """What is told where stdout takes no answer."""
    return f"the answer cannot be written: {reason}"


def command_line(words: Sequence[str]) -> str:
    """What the user typed, as a shell takes it."""
    return shlex.join([PROGRAM, *words])
