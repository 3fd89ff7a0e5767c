"""What the audit of a Batch pool finds wrong with upgrades and stays, in hand-made logs."""

from __future__ import annotations

import numpy as np
import pytest
from pool_log import TARGET, UPGRADE, Pool

from sim.core.random_streams import Again
from sim.systems.base.failures import redraw_failures

BY = "because upgrade by upgrade_os-0"
WALK = f"""
    50 upgrade by upgrade_os-0 -> upgrading because upgrade_os-0
    50 node-0 -> reimaging {BY}
    50 node-1 -> reimaging {BY}
    110 node-0 -> idle/{TARGET} {BY}
    110 node-1 -> idle/{TARGET} {BY}
    120 node-2 -> reimaging {BY}
    180 node-2 -> idle/{TARGET} {BY}
    180 upgrade by upgrade_os-0 -> completed {BY}
"""
"""Three nodes, two at once, with a pause of 10 s."""


def audited(text, *requests, **spec):
    """The rule that a log breaks, whose every time is as told."""
    keys = {"nodes": 3, "node_upgrade": "60s", "max_concurrent": 2, "pause": "10s", "work": []}
    pool = Pool(*(requests or (UPGRADE,)), **keys | spec)
    rule = pool.model.audit(pool.stack(text))
    return None if rule is None else rule.removeprefix("p: ")


def changed(*changes, text=WALK):
    """The walk with some of its lines changed."""
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text


# Upgrades


def test_a_sound_upgrade_breaks_no_rule():
    assert audited(WALK) is None


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        (
            [(f"110 node-1 -> idle/{TARGET}", "110 node-1 -> idle")],
            "a node came back from an upgrade on another version",
        ),
        (
            [(f"120 node-2 -> reimaging {BY}", ""), (f"180 node-2 -> idle/{TARGET} {BY}", "")],
            "an upgrade was completed without one of the nodes",
        ),
        (
            [("node-0", "node-9"), ("node-2", "node-0"), ("node-9", "node-2")],
            "nodes were not taken in the order of their numbers",
        ),
        (
            [("120 node-2", "70 node-2"), ("180 node-2", "130 node-2")],
            "more nodes were out for an upgrade at once than `max_concurrent`",
        ),
        (
            [("120 node-2", "115 node-2"), ("180", "175")],
            "a wave of an upgrade began before the pause was over",
        ),
    ],
)
def test_an_upgrade_that_breaks_a_rule_is_found(changes, rule):
    assert audited(changed(*changes)) == rule


def test_a_wave_that_does_not_wait_for_the_one_before_is_found():
    early = changed(("110 node-1", "150 node-1"))
    drawn = {"node_upgrade": {"uniform": {"low": "60s", "high": "61s"}}}
    found = audited(early, **drawn)
    assert found == "a wave of an upgrade began before the one before it was back"
    assert audited(early, pace="rolling", **drawn) != found


def test_a_node_that_is_taken_outside_the_windows_is_found():
    for until, rule in (
        ("00:03", None),
        ("00:02", "a node was taken outside the windows of its upgrade"),
    ):
        windows = [{"from": "00:00", "to": until}]
        asked = ("upgrade_os", {"target_os_version": TARGET, "windows": windows})
        assert audited(WALK, asked) == rule


def test_a_share_of_nodes_is_one_of_those_that_there_were():
    """Of three nodes 67 % are two, of the two that there were at its beginning it is one."""
    asked = UPGRADE, ("resize", {"nodes": 3})
    keys = {"nodes": 2, "create": "10s", "max_concurrent": "67%"}
    came = "{} node-2 -> creating because resize-0\n{} node-2 -> idle{} because resize-0"
    assert audited(came.format(0, 10, "") + WALK, *asked, **keys) is None
    late = changed((f"120 node-2 -> reimaging {BY}", ""), (f"180 node-2 -> idle/{TARGET} {BY}", ""))
    assert audited(late + came.format(60, 70, f"/{TARGET}"), *asked, **keys) == (
        "more nodes were out for an upgrade at once than `max_concurrent`"
    )


# Stays


@pytest.mark.parametrize("at", [179, 181])
def test_an_upgrade_that_takes_another_time_than_was_drawn_is_found(at):
    text = changed(("180 node-2", f"{at} node-2"), ("180 upgrade", "190 upgrade"))
    assert audited(text) == "a node was not out for the time that was drawn (node_upgrade)"


