"""What an answer and its folder hold, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from screens import assert_screen
from shells import RANDOM

from sim.results.results import Results, open_results


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
            "warm_ups",
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


# Other forms of the answer

QUICK = ("--no-files", "--replications", "30")


def test_markdown_is_a_page_for_a_change_request(shell):
    code, out, err = shell("run", "random.yaml", "--format", "markdown", *QUICK)
    assert code == shell("run", "random.yaml", *QUICK)[0]
    assert err == ""
    assert_screen("cli/markdown_run", out)


def test_markdown_of_a_comparison_has_a_row_a_variant(shell):
    code, out, err = shell("compare", "variants.yaml", "--format", "markdown", *QUICK)
    assert code == shell("compare", "variants.yaml", *QUICK)[0]
    assert err == ""
    assert_screen("cli/markdown_compare", out)


def test_markdown_tells_all_that_text_tells_and_stops_at_no_screen(shell, tmp_path):
    names = "".join(f"  v{n}: {{systems.shop.update_domains: {4 + n}}}\n" for n in range(25))
    (tmp_path / "many.yaml").write_text(f"{RANDOM}variants:\n{names}", encoding="utf-8")
    out = shell("compare", "many.yaml", "--format", "markdown", *QUICK)[1]
    assert all(f"| v{n} | " in out for n in range(25))
    assert "explained" not in out
    assert "v0: missed, capacity >= 80 %" in out


def test_json_is_short_for_its_format(shell):
    data = [
        json.loads(shell("run", "certain.yaml", "--no-files", *words)[1])
        for words in (["--json"], ["--format", "json"], ["--format=json", "--json"])
    ]
    assert len({json.dumps(each["summary"]) for each in data}) == 1


def test_text_may_be_asked_for_by_name(shell):
    told = shell("run", "certain.yaml", "--no-files")
    assert shell("run", "certain.yaml", "--no-files", "--format", "text") == told


def test_nobody_waits_for_figures_to_read_the_answer(shell, monkeypatch, capsys):
    seen = []
    save = Results.save

    def look(results, *given, **how):
        seen.append(capsys.readouterr().out)
        return save(results, *given, **how)

    monkeypatch.setattr(Results, "save", look)
    code, out, _ = shell("run", "certain.yaml", "--out", "here")
    assert code == 0
    assert "done in          10min" in seen[0]
    assert out == ("assumed: min_healthy 1, no failures      picture: here/figures/capacity.png\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is full")
def test_results_are_saved_where_stdout_takes_no_answer(shell, folder, monkeypatch):
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        monkeypatch.setattr("sys.stdout", full)
        code, _, err = shell("run", "certain.yaml", "--out", "here")
    assert code == 5
    assert err == "rollout-sim: the answer cannot be written: No space left on device\n"
    assert open_results(folder / "here").about.name == "shop-build-42"
