"""Upgrades of Batch pools: who is taken when, and when it is over. Small stories."""

from __future__ import annotations

import pytest
from pool_story import BAG, NEWER, UPGRADE, reboot, resize, story, tasks

PACES = ("waves", "rolling")
DRAIN = {"interruptions": {"on_upgrade": "taskcompletion"}}


def within(*windows):
    """The upgrade, in windows as pairs."""
    shown = [{"from": since, "to": until} for since, until in windows]
    return {"upgrade_os": UPGRADE["upgrade_os"] | {"windows": shown}}


# Pace


def test_a_wave_goes_when_all_of_the_one_before_are_back():
    told = story((50, UPGRADE), nodes=5, max_concurrent=2)
    by = "because upgrade by upgrade_os-0"
    assert told.lines == [
        "50 upgrade_os-0 absent -> InProgress because the scenario",
        "50 upgrade by upgrade_os-0 absent -> upgrading because upgrade_os-0",
        f"50 pool p active -> upgrading {by}",
        "50 upgrade_os-0 InProgress -> Succeeded because upgrade_os-0",
        f"50 node-0 idle/5.30 -> reimaging/5.30 {by}",
        f"50 node-1 idle/5.30 -> reimaging/5.30 {by}",
        f"110 node-0 reimaging/5.30 -> idle/5.31 {by}",
        f"110 node-1 reimaging/5.30 -> idle/5.31 {by}",
        f"110 node-2 idle/5.30 -> reimaging/5.30 {by}",
        f"110 node-3 idle/5.30 -> reimaging/5.30 {by}",
        f"170 node-2 reimaging/5.30 -> idle/5.31 {by}",
        f"170 node-3 reimaging/5.30 -> idle/5.31 {by}",
        f"170 node-4 idle/5.30 -> reimaging/5.30 {by}",
        f"230 node-4 reimaging/5.30 -> idle/5.31 {by}",
        f"230 upgrade by upgrade_os-0 upgrading -> completed {by}",
        f"230 pool p upgrading -> active {by}",
    ]
    assert told.wants == [
        f"50 target of p initial/5.30 -> requested/5.31 {by}",
        f"230 target of p requested/5.31 -> reached/5.31 {by}",
    ]


UNEVEN = {
    "nodes": 6,
    "max_concurrent": 2,
    "node_upgrade": {"uniform": {"low": "9s", "high": "99s"}},
}


def returns(told):
    """When nodes were back, in order of time."""
    names = [f"node-{number}" for number in range(6)]
    return [time for time, status in told.statuses(*names) if status == "idle"]


def test_a_wave_waits_for_its_slowest_node():
    told = story((50, UPGRADE), **UNEVEN)
    back = returns(told)
    assert told.times == [50, 50, back[1], back[1], back[3], back[3]]


def test_rolling_replaces_each_node_as_it_returns():
    told = story((50, UPGRADE), pace="rolling", **UNEVEN)
    assert told.times == [50, 50, *returns(told)[:4]]


@pytest.mark.parametrize("pace", PACES)
def test_a_pause_lies_between_a_return_and_what_is_taken_next(pace):
    told = story((50, UPGRADE), nodes=5, max_concurrent=2, pace=pace, pause="10s")
    assert told.times == [50, 50, 120, 120, 190]
    assert told.measure("rollout_duration") == 200  # none after the last


def test_a_pause_of_a_rolling_upgrade_is_each_nodes_own():
    told = story((50, UPGRADE), pace="rolling", pause="10s", **UNEVEN)
    assert told.times == [50, 50, *(back + 10 for back in returns(told)[:4])]


@pytest.mark.parametrize(("limit", "out"), [("20%", 2), ("5%", 1), ("100%", 11), (3, 3), (40, 11)])
def test_a_share_that_may_be_out_rounds_down_and_one_at_least_goes(limit, out):
    assert story((50, UPGRADE), nodes=11, max_concurrent=limit).times.count(50) == out


def test_the_limit_is_a_share_of_the_nodes_that_there_were_at_its_begin():
    asked = [(5, resize(4)), (50, UPGRADE), (60, resize(10))]
    told = story(*asked, nodes=10, max_concurrent="50%", create="10s")
    assert told.times == [50, 50, 110, 110]


