"""Variants: changes of the file, checked with it."""

from __future__ import annotations

import pytest
from shop_file import SHOP, problems, scenario

from sim.core.errors import ScenarioError


def test_variants_given_in_python_are_checked_as_those_of_a_file():
    with pytest.raises(ScenarioError) as caught:
        scenario().with_variants({"none": {"systems.shop.update_domains": 0}, "odd": {"sed": 1}})
    assert [problem.path for problem in caught.value.problems] == [
        "variants.none: systems.shop.update_domains",
        "variants.odd: sed",
    ]
    with pytest.raises(ScenarioError, match=r"variants\.a\.seed: must be a mapping, a list, text"):
        scenario().with_variants({"a": {"seed": object()}})


def test_variants_cannot_have_a_seed_of_their_own():
    with pytest.raises(ScenarioError) as caught:
        scenario().with_variants({"as it is": {}, "lucky": {"seed": 1}})
    assert str(caught.value) == (
        "variants.lucky: seed: must stand in the file itself, as it holds for all variants"
    )


def test_a_variant_that_names_nothing_is_told_at_its_own_line():
    assert problems(SHOP.replace("operations.rollout.", "operations.rolout.")) == [
        (
            "shop.yaml:42:5: variants.auto: operations.rolout.upgrade_deployment.mode: names no "
            "item of operations, did you mean rollout?"
        )
    ]


def test_a_line_of_the_file_that_no_longer_fits_is_told_at_the_variants_line():
    text = SHOP + "  small:\n    systems.shop.roles: {Web: {instances: 2}}\n"
    assert problems(text) == [
        (
            "shop.yaml:45:3: variants.small: operations.0.upgrade_deployment."
            "extension_configuration.named_roles.Worker: must be a role of shop, got Worker; "
            "known: Web"
        ),
        (
            "shop.yaml:45:3: variants.small: objectives.2.group: must be a group of shop, got "
            "Worker; known: Web"
        ),
    ]


def test_a_problem_of_the_file_is_not_told_again_of_each_variant():
    assert problems(SHOP.replace('build: "42"}', 'build: "43"}')) == [
        (
            "shop.yaml:13:22: systems.shop.staging.build: must be a build of `builds`, got 43; "
            "known: 1, 42"
        )
    ]


def test_a_variant_cannot_change_variants():
    found = problems(SHOP + "  odd: {variants.auto: {}}\n")
    assert found[0].startswith(
        "shop.yaml:45:9: variants.odd: variants.auto: names no key of the sc"
    )


def test_a_variant_cannot_prefer_something_else_than_the_others():
    (found,) = problems(SHOP + "  odd: {prefer: [downtime]}\n")
    assert found.endswith(
        "variants.odd: prefer: must stand in the file itself, as it holds for all variants"
    )
