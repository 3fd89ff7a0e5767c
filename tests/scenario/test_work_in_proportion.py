"""Twice as large a file takes twice the work, whatever it has so many of: instructions are counted.

This guards the promise that any file of 1 MiB is validated within seconds.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import sim
from sim import files
from sim.core.errors import ScenarioError
from sim.forecast.estimate import estimate
from sim.simulation import Simulation

OURS = str(Path(sim.__file__).parent)

SERVICE = "systems:\n  shop:\n    kind: cloud_service\n"
WEB = f"{SERVICE}    roles:\n      Web: {{instances: 4}}\n"
POOL = "systems:\n  pool:\n    kind: batch_pool\n    nodes: 3\n"
FLEET = "systems:\n  plant:\n    kind: arc_fleet\n    machines: 3\n    extensions:\n"
EXTENSION = "      - {publisher: P, type: T, version: 1.0.0}\n"
MANY = "      - {{publisher: P, type: T{0}, version: 1.0.0}}\n"

FILES = {
    "builds": (f"{SERVICE}    builds:\n", "      b{0}: {{}}\n", "    roles:\n      W: {instances: 4}\n",
               "upgrade_deployment: {{build: b{0}}}"),
    "builds that no list names": (WEB, "", "", "upgrade_deployment: {{build: b{0}}}"),
    "walks of an operator": (WEB, "", "", "upgrade_deployment: {{mode: Manual, operator: {{}}}}"),
    "walks without an operator": (WEB, "", "", "upgrade_deployment: {{mode: Manual}}"),
    "roles": (f"{SERVICE}    roles:\n", "      r{0}: {{instances: 2}}\n", "",
              "reboot_instance: {{instance: r{0}_IN_1}}"),
    "roles that grow": (f"{SERVICE}    roles:\n", "      r{0}: {{instances: 2}}\n", "",
                        "change_configuration: {{configuration: {{r{0}: 3}}}}"),
    "walks of domains": (WEB, "", "", "walk_upgrade_domain: {{upgrade_domain: 1}}"),
    "rollbacks": (WEB, "", "", "rollback: {{}}"),
    "host updates": (WEB, "", "", "host_os_update: {{}}"),
    "jobs": (f"{POOL}    work:\n", "      - {{name: j{0}, load: 0.01%, service: 1min}}\n", "", ""),
    "versions": (POOL, "", "", "upgrade_os: {{target_os_version: WA-GUEST-OS-5.{0}_201905-01}}"),
    "newest versions": (POOL, "", "", 'upgrade_os: {{target_os_version: "*"}}'),
    "sizes": (POOL, "", "", "resize: {{nodes: {0}}}"),
    "reboots": (POOL, "", "", "reboot_node: {{node: node-1}}"),
    "releases": (f"{FLEET}{EXTENSION}", "", "", "publish_extension: {{type: T, version: 1.0.{0}}}"),
    "releases of many": (FLEET, MANY, "", "publish_extension: {{type: T{0}, version: 1.0.1}}"),
    "puts": (FLEET, MANY, "", "put_extension: {{publisher: P, type: T{0}, version: 1.0.1}}"),
    "puts of what is new": (f"{FLEET}{EXTENSION}", "", "",
                            "put_extension: {{publisher: P, type: N{0}, version: 1.0.1}}"),
    "pushes": (FLEET, MANY, "", "upgrade_extensions: {{targets: {{P.T{0}: 1.0.1}}}}"),
    "repairs": (FLEET, MANY, "", "repair_extension: {{type: T{0}}}"),
    "enrolments": (FLEET, MANY, "", "set_automatic_upgrade: {{type: T{0}, enabled: true}}"),
}  # fmt: skip


def text(name, count):
    """A file with so many entries and operations."""
    head, entry, tail, operation = FILES[name]
    entries = "".join(entry.format(k + 1) for k in range(count))
    asked = "".join(f"  - {{at: {k}s, {operation.format(k + 1)}}}\n" for k in range(count))
    return f"{head}{entries}{tail}" + (f"operations:\n{asked}" if operation else "")


def instructions(text):
    """How many instructions of ours are executed while a file is read, checked and estimated."""
    done = 0

    def entered(frame, *_):
        if not frame.f_code.co_filename.startswith(OURS):
            return None
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        return executed

    def executed(_, event, __):
        nonlocal done
        done += event == "opcode"
        return executed

    before = sys.gettrace()
    sys.settrace(entered)
    try:
        scenario = files.loads(text)
        assert scenario.warnings is not None
        estimate(Simulation(scenario), 1)
    finally:
        sys.settrace(before)
    return done


@pytest.mark.parametrize("name", FILES)
def test_work_grows_with_the_file(name):
    few, some, many = (instructions(text(name, count)) for count in (20, 40, 80))
    assert (many - some) / (some - few) < 2.4  # 2 in proportion, 4 for a square


@pytest.mark.parametrize(
    ("name", "count", "rule"),
    [
        (
            "builds",
            1_000,
            "systems.shop.builds: must have at most 1,000 builds, those of its upgrades",
        ),
        ("builds that no list names", 1_000, "systems.shop: must have at most 1,000 builds"),
        ("roles", 1_001, "systems.shop.roles: must be at most 1,000, got 1,001"),
    ],
)
def test_of_what_each_request_looks_through_there_are_not_too_many(name, count, rule):
    with pytest.raises(ScenarioError) as error:
        files.loads(text(name, count))
    assert [rule in str(error.value), len(error.value.problems)] == [True, 1]
    files.loads(text(name, count - 1))


def test_a_machine_has_no_more_extensions_than_a_request_can_look_through():
    extensions = [MANY.format(k) for k in range(251)]
    files.loads(f"{FLEET}{''.join(extensions[1:])}")
    with pytest.raises(ScenarioError, match="extensions: must be at most 250, got 251"):
        files.loads(f"{FLEET}{''.join(extensions)}")


def test_a_pool_lists_no_more_versions_than_a_request_can_look_through():
    listed = "      - version: WA-GUEST-OS-5.{}_201905-01\n"
    versions = [listed.format(k) for k in range(501)]
    files.loads(f"{POOL}    os_versions:\n{''.join(versions[1:])}")
    with pytest.raises(ScenarioError, match="os_versions: must be at most 500, got 501"):
        files.loads(f"{POOL}    os_versions:\n{''.join(versions)}")
