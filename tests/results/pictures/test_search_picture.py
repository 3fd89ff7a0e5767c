"""What the picture of a search shows of it."""

import math

import pytest
from searches import BAKE, BAKED, CAPACITY, DOMAINS

import sim
from sim.results.pictures import search_picture as trials


@pytest.fixture
def shown(drawn):
    return drawn(trials.trials, "figure")


def test_title_is_the_answer_and_the_subtitle_what_it_cost(shown):
    found = sim.find(sim.loads(CAPACITY), DOMAINS, 2, 20)
    found.plot()
    assert shown["title"] == (
        "Smallest update_domains that meets: between 9 (missed) and 10 (met), deterministic"
    )
    assert shown["subtitle"] == "8 values, 8 replications; nothing is random"
    assert shown["bracket"] == (9.0, 10.0)


def test_panel_has_the_share_of_each_value_and_what_is_asked_for(shown):
    mean = "in_runs: 95%}, {metric: downtime, at_most: 11h, of: mean}]"
    text = BAKE.replace("in_runs: 95%}]", mean)
    values = {"tolerance": "10min", "max_replications": 240}
    found = sim.find(sim.loads(text), BAKED, "10min", "1h", **values)
    found.plot()
    share, mean = shown["first"]
    assert (share.unit, share.asked) == ("share", 0.95)
    assert (mean.unit, mean.asked) == ("s", 11 * 3600.0)
    assert [point.value for point in share.points] == sorted(each.number for each in found.tried())
    assert shown["subtitle"].endswith("; limits share an error of 5 % over all verdicts")
    assert "wider than the tolerance" in shown["subtitle"]


def test_without_a_bracket_none_is_shaded(shown):
    sim.find(sim.loads(CAPACITY), DOMAINS, 10, 20).plot()
    assert shown["bracket"] is None


def test_a_mean_instant_is_drawn_by_the_clock():
    clock = CAPACITY.replace("horizon: 6h", "horizon: 6h\nstart: 2026-11-20T22:00+01:00")
    clock = clock.replace(
        "{metric: min_capacity, at_least: 90%}", '{metric: done_at, at_most: "22:10", of: mean}'
    )
    (axes,) = sim.find(sim.loads(clock), DOMAINS, 2, 4).plot().axes
    assert any("22:0" in each.get_text() for each in axes.get_yticklabels())


def test_where_the_objective_itself_is_searched_the_panel_has_what_stays(shown):
    sim.find(sim.loads(CAPACITY), "objectives.0.at_least", "50%", "100%", largest=True).plot()
    (panel,) = shown["first"]
    assert (panel.title, panel.asked) == ("lowest capacity >= ... % in all runs", 1.0)
    mean = CAPACITY.replace("at_least: 90%", "at_least: 90%, of: mean")
    sim.find(sim.loads(mean), "objectives.0.at_least", "50%", "100%", largest=True).plot()
    (panel,) = shown["first"]
    assert (panel.title, math.isnan(panel.asked)) == ("mean lowest capacity >= ... %", True)
