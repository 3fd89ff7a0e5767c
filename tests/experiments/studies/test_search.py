"""A search through a simulation: what is judged, at which share of the error, how often."""

import math

import numpy as np
import pytest
from scipy import stats
from searches import BAKE, BAKED, CAPACITY, CATCHES, DOMAINS

from sim.core.errors import ScenarioError
from sim.experiments.running.execution import Execution
from sim.experiments.statistics.bisection import bisect, most_judged
from sim.experiments.statistics.intervals import clopper_pearson
from sim.experiments.studies.candidates import candidates
from sim.experiments.studies.search import at_value, looks_of, search, without_path
from sim.files import loads


def found(text, path, low, high, looks, *, largest=False, tolerance=None, seed=0):
    scenario = loads(text).with_(seed=seed)
    told = []
    with Execution(workers=1) as execution:
        one = search(
            "a",
            lambda value: at_value(scenario, path, value),
            candidates(path, low, high, tolerance),
            looks,
            largest=largest,
            before_look=lambda simulation, runs: told.append((simulation, runs)),
            execution=execution,
        )
    return one, told


def ends(one):
    return one.trial(one.bracket.missed).value, one.trial(one.bracket.met).value


@pytest.mark.parametrize("share", [0.75, 0.8, 0.9, 0.95])
def test_smallest_number_of_domains_that_keeps_a_capacity(share):
    text = CAPACITY.replace("at_least: 90%", f"at_least: {share}")
    one, told = found(text, DOMAINS, 2, 20, [30])
    least = next(d for d in range(2, 21) if math.ceil(40 / d) <= 40 * (1 - share) + 1e-9)
    assert ends(one) == (str(least - 1), str(least))
    assert {trial.replications for trial in one.trials} == {1}
    assert len(told) == len(one.trials) <= most_judged(18)
    assert str(one.scenario.systems["shop"].update_domains) == str(least)


def test_largest_share_of_instances_lost_is_found_from_the_other_end():
    """Each domain takes 2 min: 7 of them are done within 15 min."""
    asked = "metric: rollout_duration, at_most: 15min"
    text = CAPACITY.replace("metric: min_capacity, at_least: 90%", asked)
    one, _ = found(text, DOMAINS, 2, 20, [30], largest=True)
    assert ends(one) == ("8", "7")
    assert [trial.value for trial in one.trials[:3]] == ["20", "2", "11"]


def test_undecided_value_gets_more_replications_up_to_the_last_look():
    one, told = found(BAKE, BAKED, "10min", "1h", [30, 60, 120], tolerance="10min")
    made = {trial.value: trial for trial in one.trials}
    assert made["10min"].replications < 120
    assert made["30min"].replications == 120
    assert made["30min"].outcome == "undecided"
    of_30 = [runs for simulation, runs in told if _bake(simulation) == 1800.0]
    assert of_30 == [30, 60, 120]


def _bake(simulation):
    return simulation.scenario.operations[0].body.operator.bake


def test_verdicts_share_the_error_over_values_looks_and_objectives():
    looks = [30, 60]
    one, _ = found(BAKE, BAKED, "10min", "1h", looks, tolerance="10min")
    # By hand: 5 steps take 3 halvings, with both ends and one beyond 6 values.
    assert one.parts == 6 * 2
    (verdict,) = one.trials[1].verdicts
    n = one.trials[1].replications
    k = round(verdict.share * n)
    assert (verdict.low, verdict.high) == clopper_pearson(k, n, 1 - 0.05 / 12)
    two = BAKE.replace("in_runs: 95%}]", "in_runs: 95%}, {metric: downtime, at_most: 1h}]")
    one, _ = found(two, BAKED, "10min", "1h", looks, tolerance="10min")
    trial = one.trials[1]
    k = round(trial.verdicts[0].share * trial.replications)
    assert one.parts == 24
    assert trial.verdicts[0].low == clopper_pearson(k, trial.replications, 1 - 0.05 / 24)[0]


def test_replications_have_the_same_luck_at_all_values():
    """Whoever is caught by a short bake is caught by a longer one too."""
    one, _ = found(BAKE, BAKED, "10min", "1h", [60], tolerance="10min")
    by_value = sorted(one.trials, key=lambda each: each.place)
    shares = [trial.verdicts[0].share for trial in by_value]
    assert shares == sorted(shares)


def test_decisive_objective_is_the_missed_one_then_the_undecided_then_the_closest():
    three = BAKE.replace(
        "in_runs: 95%}]",
        "in_runs: 95%}, {metric: blast_radius, at_most: 50%, in_runs: 97%},"
        " {metric: blast_radius, at_most: 100%, in_runs: 50%}]",
    )
    one, _ = found(three, BAKED, "10min", "2h", [240], tolerance="10min")
    made = {trial.value: trial for trial in one.trials}
    assert (made["10min"].outcome, made["10min"].decisive) == ("missed", 0)
    assert (made["2h"].outcome, made["2h"].decisive) == ("met", 1)
    undecided = next(trial for trial in one.trials if trial.outcome == "undecided")
    assert undecided.verdicts[undecided.decisive].verdict == "undecided"


