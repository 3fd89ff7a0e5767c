"""Scenarios: what a file means, its defaults, its variants, and the way back to a file."""

from __future__ import annotations

import pickle
import re

import pytest
from places import ROOT
from screens import assert_screen
from shop_file import MINIMAL, SHOP, problems, scenario

from sim.core.errors import ScenarioError
from sim.core.rounding import Amount
from sim.formats.yaml_reading import read
from sim.scenario import Document, Scenario

UPGRADE = MINIMAL | {"operations": [{"at": "10min", "upgrade_deployment": {}}]}


def test_a_file_that_says_no_more_than_it_must_gets_the_documented_defaults():
    s = Scenario.from_text(
        "systems: {shop: {kind: cloud_service, roles: {Web: {instances: 4}}}}", "a/b.yaml"
    )
    assert (s.name, s.seed, s.replications, s.horizon, s.warm_up) == ("b", 0, 100, 86400.0, 0.0)
    assert not s.replications_given
    assert (s.start, s.operations, s.objectives, s.variant_names, s.inputs) == (
        None,
        (),
        (),
        (),
        (),
    )


def test_what_a_file_says_is_what_the_scenario_holds():
    s = scenario()
    assert (s.name, s.seed, s.replications, s.horizon, s.warm_up) == ("shop", 7, 50, 21600.0, 60.0)
    assert s.replications_given
    assert s.start is not None
    assert s.start.isoformat() == "2026-11-20T14:00:00+01:00"
    assert s.question == "does the shop keep 80 % of its capacity?"
    assert s.variant_names == ("manual", "auto", "more")


def test_the_question_stands_in_the_first_comments_only():
    late = (
        "systems: {shop: {kind: cloud_service, roles: {Web: {instances: 4}}}}\n# Question: why?\n"
    )
    assert scenario(late).question == ""


def test_operations_have_the_files_order_and_names_counted_by_kind():
    again = {"at": "20min", "upgrade_deployment": {}}
    named = {"at": "30min", "name": "last", "upgrade_deployment": {}}
    s = Scenario.from_dict(
        UPGRADE | {"operations": [again, {"at": "5min", "swap": {}}, named, again]}
    )
    assert [(each.index, each.name, each.named) for each in s.operations] == [
        (0, "upgrade_deployment-0", False),
        (1, "swap-0", False),
        (2, "last", True),
        (3, "upgrade_deployment-2", False),
    ]
    assert {each.system for each in s.operations} == {"shop"}
    assert {each.body.system for each in s.operations} == {"shop"}


def test_systems_stand_in_order_of_name():
    shop = MINIMAL["systems"]["shop"]
    assert list(Scenario.from_dict({"systems": {"b": shop, "a": shop}}).systems) == ["a", "b"]


def test_objectives_hold_their_bound_in_the_unit_of_the_metric():
    share, duration, count = scenario().objectives
    assert (share.system, share.group, share.at_least, share.at_most) == ("shop", "", 0.8, None)
    assert (share.in_runs, share.confidence, share.of) == (0.95, 0.95, "runs")
    assert (duration.at_most, duration.in_runs, duration.of) == (10800.0, 1.0, "mean")
    assert (count.group, count.at_most) == ("Worker", 2.0)


def test_objectives_from_python_are_written_as_in_a_file():
    entries = [{"metric": "min_capacity", "at_least": 0.8}, {"metric": "outages", "at_most": 3}]
    first, second = Scenario.from_dict(MINIMAL | {"objectives": entries}).objectives
    assert (first.at_least, second.at_most) == (0.8, 3.0)


def test_a_resolved_scenario_reads_back_to_an_equal_one():
    s = scenario()
    again = Scenario.from_text(s.to_yaml(), "elsewhere.yaml")
    assert again == s
    assert again.to_yaml() == s.to_yaml()


def test_a_resolved_scenario_has_every_default_but_no_variants():
    text = Scenario.from_dict(UPGRADE).to_yaml()
    assert "seed: 0" in text
    assert "update_domains: 5" in text
    assert "median: 4min" in text
    assert "mode: Auto" in text
    assert "variants" not in scenario().to_yaml()


def test_replications_that_were_not_given_stay_not_given():
    s = Scenario.from_dict(MINIMAL)
    assert not Scenario.from_text(s.to_yaml()).replications_given


