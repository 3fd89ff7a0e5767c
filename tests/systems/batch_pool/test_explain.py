"""What explain says of a Batch pool before anything runs."""

from __future__ import annotations

import foretelling
import pytest
from any_pool import scenario
from screens import assert_screen

from sim.simulation import Simulation

NEW = "WA-GUEST-OS-5.31_201905-01"
UPGRADE = {"upgrade_os": {"target_os_version": NEW}}


def told(*operations, **keys):
    return foretelling.told(scenario(*operations, **keys))


def about(word, *operations, **keys):
    (line,) = [line for line in told(*operations, **keys) if word in line]
    return line


def walk(operation=UPGRADE, **keys):
    """What is said of an upgrade and of what it leaves."""
    lines = told(operation, **{"nodes": 10} | keys)
    first = next(place for place, line in enumerate(lines) if line.startswith("At "))
    return lines[first], lines[first + 1 :]


# The pool and its work ---------------------------------------------------------------------------


def test_a_pool_is_told_with_its_nodes_and_slots():
    assert_screen("explain/pool", told(nodes=10, task_slots_per_node=4, min_available="75%")[:2])


def test_a_pool_of_single_slots_has_no_choice_to_tell():
    assert told(nodes=1, configuration="virtual_machine") == [
        "p: a virtual_machine pool of 1 node, 1 slot each: 1 slot; available while at least 1 of "
        "them is in service.",
        "There is no work: capacity alone is measured.",
    ]


def test_the_size_is_told_in_a_few_words():
    assert Simulation(scenario(nodes=1000)).models["p"].size == "1,000 nodes, 1,000 slots"


@pytest.mark.parametrize(
    ("task", "text"),
    [
        ("30s", "its start task takes 30s."),
        (
            {"duration": "30s", "fails": "5%"},
            "takes 30s and fails with a chance of 5 %, not retried; where it fails for good the node takes no tasks.",
        ),
        (
            {"fails": "5%", "max_retry_count": 1},
            "and fails with a chance of 5 %, retried up to 1 time; where it fails for good the node takes no tasks.",
        ),
        (
            {"fails": "5%", "max_retry_count": -1},
            "and fails with a chance of 5 %, retried without limit.",
        ),
        ({"duration": "1s", "wait_for_success": False}, "1s; tasks do not wait for it."),
    ],
)
def test_a_start_task_is_told(task, text):
    line = about("start task", start_task=task)
    assert line.startswith("Whenever a node starts, ")
    assert line.endswith(text)


def test_failures_are_told_with_what_they_do_to_tasks():
    failures = {"per_year": 2.5, "recovery": "10min"}
    modes = {"on_failure": "checkpoint"}
    line = about("fails", failures=failures, interruptions=modes, requeue_to="back")
    assert_screen("explain/pool_failures", line)


def test_a_stream_is_told_with_its_load():
    work = {"load": "80%", "service": "10min", "priority": 5, "fails": "1%"}
    assert told(work=work, task_slots_per_node=2)[2:] == [
        "job: tasks of 10min, exponential (mean 1min34s) apart; about 922 tasks in all; "
        "priority 5; a run fails with a chance of 1 %, not retried.",
        "Offered load: 80 % of 8 slots.",
        "A pool that begins empty forgets that with a relaxation time of 1h52 (as an M/M/8 queue): "
        "a `warm_up` of 7h29 leaves 2 % of it.",
    ]


def test_a_bag_is_told_with_the_time_that_it_takes_at_least():
    line = about(
        "job:",
        work={"tasks": 100, "service": "10min", "required_slots": 2},
        nodes=5,
        task_slots_per_node=2,
    )
    assert line == (
        "job: 100 tasks, all submitted at the start, each of 10min; at least 3h20 of work for all "
        "slots; 2 slots each."
    )


def test_a_log_is_told_with_what_it_lacks():
    line = about("job:", work={"swf": "jobs.swf", "slots": "processors"}, task_slots_per_node=4)
    assert_screen("explain/pool_log", line)


def test_tasks_that_come_too_late_are_told():
    contents = {"t": b"submit_s,service_s\n1,2\n86401,2\n"}
    line = about("job:", work={"csv": "t"}, contents=contents)
    assert "2 tasks of t, submitted from 1s to 1d" in line
    assert line.endswith("; 1 of them comes after the horizon.")
    line = about("job:", work={"csv": "t"}, contents=contents, start="2026-11-20T14:00")
    assert "submitted from Fri 20 Nov 14:00 to Sat 21 Nov 14:00; " in line


def test_an_overload_is_told():
    work = [{"load": "60%", "service": "1s"}, {"load": "40%", "service": "1s"}]
    assert told(work=work)[-1] == (
        "Offered load: 100 % of 4 slots; WARNING: at 100 % or above the queue grows without end."
    )


# Upgrades ----------------------------------------------------------------------------------------


def test_a_walk_is_told_with_its_arithmetic():
    work = {"load": "50%", "service": "1s"}
    said, rest = walk(nodes=14, node_upgrade="5min", work=work, pause="2min")
    assert_screen("explain/pool_upgrade", said)
    assert rest == ["Offered load meanwhile: 58.33 % of the slots that are left."]


