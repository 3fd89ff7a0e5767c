"""How often the interval at a stop holds the mean, and how often a verdict there is wrong.

Against laws whose mean, or share, is known.

Samples instead of a simulation go through the rule that runs go through. The quick test makes
few experiments; `-m thorough` makes 2,000, and `-s` prints what they found.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy import stats

from sim.experiments.statistics.intervals import mean_limits
from sim.experiments.statistics.stopping import SIDE, Target, look_until_met, most_looks, reached
from sim.experiments.statistics.verdicts import enough_to_see, judge, judge_mean

QUICK, THOROUGH = 100, 2_000
TRIALS = [QUICK, pytest.param(THOROUGH, marks=pytest.mark.thorough)]
MOST = 10_000
FEW = 480

SIGMA = np.log(9 / 4) / 1.6448536
"""Of the default restart: lognormal, median 4 min, p95 9 min."""
RESTART = 4 * np.exp(SIGMA**2 / 2)


def restarts(rng, n):
    return 4 * np.exp(SIGMA * rng.standard_normal((n, 20)))


def exponential_walk(rng, n):
    """Minutes of a walk over five domains, each of which takes an exponential time of mean 5."""
    return rng.exponential(5.0, (n, 5)).sum(axis=1)


def hours_lost(rng, n):
    """Hours lost by twenty restarts."""
    return restarts(rng, n).sum(axis=1) / 60


def hours_lost_to_bad_builds(rng, n):
    """The same; one build in twenty is bad and takes 60 to 120 hours more."""
    bad = rng.random(n) < 0.05
    return hours_lost(rng, n) + np.where(bad, rng.uniform(60, 120, n), 0)


def bad_or_not(rng, n):
    return (rng.random(n) < 0.05) * 1.0


BAD = 20 * RESTART / 60 + 0.05 * 90
CASES = {
    "exponential walk, 1 min": (exponential_walk, 25.0, Target(1.0), 1.0, 0.935),
    "exponential walk, 5 %r": (exponential_walk, 25.0, Target(0.05, relative=True), 1.0, 0.935),
    "one exponential, 10 %r": (
        lambda rng, n: rng.exponential(5.0, n),
        5.0,
        Target(0.1, relative=True),
        1.0,
        0.93,
    ),
    "hours lost, 0.02 h": (hours_lost, 20 * RESTART / 60, Target(0.02), 1.0, 0.935),
    "hours lost to bad builds, 2 h": (hours_lost_to_bad_builds, BAD, Target(2.0), 0.05, 0.93),
    "hours lost to bad builds, 20 %r": (
        hours_lost_to_bad_builds,
        BAD,
        Target(0.2, relative=True),
        0.05,
        0.93,
    ),
    "bad or not, 2 %": (bad_or_not, 0.05, Target(0.02), 0.05, 0.93),
    "bad or not, 25 %r": (bad_or_not, 0.05, Target(0.25, relative=True), 0.05, 0.93),
}
"""Law and half-width asked: samples, their mean, what is asked, the chance of what is known to be
rare, how often the interval must hold the mean."""


def experiment(draw, target, rarest, binary, rng):
    sample = draw(rng, MOST)
    looks = look_until_met(
        lambda n: [reached(sample[:n], target, binary=binary)],
        MOST,
        enough_to_see(rarest, SIDE),
    )
    return mean_limits(sample[: looks[-1]], SIDE, binary=binary), looks


@pytest.mark.parametrize("trials", TRIALS)
@pytest.mark.parametrize("name", CASES)
def test_interval_at_the_stop_holds_the_mean(name, trials):
    draw, mean, target, rarest, lowest = CASES[name]
    rng, held, made, looks = np.random.default_rng(11), 0, 0, 0
    for _ in range(trials):
        known, at = experiment(draw, target, rarest, draw is bad_or_not, rng)
        held += known.low <= mean <= known.high
        made, looks = made + at[-1], looks + len(at)
    if trials == THOROUGH:
        told = (
            f"{100 * held / trials:.1f} % held, n {made / trials:,.0f}, {looks / trials:.1f} looks"
        )
        print(f"{name}: {told}")
    assert stats.binomtest(held, trials, lowest, alternative="less").pvalue > 0.001


def test_without_its_chance_a_rare_event_would_be_missed():
    """What `least` is for: of stops at 30 or so a fifth have seen no bad build."""
    name = "hours lost to bad builds, 2 h"
    draw, mean, target, _, _ = CASES[name]
    rng, held = np.random.default_rng(12), 0
    for _ in range(QUICK):
        known, _ = experiment(draw, target, 1.0, False, rng)
        held += known.low <= mean <= known.high
    assert held < 0.88 * QUICK


# Verdicts -----------------------------------------------------------------------------------------


def above(share):
    """Values of which that share is 1 or more."""
    return lambda rng, n: (rng.random(n) < share) * 1.0


MINUTES, HOURS = 25.0, 20 * RESTART / 60
VERDICTS = {
    "0 or 1, 95 % of ones, in 95 %": (above(0.95), {"in_runs": 0.95}, "met"),
    "0 or 1, 94 % of ones, in 95 %": (above(0.94), {"in_runs": 0.95}, "missed"),
    "0 or 1, 90.5 % of ones, in 90 %": (above(0.905), {"in_runs": 0.9}, "met"),
    "exponential walk, mean at most 25": (exponential_walk, {"bound": MINUTES}, "met"),
    "exponential walk, mean at most 24.5": (exponential_walk, {"bound": MINUTES - 0.5}, "missed"),
    "hours lost, mean at most its mean": (hours_lost, {"bound": HOURS}, "met"),
    "hours lost, mean at most 1 % less": (hours_lost, {"bound": 0.99 * HOURS}, "missed"),
    "hours lost to bad builds, 10 % less": (
        hours_lost_to_bad_builds,
        {"bound": 0.9 * BAD, "rarest": 0.05},
        "missed",
    ),
}
"""Law and objective: samples, what is asked, and what is true of it: at the bound, or near it."""


@cache
def judged(ones, n, in_runs, looks):
    """A verdict on a share, which takes long where it says what would settle it."""
    return judge(np.arange(n) < ones, in_runs, looks=looks).verdict


def verdict_at_the_stop(draw, asked, rng, looks, most=MOST):
    """What stands where it stops, and after how many replications."""
    sample = draw(rng, most)
    found = []

    def look(n):
        values = sample[:n]
        if "bound" in asked:
            found.append(judge_mean(values, **asked, at_least=False, looks=looks).verdict)
        else:
            found.append(judged(int(values.sum()), n, asked["in_runs"], looks))
        return []

    at = look_until_met(look, most, is_undecided=lambda: found[-1] == "undecided")
    return found[-1], at[-1]


@pytest.mark.parametrize("trials", [30, pytest.param(THOROUGH, marks=pytest.mark.thorough)])
@pytest.mark.parametrize("name", VERDICTS)
def test_verdict_at_the_stop_is_wrong_at_most_as_often_as_one_look_would_be(name, trials):
    draw, asked, true = VERDICTS[name]
    rng, wrong, open_ones, made = np.random.default_rng(13), 0, 0, 0
    most = MOST if trials == THOROUGH else FEW
    for _ in range(trials):
        verdict, n = verdict_at_the_stop(draw, asked, rng, most_looks(most), most)
        wrong += verdict not in (true, "undecided")
        open_ones, made = open_ones + (verdict == "undecided"), made + n
    if trials == THOROUGH:
        told = f"{100 * wrong / trials:.2f} % wrong, {100 * open_ones / trials:.1f} % undecided"
        print(f"{name}: {told}, n {made / trials:,.0f}")
    assert stats.binomtest(wrong, trials, 0.05, alternative="greater").pvalue > 0.001


def test_without_sharing_the_error_verdicts_would_be_wrong_too_often():
    """What `looks` is for: at the bound itself each of ten looks may be wrong."""
    rng, trials = np.random.default_rng(14), 200
    draw, asked, true = VERDICTS["0 or 1, 95 % of ones, in 95 %"]
    found = [verdict_at_the_stop(draw, asked, rng, 1, FEW)[0] for _ in range(trials)]
    wrong = trials - found.count(true) - found.count("undecided")
    assert stats.binomtest(wrong, trials, 0.05, alternative="greater").pvalue < 0.001
