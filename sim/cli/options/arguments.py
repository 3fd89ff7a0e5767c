"""Arguments of a command line: errors in them are reported in one line, with a suggestion."""

from __future__ import annotations

import argparse
import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NoReturn

from sim.cli.options.helping import epilog, grouped
from sim.core.errors import ScenarioError

if TYPE_CHECKING:
    from collections.abc import Callable

PROGRAM = "rollout-sim"

WHY_NOT = {
    ("explain", "junit"): "it judges nothing that could fail; validate does",
    ("report", "junit"): "it judges nothing; the command that wrote the folder does",
}
"""Command and choice -> why there is no such one, where one might look for it."""


class Parser(argparse.ArgumentParser):
    """Tells what is wrong in one line, as everything else does, and suggests what was meant."""

    def __init__(self, *, more: Callable[[], str] = str, **settings: Any) -> None:
        """`more` gives what stands below the help, and is only called where that is shown."""
        super().__init__(
            **settings,
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        self._more = more

    def format_help(self) -> str:
        if self.prog == PROGRAM:
            return super().format_help()
        formatter = self._get_formatter()
        formatter.add_usage(self.usage, self._actions, self._mutually_exclusive_groups)
        formatter.add_text(self.description)
        for heading, actions in grouped(self._actions):
            formatter.start_section(heading)
            formatter.add_arguments(actions)
            formatter.end_section()
        name = self.prog.removeprefix(f"{PROGRAM} ")
        formatter.add_text(epilog(name, self._actions, self.epilog))
        return formatter.format_help() + self._more()

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Take no argument that is not known: the command itself, not its parent, tells of it."""
        known, unknown = super().parse_known_args(args, namespace)
        if unknown:
            meant = get_close_matches(unknown[0], self._option_string_actions, n=1, cutoff=0.7)
            hint = f"; did you mean {meant[0]}?" if meant else self._help
            if self.prog == PROGRAM and unknown[0].startswith("-"):
                hint = ": options go after the command"
            raise ScenarioError.of(f"unknown argument {unknown[0]}{hint}", where=self.prog)
        return known, unknown

    def error(self, message: str) -> NoReturn:
        wrong = re.fullmatch(r"(.*): invalid choice: '(.*)' \(choose from (.*)\)", message)
        if wrong is None:
            raise ScenarioError.of(f"{message}{self._help}", where=self.prog)
        choices = wrong[3].replace("'", "").split(", ")
        meant = get_close_matches(wrong[2], choices, n=1)
        hint = f"; did you mean {meant[0]}?" if meant else ""
        if wrong[2].endswith((".yaml", ".yml")):
            hint = f"; did you mean {PROGRAM} run {wrong[2]}?"
        why = WHY_NOT.get((self.prog.removeprefix(f"{PROGRAM} "), wrong[2]))
        hint = f": {why}" if why else hint
        rule = f"{wrong[1]}: must be {', '.join(choices[:-1])} or {choices[-1]}, got {wrong[2]}"
        raise ScenarioError.of(f"{rule}{hint}", where=self.prog)

    @property
    def _help(self) -> str:
        return f" (see {self.prog} --help)"


def whole(least: int) -> Callable[[str], int]:
    """Reads a whole number that is not too small."""

    def convert(text: str) -> int:
        if not re.fullmatch("[0-9]{1,15}", text, re.ASCII) or int(text) < least:
            raise argparse.ArgumentTypeError(
                f"must be a whole number, {least} or more, got {text or 'nothing'}"
            )
        return int(text)

    return convert