@pytest.mark.parametrize("at", [99, 101])
@pytest.mark.parametrize(
    ("kind", "status", "key"),
    [("reboot_node", "rebooting", "reboot"), ("reimage_node", "reimaging", "reimage")],
)
def test_a_restart_that_takes_another_time_than_was_drawn_is_found(kind, status, key, at):
    text = "40 node-0 -> {} because {}-0\n{} node-0 -> idle because {}-0"
    asked, spec = (kind, {"node": "node-0"}), {key: "60s"}
    assert audited(text.format(status, kind, 100, kind), asked, **spec) is None
    found = audited(text.format(status, kind, at, kind), asked, **spec)
    assert found == f"a node was not out for the time that was drawn ({key})"


def test_a_new_node_that_comes_too_early_is_found():
    text = "40 node-3 -> creating because resize-0\n{} node-3 -> idle because resize-0"
    asked = ("resize", {"nodes": 4})
    assert audited(text.format(70), asked, create="30s") is None
    found = audited(text.format(69), asked, create="30s")
    assert found == "a node was not out for the time that was drawn (create)"


def test_a_node_that_was_out_already_may_stay_longer_but_not_shorter():
    """The reboot would take it until 140: the upgrade's own 60 s are over before."""
    text = f"""
    40 node-0 -> rebooting because reboot_node-0
    50 upgrade by upgrade_os-0 -> upgrading because upgrade_os-0
    50 node-0 -> reimaging {BY}
    {{}} node-0 -> idle/{TARGET} {BY}
    """
    asked = (UPGRADE, ("reboot_node", {"node": "node-0"}))
    assert audited(text.format(140), *asked, nodes=1, reboot="100s") is None
    found = audited(text.format(109), *asked, nodes=1, reboot="100s")
    assert found == "a node was not out for the time that was drawn (node_upgrade)"


START = """
    40 node-0 -> rebooting because reboot_node-0
    100 node-0 -> waitingforstarttask because reboot_node-0
    {} node-0 -> {} because reboot_node-0
"""


@pytest.mark.parametrize(
    ("task", "end", "state"),
    [
        ({}, 120, "idle"),
        ({"fails": "100%"}, 120, "starttaskfailed"),
        ({"fails": "100%", "max_retry_count": 2}, 160, "starttaskfailed"),
    ],
)
def test_a_start_task_goes_as_drawn(task, end, state):
    asked = ("reboot_node", {"node": "node-0"})
    keys = {"start_task": {"duration": "20s"} | task, "reboot": "60s"}
    other = {"idle": "starttaskfailed", "starttaskfailed": "idle"}[state]
    assert audited(START.format(end, state), asked, **keys) is None
    for wrong in (end - 1, end + 1):
        assert audited(START.format(wrong, state), asked, **keys) == (
            "a start task did not take the time that was drawn for it"
        )
    assert audited(START.format(end, other), asked, **keys) == (
        "a start task did not fail or succeed as was drawn"
    )


# Failures


@pytest.fixture(scope="module")
def failing():
    """A pool, and its failures that are drawn, as pairs (node, time)."""
    pool = Pool(nodes=2, work=[], failures={"per_year": 40_000, "recovery": "10s"})
    layout = pool.model.layout
    drawn = redraw_failures(
        Again(0, np.array([0])), "p/failures", layout.spec.failures, np.zeros(1, int), 2, 1000.0
    )
    failures = list(zip(drawn.member.tolist(), drawn.time.tolist(), strict=True))
    assert len(failures) > 2
    return pool, failures


def rows(failures, recovery=10.0):
    """The log of such failures, without those of nodes that are out."""
    lines, back = [], {}
    for node, time in failures:
        if time > back.get(node, -1.0):
            back[node] = time + recovery
            lines.append(f"{time!r} node-{node} -> unusable because failures")
            if back[node] <= 1000:
                lines.append(f"{back[node]!r} node-{node} -> idle because failures")
    return "\n".join(lines)


def test_nodes_fail_when_it_is_drawn_and_only_then(failing):
    pool, (first, *others) = failing

    def rule(text):
        return pool.model.audit(pool.stack(text))

    assert rule(rows([first, *others])) is None
    assert rule(rows(others)) == "p: a node did not fail though it was drawn to"
    assert rule("") == "p: a node did not fail though it was drawn to"
    node, time = first
    assert rule(rows([(node, time + 1), *others])) == "p: a node failed that was not drawn to fail"
    assert rule(rows([first, *others], recovery=9.0)) == (
        "p: a node was not out for the time that was drawn (recovery)"
    )
