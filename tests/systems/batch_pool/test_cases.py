"""Small cases of Batch pools from people who run them, with the right answers."""

from __future__ import annotations

import pytest
from lanes import bars
from places import CASES

import sim


@pytest.fixture(scope="module")
def broken():
    return sim.load(CASES / "pool-reboot-broken.yaml")


def test_a_node_whose_start_task_failed_is_rebooted(broken):
    """A node that comes back from its first reboot broken is rebooted again, and may mend."""
    ends, mended = [], 0
    for replication in range(20):
        run = sim.run_one(broken, replication)
        assert list(run.operations["status"]) == ["Succeeded"] * 3
        lost = [to for lane, _, to, what in bars(run.simulation.models["pool"], run.log)
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


def test_where_there_are_too_many_headlines_the_tasks_requeued_give_way():
    """Also where only one variant drains: the headlines are those of all variants."""
    bag = sim.loads("""
    systems: {p: {kind: batch_pool, nodes: 2, work: {tasks: 4, service: 10min}}}
    operations: [{at: 5min, upgrade_os: {target_os_version: WA-GUEST-OS-5.31_201905-01}}]
    horizon: 3h
    replications: 2
    variants:
      requeue: {}
      drain: {systems.p.interruptions.on_upgrade: taskcompletion}
    """)
    six = ("min_capacity", "lost_task_hours", "tasks_requeued", "wait_p95")
    six += ("rollout_duration", "makespan")
    assert sim.run(bag).about.headlines["p"] == six
    shown = sim.compare(bag).about.headlines["p"]
    assert shown == ("min_capacity", "min_accepting", *(n for n in six[1:] if n != six[2]))


@pytest.fixture(scope="module")
def draining():
    return sim.compare(sim.load(CASES / "pool-drain-never-ends.yaml"))


def test_draining_nodes_are_in_service_and_accept_nothing(draining):
    """A wave is a fifth of the nodes: all of it may drain, and most of it is never out at once."""
    mean = draining.summary.set_index(["variant", "metric"])["mean"]
    assert mean["requeue", "min_capacity"] == mean["requeue", "min_accepting"] == 0.8
    assert mean["drain", "min_accepting"] == 0.8
    assert mean["drain", "min_capacity"] > 0.9
    assert mean["requeue", "min_in_service"] == 192
    assert mean["drain", "min_in_service"] > 192
    assert mean["drain", "finished"] == 0
    assert "min_accepting" in draining.about.headlines["pool"]


def test_the_slots_that_accept_work_are_a_series_beside_those_in_service(draining):
    run = draining.replay(0, "drain")
    accepting, nodes = (run.timeline("pool", name) for name in ("accepting", "nodes"))
    assert accepting.minimum() == 192
    assert nodes.minimum() * 4 > 192
    assert set(draining.timelines["series"]) >= {"accepting", "nodes", "queue"}


def test_a_resize_to_zero_and_back_has_the_metrics_of_the_others():
    compared = sim.compare(sim.load(CASES / "pool-new-package.yaml"))
    mean = compared.summary.set_index(["variant", "metric"])["mean"]
    # Three of ten rounds of 20 min are over at 1h. Then new nodes take 11 min, or the last of four
    # that are upgraded one after another 20 min; a reimage of such a node is refused.
    rest = 7 * 1200
    assert mean["zero-and-back", "makespan"] == 3600 + 660 + rest
    assert mean["rolling", "makespan"] == 3600 + 1200 + rest
    assert mean["reimage-one", "makespan"] == 3600 + rest
    assert mean["zero-and-back", "min_capacity"] == mean["zero-and-back", "min_in_service"] == 0
    assert mean["rolling", "min_capacity"] == 0.75
    assert ("zero-and-back", "rollout_duration") not in mean
