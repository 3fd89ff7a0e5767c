"""The command line: what each command says, where it says it, and how it ends."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from screens import assert_screen
from shells import REFUSED, SWAP

from sim.cli import commands as cli
from sim.core.errors import ModelError
from sim.results import open_results

# new, schema, validate, explain -------------------------------------------------------------------


def test_new_prints_a_valid_scenario_that_explains_its_keys(shell, tmp_path):
    code, out, err = shell("new", "cloud_service")
    assert (code, err) == (0, "")
    assert out.startswith("# Question: ")
    assert "# Number of instances at the start." in out
    (tmp_path / "new.yaml").write_text(out, encoding="utf-8")
    assert shell("validate", "new.yaml")[0] == 0


def test_schema_is_json(shell):
    code, out, _ = shell("schema")
    assert code == 0
    assert json.loads(out)["properties"]["systems"]["type"] == "object"


def test_validate_says_what_it_looked_at(shell):
    code, out, err = shell("validate", "variants.yaml")
    assert (code, err) == (0, "")
    assert_screen("cli/validate", out)


def test_validate_in_json(shell):
    code, out, _ = shell("validate", "certain.yaml", "--set", SWAP, "--json")
    found = json.loads(out)
    assert (code, found["valid"], found["warnings"]) == (0, True, [f"--set: {REFUSED}"])
    assert found["checked"]["operations"] == ["upgrade_deployment-0", "swap-0"]


def test_explain_tells_what_will_happen_on_80_columns(shell):
    code, out, err = shell("explain", "variants.yaml")
    assert (code, err) == (0, "")
    assert "shop: 20 instances of 1 role in 5 update domains" in out
    assert "Variants (--variant NAME explains one): auto, simultaneous, nothing." in out
    assert max(map(len, out.splitlines())) <= 80


def test_explain_of_a_variant(shell):
    assert "Simultaneous" in shell("explain", "variants.yaml", "--variant", "simultaneous")[1]
    assert "Simultaneous" not in shell("explain", "variants.yaml")[1]


# run ----------------------------------------------------------------------------------------------


def test_run_answers_and_leaves_its_results_in_a_new_folder(shell, tmp_path):
    code, out, err = shell("run", "certain.yaml")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].startswith("shop-build-42: 20 instances, 5 update domains, deterministic, one")
    assert "lowest capacity  80 %" in lines
    assert "done in          10min" in lines
    told = "met: capacity >= 80 % in all runs; deterministic: 80 % meets the bound"
    assert told in " ".join(out.split())
    assert lines[-2:] == [
        "assumed: min_healthy 1, no failures",
        "picture: " + str(Path("results/shop-build-42/figures/capacity.png")),
    ]
    assert (tmp_path / "results/shop-build-42/figures/capacity.png").is_file()
    assert len(lines) <= 24
    assert "shop-build-42-2" in shell("run", "certain.yaml")[1]


def test_objective_that_is_not_met_is_exit_code_1(shell):
    code, out, _ = shell("run", "certain.yaml", "--set", "systems.shop.update_domains=4")
    assert code == 1
    assert "\nmissed: capacity >= 80 % in all runs" in out


def test_without_objectives_the_exit_code_is_0(shell):
    assert shell("run", "certain.yaml", "--set", "objectives=[]")[0] == 0


def test_run_makes_the_file_without_its_variants(shell):
    assert "95 % interval" in shell("run", "variants.yaml")[1]


def test_run_of_a_variant(shell):
    code, out, _ = shell("run", "variants.yaml", "--variant", "simultaneous")
    assert code == 1
    assert "lowest capacity  0 %" in out


def test_run_of_one_of_the_service_s_own_choices(shell):
    assert "lowest capacity  0 %" in shell("run", "certain.yaml", "--variant", "simultaneous")[1]


def test_replay_runs_one_replication_and_keeps_it(shell, tmp_path):
    _, out, _ = shell("run", "random.yaml", "--replay", "17", "--out", "one")
    assert "replication 17, window" in out
    with (tmp_path / "one/summary.csv").open(encoding="utf-8") as file:
        assert {row["worst_replication"] for row in csv.DictReader(file)} == {"17"}


def test_command_that_made_the_results_stands_in_their_provenance(shell, tmp_path):
    shell("run", "certain.yaml", "--out", "here", "--set", "name=the shop")
    provenance = json.loads((tmp_path / "here/provenance.json").read_text(encoding="utf-8"))
    assert provenance["command"] == "rollout-sim run certain.yaml --out here --set 'name=the shop'"


def test_overwrite_replaces_results(shell, tmp_path):
    assert shell("run", "certain.yaml", "--out", "here")[0] == 0
    assert shell("run", "certain.yaml", "--out", "here")[0] == 2
    assert shell("run", "certain.yaml", "--out", "here", "--overwrite", "--seed", "5")[0] == 0
    provenance = json.loads((tmp_path / "here/provenance.json").read_text(encoding="utf-8"))
    assert provenance["results"]["variants"][0]["seed"] == 5


@pytest.mark.parametrize("keep", [[], ["--keep", "timelines"], ["--keep", "events"]])
def test_keep_writes_what_it_names_of_all_replications(keep, shell):
    shell("run", "random.yaml", "--replications", "3", "--out", "here", *keep)
    results = open_results("here")
    of = {name: set(results.rows(name)[-1:][0].items()) for name in ("timelines", "events")}
    last = {name: dict(row)["replication"] for name, row in of.items()}
    assert last == {name: 2 * (name in keep) for name in ("timelines", "events")}


# compare ------------------------------------------------------------------------------------------


def test_compare_answers_with_a_row_a_variant_and_the_best(shell):
    code, out, err = shell("compare", "variants.yaml")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert [line.split()[0] for line in lines[4:7]] == ["auto", "simultaneous", "nothing"]
    assert [line.split()[-1] for line in lines[4:7]] == ["met", "missed", "reference"]
    assert "best: auto, the only one that meets every objective" in lines
    assert max(map(len, lines)) <= 80


def test_compare_of_a_file_without_variants_is_that_of_the_modes(shell):
    _, out, _ = shell("compare", "certain.yaml")
    assert [line.split()[0] for line in out.splitlines()[4:7]] == ["auto", "manual", "simultaneous"]


def test_compare_without_any_good_variant_is_exit_code_1(shell):
    code, out, _ = shell("compare", "variants.yaml", "--set", "systems.shop.update_domains=4")
    assert code == 1
    assert "best: none, as no variant meets every objective" in out


# JSON ---------------------------------------------------------------------------------------------


def test_json_has_plain_numbers_under_the_names_of_the_folder(shell):
    code, out, _ = shell("run", "certain.yaml", "--json")
    found = json.loads(out, parse_constant=pytest.fail)
    assert code == 0
    assert (found["name"], found["horizon_s"], found["warnings"]) == ("shop-build-42", 21600.0, [])
    values = {row["metric"]: row["mean"] for row in found["summary"] if not row["group"]}
    assert (values["min_capacity"], values["rollout_duration"]) == (0.8, 600.0)
    assert found["summary"][0]["ci95_low"] is None
    assert found["objectives"][0]["verdict"] == "met"
    assert found["comparison"] == []
    assert found["operations"][0]["at_s"] == 600.0
    assert Path(found["results"], "summary.csv").is_file()


def test_json_of_a_comparison_has_its_differences_and_conclusion(shell):
    _, out, _ = shell("compare", "variants.yaml", "--json")
    found = json.loads(out, parse_constant=pytest.fail)
    assert {row["variant"] for row in found["comparison"]} == {"simultaneous", "nothing"}
    assert found["conclusion"]["best"] == ["auto"]
    assert "best: auto" in found["conclusion"]["sentence"]
    assert {(row["variant"], row["best"]) for row in found["objectives"]} == {
        ("auto", "yes"),
        ("simultaneous", "no"),
        ("nothing", "no"),
    }
    assert found["warnings"] == []


def test_keys_of_json_are_stable(shell):
    keys = list(json.loads(shell("run", "certain.yaml", "--json")[1]))
    assert keys == list(json.loads(shell("compare", "variants.yaml", "--json")[1]))
    assert keys == [
        *("name", "question", "start", "warm_up_s", "horizon_s", "compared", "conclusion"),
        *("outcomes", "headlines", "kinds", "variants", "assumptions", "inputs", "wall_time_s"),
        *(
            "time_zone",
            "precision",
            "failed_replications",
            "multiplicity",
            "warnings",
            "problems",
            "results",
            "summary",
            "objectives",
            "comparison",
            "operations",
            "progress",
        ),
    ]


# When it goes wrong -------------------------------------------------------------------------------


def test_broken_invariant_is_an_internal_error_and_can_be_repeated(shell, monkeypatch):
    def broken(_):
        raise ModelError("time went back", scenario="shop", seed=3, replication=17, time=60.0)

    monkeypatch.setitem(cli.COMMANDS, "run", broken)
    code, out, err = shell("run", "random.yaml", "--seed", "3")
    assert (code, out) == (3, "")
    assert err.splitlines() == [
        (
            "rollout-sim: internal error: time went back; please report it with the scenario file: "
            "shop, seed 3, replication 17, t = 60 s"
        ),
        "rollout-sim: the command was: rollout-sim run random.yaml --seed 3",
        "rollout-sim: to see it again: rollout-sim run random.yaml --replay 17 --seed 3",
    ]


def test_surprise_is_an_internal_error_and_shows_where(shell, monkeypatch):
    def surprised(_):
        return {}["nothing"]

    monkeypatch.setitem(cli.COMMANDS, "schema", surprised)
    code, out, err = shell("schema")
    assert (code, out) == (3, "")
    assert err.startswith("Traceback (most recent call last):")
    assert err.splitlines()[-2:] == [
        "rollout-sim: internal error: KeyError: 'nothing'; please report it with the scenario file",
        "rollout-sim: the command was: rollout-sim schema",
    ]


def test_verdicts_of_a_reference_are_not_counted(shell, tmp_path):
    """A variant without a rollout, beside others that have one, is shown and never judged."""
    path = tmp_path / "shop.yaml"
    path.write_text(
        """\
replications: 5
systems:
  shop:
    kind: cloud_service
    roles: {Web: {instances: 4, failures: {per_year: 900, recovery: 16min}}}
operations: [{at: 1h, upgrade_deployment: {}}]
objectives: [{metric: min_capacity, at_least: 50%}]
variants:
  auto: {}
  at-two: {operations.0.at: 2h}
  nothing: {operations: []}
"""
    )
    code, out, _ = shell("compare", str(path), "--no-files", "--json")
    assert code in (0, 1, 4)
    assert json.loads(out)["multiplicity"]["verdicts"] == 2
