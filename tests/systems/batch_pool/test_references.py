"""What refers to nothing or could not be in a pool, and what is legal and yet hardly meant."""

from __future__ import annotations

import pytest
from any_pool import LOAD, noted, pool, refused, scenario
from screens import assert_screen

from sim.core.errors import ScenarioError
from sim.scenario import Scenario

# What must not be --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        (
            {"task_slots_per_node": 257},
            "task_slots_per_node: must be at most 256, got 257",
        ),
        (
            {"task_slots_per_node": 9, "cores": 2},
            "task_slots_per_node: must be at most 8 (4 for each of 2 cores), got 9",
        ),
        (
            {"task_slots_per_node": 257, "cores": 100},
            "task_slots_per_node: must be at most 256, got 257",
        ),
        ({"max_concurrent": 0}, "max_concurrent: must be 1 or more, or a share, got 0"),
        (
            {"checkpoint": {"every": "0s", "cost": "1s"}},
            "checkpoint.cost: must be 0s where every is 0s: such checkpoints would never end, "
            "got 1s",
        ),
        (
            {"start_task": {"fails": "100%", "max_retry_count": -1}},
            "start_task.fails: must be below 100% where nothing limits the retries, got 100%",
        ),
        (
            {"os_versions": [{"version": "a"}, {"version": "a"}]},
            "os_versions.1.version: must be listed once, got a again",
        ),
        (
            {"os_versions": [{"version": "a", "expires": "2020-01-01"}]},
            "os_versions.0.expires: a date needs a `start` in the file",
        ),
        ({"nodes": 10**12}, "nodes: must be at most 1,000,000, got 1000000000000"),
        (
            {"start_task": {"duraton": "3s"}},
            "start_task.duraton: unknown key, did you mean duration?",
        ),
        (
            {"start_task": {"duration": 3}},
            "start_task.duration: must be a duration such as 90s or 5min, got 3 (a number without",
        ),
        (
            {"start_task": {"lognormal": {"median": "3s"}}},
            "start_task.lognormal: must have median and p95, or mean and sd, got median",
        ),
        ({"start_task": ["3s"]}, "start_task: must be a duration such as 90s or 5min, got a list"),
        (
            {"start_task": {"duration": "3s", "uniform": {"low": "1s", "high": "2s"}}},
            "start_task.duration: must not be given together with uniform",
        ),
    ],
)
def test_a_pool_that_could_not_be_is_refused(keys, told):
    (rule,) = refused(**keys)
    assert rule.startswith(f"systems.p.{told}")


@pytest.mark.parametrize(("slots", "cores"), [(256, 64), (8, 2), (256, None)])
def test_a_node_has_up_to_four_slots_a_core_and_256(slots, cores):
    keys = {"cores": cores} if cores else {}
    assert pool(task_slots_per_node=slots, **keys).slots == 4 * slots


@pytest.mark.parametrize("kind", ["reboot_node", "reimage_node", "enable_scheduling"])
def test_a_node_that_is_never_there_is_refused(kind):
    rule = f"operations.0.{kind}.node: must be a node of p, node-0 to node-3, got node-4"
    assert refused({kind: {"node": "node-4"}}) == [rule]
    assert refused({kind: {"node": "node-04"}}) == [rule.replace("got node-4", "got node-04")]
    (told,) = refused({kind: {"node": "node-02"}})
    assert told.endswith("got node-02; did you mean node-2?")
    (told,) = refused({kind: {"node": "TVM 3"}})
    assert told.endswith("node-0 to node-3, got TVM 3; did you mean node-3?")
    (told,) = refused({kind: {"node": "master"}})
    assert told == rule.replace(", got node-4", ", all or a state of nodes, got master")


def test_a_state_that_there_is_not_is_refused_with_the_nearest_one():
    (told,) = refused({"reboot_node": {"node": "startaskfailed"}})
    assert told.endswith("got startaskfailed; did you mean starttaskfailed?")
    (told,) = refused({"reboot_node": {"node": {"state": "idle"}}})
    assert told == "operations.0.reboot_node.node: must be a name, got a mapping"


def test_each_node_of_a_list_is_one_that_is_there_once():
    assert_screen(
        "problems/nodes_of_a_list",
        refused({"reboot_node": {"node": ["node-1", 1, 9, "all", "idle"]}}),
    )
    (told,) = refused({"reboot_node": {"node": []}})
    assert told == "operations.0.reboot_node.node: must name a node, got an empty list"


def test_a_pool_cannot_be_asked_to_be_larger_than_memory():
    assert refused({"resize": {"nodes": 1_000_001}}) == [
        "operations.0.resize.nodes: must be at most 1,000,000, got 1000001"
    ]


def test_a_node_that_a_resize_brings_can_be_named():
    named = {"reboot_node": {"node": "node-8"}}
    assert scenario(named, {"resize": {"nodes": 9}}).operations[0].body.node == "node-8"
    assert len(refused(named, {"resize": {"nodes": 8}})) == 1


# What is legal and yet hardly meant ---------------------------------------------------------------

UPGRADE = {"upgrade_os": {"target_os_version": "WA-GUEST-OS-5.31_201905-01"}}


