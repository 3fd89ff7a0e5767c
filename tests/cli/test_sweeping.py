"""Sweeps from the command line."""

import csv
import json

import pytest
from failing import fail
from screens import assert_screen

import sim
from sim.simulation import Simulation

DOMAINS = "systems.shop.update_domains"
OVER = f"{DOMAINS}=2,5,10"
AT = "operations.0.at=10min,20min"


def test_sweep_answers_with_a_row_a_point_and_the_front(shell, tmp_path):
    code, out, err = shell("sweep", "random.yaml", "--over", OVER, "--out", "s")
    assert (code, err) == (0, "")
    assert_screen("cli/sweep", out)
    assert max(map(len, out.splitlines())) <= 80
    with (tmp_path / "s/sweep.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["update_domains"] for row in rows} == {"2.0", "5.0", "10.0"}
    assert (tmp_path / "s/answer.txt").read_text(encoding="utf-8").splitlines()[0] == (
        out.splitlines()[0]
    )


def test_a_sweep_of_many_points_shows_those_worth_a_look(shell):
    words = ("--over", f"{DOMAINS}=2..10:1", "--over", AT, "--replications", "12", "--no-files")
    code, out, _ = shell("sweep", "random.yaml", *words)
    assert code == 0
    assert_screen("cli/sweep-of-many", out)
    assert max(map(len, out.splitlines())) <= 80


def test_all_variants_run_at_each_point_and_a_reference_is_set_against_nobody(shell):
    code, out, _ = shell("sweep", "variants.yaml", "--over", OVER, "--no-files")
    assert code == 0
    assert_screen("cli/sweep-with-variants", out)
    _, out, _ = shell(
        "sweep", "variants.yaml", "--over", OVER, "--variant", "simultaneous", "--no-files"
    )
    assert "nothing" not in out.partition("\n\n")[0]


def test_the_file_may_name_the_sweep(shell, tmp_path):
    text = (tmp_path / "random.yaml").read_text(encoding="utf-8")
    (tmp_path / "own.yaml").write_text(f"{text}sweep:\n  {DOMAINS}: [2, 4]\n", encoding="utf-8")
    assert "2 points of update_domains" in shell("sweep", "own.yaml", "--no-files")[1]
    both = shell("sweep", "own.yaml", "--over", OVER, "--no-files")[1]
    assert "3 points of update_domains" in both


def codes(shell, least, *words):
    set_to = f"objectives.0.at_least={least}"
    found = shell("sweep", "random.yaml", "--over", OVER, "--set", set_to, "--no-files", *words)
    return found[0]


def test_the_exit_code_is_that_of_the_point_that_keeps_the_objectives_best(shell):
    assert codes(shell, "90%") == 0
    assert codes(shell, "99%") == 1
    assert codes(shell, "90%", "--set", "objectives.0.in_runs=99%") == 4


def test_the_front_is_that_of_chosen_metrics(shell):
    words = ("sweep", "random.yaml", "--over", OVER, "--no-files", "--front")
    _, out, _ = shell(*words, "mean_capacity,rollout_duration")
    assert "front of mean capacity and done in, by means: " in out
    code, _, err = shell(*words, "duration,min_capacity")
    assert (code, err.count("\n")) == (2, 1)
    assert err.startswith("--front: duration: ")
    assert "did you mean rollout_duration?" in err or "known here" in err


def test_what_is_wrong_with_a_sweep_is_told_at_its_own_place(shell):
    found = {
        over: shell("sweep", "random.yaml", "--over", over, "--no-files")
        for over in (f"{DOMAINS}=2,0", "systems.shop.update_domain=2,3", f"{DOMAINS}=5..2:1")
    }
    assert [(code, err) for code, _, err in found.values()] == [
        (2, "--over: sweep: point 1 (update_domains 0): systems.shop.update_domains: must be a whole "
            "number, 1 or more, got 0\n"),
        (2, '--over: sweep."systems.shop.update_domain": names no key of systems.shop, did you mean '
            "update_domains?\n"),
        (2, f'--over: sweep."{DOMAINS}".to: must not be below `from`, 5, got 2\n'),
    ]  # fmt: skip
    code, _, err = shell("sweep", "random.yaml", "--no-files")
    assert (code, "must name what to vary" in err) == (2, True)


def test_a_variant_that_sets_the_axis_itself_is_warned_of(shell):
    words = ("sweep", "variants.yaml", "--no-files", "--over")
    mode = "operations.0.upgrade_deployment.mode=Auto,Simultaneous"
    _, _, err = shell(*words, mode)
    assert (
        "variants.simultaneous: sets operations.0.upgrade_deployment.mode itself, so the axis"
        in err
    )
    assert shell(*words, mode, "--variant", "auto")[2] == ""
    assert shell(*words, mode, "--quiet")[2] == ""
    assert shell(*words, mode, "--strict")[0] == 2


def test_window_is_told_by_the_clock_where_there_is_one(shell):
    words = ("sweep", "random.yaml", "--over", f"{DOMAINS}=2,5", "--no-files")
    assert "window 0..6h " in " ".join(shell(*words)[1].split())
    by_clock = shell(*words, "--set", "start=2026-11-20T14:00Z")[1]
    assert "window Fri 20 Nov 14:00..20:00 " in " ".join(by_clock.split())


def test_json_has_the_tables_and_the_conclusion(shell):
    words = ("sweep", "random.yaml", "--over", OVER, "--no-files", "--json")
    found = json.loads(shell(*words)[1])
    assert found["points"] == len(found["points_judged"]) == 3
    assert found["axes"][0]["numbers"] == [2, 5, 10]
    assert found["conclusion"]["met"] == 2
    assert {row["metric"] for row in found["sweep"]} >= {"min_capacity", "rollout_duration"}
    assert (found["results"], found["problems"]) == (None, [])


def test_a_failed_replication_is_told_with_the_command_that_makes_its_point(shell, monkeypatch):
    original = Simulation.run

    def fails(self, replication=0):
        if replication == 3 and self.scenario.systems["shop"].update_domains == 5:
            raise sim.ModelError("broken", scenario="", seed=0, replication=3, time=60.0)
        return original(self, replication)

    monkeypatch.setattr(Simulation, "run", fails)
    code, out, err = shell("sweep", "random.yaml", "--over", OVER, "--no-files")
    assert code == 3
    told = " ".join(out.split())
    assert told.startswith(
        "1 replication failed at 1 point: broken (point 1, replication 3 at 1min of the run); to see "
        f"it again: rollout-sim run random.yaml --set {DOMAINS}=5 --replay 3 --seed 0 failed"
    )
    assert "internal error: 1 replication failed" in err


def test_a_point_at_which_all_fails_is_told_first_and_the_others_are_saved(
    shell, monkeypatch, tmp_path
):
    original = Simulation.run

    def fails(self, replication=0):
        if self.scenario.systems["shop"].update_domains == 5:
            raise sim.ModelError("broken", scenario="", seed=0, replication=replication, time=60.0)
        return original(self, replication)

    monkeypatch.setattr(Simulation, "run", fails)
    words = ("--over", OVER, "--over", "systems.shop.roles.WebRole.restart=2min,4min")
    code, out, err = shell("sweep", "random.yaml", *words, "--out", "r", "--figures", "all")
    assert code == 3
    told = " ".join(out.split())
    assert told.startswith(
        "every replication failed at 2 points, so nothing is known there: broken (point 2, "
        "replication 0 at 1min of the run); to see it again: rollout-sim run random.yaml --set "
        f"{DOMAINS}=5 --set systems.shop.roles.WebRole.restart=2min --replay 0 --seed 0 failed"
    )
    assert "internal error: every replication failed at 2 points" in err
    points = (tmp_path / "r" / "points.csv").read_text("utf-8").splitlines()
    assert [",failed," in line for line in points[1:]] == [False, False, True, True, False, False]
    assert list((tmp_path / "r" / "figures").glob("heat_map-*.png"))
    page = (tmp_path / "r" / "report.html").read_text("utf-8")
    assert "Preliminary: replications failed" in page


@pytest.mark.parametrize(("domains", "code"), [("2,5", 0), ("2,3", 1)])
def test_markdown_and_junit_say_the_same_as_the_exit_code(domains, code, shell):
    words = ("sweep", "random.yaml", "--over", f"{DOMAINS}={domains}", "--no-files")
    found = shell(*words, "--format", "markdown")
    assert found[0] == code
    assert "\n| 2 | " in found[1]
    assert found[1].count("|---") >= 1
    found = shell(*words, "--format", "junit")
    assert found[0] == code
    assert found[1].count("<failure ") == (3 if code else 0)  # their sum, and each of them
    assert 'name="every objective at one of 2 points"' in found[1]


def test_where_all_fails_at_every_point_the_run_that_shows_it_is_told(shell, monkeypatch):
    fail(monkeypatch, range(100), RuntimeError("boom"))
    more = "operations.0.at=1min,2min"
    code, out, err = shell("sweep", "random.yaml", "--over", f"{DOMAINS}=5,10", "--over", more)
    assert (code, out) == (3, "")
    again = f"run random.yaml --set {DOMAINS}=5 --set operations.0.at=1min --replay 0 --seed 0"
    assert f"to see it again: rollout-sim {again}\n" in err
