"""An answer of which some replications failed says so first."""

import json
import shlex

import pytest
from failing import fail
from shells import VARIANTS

import sim


def joined(text):
    """Without the breaks between its lines."""
    return " ".join(text.split())


BOOM = "RuntimeError: boom (replication 3, seed 0, at 11min40s of the run)"


def test_run_says_first_what_failed_and_reports_the_rest(shell, folder, monkeypatch):
    fail(monkeypatch, [3, 5], RuntimeError("boom"))
    changed = ("--set", "name=other shop")
    code, out, err = shell("run", "random.yaml", *changed, "--out", "r", "--figures", "none")
    again = "rollout-sim run random.yaml --set 'name=other shop' --replay 3 --seed 0"
    told = f"2 of 30 replications failed: {BOOM[:-1]}), also 5; to see it again: {again}"
    assert code == 3
    assert joined(out).startswith(f"{told} failed replications are left out below")
    assert ", 28 replications, window" in joined(out)
    assert f"internal error: {told}; please report it" in joined(err)
    assert joined((folder / "r" / "answer.txt").read_text()).startswith(told)
    found = json.loads((folder / "r" / "provenance.json").read_text())["results"]
    assert [each["replication"] for each in found["failed_replications"]] == [3, 5]
    code, out, err = shell(*shlex.split(again)[1:], "--no-files")
    assert (code, out) == (3, "")
    assert "RuntimeError: boom; please report it" in err
    assert f"to see it again: {again}" in joined(err)


def test_json_has_every_failure_and_the_problem(shell, monkeypatch):
    fail(monkeypatch, [3, 5], RuntimeError("boom"))
    code, out, _ = shell("run", "random.yaml", "--json", "--no-files")
    found = json.loads(out)
    assert code == 3
    assert found["failed_replications"][0] == {
        "variant": "baseline",
        "replication": 3,
        "seed": 0,
        "time_s": 700.0,
        "message": "RuntimeError: boom",
        "rerun": "--replay 3 --seed 0",
    }
    assert [each["rule"].startswith("internal error: 2 of 30") for each in found["problems"]] == [
        True
    ]
    assert found["variants"][0]["replications"] == 28


def test_comparison_says_which_variant_and_what_is_left_out_of_pairs(shell, monkeypatch):
    fail(monkeypatch, [3], RuntimeError("boom"), "simultaneous")
    code, out, _ = shell("compare", "variants.yaml", "--no-files")
    again = "rollout-sim run variants.yaml --replay 3 --seed 0 --variant simultaneous"
    assert code == 3
    assert joined(out).startswith(
        f"simultaneous: 1 of 30 replications failed: {BOOM}; to see it again: {again} failed "
        "replications are left out below, and of the paired differences those that failed in "
        "either variant"
    )


def test_nothing_is_said_where_nothing_failed(shell):
    assert "failed" not in shell("run", "random.yaml", "--no-files")[1].splitlines()[0]


def test_a_variant_that_always_fails_is_told_first_and_the_others_are_compared(shell, monkeypatch):
    fail(monkeypatch, range(30), RuntimeError("boom"), "auto")
    code, out, err = shell("compare", "variants.yaml", "--no-files")
    again = "rollout-sim run variants.yaml --replay 0 --seed 0 --variant auto"
    assert code == 3
    assert joined(out).startswith(
        "auto: every replication failed, so nothing is known of it: RuntimeError: boom "
        f"(replication 0, seed 0, at 11min40s of the run); to see it again: {again}"
    )
    assert "simultaneous  " in out
    assert "internal error: auto: every replication failed" in joined(err)
    found = json.loads(shell("compare", "variants.yaml", "--no-files", "--json")[1])
    assert [each["name"] for each in found["variants"]] == ["simultaneous", "nothing"]
    assert {row["baseline"] for row in found["comparison"]} == {"simultaneous"}
    assert found["failed_replications"][0]["rerun"] == "--replay 0 --seed 0 --variant auto"


def test_a_variant_that_always_fails_holds_up_no_precision(shell, monkeypatch, tmp_path):
    (tmp_path / "open.yaml").write_text(VARIANTS.replace("replications: 30\n", ""), "utf-8")
    fail(monkeypatch, range(1_000), RuntimeError("boom"), "auto")
    words = ("compare", "open.yaml", "--no-files", "--precision", "min_capacity=5%")
    code, out, _ = shell(*words, "--max-replications", "60")
    assert code == 3
    assert joined(out).startswith("auto: every replication failed, so nothing is known of it")
    assert "simultaneous  " in out


@pytest.mark.parametrize("asked", [{}, {"precision": {"min_capacity": "5%"}}])
def test_where_all_variants_always_fail_it_is_raised_as_one_fault(monkeypatch, asked):
    fail(monkeypatch, range(100), RuntimeError("boom"))
    with pytest.raises(sim.ModelError, match="replication 0") as error:
        sim.compare(sim.loads(VARIANTS.replace("replications: 30\n", "")), **asked)
    assert error.value.variant == "auto"
