"""What the answer of `assumptions` shows of what was found."""

from __future__ import annotations

import re

from guessing import CREATE, RESTART, rolled_back, two_ways, walk

import sim
from sim.cli.screens.assumptions_screen import lines
from sim.cli.screens.console import Style

DOMAINS = "systems.shop.update_domains"
HEALTHY = "systems.shop.roles.Web.min_healthy"


def shown(of=None, **more):
    return " ".join(
        " ".join(lines(sim.assumptions(walk(**more), of=of), Style(), whole=False)).split()
    )


def test_a_change_has_its_value_and_what_was_set():
    told = shown([RESTART])
    assert "roles.Web.restart (4min): halved 2min, doubled 8min" in told
    assert "done in -8min +16min" in told


def test_guesses_that_change_nothing_are_gathered_at_the_end():
    told = shown([CREATE, HEALTHY, RESTART])
    both = "identical in every run, halved and doubled: roles.Web.create (7min)"
    one_way = (
        "identical in every run, but changed only one way: roles.Web.min_healthy (1) (it is a "
    )
    assert told.index("done in") < told.index(both) < told.index(one_way)


def test_what_has_no_number_or_cannot_change_says_why():
    assert "nothing to halve: no failures (without failures there is no rate)" in shown()
    zero = shown(
        ["operations.0.upgrade_deployment.operator.bake", RESTART],
        operations=[
            {"at": "1min", "upgrade_deployment": {"mode": "Manual", "operator": {"bake": "0s"}}}
        ],
    )
    assert "cannot change: operations.0.upgrade_deployment.operator.bake (0s) (it is 0)" in zero


def test_a_whole_number_that_is_rounded_says_so():
    told = shown(
        [DOMAINS],
        systems={
            "shop": {
                "kind": "cloud_service",
                "update_domains": 5,
                "roles": {"Web": {"instances": 10, "restart": "4min"}},
            }
        },
        operations=[{"at": "1min", "upgrade_deployment": {"mode": "Auto"}}],
    )
    assert "update_domains (5): halved 3 (rounded), doubled 10" in told
    assert "done in -8min +20min" in told
    assert "lowest capacity -20 points +10 points" in told


def test_a_value_that_a_variant_has_not_is_moved_where_it_is_and_nothing_more_is_said():
    bake = "operations.0.upgrade_deployment.operator.bake"
    found = sim.assumptions(two_ways(), of=[bake])
    told = " ".join(" ".join(lines(found, Style(), whole=False)).split())
    assert f"{bake} (2min): halved 1min, doubled 4min halved doubled" in told
    assert "done in (manual) -3min +6min" in told
    assert "not in this variant" not in told


def test_what_is_wrong_with_nothing_changed_is_told_first():
    told = shown([RESTART], horizon="15min")
    assert told.index("with nothing changed, upgrade not over at the end (15min)") < told.index(
        "conclusions that change"
    )
    assert "with nothing changed" not in shown([RESTART])


def told_of(scenario):
    found = sim.assumptions(scenario, of=[RESTART])
    return " ".join(" ".join(lines(found, Style(), whole=False)).split())


def test_where_some_runs_have_no_value_the_median_changes_and_where_most_have_none_nothing_does():
    told = told_of(rolled_back())
    assert re.search(r"done in -8min \(median; no value in \d+ of 40\)", told)
    assert re.search(
        r"done in no value in \d+ of 40 no value in \d+ of 40", told_of(rolled_back("70%"))
    )


def test_where_no_guess_changes_anything_it_is_said_what_was_taken_as_certain():
    told = shown([CREATE])
    assert "what the file gives is taken as certain: --of PATH weighs it too" in told
    assert "taken as certain" not in shown([RESTART])


def test_where_nothing_can_be_changed_that_is_why_nothing_turns_over():
    bake = "operations.0.upgrade_deployment.operator.bake"
    body = {"mode": "Manual", "operator": {"bake": "0s"}}
    told = shown([bake], operations=[{"at": "1min", "upgrade_deployment": body}])
    assert "conclusions that change: none, as nothing could be changed" in told
