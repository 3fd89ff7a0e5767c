"""Groups of machines that differ: what they have of their own, by hand where nothing is random."""

from __future__ import annotations

import pytest
from any_fleet import AGENT, about, last, publish, scenario, told
from arc_story import fleet
from arc_story import told as states
from fleet_log import PUBLISH, PUBLISHED, Fleet, returns, updates

from sim.simulation import Simulation
from sim.systems.arc_fleet.cost import ATTEMPT_ROWS, parts
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
    assert " On desks: nothing fails. On laptops: An attempt is unhealthy with 50 %" in line


def test_how_many_are_out_at_an_instant_counts_each_group_by_its_own_laws():
    """40 of desks for 1 min spread over 1 d, 20 of laptops for 10 min spread over 2 d."""
    spread = {"desks": "1d", "laptops": "2d"}
    groups = {
        name: HALVES[name] | {"count": count, "discovery": {"uniform": {"low": "0s", "high": high}}}
        for (name, high), count in zip(spread.items(), (1440, 720), strict=True)
    }
    line = last(publish(), groups=groups, **FIXED)
    assert "Spread so, 3.5 of them are in their first installation" in line  # 1 + 2.5


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
