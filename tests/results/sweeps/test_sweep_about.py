"""What a sweep is about, as it is saved and read."""

import dataclasses
import json

import pytest
import swept

import sim
from sim.results.sweeps.sweep_about import SweepAbout


def test_it_is_read_as_it_was_written():
    about = swept.results().about
    written = json.loads(json.dumps(about.provenance("a command")))
    assert written["command"] == "a command"
    again = SweepAbout.read(written)
    as_text = [json.dumps(dataclasses.asdict(each)) for each in (about, again)]
    assert as_text[0] == as_text[1]
    with pytest.raises(ValueError, match="validation error"):
        SweepAbout.read({"sweep": {"name": "x"}})


def test_a_point_is_called_by_its_values():
    about = swept.results().about
    assert [about.label(point) for point in (0, 1, 5)] == [
        "update_domains 2, at 10min",
        "update_domains 2, at 20min",
        "update_domains 12, at 20min",
    ]
    assert [about.places(point) for point in range(3)] == [(0, 0), (0, 1), (1, 0)]
    assert about.axes[1].unit == "s"
    assert list(about.axes[1].numbers) == [600.0, 1200.0]


def test_a_bound_on_the_mean_is_known_and_one_on_runs_is_not():
    text = swept.SHOP.replace("in_runs: 70%", "of: mean").partition("variants:")[0]
    about = sim.sweep(sim.loads(text), {swept.DOMAINS: [2, 3]}).about
    assert about.mean_bounds == {"shop": {"min_capacity": 0.75}}
    assert swept.results().about.mean_bounds == {}
    assert sim.loads(text).sweep is None
