"""`sim.assumptions`: what a user holds."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from failing import fail
from guessing import CREATE, RESTART, is_doubled, two_ways, walk

import sim
from sim.core.errors import ModelError, ScenarioError
from sim.results import sensitivity


@pytest.fixture(scope="module")
def found():
    return sim.assumptions(walk())


def test_the_table_has_one_row_a_change(found):
    table = found.table
    row = table[(table.metric == "rollout_duration") & (table.factor == 2.0)].iloc[0]
    assert (row.path, row.origin, row.changed_to) == (RESTART, "marked", "8min")
    assert (row["mean"], row.baseline_mean, row.difference) == (1920.0, 960.0, 960.0)
    assert np.isclose(row.rank_correlation, 1.0, atol=1e-3)
    assert table.note.iloc[0] == "without failures there is no rate"
    assert table.number.tolist() == sorted(table.number)


def test_what_turns_over_weighs_most(found):
    assert found.flips.what.tolist() == ["mean rollout_duration <= 20min"]
    weights = found.weights()
    assert weights[2] == 1.5
    assert weights[3] == 0.0


def test_named_values_take_the_place_of_what_is_assumed():
    found = sim.assumptions(walk(), of=["systems.shop.update_domains"])
    assert set(found.table.path) == {"systems.shop.update_domains"}
    assert found.table.origin.iloc[0] == "named"
    with pytest.raises(ScenarioError, match="of must be a list of paths"):
        sim.assumptions(walk(), of=CREATE)


def test_the_folder_holds_what_was_found(found, tmp_path):
    folder = found.save(tmp_path / "r", command="rollout-sim assumptions")
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*.*")}
    assert {"assumptions.csv", "assumptions_flips.csv", "assumptions_lhs.csv"} < names
    assert "figures/tornado-capacity_hours_lost.png" in names
    pd.testing.assert_frame_equal(
        pd.read_csv(folder / "assumptions.csv", keep_default_na=False, na_values=[""])[
            ["path", "difference"]
        ],
        found.table.replace("", np.nan)[["path", "difference"]],
        check_dtype=False,
    )
    lhs = pd.read_csv(folder / "assumptions_lhs.csv")
    assert {"factor_2", "factor_3", "mean"} < set(lhs.columns)
    assert len(lhs[lhs.metric == "rollout_duration"]) == 64
    about = json.loads((folder / "provenance.json").read_text())
    together = {"points": 64, "refused": 0, "failed": 0, "replications": 1}
    assert about["assumptions"]["latin_hypercube"] == together
    assert about["command"] == "rollout-sim assumptions"
    with pytest.raises(ScenarioError, match="must be a new name"):
        found.save(tmp_path / "r")


def test_a_notebook_shows_the_weightiest_first(found):
    page = found._repr_html_()
    assert page.index("mean done in") < page.index("<table")
    assert page.index("restart") < page.index("create")
    assert page.count("<svg") == 1
    assert repr(found) == "<Assumptions of walk: 2 with a number, 1 flips>"


def test_variants_are_all_told():
    table = sim.assumptions(two_ways(), of=[RESTART]).table
    assert set(table.variant) == {"auto", "manual", "at_once"}


def test_a_failed_replication_of_a_point_can_be_seen_again(monkeypatch):
    scenario = walk(replications=4).override(
        {RESTART: {"uniform": {"low": "2min", "high": "4min"}}}
    )
    real = fail
    real(monkeypatch, {2}, RuntimeError("broken"))
    found = sim.assumptions(scenario, of=[RESTART])
    first, second = found.failed_replications[:2]
    assert first.rerun == "--replay 2 --seed 0"
    assert second.rerun.startswith("--replay 2 --seed 0 --set 'systems.shop.roles.Web.restart={")
    assert found.table["n"].iloc[0] == 3
    monkeypatch.undo()
    fail(monkeypatch, set(range(4)), RuntimeError("broken"))
    with pytest.raises(ModelError, match="broken"):
        sim.assumptions(scenario, of=[RESTART])


def test_what_always_fails_stands_first_among_what_failed_and_the_rest_is_saved(
    monkeypatch, tmp_path
):
    fail(monkeypatch, range(100), RuntimeError("broken"), "manual")
    fail(monkeypatch, range(100), RuntimeError("broken"), "at_once", is_doubled)
    found = sim.assumptions(two_ways(), of=[RESTART])
    first, second = found.failed_replications
    assert (first.variant, first.change, first.nothing_known) == ("manual", "", True)
    assert first.rerun == "--replay 0 --seed 0 --variant manual"
    assert (second.variant, second.change) == ("at_once", "roles.Web.restart (4min) doubled")
    doubled = f'{RESTART}={{"value": "8min", "assumed": true}}'
    assert second.rerun == f"--replay 0 --seed 0 --variant at_once --set '{doubled}'"
    table = found.table
    assert set(table[table.metric == "rollout_duration"].variant) == {"auto", "at_once"}
    unknown = table[table.note == "every replication failed"]
    assert [*zip(unknown.variant, unknown.factor, strict=True)] == [
        ("manual", 0.5),
        ("manual", 2.0),
        ("at_once", 2.0),
    ]
    folder = found.save(tmp_path / "r")
    told = json.loads((folder / "provenance.json").read_text())["assumptions"]
    assert told["variants"] == ["auto", "at_once"]
    assert [each["nothing_known"] for each in told["failed_replications"]] == [True, True]
    assert "Preliminary: replications failed" in (folder / "report.html").read_text()


def test_what_it_costs_is_told_of_what_will_be_run(monkeypatch):
    asked = []
    real = sensitivity.estimate
    monkeypatch.setattr(
        sensitivity, "estimate", lambda one, runs: asked.append(runs) or real(one, runs)
    )
    sim.assumptions(walk(replications=7), of=[RESTART])  # one alone is not moved with others
    sim.assumptions(walk(replications=7))
    assert asked == [3 * 7, 5 * 7 + 64 * 7]
    asked.clear()
    with pytest.raises(ScenarioError, match="assumptions: needs a number that is assumed"):
        sim.assumptions(walk().override({RESTART: "4min", CREATE: "7min"}))
    assert asked == []
