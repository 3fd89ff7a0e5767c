"""Objectives of a replicated scenario: what counts as met, and when there is a further look."""

import math
from functools import partial

import numpy as np
import pytest
from looking import experiment, look_further

from sim.core.metrics import Key
from sim.experiments.objectives import describe
from sim.experiments.running.execution import Execution
from sim.experiments.running.replications import Measured
from sim.files import loads
from sim.simulation import Simulation

HEAD = """\
name: shop
horizon: 1h
systems:
  shop:
    kind: cloud_service
    roles: {WebRole: {instances: 4RESTART}}
operations:
  - at: 1min
    upgrade_deployment: {build: "42", mode: MODE}
"""


def scenario(*objectives, restart="", mode="Auto"):
    restart = f", restart: {restart}" if restart else ""
    text = HEAD.replace("RESTART", restart).replace("MODE", mode)
    entries = ", ".join(f"{{{objective}}}" for objective in objectives)
    return loads(f"{text}objectives: [{entries}]\n")


def look(*objectives, runs=100, open_ended=False, **options):
    simulation = Simulation(scenario(*objectives, **options))
    return experiment("baseline", simulation, range(runs), open_ended=open_ended)


@pytest.fixture
def made(monkeypatch):
    """Let replications come to these values of a metric, and say where promises are kept."""

    def make(metric, values, kept=None, *, random=True):
        def measured(numbers):
            chosen = np.array(values, float)[list(numbers)]
            promises = np.ones(len(values), bool) if kept is None else np.array(kept, bool)
            return Measured(
                np.array(numbers),
                {Key("shop", "", metric): chosen},
                {"shop": promises[list(numbers)]},
                random,
                None,
                (),
            )

        def every(_, jobs, runs):
            assert runs
            for job in jobs:
                job.measured = partial(measured, job.numbers)
                yield job

        monkeypatch.setattr(Execution, "completed", every)

    return make


def test_each_run_is_asked_whether_it_meets_the_bound(made):
    made("min_capacity", [0.8] * 97 + [0.7] * 3)
    (verdict,) = look("metric: min_capacity, at_least: 80%, in_runs: 90%").verdicts
    assert (verdict.share, verdict.verdict) == (0.97, "met")


def test_upper_bound_is_one(made):
    made("downtime", [60.0] * 100)
    met, missed = look(
        "metric: downtime, at_most: 1min", "metric: downtime, at_most: 59s", runs=100
    ).verdicts
    assert (met.verdict, missed.verdict) == ("met", "missed")


def test_run_whose_rollout_was_refused_or_goes_on_meets_nothing(made):
    made("min_capacity", [1.0] * 60, [False] * 20 + [True] * 40)
    (verdict,) = look("metric: min_capacity, at_least: 80%", runs=60).verdicts
    assert (verdict.share, verdict.verdict) == (40 / 60, "missed")
    assert verdict.sentence.endswith(
        "; in 20 of 60 runs a rollout was refused, never began, took nobody or had not ended"
    )


def test_missing_value_meets_nothing(made):
    made("rollout_duration", [60.0] * 99 + [math.nan])
    (verdict,) = look("metric: rollout_duration, at_most: 1h").verdicts
    assert (verdict.share, verdict.verdict) == (0.99, "missed")


def test_metric_that_does_not_apply_is_never_met(made):
    made("min_capacity", [1.0] * 10)
    (verdict,) = look("metric: rollout_duration, at_most: 1h", runs=10).verdicts
    assert (verdict.share, verdict.verdict) == (0.0, "missed")


def test_mean_may_be_asked_for(made):
    made("min_capacity", [0.7, 0.9] * 50)
    asked = "metric: min_capacity, at_least: 75%, of: mean"
    (verdict,) = look(asked).verdicts
    assert verdict.share == pytest.approx(0.8)
    assert verdict.verdict == "met"
    assert verdict.sentence.startswith("mean 80 % of 100 runs, ")


def test_no_limit_on_a_mean_is_told_to_be_below_0(made):
    made("max_domains_out", [0.0] * 9 + [1.0])
    (verdict,) = look("metric: max_domains_out, at_most: 1, of: mean", runs=10).verdicts
    assert verdict.sentence.startswith("mean 0.1 of 10 runs, 0 to ")


def test_mean_over_a_rollout_that_did_not_end_is_missed(made):
    made("min_capacity", [1.0, 1.0], [True, False])
    (verdict,) = look("metric: min_capacity, at_least: 50%, of: mean", runs=2).verdicts
    assert verdict.verdict == "missed"
    assert verdict.sentence.endswith(
        "in 1 of 2 runs a rollout was refused, never began, took nobody or had not ended"
    )


