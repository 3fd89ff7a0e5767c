"""The screen of a sweep."""

from dataclasses import replace

import swept
from guessing import rolled_back
from swept import DOMAINS, SHOP

import sim
from sim.cli.screens import sweep_summary
from sim.cli.screens.console import Style
from sim.results.sweeps.sweep_results import SweepResults

PLAIN = SHOP.partition("variants:")[0]


def lines(results, *before):
    return sweep_summary.lines(results, Style(), before)


def test_what_failed_is_said_first():
    found = lines(swept.results(), "2 replications failed")
    assert found[0] == "2 replications failed"
    assert found[1].startswith(
        "small-sweep: 6 points of update_domains (3) x at (2), 2 variants, 12"
    )


def test_every_point_and_variant_has_a_row_where_there_are_few():
    found = lines(swept.results())
    assert "update_domains, at, variant:" in found
    rows = [line for line in found if line.startswith(("2, ", "4, ", "12, "))]
    assert [row[:16].strip() for row in rows[:2]] == ["2, 10min, auto", "2, 10min, at_once"[:16]]
    assert len(rows) == 12
    assert all(len(line) <= 80 for line in found)


def test_of_many_the_front_is_shown_and_the_front_of_those_that_meet_the_objectives():
    axes = {DOMAINS: {"from": 2, "to": 12, "step": 1}, "horizon": ["3h", "4h"]}
    found = lines(sim.sweep(sim.loads(PLAIN), axes, replications=8))
    captions = [line for line in found if line.endswith("by update_domains, horizon:")]
    assert captions[0].endswith("on the front, by update_domains, horizon:")
    assert captions[0].split()[0] in ("on", "8", "9")
    assert not any(line.startswith("7, 3h ") for line in found)


def test_what_befell_rollouts_is_said():
    results = sim.sweep(sim.loads(PLAIN), {"horizon": ["20min", "3h"]}, replications=4)
    assert (
        "upgrade not over at 1 point of 2, most at point 0 (horizon 20min): 100 % of runs"
        in lines(results)
    )


def test_so_many_intervals_and_verdicts_are_said_to_stand_beside_each_other():
    told = sweep_summary.level(swept.results())
    intervals = swept.results().table
    count = (intervals.ci95_low < intervals.ci95_high).sum()
    assert told.startswith(f"{count} intervals and 12 verdicts, each at its own level")


def test_without_a_front_the_first_points_are_shown():
    results = sim.sweep(
        sim.loads(PLAIN.partition("objectives:")[0]),
        {"operations.0.at": {"from": "1min", "to": "20min", "step": "1min"}},
        replications=1,
    )
    about = replace(
        results.about, conclusion=replace(results.about.conclusion, front=[], front_metrics=[])
    )
    found = lines(SweepResults(about, results.arrow, "", {}))
    assert "the first 8, by at:" in found


def test_what_may_happen_and_came_up_nowhere_is_said():
    results = sim.sweep(rolled_back("0.1%"), {"horizon": ["2h", "3h"]}, replications=4)
    told = " ".join(" ".join(lines(results)).split())
    assert "bad build 2 in none of 4 runs, with a chance of 0.1 %: needs n >= 2,995" in told
    assert "to be seen; so at 2 of 2 points" in told
