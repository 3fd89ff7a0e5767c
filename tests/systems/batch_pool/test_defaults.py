"""Defaults of a Batch pool: which of them are assumptions, and what a comparison varies."""

from __future__ import annotations

import pytest
from any_pool import LOAD, scenario

UPGRADE = {"upgrade_os": {"target_os_version": "WA-GUEST-OS-5.31_201905-01"}}


def test_the_footer_names_the_assumptions_in_force():
    assert list(scenario().assumptions) == ["no failures"]
    assert list(scenario(UPGRADE).assumptions) == [
        "node_upgrade (lognormal, median 5min)",
        "max_concurrent 20 %",
        "pace waves",
        "order number",
        "no failures",
    ]
    keys = {"node_upgrade": "5min", "max_concurrent": 1, "pace": "waves", "order": "number"}
    failing = {"failures": {"per_year": 1, "recovery": "1h"}}
    assert list(scenario(UPGRADE, **keys, **failing).assumptions) == []
    assert list(scenario({"resize": {"nodes": 9}}, **failing).assumptions) == ["create (3min13s)"]
    assert list(scenario({"resize": {"nodes": 2}}, **failing).assumptions) == []
    reboot = {"reboot_node": {"node": "node-0"}}
    assert list(scenario(reboot, **failing).assumptions) == ["reboot (2min11s)"]
    reimage = {"reimage_node": {"node": "node-0"}}
    assert list(scenario(reimage, **failing).assumptions) == [
        "node_upgrade (lognormal, median 5min)",
        "reimage as node_upgrade",
    ]
    assert list(scenario(reimage, reimage="5min", **failing).assumptions) == []


def test_an_image_upgrade_goes_by_the_policy_and_assumes_less():
    asked = scenario({"upgrade_image": {}}, configuration="virtual_machine")
    assert list(asked.assumptions) == ["node_upgrade (lognormal, median 5min)", "no failures"]


def test_what_is_refused_assumes_nothing():
    asked = scenario(UPGRADE, {"reimage_node": {"node": "node-0"}}, configuration="virtual_machine")
    assert list(asked.assumptions) == ["no failures"]
    assert list(scenario({"upgrade_image": {}}).assumptions) == ["no failures"]


@pytest.mark.parametrize(
    ("mode", "assumed"),
    [("requeue", True), ("checkpoint", True), ("terminate", False), ("taskcompletion", False)],
)
def test_where_requeued_tasks_wait_is_assumed_where_an_upgrade_requeues(mode, assumed):
    asked = scenario(UPGRADE, work=LOAD, interruptions={"on_upgrade": mode})
    assert ("requeue_to front" in asked.assumptions) is assumed


def test_checkpoints_are_assumed_where_tasks_write_them_and_nothing_is_said_of_them():
    told = "checkpoint every 10min, at no cost"
    mode = {"interruptions": {"on_failure": "checkpoint"}}
    assert told in scenario(work=LOAD, **mode).assumptions
    assert told not in scenario(**mode).assumptions
    assert told not in scenario(work=LOAD).assumptions
    assert told not in scenario(work=LOAD, checkpoint={"every": "10min"}, **mode).assumptions


def test_a_comparison_varies_what_happens_to_running_tasks():
    asked = scenario(UPGRADE)
    variants = asked.default_variants()
    assert list(variants) == ["requeue", "taskcompletion", "terminate", "checkpoint"]
    for name in variants:
        assert asked.variant(name).systems["p"].interruptions.on_upgrade == name


def test_a_comparison_of_a_virtual_machine_pool_varies_the_deferral():
    asked = scenario({"upgrade_image": {}}, configuration="virtual_machine")
    assert list(asked.default_variants()) == ["requeue", "taskcompletion"]
    policies = [
        asked.variant(name).systems["p"].upgrade_policy for name in asked.default_variants()
    ]
    assert [each.os_rolling_upgrade_deferral for each in policies] == [False, True]


def test_a_pool_that_is_not_upgraded_has_nothing_to_compare():
    assert scenario({"resize": {"nodes": 3}}).default_variants() == {}


def test_the_footer_names_what_deferral_and_waiting_reboots_assume():
    deferred = "a deferred node waits until it is idle"
    lost = "a reboot or reimage that waits is lost to the upgrade"
    drain = {"interruptions": {"on_upgrade": "taskcompletion"}, "work": LOAD}
    waits = {"reboot_node": {"node": "node-0", "option": "taskcompletion"}}
    assert deferred in scenario(UPGRADE, **drain).assumptions
    assert deferred not in scenario(UPGRADE, work=LOAD).assumptions
    assert lost in scenario(UPGRADE, waits, work=LOAD).assumptions
    assert lost not in scenario(UPGRADE, {"reboot_node": {"node": "node-0"}}, work=LOAD).assumptions
