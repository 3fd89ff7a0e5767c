"""What a run shows of a scale set's instances and upgrades, to those who check it."""

from __future__ import annotations

import numpy as np
from set_log import IMAGE, WALK, ScaleSet

from sim.systems.vm_scale_set.history import History
from sim.systems.vm_scale_set.requests import UpdateModel

MANUAL = {"upgrade_policy": {"mode": "manual"}}


def history(*texts, requests=(IMAGE,), **spec):
    hand_made = ScaleSet(*requests, **spec)
    return History(hand_made.model.layout, hand_made.stack(*texts))


def test_rows_are_by_replication_and_instance():
    found = history(WALK, WALK)
    assert found.number.tolist() == [0, 0, 0, 1, 1, 1] * 2
    assert found.replication.tolist() == [0] * 6 + [1] * 6
    assert found.time.tolist() == [100, 180, 240, 300, 380, 440] * 2
    assert found.place.tolist() == [0, 3, 6, 9]
    assert found.course.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]


def test_what_a_batch_does_is_for_its_upgrade():
    found = history("", WALK)
    assert [found.reason_name(each) for each in found.reason.tolist()] == ["update_model-0"] * 2


def test_instances_settle_when_they_are_healthy():
    found = history(WALK + "700 w_0 -> deleting because the scenario")
    time, healthy = found.settled(found.place)
    assert time.tolist() == [240, np.inf, 440]
    assert healthy.tolist() == [True, False, True]
    assert found.overtaken.tolist()[0] == 700


def test_a_state_before_a_row_is_that_of_its_replication():
    found = history("", WALK)
    rows = np.searchsorted(found.stack.time, [99, 181])
    one, first = np.ones(2, np.int64), np.zeros(2, np.int64)
    assert found.code_before(one, first, rows).tolist() == [1, found.new[1]]
    assert found.code_before(one, one, rows).tolist() == [1, 1]


def test_the_model_wanted_is_that_of_the_last_row_before():
    found = history(WALK, "")
    rows = np.searchsorted(found.stack.time[: found.stack.start[1]], [100, 101, 1000])
    assert found.wanted(rows, np.array([0, 0, 1])).tolist() == [0, 1, 0]


def test_a_rolling_upgrade_is_on_from_its_beginning_to_its_end():
    found = history("", WALK)
    rolling = found.rolling
    assert (rolling.since.tolist(), rolling.until.tolist()) == ([100], [440])
    rows = np.array([0, rolling.begin[0], rolling.end[0] - 1, rolling.end[0]])
    assert rolling.at(rows, found.stack.replication[rows]).tolist() == [-1, 0, 0, -1]
    assert history("").rolling.at(rows, rows).tolist() == [-1] * 4


def test_accepted_requests_are_told_by_kind():
    found = history(WALK)
    assert found.stack.time[found.accepted(UpdateModel)].tolist() == [100]
    assert found.accepted().tolist() == []


def test_a_manual_upgrade_is_for_the_change_that_is_open():
    requests = (IMAGE, ("manual_upgrade", {"instances": [0]}))
    begun = """
        100 update_model-0 -> InProgress
        100 upgrade by update_model-0 -> upgrading
        100 model of w -> requested/2
        200 manual_upgrade-0 -> InProgress
        200 w_0 -> reimaging/2 because manual_upgrade-0
    """
    found = history(begun, requests=requests, **MANUAL)
    assert found.reason.tolist() == [0]
    ended = begun + "150 upgrade by update_model-0 -> completed"
    assert history(ended, requests=requests, **MANUAL).reason.tolist() == [1]
