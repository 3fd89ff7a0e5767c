from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from sim.experiments.statistics.intervals import clopper_pearson, student
from sim.experiments.statistics.verdicts import judge, judge_mean, meets


def runs(k, n):
    """A bool for each of n replications, of which k meet the bound."""
    return np.arange(n) < k


def chance_to_settle(share, n, in_runs, confidence=0.95):
    """How likely one look at n runs decides it, by scipy.stats."""
    asked, true = stats.binom(n, in_runs), stats.binom(n, share)
    return true.sf(asked.ppf(confidence)) + true.cdf(asked.ppf(1 - confidence) - 1)


# Which replications meet a bound


def test_a_bound_itself_is_met_from_both_sides():
    values = [0.79, 0.8, 0.81]
    assert meets(values, 0.8, at_least=True).tolist() == [False, True, True]
    assert meets(values, 0.8, at_least=False).tolist() == [True, True, False]


def test_a_bound_is_met_where_only_float_rounding_parts_them():
    assert 1 - 0.05 - 0.05 - 0.05 - 0.05 < 0.8
    assert meets([1 - 0.05 - 0.05 - 0.05 - 0.05], 0.8, at_least=True).all()
    assert 0.1 + 0.2 > 0.3
    assert meets([0.1 + 0.2], 0.3, at_least=False).all()


def test_a_missing_value_meets_no_bound():
    assert not meets([math.nan], 0.0, at_least=True).any()
    assert not meets([math.nan], 0.0, at_least=False).any()


# Shares of replications


def test_59_replications_without_a_miss_settle_95_percent_at_95_percent():
    verdict = judge(runs(59, 59), 0.95)
    assert verdict.verdict == "met"
    assert verdict.share == 1.0
    assert verdict.low == pytest.approx(0.05 ** (1 / 59))
    assert verdict.high == 1.0
    assert verdict.needed is None
    assert verdict.sentence == "59 of 59 runs meet it: at least 95.05 % at 95 % confidence"


def test_58_replications_without_a_miss_leave_it_undecided_by_one():
    verdict = judge(runs(58, 58), 0.95)
    assert verdict.verdict == "undecided"
    assert verdict.needed == 59
    assert verdict.sentence == (
        "58 of 58 runs meet it: 94.97 % to 100 %, each limit at 95 % confidence; "
        "59 runs without a miss would settle it"
    )


def test_a_share_surely_below_is_missed():
    verdict = judge(runs(80, 100), 0.95)
    assert verdict.verdict == "missed"
    assert verdict.high == pytest.approx(0.8633, abs=5e-5)
    assert verdict.sentence == "80 of 100 runs meet it: at most 86.33 % at 95 % confidence"


def test_an_undecided_share_says_how_many_replications_would_settle_it():
    verdict = judge(runs(97, 100), 0.95)
    assert verdict.verdict == "undecided"
    assert verdict.needed is not None
    # if 97 % is true, so many give four times in five what decides it, as a file's number would
    assert chance_to_settle(0.97, verdict.needed, 0.95) >= 0.8
    assert chance_to_settle(0.97, verdict.needed - 1, 0.95) < 0.8
    assert verdict.needed == 601
    assert verdict.sentence == (
        "97 of 100 runs meet it: 92.43 % to 99.18 %, each limit at 95 % confidence; "
        "601 runs at this share would settle it with a chance of 80 %"
    )


def test_a_share_at_the_bound_is_too_close_to_call():
    verdict = judge(runs(950, 1000), 0.95)
    assert (verdict.verdict, verdict.needed) == ("undecided", None)
    assert verdict.sentence.endswith(
        "; too close to call: 1,000,000 runs at this share would not settle it"
    )


@settings(max_examples=50)
@given(
    st.integers(1, 300), st.data(), st.floats(0.05, 0.95), st.sampled_from([0.9, 0.95, 0.975, 0.99])
)
def test_needed_is_the_smallest_number_that_settles_it_four_times_in_five(
    n, data, place, confidence
):
    k = data.draw(st.integers(0, n))
    low, high = clopper_pearson(k, n, confidence)
    in_runs = low + place * (high - low)
    verdict = judge(runs(k, n), in_runs, confidence)
    assert verdict.verdict == "undecided"
    if verdict.needed is None:
        assert chance_to_settle(k / n, 1_000_000, in_runs, confidence) < 0.8
    else:
        assert verdict.needed > n
        assert chance_to_settle(k / n, verdict.needed, in_runs, confidence) >= 0.8
        few = range(max(n + 1, verdict.needed - 30), verdict.needed)
        assert all(chance_to_settle(k / n, m, in_runs, confidence) < 0.8 for m in few)