@pytest.mark.parametrize("pace", PACES)
def test_no_node_is_taken_outside_the_windows_and_a_window_ends_before_its_end(pace):
    asked = within(("00:01", "00:03"), ("00:10", "00:11"))
    told = story((10, asked), nodes=4, pace=pace, horizon="2d")
    assert told.times == [60, 120, 600, 86400 + 60]
    assert told.rollouts_ended
    assert not story((10, asked), nodes=4, pace=pace).rollouts_ended


@pytest.mark.parametrize("pace", PACES)
def test_a_pause_that_ends_outside_the_windows_waits_for_the_next_one(pace):
    asked = within(("00:01", "00:04"), ("00:10", "00:11"))
    assert story((60, asked), pace=pace, pause="3min").times == [60, 600]


def test_a_window_that_closes_stops_nobody_who_drains_already():
    told = story((60, within(("00:01", "00:02"))), **DRAIN, **tasks((0, 300)))
    assert told.times == [300]


# Order


@pytest.mark.parametrize(
    ("order", "nodes"),
    [("number", [0, 1, 2, 3]), ("idle_first", [1, 3, 0, 2]), ("least_work_lost", [1, 3, 2, 0])],
)
@pytest.mark.parametrize("pace", PACES)
def test_nodes_go_by_number_or_idle_ones_first_or_those_that_lose_least(order, nodes, pace):
    """At 50 node-0 works since 0, node-2 since 2; the others are idle."""
    work = tasks((0, 900), (1, 20), (2, 900), (3, 20))
    taken = story((50, UPGRADE), nodes=4, order=order, pace=pace, **work).taken
    assert sorted(taken, key=taken.get) == [f"node-{number}" for number in nodes]


def test_a_node_that_drains_loses_nothing_so_the_number_decides():
    work = tasks((0, 200), (1, 20))
    told = story((50, UPGRADE), nodes=3, order="least_work_lost", **DRAIN, **work)
    assert told.times == [200, 260, 320]


def test_the_order_is_chosen_anew_at_each_taking():
    """At 50 node-1 is idle; at 110 node-2 is, while node-0 still works."""
    told = story((50, UPGRADE), nodes=3, order="idle_first", **tasks((0, 300), (1, 20), (2, 90)))
    assert told.times == [170, 50, 110]


def test_what_checkpoints_keep_is_not_lost():
    """At 125 node-0 would lose 25 s of its 125, node-1 35 of its 35."""
    told = story(
        (125, UPGRADE),
        order="least_work_lost",
        interruptions={"on_upgrade": "checkpoint"},
        checkpoint={"every": "50s"},
        **tasks((0, 900), (90, 900)),
    )
    assert told.times == [125, 185]


# Interruption


@pytest.mark.parametrize(
    ("mode", "runs", "lost"),
    [
        ("requeue", [(0, 70, "active"), (130, 230, "completed")], 70),
        ("terminate", [(0, 70, "failed")], 70),
        ("checkpoint", [(0, 70, "active (checkpointed)"), (130, 170, "completed")], 10),
        ("taskcompletion", [(0, 100, "completed")], 0),
    ],
)
def test_a_running_task_is_requeued_terminated_resumed_or_waited_for(mode, runs, lost):
    told = story(
        (70, UPGRADE),
        nodes=1,
        interruptions={"on_upgrade": mode},
        checkpoint={"every": "30s"},
        **tasks((0, 100)),
    )
    assert [run[1:] for run in told.runs()[0]] == runs
    assert told.measure("lost_task_hours") * 3600 == pytest.approx(lost)
    assert told.measure("requeues") == (mode in ("requeue", "checkpoint"))
    assert told.times == [100 if mode == "taskcompletion" else 70]


@pytest.mark.parametrize("mode", ["requeue", "terminate", "checkpoint"])
def test_without_running_tasks_every_mode_does_the_same(mode):
    work = tasks((0, 20), (400, 20))
    calm = story((50, UPGRADE), **DRAIN, **work)
    assert story((50, UPGRADE), interruptions={"on_upgrade": mode}, **work).lines == calm.lines


