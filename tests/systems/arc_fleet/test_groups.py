"""Groups of machines that differ: what they have of their own, by hand where nothing is random."""

from __future__ import annotations

import pytest
from any_fleet import AGENT, about, last, noted, publish, refused, scenario, told
from any_fleet import OWN as CONTOSO
from arc_story import causes, extension, fleet
from arc_story import told as states
from fleet_log import PUBLISH, PUBLISHED, Fleet, returns, updates

from sim.simulation import Simulation
from sim.systems.arc_fleet.cost import ATTEMPT_ROWS, parts
from sim.systems.arc_fleet.defaults import groups, headcount
from sim.systems.arc_fleet.metrics import measure_more
from sim.systems.arc_fleet.progress import by_day
from sim.systems.arc_fleet.spec import ArcFleet, MachineGroup, on_group

OWN = "install: 5min, discovery: 1h, unhealthy: 100%, rollback_fails: 100%"
TWO = f"groups: {{a: {{count: 1}}, b: {{count: 1, {OWN}}}}}"


# Laws of a group ---------------------------------------------------------------------------------


def test_a_group_goes_by_its_own_laws_and_the_others_by_those_of_the_fleet():
    run = fleet(machines=TWO)
    assert states(run, "A of a-0") == [
        (3600, "installing/1.0"),
        (3720, "watching/1.1"),
        (4020, "current/1.1"),
    ]
    assert states(run, "A of b-0") == [
        (7200, "installing/1.0"),
        (7500, "unhealthy/1.1"),
        (7800, "rolling_back/1.1"),
        (7860, "failed/1.1"),
    ]


def test_a_release_that_says_how_bad_it_is_is_as_bad_on_all_groups():
    good = "at: 1h, publish_extension: {type: A, version: 1.1, unhealthy: 0%}"
    assert states(fleet(good, machines=TWO), "A of b-0")[-1] == (7800, "current/1.1")


def test_a_group_may_be_better_than_the_fleet():
    groups = "groups: {a: {count: 1, unhealthy: 0%, rollback_fails: 0%}, b: {count: 1}}"
    run = fleet(machines=groups, unhealthy="100%", rollback_fails="100%")
    assert states(run, "A of a-0")[-1] == (4020, "current/1.1")
    assert states(run, "A of b-0")[-1] == (4080, "failed/1.1")


def test_what_an_operator_pushes_goes_by_the_laws_of_the_group():
    push = "at: 1h, upgrade_extensions: {targets: {P.A: 1.1}}"
    run = fleet(push, machines=TWO)
    assert states(run, "A of a-0")[-1] == (4020, "current/1.1")
    assert states(run, "A of b-0")[-1] == (3600 + 300 + 300 + 60, "failed/1.1")


def test_a_group_without_laws_of_its_own_is_the_fleet_itself():
    given = {"kind": "arc_fleet", "extensions": [AGENT]}
    spec = ArcFleet(
        **given, groups={"a": MachineGroup(count=1), "b": {"count": 1, "install": "0s"}}
    )
    assert on_group(spec, "a") is spec
    assert on_group(spec, "b").install.mean == 0.0


# The audit ---------------------------------------------------------------------------------------

TIMES = {"install": "1s", "health_window": "100s", "rollback": "100s", "retry_after": "300s"}


@pytest.mark.parametrize(
    ("law", "text", "rule"),
    [
        ({}, updates("m-0", 150), None),
        ({"install": "99s"}, updates("m-0", 150), "an installation did not take the time that was"),
        ({"discovery": "40s"}, updates("m-0", 150), "a machine discovered a release and did not"),
        (
            {"unhealthy": "100%"},
            updates("m-0", 150),
            "a machine was not found healthy or unhealthy",
        ),
        ({"unhealthy": "100%"}, returns("m-0", 150), None),
        (
            {"unhealthy": "100%", "rollback_fails": "100%"},
            returns("m-0", 150),
            "a rollback did not fail or succeed as was drawn",
        ),
    ],
)
def test_the_audit_draws_again_by_the_laws_of_the_group(law, text, rule):
    own = {"install": "100s", "discovery": "50s", "unhealthy": "0%", "rollback_fails": "0%"} | law
    other = {"discovery": "0s", "unhealthy": "0%", "rollback_fails": "0%"}
    groups = {"m": {"count": 1} | own}
    found = Fleet(PUBLISH, groups=groups, horizon=590.0, **TIMES | other)
    broken = found.model.audit(found.stack(PUBLISHED + text))
    assert broken is None if rule is None else broken.startswith(f"f: {rule}")


