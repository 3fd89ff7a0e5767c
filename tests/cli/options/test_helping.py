"""The help of each command: groups, an example that works, exit codes."""

from __future__ import annotations

import re
import shlex

import pytest

from sim.cli.commands import COMMANDS
from sim.cli.options.helping import (
    EXAMPLES,
    GROUPS,
    GUESSED,
    JUDGED,
    OWN,
    PLAIN,
    SEARCHED,
    exit_codes,
)
from sim.cli.options.options import parser


def headings(said):
    """The headings of a help, in order."""
    return re.findall(r"^(\w[\w ]*):$", said, re.MULTILINE)


def test_options_stand_in_groups(shell):
    said = shell("run", "--help")[1]
    assert headings(said) == [*GROUPS, "example", "exit codes"]
    results = said.partition("\nresults:\n")[2].partition("\n\n")[0]
    assert re.findall(r"^  (--[\w-]+)", results, re.MULTILINE) == [
        *("--out", "--overwrite", "--no-files", "--figures", "--keep")
    ]


def test_what_is_a_commands_own_comes_first(shell):
    said = shell("keys", "--help")[1]
    assert headings(said)[0] == OWN
    assert "--markdown" in said.partition("\n\nhelp:")[0]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_is_shown_once_and_every_exit_code_is_told(command, shell):
    said = shell(command, "--help")[1]
    usage, _, below = said.partition("\n\n")
    for option in set(re.findall(r"--[\w-]+", usage)):
        assert len(re.findall(rf"^  (?:-\w, )?{option}\b(?!-)", below, re.MULTILINE)) == 1
    assert "\nexit codes" in said
    if command in ("run", "compare"):
        assert exit_codes(JUDGED) in said
    if command in ("find", "assumptions"):
        assert exit_codes(SEARCHED if command == "find" else GUESSED) in said
    if command in ("new", "validate", "explain", "keys", "schema", "report"):
        assert exit_codes(PLAIN) in said


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_an_example_that_it_takes(command, shell):
    said = shell(command, "--help")[1]
    line, says = EXAMPLES[command]
    assert says
    assert said.count("\nexample") == 1
    words = shlex.split(line.partition(" > ")[0])
    assert parser().parse_args(words[1:]).command == command
