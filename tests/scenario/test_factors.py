"""What a factor makes of a guess."""

from __future__ import annotations

import pytest
from guessing import CREATE, RESTART, walk

from sim.core.errors import ScenarioError
from sim.formats.tree import plain
from sim.scenario import Scenario
from sim.scenario.factors import NOT_HERE, Factors, guesses_of

FACTORS = Factors(walk())


def told(change):
    return {path: plain(node)["value"] for path, node in change.values.items()}


def guess(text, factors=FACTORS):
    (found,) = [each for each in factors.scenario.guesses if text in each.text]
    return found


def test_a_guess_is_halved_and_doubled_at_its_path():
    assert told(FACTORS.times(guess("restart"), 0.5)) == {RESTART: "2min"}
    assert FACTORS.times(guess("restart"), 2.0).shown == "8min"
    once_more = FACTORS.with_(FACTORS.times(guess("create"), 2.0).values)
    assert once_more == walk().override({CREATE: "14min"})


def test_a_default_is_set_at_every_path_that_it_stands_for():
    roles = {"A": {"instances": 1}, "B": {"instances": 2}}
    system = {"kind": "cloud_service", "roles": roles}
    factors = Factors(Scenario.from_dict({"systems": {"s": system}}))
    change = factors.times(guess("restart", factors), 2.0)
    law = {"lognormal": {"median": "8min", "p95": "18min"}}
    assert {path: plain(node) for path, node in change.values.items()} == {
        "systems.s.roles.A.restart": law,
        "systems.s.roles.B.restart": law,
    }


def test_what_the_checks_refuse_is_told_and_not_done():
    scenario = walk(
        horizon="10min",
        objectives=[],
        operations=[{"at": {"value": "6min", "assumed": True}, "upgrade_deployment": {}}],
    )
    factors = Factors(scenario)
    change = factors.times(guess("operations.0.at", factors), 2.0)
    assert (dict(change.values), change.shown) == ({}, "")
    assert change.note.startswith("is refused: must not be after the horizon, 10min")
    assert factors.scaled(guess("operations.0.at", factors), 2.0).values


def test_values_are_named_by_path_whether_written_or_not():
    names = ["systems.shop.update_domains", "systems.shop.start_timeout", "operations.0.at"]
    assert [each.text for each in FACTORS.named(names)] == [
        "update_domains (4)",
        "start_timeout (30min)",
        "operations.0.at (1min)",
    ]
    by_name = walk(operations=[{"at": "1min", "name": "up", "upgrade_deployment": {}}])
    (found,) = Factors(by_name).named(["operations.up.at"])
    assert found.paths == (("operations", 0, "at"),)


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        (
            "systems.shop.update_domain",
            "names no key of systems.shop, did you mean update_domains?",
        ),
        ("systems.shop.roles", "must have a number in this file, got none"),
        ("systems.shop.demand", "must have a number in this file, got none"),
        ("systems.shop.kind", "must have a number in this file, got none"),
        ("seed", "must be a value of a system or an operation"),
        ("update_domains", "names no key of the scenario, update_domains stands under systems"),
    ],
)
def test_a_path_without_a_number_is_refused(path, rule):
    with pytest.raises(ScenarioError, match=rule):
        FACTORS.named([path])


def test_what_is_named_need_not_be_in_every_variant():
    bake = "operations.0.upgrade_deployment.operator.bake"
    manual = {"operations.0.upgrade_deployment": {"mode": "Manual", "operator": {"bake": "2min"}}}
    scenario = walk(variants={"auto": {}, "manual": manual, "none": {"operations": []}})
    known = {name: Factors(scenario.variant(name)) for name in scenario.variant_names}
    (found,) = guesses_of(known, [bake])
    assert found.text == f"{bake} (2min)"
    assert {name: each.times(found, 2.0).note for name, each in known.items()} == {
        "auto": NOT_HERE,
        "manual": "",
        "none": NOT_HERE,
    }
    with pytest.raises(ScenarioError, match="did you mean bake"):
        guesses_of(known, [f"{bake}s"])
