"""Completion of commands and options in a shell: a script that shtab makes, once.

It is made when it is asked for and costs nothing at any other start.
"""

from __future__ import annotations

import argparse
import sys
from typing import Any

from sim.core.errors import ScenarioError

SHELLS = ("bash", "zsh", "tcsh")

FILES = ("file",)
FOLDERS = ("folder", "out")
"""Arguments that name a file, or a folder."""


class PrintCompletion(argparse.Action):
    """Prints the script and ends, as --version does."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,  # noqa: ARG002
        values: Any,
        option_string: str | None = None,
    ) -> None:
        sys.stdout.write(script(parser, values, f"{parser.prog} {option_string}"))
        parser.exit()


def script(parser: argparse.ArgumentParser, shell: str, where: str) -> str:
    """The completion of a parser's commands and options for a shell.

    Raises
    ------
    ScenarioError
        Where shtab is not installed; `where` is said to need it.
    """
    try:
        import shtab  # noqa: PLC0415  (an optional extra)
    except ImportError as error:
        rule = "needs shtab, which is not installed: pip install 'rollout-sim[completion]'"
        raise ScenarioError.of(rule, where=where) from error
    for action in _actions(parser):
        if action.dest in FILES:
            action.complete = shtab.FILE  # type: ignore[attr-defined]
        elif action.dest in FOLDERS:
            action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
    made: str = shtab.complete(parser, shell)
    return f"{made.rstrip()}\n"


def _actions(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """Its arguments and those of its commands."""
    found = list(parser._actions)  # noqa: SLF001  (argparse tells of them in no other way)
    for action in parser._actions:  # noqa: SLF001
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            found += [each for command in action.choices.values() for each in _actions(command)]
    return found
