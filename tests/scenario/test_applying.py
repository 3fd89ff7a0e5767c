"""Objectives and preferences on metrics that apply nowhere are errors; elsewhere they are not."""

from __future__ import annotations

import pytest
from places import ROOT

import sim
from sim.cli.commands import main
from sim.core.errors import ScenarioError
from sim.core.log import Recorder
from sim.core.stack import Stack
from sim.files import load
from sim.scenario import Scenario
from sim.simulation import Simulation

CASES = ROOT / "tests" / "cases"
HOW_LONG = CASES / "service-guest-os-how-long.yaml"
HEAD = """\
systems:
  shop: {kind: cloud_service, roles: {Web: {instances: 4}}}
  pool: {kind: batch_pool, nodes: 4}
  plant:
    kind: arc_fleet
    machines: 4
    extensions: [{publisher: P, type: T, version: "1.0"}]
"""
UPGRADE = "operations: [{at: 1h, upgrade_deployment: {}}]\n"


def problems(text):
    """Each problem after the file's name."""
    with pytest.raises(ScenarioError) as caught:
        Scenario.from_text(text, "x.yaml")
    return [str(problem).removeprefix("x.yaml:") for problem in caught.value.problems]


def asked(*entries):
    return "objectives:\n" + "".join(f"  - {{{entry}}}\n" for entry in entries)


def got(metric, nearest):
    return (
        "metric: must be a metric that applies in the file or a variant of it, "
        f"got {metric}; the nearest that does is {nearest}"
    )


def test_the_duration_of_a_rollout_is_no_metric_of_a_platform_update_which_has_its_own(capsys):
    assert main(["run", str(HOW_LONG)]) == 2
    place = f"{HOW_LONG.as_posix()}:12:14: objectives.0."
    told = capsys.readouterr().err.replace("\\", "/").splitlines()
    assert told == [place + got("rollout_duration", "platform_update_duration")]


def test_with_its_own_metric_the_platform_update_is_judged():
    text = HOW_LONG.read_text().replace("rollout_duration", "platform_update_duration")
    found = sim.run(sim.loads(text))
    (row,) = found.objectives.itertuples()
    assert row.verdict == "met"
    values = found.summary.set_index("metric")
    assert values.loc["platform_update_duration", "mean"] == 40 * 60


@pytest.mark.parametrize(
    ("system", "metric", "nearest"),
    [
        ("shop", "finished: at_least: 1", "min_capacity"),
        ("shop", "rollout_duration: at_most: 1h", "longest_outage"),
        ("shop", "unserved_demand: at_most: 0", "min_capacity"),
        ("shop", "blast_radius: at_most: 20%", "availability"),
        ("pool", "lost_task_hours: at_most: 1", "min_capacity"),
        ("pool", "updated_share: at_least: 90%", "min_capacity"),
        ("plant", "updated_share: at_least: 90%", "min_capacity"),
    ],
)
def test_what_applies_nowhere_is_told_with_the_nearest_that_does(system, metric, nearest):
    name, bound = metric.split(": ", 1)
    text = HEAD + asked(f"system: {system}, metric: {name}, {bound}")
    (problem,) = problems(text)
    assert problem.split(": objectives.0.")[1].startswith(got(name, "")[:-1])
    assert problem.endswith(f" {nearest}")


def test_every_objective_is_told_at_its_own_place():
    entries = [
        "system: shop, metric: rollout_duration, at_most: 1h",
        "system: shop, metric: min_capacity, at_least: 50%",
        "system: shop, metric: updated_share, group: Web, at_least: 50%",
    ]
    found = problems(HEAD + asked(*entries))
    assert [each.split(": ")[0:2] for each in found] == [
        ["9:28", "objectives.0.metric"],
        ["11:28", "objectives.2.metric"],
    ]


def test_what_applies_in_one_variant_is_judged_in_every_one():
    entry = asked("system: shop, metric: rollout_duration, at_most: 1h")
    variants = "variants: {nothing: {}, auto: {operations.+: {at: 1h, upgrade_deployment: {}}}}\n"
    scenario = Scenario.from_text(HEAD + entry + variants)
    assert len(scenario.variant("nothing").objectives) == 1
    other = "variants: {nothing: {operations: []}, auto: {}}\n"
    assert Scenario.from_text(HEAD + UPGRADE + entry + other).variant("nothing").objectives


def test_an_objective_of_a_variant_alone_is_told_at_the_variant():
    variants = """\
variants:
  plain: {}
  asks:
    objectives:
      - {system: shop, metric: rollout_duration, at_most: 1h}
"""
    assert problems(HEAD + variants) == [
        "12:32: variants.asks: objectives.0." + got("rollout_duration", "longest_outage")
    ]


def test_a_change_that_takes_the_metric_away_is_an_error_too():
    text = HEAD + UPGRADE + asked("system: shop, metric: rollout_duration, at_most: 1h")
    with pytest.raises(ScenarioError, match="got rollout_duration"):
        Scenario.from_text(text).override({"operations": []})


def preferring(metric, operations=""):
    return f"prefer: [min_capacity, {metric}]\n" + HEAD + operations


@pytest.mark.parametrize(
    ("metric", "nearest"),
    [
        ("rollout_duration", "min_capacity"),
        ("unserved_demand", "min_capacity"),
        ("tasks_requeued", "outages"),
        ("time_to_90", "min_capacity"),
    ],
)
def test_a_preference_for_what_applies_nowhere_is_told_too(metric, nearest):
    (problem,) = problems(preferring(metric))
    assert problem == "1:24: prefer.1: " + got(metric, nearest).removeprefix("metric: ")


def test_a_preference_needs_to_apply_in_one_system_of_one_variant():
    assert Scenario.from_text(preferring("rollout_duration", UPGRADE)).prefer
    variants = "variants: {nothing: {}, auto: {operations.+: {at: 1h, upgrade_deployment: {}}}}\n"
    assert Scenario.from_text(preferring("rollout_duration", variants)).prefer


@pytest.mark.parametrize("path", sorted((ROOT / "scenarios").glob("*.yaml")), ids=lambda p: p.stem)
def test_a_run_in_which_nothing_happens_has_the_metrics_of_every_other(path):
    """So that the models themselves can say what applies."""
    simulation = Simulation(load(path))
    horizon = simulation.scenario.horizon
    nothing = Recorder().freeze(simulation.subjects, 0, horizon, drew=False)
    for model in simulation.models.values():
        applying, measured = (
            model.measure(Stack([log]), 0.0)[0].keys() for log in (nothing, simulation.run())
        )
        assert applying == measured
