"""What may be asked of a Batch pool: defaults of the bodies, and which requests let tasks end."""

from __future__ import annotations

import pytest
from any_pool import refused, scenario

from sim.systems.batch_pool.requests import (
    DisableScheduling,
    EnableScheduling,
    RebootNode,
    Resize,
    UpgradeImage,
    drains,
)


def test_operations_have_the_documented_defaults():
    asked = scenario(
        {"upgrade_os": {"target_os_version": "WA-GUEST-OS-5.31_201905-01"}},
        {"resize": {"nodes": 0}},
        {"reboot_node": {"node": "node-3"}},
        {"disable_scheduling": {"node": "node-0"}},
        node_deallocation_option="terminate",
    )
    upgrade, resize, reboot, disable = (each.body for each in asked.operations)
    assert (upgrade.api_version, upgrade.windows) == ("2018-08-01.7.0", ())
    assert resize.node_deallocation_option == "terminate"
    assert (reboot.option, disable.option) == ("requeue", "requeue")


def test_a_resize_may_say_itself_what_happens_to_tasks():
    asked = scenario({"resize": {"nodes": 2, "node_deallocation_option": "retaineddata"}})
    assert asked.operations[0].body.node_deallocation_option == "retaineddata"


@pytest.mark.parametrize("version", ["2018-08-01.7.0", "2016-02-01.3.0", "2025-06-01"])
def test_versions_of_the_api_are_dates_that_may_have_a_number(version):
    body = {"target_os_version": "*", "api_version": version}
    assert scenario({"upgrade_os": body}).operations[0].body.api_version == version
    (told,) = refused({"upgrade_os": body | {"api_version": f"v{version}"}})
    assert f'must be a version such as 2018-08-01.7.0, got "v{version}"' in told


@pytest.mark.parametrize("option", ["taskcompletion", "retaineddata"])
def test_a_request_drains_where_its_option_lets_running_tasks_end(option):
    assert drains(RebootNode(node="node-0", option=option), most=9)
    assert drains(DisableScheduling(node="node-0", option="taskcompletion"), most=9)
    for body in (UpgradeImage(), EnableScheduling(node="node-0"), RebootNode(node="node-0")):
        assert not drains(body, most=9)


def test_a_resize_drains_where_it_may_remove_nodes():
    """Of a pool that never has more nodes than are asked for none goes."""
    body = Resize(nodes=5, node_deallocation_option="taskcompletion")
    assert drains(body, most=6)
    assert not drains(body, most=5)
    assert not drains(Resize(nodes=0, node_deallocation_option="requeue"), most=9)
