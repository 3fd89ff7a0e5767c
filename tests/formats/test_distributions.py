from __future__ import annotations

import math
import pickle

import numpy as np
import pytest
from some_times import (
    CONTENTS,
    EVERY,
    FILE,
    LOGNORMAL,
    OBSERVED,
    known,
    times,
)

from sim.core.units import GRID, to_grid
from sim.formats.distributions import Distribution
from sim.formats.fields import Spec, check
from sim.formats.python_values import from_python
from sim.formats.yaml_reading import read

# What the families are


def test_a_fixed_time_is_always_the_same():
    fixed = known("4min")
    assert fixed == Distribution.fixed(240.0) == Distribution.fixed(240)
    assert times("4min", 0.0, 0.7) == [240.0, 240.0]
    assert (fixed.mean, fixed.highest, fixed.is_random) == (240.0, 240.0, False)


def test_memoryless_takes_any_computed_mean():
    assert Distribution.memoryless(8.0) == known(EVERY["exponential"])
    for mean in (1e-9, 1e300, math.inf):
        drawn = Distribution.memoryless(mean).quantile(np.array([0.0, 0.5, 1 - 2.0**-53]))
        assert np.isfinite(drawn).all()


@pytest.mark.parametrize("name", EVERY)
def test_only_what_varies_is_random(name):
    assert known(EVERY[name]).is_random == (name != "fixed")


# The grid


@pytest.mark.parametrize("name", EVERY)
def test_times_lie_on_the_grid_and_are_never_negative(name):
    u = np.concatenate([[0.0, 2.0**-53, 1 - 2.0**-53], np.random.default_rng(2).random(2000)])
    asked = u.copy()
    drawn = known(EVERY[name]).quantile(u)
    assert [to_grid(time) for time in drawn] == drawn.tolist()
    assert (drawn >= 0).all()
    assert not np.signbit(drawn).any()
    assert (drawn <= known(EVERY[name]).highest).all()
    assert (u == asked).all()


@pytest.mark.parametrize("name", EVERY)
def test_the_grid_absorbs_the_last_bit_of_other_processors(name):
    u = np.random.default_rng(3).random(20_000)
    exact = known(EVERY[name]).law.inverse(u)
    for other in (np.nextafter(exact, 0), np.nextafter(exact, np.inf)):
        assert (known(EVERY[name]).quantile(u) == np.rint(other / GRID) * GRID).all()


# What is refused


class Role(Spec):
    restart: Distribution


@pytest.mark.parametrize(
    ("written", "path", "rule"),
    [
        ("{uniform: {low: 2h, high: 1h}}", "uniform", "must have low <= high, got low 2h, high 1h"),
        (
            "{triangular: {low: 1s, high: 3s, mode: 4s}}",
            "triangular",
            "must have low <= mode <= high, got low 1s, high 3s, mode 4s",
        ),
        ("{exponential: {mean: 0s}}", "exponential.mean", "must be a duration above 0s, got 0s"),
        (
            "{lognormal: {median: 9min, p95: 4min}}",
            "lognormal",
            "must have median < p95, got median 9min, p95 4min",
        ),
        (
            "{lognormal: {median: 9min}}",
            "lognormal",
            "must have median and p95, or mean and sd, got median",
        ),
        (
            "{lognormal: {median: 9min, sd: 1min}}",
            "lognormal",
            "must have median and p95, or mean and sd, got median, sd",
        ),
        (
            "{lognormal: {}}",
            "lognormal",
            "must have median and p95, or mean and sd, got none of them",
        ),
        (
            "{lognormal: {median: 1ms, p95: 1w}}",
            "lognormal",
            "must have p95 <= a million medians, got median 0.9765625ms, p95 7d",
        ),
        (
            "{lognormal: {mean: 1s, sd: 52w}}",
            "lognormal",
            "must have sd <= a million means, got mean 1s, sd 364d",
        ),
        ("{lognormal: {mean: 1s, sd: 0s}}", "lognormal.sd", "must be a duration above 0s, got 0s"),
        (
            "{weibull: {shape: 0.01, scale: 1s}}",
            "weibull",
            "must have shape >= 0.05, got shape 0.01, scale 1s",
        ),
        ("{weibull: {shape: 0, scale: 1s}}", "weibull.shape", "must be a number above 0, got 0"),
        (
            "{empirical: {values: [1s], csv: a.csv, column: b}}",
            "empirical",
            "must have values, or csv and column, got values, csv, column",
        ),
        (
            "{empirical: {csv: a.csv}}",
            "empirical",
            "must have values, or csv and column, got csv",
        ),
        (
            "{empirical: {interpolate: true}}",
            "empirical",
            "must have values, or csv and column, got none of them",
        ),
        ("{empirical: {values: []}}", "empirical.values", "must not be empty"),
        ("{exponentail: {mean: 8s}}", "exponentail", "unknown key, did you mean exponential?"),
        ("{low: 1s}", "low", "unknown key"),
        ("{min: 1s, max: 2s}", "", "must have exactly one of uniform, triangular, exponential"),
        (
            "{exponential: {mean: 8s}, min: 9s, max: 7s}",
            "",
            "must have min <= max, got min 9s, max 7s",
        ),
        (
            "{uniform: {low: 5min, high: 2h}, min: 3h}",
            "",
            "must have times between min and max, got uniform, 5min to 2h, of at least 3h",
        ),
        (
            "{uniform: {low: 4min, high: 4min}, max: 3min}",
            "",
            "must have times between min and max, got 4min, of at most 3min",
        ),
        (
            "{lognormal: {median: 4min, p95: 9min}, min: 1500w}",
            "",
            "between min and max, got lognormal, median 4min, of at least 10500d",
        ),
        (
            "{empirical: {values: [1min, 10min]}, min: 2min, max: 9min}",
            "",
            "between min and max, got empirical, 2 times, between 2min and 9min",
        ),
        ("{exponential: {mean: 8s}, min: 5}", "min", "got 5 (a number without a unit)"),
        ("{exponential: {mean: 8s, max: 5s}}", "exponential.max", "unknown key"),
        ("5", "", "a duration such as 90s or 5min, got 5 (a number without a unit)"),
        ("[5min]", "", "must be a duration such as 90s or 5min, got a list"),
    ],
)
def test_what_is_no_distribution_is_refused_with_the_rule(written, path, rule):
    problems = []
    node = read(f"restart: {written}", "a.yaml")
    assert check(Role, node, (), problems) is None
    assert [problem.path for problem in problems] == [f"restart.{path}".rstrip(".")]
    assert rule in problems[0].rule


