"""Whose mean is to be how precise, as a user says it."""

import pytest
from made_results import CHANCE, VARIANTS

from sim.core.errors import ScenarioError
from sim.core.metrics import Key
from sim.experiments.precision_asked import asked_of, most_of, targets_of
from sim.experiments.statistics.stopping import Target
from sim.files import loads

TWO = CHANCE.replace(
    "operations:", "  shop.eu: {kind: cloud_service, roles: {W.a: {instances: 2}}}\noperations:"
).replace("upgrade_deployment: {", "upgrade_deployment: {system: shop, ")
FLEET = """\
systems:
  fleet:
    kind: arc_fleet
    machines: 3
    extensions:
      - publisher: Microsoft.Azure.Monitor
        type: AzureMonitorWindowsAgent
        version: 1.16.0
        enable_automatic_upgrade: true
operations: [{at: 1h, publish_extension: {type: AzureMonitorWindowsAgent, version: 1.17.0}}]
"""


def asked(text=CHANCE, **precision):
    return targets_of(precision, [loads(text)])


def rules(precision, text=CHANCE):
    with pytest.raises(ScenarioError) as error:
        targets_of(precision, [loads(text)])
    return [str(problem) for problem in error.value.problems]


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("min_capacity", Key("shop", "", "min_capacity")),
        ("shop.min_capacity", Key("shop", "", "min_capacity")),
        ("shop.WebRole.min_capacity", Key("shop", "WebRole", "min_capacity")),
    ],
)
def test_mean_is_named_with_its_system_its_group_or_alone(name, key):
    assert asked(**{name: "1%"}) == {key: Target(0.01)}


def test_names_may_hold_dots():
    found = targets_of({"shop.eu.W.a.downtime": "1s", "shop.WebRole.downtime": "1s"}, [loads(TWO)])
    assert list(found) == [Key("shop.eu", "W.a", "downtime"), Key("shop", "WebRole", "downtime")]


@pytest.mark.parametrize(
    ("metric", "written", "target"),
    [
        ("min_capacity", "0.5%", Target(0.005)),
        ("min_capacity", "0.005", Target(0.005)),
        ("min_capacity", 0.005, Target(0.005)),
        ("finished", "1%", Target(0.01)),
        ("rollout_duration", "1min30s", Target(90.0)),
        ("rollout_duration", "90", Target(90.0)),
        ("rollout_duration", "5%r", Target(0.05, relative=True)),
        ("capacity_hours_lost", "0.25", Target(0.25)),
        ("outages", 2, Target(2.0)),
        ("outages", "0.1r", Target(0.1, relative=True)),
    ],
)
def test_half_width_is_written_as_the_metric_is(metric, written, target):
    assert list(asked(**{metric: written}).values()) == [target]


@pytest.mark.parametrize(
    ("name", "written", "rule"),
    [
        ("min_capacity", "5min", "must be a share such as 80% or 0.8, got 5min"),
        ("min_capacity", "100%", "must be a share below 100%, got 100%"),
        ("min_capacity", "0%", "must be a number above 0, got 0%"),
        ("min_capacity", True, "must be a number above 0, got True"),
        ("min_capacity", float("nan"), "must be a number above 0, got nan"),
        (
            "downtime",
            "5%",
            "must be a duration such as 90s or 5min, got 5% (relative to the mean: write an r after it)",
        ),
        ("downtime", "5sr", "must be a share such as 80% or 0.8, got 5s"),
        (
            "capacity_hours_lost",
            "3min",
            "must be a number of member-hours, such as 0.5, or 5%r, got 3min",
        ),
        ("outages", "x", "must be a number, such as 0.5, or 5%r, got x"),
        (
            "rollout_duraion",
            "5s",
            "must be a metric of this file's systems, got rollout_duraion; "
            "did you mean rollout_duration?",
        ),
        ("shp.downtime", "5s", "must be a system of this file, got shp; did you mean shop?"),
        (
            "shop.WebRol.downtime",
            "5s",
            "must be a group of shop, got WebRol; did you mean WebRole?",
        ),
        (
            "shop.WebRole.rollout_duration",
            "5s",
            "must be shop.rollout_duration, as rollout_duration has no groups, got WebRole",
        ),
    ],
)
def test_what_is_wrong_is_told_with_what_is_known(name, written, rule):
    assert rules({name: written}) == [f"precision: {name}: {rule}"]


