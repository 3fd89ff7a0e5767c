"""`rollout-sim assumptions`: its answer, files and exit codes."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

import pytest
from failing import fail
from guessing import RESTART, is_doubled, walk
from screens import assert_screen


@pytest.fixture(autouse=True)
def walked(folder):
    (folder / "walk.yaml").write_text(walk().to_yaml(), encoding="utf-8")
    return folder


def test_what_turns_over_comes_first_and_then_the_weightiest(shell):
    code, out, err = shell("assumptions", "walk.yaml", "--no-files")
    assert (code, err) == (4, "")
    assert_screen("cli/assumptions", out)
    assert max(map(len, out.splitlines())) <= 80


def test_of_variants_the_one_that_changes_most_is_shown(shell, folder):
    (folder / "two.yaml").write_text(_with_variants(), encoding="utf-8")
    code, out, _ = shell("assumptions", "two.yaml", "--no-files", "--of", RESTART)
    assert code == 4
    assert_screen("cli/assumptions_of_variants", out)
    _, whole, _ = shell("assumptions", "two.yaml", "--no-files", "--of", RESTART, "--all")
    assert whole.count("done in (") == 3
    assert out.count("done in (") == 1


def _with_variants():
    variants = """\
prefer: [rollout_duration]
variants:
  auto: {}
  manual:
    operations.0.upgrade_deployment: {mode: Manual, operator: {bake: 2min}}
  at_once: {operations.0.upgrade_deployment.mode: Simultaneous}