def test_looks_double_up_to_the_most():
    scenario = {"": loads(BAKE)}
    assert looks_of(scenario, 10_000) == [30, 60, 120, 240, 480, 960, 1920, 3840, 7680, 10_000]
    assert looks_of(scenario, 30) == [30]


def test_what_all_runs_must_meet_is_looked_at_with_as_many_as_the_file_makes():
    text = BAKE.replace(", in_runs: 95%", "") + "replications: 150\n"
    assert looks_of({"": loads(text)}, 10_000)[:2] == [150, 300]
    assert looks_of({"": loads(text)}, 100) == [100]


def test_value_that_the_file_does_not_take_is_named():
    with pytest.raises(ScenarioError) as error:
        at_value(loads(CAPACITY), DOMAINS, "0")
    assert str(error.value) == (f"find: {DOMAINS}: must be a whole number, 1 or more, got 0 (at 0)")


# How often a bracket is right ---------------------------------------------------------------------

MEAN = 600.0
LOOKS = [30, 60, 120, 240, 480, 960]


@pytest.mark.parametrize("trials", [3, pytest.param(200, marks=pytest.mark.thorough)])
def test_bracket_holds_the_smallest_bake_that_catches_an_exponential_fault(trials):
    """ln 20 times its mean. Measured: right in 199 of 200 searches."""
    right, widths = 0, []
    for seed in range(trials):
        one, _ = found(BAKE, BAKED, "10min", "1h", LOOKS[:4], tolerance="2min", seed=seed)
        # An end that is not known is said to be none.
        missed = 600.0 if one.bracket.missed is None else one.trial(one.bracket.missed).number
        met = 3600.0 if one.bracket.met is None else one.trial(one.bracket.met).number
        right += missed < CATCHES <= met
        widths.append((met - missed) / 60)
    if trials == 200:
        print(f"{100 * right / trials:.1f} % right, {np.mean(widths):.1f} min wide")
    assert stats.binomtest(right, trials, 0.95, alternative="less").pvalue > 0.001


@pytest.mark.parametrize("trials", [100, pytest.param(2_000, marks=pytest.mark.thorough)])
def test_bracket_by_the_law_of_such_a_fault_is_right_as_often_as_it_says(trials):
    """The same with draws instead of runs: 99.6 % of 2,000 brackets were right."""
    rng, right, last = np.random.default_rng(5), 0, 50
    limit = 1 - 0.05 / (most_judged(last) * len(LOOKS))
    for _ in range(trials):
        faults = rng.exponential(MEAN, LOOKS[-1])

        def judge(place, faults=faults):
            for n in LOOKS:
                caught = int((faults[:n] <= 600 + 60 * place).sum())
                low, high = clopper_pearson(caught, n, limit)
                if low >= 0.95 or high < 0.95:
                    return "met" if low >= 0.95 else "missed"
            return "undecided"

        bracket = bisect(last, judge)
        right += 600 + 60 * bracket.missed < CATCHES <= 600 + 60 * bracket.met
    if trials == 2_000:
        print(f"{100 * right / trials:.2f} % right")
    assert stats.binomtest(right, trials, 0.95, alternative="less").pvalue > 0.001


def test_a_path_is_missing_where_it_names_nothing_or_cannot_stand():
    text = BAKE + "variants:\n  all: {}\n  none: {operations: []}\n  other:\n"
    text += "    operations: [{at: 1min, guest_os_update: {}}]\n"
    whole = loads(text)
    variants = {name: whole.variant(name) for name in whole.variant_names}
    assert without_path(variants, BAKED, "1min") == {
        "none": "names no item of operations, which is empty",
        "other": "cannot stand at operations.0",
    }
    # What no variant has is a fault of the path; what is written is there, whatever is to be set.
    assert without_path(variants, "systems.shop.update_domain", "1") == {}
    assert without_path(variants, DOMAINS, "0") == {}


def test_runs_whose_rollout_does_not_end_are_counted():
    short = loads(CAPACITY.replace("horizon: 6h", "horizon: 20min"))
    values = candidates(DOMAINS, 2, 40)
    with Execution() as execution:
        found = search(
            "all",
            lambda value: at_value(short, DOMAINS, value),
            values,
            [1],
            largest=False,
            before_look=lambda *_: None,
            execution=execution,
        )
    assert {each.value: each.unended for each in found.trials} == {"2": 0, "40": 1}
    assert {each.value: each.ended_well for each in found.trials} == {"2": 1.0, "40": 0.0}


def searched(text, path, low, high):
    scenario, values = loads(text), candidates(path, low, high)
    with Execution() as execution:
        return search(
            "all",
            lambda value: at_value(scenario, path, value),
            values,
            [30],
            largest=False,
            before_look=lambda *_: None,
            execution=execution,
        )


def test_what_is_measured_is_the_same_where_the_value_plays_no_part():
    more = CAPACITY.replace("restart: 2min", "restart: {uniform: {low: 1min, high: 2min}}")
    limits = searched(more, "systems.shop.start_timeout", "1h", "2h")
    assert len({each.digest for each in limits.trials}) == 1
    assert len({each.digest for each in searched(more, DOMAINS, 10, 12).trials}) == 3
