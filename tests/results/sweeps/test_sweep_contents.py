"""Numbers of a sweep's metrics by point and variant."""

import numpy as np
import pytest
import swept

from sim.core.errors import ScenarioError
from sim.core.metrics import Key


def test_a_column_has_a_number_for_each_point_and_variant():
    results, kept = swept.results(), swept.swept()
    for key in kept.keys:
        assert np.array_equal(results.column(key, "mean"), kept.column(key, "mean"), equal_nan=True)
    assert sorted(results.keys) == sorted(kept.keys)


def test_a_metric_is_found_by_any_name_that_only_it_has():
    results = swept.results()
    key = Key("shop", "", "min_capacity")
    assert results.key("min_capacity") == results.key("shop.min_capacity") == key
    assert results.key("shop.WebRole.min_capacity") == Key("shop", "WebRole", "min_capacity")
    with pytest.raises(ScenarioError, match="did you mean min_capacity"):
        results.key("min_capacty")


@pytest.mark.parametrize(
    ("metrics", "rule"),
    [
        (["min_capacity"], "front: needs two metrics or more, got min_capacity"),
        ("min_capacity", "must be two metrics or more, got 'min_capacity'"),
        (["min_capacity", "rolled_back"], "of which more or less is better, got rolled_back"),
    ],
)
def test_what_is_no_front_is_refused(metrics, rule):
    with pytest.raises(ScenarioError, match=rule):
        swept.results().front_keys(metrics)


def test_the_front_of_other_metrics_is_that_of_their_means():
    results = swept.results()
    keys = results.front_keys(["mean_capacity", "min_in_service"])
    means = -np.column_stack([results.column(key, "mean") for key in keys])
    expected = [
        not any((other <= row).all() and (other < row).any() for other in means) for row in means
    ]
    assert [each == "yes" for each in results.standings(keys)] == expected


def test_a_table_that_there_is_not_is_refused():
    with pytest.raises(ScenarioError, match="summary"):
        swept.results().arrow("summary")