def test_a_last_wave_may_be_smaller():
    assert "4 waves of up to 3 nodes, " in walk(max_concurrent=3)[0]


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ({"pace": "rolling"}, "2 nodes (20 % of 10, rounded down) at a time, in order of number; "),
        ({"pace": "rolling", "pause": "1min"}, "as one is back and 1min have passed, the next one"),
        ({"start_task": "30s"}, "is out for lognormal (median 5min, p95 9min) and its start task."),
        ({"start_task": {"fails": "5%"}}, "each is out for lognormal (median 5min, p95 9min). "),
        ({"max_concurrent": 10}, "(median 5min, p95 9min). All go at once. A task that"),
        ({"max_concurrent": "100%"}, " All go at once (100 % of 10, rounded down). A task that"),
        ({"order": "idle_first"}, "rounded down), idle ones first; the next wave"),
        ({"order": "least_work_lost"}, "those first whose tasks lose least; the next wave"),
        ({"requeue_to": "back"}, "goes back to the back of the queue and starts again from the b"),
        ({"interruptions": {"on_upgrade": "terminate"}}, "A task that runs on a node ends as fail"),
        (
            {"interruptions": {"on_upgrade": "taskcompletion"}},
            "A task that runs on a node ends first: the node takes no new tasks and waits for it.",
        ),
        (
            {
                "interruptions": {"on_upgrade": "checkpoint"},
                "checkpoint": {"every": "5min", "cost": "3s"},
            },
            "starts again from its last checkpoint (one every 5min, of 3s).",
        ),
    ],
)
def test_a_walk_is_told_as_it_goes(keys, text):
    assert text in walk(**keys)[0]


@pytest.mark.parametrize(("pace", "what"), [("waves", "A wave"), ("rolling", "A node's upgrade")])
def test_windows_are_told(pace, what):
    windows = [{"days": ["sat", "sun"], "from": "22:00", "to": "05:00"}]
    operation = {"upgrade_os": UPGRADE["upgrade_os"] | {"windows": windows}}
    said, _ = walk(operation, pace=pace, start="2026-11-20T14:00")
    assert said.startswith("At 1min (Fri 20 Nov 14:01), upgrade_os-0: ")
    assert said.endswith(f" {what} begins only within 22:00 to 05:00 (sat, sun).")


def comes_to(*operations, **keys):
    """What it all comes to in the mean case."""
    return foretelling.foreseen(scenario(*operations, **{"nodes": 10} | keys))


def test_a_pool_that_is_wholly_out_is_told():
    keys = {"nodes": 2, "max_concurrent": "100%", "work": {"load": "50%", "service": "1s"}}
    assert walk(**keys)[1] == ["While all nodes are out no task runs."]
    assert "lowest capacity 0 % (0 of 2), first at 1min; downtime 5min20s from " in comes_to(
        UPGRADE, **keys | {"work": []}
    )


def test_a_pool_that_keeps_too_few_slots_is_told():
    line = comes_to(UPGRADE, min_available="90%", node_upgrade="5min")
    assert_screen("explain/pool_mean_case", line)


def test_slots_of_a_node_count_together():
    assert "capacity 80 % (32 of 40)" in comes_to(UPGRADE, task_slots_per_node=4)


def test_that_drains_go_on_until_the_end_is_told():
    work = {"load": "80%", "service": {"lognormal": {"median": "20min", "p95": "3h"}}}
    keys = {"nodes": 60, "task_slots_per_node": 4, "work": work}
    drain = {"interruptions": {"on_upgrade": "taskcompletion"}}
    late = {"at": "6h", **UPGRADE}
    assert "upgrade_os-0 is not over at the end (1d)." in comes_to(late, **keys | drain)
    assert "upgrade_os-0 is completed after 26min" in comes_to(late, **keys)


def test_work_that_is_too_much_to_be_walked_through_is_left_out_and_said_so():
    work = {"load": "50%", "service": "1s"}
    line = comes_to(UPGRADE, work=work)
    assert "without the work, which is too much to be walked through in advance" in line
    assert "capacity 80 %" in line
    assert "without the work" not in comes_to(UPGRADE, work=work | {"service": "1h"})


def test_an_upgrade_that_is_on_already_does_nothing():
    again = told(UPGRADE, UPGRADE)[-1]
    assert again.endswith("; nothing happens: the pool is being upgraded to it already.")


def test_a_queue_that_grows_during_the_walk_is_told():
    _, rest = walk(work={"load": "80%", "service": "10min"})
    assert rest[0] == (
        "Offered load meanwhile: 100 % of the slots that are left; WARNING: the queue grows until "
        "the upgrade is over."
    )


