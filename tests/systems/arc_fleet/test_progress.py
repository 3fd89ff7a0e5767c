"""How a release spreads by day, and what holds those that it does not reach."""

from __future__ import annotations

import pytest
from fleet_log import AGENT, PROBE, PUBLISH, PUBLISHED, Fleet, accepted, begun, returns, updates
from screens import assert_screen

from sim.systems.arc_fleet import progress

DAY = 86400
ALL = PUBLISHED + "".join(updates(f"m-{k}", 200) for k in range(4))


def by_day(fleet, text, group=""):
    """The day and the share of each row."""
    rows = progress.by_day(fleet.model, fleet.log(text))
    return [(row["day"], row["up_to_date"]) for row in rows if row["group"] == group]


def held(fleet, text):
    """What holds the rest of the only published type."""
    (one,) = progress.held(fleet.model.layout, fleet.log(text))
    found = {reason: sum(groups.values()) for reason, groups in one.by.items()}
    assert one.up_to_date + sum(found.values()) == one.scope
    return found


def told(fleet, text):
    return progress.progress_text(fleet.model, fleet.log(text))


# By day


def test_the_share_is_told_for_each_day_until_the_last_machine_is_up_to_date():
    text = PUBLISHED + updates("m-0", 200) + updates("m-1", DAY - 100) + updates("m-2", 3 * DAY)
    fleet = Fleet(PUBLISH, horizon=9.0 * DAY)
    shares = [(0, 0.0), (1, 0.5), (2, 0.5), (3, 0.5), (4, 0.75)]
    assert by_day(fleet, text) == by_day(fleet, text, "Agent") == shares


def test_the_horizon_ends_the_last_day():
    fleet = Fleet(PUBLISH)
    rows = progress.by_day(fleet.model, fleet.log(ALL))
    assert [(row["day"], row["at_s"]) for row in rows if not row["group"]] == [(0, 100), (1, 1000)]


def test_a_release_that_reaches_nobody_has_its_first_day_only():
    assert by_day(Fleet(PUBLISH), PUBLISHED) == [(0, 0.0)]


def test_what_is_not_published_has_no_days():
    assert by_day(Fleet(PUBLISH), "") == []
    assert by_day(Fleet(PUBLISH, extensions=[AGENT, PROBE]), ALL, "Probe") == []


def test_all_types_count_from_the_first_publication():
    probe = ("publish_extension", {"type": "Probe", "version": "1.1"})
    fleet = Fleet(PUBLISH, probe, extensions=[AGENT, PROBE], horizon=9.0 * DAY)
    text = ALL + begun(DAY + 100, "publish_extension-1")
    text += updates("m-0", DAY + 200, kind="Probe", because="publish_extension-1")
    assert by_day(fleet, text) == [(0, 0.0), (1, 0.5), (2, 5 / 8)]
    assert by_day(fleet, text, "Agent") == [(0, 0.0), (1, 1.0)]
    assert by_day(fleet, text, "Probe") == [(0, 0.0), (1, 0.25)]


# What holds the rest


def test_who_is_up_to_date_is_not_held():
    assert held(Fleet(PUBLISH), ALL) == {}


def test_each_one_that_is_behind_has_its_reason():
    text = PUBLISHED + returns("m-0", 200, then="failed") + returns("m-1", 200)
    text += "900 Agent of m-2 -> waiting"
    assert held(Fleet(PUBLISH), text) == {
        "failed": 1,
        "waiting": 1,
        "backing off": 1,
        "not discovered": 1,
    }
    begins = "\n 950 Agent of m-2 -> installing"
    assert held(Fleet(PUBLISH), text + begins)["under way"] == 1


def test_one_that_waits_on_a_disconnected_machine_is_held_by_that():
    groups = {"m": {"count": 4, "disconnected": {"share": "50%", "on": "100s", "off": "150s"}}}
    text = PUBLISHED + "300 m-0 -> disconnected \n 300 m-1 -> disconnected"
    text += "\n 500 Agent of m-0 -> waiting \n 500 Agent of m-2 -> waiting"
    fleet = Fleet(PUBLISH, groups=groups)
    assert held(fleet, text) == {"disconnected": 1, "waiting": 1, "not discovered": 2}


def test_one_that_is_opted_out_is_held_by_that_unless_it_failed():
    opt_out = ("set_automatic_upgrade", {"type": "Agent", "enabled": False})
    text = PUBLISHED + returns("m-0", 200, then="failed") + returns("m-1", 200)
    text += accepted(900, "set_automatic_upgrade-0")
    text += "900 Agent of m-1 -> current because set_automatic_upgrade-0"
    assert held(Fleet(PUBLISH, opt_out), text) == {"failed": 1, "opted out": 3}