def test_all_that_is_wrong_is_told_at_once():
    assert len(rules({"min_capacity": "x", "wrong": 1, 5: 1})) == 3


def test_one_mean_is_asked_for_once():
    assert rules({"min_capacity": "1%", "shop.min_capacity": "2%"}) == [
        "precision: shop.min_capacity: shop.min_capacity is given twice, as min_capacity before"
    ]


def test_metric_that_several_have_needs_a_system():
    assert rules({"downtime": "1s"}, TWO) == [
        "precision: downtime: must be shop.downtime or shop.eu.downtime, as several have the "
        "metric downtime"
    ]


def test_metric_that_does_not_apply_is_refused_with_the_nearest():
    text = CHANCE.partition("operations:")[0]
    (rule,) = rules({"rollout_duration": "1s"}, text)
    assert "must be a metric that applies in the file or a variant of it" in rule
    scenario = loads(CHANCE + VARIANTS)
    both = [scenario.variant("nothing"), scenario.variant("auto")]
    assert targets_of({"rollout_duration": "1s"}, both)
    with pytest.raises(ScenarioError, match="applies"):
        targets_of({"rollout_duration": "1s"}, both[:1])


def test_metric_that_is_not_listed_must_be_named_in_the_file():
    (rule,) = rules({"time_to_97": "1h"}, FLEET)
    assert rule == (
        "precision: time_to_97: time_to_97 is only measured where an objective or `prefer` of the "
        "file names it"
    )
    assert targets_of({"time_to_97": "1h"}, [loads(FLEET + "prefer: [time_to_97]\n")])
    assert targets_of({"time_to_99": "1h"}, [loads(FLEET)])


@pytest.mark.parametrize("given", [{}, "min_capacity=1%", 0.01])
def test_precision_is_a_mapping_of_some(given):
    (rule,) = rules(given)
    assert rule.startswith("precision: must hold half-widths by names of means, such as {")


def test_most_is_ten_thousand_or_what_is_given():
    assert most_of(None, None) == most_of(None, {"a": 1}) == 10_000
    assert most_of(30, {"a": 1}) == 30


@pytest.mark.parametrize("wrong", [29, 0, -1, 1_000_001, 50.0, True, "50"])
def test_most_is_a_whole_number_that_leaves_room_for_a_look(wrong):
    with pytest.raises(ScenarioError, match="must be a whole number from 30 to 1,000,000, got"):
        most_of(wrong, {"a": 1})


def test_most_without_a_precision_means_nothing():
    with pytest.raises(ScenarioError, match="max_replications: needs a precision"):
        most_of(50, None)


def test_objectives_alone_ask_nothing_of_means():
    text = CHANCE + "objectives: [{metric: min_capacity, at_least: 80%}]\n"
    assert asked_of("objectives", [loads(text)]) == {}
    assert asked_of({"min_capacity": 0.5}, [loads(text)]) == asked(min_capacity=0.5)


@pytest.mark.parametrize(("text", "whose"), [(CHANCE, ""), (TWO, "system: shop, ")])
def test_objectives_to_be_decided_must_be_there(text, whose):
    with pytest.raises(ScenarioError) as error:
        asked_of("objectives", [loads(text)])
    example = f"{{{whose}metric: min_capacity, at_least: 80%, in_runs: 95%}}"
    assert str(error.value) == (
        f"precision: objectives: needs objectives in the file, such as `objectives: [{example}]`"
    )
    assert loads(f"{text}objectives: [{example}]").objectives
