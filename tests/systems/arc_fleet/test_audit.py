"""The audit of an Arc fleet, on hand-made logs that break one rule each."""

from __future__ import annotations

import pytest
from fleet_log import (
    AGENT,
    PROBE,
    PUBLISH,
    PUBLISHED,
    Fleet,
    accepted,
    begun,
    returns,
    updates,
)

ASLEEP = AGENT | {"enable_automatic_upgrade": False}
OPT_OUT = ("set_automatic_upgrade", {"type": "Agent", "enabled": False})
PUSH = ("upgrade_extensions", {"targets": {"P.Agent": "1.1"}})
GOOD = PUBLISHED + updates("m-0", 200) + returns("m-1", 200) + returns("m-2", 200, then="failed")
UNENROLLED = "f: a release touched an extension that is not enrolled"
DOWN = "f: a version went down by neither a rollback nor a request"
UNJUDGED = "f: a bad health window did not end in a rollback, or a rollback had none"
OUTSIDE = "f: an installation began outside its windows"
AWAY = "f: an installation began on a disconnected machine"
TWO = "f: a machine was busy with two extensions at once"
MANY = "f: more machines were busy at once than `max_concurrent`"


def test_a_run_that_keeps_every_rule_passes():
    assert Fleet(PUBLISH).audit(GOOD, "", PUBLISHED) is None


# Enrolment


@pytest.mark.parametrize("state", ["waiting", "installing"])
def test_a_release_touches_no_extension_that_is_not_enrolled(state):
    text = PUBLISHED + f"200 Agent of m-0 -> {state}"
    assert Fleet(PUBLISH).audit(text) is None
    assert Fleet(PUBLISH, extensions=[ASLEEP]).audit(text) == UNENROLLED


def test_what_waits_when_it_is_opted_out_does_not_start():
    fleet = Fleet(PUBLISH, OPT_OUT)
    waits = PUBLISHED + "200 Agent of m-0 -> waiting" + accepted(300, "set_automatic_upgrade-0")
    assert fleet.audit(waits) is None
    assert fleet.audit(waits + "299 Agent of m-0 -> installing") is None
    assert fleet.audit(waits + "300 Agent of m-0 -> installing") == UNENROLLED


def test_what_is_under_way_when_it_is_opted_out_finishes():
    text = PUBLISHED + updates("m-0", 200) + accepted(250, "set_automatic_upgrade-0")
    assert Fleet(PUBLISH, OPT_OUT).audit(text) is None


def test_a_push_installs_what_is_not_enrolled():
    text = begun(100, "upgrade_extensions-0") + updates("m-0", 200, because="upgrade_extensions-0")
    assert Fleet(PUSH, extensions=[ASLEEP]).audit(text) is None


def test_a_fault_in_one_replication_of_many_is_found():
    fleet = Fleet(PUBLISH, OPT_OUT)
    opted_out = accepted(150, "set_automatic_upgrade-0")
    begins = "200 Agent of m-0 -> installing"
    assert fleet.audit(PUBLISHED + begins, PUBLISHED + opted_out) is None
    assert fleet.audit(PUBLISHED, PUBLISHED + opted_out + begins) == UNENROLLED


# Versions


def test_a_version_goes_down_by_a_rollback_only():
    text = PUBLISHED + updates("m-0", 200) + "500 Agent of m-0 -> current/1.0"
    assert Fleet(PUBLISH).audit(text) == DOWN


@pytest.mark.parametrize(("pushed", "rule"), [("1.0", None), ("1.1", DOWN)])
def test_a_version_goes_down_by_a_push_that_names_the_older_one(pushed, rule):
    push = ("upgrade_extensions", {"targets": {"P.Agent": pushed}})
    newer = AGENT | {"version": "1.1"}
    other = ("publish_extension", {"type": "Agent", "version": "1.0"})
    text = begun(100, "upgrade_extensions-0")
    text += updates("m-0", 200, version="1.0", because="upgrade_extensions-0")
    assert Fleet(push, other, extensions=[newer]).audit(text) == rule


def test_a_put_may_name_an_older_version():
    put = ("put_extension", {"publisher": "P", "type": "Agent", "version": "0.9"})
    text = """
        100 put_extension-0 -> InProgress
        100 Agent of m-0 -> installing because put_extension-0
        200 Agent of m-0 -> watching/0.9 because put_extension-0
    """
    assert Fleet(put).audit(text) is None


# Rollbacks


def test_a_bad_health_window_ends_in_a_rollback():
    text = PUBLISHED + "200 Agent of m-0 -> unhealthy/1.1 \n 300 Agent of m-0 -> "
    assert Fleet(PUBLISH).audit(text + "rolling_back") is None
    assert Fleet(PUBLISH).audit(text + "current") == UNJUDGED
    assert Fleet(PUBLISH).audit(text + "failed") == UNJUDGED


def test_a_rollback_follows_from_a_bad_health_window():
    text = PUBLISHED + "200 Agent of m-0 -> watching/1.1 \n 300 Agent of m-0 -> rolling_back"
    assert Fleet(PUBLISH).audit(text) == UNJUDGED