def test_a_drained_node_counts_as_out_from_when_it_takes_no_more_tasks():
    told = story((50, UPGRADE), **DRAIN, **tasks((0, 200), (1, 500), (60, 10)))
    assert told.statuses("node-0") == [
        (50, "running (scheduling disabled)"),
        (200, "reimaging"),
        (260, "idle"),
    ]
    assert told.times == [200, 501]
    assert told.runs()[2] == [("node-0", 260, 270, "completed")]


def test_a_wave_of_drained_nodes_waits_for_the_longest_task():
    told = story((50, UPGRADE), max_concurrent=2, **DRAIN, **tasks((0, 100), (0, 300)))
    assert told.times == [100, 300]
    assert told.measure("rollout_duration") == 310
    assert told.measure("min_capacity") == 0.5


def test_a_node_of_several_slots_drains_until_its_last_task_has_ended():
    work = tasks((0, 100), (1, 300), (60, 10))
    told = story((50, UPGRADE), nodes=1, task_slots_per_node=3, **DRAIN, **work)
    assert told.times == [301]
    assert told.series("capacity")[:3] == [(0, 1), (301, 0), (361, 1)]  # in service until then
    assert told.runs()[2] == [("node-0", 361, 371, "completed")]


def test_drained_nodes_take_each_others_tasks_so_the_last_ones_wait_longest():
    """One at a time, tasks of 100 s: node-1 takes one more while node-0 is away."""
    told = story((50, UPGRADE), **DRAIN, work={"tasks": 8, "service": "100s"})
    assert told.times == [100, 200]
    assert told.measure("requeues") == told.measure("lost_task_hours") == 0


# Failures meanwhile

OFTEN = {"per_year": 400_000, "recovery": "100s"}
"""Each node fails every 79 s in the mean."""


def test_a_node_that_fails_while_it_drains_is_taken_at_once_and_back_after_both():
    told = story(
        (1, UPGRADE), nodes=1, failures=OFTEN, horizon="10min", **DRAIN, **tasks((0, 9000))
    )
    drains, (failed, _), (taken, _), (back, _) = told.statuses("node-0")[:4]
    assert drains == (1, "running (scheduling disabled)")
    assert told.statuses("node-0")[1:4] == [
        (failed, "unusable"),
        (failed, "reimaging"),
        (failed + 100, "idle"),
    ]
    assert (taken, back) == (failed, failed + 100)
    assert told.runs()[0][0] == ("node-0", 0, failed, "active")


def test_a_node_that_is_broken_in_its_turn_is_taken_and_its_recovery_runs_on():
    told = story((60, UPGRADE), nodes=1, seed=2, failures=OFTEN, horizon="10min")
    (failed, unusable), *others = told.statuses("node-0")[:3]
    assert unusable == "unusable"
    assert 60 - 40 < failed < 60
    assert others == [(60, "reimaging"), (failed + 100, "idle")]


def test_a_failure_of_a_node_that_is_out_changes_nothing():
    told = story((1, UPGRADE), nodes=1, node_upgrade="1000s", failures=OFTEN, horizon="1000s")
    assert told.statuses("node-0") == [(1, "reimaging")]


def test_failures_interrupt_by_their_own_mode():
    told = story(
        (3000, UPGRADE),
        nodes=1,
        interruptions={"on_upgrade": "terminate", "on_failure": "checkpoint"},
        checkpoint={"every": "0s"},
        failures={"per_year": 20_000, "recovery": "10s"},
        **tasks((0, 9000)),
    )
    *cut, last = told.runs()[0]
    assert len(cut) > 0
    assert {status for *_, status in cut} == {"active (checkpointed)"}
    assert last[2:] == (3000, "failed")


# Nodes that are out already


@pytest.mark.parametrize(("restart", "back"), [("100s", 140), ("30s", 110)])
def test_a_node_that_is_out_is_taken_in_its_turn_and_back_at_the_later_end(restart, back):
    told = story((40, reboot("node-0")), (50, UPGRADE), nodes=1, reboot=restart)
    assert told.statuses("node-0") == [(40, "rebooting"), (50, "reimaging"), (back, "idle")]
    assert told.operation("reboot_node-0")["ended_s"] == back
    assert told.measure("rollout_duration") == back - 50


