"""Runs and comparisons through the Python interface: what they answer."""

import pytest
from failing import fail
from made_results import CHANCE, OBJECTIVE, OPERATOR, VARIANTS, certain, value
from scipy import stats

import sim
from sim.core.errors import ScenarioError
from sim.results import tables

pytestmark = pytest.mark.usefixtures("quick_pictures")


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


def test_missed_objective_is_not_met():
    scenario = sim.loads(CHANCE + OBJECTIVE.replace("80%", "90%"))
    assert not sim.run(scenario).about.objectives_met


def test_run_compares_nothing(ran):
    assert ran.comparison.empty
    assert list(ran.comparison.columns) == tables.COMPARISON.names


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
