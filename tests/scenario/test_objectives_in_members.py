"""Objectives that count members in service: of every system and group, in words, and when wrong."""

from __future__ import annotations

import pytest
from looking import experiment

from sim.cli import main
from sim.core.errors import ScenarioError
from sim.experiments.objectives import describe
from sim.files import loads
from sim.scenario import Scenario
from sim.simulation import Simulation

SYSTEMS = """\
horizon: 1d
systems:
  shop:
    kind: cloud_service
    roles:
      web: {instances: 12, restart: 2min, weight: 3}
      worker: {instances: 1, restart: 2min}
  render: {kind: batch_pool, nodes: 10, task_slots_per_node: 2, node_upgrade: 5min}
  plant:
    kind: arc_fleet
    groups: {shops: {count: 30, os: linux}, ships: {count: 20}}
    extensions:
      - publisher: Microsoft.Azure.Monitor
        type: AzureMonitorLinuxAgent
        version: 1.37.0
        groups: [shops]
      - publisher: Microsoft.Azure.Monitor
        type: AzureMonitorWindowsAgent
        version: 1.9.0
        groups: [ships]
    install: 3min
operations:
  - {at: 10min, upgrade_deployment: {}}
  - {at: 10min, upgrade_os: {target_os_version: WA-GUEST-OS-5.31_201905-01}}
  - at: 10min
    upgrade_extensions:
      group: shops
      targets: {Microsoft.Azure.Monitor.AzureMonitorLinuxAgent: 1.38.0}
  - at: 20min
    publish_extension: {type: AzureMonitorLinuxAgent, version: 1.38.0}
"""
GROWS = """\
  - {at: 2h, change_configuration: {configuration: {web: 20}}}
  - {at: 2h, resize: {nodes: 15}}
  - at: 2h
    put_extension:
      group: ships
      publisher: Microsoft.Azure.Monitor
      type: AzureMonitorLinuxAgent
      version: 1.37.0
  - at: 3h
    put_extension:
      group: shops
      publisher: Microsoft.Azure.Monitor
      type: AzureMonitorLinuxAgent
      version: 1.37.0
"""


def asks(*entries, more=""):
    listed = "".join(f"  - {{metric: min_in_service, {entry}}}\n" for entry in entries)
    return loads(f"{SYSTEMS}{more}objectives:\n{listed}")


def wrong(entry, more=""):
    with pytest.raises(ScenarioError) as caught:
        asks(entry, more=more)
    return [str(problem) for problem in caught.value.problems]


def test_every_system_and_group_may_be_asked():
    bounds = {
        "system: shop, group: web, at_least: 9": "met",
        "system: shop, group: web, at_least: 10": "missed",
        "system: shop, at_least: 9": "met",
        "system: shop, at_least: 10": "missed",
        "system: render, at_least: 16": "met",
        "system: render, at_least: 17": "missed",
        "system: plant, group: AzureMonitorWindowsAgent, at_least: 20": "met",
        "system: plant, group: AzureMonitorLinuxAgent, at_least: 1": "missed",
        "system: plant, at_least: 20": "met",
        "system: plant, at_least: 21": "missed",
    }
    one = experiment("", Simulation(asks(*bounds)), range(1))
    assert [verdict.verdict for verdict in one.verdicts] == [*bounds.values()]


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        (
            "system: shop, group: web, at_least: 9, in_runs: 95%",
            "at least 9 of shop web's 12 instances in service in 95 % of runs",
        ),
        (
            "system: shop, at_least: 9.5, of: mean",
            "at least 9.5 of shop's 13 instances in service on average",
        ),
        ("system: render, at_least: 16", "at least 16 of render's 20 slots in service in all runs"),
        (
            "system: plant, group: AzureMonitorLinuxAgent, at_least: 1",
            "at least 1 of plant AzureMonitorLinuxAgent's 30 extensions in service in all runs",
        ),
        ("system: render, at_most: 16", "render min_in_service <= 16 in all runs"),
    ],
)
def test_it_is_told_in_a_sentence(entry, sentence):
    scenario = asks(entry)
    assert describe(scenario.objectives[0], scenario) == sentence


