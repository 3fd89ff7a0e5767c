"""What may happen and came up in no replication of a sweep."""

from __future__ import annotations

import pytest
from guessing import rolled_back

import sim
from sim.experiments.objectives import experiments
from sim.experiments.running.execution import Execution
from sim.experiments.studies.unseen import Chances, Unseen
from sim.simulation import Simulation

BAD = "systems.shop.builds.2.bad"


def chances(*scenarios):
    named = [(str(place), Simulation(each)) for place, each in enumerate(scenarios)]
    found = Chances()
    with Execution() as execution:
        for point, one in enumerate(experiments(named, range(10), execution=execution)):
            found.add(one, point)
    return found.unseen()


def test_a_build_that_was_bad_in_no_run_is_told_with_the_smallest_chance_that_it_has():
    assert chances(rolled_back("0.1%"), rolled_back("0.2%"), rolled_back("90%")) == [
        Unseen("shop", "bad build 2", 2, 10, 0.001)
    ]


@pytest.mark.parametrize("bad", ["0%", "100%", "90%"])
def test_what_came_up_or_cannot_or_must_is_not(bad):
    assert chances(rolled_back(bad)) == []


def test_where_nothing_is_rolled_out_nothing_is_missed():
    assert chances(rolled_back("0.1%", operations=[])) == []


def test_the_sentence_says_how_many_runs_would_show_it_and_where():
    told = Unseen("shop", "bad build 2", 2, 20, 0.05).sentence(3)
    assert told == (
        "bad build 2 in none of 20 runs, with a chance of 5 %: needs n >= 59 to be seen; so at 2 of "
        "3 points"
    )


def test_it_stands_among_what_a_sweep_says_and_on_its_page():
    found = sim.sweep(rolled_back("1%"), {BAD: ["0.1%", "90%"]}, replications=10)
    (unseen,) = found.about.unseen
    assert (unseen.points, unseen.chance) == (1, 0.001)
    assert "bad build 2 in none of 10 runs, with a chance of 0.1 %" in found.report()
