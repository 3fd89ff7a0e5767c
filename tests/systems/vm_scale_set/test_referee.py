"""Scale sets at random, row by row against a slow run of the same rules."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scale_set_referee import ScaleSet
from scale_set_rows import changes, histories
from wild import often, simulation_of
from wild_scale_set import scenario

from sim.core.stack import Stack

sets = st.integers(0, 10**9).map(lambda seed: scenario(Random(seed)))


@often(300)
@given(sets, st.integers(0, 3))
@example(scenario(Random(151)), 0)  # a scale-out at the instant at which what is replaced is gone
@example(scenario(Random(156)), 0)  # an instance is restored whose failure takes longer
def test_every_row_is_that_of_the_slow_run(tree, replication):
    simulation = simulation_of(tree)
    log, slow = simulation.run(replication), ScaleSet(simulation, "s", replication)
    assert histories(simulation, log) == slow.history
    upgrades = changes(log, "upgrade")
    assert {name: [row[:2] for row in rows] for name, rows in upgrades.items()} == slow.upgrades
    assert changes(log, "operation") == slow.operations
    (batches,) = changes(log, "batch").values() or [[]]
    assert [row[:2] for row in batches] == slow.batches


@often(60)
@given(sets)
def test_the_metrics_are_those_of_the_slow_run(tree):
    simulation = simulation_of(tree)
    model = simulation.models["s"]
    values, ended = model.measure(Stack([simulation.run(0)]), 0.0)
    slow = ScaleSet(simulation, "s")
    rollouts = model.layout.upgrades[: model.layout.rollouts]
    assert ended.tolist() == [all(map(slow.keeps_promises, rollouts))]
    expected = slow.metrics
    expected = {name: value for name, value in expected.items() if ("", name) in values}
    found = {name: float(values["", name][0]) for name in expected}
    assert found == pytest.approx(expected, nan_ok=True)
    assert np.isfinite(found["min_capacity"])


def test_what_the_rules_are_about_happens_to_the_sets_at_random():
    """So that an equal run says something: each status, and each end, is met."""
    statuses, ends = set(), set()
    for seed in range(150):
        slow = ScaleSet(simulation_of(scenario(Random(seed))), "s")
        statuses |= {row[1] for rows in slow.history.values() for row in rows}
        ends |= {rows[-1][1:] for rows in slow.operations.values()}
        ends |= {(status,) for rows in slow.upgrades.values() for _, status in rows}
    assert len(statuses) == 12
    assert {(each,) for each in ("completed", "cancelled", "superseded", "failed")} <= ends
    assert ("rolling_back",) in ends
    assert {rule for status, rule in (each for each in ends if len(each) == 2)} == {
        "",
        "MaxUnhealthyInstancePercentExceededBeforeRollingUpgrade",
        "MaxUnhealthyInstancePercentExceededInRollingUpgrade",
        "MaxUnhealthyUpgradedInstancePercentExceededInRollingUpgrade",
        "cancelled",
        "instances protected",
        "instances unhealthy",
        "no image published",
        "no rolling upgrade in progress",
        "no such instance",
        "quota exceeded",
        "rolling upgrade in progress",
        "superseded",
    }
