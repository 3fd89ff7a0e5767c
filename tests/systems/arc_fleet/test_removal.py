"""Extensions that an operator removes: when they go, and what comes after."""

from __future__ import annotations

import pytest
from any_fleet import AGENT, last, publish, refused, scenario
from arc_story import PUBLISH, causes, extension, fleet, told
from fleet_log import AGENT as INSTALLED
from fleet_log import PROBE, Fleet, begun, updates

from sim.core.wall_clock import DAY
from sim.simulation import Simulation
from sim.systems.arc_fleet.cost import parts
from sim.systems.arc_fleet.progress import by_day, held

REMOVE = "at: {at}, remove_extension: {{type: A}}"
PUT = "at: {at}, put_extension: {{publisher: P, type: A, version: 1.0, enable_automatic_upgrade: {e}}}"
FAILS = {"unhealthy": "100%", "rollback_fails": "100%"}
AWAY = (
    "groups: {m: {count: 1, disconnected: {share: 100%, windows: [{from: '09:00', to: '17:00'}]}}}"
)


def removed(at):
    return REMOVE.format(at=at)


def put(at, enrolled="false"):
    return PUT.format(at=at, e=enrolled)


def test_an_extension_goes_at_once_from_a_machine_that_rests():
    run = fleet(removed("2h"), machines="machines: 2")
    assert told(run, "A of machines-0") == [(7200, "absent")]
    assert told(run, "remove_extension-0")[-1] == (7200, "Succeeded")
    assert run.series("ready") == [(0, 2), (7200, 0)]
    assert run.series("capacity")[-1] == (7200, 0)
    assert run.model.members(run.log) == []
    assert run.model.status(run.log, 7200.0)["extensions"]["P.A"]["machines"] == 0


def test_what_is_under_way_finishes_before_it_goes():
    run = fleet(f"{PUBLISH}\n{removed('61min')}")
    assert told(run, "A of machines-0")[-2:] == [(4020, "current/1.1"), (4020, "absent")]
    assert told(run, "remove_extension-0")[-1] == (4020, "Succeeded")


def test_a_machine_that_is_away_loses_it_when_it_is_back():
    run = fleet(removed("2h"), machines=AWAY)
    assert told(run, "A of m-0") == [(7200, "waiting/1.0"), (32400, "absent")]
    assert told(run, "remove_extension-0")[-1] == (32400, "Succeeded")


def test_what_waits_for_a_release_waits_no_more():
    run = fleet(f"{PUBLISH}\n{removed('2h')}", machines=AWAY)
    assert told(run, "A of m-0") == [
        (3600, "waiting/1.0"),
        (7200, "current/1.0"),
        (7200, "waiting/1.0"),
        (32400, "absent"),
    ]


def test_what_backs_off_goes_and_is_not_tried_again():
    run = fleet(f"{PUBLISH}\n{removed('80min')}", unhealthy="100%")
    assert told(run, "A of machines-0")[-3:] == [
        (4080, "backing_off/1.0"),
        (4800, "current/1.0"),
        (4800, "absent"),
    ]


def test_a_release_touches_nothing_that_is_removed():
    run = fleet(f"{removed('30min')}\n{PUBLISH}")
    assert told(run, "A of machines-0") == [(1800, "absent")]
    assert told(run, "upgrade by publish_extension-0") == []


def test_a_release_ends_when_the_last_one_is_removed_and_counts_those_that_are_there():
    """a-0 has it at once; b-0 is removed before it discovers it, and is behind until then."""
    groups = "groups: {a: {count: 1}, b: {count: 1, discovery: 10h}}"
    run = fleet(f"{PUBLISH}\nat: 2h, remove_extension: {{type: A, group: b}}", machines=groups)
    assert told(run, "A of b-0") == [(7200, "absent")]
    assert told(run, "upgrade by publish_extension-0")[-1] == (7200, "completed")
    values, _ = run.model.measure(run.stack, 0.0)
    assert values["", "updated_share"][0] == 1
    assert (values["", "time_to_50"][0], values["", "time_to_99"][0]) == (420, 3600)
    assert run.series("up_to_date") == [(0, 1), (3600, 0), (4020, 0.5), (7200, 1)]
    (what,) = held(run.model.layout, run.log)
    assert (what.scope, what.up_to_date, what.by) == (1, 1, {})


