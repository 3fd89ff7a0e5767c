"""What is said in and around pictures of all replications."""

from pictured import ONE_ROLE, SCENARIO, TWO

import sim
from sim.results.lookup import Lookup
from sim.results.pictures.captions import Captions, run_drawn


def captions(results):
    return Captions(results, Lookup(results))


def test_a_subtitle_names_what_there_is_several_of():
    one, two = sim.run(sim.loads(ONE_ROLE)), sim.run(sim.loads(TWO))
    assert captions(one).subtitle("shop", None) == "shop, 20 replications"
    assert not captions(one).several
    assert captions(two).subtitle("a", None).startswith("scenario, a, ")
    compared = sim.compare(sim.loads(SCENARIO))
    simultaneous = compared.about.variants[1]
    assert (
        captions(compared).subtitle("shop", simultaneous) == "shop, simultaneous, 20 replications"
    )


def test_a_title_tells_of_all_replications_and_is_empty_where_there_is_one():
    results = sim.run(sim.loads(ONE_ROLE))
    (one,) = results.about.variants
    assert captions(results).title(one, "shop", "capacity").startswith("Lowest capacity: ")
    alone = sim.run(sim.loads(ONE_ROLE), replay=3)
    assert captions(alone).title(alone.about.variants[0], "shop", "capacity") == ""
    assert run_drawn(alone.about.variants) == "replication 3"


def test_marks_and_the_clock_stand_around_the_lines():
    results = sim.run(sim.loads(ONE_ROLE))
    around = captions(results).around(results.about.variants[0], "shop")
    assert [mark.at_s for mark in around["marks"]] == [600.0, 660.0]
    assert around["start"] == results.about.start_time
