"""When rollouts and requests came to no good end, from rows made by hand."""

import math

import numpy as np
from kiosks import model, request
from perhaps_bad import shop

from sim.core.log import (
    ASKED,
    COMPLETED,
    FAILED,
    OPERATION,
    REFUSED,
    STUCK,
    UPGRADE_CANCELLED,
    UPGRADE_FAILED,
    UPGRADING,
    Recorder,
    Subjects,
    the_scenario,
)
from sim.core.stack import Stack
from sim.experiments.running.incidents import happened
from sim.simulation import Simulation

ONE = model(request(0, 10, "2"), request(1, 12, "3"))
OPERATIONS, UPGRADES = ONE.layout.first_operation, ONE.layout.first_upgrade
REFUSAL = REFUSED + OPERATION.width


def stack(*histories):
    """Replications, each as (time, subject, its next state)."""
    logs = []
    for number, rows in enumerate(histories):
        recorder, states = Recorder(), {}
        for time, subject, state in rows:
            recorder.record(time, subject, states.get(subject, 0), state, 0)
            states[subject] = state
        subjects = Subjects([the_scenario(), *ONE.blocks])
        logs.append(recorder.freeze(subjects, number, 3600.0, drew=True))
    return Stack(logs)


def found(what, *histories, rollouts=2):
    """When it happened in each; None where it did not."""
    when = happened(stack(*histories), {"lobby": rollouts})["lobby", what]
    return [None if math.isnan(each) else each for each in when.tolist()]


def test_the_first_refusal_counts():
    refused = [(600.0, OPERATIONS, ASKED), (720.0, OPERATIONS + 1, REFUSAL)]
    twice = [(900.0, OPERATIONS, REFUSAL), (700.0 + 300, OPERATIONS + 1, REFUSAL)]
    assert found("refused", refused, [], twice) == [720.0, None, 900.0]


def test_what_failed_is_timed_from_its_own_beginning():
    rows = [
        (600.0, UPGRADES, UPGRADING),
        (800.0, UPGRADES, COMPLETED),
        (900.0, UPGRADES + 1, UPGRADING),
        (1000.0, UPGRADES + 1, UPGRADE_FAILED),
    ]
    assert found("failed", rows, rows[:2]) == [100.0, None]
    assert found("cancelled", rows) == [None]


def test_what_was_cancelled_is_timed_from_its_own_beginning_and_has_not_failed():
    rows = [
        (600.0, UPGRADES, UPGRADING),
        (850.0, UPGRADES, UPGRADE_CANCELLED),
        (900.0, UPGRADES + 1, UPGRADING),
        (1000.0, UPGRADES + 1, COMPLETED),
    ]
    assert found("cancelled", rows, rows[2:]) == [250.0, None]
    assert found("failed", rows) == [None]


def test_what_is_stuck_at_the_end_is_and_what_was_cleared_is_not():
    stuck = [(600.0, UPGRADES, UPGRADING), (700.0, UPGRADES, STUCK)]
    cleared = [*stuck, (800.0, UPGRADES, UPGRADING), (900.0, UPGRADES, COMPLETED)]
    assert found("stuck", stuck, cleared) == [700.0, None]


def test_what_is_still_in_progress_is_not_over():
    rows = [(600.0, UPGRADES, UPGRADING)]
    assert found("not over", rows, [*rows, (900.0, UPGRADES, COMPLETED)]) == [600.0, None]


def test_what_was_accepted_and_has_not_begun_is_not_over():
    accepted = [(600.0, OPERATIONS, ASKED)]
    superseded = [*accepted, (700.0, OPERATIONS, FAILED)]
    begun = [*accepted, (700.0, UPGRADES, UPGRADING)]
    assert found("not over", accepted, superseded, begun) == [600.0, None, 700.0]


def test_an_update_of_the_platform_that_is_not_over_is_told_as_such():
    mine, platform = [(600.0, UPGRADES, UPGRADING)], [(700.0, UPGRADES + 1, UPGRADING)]
    waits, what = [(800.0, OPERATIONS + 1, ASKED)], "platform update not over"
    assert found("not over", mine, platform, waits, rollouts=1) == [600.0, None, None]
    assert found(what, mine, platform, waits, rollouts=1) == [None, 700.0, 800.0]
    assert found(what, mine, platform, waits) == [None, None, None]


def test_a_system_without_operations_has_no_incidents():
    assert happened(stack([]), {"another": 0}) == {}
    assert np.isnan(happened(stack([]), {"lobby": 2})["lobby", "refused"]).all()


def test_a_build_that_is_bad_is_so_from_the_start():
    logs = [Simulation(shop()).run(number) for number in range(30)]
    found = happened(Stack(logs), {"shop": 1})
    bad = found["shop", "bad build 2"]
    assert set(bad[~np.isnan(bad)]) == {0.0}
    assert 0 < np.isnan(bad).sum() < 30
    assert np.isnan(found["shop", "bad build 1"]).all()
