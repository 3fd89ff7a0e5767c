"""How far a rollout that takes days had come, as a user gets it: table, file, answer, story."""

from __future__ import annotations

import json

import pytest

import sim
from sim.cli import main

FLEET = """\
name: fleet
horizon: 10d
systems:
  shops:
    kind: arc_fleet
    machines: 4
    discovery: 30h
    install: 4min
    extensions:
      - {publisher: Microsoft.Azure.Monitor, type: AzureMonitorLinuxAgent, version: 1.1.0,
         enable_automatic_upgrade: true}
  shop: {kind: cloud_service, roles: {WebRole: {instances: 2}}}
operations:
  - {at: 1d, publish_extension: {type: AzureMonitorLinuxAgent, version: 1.2.0}}
"""
SENTENCE = (
    "AzureMonitorLinuxAgent 1.2.0: 4 of 4 machines are up to date (100 %), "
    "the last on day 2 after the publication"
)


@pytest.fixture(scope="module")
def results():
    return sim.run(sim.loads(FLEET))


def test_progress_of_a_run_has_a_row_a_day_for_all_and_for_each_type(results):
    table = results.replay().progress("shops")
    where = ["variant", "replication", "system", "group"]
    assert list(table.columns) == [*where, "day", "at_s", "up_to_date", "held_by"]
    assert table["group"].tolist() == [""] * 3 + ["AzureMonitorLinuxAgent"] * 3
    assert table["day"].tolist() == [0, 1, 2] * 2
    assert table["up_to_date"].tolist() == [0.0, 0.0, 1.0] * 2
    assert table["at_s"].tolist() == [86400.0, 172800.0, 259200.0] * 2


def test_systems_whose_rollouts_take_less_than_days_have_no_progress(results):
    assert results.replay().progress("shop").empty
    assert results.replay().progress_text("shop") == []
    assert results.progress["system"].unique().tolist() == ["shops"]


def test_a_system_that_is_not_there_is_named(results):
    with pytest.raises(sim.ScenarioError, match="must be a system"):
        results.replay().progress("shosp")


def test_progress_is_saved_and_read_again(results, tmp_path):
    opened = sim.open_results(results.save(tmp_path / "r"))
    assert (tmp_path / "r" / "progress.csv").is_file()
    assert opened.progress.equals(results.progress)


def test_story_of_a_run_says_how_far_the_release_came(results):
    assert f"{SENTENCE}." in results.replay().explain().splitlines()


def test_answer_of_run_draws_who_is_up_to_date_and_tells_the_rest(tmp_path, capsys):
    file = tmp_path / "fleet.yaml"
    file.write_text(
        FLEET.replace("  shop: {kind: cloud_service, roles: {WebRole: {instances: 2}}}\n", "")
    )
    main(["run", str(file), "--out", str(tmp_path / "r"), "--quiet"])
    printed = capsys.readouterr().out
    assert "up to date, the lowest in each column:" in printed
    assert " ".join(SENTENCE.split()) in " ".join(printed.split())
    assert printed.rstrip().endswith("up_to_date.png")
    main(["run", str(file), "--out", str(tmp_path / "j"), "--json", "--quiet"])
    rows = json.loads(capsys.readouterr().out)["progress"]
    assert [row["up_to_date"] for row in rows] == [0.0, 0.0, 1.0] * 2