def test_what_is_removed_was_as_far_as_it_was_as_long_as_it_was_there():
    """a-0 and b-0 are up to date within minutes; a-0 goes on day 2, b-0 on day 3."""
    lines = "\n".join(
        f"at: {day}d, remove_extension: {{type: A, group: {group}}}"
        for day, group in ((2, "a"), (3, "b"))
    )
    groups = "groups: {a: {count: 1}, b: {count: 1}}"
    run = fleet(f"{PUBLISH}\n{lines}", machines=groups, horizon="5d")
    values, _ = run.model.measure(run.stack, 0.0)
    for group, gone in (("", 3), ("a", 2), ("b", 3)):
        assert run.series("up_to_date", group) == [(0, 1), (3600, 0), (4020, 1), (gone * DAY, 0)]
        assert values[group, "time_to_99"][0] == 420
        assert values[group, "updated_share"][0] == 0
        days = [row["up_to_date"] for row in by_day(run.model, run.log) if row["group"] == group]
        assert days == [0] + [1] * (gone - 1) + [0]
    assert held(run.model.layout, run.log) == []


def test_a_failed_extension_is_gone_when_it_is_removed_and_put_again_it_is_installed_anew():
    lines = f"{PUBLISH}\n{removed('2h')}\n{put('3h')}"
    run = fleet(lines.replace("1.1}", "1.1, unhealthy: 100%}"), rollback_fails="100%")
    assert told(run, "A of machines-0")[3:] == [
        (4080, "failed/1.1"),
        (7200, "absent"),
        (10800, "installing/1.1"),
        (10920, "unhealthy/1.1"),
        (11220, "failed/1.1"),
    ]


@pytest.mark.parametrize(
    ("asked", "version"),
    [(put("2h"), "1.1"), ("at: 2h, upgrade_extensions: {targets: {P.A: 1.0}}", "1.0")],
)
def test_a_put_or_a_push_replaces_what_is_failed_without_a_removal(asked, version):
    """The PUT picks the newest minor version."""
    bad = "at: 1h, publish_extension: {type: A, version: 1.1, unhealthy: {machines: 100%}}"
    run = fleet(f"{bad}\n{asked}", rollback_fails="100%")
    assert told(run, "A of machines-0")[3:5] == [
        (4080, "failed/1.1"),
        (7200, f"installing/{version}"),
    ]


def test_a_put_overtakes_a_removal_that_still_waits():
    run = fleet(f"{removed('1h')}\n{put('2h')}", machines=AWAY)
    assert told(run, "A of m-0")[-3:] == [
        (32400, "installing/1.0"),
        (32520, "watching/1.0"),
        (32820, "current/1.0"),
    ]
    assert told(run, "remove_extension-0")[-1] == (7200, "Succeeded")


def test_an_installation_that_still_waits_is_removed_with_nothing_to_go():
    lines = "at: 1h, put_extension: {publisher: P, type: B, version: 1.0}\n"
    run = fleet(f"{lines}at: 2h, remove_extension: {{type: B}}", machines=AWAY)
    assert told(run, "B of m-0") == []
    assert told(run, "remove_extension-0")[-1] == (32400, "Succeeded")
    (note,) = [row["message"] for row in run.model.operations_table(run.log)][1:]
    assert note == "removes nothing: no B was there yet"


def test_what_is_put_again_and_enrolled_gets_the_newest_release():
    run = fleet(f"{removed('30min')}\n{PUBLISH}\n{put('2h', 'true')}")
    assert told(run, "A of machines-0") == [
        (1800, "absent"),
        (7200, "installing/1.1"),
        (7320, "watching/1.1"),
        (7620, "current/1.1"),
    ]


def test_what_is_put_again_is_enrolled_again_as_the_put_says():
    release = "at: 3h, publish_extension: {type: A, version: 1.1}"
    run = fleet(f"{removed('30min')}\n{put('2h', 'true')}\n{release}")
    assert told(run, "A of machines-0")[-3:] == [
        (10800, "installing/1.0"),
        (10920, "watching/1.1"),
        (11220, "current/1.1"),
    ]
    run = fleet(f"{removed('30min')}\n{put('2h', 'false')}\n{release}")
    assert told(run, "A of machines-0")[-1] == (7620, "current/1.0")


def test_what_waits_beside_it_starts_as_soon_as_it_is_gone():
    release = "at: 3h, publish_extension: {type: B, version: 1.1}"
    run = fleet(f"{removed('2h')}\n{release}", [extension("A"), extension("B")], machines=AWAY)
    assert told(run, "A of m-0")[-1] == (32400, "absent")
    assert told(run, "B of m-0")[1] == (32400, "installing/1.0")


def test_the_service_wants_what_is_removed_no_more():
    run = fleet(removed("2h"))
    (line,) = run.about("target of A on machines")
    assert line.split(" because ")[0] == "7200 target of A on machines enrolled/1.0 -> absent"