"""
    return walk().to_yaml() + variants


def test_where_nothing_turns_over_the_code_is_0(shell):
    code, out, _ = shell("assumptions", "walk.yaml", "--no-files", "--set", "objectives=[]")
    assert code == 0
    assert "conclusions that change: none; the file has no objectives" in out


def test_json_has_plain_numbers(shell):
    code, out, _ = shell("assumptions", "walk.yaml", "--no-files", "--json")
    told = json.loads(out)
    assert code == 4
    assert [each["before"] for each in told["flips"]] == ["met"]
    changes = [each for each in told["changes"] if each["metric"] == "rollout_duration"]
    assert [each["difference"] for each in changes] == [-480.0, 960.0, 0.0, 0.0]
    assert (told["replications"], told["results"]) == (100, None)


def test_files_are_written_and_named(shell, walked):
    code, out, _ = shell("assumptions", "walk.yaml", "--out", "r", "--figures", "main")
    assert (code, out.splitlines()[-1]) == (4, "results: r")
    names = sorted(path.name for path in (walked / "r").rglob("*.*"))
    assert "assumptions.csv" in names
    assert [name for name in names if name.endswith(".png")] == ["tornado-capacity_hours_lost.png"]
    assert (walked / "r/answer.txt").read_text().startswith("walk: which assumption decides")
    provenance = json.loads((walked / "r/provenance.json").read_text())
    assert provenance["command"].startswith("rollout-sim assumptions walk.yaml")


def test_a_wrong_path_is_told_in_one_line(shell):
    code, out, err = shell("assumptions", "walk.yaml", "--of", "systems.shop.update_domain")
    assert (code, out) == (2, "")
    assert err.splitlines() == [
        "systems.shop.update_domain: names no key of systems.shop, did you mean update_domains?"
    ]


def test_nothing_assumed_is_told(shell):
    sure = ("--set", f"{RESTART}=4min", "--set", "systems.shop.roles.Web.create=7min")
    code, _, err = shell("assumptions", "walk.yaml", *sure)
    assert code == 2
    assert "needs a number that is assumed" in err


def test_a_failed_replication_gives_code_3_and_the_rest(shell, monkeypatch):
    fail(monkeypatch, {3}, RuntimeError("broken"))
    code, out, err = shell("assumptions", "random.yaml", "--no-files", "--replications", "5")
    assert code == 3
    assert "which assumption decides" in out
    assert "to see it again: rollout-sim run random.yaml --replay 3 --seed 0" in err


def test_markdown_has_tables_and_nothing_that_is_wrapped(shell):
    code, out, _ = shell("assumptions", "random.yaml", "--no-files", "--format", "markdown")
    assert code == shell("assumptions", "random.yaml", "--no-files")[0]
    assert out.startswith("### ")
    assert "\n  " not in out


def test_a_picture_that_fails_costs_no_answer(shell, monkeypatch):
    monkeypatch.setattr("sim.plots.parts.style.png", lambda _: 1 / 0)
    code, out, err = shell("assumptions", "walk.yaml", "--of", RESTART)
    assert code == 3
    assert "conclusions that change" in out
    assert "internal error: ZeroDivisionError" in err


ALWAYS = range(100)


def test_a_variant_that_always_fails_is_told_first_and_the_others_are_weighed(
    shell, folder, monkeypatch
):
    (folder / "two.yaml").write_text(_with_variants(), encoding="utf-8")
    fail(monkeypatch, ALWAYS, RuntimeError("boom"), "manual")
    code, out, err = shell("assumptions", "two.yaml", "--of", RESTART, "--out", "r")
    told = "manual: every replication failed, so nothing is known of it: RuntimeError: boom "
    assert code == 3
    assert joined(out).startswith(told)
    assert "--replay 0 --seed 0 --variant manual failed replications are left out" in joined(out)
    assert "in each of auto, at_once, shown" in joined(out)
    assert "auto: mean rollout_duration <= 20min: met -> missed" in joined(out)
    assert f"internal error: {told}" in joined(err)
    assert joined((folder / "r/answer.txt").read_text()).startswith(told)


def test_a_change_that_always_fails_is_told_first_and_is_no_change_of_nothing(shell, monkeypatch):
    fail(monkeypatch, ALWAYS, RuntimeError("boom"), when=is_doubled)
    code, out, _ = shell("assumptions", "walk.yaml", "--no-files")
    assert code == 3
    assert joined(out).startswith(
        "every replication failed with 1 change, so nothing is known of it: roles.Web.restart "
        "(4min) doubled: RuntimeError: boom (replication 0, seed 0, at 11min40s of the run); to "
        "see it again: rollout-sim run walk.yaml --replay 0 --seed 0 --set "
        f'\'{RESTART}={{"value": "8min", "assumed": true}}\' failed replications are left out below'
    )
    assert "conclusions that change: none of those known" in out
    assert "doubled, every replication failed, so nothing is known of it" in out
    row = next(line for line in out.splitlines() if line.startswith("  done in"))
    assert row.split() == ["done", "in", "-8min", "unknown"]


def test_where_a_change_always_fails_its_case_is_an_error(shell, monkeypatch):
    fail(monkeypatch, ALWAYS, RuntimeError("boom"), when=is_doubled)
    _, out, _ = shell("assumptions", "walk.yaml", "--no-files", "--format", "junit")
    case = next(each for each in ET.fromstring(out).iter("testcase") if "Web.r" in each.get("name"))
    assert case.find("error").get("message") == (
        "nothing is known of a change, as every replication failed"
    )


def test_where_all_always_fails_the_run_that_shows_it_is_told(shell, monkeypatch):
    fail(monkeypatch, ALWAYS, RuntimeError("boom"))
    code, out, err = shell("assumptions", "walk.yaml", "--no-files")
    assert (code, out) == (3, "")
    assert "to see it again: rollout-sim run walk.yaml --replay 0 --seed 0" in err


def test_replications_that_fail_are_counted_as_it_is_and_with_changes(shell, monkeypatch):
    fail(monkeypatch, {3}, RuntimeError("broken"))
    words = ("assumptions", "random.yaml", "--no-files", "--replications", "5")
    as_it_is, _, changed = joined(shell(*words)[1]).partition(" --replay 3 --seed 0 ")
    assert as_it_is.startswith("1 of 5 replications failed: RuntimeError: broken (replication 3, ")
    assert changed.startswith("1 replication failed with 1 change: min_healthy 1 doubled: ")


def joined(text):
    return " ".join(text.split())