def test_in_a_file_with_one_system_the_sentence_does_not_name_it():
    one = "systems: {shop: {kind: cloud_service, roles: {web: {instances: 1200}}}}\n"
    scenario = loads(one + "objectives: [{metric: min_in_service, at_least: 1100}]")
    sentence = "at least 1,100 of 1,200 instances in service in all runs"
    assert describe(scenario.objectives[0], scenario) == sentence


def test_members_that_come_later_are_told():
    systems = ("shop, group: web", "render", "plant")
    scenario = asks(*(f"system: {each}, at_least: 9" for each in systems), more=GROWS)
    first, second, last = (describe(each, scenario) for each in scenario.objectives)
    assert first.startswith("at least 9 of shop web's 12 instances (20 at most) in service")
    assert second.startswith("at least 9 of render's 20 slots (30 at most) in service")
    assert last.startswith("at least 9 of plant's 50 extensions (70 at most) in service")


@pytest.mark.parametrize(
    ("entry", "rule"),
    [
        (
            "system: shop, group: web, at_least: 13",
            "must be at most 12, as there are 12 instances, got 13",
        ),
        (
            "system: shop, group: worker, at_most: 2",
            "must be at most 1, as there is 1 instance, got 2",
        ),
        ("system: render, at_least: 21", "must be at most 20, as there are 20 slots, got 21"),
        ("system: plant, at_least: 51", "must be at most 50, as there are 50 extensions, got 51"),
        ("system: shop, at_least: 80%", "must be a number, got 80%; for a share ask min_capacity"),
        (
            "system: shop, at_least: 0.8",
            "must be a whole number of instances, got 0.8; for a share ask min_capacity",
        ),
    ],
)
def test_a_bound_that_is_no_number_of_members_is_refused_at_its_place(entry, rule):
    (problem,) = wrong(entry)
    assert problem.endswith(rule)
    assert f"objectives.0.{'at_most' if 'at_most' in entry else 'at_least'}: " in problem


def test_what_comes_later_counts_after_a_warm_up_only():
    entry, later = "system: shop, group: web, at_least: 20", "warm_up: 3h\n"
    assert wrong(entry, more=GROWS)[0].endswith(
        "must be at most 12, as there are 12 instances, got 20"
    )
    assert asks(entry, more=GROWS + later).objectives[0].at_least == 20
    assert wrong("system: shop, group: web, at_least: 21", more=GROWS + later)[0].endswith(
        "must be at most 20, as there are 20 instances, got 21"
    )


@pytest.mark.parametrize("metric", ["min_capacity", "mean_capacity"])
def test_a_count_where_a_share_is_asked_is_told_the_metric_for_it(metric):
    text = f"{SYSTEMS}objectives: [{{metric: {metric}, system: shop, at_least: 9}}]"
    with pytest.raises(ScenarioError) as caught:
        Scenario.from_text(text, "x.yaml", {})
    (problem,) = caught.value.problems
    assert problem.rule.endswith(
        "got 9 (write 9% if that is meant); for a count ask min_in_service"
    )


def test_of_variants_of_several_sizes_no_single_number_is_told(tmp_path, capsys):
    file = tmp_path / "sizes.yaml"
    file.write_text("""\
systems: {shop: {kind: cloud_service, roles: {web: {instances: 12, restart: 2min}}}}
operations: [{at: 10min, upgrade_deployment: {}}]
objectives: [{metric: min_in_service, group: web, at_least: 9}]
variants: {one: {}, other: {systems.shop.roles.web.instances: INSTANCES}}
""")
    written = file.read_text()
    for instances, told in [("14", "9 of web in service"), ("12", "9 of web's 12 instances in")]:
        file.write_text(written.replace("INSTANCES", instances))
        main(["compare", str(file), "--no-files"])
        out = " ".join(capsys.readouterr().out.split())
        assert f"at least {told}" in out
