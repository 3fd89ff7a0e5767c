"""What a user may write of a cloud service, what is filled in, and what refers to nothing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from places import CASES

from sim.cli.commands import main
from sim.core.errors import ScenarioError
from sim.core.log import Stack
from sim.core.rounding import Amount
from sim.formats.distributions import Distribution
from sim.scenario import Scenario
from sim.simulation import Simulation
from sim.systems.cloud_service import SYSTEM_TYPE
from sim.systems.cloud_service.spec import read_steps


def scenario(*operations: dict[str, object], **shop: object) -> Scenario:
    roles = {"Web": {"instances": 4}, "Worker": {"instances": 2}}
    system = {"kind": "cloud_service", "roles": roles} | shop
    asked = [{"at": f"{minute}min", **each} for minute, each in enumerate(operations, 1)]
    return Scenario.from_dict({"systems": {"shop": system}, "operations": asked})


def upgrade(**body: object) -> dict[str, object]:
    return {"upgrade_deployment": body}


def refused(*operations: dict[str, object], **shop: object) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        scenario(*operations, **shop)
    return [f"{problem.path}: {problem.rule}" for problem in caught.value.problems]


# Defaults ----------------------------------------------------------------------------------------


def test_a_service_has_the_documented_defaults():
    shop = scenario().systems["shop"]
    assert (shop.update_domains, shop.fault_domains, shop.build) == (5, 2, "1")
    assert (shop.start_timeout, shop.on_start_timeout) == (1800.0, "continue")
    assert (shop.deployment, shop.staging, shop.demand, shop.builds) == ("shop", None, None, {})
    assert (shop.extensions, shop.fault_domain_failures) == ((), None)


def test_a_role_has_the_documented_defaults():
    web = scenario().systems["shop"].roles["Web"]
    assert str(web.restart) == "lognormal (median 4min, p95 9min)"
    assert web.create == web.restart
    assert (web.min_available, web.min_healthy, web.weight) == (Amount(1), Amount(1), 1.0)
    assert (web.slow_start, web.failures, web.stages, web.local_storage) == (
        None,
        None,
        None,
        False,
    )
    assert web.serves_demand == 0.0


def test_a_build_behaves_well_unless_told():
    build = scenario(builds={"42": {}}).systems["shop"].builds["42"]
    assert (build.bad, build.fails_to_start, build.capacity_factor) == (1.0, 0.0, 1.0)
    assert build.unhealthy_later is None


def test_a_role_with_stages_has_no_restart_of_its_own():
    stages = {"stop": "30s", "apply": "90s"}
    web = scenario(roles={"Web": {"instances": 1, "stages": stages}}).systems["shop"].roles["Web"]
    assert (web.restart, web.create) == (None, None)
    assert (web.stages.stop.mean, web.stages.apply.mean) == (30.0, 90.0)
    assert (web.stages.start.mean, web.stages.on_start.mean) == (0.0, 0.0)


def test_an_instance_is_created_as_it_restarts_unless_told():
    roles = {"A": {"instances": 1, "restart": "1min"}, "B": {"instances": 1, "create": "2min"}}
    resolved = scenario(roles=roles).systems["shop"].roles
    assert resolved["A"].create == Distribution.fixed(60.0)
    assert resolved["B"].create == Distribution.fixed(120.0)


def test_roles_and_builds_stand_in_order_of_name():
    roles = {"b": {"instances": 1}, "a": {"instances": 1}}
    shop = scenario(roles=roles, builds={"9": {}, "3": {}}).systems["shop"]
    assert (list(shop.roles), list(shop.builds)) == (["a", "b"], ["3", "9"])


def test_a_staging_deployment_is_named_after_its_system():
    assert scenario(staging={"build": "2"}).systems["shop"].staging.deployment == "shop-staging"


@pytest.mark.parametrize(
    ("builds", "build"),
    [({}, "2"), ({"1": {}}, "2"), ({"42": {}}, "42"), ({"1": {}, "42": {}}, "42")],
)
def test_an_upgrade_goes_to_the_only_other_build(builds, build):
    assert scenario(upgrade(), builds=builds).operations[0].body.build == build


def test_the_build_that_runs_at_first_can_be_named():
    shop = {"build": "41", "builds": {"41": {}, "42": {}}}
    assert scenario(upgrade(), **shop).operations[0].body.build == "42"


def test_an_upgrade_has_the_documented_defaults():
    body = scenario(upgrade()).operations[0].body
    assert (body.mode, body.slot, body.force, body.x_ms_version) == (
        "Auto",
        "production",
        False,
        "newest",
    )
    assert (body.operator, body.role_to_upgrade, body.windows, body.changes) == (None, None, (), ())


def test_an_upgrade_of_a_named_deployment_has_no_slot():
    assert scenario(upgrade(deployment="shop")).operations[0].body.slot is None


def test_an_operator_has_the_documented_defaults():
    operator = scenario(upgrade(mode="Manual", operator={})).operations[0].body.operator
    assert (operator.bake, operator.look_every, operator.stop_above) == (0.0, 300.0, None)
    assert (operator.then, operator.detects, operator.false_alarm) == ("stop", 1.0, 0.0)


def test_a_host_update_takes_15_to_20_minutes_and_a_guest_update_a_restart():
    host, guest = scenario({"host_os_update": {}}, {"guest_os_update": {}}).operations
    uniform = {"uniform": {"low": "15min", "high": "20min"}}
    assert host.body.duration == Distribution.model_validate(uniform)
    assert guest.body.duration is None


def test_the_newest_api_version_is_above_every_date():
    old, new = scenario(upgrade(x_ms_version="2014-06-01"), upgrade()).operations
    assert old.body.x_ms_version < new.body.x_ms_version


@pytest.mark.parametrize("mode", ["auto", "AUTO", "Auto"])
def test_a_mode_is_taken_in_any_case_and_shown_as_azure_spells_it(mode):
    s = scenario(upgrade(mode=mode), {"rollback": {"mode": mode}})
    assert [each.body.mode for each in s.operations] == ["Auto", "Auto"]


def test_every_operation_can_be_written():
    s = scenario(
        upgrade(
            mode="manual", label="a", package_url="https://a/b", force=True, changes=["vm_size"]
        ),
        {"walk_upgrade_domain": {"upgrade_domain": 0}},
        {"rollback": {"mode": "Manual", "force": True}},
        {"change_configuration": {"configuration": {"Web": 6}, "restarts": True, "mode": "Auto"}},
        {"reboot_instance": {"instance": "Web_IN_5"}},
        {"reimage_instance": {"instance": "Worker_IN_0"}},
        {"update_status": {"status": "suspended"}},
        {"swap": {}},
        {"guest_os_update": {"duration": "6min"}},
        {"host_os_update": {"windows": [{"from": "22:00", "to": "05:00"}]}},
    )
    assert s.operations[6].body.status == "Suspended"
    assert s.operations[9].body.windows[0].from_ == 79200.0
    assert Scenario.from_text(s.to_yaml(), "scenario") == s


def test_null_deletes_an_extended_property_and_stands_nowhere_else():
    properties = [{"name": "a", "value": None}, {"name": "b", "value": "x"}]
    s = scenario(upgrade(extended_properties=properties))
    again = Scenario.from_text(s.to_yaml())
    assert [each.value for each in again.operations[0].body.extended_properties] == [None, "x"]
    assert refused(upgrade(label=None)) == [
        "operations.0.upgrade_deployment.label: null is not allowed here: leave the key out"
    ]


def test_what_the_service_would_refuse_is_not_refused_here():
    many = [{"name": f"1{n}", "value": "v" * 300} for n in range(30)]
    body = upgrade(label="x" * 200, extended_properties=many, x_ms_version="2009-10-01")
    walk = {"walk_upgrade_domain": {"upgrade_domain": 99}}
    unknown = {"extension_configuration": {"all_roles": [{"id": "nobody"}]}}
    assert len(scenario(body, walk, {"change_configuration": unknown}).operations) == 3


@pytest.mark.parametrize(
    ("body", "path", "rule"),
    [
        ({"mode": "Fast"}, "mode", "must be Auto, Manual or Simultaneous, got "),
        ({"slot": "test"}, "slot", "must be production or staging, got "),
        (
            {"x_ms_version": "2014"},
            "x_ms_version",
            "must be newest or a date such as 2014-06-01, got ",
        ),
        ({"changes": ["name"]}, "changes.0", "must be vm_size, local_storage or endpoints, got "),
        ({"build": 4.2}, "build", "must be text: quote it, got 4.2"),
        ({"operator": {"then": "cry"}}, "operator.then", "must be stop or rollback, got "),
        ({"windows": [{"from": "22:00"}]}, "windows.0", "missing key to"),
        ({"forse": True}, "forse", "unknown key, did you mean force?"),
    ],
)
def test_what_could_never_be_sent_is_refused(body, path, rule):
    (problem,) = refused(upgrade(**body))
    assert problem.startswith(f"operations.0.upgrade_deployment.{path}: {rule}")


def test_a_rollback_cannot_be_simultaneous():
    (problem,) = refused({"rollback": {"mode": "Simultaneous"}})
    assert problem.startswith("operations.0.rollback.mode: must be Auto or Manual, got ")


# References --------------------------------------------------------------------------------------


def test_roles_that_do_not_exist_are_refused_wherever_they_are_named():
    extensions = {"named_roles": {"Web": [], "Wob": []}}
    assert refused(
        upgrade(role_to_upgrade="Wb"),
        {"change_configuration": {"configuration": {"Nobody": 2}}},
        upgrade(extension_configuration=extensions),
    ) == [
        (
            "operations.0.upgrade_deployment.role_to_upgrade: must be a role of shop, got Wb; "
            "did you mean Web?"
        ),
        (
            "operations.1.change_configuration.configuration.Nobody: must be a role of shop, "
            "got Nobody; known: Web, Worker"
        ),
        (
            "operations.2.upgrade_deployment.extension_configuration.named_roles.Wob: must be a "
            "role of shop, got Wob; did you mean Web?"
        ),
    ]


def test_a_build_must_be_listed_where_others_are():
    assert refused(upgrade(build="43"), builds={"42": {}}, staging={"build": "44"}) == [
        "systems.shop.staging.build: must be a build of `builds`, got 44; known: 1, 42",
        "operations.0.upgrade_deployment.build: must be a build of `builds`, got 43; known: 1, 42",
    ]
    assert scenario(upgrade(build="1"), builds={"42": {}}).operations[0].body.build == "1"
    assert scenario(upgrade(build="43"), builds={"1": {}}).operations[0].body.build == "43"


@pytest.mark.parametrize("bad", ["10%", "100%"])
def test_a_bad_build_says_what_it_does(bad):
    rule = "must stand beside fails_to_start, unhealthy_later or capacity_factor, "
    assert refused(builds={"2": {"bad": bad}}) == [
        f"systems.shop.builds.2.bad: {rule}which say what a bad build does, got {bad} alone"
    ]


@pytest.mark.parametrize(
    "harm",
    [
        {"fails_to_start": "1%"},
        {"unhealthy_later": {"probability": "1%", "after": "1h"}},
        {"capacity_factor": "90%"},
    ],
)
def test_any_harm_will_do(harm):
    scenario(builds={"2": {"bad": "10%", **harm}})
    scenario(builds={"2": {"bad": "0%"}})  # a build that is never bad need not say


def test_a_bad_build_of_which_nothing_is_said_is_told_at_its_place(capsys):
    path = CASES / "service-bad-build-unsaid.yaml"
    assert main(["run", str(path)]) == 2
    (told,) = capsys.readouterr().err.splitlines()
    assert ":7:18: systems.shop.builds.2.bad: must stand beside" in told


def test_an_upgrade_must_say_which_of_several_builds_it_means():
    assert refused(upgrade(), builds={"42": {}, "43": {}}) == [
        "operations.0.upgrade_deployment: missing key build, as several are listed: 42, 43"
    ]


def test_an_upgrade_names_a_deployment_or_a_slot_that_exists():
    staging = {"build": "2", "deployment": "next"}
    assert scenario(upgrade(deployment="next"), upgrade(slot="staging"), staging=staging)
    assert refused(upgrade(slot="staging")) == [
        (
            "operations.0.upgrade_deployment.slot: must be production, as shop has no `staging`, "
            "got staging"
        )
    ]
    assert refused(upgrade(deployment="next")) == [
        (
            "operations.0.upgrade_deployment.deployment: must be a deployment of shop, got next; "
            "known: shop"
        )
    ]
    assert refused(upgrade(slot="production", deployment="shop")) == [
        "operations.0.upgrade_deployment.deployment: must not be given together with slot, got shop"
    ]


def test_an_instance_must_be_one_that_its_role_may_ever_have():
    grown = {"change_configuration": {"configuration": {"Web": 6}}}
    assert scenario({"reboot_instance": {"instance": "Web_IN_5"}}, grown)
    assert refused(
        {"reboot_instance": {"instance": "Web_IN_6"}},
        {"reimage_instance": {"instance": "Web_IN_01"}},
        {"reboot_instance": {"instance": "Wob_IN_0"}},
        {"reboot_instance": {"instance": "Web"}},
        grown,
    ) == [
        (
            "operations.0.reboot_instance.instance: must be an instance of Web, Web_IN_0 to "
            "Web_IN_5, got Web_IN_6"
        ),
        (
            "operations.1.reimage_instance.instance: must be an instance of Web, Web_IN_0 to "
            "Web_IN_5, got Web_IN_01"
        ),
        (
            "operations.2.reboot_instance.instance: must be an instance of shop, got Wob_IN_0; "
            "did you mean Web_IN_0?"
        ),
        (
            "operations.3.reboot_instance.instance: must be an instance of shop, got Web; "
            "did you mean Web_IN_0?"
        ),
    ]


def test_a_role_has_a_restart_or_stages():
    web = {"instances": 1, "restart": "1min", "stages": {"stop": "30s"}}
    assert refused(roles={"Web": web}) == [
        "systems.shop.roles.Web.stages: must not be given together with restart"
    ]


# Demand ------------------------------------------------------------------------------------------


def test_demand_is_constant_or_a_curve_of_the_day():
    assert scenario(demand={"constant": 5}).systems["shop"].demand.constant == 5.0
    curve = scenario(demand={"curve": {"00:00": 3, "14:30": 9}}).systems["shop"].demand.curve
    assert curve == {0.0: 3.0, 52200.0: 9.0}


def test_a_csv_of_demand_is_read_as_steps():
    assert read_steps(b"value,time_s\n5,0\n7,60.5\n") == ((0.0, 5.0), (60.5, 7.0))


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"time_s,value\n0,5\n0,6\n", "that increase line by line"),
        (b"time_s,value\n-1,5\n", "times >= 0 in column time_s, got -1"),
        (b"time_s,value\n0,-5\n", "no demand below 0 in column value, got -5"),
        (b"time_s,value\n0,1e300\n", "0 or numbers from 0.000001 to 1e9 in column value, got 1e"),
        (b"time_s,value\n0,1\n9e99,2\n", "at most 10,000 years in column time_s, got 9e"),
        (b"time_s\n0\n", "must have one column value"),
    ],
)
def test_a_csv_of_demand_must_be_a_step_function(content, rule):
    with pytest.raises(ValueError, match=rule):
        read_steps(content)


# Assumptions and warnings ------------------------------------------------------------------------


def test_only_assumptions_in_force_are_named():
    everything = {"restart": "1min", "create": "2min", "min_healthy": 1}
    sure = {"instances": 1, **everything, "failures": {"per_year": 1, "recovery": "16min"}}
    assert scenario(upgrade(), roles={"Web": sure}).assumptions == ()
    assert scenario().assumptions == ("restart (lognormal, median 4min)", "no failures")
    assert scenario(upgrade()).assumptions[1] == "min_healthy 1"
    some = {"Web": {"instances": 1}, "Worker": sure}
    assert scenario(roles=some).assumptions == ("restart of Web (lognormal, median 4min)",)
    grown = {"change_configuration": {"configuration": {"Web": 9}}}
    assert "create of Web as restart" in scenario(grown).assumptions
    racks = scenario(fault_domain_failures={"per_year": 1, "recovery": "1h"})
    assert racks.assumptions[1:] == ("2 fault domains",)


def test_manual_without_operator_and_walks_warns():
    manual = upgrade(mode="Manual")
    walk = {"walk_upgrade_domain": {"upgrade_domain": 0}}
    changed = {"change_configuration": {"mode": "Manual", "restarts": True}}
    kept = {"change_configuration": {"mode": "Manual"}}
    waiting = scenario(manual, upgrade(), {"rollback": {"mode": "Manual"}}, changed, kept).warnings
    assert [each.split(":")[0] for each in waiting] == [
        "operations.0.upgrade_deployment.mode",
        "operations.2.rollback.mode",
        "operations.3.change_configuration.mode",
    ]
    assert scenario(manual, walk).warnings == ()
    assert scenario(upgrade(mode="Manual", operator={})).warnings == ()


def test_more_than_azure_allows_warns():
    roles = {f"r{n}": {"instances": 1} for n in range(26)}
    assert scenario(update_domains=21, roles=roles).warnings == (
        "systems.shop.roles: Azure allows at most 25, got 26",
        "systems.shop.update_domains: Azure allows at most 20, got 21",
    )


def test_demand_that_no_role_serves_warns():
    demand = {"constant": 5}
    assert len(scenario(demand=demand).warnings) == 1
    roles = {"Web": {"instances": 1, "serves_demand": 3}}
    assert scenario(demand=demand, roles=roles).warnings == ()


def test_the_metrics_that_groups_have_are_those_that_an_objective_may_ask_of_one():
    update = {"guest_os_update": {}}
    builds = {"2": {"fails_to_start": "50%"}}
    s = scenario(upgrade(), update, builds=builds, demand={"constant": 1})
    simulation = Simulation(s)
    measured, _ = simulation.models["shop"].measure(Stack([simulation.run()]), 0.0)
    assert {metric for group, metric in measured if group} == SYSTEM_TYPE.group_metrics
    assert {metric for group, metric in measured if not group} == set(SYSTEM_TYPE.metrics)


# Any scenario ------------------------------------------------------------------------------------

durations = st.sampled_from(["0s", "1.5s", "250ms", "1h30min", "PT5M", "2d"])
shares = st.sampled_from(["0%", "12.5%", "33.333%", 0.8, "100%"])
numbers = st.one_of(st.integers(0, 10**6), st.floats(1e-6, 1e6).map(lambda x: float(f"{x:.5g}")))
distributions = st.one_of(
    durations,
    st.just({"uniform": {"low": "1s", "high": "1min"}}),
    st.just({"lognormal": {"mean": "5min", "sd": "90s"}}),
    st.just({"weibull": {"shape": 1.5, "scale": "1h"}}),
    st.just({"empirical": {"values": ["1s", "2s", "2s"], "interpolate": True}}),
)
failures = st.fixed_dictionaries({"per_year": numbers, "recovery": distributions})
names = st.text(st.characters(codec="utf-8", categories=["L", "N", "P"]), min_size=1, max_size=8)
names = names.filter(lambda name: "/" not in name and "\\" not in name)
times = st.one_of(
    st.fixed_dictionaries({}, optional={"restart": distributions}),
    st.fixed_dictionaries(
        {
            "stages": st.fixed_dictionaries(
                {}, optional={"stop": distributions, "start": distributions}
            )
        }
    ),
)
roles = st.builds(
    lambda role, timing: role | timing,
    st.fixed_dictionaries(
        {"instances": st.integers(1, 50)},
        optional={
            "min_available": st.one_of(st.integers(0, 50), st.just("75%")),
            "weight": st.integers(1, 10**4).map(lambda thousandths: thousandths / 1000),
            "create": distributions,
            "slow_start": st.fixed_dictionaries({"for": distributions, "serves": shares}),
            "serves_demand": numbers,
            "failures": failures,
            "local_storage": st.booleans(),
        },
    ),
    times,
)
builds = st.just({}) | st.fixed_dictionaries({"capacity_factor": shares}, optional={"bad": shares})
bodies = st.fixed_dictionaries(
    {"build": st.just("1")},
    optional={
        "mode": st.sampled_from(["auto", "Manual", "SIMULTANEOUS"]),
        "force": st.booleans(),
        "label": st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "Zs"])),
        "windows": st.just([{"from": "22:00", "to": "05:00:30"}]),
        "extended_properties": st.lists(
            st.fixed_dictionaries({"name": names, "value": st.none() | names}), max_size=3
        ),
        "operator": st.fixed_dictionaries({}, optional={"bake": durations, "detects": shares}),
    },
)
services = st.fixed_dictionaries(
    {
        "kind": st.just("cloud_service"),
        "roles": st.dictionaries(names, roles, min_size=1, max_size=3),
    },
    optional={
        "update_domains": st.integers(1, 20),
        "builds": st.dictionaries(names, builds, max_size=2),
        "demand": st.just({"curve": {"00:00": 1, "23:59:59": 2.5}}),
        "fault_domain_failures": failures,
    },
)


@settings(deadline=None, max_examples=60)
@given(st.dictionaries(names, services, min_size=1, max_size=2), st.lists(bodies, max_size=2))
def test_any_resolved_scenario_reads_back_to_an_equal_one(systems, upgrades):
    system = next(iter(systems))
    operations = [
        {"at": "1min", "upgrade_deployment": {"system": system, **body}} for body in upgrades
    ]
    s = Scenario.from_dict({"systems": systems, "operations": operations}, "any")
    assert Scenario.from_text(s.to_yaml(), "any") == s


def test_a_role_has_at_most_ten_million_instances():
    rule = "systems.shop.roles.WebRole.instances: must be at most 10,000,000, got 3000000000"
    assert refused(roles={"WebRole": {"instances": 3 * 10**9}}) == [rule]
    more = {"change_configuration": {"configuration": {"WebRole": 3 * 10**9}}}
    assert refused(more, roles={"WebRole": {"instances": 4}}) == [rule]


def test_the_footer_names_that_a_second_change_takes_over():
    said = "a second change takes over from the first at once"
    first = {"at": "1min", "upgrade_deployment": {}}
    restart = {"at": "2min", "change_configuration": {"restarts": True}}
    grow = {"at": "2min", "change_configuration": {"configuration": {"W": 3}}}
    for operations, told in (([first], 0), ([first, grow], 0), ([first, restart], 1)):
        system = {"kind": "cloud_service", "roles": {"W": {"instances": 2}}}
        scenario = Scenario.from_dict({"systems": {"s": system}, "operations": operations})
        assert (said in scenario.assumptions) == told
