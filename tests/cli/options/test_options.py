"""Commands and their options: help, versions, and what an option refuses."""

from __future__ import annotations

import re

import pytest
from shells import python

from sim.cli import commands as cli


@pytest.mark.parametrize("words", ["--help", "run --help", "--version", "rnu", "run x --sed 1"])
def test_help_and_wrong_options_import_nothing_heavy(words, tmp_path):
    code = f"""
import sys
from sim.cli import main
main({words.split()})
heavy = {{"numpy", "pydantic", "scipy", "pandas", "matplotlib", "yaml", "pyarrow", "simpy"}}
print(*sorted(heavy & set(sys.modules)), file=sys.stderr)
"""
    done = python("-c", code, cwd=tmp_path)
    assert done.stderr.splitlines()[-1] == ""


@pytest.mark.parametrize("command", cli.COMMANDS)
def test_every_command_has_help(command, shell):
    code, out, err = shell(command, "--help")
    assert (code, err) == (0, "")
    assert out.startswith(f"usage: rollout-sim {command}")


def test_help_names_every_command_and_exit_code(shell):
    _, out, _ = shell("--help")
    assert all(re.search(rf"\n    {command}\s", out) for command in cli.COMMANDS)
    assert [line.split()[0] for line in out.split("exit codes:\n")[1].splitlines()] == [
        *("0", "1", "2", "3", "4", "5", "130")
    ]


def test_wrong_option_or_help_is_no_reason_to_look_for_shtab(tmp_path):
    code = "import sys; from sim.cli import main; main(['run', '--help']); print('shtab' in sys.modules)"
    assert python("-c", code, cwd=tmp_path).stdout.splitlines()[-1] == "False"


def test_version_is_that_of_the_package(shell):
    assert shell("--version") == (0, "rollout-sim 0.1.0\n", "")


@pytest.mark.parametrize("seed", ["-1", "9223372036854775808", "1e3", "x"])
def test_seed_is_refused_alike_by_each_option(shell, seed):
    rule = f"seed: must be a whole number from 0 to 2^63 - 1, got {seed}\n"
    assert shell("run", "certain.yaml", "--seed", seed)[::2] == (2, f"--seed: {rule}")
    assert shell("run", "certain.yaml", "--set", f"seed={seed}")[::2] == (2, f"--set: {rule}")
