"""A model as far as the states of its members tell, and what it is told of its run in advance."""

import pytest
from kiosks import log_of, model, request
from lanes import activity, bars
from screens import assert_screen

from sim.core.log import ASKED, SCENARIO, UPGRADING, Recorder, Subjects, the_scenario
from sim.core.stack import Stack
from sim.systems.base.model import DryRun, refused


@pytest.fixture(scope="module")
def kiosks():
    return model(request(0, 10, "2"), request(1, 12, "3"), request(2, 30, "2"))


@pytest.fixture(scope="module")
def log(kiosks):
    return log_of(kiosks)


def test_it_says_what_it_is(kiosks, log):
    assert (kiosks.size, kiosks.nominal) == ("2 kiosks", 2.0)
    assert kiosks.headlines == ("min_capacity", "capacity_hours_lost", "rollout_duration")
    assert "rollout_duration" not in model().headlines
    assert activity(kiosks, log).what == "kiosks"


def test_members_are_told_by_how_often_and_how_long_they_were_out(kiosks, log):
    first, second = kiosks.members(log)
    assert first == {
        "system": "lobby", "group": "", "kiosk": "kiosk-0", "status": "ready", "version": "2",
        "times_out": 2, "out_s": 600.0,
    }  # fmt: skip
    assert second["kiosk"] == "kiosk-1"


def test_status_is_that_of_the_instant(kiosks, log):
    assert kiosks.status(log, 599.0) == {"statuses": {"ready": 2}, "versions": {"as shipped": 2}}
    assert kiosks.status(log, 950.0) == {
        "statuses": {"ready": 1, "updating": 1},
        "versions": {"2": 1, "as shipped": 1},
    }


def test_lanes_are_ready_or_out(kiosks, log):
    first = [bar[1:] for bar in bars(kiosks, log) if bar[0] == "kiosk-0"]
    assert sorted(first) == [
        (0.0, 600.0, "ready"),
        (600.0, 900.0, "other"),
        (900.0, 1800.0, "ready"),
        (1800.0, 2100.0, "other"),
        (2100.0, 3600.0, "ready"),
    ]


def test_promises_are_kept_where_every_rollout_ends(kiosks, log):
    values, kept = kiosks.measure(Stack([log]), 0.0)
    assert (values["", "min_capacity"].tolist(), kept.tolist()) == ([0.5], [False])
    one = model(request(0, 10, "2"))
    assert one.measure(Stack([log_of(one)]), 0.0)[1].tolist() == [True]


def test_operations_are_told_in_order_of_time_with_the_answer(kiosks, log):
    assert_screen("explain/operations", kiosks.describe(DryRun(kiosks, log)))


def test_without_a_run_only_what_a_request_says_can_be_refused(kiosks):
    assert refused(kiosks.operations[1], None, None) is None
    anyway = kiosks.answer("no such version", None)
    assert refused(kiosks.operations[1], anyway, None) == (
        "will be refused: 409 Conflict: no such version; wait until it has ended"
    )


def test_what_moves_members_does_something(kiosks, log):
    dry = DryRun(kiosks, log)
    assert [dry.does_nothing(each) for each in kiosks.operations] == [False, False, False]


def test_what_is_accepted_and_moves_nobody_does_nothing():
    one, recorder = model(request(0, 10, "2")), Recorder()
    operation, upgrade = one.layout.first_operation, one.layout.first_upgrade
    recorder.record(600.0, operation, 0, ASKED, SCENARIO)
    recorder.record(600.0, upgrade, 0, UPGRADING, operation)
    log = recorder.freeze(Subjects([the_scenario(), *one.blocks]), 0, 3600.0, drew=False)
    assert DryRun(one, log).does_nothing(one.operations[0])