def test_one_that_a_push_left_behind_was_rolled_back_or_has_another_version():
    asleep = AGENT | {"enable_automatic_upgrade": False}
    push = ("upgrade_extensions", {"targets": {"P.Agent": "1.1"}})
    put = ("put_extension", {"publisher": "P", "type": "Agent", "version": "1.2"})
    fleet = Fleet(push, put, extensions=[asleep])
    text = begun(100, "upgrade_extensions-0") + updates("m-0", 200, because="upgrade_extensions-0")
    text += returns("m-1", 200, then="current", because="upgrade_extensions-0")
    (one,) = progress.held(fleet.model.layout, fleet.log(text))
    assert one.by == {"rolled back": {"m": 1}, "on another version": {"m": 2}}
    assert (one.up_to_date, one.asked) == (1, "push")


def test_who_is_not_in_scope_is_not_held():
    asleep = AGENT | {"enable_automatic_upgrade": False, "groups": ["b"]}
    fleet = Fleet(
        PUBLISH,
        groups={"a": {"count": 2}, "b": {"count": 2}},
        extensions=[AGENT | {"groups": ["a"]}, asleep],
    )
    assert held(fleet, PUBLISHED + updates("a-0", 200)) == {"not discovered": 1}


@pytest.mark.parametrize("newer", ["1.2", "2.0"])
def test_the_last_release_of_a_type_is_told(newer):
    fleet = Fleet(PUBLISH, ("publish_extension", {"type": "Agent", "version": newer}))
    text = ALL + begun(500, "publish_extension-1") if newer == "1.2" else ALL
    (line,) = told(fleet, text)
    assert line.startswith("Agent 1.2: 0 of 4" if newer == "1.2" else "Agent 1.1: 4 of 4")


# In sentences


def test_a_release_is_told_with_its_share_its_last_day_and_the_rest():
    text = PUBLISHED + updates("m-0", 200) + updates("m-1", 2 * DAY) + returns("m-2", 200)
    assert told(Fleet(PUBLISH, horizon=9.0 * DAY), text) == [
        "Agent 1.1: 2 of 4 machines are up to date (50 %), the last on day 3 after the publication"
        "; the rest: 1 backing off, 1 not discovered"
    ]
    assert told(Fleet(PUBLISH), ALL) == [
        "Agent 1.1: 4 of 4 machines are up to date (100 %), the last on day 1 after the publication"
    ]
    assert told(Fleet(PUBLISH), PUBLISHED) == [
        "Agent 1.1: 0 of 4 machines are up to date (0 %); the rest: 4 not discovered"
    ]


def test_who_stops_being_up_to_date_is_not_the_last_to_get_there():
    text = PUBLISHED + updates("m-0", 200) + f"{3 * DAY} Agent of m-0 -> failed"
    fleet = Fleet(PUBLISH, horizon=9.0 * DAY)
    assert_screen("progress_of_a_fleet", told(fleet, text))
    assert by_day(fleet, text) == [(0, 0.0), (1, 0.25), (2, 0.25), (3, 0.0)]


def test_one_machine_is_told_as_one():
    one = Fleet(PUBLISH, groups={"m": {"count": 1}})
    assert told(one, PUBLISHED + updates("m-0", 200)) == [
        "Agent 1.1: 1 of 1 machine is up to date (100 %), the last on day 1 after the publication"
    ]
    (line,) = told(Fleet(PUBLISH), PUBLISHED + updates("m-0", 200))
    assert line.startswith("Agent 1.1: 1 of 4 machines is up to date (25 %), ")


def test_all_at_once_are_up_to_date_at_the_publication():
    at_once = "".join(
        f"100 Agent of m-{k} -> installing\n100 Agent of m-{k} -> watching/1.1\n"
        f"100 Agent of m-{k} -> current\n"
        for k in range(4)
    )
    fleet = Fleet(PUBLISH)
    assert told(fleet, PUBLISHED + at_once) == [
        "Agent 1.1: 4 of 4 machines are up to date (100 %), the last on day 0 after the publication"
    ]
    assert by_day(fleet, PUBLISHED + at_once) == [(0, 1.0)]


# By group of machines

AWAY = {"share": "100%", "on": "100s", "off": "150s"}
TWO = {"desks": {"count": 2}, "laptops": {"count": 3, "disconnected": AWAY}}


def test_the_groups_are_named_in_which_the_rest_is_held():
    text = PUBLISHED + updates("desks-0", 200) + returns("laptops-0", 200)
    text += "300 laptops-1 -> disconnected \n 300 laptops-2 -> disconnected"
    text += "\n 400 Agent of laptops-1 -> waiting \n 400 Agent of laptops-2 -> waiting"
    assert_screen("progress_of_groups", told(Fleet(PUBLISH, groups=TWO), text))


def test_a_reason_that_holds_several_groups_names_those_with_most_machines():
    (line,) = told(Fleet(PUBLISH, groups=TWO), PUBLISHED)
    assert line.endswith("the rest: 5 not discovered (3 of laptops, 2 of desks)")
    many = {f"g{k}": {"count": k + 1} for k in range(5)}
    (line,) = told(Fleet(PUBLISH, groups=many), PUBLISHED)
    assert line.endswith(
        "the rest: 15 not discovered (5 of g4, 4 of g3, 3 of g2, 3 of 2 more groups)"
    )
    four = {f"g{k}": {"count": k + 1} for k in range(4)}
    (line,) = told(Fleet(PUBLISH, groups=four), PUBLISHED)
    assert line.endswith("(4 of g3, 3 of g2, 2 of g1, 1 of 1 more group)")


