"""Variants beside each other: lines, metrics, paired differences."""

import math
import re

import pytest
from pictured import SCENARIO, TWO

import sim
from sim.core.errors import ScenarioError
from sim.plots import differences, estimates, variants


@pytest.fixture(scope="module")
def compared():
    return sim.compare(sim.loads(SCENARIO))


def test_paired_differences_are_those_of_the_comparison(compared, drawn):
    caught = drawn(differences, "figure")
    compared.plot.variants_differences()
    table = compared.comparison
    titles = {panel.label: panel for panel in caught["first"]}
    rows = table[(table.metric == "min_capacity") & (table.group == "")]
    assert [each.variant for each in titles["lowest capacity"].differences] == list(rows.variant)
    assert all(each.text.endswith(" points") for each in titles["lowest capacity"].differences)
    for each, row in zip(titles["lowest capacity"].differences, rows.itertuples(), strict=True):
        beyond_zero = row.ci_low > 0 or row.ci_high < 0
        assert each.is_apart == (row.better in ("yes", "no") if row.better else beyond_zero)
        assert each.value == row.difference
        assert (each.low, each.high) == (row.ci_low, row.ci_high)
    assert caught["title"].startswith("Lowest capacity against auto: nothing +")
    assert caught["subtitle"] == "shop, 20 replications"


def test_pairs_without_a_value_are_told_with_the_verdict_that_counts_them(drawn):
    caught = drawn(differences, "figure")
    texts = {}
    for horizon in ("40min", "50min"):
        shorter = SCENARIO.replace("horizon: 2h", f"horizon: {horizon}")
        sim.compare(sim.loads(shorter)).plot.variants_differences()
        (done,) = [panel for panel in caught["first"] if panel.label == "done in"]
        row = next(each for each in done.differences if each.variant == "simultaneous")
        assert row.is_apart
        texts[horizon] = row.text
    assert texts["40min"] == "no pair has a value; better"
    assert re.fullmatch(r"-\d+min \(\d+ of 20 missing; better\)", texts["50min"])


def test_variants_that_do_not_differ_have_no_such_picture(drawn):
    drawn(differences, "figure")
    same = sim.compare(sim.loads(TWO + "variants: {one: {}, other: {}}\n"))
    assert "variants_differences-b" not in [name for name, _ in same.plot.figures()]
    with pytest.raises(ScenarioError, match="no variant differs from the first one"):
        same.plot.variants_differences("b")


def test_the_folder_has_them_after_the_metrics(compared):
    names = [name for name, _ in compared.plot.figures()]
    assert names[:3] == ["variants_capacity", "variants_metrics", "variants_differences"]


def test_metrics_that_are_nothing_everywhere_are_left_out(compared, drawn):
    caught = drawn(estimates, "figure")
    compared.plot.variants_metrics()
    for panel in caught["first"]:
        ends = [end for one in panel.estimates for end in (one.value, one.low, one.high)]
        assert panel.bound is not None or any(end and not math.isnan(end) for end in ends)


def test_what_is_asked_of_all_variants_is_drawn_in_each(compared, drawn):
    caught = drawn(variants, "capacities")
    compared.plot.variants_capacity()
    assert caught["threshold"] == 0.75
    assert list(caught["first"]) == ["auto", "simultaneous", "nothing"]
