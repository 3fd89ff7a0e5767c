"""Guesses halved and doubled: a walk whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from failing import fail
from guessing import CREATE, RESTART, is_doubled, rolled_back, two_ways, walk

from sim.core.errors import ModelError, ScenarioError
from sim.core.metrics import Key
from sim.experiments.running.execution import Execution
from sim.experiments.studies.assumptions import DOUBLE, HALF, UNKNOWN, headlines, sensitivity
from sim.experiments.studies.standing import BEST, ENDED

DURATION = Key("shop", "", "rollout_duration")


def of(scenario, paths=None):
    names = scenario.variant_names
    variants = {name: scenario.variant(name) for name in names} or {"baseline": scenario}
    with Execution() as execution:
        return sensitivity(scenario, variants, paths, execution=execution)


def effect(found, text, factor, key=DURATION, variant="baseline"):
    (one,) = [
        each
        for each in found.effects
        if (each.factor, each.key, each.variant) == (factor, key, variant)
        and text in each.assumption
    ]
    return one


@pytest.fixture(scope="module")
def found():
    return of(walk())


def test_twice_the_restart_takes_twice_the_time_exactly(found):
    once, half, twice = (effect(found, "restart", factor).row for factor in (HALF, HALF, DOUBLE))
    assert (once.baseline_mean, half.difference, twice.difference) == (960.0, -480.0, 960.0)
    assert (twice.ci_low, twice.ci_high, twice.better) == (960.0, 960.0, "no")
    assert effect(found, "restart", DOUBLE).weight == 0.5


def test_a_guess_that_matters_to_nothing_is_identical(found):
    own = [each for each in found.effects if "create" in each.assumption]
    assert {each.key for each in own} == set(headlines(found.variants[0]))
    assert {each.row.better for each in own} == {"identical"}
    assert {each.weight for each in own} == {0.0}


def test_the_verdict_that_turns_over_is_told(found):
    (flip,) = found.flips
    assert (flip.factor, flip.variant, flip.before, flip.after) == (
        DOUBLE,
        "baseline",
        "met",
        "missed",
    )
    assert (flip.what, "restart" in flip.assumption) == ("mean rollout_duration <= 20min", True)


def test_all_at_once_only_the_guess_that_matters_is_correlated(found):
    assert found.moved == [2, 3]  # the first has no number
    correlations = found.correlations()
    simple, partial = correlations[2, "baseline", DURATION]
    assert np.allclose([simple, partial], 1.0, atol=1e-3)
    assert abs(correlations[3, "baseline", DURATION][0]) < 0.3
    assert len(found.points) == 64
    assert found.refused == 0
    first = found.points[0]
    assert np.isclose(first.means[DURATION], 960.0 * first.factors[0], atol=0.01)


def test_what_cannot_change_says_why():
    own = of(walk(), ["systems.shop.roles.Web.min_healthy", RESTART]).effects
    half = [each for each in own if each.number == 1 and each.factor == HALF]
    assert [(each.row, each.note) for each in half] == [
        (None, "is a whole number, rounded to 1 again")
    ]


def test_without_an_interaction_there_is_no_hypercube():
    assert of(walk(), [CREATE]).points == []


def test_a_rollout_that_does_not_end_is_told_before_its_metrics():
    found = of(walk(horizon="20min", objectives=[]), [RESTART])
    (flip,) = found.flips
    assert (flip.what, flip.before, flip.after) == (ENDED, "in 1 of 1 runs", "in 0 of 1 runs")
    late = effect(found, "restart", DOUBLE)
    assert (late.row.missing, late.weight) == (1, 1.0)


def test_another_variant_may_be_best():
    found = of(two_ways())
    best = [(each.factor, each.before, each.after) for each in found.flips if each.what == BEST]
    assert best == [(DOUBLE, "auto", "none")]
    assert effect(found, "restart", HALF, variant="manual").row.difference == -480.0


def test_a_variant_without_the_guess_stays_as_it_is():
    scenario = walk(variants={"as_is": {}, "sure": {RESTART: "4min"}})
    found = of(scenario)
    assert effect(found, "restart", DOUBLE, variant="as_is").row.difference == 960.0
    sure = [
        each for each in found.effects if each.variant == "sure" and "restart" in each.assumption
    ]
    assert {(each.row, each.note) for each in sure} == {(None, "is not assumed in this variant")}


def test_a_named_value_that_a_variant_has_not_is_told_of_it_and_moved_in_the_others():
    bake = "operations.0.upgrade_deployment.operator.bake"
    found = of(two_ways(), [bake])
    assert effect(found, "bake", DOUBLE, variant="manual").row.difference == 360.0
    rest = {(each.variant, each.note) for each in found.effects if each.row is None}
    assert rest == {("auto", "is not in this variant"), ("at_once", "is not in this variant")}
    with pytest.raises(ScenarioError, match="must have a number in this file, got none"):
        of(walk(), [bake])


def test_nothing_assumed_is_refused():
    sure = walk()
    sure = sure.override({RESTART: "4min", CREATE: "7min"})
    with pytest.raises(ScenarioError, match="needs a number that is assumed"):
        of(sure)


def test_replications_are_paired():
    restart = {"uniform": {"low": "2min", "high": "4min"}, "assumed": True}
    scenario = walk(replications=40).override({RESTART: restart})
    found = effect(of(scenario, [RESTART]), "restart", DOUBLE).row
    # All times are doubled, so that each replication takes twice as long.
    assert np.isclose(found.mean, 2 * found.baseline_mean, rtol=1e-5)
    assert found.saved > 0.7
    assert found.ci_low < found.difference < found.ci_high


def test_a_variant_that_always_fails_takes_no_other_with_it(monkeypatch):
    fail(monkeypatch, range(100), RuntimeError("broken"), "manual")
    found = of(two_ways(), [RESTART])
    assert [one.variant for one in found.variants] == ["auto", "at_once"]
    (lost,) = found.lost  # nothing is changed in it: there is nothing to set that against
    assert (lost[0].variant, lost[0].label, lost[1].rule) == ("manual", "", "RuntimeError: broken")
    own = [(each.factor, each.note) for each in found.effects if each.variant == "manual"]
    assert own == [(HALF, UNKNOWN), (DOUBLE, UNKNOWN)]
    assert effect(found, "restart", DOUBLE, variant="auto").row.difference == 960.0
    assert "manual" not in {each.before for each in found.flips if each.what == BEST}


def test_a_change_with_which_all_fails_is_unknown_and_turns_nothing_over(monkeypatch):
    assert [each.what for each in of(two_ways(), [RESTART]).flips if each.what == BEST] == [BEST]
    fail(monkeypatch, range(100), RuntimeError("broken"), "auto", is_doubled)
    found = of(two_ways(), [RESTART])
    ((altered, _),) = found.lost
    assert (altered.variant, altered.label.endswith(" doubled")) == ("auto", True)
    assert altered.changed == [f'{RESTART}={{"value": "8min", "assumed": true}}']
    unknown = [(each.variant, each.factor) for each in found.effects if each.is_unknown]
    assert unknown == [("auto", DOUBLE)]
    assert effect(found, "restart", DOUBLE, variant="manual").row is not None
    # Which one would be best nobody knows.
    assert not [each for each in found.flips if each.what == BEST or each.variant == "auto"]


def test_points_at_which_all_fails_are_counted_and_left_out(monkeypatch):
    def slow(scenario):
        return scenario.systems["shop"].roles["Web"].restart.mean > 240.0

    fail(monkeypatch, range(100), RuntimeError("broken"), when=slow)
    found = of(walk())
    assert (found.unknown, len(found.points)) == (32, 32)
    assert [each.label for each, _ in found.lost][1].startswith("all at once, point ")
    assert max(each.factors[0] for each in found.points) <= 1.0
    assert found.correlations()[2, "baseline", DURATION][0] > 0.99


def test_where_every_variant_always_fails_that_is_raised(monkeypatch):
    fail(monkeypatch, range(100), RuntimeError("broken"))
    with pytest.raises(ModelError, match="broken"):
        of(two_ways(), [RESTART])


def test_where_runs_lack_a_value_a_change_weighs_as_that_of_the_median():
    found = of(rolled_back(), [RESTART])
    late = effect(found, "restart", DOUBLE)
    assert 0 < late.row.missing < 40  # where the build is bad it is rolled back, and never done
    assert (np.isnan(late.row.mean), late.row.difference) == (True, 960.0)
    as_it_is = np.nanmedian(found.variants[0].measured.values[DURATION])
    assert late.weight == pytest.approx(960.0 / (as_it_is + 960.0))
    # Where most runs lack it there is no median either: it weighs as much as can be.
    most = of(rolled_back("70%"), [RESTART])
    assert effect(most, "restart", DOUBLE).weight == 1.0
