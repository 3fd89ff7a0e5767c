"""Quantiles of a metric with limits by order statistics, and what they need."""

import numpy as np
import pytest
from made_results import CHANCE, VARIANTS
from scipy import stats

import sim
from sim.core.errors import ScenarioError
from sim.results.quantiles import QUANTILES


@pytest.fixture(scope="module")
def hundred():
    return sim.run(sim.loads(CHANCE), replications=100)


@pytest.mark.parametrize("confidence", [0.95, 0.9])
def test_limits_are_those_of_scipy(hundred, confidence):
    table = hundred.quantiles("rollout_duration", (0.05, 0.5, 0.9), confidence=confidence)
    rows = hundred.replications.query("metric == 'rollout_duration' and group == ''")
    values = rows["value"].to_numpy()
    assert table.columns.tolist() == QUANTILES.names
    assert len(values) == 100
    for row in table.itertuples():
        assert row.value == np.quantile(values, row.quantile, method="inverted_cdf")
        for side, limit in (("less", row.high), ("greater", row.low)):
            own = stats.quantile_test(values, p=row.quantile, alternative=side)
            interval = own.confidence_interval(confidence)
            assert limit == (interval.high if side == "less" else interval.low)


def test_sentence_has_the_quantile_and_its_limits(hundred):
    row = hundred.quantiles("rollout_duration", [0.95]).iloc[0]
    assert row["sentence"].startswith("p95 ")
    assert row["sentence"].endswith("min, each limit at 95 % confidence")
    assert " to " in row["sentence"]


def test_too_few_replications_say_how_many_it_needs():
    few = sim.run(sim.loads(CHANCE), replications=58)
    table = few.quantiles("capacity_hours_lost").set_index("quantile")
    assert np.isnan(table.loc[0.95, "high"])
    assert np.isnan(table.loc[0.05, "low"])
    told = "; both limits at 95 % confidence: needs n >= 59, got 58"
    assert [each.endswith(told) for each in table["sentence"]] == [True, False, True]
    enough = sim.run(sim.loads(CHANCE), replications=59).quantiles("capacity_hours_lost")
    assert not enough[["low", "high"]].isna().any(axis=None)
    assert not enough["sentence"].str.contains("needs").any()


def test_each_variant_that_has_the_metric_has_its_rows():
    compared = sim.compare(sim.loads(CHANCE + VARIANTS), replications=60)
    table = compared.quantiles("rollout_duration", [0.5])
    assert table["variant"].tolist() == ["auto", "simultaneous"]
    certain = compared.quantiles("capacity_hours_lost", [0.95]).iloc[-1]
    assert (certain["variant"], certain["low"], certain["high"]) == ("nothing", 0.0, 0.0)
    assert certain["sentence"] == "p95 0: deterministic"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"metric": "x"}, "must be a metric of shop"),
        ({"at": 0.9}, "quantiles: at: must be a list of shares, such as [0.5, 0.95], got 0.9"),
        ({"at": []}, "quantiles: at: must be a list of shares, such as [0.5, 0.95], got []"),
        ({"at": [0]}, "quantiles: at: must be above 0 and below 1, got 0"),
        ({"at": [1.5]}, "quantiles: at: must be above 0 and below 1, got 1.5"),
        ({"confidence": "95%"}, "quantiles: confidence: must be above 0 and below 1, got 95%"),
        ({"system": "pool"}, "must be a system of these results"),
        ({"group": "None"}, "rollout_duration of None applies to none of the variants"),
    ],
)
def test_what_is_wrong_is_told(hundred, given, told):
    with pytest.raises(ScenarioError) as error:
        hundred.quantiles(**{"metric": "rollout_duration"} | given)
    assert str(error.value).startswith(told)
