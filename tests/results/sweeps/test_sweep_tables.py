"""The tables of a sweep: tidy, numbers with their units beside them."""

import numpy as np
import swept
from swept import AT, DOMAINS, SHOP

import sim
from sim.results import tables
from sim.results.sweeps import sweep_tables

SUMMARY = [name for name in tables.SUMMARY.names if name != "variant"]


def test_the_long_table_has_points_axes_and_the_columns_of_a_summary():
    table = swept.results().arrow("sweep")
    axes = ["update_domains", "update_domains_unit", "at", "at_unit"]
    assert table.column_names == ["point", *axes, "variant", *SUMMARY]
    assert set(table.column("at").to_pylist()) == {600.0, 1200.0}
    assert set(table.column("at_unit").to_pylist()) == {"s"}
    assert set(table.column("update_domains_unit").to_pylist()) == {""}


def test_a_row_of_the_long_table_is_that_of_the_point_run_alone():
    frame = swept.results().table
    one = swept.scenario().point({DOMAINS: 4, AT: "20min"}).variant("at_once")
    alone = sim.run(one, replications=12).summary.set_index(["group", "metric"])
    mine = frame[(frame.point == 3) & (frame.variant == "at_once")].set_index(["group", "metric"])
    assert set(mine["update_domains"]) == {4.0}
    for name in SUMMARY[4:]:
        assert np.array_equal(mine[name], alone.loc[mine.index, name], equal_nan=True), name


def test_words_have_no_unit_and_what_a_point_leaves_out_is_empty():
    one = sim.loads(SHOP.partition("variants:")[0]).with_sweep(
        {
            "points": [
                {"operations.0.upgrade_deployment.mode": "Auto", DOMAINS: 3},
                {"operations.0.upgrade_deployment.mode": "Simultaneous"},
            ]
        }
    )
    points = sim.sweep(one).points
    assert list(points.columns[:5]) == [
        "point",
        "mode",
        "update_domains",
        "update_domains_unit",
        "variant",
    ]
    assert points["mode"].tolist() == ["Auto", "Simultaneous"]
    assert points.update_domains.isna().tolist() == [False, True]
    assert points.variant.tolist() == ["baseline"] * 2


def test_objectives_and_points_tell_the_same_verdicts():
    results = swept.results()
    judged, points = results.objectives, results.points
    assert len(judged) == len(points) == 12
    assert judged.verdict.tolist() == points.verdict.tolist()
    assert judged.objective.unique().tolist() == ["min_capacity >= 75 % in 70 % of runs"]
    assert points.reference.unique().tolist() == ["no"]
    assert set(points.front) <= {"yes", "not told apart", "no", ""}


def test_every_table_has_the_columns_of_its_schema():
    results = swept.results()
    for name in sweep_tables.NAMES:
        assert results.arrow(name).schema == sweep_tables.schema(name, results.about)
