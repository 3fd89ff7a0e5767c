"""Spot nodes: when they are preempted, what becomes of their tasks, and as what they return."""

from __future__ import annotations

import math

import numpy as np
import pytest
from any_pool import LOAD, noted, pool, refused, scenario
from pool_story import NEW, NEWER, UPGRADE, reboot, resize, simulation, story, tasks

from sim.forecast.explanation import describe

SPOT = {"preemptions": {"per_hour": 0.5, "returns": "10min"}, "horizon": "3h", "run": 35}
"""Of two nodes node-0 is preempted once, at T, and node-1 never."""
T = 4422.0048828125
BACK = T + 600
FOR_EVER = SPOT | {"preemptions": {"per_hour": 0.5, "returns": "never"}}
OLD = "WA-GUEST-OS-5.30_201904-01"


# When ---------------------------------------------------------------------------------------------


def test_a_node_is_preempted_and_returns_and_its_task_starts_anew():
    """The only task of an hour runs on node-0 from 3,600 s on: by then 822 s of it are lost."""
    told = story(nodes=1, **SPOT, **tasks((3600, 3600)))
    assert told.statuses("node-0") == [(T, "preempted"), (BACK, "idle")]
    assert told.runs()[0] == [
        ("node-0", 3600, T, "active"),
        ("node-0", BACK, BACK + 3600, "completed"),
    ]
    assert told.measure("requeues") == told.measure("tasks_requeued") == 1
    assert told.measure("lost_task_hours") == (T - 3600) / 3600
    assert told.measure("downtime") == 600
    assert told.measure("capacity_hours_lost") == 600 / 3600


def test_its_task_goes_to_another_node_and_its_start_task_runs_when_it_returns():
    told = story(**SPOT, start_task="2min", **tasks((3600, 3600)))
    assert told.runs()[0] == [
        ("node-0", 3600, T, "active"),
        ("node-1", T, T + 3600, "completed"),
    ]
    steps = [(T, "preempted"), (BACK, "waitingforstarttask"), (BACK + 120, "idle")]
    assert told.statuses("node-0") == steps


def test_a_node_that_never_returns_stays_preempted():
    told = story(**FOR_EVER)
    assert told.statuses("node-0") == [(T, "preempted")]
    assert told.measure("capacity_hours_lost") == (3 * 3600 - T) / 3600
    assert told.status(T)["nodeStates"] == {"idle": 1, "preempted": 1}
    assert told.status(T)["currentLowPriorityNodes"] == 2
    assert "currentDedicatedNodes" not in told.status(T)


def test_they_come_at_the_same_moments_whatever_else_happens():
    """What is out then is spared; all others are as without."""
    spot = {"nodes": 20, "horizon": "12h", "preemptions": {"per_hour": 0.5, "returns": "5min"}}

    def moments(*asked, **more):
        told = story(*asked, **spot, **more)
        return {
            (node, time)
            for node in range(20)
            for time, status in told.statuses(f"node-{node}")
            if status == "preempted"
        }

    calm = moments()
    assert 80 < len(calm) < 160
    busy = moments((3600, UPGRADE), work=LOAD, node_upgrade="20min", max_concurrent=5)
    assert busy < calm
    failing = moments(failures={"per_year": 2000, "recovery": "20min"})
    assert failing < calm


@pytest.mark.parametrize(("per_hour", "minutes"), [(0.5, 30), (6, 10)])
def test_nodes_are_there_for_the_share_of_time_of_an_alternating_renewal_process(per_hour, minutes):
    """Up for 1 / rate in the mean, out for a fixed time."""
    spec = {"per_hour": per_hour, "returns": f"{minutes}min"}
    told = story(nodes=400, horizon="5d", preemptions=spec)
    share = 1 / (1 + per_hour * minutes / 60)
    assert told.measure("mean_capacity") == pytest.approx(share, abs=0.004)
    assert pool(preemptions=spec).preemptions.share_there(0.0) == pytest.approx(share)


def test_of_nodes_that_never_return_an_exponential_share_is_left():
    spec = {"per_hour": 0.1, "returns": "never"}
    told = story(nodes=4000, horizon="10h", preemptions=spec)
    assert told.measure("min_capacity") == pytest.approx(math.exp(-1), abs=0.02)
    assert pool(preemptions=spec).preemptions.share_there(36000.0) == pytest.approx(math.exp(-1))


# Upgrades -----------------------------------------------------------------------------------------


def test_an_upgrade_passes_over_a_preempted_node_and_it_returns_at_the_new_version():
    told = story((T + 60, UPGRADE), **SPOT)
    assert told.taken == {"node-1": T + 60}
    assert told.measure("rollout_duration") == 60
    assert told.about("node-0")[1:] == [
        "5022 node-0 preempted/5.30 -> idle/5.31 because preemptions"
    ]
    assert told.measure("updated_share") == 1


def test_a_node_that_is_preempted_before_its_turn_leaves_the_upgrade():
    """It would go at T + 30, as node-1 is taken first; what is wanted last holds at its return."""
    spec = {"order": "idle_first", "node_upgrade": "60s", **tasks((3600, 9000))}
    other = {"upgrade_os": {"target_os_version": NEWER}}
    told = story((T - 30, UPGRADE), (T + 200, other), **SPOT, **spec)
    assert told.taken == {"node-1": T - 30}
    assert told.request("upgrade_os-1") == ("Succeeded", 202, "")
    assert told.status(T)["nodeVersions"] == {OLD: 2}
    assert told.status(BACK)["nodeVersions"] == {NEWER: 2}


