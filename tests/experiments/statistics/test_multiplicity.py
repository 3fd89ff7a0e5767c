"""How many intervals and verdicts stand beside each other, as the answer's footer says."""

import math

import pytest

import sim
from sim.experiments.statistics.multiplicity import Multiplicity, multiplicity

NAN = math.nan
SCENARIO = """\
horizon: 1h
replications: REPLICATIONS
systems:
  shop:
    kind: cloud_service
    roles: {WebRole: {instances: 4}}
operations:
  - at: 1min
    upgrade_deployment: {build: "42"}
objectives:
  - {metric: rollout_duration, at_most: 1h, in_runs: 90%}
"""


def mean(low, high, n=100):
    return {"ci95_low": low, "ci95_high": high, "n": n}


def test_what_is_certain_is_not_estimated():
    found = multiplicity(
        [mean(1.0, 2.0), mean(1.0, 1.0), mean(NAN, NAN), mean(0.0, 0.5, n=60)],
        [{"ci_low": -1.0, "ci_high": 1.0}, {"ci_low": 0.0, "ci_high": 0.0}],
        [{"low": 0.9, "high": 1.0}, {"low": 1.0, "high": 1.0}, {"low": NAN, "high": NAN}],
    )
    assert found == Multiplicity(intervals=3, verdicts=1, replications=60)
    assert found.sentence == (
        "3 intervals and 1 verdict, each at its own level (not adjusted for multiple comparisons)"
    )


def test_what_is_not_there_is_not_counted():
    assert Multiplicity(2, 0, 100).sentence.startswith("2 intervals, each at its own level")


@pytest.mark.parametrize("found", [Multiplicity(0, 0, 0), Multiplicity(1, 0, 59)])
def test_one_alone_has_nothing_beside_it(found):
    assert found.sentence == ""


def test_too_few_replications_for_limits_on_the_tails_are_told():
    assert Multiplicity(0, 1, 58).sentence == "limits on a p5 or p95: needs n >= 59, got 58"
    assert Multiplicity(2, 1, 58).sentence.count(";") == 1


@pytest.mark.parametrize(("replications", "told"), [(20, True), (60, False)])
def test_results_know_what_stands_beside_each_other(replications, told):
    results = sim.run(sim.loads(SCENARIO.replace("REPLICATIONS", str(replications))))
    found = multiplicity(*(results.rows(name) for name in ("summary", "comparison", "objectives")))
    rows = results.summary
    assert found.intervals == int((rows.ci95_low < rows.ci95_high).sum()) > 1
    assert (found.verdicts, found.replications) == (1, replications)
    assert ("needs n >= 59" in found.sentence) == told
