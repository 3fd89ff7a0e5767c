"""Sweeps of a file: which points there are, and what is said of those that are wrong."""

import pytest
from shop_file import SHOP, scenario

from sim.core.errors import ScenarioError
from sim.formats.tree import dotted
from sim.scenario import Scenario

DOMAINS = "systems.shop.update_domains"
AT = "operations.rollout.at"


def swept(entry, text=SHOP):
    return Scenario.from_text(text, "shop.yaml").with_sweep(entry)


def said(entry, text=SHOP):
    with pytest.raises(ScenarioError) as caught:
        swept(entry, text)
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
    assert list(one.sweep.changes(1)) == [DOMAINS]


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
    rule = (
        "must not be called instances, as another axis is: name it with `as`, such as "
        "{as: NAME, values: [...]}"
    )
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