# What is said before a run -----------------------------------------------------------------------

HALVES = {
    "desks": {"count": 3},
    "laptops": {"count": 2, "unhealthy": "50%", "install": "10min", "discovery": "2d"},
}
FIXED = {"install": "1min", "discovery": "1d", "unhealthy": "0%"}


def test_discovery_and_attempts_are_told_for_each_group_that_differs():
    lines = told(publish(), groups=HALVES, **FIXED)
    assert "A release is discovered by a machine after 1d." in lines
    assert "A release is discovered by a machine of laptops after 2d." in lines
    begins = [line for line in lines if line.startswith("One attempt takes a machine of laptops")]
    assert begins[0].startswith("One attempt takes a machine of laptops 10min to install, ")
    assert "15min on average" in begins[0]


def test_the_law_of_the_fleet_is_not_told_where_each_group_has_its_own():
    groups = {"desks": {"count": 1, "discovery": "3d"}}
    assert about("discovered", publish(), groups=groups).startswith(
        "A release is discovered by a machine of desks after 3d"
    )


def test_the_fate_of_a_release_is_told_by_group_where_it_differs():
    line = last(publish(), groups=HALVES, **FIXED)
    assert (
        " On desks: nothing fails. On laptops: an attempt is unhealthy with a chance of 50 %"
        in line
    )


ANY = {
    "extensions": [CONTOSO | {"enable_automatic_upgrade": True}],
    "also_supported": ["Contoso/Own"],
}
"""An extension for any operating system."""


def test_a_release_that_is_bad_on_others_fails_on_none_of_a_group():
    groups = {
        "laptops": {"count": 2, "os": "windows", "rollback_fails": "10%"},
        "desks": {"count": 2, "os": "windows"},
        "servers": {"count": 2, "os": "linux"},
    }
    bad = publish("1.1", type="Own", unhealthy={"os": "windows"})
    line = last(bad, groups=groups, **ANY)
    assert (
        " On desks: it is bad on windows machines, and on no other. Every attempt there is "
        "unhealthy: "
    ) in line
    assert " On laptops: it is bad on windows machines, and on no other. Every" in line
    assert " On servers: nothing fails." in line
    alike = {name: {"count": 2, "os": group["os"]} for name, group in groups.items()}
    line = last(bad, groups=alike, **ANY)
    assert "get it. It is bad on windows machines, and on no other." in line


def test_of_many_groups_on_which_a_release_fares_alike_the_first_ones_are_named():
    alike = {f"g{k}": {"count": 1} for k in range(5)}
    line = last(publish(), groups=alike | {"z": {"count": 1, "unhealthy": "50%"}}, **FIXED)
    assert " On g0, g1, g2 and 2 more: nothing fails. On z: an attempt" in line
    del alike["g4"]
    line = last(publish(), groups=alike | {"z": {"count": 1, "unhealthy": "50%"}}, **FIXED)
    assert " On g0, g1, g2, g3: nothing fails. On z: an attempt" in line


def test_how_many_are_out_at_an_instant_counts_each_group_by_its_own_laws():
    """40 of desks for 1 min spread over 1 d, 20 of laptops for 10 min spread over 2 d."""
    spread = {"desks": "1d", "laptops": "2d"}
    groups = {
        name: HALVES[name] | {"count": count, "discovery": {"uniform": {"low": "0s", "high": high}}}
        for (name, high), count in zip(spread.items(), (1440, 720), strict=True)
    }
    line = last(publish(), groups=groups, **FIXED)
    assert "On average 3.5 of them are in their first installation" in line  # 1 + 2.5


