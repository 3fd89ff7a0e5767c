"""Sweeps of a file: which points there are, and what is said of those that are wrong."""

import pytest
from shop_file import SHOP, scenario

from sim.core.errors import ScenarioError
from sim.formats.tree import dotted
from sim.scenario import Scenario, sweeps

DOMAINS = "systems.shop.update_domains"
AT = "operations.rollout.at"


def swept(entry, text=SHOP):
    return Scenario.from_text(text, "shop.yaml").with_sweep(entry)


def checked(make, *given):
    one = make(*given)
    sweeps.check(one, one.sweep)


def said(entry, text=SHOP):
    with pytest.raises(ScenarioError) as caught:
        checked(swept, entry, text)
    return str(caught.value).splitlines()


def test_a_grid_has_all_combinations_and_its_last_axis_changes_first():
    sweep = swept({DOMAINS: [2, 5], AT: ["0s", "5min", "10min"]}).sweep
    assert sweep.size == 6
    assert [sweep.label(number) for number in range(6)] == [
        "update_domains 2, at 0s",
        "update_domains 2, at 5min",
        "update_domains 2, at 10min",
        "update_domains 5, at 0s",
        "update_domains 5, at 5min",
        "update_domains 5, at 10min",
    ]
    assert sweep.title == "6 points of update_domains (2) x at (3)"


def test_zipped_paths_take_their_values_in_step():
    sweep = swept({"zip": True, DOMAINS: [2, 5], AT: ["0s", "5min"]}).sweep
    assert [sweep.label(number) for number in range(sweep.size)] == [
        "update_domains 2, at 0s",
        "update_domains 5, at 5min",
    ]
    assert sweep.title == "2 points of update_domains, at"


def test_listed_points_may_leave_a_path_as_the_file_has_it():
    one = swept({"points": [{DOMAINS: 2, AT: "0s"}, {DOMAINS: 5}]})
    assert [one.sweep.label(number) for number in range(2)] == [
        "update_domains 2, at 0s",
        "update_domains 5",
    ]
    second = list(sweeps.points(one, one.sweep))[1]
    assert second.operations[0].at == one.operations[0].at


def test_a_point_is_the_file_with_other_values_and_its_variants():
    one = swept({DOMAINS: [2, 10]})
    found = list(sweeps.points(one, one.sweep))
    assert [each.systems["shop"].update_domains for each in found] == [2, 10]
    assert [each.variant_names for each in found] == [one.variant_names] * 2
    assert [each.sweep for each in found] == [None, None]
    assert [each.seed for each in found] == [one.seed] * 2
    assert found[0] == one.override({DOMAINS: 2})


def test_a_variant_that_sets_the_path_itself_keeps_its_value():
    one = swept({DOMAINS: [2]}).with_variants({"a": {}, "b": {DOMAINS: 7}})
    (point,) = sweeps.points(one, one.sweep)
    assert [point.variant(name).systems["shop"].update_domains for name in "ab"] == [2, 7]


def test_what_is_wrong_with_a_value_is_told_once_at_its_own_line():
    text = f"{SHOP}sweep:\n  {DOMAINS}: [2, many]\n  {AT}: [0s, 5min]\n"
    with pytest.raises(ScenarioError) as caught:
        checked(Scenario.from_text, text, "shop.yaml")
    (problem,) = caught.value.problems
    line = text.splitlines().index(f"  {DOMAINS}: [2, many]") + 1
    assert problem.where.startswith(f"shop.yaml:{line}:")
    assert problem.path == f"sweep: point 2 (update_domains many, at 0s): {DOMAINS}"


def test_a_line_of_the_file_that_no_longer_fits_is_told_at_the_sweep():
    lines = said({"systems.shop.roles": [{"Web": {"instances": 2}}]})
    assert lines
    assert all(
        line.startswith("sweep: sweep: point 0 (roles {Web: {instances: 2}}): ") for line in lines
    )


def test_an_objective_that_applies_at_no_point_is_missed_there_and_no_error():
    one = swept({"operations": [[]]}, SHOP.partition("variants:")[0])
    sweeps.check(one, one.sweep)
    assert next(sweeps.points(one, one.sweep)).objectives == one.objectives


def test_a_grid_that_is_too_large_is_refused_with_its_size_before_it_is_built(monkeypatch):
    monkeypatch.setattr("sim.scenario.axes.Range.texts", None)
    entry = {"from": "1s", "to": "1000s", "step": "1s"}
    assert said({AT: entry, DOMAINS: {"from": 1, "to": 1000, "step": 1}}) == [
        "sweep: sweep: must have at most 100,000 points, got 1,000 x 1,000 = 1,000,000"
    ]


def test_ten_thousand_points_are_numbered_without_being_made():
    entry = {"from": 1, "to": 100, "step": 1}
    one = swept({DOMAINS: entry, "systems.shop.roles.Worker.instances": entry})
    assert one.sweep.size == 10_000
    assert one.sweep.label(9_999) == "update_domains 100, instances 100"


def test_axes_of_one_name_need_another():
    web, worker = (
        'systems.shop.roles."Conference.Web".instances',
        "systems.shop.roles.Worker.instances",
    )
    rule = "must not be called instances, as another axis is: name it with `as`"
    assert said({web: [2], worker: [2]}) == [
        f"sweep: {dotted(('sweep', path))}: {rule}" for path in (web, worker)
    ]
    one = swept({web: [2], worker: {"as": "workers", "values": [2]}})
    assert [axis.name for axis in one.sweep.axes] == ["instances", "workers"]


def test_a_build_that_looks_like_a_number_is_a_name():
    one = swept({"operations.rollout.upgrade_deployment.build": [42]})
    assert not one.sweep.axes[0].is_number
    assert swept({DOMAINS: [42]}).sweep.axes[0].is_number


def test_a_file_without_a_sweep_has_none():
    assert scenario().sweep is None
