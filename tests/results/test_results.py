"""Runs and comparisons through the Python interface: answers, folders, and the way back."""

import pytest
from failing import fail
from made_results import CHANCE, HEAD, OBJECTIVE, VARIANTS
from pandas.testing import assert_frame_equal
from scipy import stats

import sim
from sim.core.errors import ScenarioError
from sim.results import tables
from sim.results.events import EVENTS
from sim.results.sources import TABLES

pytestmark = pytest.mark.usefixtures("quick_pictures")

OPERATOR = "Manual, operator: {bake: 30min}"


def certain(mode="Auto"):
    return sim.loads(HEAD.replace("RESTART", ", restart: 2min").replace("MODE", mode))


def value(results, metric, variant="baseline", column="mean"):
    rows = results.summary
    mine = rows[(rows.metric == metric) & (rows.variant == variant) & (rows.group == "")]
    return mine[column].item()


# Answers known in advance -------------------------------------------------------------------------


def test_auto_walk_of_five_domains():
    results = sim.run(certain())
    assert value(results, "rollout_duration") == 600.0
    assert value(results, "min_capacity") == 0.8
    assert value(results, "capacity_hours_lost") == 20 * 120 / 3600
    assert value(results, "downtime") == 0.0


def test_simultaneous():
    results = sim.run(certain("Simultaneous"))
    assert value(results, "rollout_duration") == 120.0
    assert value(results, "min_capacity") == 0.0
    assert value(results, "capacity_hours_lost") == 20 * 120 / 3600
    assert value(results, "downtime") == 120.0


def test_manual_with_an_operator_who_bakes_each_domain_but_the_last():
    results = sim.run(certain(OPERATOR))
    assert value(results, "rollout_duration") == 5 * 120 + 4 * 1800
    assert value(results, "min_capacity") == 0.8


# Run ----------------------------------------------------------------------------------------------


def test_scenario_without_chance_runs_once_and_says_so():
    results = sim.run(certain())
    assert [(one.replications, one.random) for one in results.about.variants] == [(1, False)]
    assert "deterministic, one run suffices" in results._repr_html_()


def test_run_makes_the_replications_that_the_file_asks_for(ran):
    assert ran.about.variants[0].replications == 5
    assert ran.replications.replication.unique().tolist() == [0, 1, 2, 3, 4]
    assert set(ran.replications.variant) == {"baseline"}
    assert value(ran, "min_capacity", column="n") == 5


def test_a_variant_without_chance_has_as_many_replications_as_the_others():
    """It ran once, and stands in each pair."""
    text = CHANCE + "variants: {nothing: {operations: []}, other: {}}\n"
    results = sim.compare(sim.loads(text))
    assert [one.replications for one in results.about.variants] == [1, 5]
    rows = results.replications.query("metric == 'min_capacity' and group == ''")
    assert rows.groupby("variant").replication.apply(list).to_dict() == {
        "nothing": [0, 1, 2, 3, 4],
        "other": [0, 1, 2, 3, 4],
    }
    assert set(rows.query("variant == 'nothing'").value) == {1.0}


def test_summary_is_of_the_replications(ran):
    rows = ran.replications
    mine = rows[(rows.metric == "rollout_duration") & (rows.group == "")]
    assert value(ran, "rollout_duration") == pytest.approx(mine.value.mean())
    assert value(ran, "rollout_duration", column="max") == mine.value.max()
    worst = mine.replication[mine.value.idxmax()]
    assert value(ran, "rollout_duration", column="worst_replication") == worst


def test_variant_of_a_file_runs_under_its_name():
    scenario = sim.loads(CHANCE + VARIANTS)
    results = sim.run(scenario.variant("simultaneous"))
    assert set(results.summary.variant) == {"simultaneous"}
    assert set(results.operations.variant) == {"simultaneous"}
    assert set(sim.run(scenario).summary.variant) == {"baseline"}


@pytest.fixture(scope="module")
def undecided():
    """An objective on the median of the first hundred runs: half of them meet it."""
    text = CHANCE.replace("replications: 5\n", "")
    median = value(sim.run(sim.loads(text)), "rollout_duration", column="p50")
    return text, f"objectives: [{{metric: rollout_duration, at_most: {median}s, in_runs: 50%}}]\n"


def test_undecided_objective_is_looked_at_again_where_the_number_of_runs_is_open(undecided):
    text, asked = undecided
    results = sim.run(sim.loads(text + asked))
    assert results.about.variants[0].replications == 2000
    assert len(results.replications[results.replications.metric == "finished"]) == 2000


def test_undecided_objective_stays_so_where_the_number_of_runs_is_given(undecided):
    text, asked = undecided
    results = sim.run(sim.loads(f"{text}replications: 100\n{asked}"))
    assert results.about.variants[0].replications == 100
    assert results.objectives.verdict.tolist() == ["undecided"]
    assert sim.run(sim.loads(text + asked), replay=0).about.variants[0].replications == 1


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
        "sentence": "no miss in 5: at most 45.07 % at 95 %",
        "best": "",
        "best_in": "",
    }
    assert ran.about.objectives_met


def test_missed_objective_is_not_met():
    scenario = sim.loads(CHANCE + OBJECTIVE.replace("80%", "90%"))
    assert not sim.run(scenario).about.objectives_met


def test_tables_have_the_columns_of_the_result_folder(compared):
    for name, (_, schema) in TABLES.items():
        assert compared.table(name).schema == schema
        assert list(tables.frame(compared.table(name)).columns) == schema.names
    assert TABLES["events"][1] == EVENTS


