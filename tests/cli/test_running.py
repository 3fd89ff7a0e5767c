"""Replications and comparisons from the command line."""

from __future__ import annotations

import csv

import pytest


def test_run_makes_the_file_without_its_variants(shell):
    assert "95 % interval" in shell("run", "variants.yaml")[1]


def test_run_of_a_variant(shell):
    code, out, _ = shell("run", "variants.yaml", "--variant", "simultaneous")
    assert code == 1
    assert "lowest capacity  0 %" in out


@pytest.fixture
def upgraded_set(tmp_path):
    """A file with a scale set, that it is upgraded and an objective: what the set has, and what is
    asked of it before.
    """

    def write(has="", before=""):
        (tmp_path / "set.yaml").write_text(
            f"""\
systems:
  web: {{kind: vm_scale_set, instances: 10{has}}}
operations:{before}
  - {{at: 1h, update_model: {{image: "2"}}}}
objectives:
  - {{metric: min_capacity, at_least: 50%}}
""",
            "utf-8",
        )
        return "run", "set.yaml", "--no-files"

    return write


def test_an_upgrade_that_fails_at_once_meets_nothing(shell, upgraded_set):
    run = upgraded_set(has=", unhealthy_instances: [0, 1, 2]")
    code, out, _ = shell(*run)
    assert code == 1
    assert "missed: capacity >= 50 % in all runs; deterministic: a rollout was refused," in out
    assert shell(*run, "--set", "systems.web.unhealthy_instances=[0]")[0] == 0


def test_an_upgrade_that_takes_nobody_is_told_first_and_meets_nothing(shell, upgraded_set):
    protect = "set_protection: {instances: all, protect_from_scale_set_actions: true}"
    run = upgraded_set(before=f"\n  - {{at: 10min, {protect}}}")
    code, out, _ = shell(*run)
    assert code == 1
    assert out.splitlines()[1] == "upgrade took none of the instances at 1h"
    assert "done in          never" in out
    assert shell(*run, "--set", "operations.0.set_protection.instances=[0, 1]")[0] == 0


def test_run_of_one_of_the_service_s_own_choices(shell):
    assert "lowest capacity  0 %" in shell("run", "certain.yaml", "--variant", "simultaneous")[1]


def test_replay_runs_one_replication_and_keeps_it(shell, tmp_path):
    _, out, _ = shell("run", "random.yaml", "--replay", "17", "--out", "one")
    assert "replication 17, window" in out
    with (tmp_path / "one/summary.csv").open(encoding="utf-8") as file:
        assert {row["worst_replication"] for row in csv.DictReader(file)} == {"17"}


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


def test_cluster_that_does_not_answer_is_an_error_and_nothing_runs(shell, monkeypatch):
    monkeypatch.setattr("sim.experiments.running.cluster.PATIENCE", 0.5)
    code, out, err = shell("run", "random.yaml", "--cluster", "tcp://127.0.0.1:1", "--no-files")
    assert (code, out) == (2, "")
    told = "cluster tcp://127.0.0.1:1: must be the address of a Dask scheduler that answers, got: "
    assert err.startswith(told)


def test_cluster_has_workers_of_its_own(shell):
    words = ("--cluster", "tcp://127.0.0.1:1", "--workers", "2", "--no-files")
    code, _, err = shell("compare", "variants.yaml", *words)
    assert code == 2
    assert err == "workers: must not be given together with an executor\n"


def test_number_of_workers_changes_nothing_in_the_answer(shell):
    one, two = (shell("run", "random.yaml", "--no-files", "--workers", n) for n in "12")
    assert one == two
    assert one[0] == 0
