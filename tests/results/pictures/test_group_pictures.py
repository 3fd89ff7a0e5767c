"""Compliance by type and by group of machines."""

import math

import pytest

import sim
from sim.core.errors import ScenarioError
from sim.plots import estimates

TWO_GROUPS = """\
name: fleet
horizon: 20d
replications: {runs}
systems:
  shops:
    kind: arc_fleet
    groups:
      quick: {{count: 6, os: linux, discovery: {{uniform: {{low: 1h, high: 2d}}}}}}
      slow: {{count: 6, os: linux, discovery: {{uniform: {{low: 5d, high: {high}}}}}}}
    extensions:
      - {{publisher: Microsoft.Azure.Monitor, type: AzureMonitorLinuxAgent, version: 1.1.0,
         enable_automatic_upgrade: true}}
operations:
  - {{at: 1d, publish_extension: {{type: AzureMonitorLinuxAgent, version: 1.2.0}}}}
"""


def results(runs=5, high="10d"):
    return sim.run(sim.loads(TWO_GROUPS.format(runs=runs, high=high)))


def test_each_group_has_a_row_beside_all_together_and_a_type_that_is_all_has_none(drawn):
    made, caught = results(), drawn(estimates, "figure")
    made.plot.compliance()
    titles = {panel.label: panel for panel in caught["first"]}
    assert list(titles) == ["50 % done in", "90 % done in", "99 % done in", "updated"]
    rows = titles["99 % done in"].estimates
    assert [each.variant for each in rows] == ["all together", "quick", "slow"]
    table = made.summary
    for each in rows:
        group = "" if each.variant == "all together" else each.variant
        (row,) = table[(table.metric == "time_to_99") & (table.group == group)].itertuples()
        assert each.value == pytest.approx(row.p50)
        assert each.high == pytest.approx(row.p95)
    assert caught["title"].startswith("99 % done in, median / bad 5 %: quick ")
    assert caught["each"] == "group"


def test_what_is_not_reached_by_the_end_stands_last(drawn):
    caught = drawn(estimates, "figure")
    results(high="60d").plot.compliance()
    (done,) = [panel for panel in caught["first"] if panel.label == "99 % done in"]
    assert math.isinf(next(each.value for each in done.estimates if each.variant == "slow"))
    assert caught["title"].endswith("all together and slow never")


def test_it_is_among_the_pictures_of_a_fleet_with_groups():
    plot = results().plot
    names = [name for name, _ in plot.figures()]
    assert names[:2] == ["up_to_date", "compliance"]
    assert [name for name, _ in plot.figures(main=True)] == names[:2]


def test_of_one_group_there_is_nothing_to_compare():
    alone = TWO_GROUPS.format(runs=2, high="10d")
    lines = [line for line in alone.splitlines() if "slow:" not in line]
    with pytest.raises(ScenarioError, match="shops has no groups that are up to date"):
        sim.run(sim.loads("\n".join(lines))).plot.compliance()