def test_what_is_failed_is_told_with_its_group_before_what_helps():
    text = PUBLISHED + returns("desks-0", 200, then="failed")
    (line,) = told(Fleet(PUBLISH, groups=TWO), text)
    assert f"the rest: 1 failed (of desks; the first since Fri 20 Nov 00:08; {HELP}), 4 not" in line


def test_groups_of_several_types_are_counted_for_each_type_and_together():
    probe = ("publish_extension", {"type": "Probe", "version": "1.1"})
    kinds = [AGENT, PROBE | {"groups": ["desks"]}]
    fleet = Fleet(PUBLISH, probe, extensions=kinds, groups=TWO)
    text = PUBLISHED + begun(150, "publish_extension-1") + updates("laptops-0", 200)
    agent, only = told(fleet, text)
    assert agent.endswith("the rest: 4 not discovered (2 of desks, 2 of laptops)")
    assert only.endswith("the rest: 2 not discovered (of desks)")
    assert held_by(fleet, text) == {
        "": "6 not discovered",
        "Agent": "4 not discovered",
        "Probe": "2 not discovered",
        "desks": "4 not discovered",
        "laptops": "2 not discovered",
    }


def held_by(fleet, text):
    """By group what its last row says."""
    rows = progress.by_day(fleet.model, fleet.log(text))
    last = {row["group"]: row for row in rows}
    assert all(not row["held_by"] for row in rows if row is not last[row["group"]])
    return {group: row["held_by"] for group, row in last.items()}


def test_the_last_day_of_a_group_tells_what_holds_it_the_most_first():
    text = PUBLISHED + updates("desks-0", 200) + updates("desks-1", 2 * DAY)
    text += returns("laptops-0", 200, then="failed")
    fleet = Fleet(PUBLISH, groups=TWO, horizon=9.0 * DAY)
    assert held_by(fleet, text) == {
        "": "2 not discovered, 1 failed",
        "Agent": "2 not discovered, 1 failed",
        "desks": "",
        "laptops": "2 not discovered, 1 failed",
    }


# What is stuck


HELP = "only a repair, a PUT or a push installs it again, no release does"


def test_what_is_failed_is_told_with_since_when_what_helps_and_who_backs_off():
    text = PUBLISHED + returns("m-0", 300, then="failed") + returns("m-1", 100)
    (line,) = told(Fleet(PUBLISH), text + returns("m-2", 200, then="failed"))
    assert line == (
        "Agent 1.1: 0 of 4 machines are up to date (0 %); the rest: "
        f"2 failed (the first since Fri 20 Nov 00:08; {HELP}), 1 backing off, 1 not discovered"
    )


def test_what_is_failed_of_which_nothing_was_requested_is_told_beside():
    """m-0 has two extensions that failed at a PUT: one machine, since the first of them."""
    puts = [
        ("put_extension", {"publisher": "P", "type": kind, "version": "1.0"}) for kind in ("X", "Y")
    ]
    text = "".join(accepted(50, f"put_extension-{k}") for k in (0, 1)) + PUBLISHED
    for time, name, cause in ((200, "X of m-0", 0), (90, "Y of m-0", 1), (300, "X of m-3", 0)):
        text += f"{time} {name} -> failed because put_extension-{cause}\n"
    _, line = told(Fleet(PUBLISH, *puts), text)[:2]
    assert (
        line
        == f"stuck: 2 machines with a failed extension (the first since Fri 20 Nov 00:01; {HELP})"
    )


def test_what_is_failed_beside_is_told_with_its_group():
    put = ("put_extension", {"publisher": "P", "type": "X", "version": "1.0"})
    text = accepted(50, "put_extension-0")
    for name in ("desks-1", "laptops-0", "laptops-2"):
        text += f"90 X of {name} -> failed because put_extension-0\n"
    (line,) = told(Fleet(put, groups=TWO), text)
    assert line.startswith(
        "stuck: 3 machines with a failed extension (2 of laptops, 1 of desks; the first since"
    )


def test_each_published_type_is_told_by_itself():
    probe = ("publish_extension", {"type": "Probe", "version": "1.1"})
    asleep = PROBE | {"enable_automatic_upgrade": False}
    fleet = Fleet(PUBLISH, probe, extensions=[AGENT, asleep])
    assert told(fleet, ALL + accepted(500, "publish_extension-1")) == [
        "Agent 1.1: 4 of 4 machines are up to date (100 %), the last on day 1 after the publication",
        "publish_extension-1 Probe 1.1 upgrades no machine: no machine is enrolled",
    ]
    assert by_day(fleet, ALL + accepted(500, "publish_extension-1"), "Probe") == []


def test_a_release_that_does_not_come_is_not_told():
    assert told(Fleet(PUBLISH), "") == []
    assert by_day(Fleet(PUBLISH), "") == []


def test_nothing_is_told_where_nothing_is_to_be_published():
    assert told(Fleet(), "") == []
