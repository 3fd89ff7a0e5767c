"""What the house gets to know of Batch pools."""

from __future__ import annotations

import pytest
from pool_log import BAG, UPGRADE, Pool

from sim.systems.batch_pool import SYSTEM_TYPE
from sim.systems.batch_pool.service import BatchService


def test_the_headline_that_gives_way_is_one_of_a_pool_that_works():
    assert SYSTEM_TYPE.gives_way in SYSTEM_TYPE.metrics
    assert SYSTEM_TYPE.gives_way in Pool().model.headlines


def test_each_metric_that_a_pool_has_is_registered():
    assert set(Pool(UPGRADE).measure("")) <= set(SYSTEM_TYPE.metrics)


@pytest.mark.parametrize("operation", SYSTEM_TYPE.operations)
def test_the_service_checks_and_carries_out_each_operation(operation):
    assert callable(getattr(BatchService, operation))
    assert callable(getattr(BatchService, f"check_{operation}"))


def test_progress_tells_what_was_killed_in_a_log():
    pool = Pool(work=BAG, interruptions={"on_failure": "terminate"})
    text = """
    0 job/0 -> active
    0 job/0 -> running because node-0
    36 node-0 -> unusable because failures
    36 job/0 -> failed because node-0
    """
    (line,) = SYSTEM_TYPE.progress_text(pool.model, pool.log(text))
    assert line.startswith("1 running task killed by terminate")


def test_a_run_costs_what_its_tasks_and_nodes_do():
    kinds = {part.kind for part in SYSTEM_TYPE.parts(Pool(UPGRADE).model)}
    assert kinds == {"task", "node"}