def test_force_is_sent_only_where_the_file_sends_it():
    for body in ({}, {"force": False}):
        upgrade = [{"at": "1min", "upgrade_deployment": body}]
        again = Scenario.from_text(Scenario.from_dict(MINIMAL | {"operations": upgrade}).to_yaml())
        assert ("force" in again.operations[0].body.model_fields_set) == ("force" in body)


def test_scenarios_that_mean_the_same_are_equal_however_they_are_written():
    longhand = Scenario.from_dict(UPGRADE | {"horizon": "24h", "warm_up": "0s", "seed": 0})
    assert longhand == Scenario.from_dict(UPGRADE)
    assert longhand != Scenario.from_dict(UPGRADE | {"horizon": "23h"})
    assert longhand != Scenario.from_dict(MINIMAL)


def test_a_pickled_scenario_is_equal_and_can_still_be_changed():
    s = pickle.loads(pickle.dumps(scenario()))
    assert s == scenario()
    assert s.variant("auto") == scenario().variant("auto")


def test_a_variant_changes_the_file_as_written_and_knows_its_name():
    s = scenario()
    auto = s.variant("auto")
    assert (s.variant_name, auto.variant_name, auto.variant_names) == ("", "auto", ())
    assert [each.operations[0].body.mode for each in (s, auto)] == ["Manual", "Auto"]
    assert s.variant("more").systems["shop"].roles["Conference.Web"].instances == 10
    assert s.variant("manual") == s


def test_a_variant_that_does_not_exist_is_told_with_the_nearest_name():
    with pytest.raises(ScenarioError, match="must be a variant, got autp; did you mean auto"):
        scenario().variant("autp")


def test_a_variant_has_no_variants_of_its_own():
    for s in (scenario(), Scenario.from_dict(UPGRADE)):
        with pytest.raises(ScenarioError, match="must be a variant, got manual; known: none"):
            s.variant("auto").variant("manual")


def test_overrides_are_checked_as_a_file_is():
    s = scenario()
    assert s.override({"systems.shop.update_domains": 10}).systems["shop"].update_domains == 10
    assert s.systems["shop"].update_domains == 5
    with pytest.raises(ScenarioError, match="update_domains: must be a whole number, 1 or more"):
        s.override({"systems.shop.update_domains": 0})
    with pytest.raises(ScenarioError) as caught:
        s.override({"systems.shp.update_domains": 1, "horizn": "1h"})
    assert [problem.path for problem in caught.value.problems] == [
        "systems.shp.update_domains",
        "horizn",
    ]


def test_defaults_are_filled_in_after_an_override():
    s = Scenario.from_dict(UPGRADE).override({"systems.shop.builds.9": {}})
    assert s.operations[0].body.build == "9"


def test_an_override_holds_in_the_variants_too():
    s = scenario().override({"systems.shop.update_domains": 3})
    more = s.variant("more").systems["shop"]
    assert (more.update_domains, more.roles["Conference.Web"].instances) == (3, 10)
    assert s.variant("auto").override({"seed": 8}).variant_name == "auto"


def test_a_node_that_overrides_keeps_its_place():
    node = read("0", "--set systems.shop.update_domains=0")
    with pytest.raises(ScenarioError, match=r"^--set systems.shop.update_domains=0:1:1: "):
        scenario().override({"systems.shop.update_domains": node})


def test_a_scenario_is_shown_in_a_line():
    assert repr(scenario()) == (
        "<Scenario shop: shop (cloud_service); operations: 3; replications: 50; "
        "variants: manual, auto, more>"
    )
    assert repr(scenario().variant("more")).startswith("<Scenario shop, more: shop")


def test_variants_can_be_given_in_python():
    path = "systems.shop.update_domains"
    s = scenario().with_variants({f"{n}": {path: n} for n in (2, 4)})
    assert s.variant_names == ("2", "4")
    assert [s.variant(name).systems["shop"].update_domains for name in ("2", "4")] == [2, 4]
    assert s.with_variants({}).variant_names == ()
    assert scenario().variant("more").with_variants({"as it is": {}}).variant_names == ("as it is",)


LAST_SEED = 2**63 - 1
DOORS = {
    "file": lambda seed: scenario(SHOP.replace("seed: 7", f"seed: {seed}")),
    "dict": lambda seed: Scenario.from_dict(MINIMAL | {"seed": seed}),
    "override": lambda seed: scenario().override({"seed": seed}),
    "with_": lambda seed: scenario().with_(seed=seed),
}