def test_an_upgrade_does_not_wait_for_a_node_that_is_preempted_while_it_drains():
    interruptions = {"on_upgrade": "taskcompletion"}
    told = story((4000, UPGRADE), **SPOT, interruptions=interruptions, **tasks((3600, 9000)))
    assert told.statuses("node-0") == [
        (4000, "running (scheduling disabled)"),
        (T, "preempted"),
        (BACK, "idle"),
    ]
    assert told.taken == {"node-1": T}
    assert told.status(BACK)["nodeVersions"] == {NEW: 2}


def test_a_preempted_node_that_does_not_return_is_not_in_scope():
    told = story((T + 60, UPGRADE), **FOR_EVER)
    assert told.measure("finished") == told.measure("updated_share") == 1
    assert told.measure("rollout_duration") == 60
    assert told.series("up_to_date")[-1][1] == 1


# Requests -----------------------------------------------------------------------------------------


def test_a_reboot_that_waits_for_a_preempted_node_has_failed():
    work = tasks((3600, 9000))
    told = story((4000, reboot("node-0", "taskcompletion")), **SPOT, **work)
    row = told.operation("reboot_node-0")
    assert (row["status"], row["ended_s"]) == ("Failed", T)
    assert row["message"] == "node-0 was preempted while this waited for its tasks"


def test_nothing_can_be_asked_of_a_preempted_node():
    told = story((T + 1, reboot("node-0")), (T + 2, reboot("all")), **SPOT)
    assert told.request("reboot_node-0") == ("Refused", 409, "OperationNotValidOnNode")
    assert told.operation("reboot_node-1")["message"] == (
        "node-0 is in state preempted: allowed in idle, running, starttaskfailed; the others took "
        "it"
    )


def test_it_returns_with_its_scheduling_enabled():
    disable = {"disable_scheduling": {"node": "node-0"}}
    told = story((4000, disable), (T + 1, disable), **SPOT)
    assert told.statuses("node-0") == [(4000, "offline"), (T, "preempted"), (BACK, "idle")]
    assert told.request("disable_scheduling-1") == ("Refused", 409, "OperationNotValidOnNode")


@pytest.mark.parametrize("option", ["taskcompletion", "retaineddata"])
def test_a_node_that_was_to_leave_has_left(option):
    """Nodes with the highest numbers go: the pool is of one node, which is to have none."""
    work = tasks((0, 60), (0, 60), (3600, 9000))
    told = story((4000, resize(0, option)), nodes=1, task_slots_per_node=2, **SPOT, **work)
    assert told.statuses("node-0")[-2:] == [(T, "preempted"), (T, "absent")]
    assert told.operation("resize-0")["ended_s"] == T


def test_a_resize_counts_preempted_nodes_and_may_remove_them():
    told = story((T + 60, resize(3)), (T + 400, resize(0)), **FOR_EVER)
    assert [told.statuses("node-2")[0], told.statuses("node-0")[-1]] == [
        (T + 60, "creating"),
        (T + 400, "absent"),
    ]


# What is said of them -----------------------------------------------------------------------------


def test_explain_says_what_befalls_spot_nodes():
    told = describe(simulation(horizon="3h", preemptions=SPOT["preemptions"]))
    assert (
        "Spot nodes: each is preempted 0.5 times an hour in service and returns after 10min; a task "
        "on it goes back to the front of the queue and starts again from the beginning; 92.3 % of "
        "them are there in the mean (the mean case has no preemptions)."
    ) in told
    told = describe(simulation(horizon="3h", preemptions=FOR_EVER["preemptions"]))
    assert "and never returns; a task" in told
    assert "22.3 % of them are left at the end (the mean case has no preemptions)." in told


def test_what_is_hardly_meant_is_noted():
    spot = {"per_hour": 1, "returns": "1h"}
    (note,) = noted(preemptions=spot, work=LOAD)
    assert note == (
        "systems.p.work: the offered load is 80 % of the pool's slots, more than preemptions leave (50 %): "
        "the queue grows without end"
    )
    assert noted(preemptions=spot, work=LOAD | {"load": "40%"}) == []
    (note,) = noted(preemptions=spot | {"returns": "never"}, work=LOAD)
    assert "more than preemptions leave in the end (0 %): the queue grows" in note
    assert noted(preemptions={"per_hour": 0.001, "returns": "never"}, work=LOAD) == []  # in a day
    (note,) = noted(preemptions={"per_hour": 0, "returns": "1h"})
    assert note == "systems.p.preemptions: changes nothing: per_hour is 0"


def test_that_a_preempted_node_returns_as_a_new_one_is_an_assumption():
    line = "a preempted node returns at the version that the pool is to have"
    assert line in scenario(UPGRADE, preemptions=SPOT["preemptions"]).assumptions
    assert line not in scenario(UPGRADE).assumptions
    assert line not in scenario(UPGRADE, preemptions=FOR_EVER["preemptions"]).assumptions


def test_preemptions_need_a_rate_and_a_return():
    told = "systems.p.preemptions: missing key returns"
    assert refused(preemptions={"per_hour": 1})[0].startswith(told)
    (told,) = refused(preemptions={"per_hour": 1, "returns": "forever"})
    assert told.startswith("systems.p.preemptions.returns: ")


@pytest.mark.parametrize("returns", ["10min", "never"])
def test_what_a_run_costs_is_foreseen(returns):
    spot = {"per_hour": 0.5, "returns": returns}
    made = simulation(nodes=100, horizon="12h", preemptions=spot)
    rows = sum(part.rows for part in made.kinds["p"].parts(made.models["p"]))
    mean = np.mean([len(made.run(k).rows) for k in range(3)])
    assert rows / 3 < mean < 3 * rows


def test_a_pool_without_them_has_no_state_of_theirs():
    assert ("by_state:preempted", "") not in simulation().models["p"].series()
    spot = simulation(preemptions=SPOT["preemptions"])
    assert ("by_state:preempted", "") in spot.models["p"].series()
