"""What failed, got stuck, was refused or rolled back: how often, when, and how it is told."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from places import CASES

import sim
from sim.cli import main
from sim.cli.outcomes import rare, together, told
from sim.experiments.outcomes import Outcome

STUCK_WHEN_BAD = """\
replications: 40
horizon: 4h
systems:
  shop:
    kind: cloud_service
    builds: {"2": {bad: 50%, fails_to_start: 100%}}
    roles: {web: {instances: 4, restart: 4min, min_available: 3}}
operations:
  - {at: 10min, upgrade_deployment: {build: "2"}}
"""
ROLLED_BACK = STUCK_WHEN_BAD + "  - {at: 2h, rollback: {}}\n"


@cache
def ran(text):
    return sim.run(sim.loads(text))


@cache
def compared(name):
    return sim.compare(sim.load(CASES / f"{name}.yaml"))


def test_stuck_is_counted_over_all_replications_and_told_of_the_first_one():
    results = ran(STUCK_WHEN_BAD)
    (found,) = results.about.outcomes
    bad = [sim.run_one(sim.loads(STUCK_WHEN_BAD), k) for k in range(40)]
    stuck = [run.replication for run in bad if run.told("shop")]
    assert (found.what, found.runs, found.of) == ("stuck", len(stuck), 40)
    assert (found.p50_s, found.p95_s, found.first) == (2400.0, 2400.0, stuck[0])
    share = f"{100 * len(stuck) / 40:g} %"
    assert found.sentence == f"stuck in {share} of runs, since 40min"
    assert told(results) == {
        "baseline": [
            f"{found.sentence}; in replication {stuck[0]} upgrade_deployment-0 is stuck in domain "
            "0 since 40min; a rollback or a fresh upgrade clears it"
        ]
    }


def test_rolled_back_is_timed_among_those_that_were():
    results = ran(ROLLED_BACK)
    outcomes = {each.what: each for each in results.about.outcomes}
    values = results.replications.query("metric == 'rollback_duration'").value
    found = outcomes["rolled back"]
    assert found.runs == values.notna().sum() < 40
    assert found.p50_s == pytest.approx(np.sort(values.dropna())[(found.runs + 1) // 2 - 1])
    assert found.sentence.startswith("rolled back in ")
    assert " of runs, after 1h54" in found.sentence


def test_rollout_that_is_not_over_at_the_end_is_told_so():
    walks = ROLLED_BACK.replace("bad: 50%", "bad: 0%").replace("{build", "{mode: Manual, build")
    results = ran(walks.split("  - {at: 2h")[0])
    assert told(results) == {"baseline": ["not over at the end (4h)"]}
    drains = told(compared("pool-drain-never-ends"))["drain"]
    assert drains == ["not over at the end (1d12h) in 100 % of runs"]


def test_request_that_the_state_refuses_is_told_with_its_answer():
    sentences = told(ran(ROLLED_BACK))["baseline"]
    refused = next(each for each in ran(ROLLED_BACK).about.outcomes if each.what == "refused")
    assert refused.sentence in sentences  # where the build is good the rollback comes too late
    assert refused.p50_s == 7200.0
    (one,) = told(sim.run(sim.loads(ROLLED_BACK), replay=refused.first))["baseline"]
    assert one.startswith("1 request was refused: 409 ConflictError, ")
    assert "at 2h rollback-0: " in one


def test_service_that_recycles_is_told_stuck_and_rolled_back():
    assert together(told(compared("service-recycling"))) == [
        "default, stuck, single: upgrade_deployment-0 is stuck in domain 0 since 40min; "
        "a rollback or a fresh upgrade clears it",
        "rolled-back: rolled back after 1h54",
    ]


def test_nothing_is_told_of_what_went_as_it_was_asked_for():
    results = compared("pool-new-package")
    assert [each.variant for each in results.about.outcomes] == ["reimage-one"]
    assert together(told(results)) == [
        "reimage-one: 1 request was refused: 409 OperationNotValidOnNode, at 1h reimage_node-0: "
        "only nodes of a cloud_service pool can be reimaged"
    ]


def test_outcomes_are_the_same_from_a_folder(tmp_path):
    results = ran(STUCK_WHEN_BAD)
    again = sim.open_results(results.save(tmp_path / "results"))
    assert [*again.about.outcomes] == [*results.about.outcomes]
    assert isinstance(again.about.outcomes[0], Outcome)


def test_downtime_of_few_runs_is_told_where_it_is_there():
    text = STUCK_WHEN_BAD.replace("bad: 50%", "bad: 20%").replace("available: 3", "available: 4")
    found = rare(ran(text))
    values = ran(text).replications.query("metric == 'blast_radius' and group == ''").value
    (share,) = [each for key, each in found.items() if key[2:] == ("", "blast_radius")]
    assert share == (0.25, (values > 0).mean())
    assert not any(key[3] == "downtime" for key in found)  # in every run


def test_drawing_reaches_as_far_as_anything_happens(monkeypatch, tmp_path, capsys):
    """The last machine fails at 1h08; the share up to date falls to its end at 1h already."""
    monkeypatch.chdir(tmp_path)
    assert main(["run", str(CASES / "arc-all-failed.yaml")]) == 1
    lines = capsys.readouterr().out.splitlines()
    (axis,) = [place for place, each in enumerate(lines) if each.lstrip().startswith("0 % +")]
    assert lines[axis + 1].split() == ["1h", "1h2min", "1h4min", "1h6min", "1h8min"]


def test_after_a_swap_nobody_in_production_is_called_staging():
    text = """\
systems:
  shop:
    kind: cloud_service
    staging: {build: "2"}
    roles: {web: {instances: 2, restart: 2min}}
operations:
  - {at: 10min, swap: {}}
  - {at: 30min, upgrade_deployment: {build: "3"}}
"""
    run = sim.run_one(sim.loads(text))
    (dip,) = run.dips("shop").to_dict("records")
    assert "(began in staging)" in "".join(dip["causes"])
    assert "(staging)" not in "".join(dip["causes"])
    swapless = run.scenario.override({"operations": []})
    names = sim.run_one(swapless).log.subjects
    assert "web_IN_0 (staging)" in map(names.name, range(names.count))
