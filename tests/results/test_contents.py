"""Any replication of results can be run again."""

import pytest
from pandas.testing import assert_frame_equal

import sim
from sim.core.errors import ScenarioError
from sim.results import contents
from sim.results.pages.renewing import renew_report
from sim.results.replication import Replication


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
