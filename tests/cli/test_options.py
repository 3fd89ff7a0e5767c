"""Commands and their options: help, and what is said of those that do not exist."""

from __future__ import annotations

import json
import re

import pytest
from shells import python

from sim.cli import commands as cli
from sim.cli.options import asked_format


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


@pytest.mark.parametrize("words", [["run"], ["run", "x.yaml", "--sed", "1"], ["rnu"]])
def test_wrong_options_are_data_under_json(words, shell):
    code, out, _ = shell(*words, "--json")
    assert code == 2
    assert json.loads(out)["problems"][0]["rule"]


def test_problem_with_an_option_has_no_file(shell):
    out = shell("run", "certain.yaml", "--json", "--seeds", "1")[1]
    assert json.loads(out)["problems"][0]["file"] is None


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--quiet", "run", "certain.yaml"], "--quiet: options go after the command"),
        (["certain.yaml"], "; did you mean rollout-sim run certain.yaml?"),
    ],
)
def test_words_in_the_wrong_order_are_told_the_right_one(words, told, shell):
    code, _, err = shell(*words)
    assert (code, err.rstrip().endswith(told)) == (2, True)


# Forms of the answer


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--json", "--format", "markdown"], "--format: must be asked for alone, got json too"),
        (["--format", "junit", "--json"], "--json: must be asked for alone, got junit too"),
        (["--format", "xml"], "--format: must be text, json, markdown or junit, got xml"),
    ],
)
def test_form_of_the_answer_is_one_that_there_is(words, told, shell):
    code, _, err = shell("run", "certain.yaml", *words)
    assert code == 2
    assert err.startswith(f"rollout-sim run: argument {told}")


def test_what_makes_no_replications_has_no_test_cases(shell):
    code, _, err = shell("validate", "certain.yaml", "--format", "junit")
    assert code == 2
    assert err.startswith(
        "rollout-sim validate: argument --format: must be text or json, got junit"
    )


@pytest.mark.parametrize(
    ("words", "form"),
    [
        ("run x --json", "json"),
        ("run x --format=junit --sed", "junit"),
        ("run x --format markdown", "markdown"),
        ("run x --format xml", "text"),
        ("run x --format", "text"),
        ("run x", "text"),
    ],
)
def test_form_is_known_also_where_other_words_are_wrong(words, form):
    assert asked_format(words.split()) == form
