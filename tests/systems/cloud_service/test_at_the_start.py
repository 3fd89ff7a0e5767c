"""An operation at 0s is one at the start: the same story as a second later, a second earlier."""

from __future__ import annotations

import pytest

from sim.results.runs import run_one
from sim.scenario import Scenario

AGENT = "{publisher: Microsoft.Azure.Monitor, type: AzureMonitorLinuxAgent, version: 1.37.0"
SYSTEMS = {
    "cloud_service": "roles: {W: {instances: 10, restart: 2min}}",
    "batch_pool": "nodes: 10, node_upgrade: 5min",
    "arc_fleet": f"machines: 9, extensions: [{AGENT}, enable_automatic_upgrade: true}}], install: 4min",
}
RELEASE = "publish_extension: {type: AzureMonitorLinuxAgent, version: 1.38.0}"


def story(kind, asked, at):
    """The rows of the log after those at time 0 of who is there, without times."""
    operations = ", ".join(f"{{at: {at}, {each}}}" for each in asked)
    text = f"horizon: 60d\nsystems: {{s: {{kind: {kind}, {SYSTEMS[kind]}}}}}\noperations: [{operations}]"
    run = run_one(Scenario.from_text(text))
    ended = [row["status"] for row in run.operations.to_dict("records")]
    rows = [(row["time"], *list(row)[1:]) for row in run.log.rows]
    return rows, ended


@pytest.mark.parametrize(
    ("kind", "asked"),
    [
        ("cloud_service", ["upgrade_deployment: {mode: Auto}"]),
        ("cloud_service", ["upgrade_deployment: {mode: Simultaneous}", "swap: {}"]),
        ("cloud_service", ["change_configuration: {configuration: {W: 5}}", "guest_os_update: {}"]),
        ("batch_pool", ["upgrade_os: {target_os_version: WA-GUEST-OS-5.31_201905-01}"]),
        ("batch_pool", ["resize: {nodes: 5}", "reboot_node: {node: node-0}"]),
        ("arc_fleet", [RELEASE]),
        ("arc_fleet", ["set_automatic_upgrade: {type: AzureMonitorLinuxAgent, enabled: false}"]),
    ],
)
def test_an_operation_at_the_start_does_what_it_does_a_second_later(kind, asked):
    (first, ended), (second, later) = (story(kind, asked, at) for at in ("0s", "1s"))
    assert len(first) > 1
    assert [(time + 1, *row) for time, *row in first] == [(time, *row) for time, *row in second]
    assert ended == later
