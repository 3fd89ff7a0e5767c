"""Any replication of results can be run again."""

import numpy as np
import pytest
from pandas.testing import assert_frame_equal

import sim
from sim.core.errors import ScenarioError
from sim.results import contents, tables
from sim.results.notes import notes, rare
from sim.results.pages.renewing import renew_report
from sim.results.replication import Replication
from sim.results.verdict import verdict

FAULTY = """\
horizon: 4h
systems:
  shop:
    kind: cloud_service
    builds: {"42": {bad: 50%, unhealthy_later: {probability: 60%, after: 5min}}}
    roles: {Web: {instances: 10}}
operations:
  - at: 10min
    upgrade_deployment: {build: "42"}
objectives:
  - {metric: min_capacity, at_least: 50%}
"""


def test_replication_can_be_replayed_alone(ran):
    alone = sim.run(ran.replay().scenario, replay=3)
    assert alone.about.variants[0].first == 3
    assert alone.replications.replication.unique().tolist() == [3]
    rows = ran.replications
    mine = rows[rows.replication == 3].reset_index(drop=True)
    assert_frame_equal(alone.replications, mine)
    assert set(alone.timelines.replication) == {3}
    with pytest.raises(ScenarioError, match=r"must be a whole number from 0 to 2\^31 - 1, got -1"):
        sim.run(ran.replay().scenario, replay=-1)


def test_worst_replication_of_the_table_can_be_run_again(ran):
    worst = ran.summary.worst_replication.max()
    assert not isinstance(worst, int)  # NumPy's own
    scenario = ran.replay().scenario
    assert sim.run_one(scenario, worst).replication == ran.replay(worst).replication == worst
    assert sim.run(scenario, replay=worst).about.variants[0].first == worst


def test_replay_is_the_replication_asked_for(ran):
    assert ran.replay().replication == 0
    assert ran.replay(4).replication == 4
    assert ran.replay(4).log.equals(sim.run_one(ran.replay().scenario, 4).log)
    with pytest.raises(ScenarioError, match="must be a variant of these results, got auto"):
        ran.replay(0, "auto")


def times_run(monkeypatch):
    runs, known = [], Replication.of
    monkeypatch.setattr(Replication, "of", lambda *of: runs.append(of[1]) or known(*of))
    return runs


def test_a_replication_of_a_folder_is_run_again_once(ran, tmp_path, monkeypatch):
    saved, runs = sim.open_results(ran.save(tmp_path / "out")), times_run(monkeypatch)
    for number in (2, 3, 2, 3, None, 0):
        saved.replay(number)
    assert runs == [2, 3, 0]


def test_of_large_logs_only_the_last_one_is_kept(ran, tmp_path, monkeypatch):
    monkeypatch.setattr(contents, "_MOST_ROWS", 1)
    saved, runs = sim.open_results(ran.save(tmp_path / "out")), times_run(monkeypatch)
    for number in (1, 1, 2, 1):
        saved.replay(number)
    assert runs == [1, 2, 1]


def test_a_report_of_a_folder_runs_each_replication_once(ran, tmp_path, monkeypatch):
    folder, runs = ran.save(tmp_path / "out"), times_run(monkeypatch)
    renew_report(folder)
    assert runs == [0]


def test_values_of_a_metric_are_those_of_the_table(ran, compared, tmp_path):
    for name, results in (("ran", ran), ("compared", compared)):
        rows = results.replications
        opened = sim.open_results(results.save(tmp_path / name, figures="none"))
        keys = ["variant", "system", "group", "metric"]
        for held in (results.values, opened.values):  # noqa: PD011
            groups = rows.groupby(keys, sort=False).value
            assert list(held) == list(groups.groups)
            for key, values in groups:
                assert np.array_equal(held[key], values, equal_nan=True)


def test_saved_values_are_looked_for_once(ran, tmp_path, monkeypatch):
    opened = sim.open_results(ran.save(tmp_path / "r", figures="none"))
    counted = []
    blocks = tables.blocks

    def counting(table, *names):
        counted.append(names)
        return blocks(table, *names)

    monkeypatch.setattr(tables, "blocks", counting)
    notes(opened)
    rare(opened)
    verdict(opened)
    opened.quantiles("min_capacity")
    assert counted.count(("variant", "system", "group", "metric")) == 1


def test_values_just_measured_need_no_table(monkeypatch):
    results = sim.run(sim.loads(FAULTY), replications=30)
    monkeypatch.setattr(tables, "replications", lambda *_: pytest.fail("it was made"))
    rare(results)
    verdict(results)
    results.quantiles("blast_radius")
    assert isinstance(next(results.plot.figures(main=True))[0], str)
