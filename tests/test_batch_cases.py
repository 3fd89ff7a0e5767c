"""Small cases of Batch pools from people who run them, with the right answers."""

from __future__ import annotations

from pathlib import Path

import pytest

import sim

CASES = Path(__file__).parent / "cases"


@pytest.fixture(scope="module")
def broken():
    return sim.load(CASES / "pool-reboot-broken.yaml")


def test_a_node_whose_start_task_failed_is_rebooted(broken):
    """A node that comes back from its first reboot broken is rebooted again, and may mend."""
    ends, mended = [], 0
    for replication in range(20):
        run = sim.run_one(broken, replication)
        assert list(run.operations["status"]) == ["Succeeded"] * 3
        lost = [to for lane, _, to, what in run.simulation.models["pool"].lanes(run.log)
                if (lane, what) == ("node-0", "failing")]  # fmt: skip
        ends += lost
        mended += sum(to < run.log.horizon for to in lost)
    assert len(ends) > 10
    assert mended > 5


def test_what_a_node_s_state_forbids_is_said_with_the_allowed_ones(broken):
    early = broken.override({"operations.1.at": "1h1min"})
    (refused,) = sim.run_one(early).operations.query("status == 'Refused'").to_dict("records")
    assert (refused["http_status"], refused["code"]) == (409, "NodeBeingRebooted")
    assert refused["message"] == (
        "node-0 is in state rebooting: allowed in idle, running, starttaskfailed"
    )
