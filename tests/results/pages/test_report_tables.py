"""Tables of a report: numbers as the result folder has them, the bad ones first."""

import pytest
from made_results import CHANCE, OBJECTIVE, REFUSED

import sim
from sim.report.content import Cell
from sim.results.pages import page_parts, report_tables
from sim.results.pages.report_tables import (
    capacity_dips,
    differences,
    every_metric,
    objectives,
    requests,
)


def cells(table, place):
    return [row[place] for row in table.rows]


def row_of(table, name):
    (row,) = [row for row in table.rows if getattr(row[0], "text", row[0]) == name]
    return row


def test_numbers_are_those_of_the_summary(ran):
    table = report_tables.metrics(ran, ["shop"])[0]
    mean, _, middle = row_of(table, "done in")[1:4]
    (found,) = [
        r for r in ran.rows("summary") if r["metric"] == "rollout_duration" and not r["group"]
    ]
    assert float(mean.value) == found["mean"]
    assert float(middle.value) == found["p50"]
    assert table.caption == "Results of shop in 5 runs"


def test_a_run_without_chance_has_one_value():
    text = CHANCE.replace("instances: 20", "instances: 20, restart: 2min")
    table = report_tables.metrics(sim.run(sim.loads(text)), ["shop"])[0]
    assert table.headings == ["metric", "value"]
    assert row_of(table, "lowest capacity")[1] == Cell("80 %", "0.8")


def test_what_never_came_has_no_mean():
    text = CHANCE.replace("horizon: 6h", "horizon: 12min")
    table = report_tables.metrics(sim.run(sim.loads(text)), ["shop"])[0]
    assert row_of(table, "done in")[1] == "never"


def test_variants_are_rows_and_the_best_and_references_say_so(compared):
    table = report_tables.metrics(compared, ["shop"])[0]
    assert [each.text for each in cells(table, 0)] == ["auto", "simultaneous", "nothing"]
    assert row_of(table, "nothing")[0].below == "reference, not ranked"
    best = [each.text for each in cells(table, 0) if each.below == "best"]
    assert best == list(compared.conclusion.best)


def test_objectives_that_are_not_met_come_first_and_references_last(compared):
    verdicts = [each.text for each in cells(objectives(compared), 2)]
    assert verdicts[0] == "missed"
    assert verdicts[-1] == "reference"
    assert objectives(sim.run(sim.loads(CHANCE))) is None


def test_differences_have_their_intervals(compared):
    table = differences(compared)
    row = next(r for r in table.rows if r[:2] == ["simultaneous against auto", "lowest capacity"])
    assert row[2] == Cell("-80 points", "-0.8")
    assert row[4] == "no"


def test_a_table_that_is_too_long_says_what_is_left_out(ran, monkeypatch):
    monkeypatch.setattr(report_tables, "MOST_ROWS", 2)
    monkeypatch.setattr(page_parts, "MOST_ROWS", 2)
    table = every_metric(ran)
    assert len(table.rows) == 2
    assert table.note == f"{len(ran.rows('summary')) - 2} more rows are in summary.csv"


def test_a_dip_has_its_causes_in_words():
    run = sim.run_one(sim.loads(CHANCE))
    table, told = capacity_dips(run, "shop")
    assert told.startswith("shop falls to 80 % at 10min, for ")
    first, *others = table.rows[0][4].split("\n")
    assert first == "update domain 0, because of upgrade by upgrade_deployment-0"
    assert len(others) == 4
    quiet = sim.run_one(sim.loads(CHANCE).override({"operations": []}))
    assert capacity_dips(quiet, "shop") is None


@pytest.fixture(scope="module")
def refused():
    return sim.run(sim.loads(REFUSED + OBJECTIVE))


def test_refusals_come_first_with_what_the_service_said(refused):
    first, *rest = requests(refused).rows
    assert first[:2] == ["swap-0", "2h"]
    assert first[2] == Cell("Refused", tone="missed")
    assert first[3].startswith("409 ConflictError: ")
    assert [row[0] for row in rest] == ["upgrade_deployment-0"]


def test_thousands_of_hours_lost_are_written_out():
    text = """\
horizon: 3h
systems:
  shop: {kind: cloud_service, roles: {Web: {instances: 8000, restart: 1h}}}
operations: [{at: 10min, upgrade_deployment: {mode: Simultaneous}}]
"""
    one = sim.run_one(sim.loads(text))
    table, _ = capacity_dips(one, "shop")
    assert [row[3].text for row in table.rows] == ["8,000"]
    assert "(8,000 hours lost)" in one.explain()
