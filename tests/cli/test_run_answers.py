"""The answers of run and compare, which nobody imports before there are replications."""

from __future__ import annotations

import subprocess
import sys

import pytest
from places import SCENARIOS

UNTIL_REPLICATIONS = """
import os, sys
from sim.cli import main
from sim.results import runs

def stop(*_, **__):
    print("imported" if "sim.cli.run_answers" in sys.modules else "not imported", flush=True)
    os._exit(0)

runs.run = runs.compare = stop
main(sys.argv[1:])
"""


@pytest.mark.parametrize("command", ["run", "compare"])
def test_replications_begin_before_their_answer_is_imported(command):
    words = [command, str(SCENARIOS / "three-modes.yaml"), "--no-files"]
    done = subprocess.run(
        [sys.executable, "-c", UNTIL_REPLICATIONS, *words],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "not imported\n"


def test_the_answer_of_a_run_shows_its_first_replication(shell):
    out = shell("run", "certain.yaml", "--no-files")[1]
    assert "done in          10min" in out.splitlines()


def test_the_answer_of_a_comparison_names_the_best(shell):
    out = shell("compare", str(SCENARIOS / "three-modes.yaml"), "--no-files")[1]
    assert "\nbest: auto or manual, which meet every objective" in out
