"""The shipped scenarios: what they must look like, and that the answers told in them hold."""

import json
import re
from datetime import date, datetime
from functools import cache

import jsonschema
import pytest
import yaml
from places import SCENARIOS
from rewriting import REWRITES

import sim
from sim.cli import main
from sim.scenario import json_schema

FOLDER = SCENARIOS
FILES = sorted(FOLDER.glob("*.yaml"))
SCHEMA = FOLDER / "scenario.schema.json"


class Core(yaml.SafeLoader):
    """By the core rules of YAML 1.2, as editors read: `on` and `off` are names."""

    yaml_implicit_resolvers = {  # noqa: RUF012
        first: [(tag, rule) for tag, rule in rules if not tag.endswith(":bool")]
        for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


Core.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(?:true|false)$"), [*"tf"])

every_file = pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)


def lines(file):
    return file.read_text(encoding="utf-8").splitlines()


def variants(scenario):
    return [scenario.variant(name) for name in scenario.variant_names] or [scenario]


def flow_nodes(file):
    """The mappings and sequences of a file that are written in braces or brackets."""

    def walk(node):
        if isinstance(node, yaml.ScalarNode):
            return
        if node.flow_style:
            yield node
        for child in node.value:
            for each in child if isinstance(child, tuple) else (child,):
                yield from walk(each)

    return list(walk(yaml.compose(file.read_text(encoding="utf-8"))))


# Form --------------------------------------------------------------------------------------------


def test_scenarios_are_shipped():
    assert len(FILES) > 10


@every_file
def test_first_lines_ask_the_question_and_name_the_schema(file):
    first, second = lines(file)[:2]
    assert re.fullmatch(r"# Question: .*\?", first)
    assert second == "# yaml-language-server: $schema=scenario.schema.json"
    assert sim.load(file).question == first.removeprefix("# Question: ")


@every_file
def test_the_reference_lists_it_with_its_question_and_kind(file):
    scenario = sim.load(file)
    kinds = ", ".join(
        f"`{kind}`" for kind in {each.kind: None for each in scenario.systems.values()}
    )
    question = f"{scenario.question[0].upper()}{scenario.question[1:]}"
    reference = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert f"| {kinds} | [`{file.stem}`]({file.name}) | {question} |" in reference


@every_file
def test_name_is_the_files_own(file):
    assert sim.load(file).name == file.stem


@every_file
def test_lines_fit_into_100_columns(file):
    assert max(map(len, lines(file))) <= 100


@every_file
def test_style_is_block_but_for_lists_of_values_and_what_is_empty(file):
    for node in flow_nodes(file):
        is_list = isinstance(node, yaml.SequenceNode)
        assert not node.value or (
            is_list and all(isinstance(item, yaml.ScalarNode) for item in node.value)
        ), node.start_mark


WARNED = {"two-nodes-go-dark": "an upgrade may take all 2 nodes at once: no task then runs"}
"""Files with a variant that does what nobody should: what they are warned of."""


@every_file
def test_file_and_variants_validate_strictly_without_warnings(file, capsys):
    if file.stem in WARNED:
        assert main(["validate", str(file), "--strict"]) == 2
        assert capsys.readouterr().err.count(WARNED[file.stem]) == 1
        return
    assert main(["validate", str(file), "--strict"]) == 0
    assert "warnings: none" in capsys.readouterr().out
    assert all(one.warnings == () for one in variants(sim.load(file)))


# The schema --------------------------------------------------------------------------------------


def test_shipped_schema_is_the_one_that_the_command_prints(capsys):
    assert main(["schema"]) == 0
    printed = capsys.readouterr().out
    if REWRITES:
        SCHEMA.write_text(printed, encoding="utf-8")
    assert SCHEMA.read_text(encoding="utf-8") == printed


def test_schema_is_a_schema_and_asks_for_systems():
    jsonschema.Draft202012Validator.check_schema(json_schema())
    assert not jsonschema.Draft202012Validator(json_schema()).is_valid({"horizon": "1h"})


@every_file
def test_schema_takes_the_file(file):
    written = yaml.load(file.read_text(encoding="utf-8"), Core)
    assert not isinstance(written.get("start"), date | datetime)  # YAML 1.1 would make it a date
    jsonschema.validate(written, json.loads(SCHEMA.read_text(encoding="utf-8")))


# What happens ------------------------------------------------------------------------------------


@every_file
def test_every_variant_runs_and_audits_itself(file):
    for variant in variants(sim.load(file)):
        for replication in range(3):
            run = sim.run_one(variant, replication)  # audits the log
            assert set(run.operations["status"]) <= {"Succeeded", "Failed", "InProgress"}


