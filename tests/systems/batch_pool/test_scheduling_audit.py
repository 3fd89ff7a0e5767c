"""Whether tasks start in order, where and as often as they should, in hand-made logs."""

from __future__ import annotations

from itertools import permutations

import pytest
from pool_log import BAG, SOUND, SUBMITTED, Pool

# Order ------------------------------------------------------------------------------------------

EARLY = "p: a task started before another one whose turn it was"


def test_tasks_start_in_order_of_submission():
    text = SUBMITTED + "0 job/{} -> running because node-0\n 0 job/{} -> running because node-1"
    assert Pool().audit(text.format(0, 1)) is None
    for order in ((1, 0), (0, 2), (2, 1)):
        assert Pool().audit(text.format(*order)) == EARLY
    assert Pool().audit(SOUND, text.format(0, 2)) == EARLY


def test_a_task_of_a_higher_priority_goes_before_those_that_came_first():
    jobs = [BAG | {"name": "a", "tasks": 1}, BAG | {"name": "b", "tasks": 1, "priority": 1}]
    text = "0 a/0 -> active\n 0 b/0 -> active\n 0 b/0 -> running because node-0"
    assert Pool(work=jobs).audit(text) is None
    jobs[1] |= {"priority": 0}
    assert Pool(work=jobs).audit(text) == EARLY


@pytest.mark.parametrize("priorities", [(0, 1), (-1000, 1000), (-7, 0), (999, 1000)])
def test_no_task_starts_while_one_of_a_higher_priority_waits(priorities):
    low, high = (
        BAG | {"name": name, "tasks": 1, "priority": priority}
        for name, priority in zip(("low", "high"), priorities, strict=True)
    )
    pool, waits = Pool(work=[low, high]), "0 low/0 -> active\n 0 high/0 -> active\n"
    starts = "{} {}/0 -> running because {}\n"
    first = starts.format(0, "high", "node-0") + starts.format(0, "low", "node-1")
    assert pool.audit(waits + first) is None
    assert pool.audit(waits + first, waits + starts.format(0, "low", "node-0")) == EARLY
    last = starts.format(0, "low", "node-0") + starts.format(5, "high", "node-1")
    assert pool.audit(waits + last) == EARLY


def test_many_priorities_are_told_apart():
    jobs = [BAG | {"name": f"j{k}", "tasks": 1, "priority": k} for k in range(5)]
    pool, waits = Pool(work=jobs, nodes=5), "".join(f"0 j{k}/0 -> active\n" for k in range(5))

    def audited(order):
        starts = (f"0 j{k}/0 -> running because node-{n}\n" for n, k in enumerate(order))
        return pool.audit(waits + "".join(starts))

    assert [order for order in permutations(range(5)) if audited(order) is None] == [
        (4, 3, 2, 1, 0)
    ]


def test_a_smaller_task_does_not_pass_a_larger_one_of_a_higher_priority():
    large = BAG | {"name": "large", "tasks": 1, "priority": 1, "required_slots": 2}
    pool = Pool(work=[BAG | {"name": "small", "tasks": 2}, large], task_slots_per_node=2, nodes=1)
    waits = "0 small/0 -> active\n 0 small/1 -> active\n 0 large/0 -> active\n"
    assert pool.audit(waits + "0 small/0 -> running because node-0") == EARLY


TWO_BACK = """
    0 job/0 -> active
    0 job/1 -> active
    0 job/2 -> active
    0 job/0 -> running because node-0
    0 job/1 -> running because node-1
    {0} node-0 -> unusable because failures
    {0} job/0 -> active because node-0
    {1} node-1 -> unusable because failures
    {1} job/1 -> active because node-1
    50 node-0 -> idle because failures
    50 job/{2} -> running because node-0
    60 node-1 -> idle because failures
    60 job/{3} -> running because node-1
"""


def test_who_is_back_starts_first_and_in_order_of_submission():
    for first, second in ((30, 40), (40, 30)):
        assert Pool().audit(TWO_BACK.format(first, second, 0, 1)) is None
        for order in ((1, 0), (0, 2), (1, 2), (2, 0)):
            assert Pool().audit(TWO_BACK.format(first, second, *order)) == EARLY


def test_who_returns_after_another_has_started_comes_after_it():
    text = """
    0 job/0 -> active
    0 job/1 -> active
    0 job/2 -> active
    0 job/0 -> running because node-0
    0 job/1 -> running because node-1
    40 node-1 -> unusable because failures
    40 job/1 -> active because node-1
    50 node-1 -> idle because failures
    50 job/1 -> running because node-1
    55 node-0 -> unusable because failures
    55 job/0 -> active because node-0
    60 node-0 -> idle because failures
    60 job/0 -> running because node-0
    """
    assert Pool().audit(text) is None


