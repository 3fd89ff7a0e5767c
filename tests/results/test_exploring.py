"""Sliders over values: what is shown at each place, and what is wrong told where."""

from __future__ import annotations

import sys

import pytest

import sim
from sim.core.errors import ScenarioError

DOMAINS = "systems.shop.update_domains"
SHOP = sim.loads(
    """\
name: shop
horizon: 1h
systems:
  shop: {kind: cloud_service, roles: {Web: {instances: 12, restart: 2min}}}
operations: [{at: 1min, upgrade_deployment: {}}]
objectives: [{metric: min_capacity, at_least: 75%}]
"""
)


def test_a_move_shows_what_run_shows_at_that_value():
    box = sim.explore(SHOP, {DOMAINS: (2, 6)}, replications=3)
    slider, page = box.children
    assert (slider.value, slider.options) == ("2", ("2", "3", "4", "5", "6"))
    assert "missed" in page.value
    slider.value = "4"
    expected = sim.run(SHOP.override({DOMAINS: 4}), replications=3)._repr_html_()
    assert page.value == expected
    assert "Missed" not in page.value


def test_two_sliders_are_read_together():
    ranges = {DOMAINS: (2, 6), "systems.shop.roles.Web.restart": ("2min", "10min")}
    domains, restart, page = sim.explore(SHOP, ranges, replications=3).children
    domains.value, restart.value = "3", "10min"
    changes = {DOMAINS: 3, "systems.shop.roles.Web.restart": "10min"}
    assert page.value == sim.run(SHOP.override(changes), replications=3)._repr_html_()


def test_a_value_that_the_scenario_does_not_take_is_told_and_the_next_is_shown():
    slider, page = sim.explore(SHOP, {"warm_up": ("30min", "1h30min")}, replications=3).children
    slider.value = "1h30min"
    assert page.value.startswith("<pre>explore: warm_up: must be")
    slider.value = "30min"
    assert page.value.startswith("<div")


def test_a_slider_has_no_more_places_than_can_be_told_apart():
    slider, _ = sim.explore(SHOP, {"systems.shop.roles.Web.instances": (1, 1000)}).children
    assert len(slider.options) <= 201
    assert slider.options[-1] == "1000"


@pytest.mark.parametrize(
    ("ranges", "told"),
    [
        ({}, "must hold LOW and HIGH by path"),
        ({DOMAINS: 5}, r"must be \(LOW, HIGH\), got 5"),
        ({DOMAINS: (6, 2)}, "must be above LOW"),
        ({"systems.shop.domains": (2, 6)}, "names no key of systems.shop"),
    ],
)
def test_ranges_that_are_none(ranges, told):
    with pytest.raises(ScenarioError, match=told):
        sim.explore(SHOP, ranges)


def test_without_ipywidgets_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    with pytest.raises(ScenarioError, match="needs ipywidgets: pip install"):
        sim.explore(SHOP, {DOMAINS: (2, 6)})
