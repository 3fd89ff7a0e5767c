"""What is wrong, as lines for people and as data for programs."""

from __future__ import annotations

import re
import traceback
from typing import TYPE_CHECKING, Any

from sim.cli.answers import streams
from sim.cli.answers.answer import command_line
from sim.cli.options.arguments import PROGRAM
from sim.core.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_PLACE = re.compile(r"(.*):([0-9]+):([0-9]+)", re.DOTALL)
_GOT = re.compile(r"(.*?), got:? (.*?)((?:; (?:did you mean|known:|--overwrite) .*)?)", re.DOTALL)

_SHELL_WORDS = {"overwrite=True": "--overwrite", "force=True": "--force", "resume=True": "--resume"}
"""What a message calls an argument of Python, and what the same is called in a shell."""


def lines(problems: Iterable[Problem]) -> list[str]:
    """One line each. Whatever has no place is about the command itself."""
    return [
        _in_shell_words(str(each) if each.where or each.path else f"{PROGRAM}: {each}")
        for each in problems
    ]


def data(problems: Sequence[Problem]) -> list[dict[str, Any]]:
    """file, line, column, path, rule and got of each; None where there is none."""
    return [_datum(each) for each in problems]


def _datum(problem: Problem) -> dict[str, Any]:
    place = _PLACE.fullmatch(problem.where)
    about_options = problem.where.partition(" ")[0] == PROGRAM
    said = _GOT.fullmatch(_in_shell_words(problem.rule))
    return {
        "file": None if about_options else (place[1] if place else problem.where) or None,
        "line": int(place[2]) if place else None,
        "column": int(place[3]) if place else None,
        "path": problem.path or None,
        "rule": f"{said[1]}{said[3]}" if said else _in_shell_words(problem.rule),
        "got": said[2] if said else None,
    }


def _in_shell_words(said: str) -> str:
    for python, shell in _SHELL_WORDS.items():
        said = said.replace(python, shell)
    return said


def surprise(error: Exception, words: Sequence[str]) -> list[Problem]:
    """Whatever form the answer has, stderr gets the traceback: a report needs it."""
    streams.tell(line for each in traceback.format_exception(error) for line in each.splitlines())
    what = f"{type(error).__name__}: {error}; please report it with the scenario file"
    return internal(what, words)


def internal(what: str, words: Sequence[str]) -> list[Problem]:
    """A fault of the program, and the command that met it."""
    said = (f"internal error: {what}", f"the command was: {command_line(words)}")
    return [Problem("", "", each) for each in said]