def test_an_upgrade_that_may_take_the_whole_pool_is_noted():
    rule = "systems.p.max_concurrent: an upgrade may take all 4 nodes at once: no task then runs"
    assert noted(UPGRADE, max_concurrent="100%") == [rule]
    assert noted(UPGRADE, max_concurrent=4) == [rule]
    assert noted(UPGRADE, max_concurrent=3) == []
    assert noted(max_concurrent=4) == []
    assert noted(UPGRADE, nodes=1) == [
        "systems.p.max_concurrent: an upgrade may take the only node: no task then runs"
    ]
    images = {"configuration": "virtual_machine", "upgrade_policy": {}}
    images["upgrade_policy"]["max_batch_instance_percent"] = "100%"
    assert noted({"upgrade_image": {}}, **images) == [
        "systems.p.upgrade_policy.max_batch_instance_percent: an upgrade may take all 4 nodes at "
        "once: no task then runs"
    ]
    assert noted({"upgrade_image": {}}, configuration="virtual_machine") == []


def test_a_pool_that_is_never_available_is_noted():
    told = noted(min_available=5)
    assert told == [
        "systems.p.min_available: the pool has only 4 slots, so it is never available, got 5"
    ]
    assert noted(min_available=4) == noted(min_available="100%") == []


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"upgrade_policy": {"max_batch_instance_percent": "10%"}}, "virtual_machine pools"),
        ({"configuration": "virtual_machine", "pace": "rolling"}, "goes by its upgrade_policy"),
        ({"checkpoint": {"every": "1min"}}, "no interruption is checkpoint"),
        ({"retention_time": "1d"}, "nothing asks for retaineddata"),
    ],
)
def test_a_key_that_only_another_mode_uses_is_noted(keys, told):
    (note,) = noted(**keys)
    key = next(each for each in keys if each != "configuration")
    assert note.startswith(f"systems.p.{key}: changes nothing: ")
    assert told in note


def test_interruptions_of_a_virtual_machine_pool_follow_its_policy():
    keys = {"configuration": "virtual_machine", "interruptions": {"on_upgrade": "terminate"}}
    (note,) = noted(**keys)
    assert note.startswith("systems.p.interruptions.on_upgrade: changes nothing")


@pytest.mark.parametrize(
    "keys",
    [
        {"checkpoint": {"every": "1min"}, "interruptions": {"on_failure": "checkpoint"}},
        {"checkpoint": {"every": "10min", "cost": "0s"}},
        {"upgrade_policy": {"max_batch_instance_percent": "20%"}},
    ],
)
def test_a_key_that_is_used_or_says_nothing_new_is_not_noted(keys):
    assert noted(**keys) == []


def test_a_retention_that_a_request_asks_for_is_not_noted():
    asked = {"reboot_node": {"node": "node-0", "option": "retaineddata"}}
    assert noted(asked, retention_time="1d") == []
    resize = {"resize": {"nodes": 2}}
    keys = {"retention_time": "1d", "node_deallocation_option": "retaineddata"}
    assert noted(resize, **keys) == []


@pytest.mark.parametrize(
    ("kind", "what", "most"), [("upgrade_image", "upgrades", 2000), ("resize", "resizes", 10_000)]
)
def test_more_changes_than_a_log_has_numbers_for_are_refused(kind, what, most):
    bodies = [{} if kind == "upgrade_image" else {"nodes": k} for k in range(most + 1)]
    asked = [{"at": "0s", kind: body} for body in bodies]
    (told,) = refused_file(asked)
    rule = f"must be one of at most {most:,} {what} of a pool, got {most + 1:,}"
    assert told == f"operations.{most}.{kind}: {rule}"
    assert refused_file(asked[:-1]) == []


def refused_file(operations):
    """What is wrong with a pool of virtual machines that is asked for so much."""
    system = {"kind": "batch_pool", "nodes": 4, "configuration": "virtual_machine"}
    try:
        Scenario.from_dict({"systems": {"p": system}, "operations": operations})
    except ScenarioError as error:
        return [f"{problem.path}: {problem.rule}" for problem in error.problems]
    return []


# What does not come within the horizon ------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"days": ["mon"]}, "days: no task comes: the rate is 0 from Fri 20 Nov 14:00 to Sat 21"),
        ({"days": ["mon", "sat"]}, ""),
        ({"curve": {"00:00": "0%", "14:00": "1%", "15:00": "0%"}}, ""),
        (
            {"curve": {"00:00": "0%", "13:00": "1%", "14:00": "0%"}, "days": ["fri"]},
            "days: no task comes",
        ),
    ],
)
def test_a_stream_that_brings_no_task_up_to_the_horizon_is_told(keys, told):
    (line,) = noted(start="2026-11-20T14:00", work=LOAD | keys) or [""]
    assert line.removeprefix("systems.p.work.").startswith(told)
    assert bool(line) == bool(told)


def test_a_time_of_day_that_does_not_come_is_told_at_the_curve():
    text = """
horizon: 8h
systems:
  p: {kind: batch_pool, nodes: 4, work: {load: 80%, service: 9min, curve: {"09:00": 1, "17:00": 0}}}
"""
    text = text.replace('"09:00": 1, "17:00": 0', '"09:00": 100%, "17:00": 0%')
    (line,) = Scenario.from_text(text).warnings
    assert "work.curve: no task comes: the rate is 0 from 0s to 8h" in line


def test_the_load_that_is_warned_of_is_that_up_to_the_horizon():
    """10 of the 24 hours are of the Friday."""
    keys = {"load": "140%", "service": "10min", "days": ["mon"]}
    assert noted(start="2026-11-20T14:00", work=keys | {"days": ["fri", "sat"]}) == [
        "systems.p.work: the offered load is 140 % of the pool's slots: the queue grows without end"
    ]
    half = keys | {"load": "240%", "days": ["fri"]}
    (line,) = noted(start="2026-11-20T14:00", work=half)
    assert line == (
        "systems.p.work: the offered load is 100 % of the pool's slots on average: the queue grows up to "
        "the horizon"
    )
    assert noted(start="2026-11-20T14:00", work=half | {"load": "239%"}) == []