def test_what_is_installed_anew_has_nothing_to_go_back_to():
    repair = ("repair_extension", {"type": "Agent"})
    text = """
        100 repair_extension-0 -> InProgress
        100 Agent of m-0 -> unhealthy because repair_extension-0
        200 Agent of m-0 -> failed because repair_extension-0
    """
    assert Fleet(repair).audit(text) is None


# Windows, connections


@pytest.mark.parametrize(
    ("begin", "rule"), [(199, OUTSIDE), (200, None), (499, None), (500, OUTSIDE)]
)
def test_an_installation_begins_in_a_window_of_its_rollout(begin, rule):
    windows = [{"days": ["fri"], "from": "00:03:20", "to": "00:08:20"}]
    publish = ("publish_extension", {"type": "Agent", "version": "1.1", "windows": windows})
    assert Fleet(publish).audit(PUBLISHED + updates("m-0", begin)) == rule


def away(*times):
    """The machine m-1 goes and comes back in turn."""
    states = ("disconnected", "connected")
    return "".join(f"{time} m-1 -> {states[k % 2]}\n" for k, time in enumerate(times))


@pytest.mark.parametrize(
    ("begin", "rule"), [(149, None), (150, AWAY), (299, AWAY), (300, None), (400, AWAY)]
)
def test_nothing_begins_on_a_machine_that_is_disconnected(begin, rule):
    groups = {"m": {"count": 4, "disconnected": {"share": "50%", "on": "100s", "off": "150s"}}}
    fleet = Fleet(PUBLISH, groups=groups)
    text = PUBLISHED + away(150, 300, 400)
    assert fleet.audit(text + f"{begin} Agent of m-1 -> installing") == rule
    assert fleet.audit(text + f"{begin} Agent of m-2 -> installing") is None
    assert fleet.audit(PUBLISHED, text + f"{begin} Agent of m-1 -> installing") == rule


def test_at_an_instant_a_connection_is_what_it_becomes():
    """A line of the same instant may stand before the connection's or after it."""
    groups = {"m": {"count": 4, "disconnected": {"share": "50%", "on": "100s", "off": "150s"}}}
    fleet = Fleet(PUBLISH, groups=groups)
    begins = "300 Agent of m-1 -> installing\n"
    assert fleet.audit(PUBLISHED + begins + away(150, 300)) is None
    assert fleet.audit(PUBLISHED + begins + away(300)) == AWAY


def test_what_is_under_way_goes_on_while_a_machine_is_disconnected():
    groups = {"m": {"count": 4, "disconnected": {"share": "50%", "on": "100s", "off": "150s"}}}
    text = PUBLISHED + returns("m-1", 140) + away(150)
    assert Fleet(PUBLISH, groups=groups).audit(text) is None


# Machines


def both(second):
    """Two extensions of the machine m-1, the first busy from 200 to 400."""
    probe = ("publish_extension", {"type": "Probe", "version": "1.1"})
    text = PUBLISHED + begun(100, "publish_extension-1") + updates("m-1", 200)
    text += updates("m-1", second, kind="Probe", because="publish_extension-1")
    return Fleet(PUBLISH, probe, extensions=[AGENT, PROBE]).audit(text)


def test_a_machine_applies_one_extension_at_a_time():
    assert both(399) == TWO
    assert both(200) == TWO
    assert both(400) is None
    assert both(0) is None


def test_a_machine_is_busy_until_the_end_of_a_rollback():
    probe = ("publish_extension", {"type": "Probe", "version": "1.1"})
    fleet = Fleet(PUBLISH, probe, extensions=[AGENT, PROBE])
    text = PUBLISHED + begun(100, "publish_extension-1") + returns("m-0", 200)
    begins = "{} Probe of m-0 -> installing because upgrade by publish_extension-1"
    assert fleet.audit(text + begins.format(499)) == TWO
    assert fleet.audit(text + begins.format(500)) is None


def test_an_operation_changes_nothing_that_it_does_not_name():
    first = ("publish_extension", {"type": "Agent", "version": "1.1", "group": "a"})
    groups = {"a": {"count": 2}, "b": {"count": 2}}
    fleet = Fleet(first, groups=groups)
    other = "f: an operation touched machines that it does not name"
    assert fleet.audit(PUBLISHED + updates("a-0", 200)) is None
    assert fleet.audit(PUBLISHED + updates("b-0", 200)) == other
    wanted = "\n100 target of Agent on b -> enrolled/1.1 because publish_extension-0"
    assert fleet.audit(PUBLISHED + wanted) == other


def test_different_machines_are_busy_at_once():
    """Also at the horizon, which cuts both."""
    fleet = Fleet(PUBLISH, extensions=[AGENT, PROBE])
    begins = "900 Agent of m-0 -> installing \n 900 Agent of m-1 -> installing"
    assert fleet.audit(PUBLISHED + updates("m-1", 200) + begins) is None
    assert fleet.audit(PUBLISHED + begins, PUBLISHED + updates("m-0", 200)) is None


@pytest.mark.parametrize(("limit", "rule"), [(1, MANY), ("25%", MANY), (2, None), ("50%", None)])
def test_no_more_machines_are_busy_at_once_than_the_fleet_allows(limit, rule):
    text = PUBLISHED + updates("m-0", 200) + updates("m-1", 300) + updates("m-2", 400)
    assert Fleet(PUBLISH, max_concurrent=limit).audit(text) == rule
