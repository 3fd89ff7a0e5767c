"""The pictures of a sweep: what is drawn in them."""

from dataclasses import replace

import numpy as np
import pytest
import swept
from artists import found, legend_labels, title
from swept import DOMAINS, SHOP

import sim
from sim.core.errors import ScenarioError
from sim.plots import sweep_lines

PLAIN = SHOP.partition("variants:")[0]


def plot():
    return swept.results().plot


def panels(page):
    return [axes.get_title("left") for axes in page.axes]


def test_lines_are_variants_and_values_of_further_axes():
    page = plot().lines(["min_capacity"])
    assert panels(page) == ["Lowest capacity"]
    assert legend_labels(page)[:4] == [
        "at 10min, auto",
        "at 10min, at_once",
        "at 20min, auto",
        "at 20min, at_once",
    ]
    assert title(page) == "Lowest capacity 0 % to 91.7 %, over update_domains"


def test_a_line_has_the_means_of_its_points():
    results = swept.results()
    page = results.plot.lines(
        ["min_capacity"], over="update_domains", at={"at": "20min"}, variant="auto"
    )
    (line,) = found(page.axes[0], "line")
    frame = results.table
    mine = frame[
        (frame["at"] == 1200) & (frame.variant == "auto") & (frame.metric == "min_capacity")
    ]
    mine = mine[mine.group == ""]
    assert line.get_xydata().tolist() == mine[["update_domains", "mean"]].to_numpy().tolist()


def test_by_default_the_headlines_that_differ_are_drawn():
    assert panels(plot().lines()) == ["Lowest capacity", "Downtime (min)", "Done in (min)"]


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        ({"over": "bake"}, "bake"),
        ({"at": {"at": "30min"}}, "30min"),
        ({"variant": "manual"}, "manual"),
        ({"metrics": ["capacity"]}, "must be a metric of the sweep, did you mean"),
    ],
)
def test_what_there_is_not_is_refused(given, rule):
    with pytest.raises(ScenarioError, match=rule):
        plot().lines(**given)


def test_more_lines_than_can_be_told_apart_are_refused():
    many = sim.sweep(
        sim.loads(PLAIN), {"horizon": ["3h"], DOMAINS: list(range(2, 12))}, replications=2
    )
    with pytest.raises(ScenarioError, match="must leave 8 lines at most, got 10: choose by at="):
        many.plot.lines()
    assert many.plot.lines(over="update_domains").axes


def test_a_heat_map_has_a_cell_for_each_pair():
    results = swept.results()
    page = results.plot.heat_map("rollout_duration", variant="auto")
    (cells,) = page.axes[0].images
    frame = results.table
    mine = frame[(frame.variant == "auto") & (frame.metric == "rollout_duration")]
    expected = mine.pivot(index="at", columns="update_domains", values="mean").to_numpy()
    assert np.array_equal(np.asarray(cells.get_array()), expected)
    assert title(page).startswith("Done in: ")


def test_a_heat_map_needs_a_grid_of_two_axes():
    one = sim.sweep(sim.loads(PLAIN), {DOMAINS: [2, 4]}, replications=2)
    for given, results, rule in (
        ({}, one, "needs a grid of two axes or more"),
        ({"x": "at", "y": "at"}, swept.results(), "needs two axes, got at twice"),
    ):
        with pytest.raises(ScenarioError, match=rule):
            results.plot.heat_map(**given)


def test_the_front_is_drawn_with_its_knee():
    results = swept.results()
    page = results.plot.front()
    (line,) = found(page.axes[0], "front line")
    assert len(line.get_xdata()) == len(results.about.conclusion.front)
    assert title(page).startswith(
        f"Front of lowest capacity and done in: {len(results.about.conclusion.front)} of 12 pairs of"
    )
    other = results.plot.front(["mean_capacity", "rollout_duration"])
    assert title(other).startswith("Front of mean capacity and done in: ")
    with pytest.raises(ScenarioError, match="needs two metrics, got 3"):
        results.plot.front(["mean_capacity", "rollout_duration", "min_capacity"])


def test_a_folder_has_the_front_lines_and_a_heat_map_a_headline_and_variant(monkeypatch):
    results = swept.results()
    for name in ("front", "lines", "heat_map"):
        monkeypatch.setattr(type(results.plot), name, lambda *_, **__: None)
    assert [name for name, _ in results.plot.figures()] == [
        "front",
        "lines",
        *(
            f"heat_map-shop.{metric}-{variant}"
            for metric in ("min_capacity", "downtime", "rollout_duration")
            for variant in ("auto", "at_once")
        ),
    ]


def test_a_front_of_no_point_is_no_picture():
    late = sim.loads(SHOP.partition("variants:")[0]).override({"horizon": "10min"})
    results = sim.sweep(
        late, {DOMAINS: [2, 4]}, front=["rollout_duration", "min_capacity"], replications=2
    )
    assert results.about.conclusion.front == []
    assert "front" not in [name for name, _ in results.plot.figures()]


def test_heat_maps_are_not_main_but_where_there_is_nothing_else(monkeypatch):
    results = swept.results()
    monkeypatch.setattr(type(results.plot), "heat_map", lambda *_, **__: None)
    assert [name for name, _ in results.plot.figures(main=True)] == ["front", "lines"]
    alone = replace(results.about.conclusion, front_metrics=())
    monkeypatch.setattr(results, "about", replace(results.about, conclusion=alone))
    monkeypatch.setattr(sweep_lines, "MOST_LINES", 0)
    (only,) = results.plot.figures(main=True)
    assert only[0] == "heat_map-shop.min_capacity-auto"


def test_words_are_drawn_in_the_order_of_the_file():
    modes = {"operations.0.upgrade_deployment.mode": ["Auto", "Simultaneous"]}
    page = sim.sweep(sim.loads(PLAIN), modes, replications=2).plot.lines(["min_capacity"])
    assert [label.get_text() for label in page.axes[0].get_xticklabels()] == [
        "Auto",
        "Simultaneous",
    ]