def test_number_that_would_settle_it_is_that_of_a_single_look():
    # A file that gives the number gets one look at the full error.
    one, two = judge(runs(97, 100), 0.95), judge(runs(97, 100), 0.95, looks=2)
    assert one.needed == two.needed


def test_sentence_names_the_level_of_the_look():
    assert judge(runs(1990, 2000), 0.95, looks=2).sentence == (
        "1990 of 2000 runs meet it: at least 99.08 % at 97.5 % confidence"
    )
    assert judge(runs(900, 1000), 0.95, looks=2).sentence.endswith(" % at 97.5 % confidence")
    assert "each limit at 97.5 % confidence" in judge(runs(97, 100), 0.95, looks=2).sentence
    mean = judge_mean(SPREAD, 0.75, at_least=True, looks=2)
    assert "each limit at 97.5 % confidence" in mean.sentence


def test_two_looks_take_half_the_error_each():
    # 0.025 ** (1 / 71) is below 0.95, 0.025 ** (1 / 72) above
    assert judge(runs(60, 60), 0.95, looks=2).verdict == "undecided"
    assert judge(runs(71, 71), 0.95, looks=2).verdict == "undecided"
    assert judge(runs(72, 72), 0.95, looks=2).verdict == "met"
    assert judge(runs(72, 72), 0.95, looks=2).low == pytest.approx(0.025 ** (1 / 72))


def test_two_looks_together_are_wrong_no_more_often_than_the_confidence_allows(monkeypatch):
    monkeypatch.setattr(
        "sim.experiments.statistics.verdicts._runs_to_settle", lambda *_: None
    )  # takes long
    # the true share lies just below what is asked: every "met" is wrong
    rng = np.random.default_rng(3)
    wrong = 0
    for _ in range(1000):
        met = rng.random(2000) < 0.9499
        first = judge(met[:100], 0.95, looks=2)
        final = judge(met, 0.95, looks=2) if first.verdict == "undecided" else first
        wrong += final.verdict == "met"
    assert stats.binomtest(wrong, 1000, 0.05, alternative="greater").pvalue > 0.001
    assert wrong > 0


# in_runs: 100%


@pytest.mark.parametrize("looks", [1, 2])
def test_all_runs_are_asked_for_and_none_misses(looks):
    verdict = judge(runs(200, 200), looks=looks)
    assert verdict.verdict == "met"
    assert (verdict.share, verdict.high) == (1.0, 1.0)
    assert verdict.sentence == "no miss in 200 runs: at most 1.49 % at 95 % confidence"


def test_all_runs_are_asked_for_and_one_misses():
    verdict = judge(runs(199, 200))
    assert verdict.verdict == "missed"
    assert verdict.share == 0.995
    assert verdict.sentence == "1 of 200 runs miss it, none may"


# Nothing random


@pytest.mark.parametrize("in_runs", [1.0, 0.95])
@pytest.mark.parametrize(("met", "outcome"), [(True, "met"), (False, "missed")])
def test_where_nothing_is_random_the_one_run_is_the_answer(in_runs, met, outcome):
    verdict = judge([met], in_runs, random=False)
    assert verdict.verdict == outcome
    assert verdict.share == verdict.low == verdict.high == float(met)
    word = "meets" if met else "misses"
    assert verdict.sentence == f"deterministic: it {word} the bound"


def test_no_replication_has_no_verdict():
    with pytest.raises(ValueError, match="at least one replication"):
        judge([])
    with pytest.raises(ValueError, match="at least one replication"):
        judge_mean([], 1.0, at_least=True)


# of: mean

SPREAD = [0.7, 0.8, 0.9, 0.8]  # mean 0.8, standard deviation 0.08165; t(3) at 95 % is 2.3534
HALF_WIDTH = 2.3534 * 0.08165 / 2


@pytest.mark.parametrize(
    ("bound", "at_least", "outcome"),
    [
        (0.70, True, "met"),
        (0.75, True, "undecided"),
        (0.85, True, "undecided"),
        (0.90, True, "missed"),
        (0.90, False, "met"),
        (0.85, False, "undecided"),
        (0.75, False, "undecided"),
        (0.70, False, "missed"),
    ],
)
def test_a_mean_is_judged_by_its_one_sided_student_limit(bound, at_least, outcome):
    verdict = judge_mean(SPREAD, bound, at_least=at_least)
    assert verdict.verdict == outcome
    assert (verdict.share, verdict.low, verdict.high) == pytest.approx(
        (0.8, 0.8 - HALF_WIDTH, 0.8 + HALF_WIDTH), abs=1e-4
    )


def test_an_undecided_mean_says_how_many_replications_would_settle_it():
    # 5 % off the mean, in standard deviations 0.6124: (t(n - 1) at 95 % and at 80 %) / sqrt(n) is
    # 0.6165 for 18 and 0.5991 for 19
    verdict = judge_mean(SPREAD, 0.75, at_least=True)
    assert verdict.needed == 19
    assert verdict.sentence == (
        "mean 0.8 of 4 runs, 0.7039 to 0.8961, each limit at 95 % confidence; "
        "19 runs with this mean and spread would settle it with a chance of 80 %"
    )