@cache
def answer(name, replications=60):
    """What a shipped scenario answers, from fewer replications than it asks for."""
    scenario = sim.load(FOLDER / f"{name}.yaml").with_(replications=replications)
    return sim.compare(scenario) if scenario.variant_names else sim.run(scenario)


def means(name, metric):
    """Variant -> mean of a metric of the whole system."""
    rows = answer(name).rows("summary")
    return {
        row["variant"]: row["mean"]
        for row in rows
        if row["metric"] == metric and row["group"] == ""
    }


def verdicts(name):
    """Variant -> whether the share of runs that meet each objective is what the file asks for."""
    found = {}
    for row in answer(name).rows("objectives"):
        wanted = float(re.search(r"in ([0-9.]+) % of runs", row["objective"])[1]) / 100
        found.setdefault(row["variant"], []).append(row["share"] >= wanted)
    return found


def test_five_domains_take_a_fifth_away():
    assert means("five-domains-auto", "min_capacity") == {"baseline": pytest.approx(0.8)}
    assert verdicts("five-domains-auto") == {"baseline": [True, True]}


def test_seven_update_domains_are_enough_and_slow_restarts_leave_time_for_ten():
    scenario = sim.load(FOLDER / "how-many-update-domains.yaml")
    over = {
        "systems.shop.update_domains": [6, 7, 10, 13],
        "systems.shop.roles.WebRole.restart.lognormal.mean": {
            "as": "restart", "values": ["3min", "8min"],
        },
    }  # fmt: skip
    rows = sim.sweep(scenario, over, replications=60).rows("objectives")
    kept = {}
    for row in rows:
        key = row["update_domains"], row["restart"] / 60
        kept[key] = kept.get(key, True) and row["share"] >= 0.95
    assert {key for key, value in kept.items() if value} == {
        (7, 3), (10, 3), (13, 3), (7, 8), (10, 8),
    }  # fmt: skip


def test_modes_lose_the_same_hours_but_simultaneous_all_at_once():
    lost = means("three-modes", "capacity_hours_lost")
    assert lost["auto"] == pytest.approx(lost["manual"]) == pytest.approx(lost["simultaneous"])
    assert means("three-modes", "min_capacity") == {
        "auto": pytest.approx(0.8),
        "manual": pytest.approx(0.8),
        "simultaneous": 0.0,
        "nothing": 1.0,
    }


def test_operator_keeps_a_bad_build_in_twenty_to_one_domain():
    reach = {
        name: {run["value"] for run in answer("bad-build-in-twenty").rows("replications")
               if (run["variant"], run["group"], run["metric"]) == (name, "", "blast_radius")}
        for name in ("auto", "manual", "simultaneous", "nothing")
    }  # fmt: skip
    assert reach == {
        "auto": {0.0, 1.0},
        "manual": {0.0, 0.2},
        "simultaneous": {0.0, 1.0},
        "nothing": {0.0},
    }


def test_careful_operator_needs_to_bake_until_the_fault_shows():
    assert verdicts("bad-build-careful-operator") == {
        "auto": [False, False],
        "bake-10min": [False, False],
        "bake-30min": [True, True],
        "bake-1h": [True, True],
    }
    hours = means("bad-build-careful-operator", "bad_build_hours")
    assert hours["auto"] > 10 * hours["bake-10min"]


def test_single_instances_go_dark_and_two_of_each_do_not():
    dark = means("conference-single-instances", "downtime")
    assert dark["two-of-each"] == 0
    assert dark["cold"] == pytest.approx(406.2, abs=0.01)
    assert 74 < dark["as-deployed"] < 333


def test_two_cold_instances_go_dark_unless_somebody_waits_for_the_warmth():
    dark = means("two-instances-go-dark", "downtime")
    assert {name for name, seconds in dark.items() if seconds == 0} == {
        "busy-until-warm",
        "operator-waits",
        "three-instances",
    }
    assert dark["gate-of-two"] == dark["as-deployed"]
    assert 120 < dark["as-deployed"] <= 180


def test_stuck_deployment_is_seen_stuck_until_somebody_acts():
    run = sim.run_one(sim.load(FOLDER / "stuck-deployment.yaml"))
    upgrade = run.events.query("kind == 'upgrade'")
    stuck = upgrade.query("new == 'stuck'")["time_s"]
    assert [*stuck] == [2400.0]
    assert run.status("shop", "1h")["RollbackAllowed"]
    assert not run.status("shop", "5h")["Locked"]


