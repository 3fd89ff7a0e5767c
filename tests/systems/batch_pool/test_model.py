"""What the house asks of a Batch pool's model."""

from __future__ import annotations

import pytest
from pool_log import BAG, UPGRADE, Pool
from simpy import Environment

from sim.core.random_streams import draws
from sim.systems.base.context import Context


def test_a_pool_is_nominally_as_large_as_its_slots():
    model = Pool(("resize", {"nodes": 7}), nodes=3, task_slots_per_node=4).model
    assert model.nominal == 12
    assert model.size == "3 nodes, 12 slots"


@pytest.mark.parametrize("work", [BAG, []])
def test_each_series_that_is_named_is_there(work):
    pool = Pool(UPGRADE, work=work)
    lines = pool.model.timelines(pool.log(""))
    assert list(lines) == pool.model.series()
    assert {group for _, group in lines} == {""}
    assert (("queue", "") in lines) is bool(work)
    assert (("by_state:running", "") in lines) is bool(work)


def test_the_audit_tells_of_which_pool_a_rule_is_broken():
    pool = Pool(work=[])
    assert pool.model.audit(pool.stack("")) is None
    broken = pool.stack(
        "5 node-0 -> leavingpool because failures\n6 node-0 -> idle because failures"
    )
    assert pool.model.audit(broken) == "p: a node that was leaving came back"


def test_what_a_request_says_is_judged_before_anything_runs():
    pool = Pool(("upgrade_image", {}), UPGRADE)
    image, upgrade = pool.model.operations
    rejection = pool.model.rejection(image)
    assert (rejection.http_status, rejection.code) == (409, "OperationNotValidOnPool")
    assert pool.model.rejection(upgrade) is None


def test_what_the_pool_was_at_an_instant_is_read_from_the_rows_up_to_it():
    pool = Pool(UPGRADE)
    log = pool.log("10 node-0 -> unusable because failures\n20 node-0 -> absent because failures")
    found = [pool.model.status(log, at)["nodeStates"] for at in (9, 10, 20)]
    assert found == [{"idle": 2}, {"idle": 1, "unusable": 1}, {"idle": 1}]


def test_a_service_lets_tasks_arrive_and_nodes_fail_by_itself():
    failures = {"per_year": 3e6, "recovery": "1s"}  # one every 10 s and node
    model = Pool(work=BAG, failures=failures).model
    context = Context(Environment(), draws(0, 0), 1000.0, None)
    model.service(context)
    context.run()
    causes = set(context.recorder.rows["cause"].tolist())
    assert {model.layout.actor("arrivals"), model.layout.actor("failures")} <= causes
