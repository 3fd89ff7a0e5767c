"""The tornado of a headline metric."""

from __future__ import annotations

import pytest
from artists import found, main_axes, title
from failing import fail
from guessing import RESTART, is_doubled, rolled_back, two_ways, walk

import sim
from sim.core.errors import ScenarioError
from sim.results.pictures.assumption_pictures import AssumptionPictures


@pytest.fixture(scope="module")
def assumed():
    return sim.assumptions(walk())


def test_a_tornado_says_what_decides(assumed):
    page = assumed.plot.tornado("rollout_duration")
    assert title(page) == "Done in: 8min to 32min by Web.restart"
    axes = main_axes(page)
    assert [each.get_text() for each in axes.get_yticklabels()] == ["Web.restart", "Web.create"]
    assert [round(each.get_width()) for each in found(axes, "halved")] == [-480]


def test_where_no_guess_matters_it_says_so(assumed):
    assert title(assumed.plot.tornado("min_capacity")) == "Lowest capacity: no guess changes it"


def test_each_headline_has_a_picture(assumed):
    names = [name for name, _ in assumed.plot.figures()]
    assert names == [
        f"tornado-{each}"
        for each in ("min_capacity", "capacity_hours_lost", "downtime", "rollout_duration")
    ]


def test_the_main_picture_is_of_the_headline_that_guesses_change_most(assumed):
    (name, _), *more = assumed.plot.figures(main=True)
    assert (name, more) == ("tornado-capacity_hours_lost", [])


def test_variants_and_metrics_are_looked_up():
    several = sim.assumptions(two_ways(), of=[RESTART])
    page = several.plot.tornado("rollout_duration", variant="manual")
    assert page.texts[1].get_text().startswith("manual; ")
    with pytest.raises(ScenarioError, match="must be a headline metric"):
        several.plot.tornado("min_capacit")
    with pytest.raises(ScenarioError, match="must be a variant"):
        several.plot.tornado("min_capacity", variant="x")


def test_a_guess_that_decides_whether_there_is_a_value_stands_on_top():
    late = sim.assumptions(walk(horizon="20min", objectives=[]))
    axes = main_axes(late.plot.tornado("rollout_duration"))
    notes = [each.get_text() for each in found(axes, "note")]
    assert notes[0] == "no value in 1 of 1 runs"
    assert axes.get_yticklabels()[0].get_text() == "Web.restart"


def test_a_mean_that_differs_in_its_last_digit_alone_is_no_change():
    headline = {"variant": "baseline", "system": "s", "metric": "min_capacity", "mean": 0.8}
    headline |= {"title": "lowest capacity", "unit": "share", "replications": 30}
    about = {
        "variants": ["baseline"],
        "headlines": [headline],
        "guesses": [{"number": 1, "name": "restart"}],
    }
    row = {key: headline[key] for key in ("variant", "system", "metric")}
    row |= {"number": 1, "mean": 0.8 + 2e-16, "baseline_mean": 0.8, "ci_low": 0.0, "ci_high": 0.0}
    rows = [row | {"factor": by, "note": "", "missing": 0, "n": 30} for by in (0.5, 2.0)]
    page = AssumptionPictures(about, rows).tornado("min_capacity")
    assert title(page) == "Lowest capacity: no guess changes it"
    assert [each.get_text() for each in found(main_axes(page), "note")] == ["identical"] * 2


def test_a_guess_of_which_not_all_is_known_is_named_in_the_title(monkeypatch):
    fail(monkeypatch, range(100), RuntimeError("broken"), when=is_doubled)
    plot = sim.assumptions(walk()).plot
    page = plot.tornado("rollout_duration")
    reach = "Done in: 8min to 16min by Web.restart"
    assert title(page) == f"{reach}; not all is known of Web.restart"
    assert found(main_axes(page), "note")[0].get_text() == "every replication failed"
    lowest = title(plot.tornado("min_capacity"))
    assert lowest == "Lowest capacity: not all is known of Web.restart"


def test_a_variant_without_the_value_has_no_row_for_it():
    both = [RESTART, "operations.0.upgrade_deployment.operator.bake"]
    plot = sim.assumptions(two_ways(), of=both).plot
    rows = {
        variant: [
            each.get_text()
            for each in main_axes(
                plot.tornado("rollout_duration", variant=variant)
            ).get_yticklabels()
        ]
        for variant in ("auto", "manual")
    }
    assert rows == {"auto": ["Web.restart"], "manual": ["Web.restart", "operator.bake"]}


def test_where_runs_lack_a_value_bars_are_of_the_median():
    plot = sim.assumptions(rolled_back(), of=[RESTART]).plot
    page = plot.tornado("rollout_duration")
    axes = main_axes(page)
    assert title(page) == "Done in: 38min to 1h02 by Web.restart"
    assert axes.get_xlabel().startswith("median done in")
    assert [round(each.get_width()) for each in found(axes, "doubled")] == [960]
    assert page.readout.headings[2] == "median done in"


def test_where_most_runs_lack_a_value_no_guess_is_said_to_decide_on_it():
    plot = sim.assumptions(rolled_back("70%"), of=[RESTART]).plot
    assert title(plot.tornado("rollout_duration")) == "Done in: most runs have no value"
    (name, _), *_ = plot.figures(main=True)
    assert name != "tornado-rollout_duration"