def test_the_time_that_a_limit_costs_is_that_of_all_groups():
    """3 machines for 6 min each and 2 for 15 min, one at a time."""
    line = about("others wait", publish(), groups=HALVES, **FIXED, max_concurrent=1)
    assert line.endswith("takes at least about 48min.")


@pytest.mark.parametrize(("own", "attempts"), [({}, 2), ({"rollback_fails": "100%"}, 1)])
def test_a_run_is_expected_to_cost_what_its_groups_do(own, attempts):
    """Of laptops one in two attempts fails: two a machine, in the end, where it is tried again."""
    groups = HALVES | {"laptops": HALVES["laptops"] | own}
    again = {"retry_after": "1h", "rollback": "1min"}
    simulation = Simulation(scenario(publish(), groups=groups, **FIXED | again))
    (part,) = [part for part in parts(simulation.models["f"]) if part.kind == "extension"]
    assert part.rows / ATTEMPT_ROWS == pytest.approx(3 + 2 * attempts)


def test_a_default_that_each_group_replaces_is_not_assumed():
    groups = {"a": {"count": 1, "install": "1min"}}
    assumed = " ".join(scenario(publish(), groups=groups).assumptions)
    assert "install" not in assumed
    groups["b"] = {"count": 1}
    assert "install" in " ".join(scenario(publish(), groups=groups).assumptions)


def test_a_group_that_is_bad_may_fail_and_be_repaired():
    repair = {"repair_extension": {"type": AGENT["type"]}}
    assert scenario(publish(), repair, groups=HALVES).warnings
    groups = {"a": {"count": 1, "unhealthy": "5%", "rollback_fails": "5%"}}
    made = scenario(publish(), repair, groups=groups)
    assert not made.warnings
    assumed = " ".join(made.assumptions)
    assert "no unhealthy machines" not in assumed
    assert "no failed rollbacks" not in assumed


# A release that reaches one group first ----------------------------------------------------------

PAIR = "groups: {a: {count: 1}, b: {count: 1}}"
FIRST = "at: 1h, publish_extension: {type: A, version: 1.1, group: a}"
THEN = "at: 3h, publish_extension: {type: A, version: 1.1}"
NEWER = "at: 2h, publish_extension: {type: A, version: 1.2}"


def ends(run):
    """When each upgrade ended, and how."""
    names = dict.fromkeys(line.split(" -> ")[0].split(" ", 1)[1] for line in run.lines)
    upgrades = [name.rsplit(" ", 1)[0] for name in names if name.startswith("upgrade by ")]
    return {name: states(run, name)[-1] for name in upgrades}


def test_a_release_reaches_its_group_first_and_the_rest_when_it_comes_for_all():
    run = fleet(f"{FIRST}\n{THEN}", machines=PAIR)
    for name, begin in (("A of a-0", 3600), ("A of b-0", 10800)):
        assert states(run, name) == [
            (begin, "installing/1.0"),
            (begin + 120, "watching/1.1"),
            (begin + 420, "current/1.1"),
        ]
    assert ends(run) == {
        "upgrade by publish_extension-0": (4020, "completed"),
        "upgrade by publish_extension-1": (11220, "completed"),
    }


def test_times_count_from_the_first_release_and_all_that_get_it_are_in_scope():
    run = fleet(f"{FIRST}\n{THEN}", machines=PAIR)
    values, _ = run.model.measure(run.stack, 0.0)
    assert values["", "updated_share"][0] == 1
    assert values["", "time_to_50"][0] == 420
    assert values["", "time_to_99"][0] == 2 * 3600 + 420
    assert run.series("up_to_date") == [(0, 1), (3600, 0), (4020, 1), (10800, 0.5), (11220, 1)]


def test_before_it_comes_for_all_only_its_group_is_in_scope():
    run = fleet(FIRST, machines=PAIR)
    values, _ = run.model.measure(run.stack, 0.0)
    assert values["", "updated_share"][0] == values["", "finished"][0] == 1
    assert states(run, "A of b-0") == []


