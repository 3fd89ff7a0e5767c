"""What a system assumes, with the places of its numbers."""

from __future__ import annotations

import pytest
from any_fleet import publish
from any_fleet import scenario as fleet
from any_pool import LOAD
from any_pool import scenario as pool
from any_shop import scenario as shop
from any_shop import upgrade

from sim.formats.tree import dotted
from sim.systems.base.assumptions import CHOICE, NONE_FAIL, RULE, Assumption

UPGRADE = {"upgrade_os": {"target_os_version": "WA-GUEST-OS-5.31_201905-01"}}
GROW = {"change_configuration": {"configuration": {"Web": 9}}}


def test_an_assumption_without_a_number_says_so():
    assert Assumption("no failures", no_number=NONE_FAIL).paths == ()


@pytest.mark.parametrize(
    ("scenario", "text", "places", "why"),
    [
        (
            shop(upgrade()),
            "min_healthy 1",
            ["roles.Web.min_healthy", "roles.Worker.min_healthy"],
            "",
        ),
        (shop(GROW), "create of Web as restart", ["roles.Web.create"], ""),
        (shop(), "no failures", [], NONE_FAIL),
        (pool(UPGRADE), "max_concurrent 20 %", ["max_concurrent"], ""),
        (pool(UPGRADE), "pace waves", [], CHOICE),
        (
            pool(
                work=LOAD,
                interruptions={"on_failure": "checkpoint"},
                failures={"per_year": 1, "recovery": "1h"},
            ),
            "checkpoint every 10min, at no cost",
            ["checkpoint.every"],
            "",
        ),
        (fleet(publish()), "always connected", [], RULE),
        (fleet(publish()), "no unhealthy machines", ["unhealthy"], ""),
    ],
)
def test_the_places_of_its_numbers(scenario, text, places, why):
    (guess,) = [each for each in scenario.guesses if each.text == text]
    assert [dotted(path[2:]) for path in guess.paths] == places
    assert guess.no_number == why