def test_two_families_are_no_distribution():
    problems = []
    both = {"uniform": {"low": "1s", "high": "2s"}, "exponential": {"mean": "8s"}}
    check(Role, from_python({"restart": both}), (), problems)
    assert [problem.path for problem in problems] == ["restart"]
    assert "got uniform and exponential" in problems[0].rule


# Files


def test_a_file_is_named_until_its_content_is_given():
    named = known(FILE)
    assert named.files == {("empirical", "csv"): "times.csv"}
    assert known(LOGNORMAL).files == known(OBSERVED).files == known("4min").files == {}
    with pytest.raises(ValueError, match=r"the contents of times\.csv were not given"):
        named.quantile(np.zeros(1))


def test_the_times_of_a_file_are_drawn_like_written_ones():
    u = np.random.default_rng(4).random(100)
    filled = known(FILE).with_contents(CONTENTS)
    assert filled.quantile(u).tolist() == known(OBSERVED).quantile(u).tolist()
    assert (filled.mean, filled.highest, filled.is_random) == (225.0, 600.0, True)


def test_a_filled_distribution_still_dumps_as_written():
    filled = known(FILE).with_contents(CONTENTS)
    dumped = filled.model_dump(mode="json", exclude_defaults=True)
    assert dumped == FILE
    assert known(dumped).with_contents(CONTENTS) == filled
    assert known(FILE) != filled


def test_what_names_no_file_needs_no_contents():
    for written in EVERY.values():
        assert known(written).with_contents({}) == known(written)


def test_the_times_of_a_file_are_cut_when_they_are_read():
    cut = known({**FILE, "min": "2min", "max": "5min"}).with_contents(CONTENTS)
    assert cut.quantile(np.array([0.0, 0.9])).tolist() == [120.0, 120.0]
    dumped = cut.model_dump(mode="json", exclude_defaults=True)
    assert dumped == {**FILE, "min": "2min", "max": "5min"}
    assert known(dumped).with_contents(CONTENTS) == cut
    with pytest.raises(ValueError, match="must have times between min and max, got empirical"):
        known({**FILE, "max": "59s"}).with_contents(CONTENTS)


@pytest.mark.parametrize("name", EVERY)
def test_a_distribution_that_was_asked_equals_one_that_was_not_and_pickles(name):
    asked, other = known(EVERY[name]), known(EVERY[name])
    assert asked.mean >= 0
    assert asked.quantile(np.array([0.5])) == asked.quantile(np.array([0.5]))
    assert asked == other
    assert pickle.loads(pickle.dumps(asked)) == other
    assert pickle.loads(pickle.dumps(asked)).mean == other.mean


def test_workers_get_the_content_with_the_distribution():
    filled = known(FILE).with_contents(CONTENTS)
    assert pickle.loads(pickle.dumps(filled)).mean == filled.mean


# Text


@pytest.mark.parametrize(
    ("name", "short", "full"),
    [
        ("fixed", "4min", "4min"),
        ("uniform", "uniform, 5min to 2h", "uniform (low 5min, high 2h)"),
        ("triangular", "triangular, 1min to 9min", "triangular (low 1min, high 9min, mode 2min)"),
        ("exponential", "exponential, mean 8s", "exponential (mean 8s)"),
        ("lognormal", "lognormal, median 4min", "lognormal (median 4min, p95 9min)"),
        ("lognormal by mean", "lognormal, mean 5min", "lognormal (mean 5min, sd 2min)"),
        ("weibull", "weibull, scale 10min", "weibull (scale 10min, shape 1.5)"),
        ("empirical", "empirical, 4 times", "empirical (4 times)"),
        ("interpolated", "empirical, 4 times", "empirical (4 times, interpolated)"),
        (
            "lognormal, cut",
            "lognormal, median 4min, between 1min and 30min",
            "lognormal (median 4min, p95 9min) between 1min and 30min",
        ),
        (
            "lognormal, its tail",
            "lognormal, median 4min, of at least 1h30",
            "lognormal (median 4min, p95 9min) of at least 1h30",
        ),
        (
            "exponential, cut",
            "exponential, mean 8s, of at most 20s",
            "exponential (mean 8s) of at most 20s",
        ),
    ],
)
def test_a_distribution_is_told_in_a_few_words(name, short, full):
    assert known(EVERY[name]).short == short
    assert str(known(EVERY[name])) == full


def test_one_observed_time_is_one():
    assert str(known({"empirical": {"values": ["1min"]}})) == "empirical (1 time)"


def test_a_file_is_told_by_its_name():
    assert str(known(FILE)) == "empirical (column seconds of times.csv)"


@pytest.mark.parametrize("name", EVERY)
def test_every_distribution_dumps_to_what_was_written(name):
    dumped = known(EVERY[name]).model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    assert dumped == EVERY[name]
    assert known(dumped) == known(EVERY[name])