def test_a_group_that_still_discovers_it_does_so_once():
    """The second release is no news for it: neither its discovery nor its windows count."""
    later = "at: 3h, publish_extension: {type: A, version: 1.1, windows: [{from: '20:00', to: '21:00'}]}"
    own = "groups: {a: {count: 1, discovery: 5h}, b: {count: 1}}"
    run = fleet(f"{FIRST}\n{later}", machines=own)
    assert states(run, "A of a-0")[0] == (6 * 3600, "installing/1.0")
    assert causes(run, "A of a-0")[0] == "upgrade by publish_extension-0"
    assert states(run, "A of b-0")[1] == (20 * 3600, "installing/1.0")


def test_a_version_is_as_bad_as_its_first_release_says():
    bad = "at: 1h, publish_extension: {type: A, version: 1.1, group: a, unhealthy: {group: b}}"
    run = fleet(f"{bad}\n{THEN}", machines=PAIR, max_attempts=1)
    assert states(run, "A of a-0")[-1] == (4020, "current/1.1")
    assert states(run, "A of b-0")[-2:] == [(11220, "rolling_back/1.1"), (11280, "failed/1.0")]


def test_a_release_is_superseded_when_newer_ones_have_reached_all_of_its_groups():
    slow = {"machines": PAIR, "discovery": "10h"}
    run = fleet(f"{FIRST}\n{NEWER}", **slow)
    assert ends(run)["upgrade by publish_extension-0"] == (7200, "superseded")
    of_all = "at: 1h, publish_extension: {type: A, version: 1.1}"
    of_a = "at: 2h, publish_extension: {type: A, version: 1.2, group: a}"
    rest = "at: 3h, publish_extension: {type: A, version: 1.2}"
    run = fleet(f"{of_all}\n{of_a}", **slow)
    assert ends(run)["upgrade by publish_extension-0"] == (11 * 3600 + 420, "completed")
    run = fleet(f"{of_all}\n{of_a}\n{rest}", **slow)
    assert ends(run)["upgrade by publish_extension-0"] == (10800, "superseded")


def test_a_group_that_has_a_newer_version_does_not_get_an_older_one():
    newer = "at: 1h, publish_extension: {type: A, version: 1.2, group: a}"
    run = fleet(f"{newer}\n{THEN}", machines=PAIR)
    assert states(run, "A of a-0")[-1] == (4020, "current/1.2")
    assert states(run, "A of b-0")[-1] == (11220, "current/1.1")
    values, _ = run.model.measure(run.stack, 0.0)
    assert values["", "updated_share"][0] == 1  # of b alone: 1.1 is nothing for a


def test_who_opts_in_gets_what_was_released_for_the_group():
    opt_in = "at: 2h, set_automatic_upgrade: {type: A, enabled: true}"
    run = fleet(
        f"{FIRST}\n{opt_in}", [extension(more="enable_automatic_upgrade: false")], machines=PAIR
    )
    assert states(run, "A of a-0")[-1] == (7620, "current/1.1")
    assert states(run, "A of b-0") == []


def test_a_request_may_name_a_version_that_is_released_to_another_group():
    push = 'at: 2h, upgrade_extensions: {targets: {P.A: "1"}, group: b}'
    run = fleet(f"{FIRST}\n{push}", machines=PAIR)
    assert states(run, "A of b-0")[-1] == (7620, "current/1.1")


def test_the_service_shows_what_is_released_to_any_group():
    late = "at: 1h, publish_extension: {type: A, version: 1.1, group: b}"
    run = fleet(late, machines=PAIR)
    assert run.model.status(run.log, 7200.0)["extensions"]["P.A"]["releases"] == ["1.1"]
    both = fleet(f"{late}\nat: 2h, publish_extension: {{type: A, version: 1.1}}", machines=PAIR)
    assert both.model.status(both.log, 8000.0)["extensions"]["P.A"]["releases"] == ["1.1"]