def test_one_run_without_chance_is_the_answer():
    asked = "metric: rollout_duration, at_most: 8min, in_runs: 95%"
    one = look(asked, restart="2min", open_ended=True)
    assert [verdict.verdict for verdict in one.verdicts] == ["met"]
    assert one.verdicts[0].sentence == "deterministic: 8min meets the bound"
    assert not one.open_ended
    assert look_further(one) is one


def test_manual_walk_that_nobody_does_meets_nothing_and_says_so():
    (verdict,) = look("metric: min_capacity, at_least: 80%", restart="2min", mode="Manual").verdicts
    assert verdict.verdict == "missed"
    assert verdict.sentence == (
        "deterministic: a rollout was refused, never began, took nobody or had not ended, "
        "so that no value meets it"
    )


def test_undecided_objective_gets_a_further_look_at_2000_runs(made):
    made("min_capacity", [0.8] * 97 + [0.7] * 3 + [0.8] * 1900)
    first = look("metric: min_capacity, at_least: 80%, in_runs: 95%", open_ended=True)
    assert (first.undecided, first.meets_all) == (True, False)
    second = look_further(first)
    assert len(second.measured.numbers) == 2000
    assert (second.undecided, second.meets_all) == (False, True)
    assert second.verdicts[0].share == 1997 / 2000


def test_no_further_look_where_the_file_says_how_many(made):
    made("min_capacity", [0.8] * 97 + [0.7] * 3)
    first = look("metric: min_capacity, at_least: 80%, in_runs: 95%")
    assert first.undecided
    assert look_further(first) is first


@pytest.mark.parametrize("asked", ["", ", of: mean"])
def test_each_of_two_looks_is_at_half_the_error(made, asked):
    values = [0.8] * 98 + [0.7] * 2
    made("min_capacity", values)
    asked = f"metric: min_capacity, at_least: 79.6%, in_runs: 93%{asked}"
    (alone,) = look(asked).verdicts
    (first,) = look(asked, open_ended=True).verdicts
    assert first.low < alone.low


def test_all_objectives_must_be_met(made):
    made("min_capacity", [0.8] * 100)
    easy, hard = (f"metric: min_capacity, at_least: {share}%" for share in (70, 90))
    assert look(easy).meets_all
    assert not look(easy, hard).meets_all
    assert look().meets_all


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        (
            "metric: min_capacity, at_least: 80%, in_runs: 95%",
            "min_capacity >= 80 % in 95 % of runs",
        ),
        ("metric: rollout_duration, at_most: 90min", "rollout_duration <= 1h30 in all runs"),
        ("metric: outages, at_most: 2, of: mean", "mean outages <= 2"),
        (
            "metric: min_capacity, group: WebRole, at_least: 80%",
            "WebRole min_capacity >= 80 % in all runs",
        ),
    ],
)
def test_objective_in_words(asked, text):
    one = scenario(asked)
    assert describe(one.objectives[0], one) == text


def test_objective_names_its_system_where_there_are_several():
    shop = "kind: cloud_service, roles: {WebRole: {instances: 2}}"
    one = loads(
        f"systems:\n  a: {{{shop}}}\n  b: {{{shop}}}\n"
        "objectives:\n  - {system: b, metric: outages, at_most: 0}\n"
    )
    assert describe(one.objectives[0], one) == "b outages <= 0 in all runs"


@pytest.mark.parametrize("of", ["", ", of: mean"])
def test_an_objective_on_what_applies_in_another_variant_says_so(of):
    text = HEAD.replace("RESTART", "").replace("MODE", "Auto")
    variants = "variants: {plain: {}, asked: {systems.shop.demand: {constant: 1}}}\n"
    asked = f"objectives: [{{metric: unserved_demand, at_most: 0{of}}}]\n"
    one = Simulation(loads(text + asked + variants).variant("plain"))
    (verdict,) = experiment("plain", one, range(3)).verdicts
    assert verdict.verdict == "missed"
    end = "; unserved_demand does not apply here, so it has no value in any run"
    assert verdict.sentence.endswith(end)


def test_a_wait_of_tasks_that_never_started_is_said_to_be_a_lower_bound():
    text = """\
horizon: 6h
systems:
  pool: {kind: batch_pool, nodes: 1, work: {tasks: 100, service: 1h}}
objectives: [{metric: wait_p95, at_most: 6h}]
"""
    (verdict,) = experiment("", Simulation(loads(text)), range(1)).verdicts
    assert verdict.verdict == "met"
    assert verdict.sentence.endswith("; a lower bound here: up to 93 tasks waiting at the end")


def test_what_is_to_be_so_in_a_run_is_told_without_a_bound():
    whole = scenario("metric: safe_end, at_least: 1, in_runs: 95%").objectives
    assert describe(whole[0], scenario()) == "safe_end in 95 % of runs"
    mean = scenario("metric: safe_end, at_least: 1, of: mean").objectives
    assert describe(mean[0], scenario()) == "mean safe_end >= 100 %"
