"""Results of runs and comparisons: tables, folders, and the way back."""

import pytest
from failing import fail
from made_results import CHANCE, value
from pandas.testing import assert_frame_equal

import sim
from sim.core.errors import ScenarioError
from sim.results import tables
from sim.results.events import EVENTS
from sim.results.results import Results
from sim.results.sources import TABLES

pytestmark = pytest.mark.usefixtures("quick_pictures")


def test_summary_is_of_the_replications(ran):
    rows = ran.replications
    mine = rows[(rows.metric == "rollout_duration") & (rows.group == "")]
    assert value(ran, "rollout_duration") == pytest.approx(mine.value.mean())
    assert value(ran, "rollout_duration", column="max") == mine.value.max()
    worst = mine.replication[mine.value.idxmax()]
    assert value(ran, "rollout_duration", column="worst_replication") == worst


def test_timelines_are_exact_and_complete(ran):
    rows = ran.timelines
    mine = rows[(rows.series == "capacity") & (rows.group == "")]
    line = ran.replay().timeline("shop", "capacity")
    assert mine.time_s.tolist() == line.times.tolist()
    assert mine.value.tolist() == list(line.values)
    assert {"capacity", "available", "ready", "up_to_date", "by_update_domain:0"} <= set(
        rows.series
    )


def test_events_are_those_of_the_first_replication(ran):
    assert_frame_equal(ran.events, ran.replay().events)


def test_objectives_have_their_verdict_and_sentence(ran):
    (row,) = ran.objectives.to_dict("records")
    assert row == {
        "variant": "baseline",
        "objective": "min_capacity >= 80 % in all runs",
        "bound": 0.8,
        "share": 1.0,
        "low": pytest.approx(0.05 ** (1 / 5)),
        "high": 1.0,
        "verdict": "met",
        "sentence": "no miss in 5 runs: at most 45.07 % at 95 % confidence",
        "best": "",
        "best_in": "",
    }
    assert ran.about.objectives_met


def test_tables_have_the_columns_of_the_result_folder(compared):
    for name, (_, schema) in TABLES.items():
        assert compared.table(name).schema == schema
        assert list(tables.frame(compared.table(name)).columns) == schema.names
    assert TABLES["events"][1] == EVENTS


def test_frames_may_be_changed_without_harm(ran):
    frame = ran.summary
    frame["mean"] = 0.0
    assert value(ran, "min_capacity") == 0.8


def test_folder_holds_what_it_should(ran, compared, tmp_path):
    def names(folder):
        every = (path.relative_to(folder).as_posix() for path in folder.rglob("*.*"))
        return sorted(name for name in every if "distribution" not in name)

    rare = {"progress.csv", "conditions.csv", "warm_up.csv"}
    common = {file for file, _ in TABLES.values()} - rare
    common |= {"provenance.json", "report.html", "scenario.resolved.yaml"}
    figures = {f"figures/{name}.png" for name in ("capacity", "update_domains")}
    assert names(ran.save(tmp_path / "run", figures="all")) == sorted(
        common - {"comparison.csv"} | figures
    )
    variants = {f"variants/{place}.resolved.yaml" for place in range(3)}
    drawn = ("variants_capacity", "variants_metrics", "variants_differences")
    figures = {f"figures/{name}.png" for name in drawn}
    assert names(compared.save(tmp_path / "compare")) == sorted(common | figures | variants)


def test_folder_of_a_file_is_named_after_it(ran, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert [ran.save().as_posix() for _ in range(2)] == ["results/shop", "results/shop-2"]


def test_everything_can_be_kept(ran, tmp_path):
    opened = sim.open_results(ran.save(tmp_path / "r", keep=("timelines", "events")))
    assert opened.timelines.replication.unique().tolist() == [0, 1, 2, 3, 4]
    first = opened.timelines[opened.timelines.replication == 0]
    assert_frame_equal(first, ran.timelines)
    events = opened.events[opened.events.replication == 3]
    assert events.time_s.tolist() == ran.replay(3).events.time_s.tolist()
    assert opened.plot.capacity() is not None


def test_what_is_kept_is_written_piece_by_piece(ran, tmp_path, monkeypatch):
    whole = sim.open_results(ran.save(tmp_path / "whole", keep=["timelines"])).timelines
    monkeypatch.setattr("sim.files.tables.ROW_GROUP", 10)
    pieces = sim.open_results(ran.save(tmp_path / "pieces", keep=["timelines"])).timelines
    assert_frame_equal(whole, pieces)


def test_the_table_of_all_replications_is_never_in_memory_as_a_whole(ran, tmp_path, monkeypatch):
    asked, table = [], Results.table
    monkeypatch.setattr(Results, "table", lambda *words: asked.append(words[1]) or table(*words))
    ran.save(tmp_path / "r")
    assert "summary" in asked
    assert "replications" not in asked


def test_unknown_thing_to_keep_is_refused(ran, tmp_path):
    with pytest.raises(ScenarioError, match="got timeline; did you mean timelines"):
        ran.save(tmp_path / "r", keep=["timeline"])
    assert not (tmp_path / "r").exists()


def test_saving_again_needs_overwrite(ran, tmp_path):
    folder = ran.save(tmp_path / "r")
    with pytest.raises(ScenarioError, match="must be a new name"):
        ran.save(folder)
    assert ran.save(folder, overwrite=True) == folder


def test_folder_without_results_is_refused(tmp_path):
    with pytest.raises(ScenarioError, match="must be a folder of results"):
        sim.open_results(tmp_path)


def test_failed_first_replication_is_followed_by_the_next(monkeypatch, tmp_path):
    fail(monkeypatch, [0, 3], RuntimeError("boom"))
    results = sim.run(sim.loads(CHANCE))
    folder = results.save(tmp_path / "r", keep=["timelines"], figures="none")
    saved = sim.open_results(folder)
    assert sorted(set(saved.timelines["replication"])) == [1, 2, 4]
    assert tuple(saved.failed_replications) == results.failed_replications
    assert results.replay().replication == 1
    assert "2 of 5 replications failed: RuntimeError: boom" in results._repr_html_()
    legend = [text.get_text() for text in results.plot.capacity().legends[0].get_texts()]
    assert "replication 1" in legend
