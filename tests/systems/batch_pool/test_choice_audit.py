"""Requests for several nodes that leave one out are noticed."""

from __future__ import annotations

import pytest
from pool_log import Pool

from sim.systems.batch_pool.choice_audit import broken_rules

LEFT_OUT = ["a request for several nodes left one out"]
FAILED = "5 node-2 -> starttaskfailed because failures"
OFFLINE = "5 node-2 -> offline because failures"


def rules(node, *after, before="", kind="reboot_node"):
    """The rules that a log breaks in which a pool of three nodes is asked at 10 s."""
    pool = Pool((kind, {"node": node}), nodes=3, work=())
    asked = f"10 {kind}-0 -> InProgress because the scenario"
    text = "\n".join([before, asked, *after])
    return list(broken_rules(pool.model.layout, pool.stack(text)))


def taken(*nodes, by="reboot_node-0", status="rebooting"):
    return "\n".join(f"10 node-{node} -> {status} because {by}" for node in nodes)


def test_each_node_is_taken_or_told_to_reject():
    assert rules("all", taken(0, 1, 2)) == []
    assert rules("all", taken(0, 2)) == LEFT_OUT
    note = "10 reboot_node-0 -> InProgress/node offline because node-1"
    assert rules("all", note, taken(0, 2)) == []
    assert rules([0, 2], taken(0, 2)) == []
    assert rules([0, 2], taken(0, 1)) == LEFT_OUT


def test_a_start_task_that_failed_is_a_state_by_which_nodes_are_meant():
    assert rules("starttaskfailed", taken(2), before=FAILED) == []
    assert rules("starttaskfailed", taken(0), before=FAILED) == LEFT_OUT
    assert rules("all", taken(0, 1), before=FAILED) == LEFT_OUT


@pytest.mark.parametrize("choice", ["idle", "running", "offline"])
def test_what_no_row_of_a_node_tells_is_not_judged(choice):
    assert rules(choice, before=OFFLINE) == []


def test_a_node_that_is_out_need_not_show_that_its_scheduling_is_asked_for():
    kind = "disable_scheduling"
    by = {"by": f"{kind}-0", "status": "offline"}
    assert rules("all", taken(0, 1, **by), before=OFFLINE, kind=kind) == []
    assert rules("all", taken(0, **by), before=OFFLINE, kind=kind) == LEFT_OUT
