"""Tiny runs told row by row: golden/NAME.yaml is the scenario, golden/NAME.txt its whole log."""

from __future__ import annotations

import pytest
from places import TESTS
from rewriting import REWRITES

from sim.core.stack import Stack
from sim.scenario import Scenario
from sim.simulation import Simulation

GOLDEN = TESTS / "golden"
STORIES = sorted(path.stem for path in GOLDEN.glob("*.yaml"))


def told(name):
    """The log of a story, one row a line; it passes the audit."""
    path = GOLDEN / f"{name}.yaml"
    simulation = Simulation(Scenario.from_text(path.read_text("utf-8"), path.name))
    log = simulation.run()
    stack = Stack([log])
    assert stack.audit() is None
    assert all(model.audit(stack) is None for model in simulation.models.values())
    return log.lines()


@pytest.mark.parametrize("name", STORIES)
def test_a_story_is_told_as_before(name):
    lines = told(name)
    expected = GOLDEN / f"{name}.txt"
    if REWRITES:
        expected.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    assert lines == expected.read_text("utf-8").splitlines()


def test_every_story_has_its_log_and_says_what_it_tells():
    assert sorted(path.stem for path in GOLDEN.glob("*.txt")) == STORIES
    assert all((GOLDEN / f"{name}.yaml").read_text("utf-8").startswith("# ") for name in STORIES)


def test_expected_texts_are_not_written_by_accident():
    assert not REWRITES, "they were written again: read their difference"