def test_what_is_removed_is_there_no_more():
    run = fleet(f"{removed('1h')}\n{removed('2h')}")
    row = run.model.operations_table(run.log)[1]
    assert (row["status"], row["http_status"], row["code"]) == ("Refused", 404, "ResourceNotFound")


def test_another_extension_goes_on_when_one_is_removed():
    both = [extension("A"), extension("B")]
    lines = f"{PUBLISH}\nat: 1h, publish_extension: {{type: B, version: 1.1}}\n{removed('1h')}"
    run = fleet(lines, both)
    assert told(run, "A of machines-0") == [(3600, "absent")]
    assert told(run, "B of machines-0")[-1] == (4020, "current/1.1")
    assert causes(run, "A of machines-0") == ["remove_extension-0"]


# What is said of it ------------------------------------------------------------------------------

GONE = {"remove_extension": {"type": AGENT["type"]}}


def test_a_removal_is_told_before_it_comes():
    assert last(GONE) == (
        f"{AGENT['type']} on 4 machines is removed, enrolled or not; what is under way finishes first."
    )
    away = {"share": "50%", "on": "1h", "off": "1h"}
    groups = {"a": {"count": 1}, "b": {"count": 1, "disconnected": away}}
    assert last(GONE, groups=groups).endswith(
        "what is under way finishes first, and a machine that is away has it until it is back."
    )


def test_a_removal_costs_a_row_a_machine():
    simulation = Simulation(scenario(publish(), GONE))
    (part,) = [part for part in parts(simulation.models["f"]) if "removals" in part.what]
    assert (part.rows, part.events) == (4, 4)


def test_a_removal_names_a_type_that_is_there():
    (problem,) = refused({"remove_extension": {"type": "AzureMonitorLinuxAgen"}})
    assert "did you mean AzureMonitorLinuxAgent?" in problem


# The audit ---------------------------------------------------------------------------------------


def test_nothing_goes_that_no_request_removes():
    repair = ("repair_extension", {"type": "Agent"})
    found = Fleet(repair, ("remove_extension", {"type": "Agent"}))
    text = "100 {0}-0 -> InProgress\n100 Agent of m-0 -> absent/1.0 because {0}-0"
    rule = "f: an extension was removed that no request named"
    assert found.audit(text.format("repair_extension")) == rule
    assert found.audit(text.format("remove_extension")) is None


def test_nothing_goes_from_a_machine_that_is_away():
    away = {"share": "100%", "on": "1h", "off": "1h"}
    groups = {"m": {"count": 4, "disconnected": away}}
    found = Fleet(("remove_extension", {"type": "Agent"}), groups=groups)
    text = "0 m-0 -> disconnected\n100 remove_extension-0 -> InProgress"
    text += "\n100 Agent of m-0 -> absent/1.0 because remove_extension-0"
    assert found.audit(text) == "f: an installation began on a disconnected machine"


def test_what_was_removed_is_gone_from_every_machine():
    found = Fleet(("remove_extension", {"type": "Agent"}))
    gone = "".join(
        f"\n100 Agent of m-{k} -> absent/1.0 because remove_extension-0" for k in range(4)
    )
    request = "100 remove_extension-0 -> InProgress"
    ends = "\n100 remove_extension-0 -> Succeeded"
    still = "f: an extension that was removed is still there"
    assert found.audit(request + gone + ends) is None
    assert found.audit(request + gone[: gone.index("\n100 Agent of m-3")] + ends) == still
    assert found.audit(request) is None  # it has not ended


def test_nothing_goes_in_the_midst_of_something():
    probe = ("publish_extension", {"type": "Probe", "version": "1.1"})
    found = Fleet(probe, ("remove_extension", {"type": "Agent"}), extensions=[INSTALLED, PROBE])
    text = begun(50, "publish_extension-0") + updates("m-0", 100, kind="Probe")
    text += "\n90 remove_extension-0 -> InProgress"
    gone = "\n{} Agent of m-{} -> absent/1.0 because remove_extension-0"
    busy = "f: an extension was removed from a machine that was busy"
    assert found.audit(text + gone.format(200, 0)) == busy
    assert found.audit(text + gone.format(299, 0)) == busy
    assert found.audit(text + gone.format(300, 0)) is None
    assert found.audit(text + gone.format(100, 0)) is None  # before it begins
    assert found.audit(text + gone.format(200, 1)) is None
    again = updates("m-0", 300, kind="Probe")
    assert found.audit(text + gone.format(300, 0) + again) is None  # between the two
