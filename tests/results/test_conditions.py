"""`results.given("bad build")`: outcomes under a condition."""

from __future__ import annotations

import numpy as np
import pytest
from artists import legend_labels, title
from perhaps_bad import shop

import sim
from sim.core.errors import ScenarioError
from sim.results.conditions import worded
from sim.results.notes import notes


@pytest.fixture(scope="module")
def results():
    return sim.run(shop(replications=60))


def test_it_is_one_line_of_python(results):
    table = results.given("bad build").table
    reached = table[table.metric == "blast_radius"].set_index("holds")
    assert reached.n.sum() == 60
    assert (reached.loc["yes"].p50, reached.loc["no"].p50) == (0.2, 0.0) or reached.loc[
        "no"
    ].p50 == 0
    assert reached.loc["no", "mean"] == 0.0
    every = results.replications
    bad = every[(every.metric == "rolled_back") & (every.value == 1)].replication
    lost = every[(every.metric == "capacity_hours_lost") & (every.group == "")]
    lost = lost[lost.replication.isin(bad)].value
    row = table[(table.metric == "capacity_hours_lost") & (table.holds == "yes")].iloc[0]
    assert (row.n, row["mean"]) == (len(lost), pytest.approx(lost.mean()))


def test_a_condition_is_named_in_full_or_by_its_beginning(results):
    names = ("bad", "bad build", "bad build 2", "rolled back")
    counts = {name: int(results.given(name).table.n.iloc[0]) for name in names}
    assert len(set(counts.values())) == 1
    with pytest.raises(ScenarioError, match="must be a condition of these results, got bad buld"):
        results.given("bad buld")
    for wrong in ("", 3):
        with pytest.raises(ScenarioError, match="must be a condition"):
            results.given(wrong)
    with pytest.raises(ScenarioError, match="must be a system of these results, got min_capacity"):
        results.given("bad build 2", "min_capacity")


def test_the_answer_says_it_in_one_line(results):
    (said,) = [each for each in notes(results)["baseline"] if "is bad" in each]
    assert said.startswith("when build 2 is bad (")
    assert "; " in said
    assert ", else " in said
    assert results.given("bad build 2").sentences == [said]
    assert "when the build is bad" in results.given("bad build")._repr_html_()


def test_what_never_happened_says_what_it_takes(results):
    assert results.given("stuck").sentences[0].startswith("stuck in none of 60 runs: at most in ")
    few = sim.run(shop(bad="1%", replications=3))
    assert few.given("bad build").sentences == [
        "bad build in none of 3 runs, with a chance of 1 %: needs n >= 299 to be seen"
    ]
    assert np.isnan(few.given("bad build").table["mean"].iloc[0])
    assert "bad build 2 in none of 3 runs" in " ".join(notes(few)["baseline"])


def test_a_chance_that_makes_no_difference_is_not_told(results):
    harmless = sim.run(shop(replications=40, operations=[]))
    assert notes(harmless)["baseline"] == []
    assert "no headline is known to differ" in harmless.given("bad build 2").sentences[0]
    del results


def test_what_chance_alone_may_have_made_is_not_told():
    """Times of restarts differ from run to run, whether a build that nobody rolls out is bad."""
    scenario = sim.loads(
        """\
horizon: 6h
replications: 40
systems:
  shop:
    kind: cloud_service
    builds: {"2": {}, "3": {bad: 30%, fails_to_start: 9%}}
    roles: {Web: {instances: 4, restart: {exponential: {mean: 2min}}}}
operations: [{at: 1min, upgrade_deployment: {build: "2"}}]
"""
    )
    found = sim.run(scenario)
    medians = found.given("bad build 3").table.pivot(index="metric", columns="holds", values="p50")
    assert (medians.yes != medians.no).any()
    assert notes(found)["baseline"] == []
    assert "no headline is known to differ" in found.given("bad build 3").sentences[0]


def test_saved_results_give_the_same(results, tmp_path):
    folder = results.save(tmp_path / "r")
    again = sim.open_results(folder)
    assert again.given("bad build").table.equals(results.given("bad build").table)
    held = sum(
        1 for line in (folder / "conditions.csv").read_text().splitlines() if "bad build 2" in line
    )
    assert held == results.given("bad build").table.n.iloc[0]


def test_distributions_of_what_varies_are_saved(results):
    names = [name for name, _ in results.plot.figures()]
    drawn = [name for name in names if name.startswith("distribution_")]
    assert "distribution_blast_radius" in drawn
    summary = results.summary[results.summary.group == ""].set_index("metric")
    for metric in results.about.headlines["shop"]:
        varies = summary.loc[metric, "min"] < summary.loc[metric, "max"]
        assert (f"distribution_{metric}" in drawn) == (varies or summary.loc[metric].missing > 0)
    compared = sim.compare(shop(replications=10))
    assert any(name.startswith("distribution_") for name, _ in compared.plot.figures())


def test_curves_are_parted_by_it(results):
    page = results.plot.distribution("capacity_hours_lost", given="bad build")
    assert legend_labels(page)[:2] == ["when the build is bad", "otherwise"]
    assert "when the build is bad" in title(page)
    compared = sim.compare(shop(replications=20))
    page = compared.plot.distribution(
        "capacity_hours_lost", of=["auto", "manual"], given="bad build"
    )
    assert legend_labels(page)[:2] == ["auto, when the build is bad", "auto, otherwise"]
    never = results.plot.distribution("capacity_hours_lost", given="stuck")
    assert "when the upgrade is stuck" not in title(never)


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("bad build 42", "when build 42 is bad"),
        ("bad build", "when the build is bad"),
        ("rolled back", "when it is rolled back"),
        ("failed", "when the upgrade fails"),
        ("stuck", "when the upgrade is stuck"),
        ("not over", "when the upgrade is not over"),
        ("platform update not over", "when a platform update is not over"),
        ("cancelled", "when the upgrade is cancelled"),
        ("refused", "when a request is refused"),
    ],
)
def test_a_condition_in_words(condition, words):
    assert worded(condition) == words
