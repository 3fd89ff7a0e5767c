"""Text from files, names of files and words of a shell: shown escaped and shortened everywhere."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from shells import CERTAIN

from sim.core.errors import Problem, ScenarioError
from sim.scenario import Scenario

CLEAR = "\x1b[2J"
HOSTILE = (CLEAR, "\x00", "\nmet: all is well", "\x9b2J", "\u202e", "\r")
WRITTEN = r'"a\e[2J\0\nmet: all is well\x9b2J\u202e\r"'
"""The same in YAML."""


def harmless(text):
    return all(c == "\n" or c.isprintable() for c in text) and "\nmet: all is well" not in text


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("name: shop-build-42", f"name: {WRITTEN}"),
        ("WebRole:", f"{WRITTEN}:"),
        ("WebRole: {", f"WebRole: {{{WRITTEN}: 1, "),
        ("kind: cloud_service", f"kind: {WRITTEN}"),
        ("horizon: 6h", f"horizon: {WRITTEN}"),
        ('build: "42"', f'build: "42", mode: {WRITTEN}'),
        ('build: "42"', f'build: "42", role_to_upgrade: {WRITTEN}'),
        ("metric: min_capacity", f"metric: {WRITTEN}"),
        ("restart: 2min", f"restart: {{empirical: {{csv: {WRITTEN}, column: s}}}}"),
        ("restart: 2min", f"restart: {{{WRITTEN}: 1}}"),
        ("objectives:", f"variants: {{a: {{{WRITTEN}: 1}}, {WRITTEN}: {{}}}}\nobjectives:"),
        ("  shop:", f"  {WRITTEN}:"),
    ],
)
@pytest.mark.parametrize("more", [(), ("--json",)])
def test_control_characters_of_a_file_reach_no_terminal(old, new, more, shell):
    Path("hostile.yaml").write_text(CERTAIN.replace(old, new), "utf-8")
    code, out, err = shell("run", "hostile.yaml", "--no-files", *more)
    assert code == 2
    assert harmless(out)
    assert harmless(err)
    assert "[2J" in err  # it is told, escaped


@pytest.mark.skipif(os.name == "nt", reason="no such names there")
def test_control_characters_in_the_name_of_a_file_reach_no_terminal(shell):
    name = f"a{CLEAR}\nmet: all is well.yaml"
    Path(name).write_text(CERTAIN.replace("name: shop-build-42\n", ""), "utf-8")
    for command in ("validate", "explain", "run"):
        code, out, err = shell(command, name)
        assert (code, harmless(out), harmless(err)) == (0, True, True)
    (made,) = Path("results").iterdir()
    assert made.name.isprintable()
    again = Scenario.from_text((made / "scenario.resolved.yaml").read_bytes())
    assert again.name == "a-[2J-met- all is well".replace("met-", "met:")


@pytest.mark.parametrize(
    "words",
    [
        ("run", f"{CLEAR}.yaml"),
        ("run", "certain.yaml", f"--{CLEAR}"),
        ("run", "certain.yaml", "--set", f"{CLEAR}"),
        ("run", "certain.yaml", "--set", f"{CLEAR}=1"),
        ("run", "certain.yaml", "--variant", CLEAR),
        ("run", "certain.yaml", "--seed", CLEAR),
        ("run", "certain.yaml", "--out", f"certain.yaml/{CLEAR}"),
        (CLEAR,),
        ("new", CLEAR),
        ("keys", CLEAR),
    ],
)
def test_control_characters_of_a_shell_reach_no_terminal(words, shell):
    code, out, err = shell(*words)
    assert (code, out, harmless(err)) == (2, "", True)


def test_message_in_python_is_one_printable_line():
    (line,) = str(ScenarioError([Problem("f", "", f"got {''.join(HOSTILE)}")])).splitlines()
    assert line.isprintable()


def test_refused_text_is_shortened(shell):
    long = "x" * 10_000
    for old, new in (
        ("name: shop-build-42", f"name: {long}"),
        ("WebRole:", f"{long}:"),
        ("kind: cloud_service", f"kind: {long}"),
        ("metric: min_capacity", f"metric: {long}"),
        ("restart: 2min", f"restart: {{{long}: 1}}"),
        ('build: "42"', f'build: "42", label: {long}'),
    ):
        Path("long.yaml").write_text(CERTAIN.replace(old, new), "utf-8")
        code, _, err = shell("run", "long.yaml", "--no-files")
        assert code == 2
        assert max(map(len, err.splitlines())) < 1_000


def test_name_of_a_long_file_is_cut():
    scenario = Scenario.from_text(CERTAIN.replace("name: shop-build-42\n", ""), f"{'x' * 240}.yaml")
    assert scenario.name == "x" * 80
    assert Scenario.from_text(scenario.to_yaml()).name == scenario.name


# Files that a scenario names -----------------------------------------------------------------------