def test_frames_may_be_changed_without_harm(ran):
    frame = ran.summary
    frame["mean"] = 0.0
    assert value(ran, "min_capacity") == 0.8


def test_run_compares_nothing(ran):
    assert ran.comparison.empty
    assert list(ran.comparison.columns) == tables.COMPARISON.names


# Compare ------------------------------------------------------------------------------------------


def test_variants_are_set_against_the_first_one(compared):
    assert list(compared.summary.variant.unique()) == ["auto", "simultaneous", "nothing"]
    assert set(compared.comparison.baseline) == {"auto"}
    rows = compared.comparison[compared.comparison.group == ""].set_index(["variant", "metric"])
    assert rows.better["simultaneous", "min_capacity"] == "no"
    assert rows.better["simultaneous", "capacity_hours_lost"] == "identical"
    assert rows.better["nothing", "min_capacity"] == ""
    assert ("nothing", "rollout_duration") not in rows.index


def test_file_without_variants_gets_the_service_s_own_choices():
    results = sim.compare(sim.loads(CHANCE))
    assert [one.name for one in results.about.variants] == ["auto", "manual", "simultaneous"]


@pytest.mark.parametrize("text", ["", "variants: {alone: {}}\n"])
def test_nothing_to_compare_says_how_to_write_variants(text):
    scenario = sim.loads(CHANCE.partition("operations")[0] + text)
    with pytest.raises(ScenarioError, match="must have two variants or more to compare, such as"):
        sim.compare(scenario)


def test_variants_are_paired_whatever_number_of_runs_they_ask_for():
    more = VARIANTS.replace("auto: {}", "auto: {replications: 9}")
    results = sim.compare(sim.loads(CHANCE + more))
    assert [one.replications for one in results.about.variants] == [5, 5, 1]


def test_further_look_is_at_all_variants(undecided, monkeypatch):
    monkeypatch.setattr("sim.experiments.objectives.FURTHER", 150)
    text, asked = undecided
    results = sim.compare(sim.loads(text + asked + VARIANTS))
    assert {one.name: one.replications for one in results.about.variants} == {
        "auto": 150,
        "simultaneous": 150,
        "nothing": 1,
    }


def test_reference_alone_is_no_reason_for_a_further_look():
    # A service whose instances fail now and then: without a rollout it is undecided, too.
    text = CHANCE.replace("replications: 5\n", "").replace(
        "instances: 20", "instances: 20, failures: {per_year: 365, recovery: 16min}"
    )
    quiet = sim.run(sim.loads(text.replace(text[text.index("operations") :], "")))
    median = value(quiet, "capacity_hours_lost", column="p50")
    asked = "objectives: [{metric: capacity_hours_lost, at_most: LOST, in_runs: 50%}]\n"
    results = sim.compare(sim.loads(text + asked.replace("LOST", str(median)) + VARIANTS))
    rows = results.objectives.set_index("variant")
    assert rows.verdict["nothing"] == "undecided"
    assert {one.replications for one in results.about.variants} == {100}


# Folders ------------------------------------------------------------------------------------------


def test_folder_holds_what_it_should(ran, compared, tmp_path):
    def names(folder):
        every = (path.relative_to(folder).as_posix() for path in folder.rglob("*.*"))
        return sorted(name for name in every if "distribution" not in name)

    rare = {"progress.csv", "conditions.csv", "warm_up.csv"}
    common = {file for file, _ in TABLES.values()} - rare
    common |= {"provenance.json", "report.html", "scenario.resolved.yaml"}
    figures = {f"figures/{name}.png" for name in ("capacity", "update_domains")}
    assert names(ran.save(tmp_path / "run")) == sorted(common - {"comparison.csv"} | figures)
    variants = {f"variants/{place}.resolved.yaml" for place in range(3)}
    figures = {"figures/variants_capacity.png", "figures/variants_metrics.png"}
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
    monkeypatch.setattr("sim.results.results.STACK", 1)
    pieces = sim.open_results(ran.save(tmp_path / "pieces", keep=["timelines"])).timelines
    assert_frame_equal(whole, pieces)


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


# Notebooks ----------------------------------------------------------------------------------------


def test_comparison_leaves_out_pairs_of_which_one_failed(compared, monkeypatch):
    fail(monkeypatch, [2], RuntimeError("boom"), "simultaneous")
    results = sim.compare(sim.loads(CHANCE + OBJECTIVE + VARIANTS))
    (failed,) = results.failed_replications
    assert (failed.variant, failed.replication) == ("simultaneous", 2)
    assert failed.rerun == "--replay 2 --seed 0 --variant simultaneous"
    every = compared.replications.query("group == '' and metric == 'capacity_hours_lost'")
    every = every.pivot_table(index="replication", columns="variant", values="value")
    own = every.drop(index=2)
    row = results.comparison.query("group == '' and metric == 'capacity_hours_lost'")
    row = row.set_index("variant").loc["simultaneous"]
    assert row["n"] == 4
    paired = stats.ttest_rel(own["simultaneous"], own["auto"]).confidence_interval(row["level"])
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((paired.low, paired.high))
    assert row["baseline_mean"] == pytest.approx(own["auto"].mean())
    runs = results.replications.query("metric == 'min_capacity'").groupby("variant")["replication"]
    assert sorted(set(runs.get_group("simultaneous"))) == [0, 1, 3, 4]
    assert sorted(set(runs.get_group("auto"))) == [0, 1, 2, 3, 4]


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