def test_stuck_deployment_is_cleared_by_rollback_or_fresh_upgrade_alone():
    assert verdicts("stuck-deployment") == {
        "rollback": [True],
        "fresh-upgrade": [True],
        "nobody-acts": [False],
        "continue": [False],
        "continue-without-gate": [False],
    }
    finished = means("stuck-deployment", "finished")
    assert [name for name in finished if finished[name]] == [
        "fresh-upgrade",
        "continue-without-gate",
    ]


def test_dip_that_lasts_to_the_end_is_as_deep_as_its_last_step():
    scenario = sim.load(FOLDER / "stuck-deployment.yaml").variant("continue-without-gate")
    run = sim.run_one(scenario)
    assert [*run.dips("shop")["depth"]] == [1.0]
    assert run.timeline("shop", "capacity").minimum() == 0


def test_second_update_takes_out_another_domain_unless_it_waits():
    domains = means("second-update-during-the-first", "max_domains_out")
    assert domains["wait-an-hour"] == 1
    assert 1 < domains["takeover"] <= 2
    assert verdicts("second-update-during-the-first") == {
        "takeover": [False, False],
        "wait-an-hour": [True, True],
    }


def test_first_update_is_over_when_the_second_waits_an_hour():
    waiting = sim.load(FOLDER / "second-update-during-the-first.yaml").variant("wait-an-hour")
    runs = [sim.run_one(waiting, replication) for replication in range(200)]
    assert sum("Failed" in [*run.operations["status"]] for run in runs) <= 2


def test_swap_takes_no_time_and_reaches_everybody():
    assert means("in-place-or-swap", "rollout_duration")["swap"] == 0
    assert verdicts("in-place-or-swap") == {
        "in-place": [False],
        "swap": [True],
        "in-place-with-operator": [False],
    }
    reach = means("in-place-or-swap", "blast_radius")
    assert reach["swap"] == reach["in-place"] > 3 * reach["in-place-with-operator"] > 0


def test_a_walk_that_bakes_is_done_by_two_or_safely_back():
    name = "done-by-two-or-safely-back"
    assert verdicts(name) == {
        "auto": [False, False, False],
        "bake-15": [True, True, True],
        "bake-30": [True, True, True],
    }
    reach = means(name, "blast_radius")
    assert reach["bake-15"] < reach["auto"] / 2


def test_upgrade_and_host_update_share_the_night_one_domain_at_a_time():
    assert means("night-window", "max_domains_out")["night"] == 1
    assert verdicts("night-window") == {
        "night": [True, True],
        "at-once": [False, True],
        "noon": [False, True],
        "window-of-an-hour": [True, False],
        "simultaneous-at-night": [False, True],
    }


def test_upgrade_begins_when_its_window_opens():
    series = sim.run_one(sim.load(FOLDER / "night-window.yaml")).timeline("shop", "capacity")
    falls = series.to_series()
    assert falls[falls < 1].index[0].isoformat() == "2026-11-20T22:00:00+01:00"


def test_long_tasks_need_checkpoints_where_the_pool_has_a_day():
    assert verdicts("long-tasks-in-sixty-nodes") == {
        "requeue": [True, False],
        "drain": [False, False],  # of what is not over the loss is not known
        "drain-half-at-once": [False, True],
        "checkpoint": [True, True],
        "shortest-first": [True, False],
    }


def test_laptops_on_windows_wait_for_the_fixed_release_and_servers_on_linux_do_not():
    scenario = sim.load(FOLDER / "laptops-and-a-release-bad-on-windows.yaml")
    members = sim.run_one(scenario).members("office")
    bad = members[members["rollbacks"] > 0]
    assert set(bad["os"]) == {"windows"}
    assert {"laptops", "windows-servers"} == set(bad["group"])
    left = members[members["state"] != "current"]
    assert set(left["state"]) <= {"failed"}
    assert set(left["group"]) <= {"laptops"}  # there alone a rollback may fail


def test_a_test_group_takes_the_rollbacks_that_the_others_are_spared():
    scenario = sim.load(FOLDER / "test-group-first.yaml")
    names = ("released-all-the-same", "fixed-after-the-test", "fixed-without-a-test-group")
    found = {}
    for name in names:
        members = sim.run_one(scenario.variant(name)).members("plant")
        found[name] = members.groupby("group")["rollbacks"].sum()
    assert found["fixed-after-the-test"]["production"] == 0
    assert 0 < found["fixed-after-the-test"]["test"] < 100
    assert found["released-all-the-same"]["production"] > 1000
    assert found["fixed-without-a-test-group"]["production"] > 50