def test_a_release_to_a_group_is_told_with_whom_it_leaves_alone():
    groups = {"desks": {"count": 3}, "laptops": {"count": 2}}
    bad = {"unhealthy": {"group": "laptops"}, "group": "desks"}
    then = publish()
    lines = told(publish(**bad), then, groups=groups, discovery="0s")
    first, second = [line for line in lines if line.startswith("At ")]
    assert "releases AzureMonitorLinuxAgent 1.38.0 to desks alone. 3 machines (desks), " in first
    assert "It is bad on the machines of laptops, and on no other." in first
    assert "2 machines (laptops), enrolled and below it, get it." in second
    assert "It leaves alone 3 machines for which 1.38.0 is out already." in second
    assert "It is bad on the machines of laptops, and on no other." in second


def test_what_a_later_release_of_a_version_says_of_itself_counts_for_nothing():
    two = {"groups": {"a": {"count": 1}, "b": {"count": 1}}}
    (line,) = noted(publish(group="a"), publish(unhealthy="20%"), **two)
    assert (
        "operations.1.publish_extension.unhealthy: counts for nothing: a version is as bad"
        in str(line)
    )
    assert noted(publish(group="a", unhealthy="20%"), publish(unhealthy="20%"), **two) == []
    assert noted(publish(group="a", unhealthy="20%"), publish(), **two) == []


def test_a_release_to_a_group_that_is_not_enrolled_is_noted():
    asleep = [
        AGENT | {"groups": ["a"]},
        AGENT | {"groups": ["b"], "enable_automatic_upgrade": False},
    ]
    two = {"groups": {"a": {"count": 1}, "b": {"count": 1}}, "extensions": asleep}
    assert noted(publish(group="a"), **two) == []
    assert "is nowhere enrolled" in str(noted(publish(group="b"), **two)[0])


@pytest.mark.parametrize(
    ("body", "place"),
    [({"group": "c"}, "group"), ({"unhealthy": {"group": "c"}}, "unhealthy.group")],
)
def test_a_release_names_a_group_that_is_there(body, place):
    two = {"groups": {"a": {"count": 1}, "b": {"count": 1}}}
    assert refused(publish(**body), **two) == [
        f"operations.0.publish_extension.{place}: must be a group of f, got c; known: a, b"
    ]


def test_a_retry_is_no_newer_release_where_a_version_comes_to_another_group():
    two = {"groups": {"a": {"count": 1}, "b": {"count": 1}}}
    newest = "a retry or pending discovery takes the newest release"
    assert newest not in scenario(publish(group="a"), publish(), **two).assumptions
    assert newest in scenario(publish(group="a"), publish("1.39.0"), **two).assumptions


def test_a_group_that_is_to_get_a_newer_version_is_in_no_scope_of_an_older_one():
    newer = "at: 1h, publish_extension: {type: A, version: 1.2, group: a}"
    run = fleet(f"{newer}\n{THEN}", machines=PAIR, discovery="10h")
    values, _ = run.model.measure(run.stack, 0.0)
    assert values["", "updated_share"][0] == 1
    assert values["", "time_to_50"][0] == values["", "time_to_99"][0] == 10 * 3600 + 420


def test_what_backs_off_does_not_discover_a_version_again_that_comes_to_the_others():
    groups = "groups: {a: {count: 1, unhealthy: 100%}, b: {count: 1}}"
    run = fleet(f"{FIRST}\n{THEN}", machines=groups, retry_after="10h")
    begins = [time for time, state in states(run, "A of a-0") if state.startswith("installing")]
    assert begins == [3600, 3600 + 36480, 3600 + 2 * 36480]


# Metrics, series and tables by group -------------------------------------------------------------


