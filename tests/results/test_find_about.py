"""What a search was about, as plain values."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict

import pytest
from failing import fail
from searches import BAKE, BAKED, CAPACITY, DOMAINS

import sim


@pytest.fixture(scope="module")
def about():
    return sim.find(sim.loads(CAPACITY), DOMAINS, 2, 20).about


def test_range_and_steps_are_written_as_in_a_file(about):
    assert (about.path, about.low, about.high, about.tolerance) == (DOMAINS, "2", "20", "1")
    assert not about.tolerance_given
    assert about.kinds == {"shop": "cloud_service"}
    assert list(about.asked) == ["baseline"]
    assert asdict(about)["answers"][0]["met"] == "10"


def test_replication_that_failed_has_what_runs_it_again(monkeypatch):
    fail(monkeypatch, [3], RuntimeError("boom"))
    about = sim.find(sim.loads(BAKE), BAKED, "10min", "20min", max_replications=30).about
    assert about.failed_replications
    for each in about.failed_replications:
        assert each.rerun.startswith(f"--set {BAKED}=")
        assert each.rerun.endswith(f"--replay 3 --seed {about.seed}")


def test_a_mean_instant_and_the_clock_are_known():
    clock = CAPACITY.replace("horizon: 6h", "horizon: 6h\nstart: 2026-11-20T22:00+01:00")
    clock = clock.replace(
        "{metric: min_capacity, at_least: 90%}", '{metric: done_at, at_most: "23:30", of: mean}'
    )
    about = sim.find(sim.loads(clock), DOMAINS, 2, 4).about
    (asked,) = about.asked["baseline"]
    assert (asked.is_instant, asked.unit) == (True, "s")
    assert about.start_time == dt.datetime(
        2026, 11, 20, 22, tzinfo=dt.timezone(dt.timedelta(hours=1))
    )
    without = sim.find(sim.loads(CAPACITY), DOMAINS, 2, 4).about
    assert (without.start_time, without.asked["baseline"][0].is_instant) == (None, False)