@pytest.mark.parametrize("door", DOORS)
def test_seed_is_a_whole_number_of_63_bits_by_every_door(door):
    for seed in (0, 2**53 + 1, LAST_SEED):
        taken = DOORS[door](seed)
        assert taken.seed == seed
        assert Scenario.from_text(taken.to_yaml()).seed == seed
    for seed in (-1, LAST_SEED + 1, 2**64, 0.5):
        rule = re.escape(
            f"seed: must be a whole number from 0 to 2^63 - 1, got {str(seed).lower()}"
        )
        with pytest.raises(ScenarioError, match=rule):
            DOORS[door](seed)


def test_seed_and_replications_can_be_set_alone():
    s = scenario().with_(seed=99)
    assert (s.seed, s.replications) == (99, 50)
    assert scenario().with_(replications=3).replications == 3
    assert Scenario.from_dict(MINIMAL).with_(replications=3).replications_given


def test_a_file_without_variants_can_be_varied_by_the_modes_of_its_first_upgrade():
    s = Scenario.from_dict(UPGRADE)
    assert list(s.default_variants()) == ["auto", "manual", "simultaneous"]
    manual = s.variant("manual").operations[0].body
    assert (manual.mode, manual.operator.bake) == ("Manual", 600.0)
    assert s.variant("simultaneous").operations[0].body.mode == "Simultaneous"
    assert Scenario.from_dict(MINIMAL).default_variants() == {}


def test_the_default_variants_keep_the_operator_that_the_file_has():
    body = {"operator": {"bake": "1h"}}
    s = Scenario.from_dict(MINIMAL | {"operations": [{"at": "1h", "upgrade_deployment": body}]})
    assert s.variant("manual").operations[0].body.operator.bake == 3600.0


def test_amounts_keep_whether_they_are_counts_or_shares():
    roles = scenario().systems["shop"].roles
    assert roles["Conference.Web"].min_available == Amount(share=0.75)
    assert roles["Worker"].min_available == Amount(count=1)


def test_all_keys_and_values_that_are_wrong_are_told_at_once_in_file_order():
    text = SHOP.replace("seed: 7", "sed: 7").replace("mode: manual", "mode: slowly")
    assert_screen("problems/scenario", problems(text.replace("instances: 10", "instances: none")))


def test_preferred_metrics_hold_in_every_variant_and_read_back():
    s = scenario().override({"prefer": ["downtime", "rollout_duration"]})
    assert s.prefer == s.variant("auto").prefer == ("downtime", "rollout_duration")
    assert Scenario.from_text(s.to_yaml()).prefer == s.prefer
    assert (scenario().prefer, "prefer" in scenario().to_yaml()) == ((), False)


@pytest.mark.parametrize(
    ("metric", "rule"),
    [
        ("[donwtime]", "prefer.0: must be a metric of this file's systems, got donwtime; did you"),
        ("[downtime, downtime]", "prefer.1: must be named once, got downtime again"),
        ("[rolled_back]", "prefer.0: must be a metric of which more, or less, is better, got rol"),
        ("downtime", "prefer: must be a list"),
    ],
)
def test_what_cannot_be_preferred_is_told(metric, rule):
    (found,) = problems(f"prefer: {metric}\n" + SHOP)
    assert rule in found


@pytest.mark.parametrize(
    "text", ["[]", "7", "variants: 3", "operations: {}", "systems: 1", "systems: {}"]
)
def test_a_file_of_another_form_is_refused_with_a_place(text):
    assert all(problem.startswith("shop.yaml:1:") for problem in problems(text))


def test_this_repositorys_scenarios_are_whole():
    for path in ROOT.glob("scenarios/*.yaml"):
        named = {
            name: (path.parent / name).read_bytes()
            for name in Document.of_text(path.read_bytes()).files
        }
        assert Scenario.from_text(path.read_bytes(), path.name, named).question


def test_what_a_variant_adds_is_warned_of_in_it_and_not_in_the_file():
    text = """horizon: 1d
systems: {f: {kind: arc_fleet, machines: 2, extensions: [{publisher: P, type: T, version: "1.0"}]}}
operations: [{at: 1h, publish_extension: {type: T, version: "1.1"}}]
variants:
  repaired: {operations.+: {at: 2h, repair_extension: {type: T}}}
"""
    whole = Scenario.from_text(text, "x.yaml")
    assert not any("repair_extension" in each for each in whole.warnings)
    (told,) = (each for each in whole.variant("repaired").warnings if "repair" in each)
    assert told.startswith("x.yaml:5:")