def test_metrics_and_series_are_given_by_group_of_machines():
    """b discovers the release an hour later, and its rollback fails."""
    run = fleet(machines=TWO)
    values, _ = run.model.measure(run.stack, 0.0)
    of = {group: {name: v[0] for (g, name), v in values.items() if g == group} for group in "ab"}
    assert (of["a"]["updated_share"], of["b"]["updated_share"]) == (1, 0)
    assert (of["a"]["time_to_99"], of["a"]["stuck_machines"]) == (420, 0)
    assert (of["b"]["rollbacks"], of["b"]["stuck_machines"]) == (1, 1)
    assert of["a"]["capacity_hours_lost"] == pytest.approx(120 / 3600)
    lines = run.model.timelines(run.log)
    assert lines["up_to_date", "a"].values.tolist() == [1, 0, 1]
    assert lines["capacity", "b"].values[-1] == 0
    assert lines["ready", "a"].values[-1] == 1
    more = measure_more(run.model, run.stack, "time_to_75")
    assert more["a", "time_to_75"][0] == 420


def test_a_group_is_measured_by_what_was_last_requested_of_it():
    """Later 1.2 is pushed to a alone: of b 1.1 was asked last, and it has that."""
    push = "at: 3h, upgrade_extensions: {targets: {P.A: 1.2}, group: a}"
    both = "at: 1h, publish_extension: {type: A, version: 1.1}"
    run = fleet(f"{both}\n{push}", machines=PAIR)
    values, _ = run.model.measure(run.stack, 0.0)
    shares = {group: values[group, "updated_share"][0] for group in ("", "A", "a", "b")}
    assert shares == {"": 1, "A": 1, "a": 1, "b": 1}
    assert values["b", "time_to_99"][0] == values["a", "time_to_99"][0] == 420
    expected = [(0, 1), (3600, 0), (4020, 1)]
    assert run.series("up_to_date", "b") == expected
    assert run.series("up_to_date", "a") == [*expected, (10800, 0), (11220, 1)]
    last = {row["group"]: row["up_to_date"] for row in by_day(run.model, run.log)}
    assert last == shares


def test_a_group_that_is_behind_with_what_was_last_requested_of_it_is_held_by_that():
    push = "at: 3h, upgrade_extensions: {targets: {P.A: 1.2}, group: a}"
    both = "at: 1h, publish_extension: {type: A, version: 1.1}"
    slow = "groups: {a: {count: 1}, b: {count: 1, discovery: 100d}}"
    run = fleet(f"{both}\n{push}", machines=slow)
    rows = by_day(run.model, run.log)
    assert {row["group"]: row["held_by"] for row in rows} == {
        "": "",
        "A": "",
        "a": "",
        "b": "1 not discovered",
    }


def test_the_share_up_to_date_by_day_is_told_by_group():
    run = fleet(machines=TWO)
    last_day = {row["group"]: row["up_to_date"] for row in by_day(run.model, run.log)}
    assert last_day == {"": 0.5, "A": 0.5, "a": 1, "b": 0}


def test_a_group_may_have_an_objective_and_a_number_of_members():
    spec = scenario(publish(), groups=HALVES).systems["f"]
    assert groups(spec, ()) == ("AzureMonitorLinuxAgent", "desks", "laptops")
    assert headcount(spec, (), "laptops").first == 2
    assert headcount(spec, (), "").first == 5


def test_one_group_or_very_many_are_not_measured_for_themselves():
    one = scenario(publish(), groups={"a": {"count": 3}}).systems["f"]
    many = scenario(publish(), groups={f"g{k}": {"count": 1} for k in range(101)}).systems["f"]
    assert groups(one, ()) == groups(many, ()) == ("AzureMonitorLinuxAgent",)


def test_a_group_that_is_called_as_a_type_gives_way_to_it():
    named = {"A": {"count": 1}, "b": {"count": 3}}
    run = fleet(machines=f"groups: {named}")
    values, _ = run.model.measure(run.stack, 0.0)
    assert {group for group, _ in values} == {"", "A", "b"}
    assert values["A", "min_in_service"][0] == 0
    assert run.series("ready", "A")[0][1] == 4


def test_how_many_must_be_available_counts_the_machines_of_all_groups():
    needs = [extension(more="enable_automatic_upgrade: true, min_available: 2")]
    run = fleet("", needs, machines=PAIR)
    values, _ = run.model.measure(run.stack, 0.0)
    assert values["A", "availability"][0] == 1
    assert ("a", "availability") not in values
    assert ("available", "a") not in run.model.series()
