"""Points of a sweep as scenarios: what they are, and what is said of those that are wrong."""

import pytest
from shop_file import SHOP

from sim.core.errors import ScenarioError
from sim.scenario import Scenario, points

DOMAINS = "systems.shop.update_domains"
AT = "operations.rollout.at"


def swept(entry, text=SHOP):
    return Scenario.from_text(text, "shop.yaml").with_sweep(entry)


def checked(make, *given):
    one = make(*given)
    points.check(one, one.sweep)


def said(entry):
    with pytest.raises(ScenarioError) as caught:
        checked(swept, entry)
    return str(caught.value).splitlines()


def test_a_point_is_the_file_with_other_values_and_its_variants():
    one = swept({DOMAINS: [2, 10]})
    found = list(points.points(one, one.sweep))
    assert [each.systems["shop"].update_domains for each in found] == [2, 10]
    assert [each.variant_names for each in found] == [one.variant_names] * 2
    assert [each.sweep for each in found] == [None, None]
    assert [each.seed for each in found] == [one.seed] * 2
    assert found[0] == one.override({DOMAINS: 2})


def test_a_variant_that_sets_the_path_itself_keeps_its_value():
    one = swept({DOMAINS: [2]}).with_variants({"a": {}, "b": {DOMAINS: 7}})
    (point,) = points.points(one, one.sweep)
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
    points.check(one, one.sweep)
    assert next(points.points(one, one.sweep)).objectives == one.objectives


def test_a_point_keeps_the_value_of_the_file_where_it_names_none():
    one = swept({"points": [{DOMAINS: 2, AT: "0s"}, {DOMAINS: 5}]})
    first, second = points.points(one, one.sweep)
    assert first.operations[0].at != one.operations[0].at == second.operations[0].at