def test_a_mean_at_the_bound_is_too_close_to_call():
    assert judge_mean([0.0, 1.0], 0.5, at_least=True).needed is None


def test_a_mean_takes_half_the_error_at_each_of_two_looks():
    one = judge_mean(SPREAD, 0.75, at_least=True, confidence=0.975)
    two = judge_mean(SPREAD, 0.75, at_least=True, looks=2)
    assert (two.low, two.high) == (one.low, one.high)


def test_a_missing_value_misses_a_mean_from_both_sides():
    for at_least in (True, False):
        verdict = judge_mean([1.0, math.nan, 2.0], 1.5, at_least=at_least)
        assert verdict.verdict == "missed"
        assert math.isnan(verdict.share)
        assert verdict.sentence == "no value that counts in 1 of 3 runs, so there is no mean"


def test_the_mean_of_one_random_run_is_undecided():
    verdict = judge_mean([5.0], 1.0, at_least=True)
    assert (verdict.verdict, verdict.share, verdict.needed) == ("undecided", 5.0, 2)


def test_the_mean_of_the_only_run_there_is_decides():
    verdict = judge_mean([5.0], 1.0, at_least=True, random=False)
    assert (verdict.verdict, verdict.share, verdict.low, verdict.high) == ("met", 5.0, 5.0, 5.0)
    assert judge_mean([5.0], 6.0, at_least=True, random=False).verdict == "missed"


def test_a_mean_that_never_varies_is_judged_with_the_tolerance_of_shares():
    assert judge_mean([1 - 0.05 - 0.05 - 0.05 - 0.05] * 50, 0.8, at_least=True).verdict == "met"


def test_a_mean_is_shown_in_the_unit_of_its_metric():
    verdict = judge_mean([60.0, 60.0], 120.0, at_least=False, show="{:.0f} s".format)
    assert verdict.sentence == "60 s in each of 2 runs: at most 77.64 % differ, at 95 % confidence"
    verdict = judge_mean([60.0, 61.0], 120.0, at_least=False, show="{:.1f} s".format)
    assert (
        verdict.sentence == "mean 60.5 s of 2 runs, 57.3 s to 63.7 s, each limit at 95 % confidence"
    )


# of: mean, where the metric is skewed


def test_long_tail_moves_the_limit_on_its_side():
    values = np.exp(np.random.default_rng(1).normal(size=50))
    plain, found = student(values, 0.9), judge_mean(values, 1.0, at_least=False)
    assert found.low == pytest.approx(plain.low)
    assert found.high > plain.high + 0.2 * (plain.high - plain.mean)
    other = judge_mean(-values, -1.0, at_least=False)
    assert (other.low, other.high) == pytest.approx((-found.high, -found.low))


def test_mean_of_zeros_and_ones_is_judged_as_the_share_that_it_is():
    values = runs(57, 60) * 1.0
    verdict = judge_mean(values, 0.9, at_least=True, binary=True)
    assert (verdict.low, verdict.high) == clopper_pearson(57, 60)
    assert judge_mean(np.ones(58), 0.95, at_least=True, binary=True).verdict == "undecided"
    assert judge_mean(np.ones(59), 0.95, at_least=True, binary=True).verdict == "met"


@pytest.mark.parametrize(("looks", "enough"), [(1, 59), (2, 72)])
def test_mean_is_undecided_while_what_is_known_to_be_rare_may_be_missing(looks, enough):
    asks = {"bound": 9.0, "at_least": False, "rarest": 0.05, "looks": looks}
    few = judge_mean([1.0, 2.0] * 29, **asks)
    assert (few.verdict, few.needed) == ("undecided", enough)
    assert few.sentence.endswith(
        "an event of probability 5 % may not occur in so few runs: "
        f"a mean is judged with at least {enough} runs"
    )
    assert judge_mean([1.0, 2.0] * 36, **asks).verdict == "met"
    assert judge_mean([1.0, 2.0] * 5, 9.0, at_least=False).verdict == "met"


def test_what_would_settle_it_is_told_for_a_look_at_its_share_of_the_error():
    met = [True] * 90 + [False] * 10
    few, many = (judge(met, 0.85, looks=looks).needed for looks in (1, 20))
    assert judge(met, 0.85, looks=2).needed == few
    assert judge(met, 0.85, 1 - 0.05 / 20).needed == many > few
    values = np.arange(100) % 7
    few, many = (judge_mean(values, 3.1, at_least=False, looks=k).needed for k in (1, 20))
    assert many > few
