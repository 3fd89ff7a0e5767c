"""What pictures are made of, looked up in the tables of results."""

import pytest

import sim
from sim.core.errors import ScenarioError
from sim.results.lookup import Lookup

SCALED_OUT = """
systems:
  shop: {kind: cloud_service, roles: {WebRole: {instances: 2}}}
operations:
  - {at: 10min, change_configuration: {configuration: {WebRole: 3}}}
"""


@pytest.fixture(scope="module")
def of(compared):
    return Lookup(compared)


@pytest.fixture(scope="module")
def first(compared):
    return compared.variant("auto")


def test_lines_are_those_of_the_first_replication_with_their_units(of, first, compared):
    run = compared.replay(variant="auto")
    for series in ("capacity", "ready", "up_to_date", "available"):
        line, again = of.line(first, "shop", series), run.timeline("shop", series)
        assert (line.times.tolist(), line.unit) == (again.times.tolist(), again.unit)
        assert line.values.tolist() == again.values.tolist()


def test_a_configuration_number_counts_nothing():
    run = sim.run(sim.loads(SCALED_OUT))
    line = Lookup(run).line(run.variant(), "shop", "configuration", "WebRole")
    again = run.replay().timeline("shop", "configuration", "WebRole")
    assert (line.unit, line.values.tolist()) == (again.unit, again.values.tolist()) == ("", [1, 2])


@pytest.mark.parametrize(
    ("series", "group", "told"),
    [
        ("capcity", "", "must be a series of shop, got capcity; did you mean capacity?"),
        ("capacity", "Web", "must be a group of shop, got Web; known: WebRole"),
        ("queue", "WebRole", "must be a series of WebRole, got queue; known: "),
    ],
)
def test_what_is_not_there_is_told(of, first, series, group, told):
    with pytest.raises(ScenarioError) as caught:
        of.line(first, "shop", series, group)
    assert str(caught.value).startswith(told)


def test_spreads_are_the_values_of_all_replications(of, first, compared):
    rows = compared.replications
    mine = rows[(rows.variant == "auto") & (rows.metric == "rollout_duration") & (rows.group == "")]
    found = of.spread(first, "shop", "rollout_duration")
    assert found.values.tolist() == mine.value.tolist()
    assert of.spread(first, "shop", "queue_peak") is None


def test_bands_begin_where_the_window_does_and_have_the_median_in_the_middle(of, first):
    band = of.band(first, "shop", "capacity")
    assert band.times[0] == 0
    assert (band.p5 <= band.p50).all()
    assert (band.p50 <= band.p95).all()
    assert of.median(first, "shop", "capacity", "").values.tolist() == band.p50.tolist()
    assert of.median(first, "shop", "capacity", "WebRole") is None
    assert of.band(first, "shop", "ready") is None


def test_bounds_are_those_of_the_objectives(of, first):
    assert of.bound(first, "shop", "min_capacity") == 0.8
    assert of.bound(first, "shop", "rollout_duration") is None


ASKED = """
systems:
  shop: {kind: cloud_service, roles: {WebRole: {instances: 4, restart: RESTART}}}
operations:
  - {at: 10min, upgrade_deployment: {}}
objectives:
  - {metric: rollout_duration, at_most: 2h, of: mean}
  - {metric: rollout_duration, at_most: 1h, of: mean}
  - {metric: min_capacity, at_least: 70%}
"""


def test_what_is_asked_of_the_mean_is_asked_of_no_run_unless_it_is_the_only_one():
    for restart, bound in (("{exponential: {mean: 1min}}", None), ("1min", 3600)):
        made = sim.run(sim.loads(ASKED.replace("RESTART", restart)), replications=3)
        of, one = Lookup(made), made.variant()
        assert of.mean_bound(one, "shop", "rollout_duration") == 3600
        assert of.bound(one, "shop", "rollout_duration") == bound
        assert of.mean_bound(one, "shop", "min_capacity") is None
        assert of.bound(one, "shop", "min_capacity") == 0.7


def test_every_variant_that_has_the_system_is_known(of):
    assert [one.name for one in of.having("shop")] == ["auto", "simultaneous", "nothing"]
    assert of.having("pool") == []