@pytest.mark.parametrize(("mode", "taken"), [("requeue", 50), ("taskcompletion", 100)])
def test_a_node_that_drains_for_a_reboot_is_upgraded_instead(mode, taken):
    asked = [(40, reboot("node-0", "taskcompletion")), (50, UPGRADE)]
    told = story(*asked, nodes=1, interruptions={"on_upgrade": mode}, **tasks((0, 100)))
    assert told.request("reboot_node-0") == ("Failed", 409, "NodeBeingReimaged")
    assert told.operation("reboot_node-0")["ended_s"] == 50
    assert told.statuses("node-0")[1:] == [(taken, "reimaging"), (taken + 60, "idle")]


# Start tasks


def test_a_start_task_follows_the_upgrade():
    told = story((50, UPGRADE), nodes=1, start_task="20s")
    assert told.about("node-0") == [
        "50 node-0 idle/5.30 -> reimaging/5.30 because upgrade by upgrade_os-0",
        "110 node-0 reimaging/5.30 -> waitingforstarttask/5.31 because upgrade by upgrade_os-0",
        "130 node-0 waitingforstarttask/5.31 -> idle/5.31 because upgrade by upgrade_os-0",
    ]
    assert told.measure("rollout_duration") == 80


FAILS = {"duration": "20s", "fails": "100%"}


def test_a_node_whose_start_task_fails_for_good_counts_as_back_and_the_upgrade_has_failed():
    told = story((50, UPGRADE), start_task=FAILS | {"max_retry_count": 1})
    assert told.statuses("node-0")[1:] == [(110, "waitingforstarttask"), (150, "starttaskfailed")]
    assert told.times == [50, 150]
    assert told.measure("finished") == 0
    assert told.measure("safe_end") == 0
    assert told.measure("ended_in") == 200
    assert told.measure("updated_share") == 0


def test_a_node_that_does_not_wait_for_its_start_task_takes_tasks_at_once():
    fails = FAILS | {"wait_for_success": False}
    told = story((50, UPGRADE), nodes=1, start_task=fails, **tasks((60, 10)))
    assert told.statuses("node-0") == [(50, "reimaging"), (110, "idle")]
    assert told.runs()[0] == [("node-0", 110, 120, "completed")]


def test_a_start_task_that_is_retried_takes_each_of_its_attempts():
    sometimes = FAILS | {"fails": "60%", "max_retry_count": 9}
    told = story((50, UPGRADE), nodes=6, max_concurrent=6, start_task=sometimes)
    attempts = [(back - 110) / 20 for back in returns(told)]
    assert len(attempts) == 6
    assert all(count in range(1, 11) for count in attempts)
    assert len(set(attempts)) > 1


def test_a_node_that_failed_to_start_is_taken_again_by_the_next_upgrade():
    again = {"upgrade_os": {"target_os_version": NEWER}}
    told = story((50, UPGRADE), (500, again), nodes=1, start_task=FAILS)
    assert told.statuses("node-0")[-3:] == [
        (500, "reimaging"),
        (560, "waitingforstarttask"),
        (580, "starttaskfailed"),
    ]


# No time at all


@pytest.mark.parametrize("pace", PACES)
def test_upgrades_that_take_no_time_follow_each_other_at_one_instant(pace):
    told = story((50, UPGRADE), nodes=3, node_upgrade="0s", pace=pace, work=BAG)
    for node in ("node-0", "node-1", "node-2"):
        assert told.statuses(node) == [(50, "reimaging"), (50, "idle")]
    assert told.measure("rollout_duration") == 0
    assert told.measure("requeues") == 3
    assert [runs[1][1:3] for runs in told.runs().values()] == [(50, 150)] * 3


def test_an_upgrade_of_a_pool_without_nodes_had_nothing_to_do_and_is_done():
    told = story((10, resize(0)), (1000, UPGRADE))
    assert (told.measure("finished"), told.rollouts_ended) == (1, True)


def test_an_upgrade_that_fails_after_it_took_nodes_has_happened():
    told = story((10, UPGRADE), start_task=FAILS | {"wait_for_success": True})
    assert (told.measure("finished"), told.rollouts_ended) == (0, True)