def test_who_failed_by_itself_is_back_too():
    text = (
        SUBMITTED
        + """
    0 job/0 -> running because node-0
    100 job/0 -> active because job/0
    100 job/{} -> running because node-0
    """
    )
    assert Pool().audit(text.format(0)) is None
    assert Pool().audit(text.format(1)) == EARLY


def test_at_the_back_of_the_queue_those_that_return_start_by_submission():
    pool = Pool(requeue_to="back")
    for first, second in ((30, 40), (40, 30)):
        assert pool.audit(TWO_BACK.format(first, second, 2, 0)) is None
        for order in ((0, 1), (2, 1), (1, 2)):
            assert pool.audit(TWO_BACK.format(first, second, *order)) == EARLY


def test_at_the_back_of_the_queue_a_later_submission_comes_after_those_that_returned():
    pool = Pool(
        requeue_to="back", csv="submit_s,service_s\n0,90\n0,90\n35,90\n", work={"csv": "csv"}
    )
    text = TWO_BACK.replace("0 job/2 -> active", "35 job/2 -> active")
    assert pool.audit(text.format(30, 40, 0, 2)) is None
    assert pool.audit(text.format(40, 30, 1, 2)) is None
    assert pool.audit(text.format(40, 30, 0, 2)) == EARLY
    assert pool.audit(text.format(40, 30, 2, 0)) == EARLY


# Places and retries ------------------------------------------------------------------------------


def whole(pool, text):
    """The rule that a log breaks, its draws among them."""
    return pool.model.audit(pool.stack(text))


def test_no_task_waits_beside_a_node_that_has_room_for_it():
    text = SUBMITTED + "0 job/0 -> running because node-0\n{} job/1 -> running because node-1\n"
    assert whole(Pool(), text.format(0)) is None
    assert whole(Pool(), text.format(5)) == "p: a task waited although a node was free"
    assert whole(Pool(), SUBMITTED) == "p: a task waited although a node was free"


def test_a_task_may_wait_beside_a_node_that_has_no_room_for_the_largest():
    large = BAG | {"tasks": 2, "required_slots": 2}
    text = "0 job/0 -> active\n 0 job/1 -> active\n 0 job/0 -> running because node-0"
    for slots, rule in ((3, None), (4, "p: a task waited although a node was free")):
        assert whole(Pool(work=large, nodes=1, task_slots_per_node=slots), text) == rule


@pytest.mark.parametrize(("fill", "right", "how"), [("spread", 1, "fewest"), ("pack", 0, "most")])
def test_a_task_goes_to_the_node_that_its_pool_prefers(fill, right, how):
    pool = Pool(work=BAG | {"tasks": 2}, task_slots_per_node=2, node_fill_type=fill)
    text = """
    0 job/0 -> active
    0 job/1 -> active
    0 job/0 -> running because node-0
    0 job/1 -> running because node-{}
    """
    assert whole(pool, text.format(right)) is None
    wrong = f"p: a task did not go to the node that uses the {how} slots"
    assert whole(pool, text.format(1 - right)) == wrong


FAILS = """
    0 job/0 -> active
    0 job/0 -> running because node-0
    100 job/0 -> {} because {}
"""
AGAIN = FAILS.format("active", "job/0") + "100 job/0 -> running because node-0\n"


def failing(most):
    return Pool(work=BAG | {"tasks": 1, "fails": "100%", "max_task_retry_count": most}, nodes=1)


def test_a_run_that_was_drawn_to_fail_fails():
    assert whole(failing(0), FAILS.format("failed", "job/0")) is None
    assert whole(failing(0), FAILS.format("completed", "node-0")) == (
        "p: a run of a task did not fail or succeed as was drawn"
    )


def test_a_task_is_tried_again_as_often_as_it_may_be():
    wrong = "p: a task was not tried again as often as it may be"
    once = AGAIN + "200 job/0 -> failed because job/0"
    twice = AGAIN + "200 job/0 -> active because job/0\n200 job/0 -> running because node-0"
    assert [whole(failing(most), once) for most in (0, 1, 2, -1)] == [wrong, None, wrong, wrong]
    assert [whole(failing(most), twice) for most in (0, 1, 2, -1)] == [wrong, wrong, None, None]
