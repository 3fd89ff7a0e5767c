"""What is drawn for a Batch pool: its tasks, and how start tasks of nodes go."""

from __future__ import annotations

import pytest
from pool_log import BAG, Pool
from simpy import Environment

from sim.core.random_streams import draws
from sim.systems.base.context import Budget, Context, TooLongError
from sim.systems.batch_pool.draws import Starts, draw_tasks, in_order, redraw_tasks

# Tasks


def drawn(seed=0, replication=0, **pool):
    return draw_tasks(Pool(**pool).model.layout, draws(seed, replication))


def test_the_tasks_of_a_bag_are_all_there_at_the_start():
    (tasks,) = drawn(work=BAG | {"priority": 7})
    assert tasks.submit.tolist() == [0, 0, 0]
    assert tasks.service.tolist() == [100, 100, 100]
    assert tasks.priority.tolist() == [7, 7, 7]


def test_a_stream_comes_gap_by_gap_up_to_the_horizon_which_is_closed():
    stream = {"interarrival": "250s", "service": "10s"}
    for horizon, count in ((999.0, 3), (1000.0, 4)):
        (tasks,) = drawn(work=stream, horizon=horizon)
        assert tasks.submit.tolist() == [250.0 * (k + 1) for k in range(count)]


def test_tasks_of_a_file_have_its_times_and_those_that_fit_on_no_node_come_after_all_others():
    text = "submit_s,service_s,required_slots\n5,1,2\n0,2,1\n7,3,9\n"
    pool = Pool(work={"csv": "csv"}, csv=text, task_slots_per_node=2)
    (tasks,) = draw_tasks(pool.model.layout, draws(0, 0))
    assert pool.model.layout.jobs[0].sizes == (1, 2, 3)
    columns = (tasks.submit, tasks.service, tasks.size, tasks.priority)
    assert [each.tolist() for each in columns] == [
        [0, 5, 7],
        [2, 1, 3],
        [0, 1, 2],
        [0, 0, -1001],
    ]


def test_tasks_of_all_jobs_are_in_order_of_submission_at_equal_times_of_number():
    text = "submit_s,service_s\n0,1\n30,2\n"
    bag = BAG | {"name": "bag", "tasks": 2, "required_slots": 2, "priority": 3}
    pool = Pool(work=[{"csv": "csv", "name": "file"}, bag], csv=text, task_slots_per_node=2)
    layout = pool.model.layout
    tasks = in_order(layout, draw_tasks(layout, draws(0, 0)))
    assert [pool.subjects.name(subject) for subject in tasks.subject] == [
        "file/0",
        "bag/0",
        "bag/1",
        "file/1",
    ]
    assert tasks.submit.tolist() == [0, 0, 0, 30]
    assert tasks.service.tolist() == [1, 100, 100, 2]
    assert tasks.slots.tolist() == [1, 2, 2, 1]
    assert tasks.priority.tolist() == [0, 3, 3, 0]
    assert tasks.job.tolist() == [0, 1, 1, 0]


def test_of_no_work_there_are_no_tasks():
    layout = Pool(work=[]).model.layout
    assert len(in_order(layout, draw_tasks(layout, draws(0, 0))).submit) == 0


def test_who_checks_a_run_has_its_tasks_again_and_no_others():
    work = {
        "interarrival": {"exponential": {"mean": "30s"}},
        "service": {"exponential": {"mean": "9s"}},
    }
    layout = Pool(work=work).model.layout

    def columns(tasks):
        return [(each.submit.tolist(), each.service.tolist()) for each in tasks]

    first = columns(draw_tasks(layout, draws(5, 2)))
    assert columns(redraw_tasks(layout, 5, 2)) == first
    assert columns(redraw_tasks(layout, 5, 3)) != first
    assert columns(redraw_tasks(layout, 4, 2)) != first


# Start tasks


def starts(budget=None, **task):
    layout = Pool(start_task={"duration": "20s"} | task).model.layout
    context = Context(Environment(), draws(0, 0), 1000.0, None, budget=budget)
    return Starts(context, layout, "upgrade_os-0")


def test_a_start_task_takes_its_time_once():
    assert starts().run(0) == (20.0, True)


def test_a_start_task_that_nobody_waits_for_takes_none_and_never_fails():
    assert starts(fails="100%", wait_for_success=False).run(0) == (0.0, True)


@pytest.mark.parametrize(("most", "seconds"), [(0, 20.0), (3, 80.0)])
def test_a_start_task_that_always_fails_takes_all_its_attempts(most, seconds):
    assert starts(fails="100%", max_retry_count=most).run(1) == (seconds, False)


def test_without_limit_it_is_tried_until_it_succeeds_and_each_attempt_counts_as_an_event():
    budget = Budget(events=1000)
    made = starts(budget, fails="80%", max_retry_count=-1)
    found = [made.run(node) for node in (0, 1, 0)]
    assert all(works for _, works in found)
    attempts = [seconds / 20 for seconds, _ in found]
    assert budget.spent == sum(attempts) - 3 > 0
    # A node that starts again for the same reason goes on where it was: no draw is used twice.
    assert found[0] != found[2]


def test_attempts_without_end_are_found():
    with pytest.raises(TooLongError):
        starts(Budget(events=50), fails="99.999%", max_retry_count=-1).run(0)