def test_an_image_goes_by_the_upgrade_policy():
    policy = {
        "max_batch_instance_percent": "35%",
        "pause_time_between_batches": "1min",
        "os_rolling_upgrade_deferral": True,
    }
    keys = {"configuration": "virtual_machine", "upgrade_policy": policy, "node_upgrade": "5min"}
    said, rest = walk({"upgrade_image": {}}, **keys)
    assert_screen("explain/pool_image", said)
    assert rest == []
    assert "capacity 70 % (7 of 10)" in comes_to({"upgrade_image": {}}, **keys)


# Other operations --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("operation", "text"),
    [
        (
            {"resize": {"nodes": 6}},
            "2 new nodes, each there after 3min13s; 6 nodes then: capacity 150 % of the 4 slots at the start.",
        ),
        ({"resize": {"nodes": 4}}, "nothing happens: the pool has 4 nodes already."),
        (
            {"resize": {"nodes": 3}},
            "node-3 goes; running tasks go back to the queue; 3 nodes then: capacity 75 %.",
        ),
        (
            {"resize": {"nodes": 0, "node_deallocation_option": "terminate"}},
            "node-0 to node-3 go; running tasks end as failed; 0 nodes then: capacity 0 %.",
        ),
        (
            {"reboot_node": {"node": "node-2", "option": "retaineddata"}},
            "node-2 reboots (2min11s); running tasks end first, and their data is kept for 7d.",
        ),
        (
            {"reimage_node": {"node": "node-2", "option": "taskcompletion"}},
            "node-2 is reimaged (lognormal (median 5min, p95 9min)); running tasks end first.",
        ),
        (
            {"disable_scheduling": {"node": "node-2"}},
            "node-2 takes no new tasks; running tasks go back to the queue.",
        ),
        (
            {"disable_scheduling": {"node": "node-2", "option": "taskcompletion"}},
            "node-2 takes no new tasks; running ones go on.",
        ),
    ],
)
def test_an_operation_is_told_in_a_sentence(operation, text):
    kind = next(iter(operation))
    assert told(operation)[-1] == f"At 1min, {kind}-0: {text}"


def test_scheduling_that_is_enabled_again_is_told():
    disable = {"disable_scheduling": {"node": "node-2"}}
    enable = {"enable_scheduling": {"node": "node-2"}}
    assert told(disable, enable)[-1] == "At 2min, enable_scheduling-0: node-2 takes tasks again."


def test_an_upgrade_after_a_resize_is_of_the_nodes_that_there_are_then():
    later = {"at": "1h", **UPGRADE}
    assert (
        "up to 4 nodes (20 % of 20, rounded down)"
        in told({"resize": {"nodes": 20}}, later, nodes=10)[-1]
    )
    grown = comes_to({"resize": {"nodes": 20}}, later)
    assert "capacity stays at 100 % or above; available throughout" in grown


def test_large_numbers_are_told_in_thousands():
    said, _ = walk(nodes=10_000)
    assert "up to 2,000 nodes (20 % of 10,000, rounded down)" in said


def test_an_upgrade_of_a_pool_without_nodes_is_told():
    later = {"at": "1h", **UPGRADE}
    assert told({"resize": {"nodes": 0}}, later)[-1].endswith(
        "for every node; nothing happens: there is none by then."
    )


def test_the_latest_version_is_told_by_its_name():
    latest = {"upgrade_os": {"target_os_version": "*"}}
    said, _ = walk(latest, os_versions=[{"version": NEW}])
    assert said.startswith(f"At 1min, upgrade_os-0: *, which is {NEW}, for every node; each is out")


def test_the_latest_version_may_be_the_one_that_runs():
    lines = told({"upgrade_os": {"target_os_version": "*"}})
    assert lines[-1] == (
        "At 1min, upgrade_os-0: it will be refused: 400 PoolVersionEqualsUpgradeVersion: the pool "
        "is on the requested version already, *; name another one."
    )


def test_operations_are_told_in_order_of_time():
    late = {"at": "3h", "resize": {"nodes": 5}}
    lines = told(late, {"resize": {"nodes": 6}})[-2:]
    assert [line.split(",")[0] for line in lines] == ["At 2min", "At 3h"]
    assert "node-5 goes" in lines[1]


def test_an_upgrade_finds_the_nodes_that_repeated_resizes_have_left():
    """At 9h30 the night is over: 8 nodes, though the file's first size of the night is 4."""
    day = {"at": "1h", "every": "4h", "resize": {"nodes": 8}}
    night = {"at": "2h", "every": "4h", "resize": {"nodes": 4}}
    lines = told(day, night, {"at": "9h30min"} | UPGRADE, nodes=8)[-3:]
    assert lines[0] == (
        "At 1h and every 4h, 6 times, resize-0: the first time nothing happens: the pool has 8 "
        "nodes already."
    )
    assert "the first time node-4 to node-7 go" in lines[1]
    assert "(20 % of 8, rounded down)" in lines[2]


def test_a_refusal_is_foretold_in_the_place_of_what_would_happen():
    lines = told({"upgrade_image": {}})
    assert lines[-1] == (
        "At 1min, upgrade_image-0: it will be refused: 409 OperationNotValidOnPool: images are for "
        "virtual_machine pools; a cloud_service pool takes upgrade_os."
    )
