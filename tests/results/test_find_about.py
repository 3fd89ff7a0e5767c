"""What a search was about, as plain values."""

from __future__ import annotations

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
