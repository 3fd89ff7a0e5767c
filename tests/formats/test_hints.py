"""What is said of keys that people know from elsewhere."""

from __future__ import annotations

import pytest

from sim.formats.fields import check
from sim.formats.yaml_reading import read
from sim.scenario.file import file_model

POOL = "systems: {p: {kind: batch_pool, nodes: 3, KEY: 1}}"
SET = "systems: {w: {kind: vm_scale_set, instances: 3, KEY: 1}}"
SET_POLICY = "systems: {w: {kind: vm_scale_set, instances: 3, upgrade_policy: {KEY: 1}}}"
POLICY = "systems: {p: {kind: batch_pool, nodes: 3, upgrade_policy: {KEY: 1}}}"
UPGRADE_OS = "operations: [{at: 1h, upgrade_os: {KEY: 1}}]"
RESIZE = "operations: [{at: 1h, resize: {nodes: 3, KEY: 1}}]"
SERVICE = "systems: {s: {kind: cloud_service, roles: {W: {instances: 1}}, KEY: 3}}"
ROLE = "systems: {s: {kind: cloud_service, roles: {W: {instances: 1, KEY: 3}}}}"
UPGRADE = "operations: [{at: 1h, upgrade_deployment: {KEY: 1}}]"
WALK = "operations: [{at: 1h, walk_upgrade_domain: {KEY: 1}}]"
EXTENSION = (
    "systems: {f: {kind: arc_fleet, machines: 3, extensions: "
    "[{publisher: a, type: b, version: 1.2.3, KEY: true}]}}"
)
PUT = "operations: [{at: 1h, put_extension: {KEY: 1}}]"
PUSH = "operations: [{at: 1h, upgrade_extensions: {KEY: 1}}]"
OPERATION = "operations: [{at: 1h, KEY: {}}]"
TOP = "KEY: 3"


def told(text, key):
    problems = []
    check(file_model(), read(text.replace("KEY", key), "f"), (), problems)
    (rule,) = [each.rule for each in problems if each.rule.startswith("unknown key")]
    return rule.removeprefix("unknown key, ")


@pytest.mark.parametrize(
    ("where", "key", "meant"),
    [
        (POLICY, "maxBatchInstancePercent", "max_batch_instance_percent"),
        (POLICY, "pauseTimeBetweenBatches", "pause_time_between_batches"),
        (POLICY, "osRollingUpgradeDeferral", "os_rolling_upgrade_deferral"),
        (POOL, "taskSlotsPerNode", "task_slots_per_node"),
        (POOL, "maxTasksPerNode", "task_slots_per_node"),
        (POOL, "targetDedicatedNodes", "nodes"),
        (POOL, "startTask", "start_task"),
        (SERVICE, "instance", "roles"),
        (POOL, "rollingUpgradePolicy", "upgrade_policy"),
        (UPGRADE_OS, "targetOSVersion", "target_os_version"),
        (UPGRADE_OS, "osVersion", "target_os_version"),
        (RESIZE, "nodeDeallocationOption", "node_deallocation_option"),
        (SERVICE, "updateDomain", "update_domains"),
        (SERVICE, "platformUpdateDomainCount", "update_domains"),
        (ROLE, "count", "instances"),
        (ROLE, "minAvailable", "min_available"),
        (UPGRADE, "upgradeMode", "mode"),
        (UPGRADE, "packageUrl", "package_url"),
        (UPGRADE, "roleToUpgrade", "role_to_upgrade"),
        (WALK, "updateDomain", "upgrade_domain"),
        (WALK, "domain", "upgrade_domain"),
        (EXTENSION, "enableAutomaticUpgrade", "enable_automatic_upgrade"),
        (EXTENSION, "autoUpgradeMinorVersion", "auto_upgrade_minor_version"),
        (EXTENSION, "typeHandlerVersion", "version"),
        (PUT, "typeHandlerVersion", "version"),
        (PUSH, "extensionTargets", "targets"),
        (OPERATION, "rollbackUpdateOrUpgrade", "rollback"),
        (OPERATION, "capacity", "scale"),
        (SET, "orchestrationMode", "orchestration"),
        (SET, "automaticRepairsPolicy", "repairs"),
        (SET_POLICY, "maxSurge", "max_surge"),
        (OPERATION, "deploy", "upgrade_deployment"),
        (TOP, "runs", "replications"),
        (TOP, "steps", "operations"),
        (TOP, "slos", "objectives"),
        (TOP, "horizn", "horizon"),
    ],
)
def test_key_of_a_rest_api_is_told_the_key_here(where, key, meant):
    assert told(where, key) == f"did you mean {meant}?"


@pytest.mark.parametrize(
    ("where", "key", "home"),
    [
        (POOL, "maxBatchInstancePercent", "systems.NAME.upgrade_policy"),
        (SERVICE, "min_healthy", "systems.NAME.roles.NAME"),
        (SERVICE, "restart", "systems.NAME (vm_scale_set) or systems.NAME.roles.NAME"),
        (SET, "maxSurge", "systems.NAME.upgrade_policy (vm_scale_set)"),
        (SET, "pauseTime", "systems.NAME.upgrade_policy (batch_pool or vm_scale_set)"),
        (SERVICE, "nodes", "systems.NAME (batch_pool)"),
    ],
)
def test_key_of_another_place_is_told_where_it_stands(where, key, home):
    assert f" stands under {home}" in told(where, key)


@pytest.mark.parametrize(
    ("where", "key"),
    [
        (POLICY, "max_unhealthy_instance_percent"),
        (POLICY, "maxUnhealthyInstancePercent"),
        (POLICY, "enableCrossZoneUpgrade"),
        (POOL, "targetLowPriorityNodes"),
        (EXTENSION, "forceUpdateTag"),
    ],
)
def test_key_that_the_models_lack_is_told_to_be_missing_and_offered_no_other(where, key):
    rule = told(where, key)
    assert rule.startswith("not modelled: ")
    assert "did you mean" not in rule


def test_misspelling_is_told_before_a_key_of_another_place():
    assert told(ROLE, "instance") == "did you mean instances?"
