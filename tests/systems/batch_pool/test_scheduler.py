"""How tasks of a Batch pool meet nodes, and what an interruption does to them: small stories."""

from __future__ import annotations

import pytest
from pool_story import BAG, UPGRADE, reboot, story, tasks


def starts(told, job="job"):
    """Tasks in the order of their first start, with node and time."""
    runs = told.runs(job)
    return sorted((begin, task, node) for task, ((node, begin, *_), *_) in runs.items())


# Who goes where


def test_a_task_takes_a_free_node_at_once_and_others_wait_in_order_of_submission():
    told = story(**tasks((0, 50), (10, 100), (20, 30), (21, 30)))
    assert told.lines == [
        "0 job/0 absent -> active because arrivals",
        "0 job/0 active -> running because node-0",
        "10 job/1 absent -> active because arrivals",
        "10 job/1 active -> running because node-1",
        "20 job/2 absent -> active because arrivals",
        "21 job/3 absent -> active because arrivals",
        "50 job/0 running -> completed because node-0",
        "50 job/2 active -> running because node-0",
        "80 job/2 running -> completed because node-0",
        "80 job/3 active -> running because node-0",
        "110 job/1 running -> completed because node-1",
        "110 job/3 running -> completed because node-0",
    ]


def test_a_higher_priority_starts_first_and_interrupts_nobody():
    told = story(nodes=1, **tasks((0, 100, 0), (10, 100, -1), (20, 100, 0), (30, 100, 1)))
    assert [task for _, task, _ in starts(told)] == [0, 3, 2, 1]


def test_the_head_of_the_queue_blocks_those_behind_it_that_would_fit():
    told = story(
        nodes=1, task_slots_per_node=3, **tasks((0, 100, 0, 2), (10, 50, 0, 2), (20, 10, 0, 1))
    )
    assert starts(told) == [(0, 0, "node-0"), (100, 1, "node-0"), (100, 2, "node-0")]


def test_one_of_higher_priority_overtakes_a_head_that_does_not_fit():
    told = story(
        nodes=1, task_slots_per_node=3, **tasks((0, 100, 0, 2), (10, 50, 0, 2), (20, 10, 1, 1))
    )
    assert starts(told) == [(0, 0, "node-0"), (20, 2, "node-0"), (100, 1, "node-0")]


FOUR = tasks((0, 100), (1, 100), (2, 100), (3, 100))


@pytest.mark.parametrize(
    ("fill", "nodes"), [("spread", [0, 1, 2, 0]), ("pack", [0, 0, 0, 1])], ids=["spread", "pack"]
)
def test_tasks_spread_over_the_nodes_or_fill_one_after_the_other(fill, nodes):
    told = story(nodes=3, task_slots_per_node=3, node_fill_type=fill, **FOUR)
    assert [node for *_, node in starts(told)] == [f"node-{number}" for number in nodes]


def test_packing_prefers_the_fullest_node_that_has_room():
    told = story(
        nodes=3,
        task_slots_per_node=3,
        node_fill_type="pack",
        **tasks((0, 900, 0, 2), (1, 900, 0, 2), (2, 900, 0, 1), (3, 900, 0, 2), (4, 900, 0, 1)),
    )
    expected = ["node-0", "node-1", "node-0", "node-2", "node-1"]
    assert [node for *_, node in starts(told)] == expected


def test_among_equals_the_node_that_is_idle_longest_takes_the_task():
    """node-1 was left at 20, node-0 at 30; node-2 never had any."""
    told = story(nodes=3, **tasks((0, 30), (1, 19), (40, 9), (41, 9), (42, 9)))
    assert [node for *_, node in starts(told)[2:]] == ["node-2", "node-1", "node-0"]


def test_a_node_that_was_away_is_idle_since_its_return():
    told = story((10, reboot("node-0")), reboot="20s", **tasks((40, 9), (41, 9)))
    assert [node for *_, node in starts(told)] == ["node-1", "node-0"]


def test_nodes_left_at_one_instant_take_tasks_by_number():
    told = story(nodes=3, **tasks((0, 30), (1, 29), (2, 28), (40, 9), (41, 9), (42, 9)))
    assert [node for *_, node in starts(told)[3:]] == ["node-0", "node-1", "node-2"]


def test_all_that_ends_and_comes_at_one_instant_does_so_before_tasks_are_given():
    """Else job/2 would have had node-0 before anybody knew of job/3, which goes before it."""
    told = story(**tasks((0, 30), (0, 30), (5, 10, 0), (30, 10, 7)))
    assert told.lines[-7:] == [
        "30 job/0 running -> completed because node-0",
        "30 job/1 running -> completed because node-1",
        "30 job/3 absent -> active because arrivals",
        "30 job/3 active -> running because node-0",
        "30 job/2 active -> running because node-1",
        "40 job/2 running -> completed because node-1",
        "40 job/3 running -> completed because node-0",
    ]


def test_tasks_that_take_no_time_pass_through_one_node_in_no_time():
    told = story(nodes=1, **tasks((5, 0), (5, 0), (5, 10), (5, 0)))
    ends = {task: runs[-1][2:] for task, runs in told.runs().items()}
    assert ends == {
        0: (5, "completed"),
        1: (5, "completed"),
        2: (15, "completed"),
        3: (15, "completed"),
    }


def test_what_ends_at_the_horizon_has_ended_and_what_is_due_then_has_begun():
    told = story(horizon="60s", **tasks((0, 60), (0, 61), (60, 1)))
    assert told.runs() == {
        0: [("node-0", 0, 60, "completed")],
        1: [("node-1", 0, None, "running")],
        2: [("node-0", 60, None, "running")],
    }


def test_two_jobs_share_one_queue():
    jobs = [BAG | {"name": "b", "priority": 3}, BAG | {"name": "a", "tasks": 1}]
    told = story(nodes=1, work=jobs)
    assert [begin for begin, *_ in starts(told, "b")] == [0, 100, 200]
    assert [begin for begin, *_ in starts(told, "a")] == [300]


# Retries


def test_a_failed_run_counts_against_its_retries_and_ends_the_task_after_them():
    told = story(nodes=1, work=BAG | {"tasks": 1, "fails": "100%", "max_task_retry_count": 2})
    assert told.lines[1:] == [
        "0 job/0 active -> running because node-0",
        "100 job/0 running -> active because job/0",
        "100 job/0 active -> running because node-0",
        "200 job/0 running -> active because job/0",
        "200 job/0 active -> running because node-0",
        "300 job/0 running -> failed because job/0",
    ]
    assert told.measure("requeues") == 0
    assert told.measure("lost_task_hours") == 0


def test_requeues_use_up_no_retry():
    asked = [(seconds, reboot("node-0")) for seconds in (50, 150, 250)]
    told = story(*asked, nodes=1, reboot="10s", work=BAG | {"tasks": 1, "fails": "100%"})
    assert [run[1:] for run in told.runs()[0]] == [
        (0, 50, "active"),
        (60, 150, "active"),
        (160, 250, "active"),
        (260, 360, "failed"),
    ]
    assert told.measure("requeues") == 3
    assert told.measure("tasks_requeued") == 1
    assert told.measure("lost_task_hours") == pytest.approx((50 + 90 + 90) / 3600)


def test_a_task_that_may_be_retried_without_limit_goes_on():
    told = story(nodes=1, work=BAG | {"tasks": 1, "fails": "99.9%", "max_task_retry_count": -1})
    assert [begin for _, begin, *_ in told.runs()[0]] == list(range(0, 3601, 100))


def test_whether_a_run_fails_is_drawn_for_it_whatever_interrupts_it():
    work = {"tasks": 40, "service": "100s", "fails": "50%", "max_task_retry_count": 3}
    calm, torn = (
        story(nodes=1, work=work, horizon="1d"),
        story(
            *((seconds, reboot("node-0")) for seconds in range(50, 5000, 170)),
            nodes=1,
            work=work,
            horizon="1d",
        ),
    )
    assert torn.measure("requeues") > 10
    for task in range(40):
        failures = [
            sum(line.endswith(f"because job/{task}") for line in told.about(f"job/{task}"))
            for told in (calm, torn)
        ]
        assert failures[0] == failures[1]


# Interruption


def test_a_requeued_task_starts_again_from_the_beginning_there_or_elsewhere():
    told = story((50, UPGRADE), work=BAG | {"tasks": 2})
    assert told.runs() == {
        0: [
            ("node-0", 0, 50, "active"),
            ("node-1", 100, 110, "active"),
            ("node-0", 110, 210, "completed"),
        ],
        1: [("node-1", 0, 100, "completed")],
    }


@pytest.mark.parametrize(
    ("to", "order"), [("front", [0, 1, 2, 3]), ("back", [2, 3, 0, 1])], ids=["front", "back"]
)
def test_requeued_tasks_go_to_the_front_or_the_back_in_order_of_submission(to, order):
    """node-1 loses its task first and yet the other one was submitted before."""
    told = story(
        (10, reboot("node-1")),
        (20, reboot("node-0")),
        reboot="100s",
        requeue_to=to,
        work=BAG | {"tasks": 4},
    )
    again = sorted((run[1], task) for task, runs in told.runs().items() for run in runs if run[1])
    assert [task for _, task in again] == order


def test_at_the_back_they_are_before_what_is_submitted_later():
    told = story(
        (10, reboot("node-0")),
        nodes=1,
        requeue_to="back",
        reboot="20s",
        **tasks((0, 50), (5, 50), (15, 50)),
    )
    again = sorted((run[1], task) for task, runs in told.runs().items() for run in runs if run[1])
    assert again == [(30, 1), (80, 0), (130, 2)]


def test_a_requeued_task_of_lower_priority_waits_for_a_higher_one():
    told = story((10, reboot("node-0")), nodes=1, **tasks((0, 50, 0), (15, 50, 1)))
    assert [task for _, task, _ in starts(told)] == [0, 1]
    assert told.runs()[0][1][1] > told.runs()[1][0][1]


def test_terminated_tasks_fail_and_do_not_run_again():
    told = story((50, UPGRADE), interruptions={"on_upgrade": "terminate"}, work=BAG | {"tasks": 2})
    assert told.runs() == {
        0: [("node-0", 0, 50, "failed")],
        1: [("node-1", 0, 100, "completed")],
    }
    assert told.measure("lost_task_hours") == 50 / 3600
    assert told.measure("requeues") == 0


def test_a_node_of_several_slots_loses_all_its_tasks_and_no_other():
    told = story(
        (50, reboot("node-0", "terminate")), task_slots_per_node=2, work=BAG | {"tasks": 4}
    )
    assert [told.runs()[task][0][2] for task in range(4)] == [50, 100, 50, 100]


# Checkpoints


def resumed(every, cost, cut, service="100s", on_upgrade="checkpoint"):
    """The length of the run after an upgrade at `cut` seconds, and the seconds lost."""
    told = story(
        (cut, UPGRADE),
        nodes=1,
        interruptions={"on_upgrade": on_upgrade},
        checkpoint={"every": every, "cost": cost},
        work={"tasks": 1, "service": service},
    )
    _, begin, end, _ = told.runs()[0][1]
    return end - begin, told.measure("lost_task_hours") * 3600


@pytest.mark.parametrize(
    ("every", "cost", "cut", "length", "lost"),
    [
        ("0s", "0s", 37, 63, 0),  # nothing is ever lost
        ("30s", "0s", 29, 100, 29),  # before the first checkpoint
        ("30s", "0s", 30, 70, 0),  # at it
        ("30s", "0s", 95, 10, 5),
        ("30s", "6s", 35, 100 + 3 * 6, 35),  # in the middle of writing it: all is lost
        ("30s", "6s", 36, 70 + 2 * 6, 0),  # its cost is not lost
        ("30s", "6s", 80, 40 + 6, 8),
        ("50s", "6s", 70, 50, 14),  # none at the end: 50 of work are left
        ("100s", "6s", 99, 100, 99),  # none at all
        ("10min", "6s", 99, 100, 99),
    ],
)
def test_a_checkpoint_keeps_what_was_done_before_it(every, cost, cut, length, lost):
    found, gone = resumed(every, cost, cut)
    assert (found, gone) == (length, pytest.approx(lost))


def test_checkpoints_add_up_over_several_interruptions():
    told = story(
        (70, UPGRADE),
        nodes=1,
        interruptions={"on_upgrade": "checkpoint", "on_failure": "checkpoint"},
        failures={"per_year": 200_000, "recovery": "30s"},
        checkpoint={"every": "20s"},
        work={"tasks": 1, "service": "600s"},
    )
    *cut, last = told.runs()[0]
    assert len(cut) > 2
    kept = sum((end - begin) // 20 * 20 for _, begin, end, _ in cut)
    assert last[2] - last[1] == 600 - kept


def test_a_requeue_throws_away_the_checkpoints_too():
    told = story(
        (70, UPGRADE),
        (200, reboot("node-0")),
        nodes=1,
        interruptions={"on_upgrade": "checkpoint"},
        checkpoint={"every": "20s"},
        work={"tasks": 1, "service": "200s"},
    )
    assert [run[1:3] for run in told.runs()[0]] == [(0, 70), (130, 200), (331, 531)]
    assert told.measure("lost_task_hours") * 3600 == pytest.approx(10 + 60 + 70)


def test_a_task_that_failed_by_itself_starts_again_from_nothing():
    told = story(
        (70, UPGRADE),
        nodes=1,
        interruptions={"on_upgrade": "checkpoint"},
        checkpoint={"every": "20s"},
        work={"tasks": 1, "service": "100s", "fails": "100%", "max_task_retry_count": 1},
    )
    assert [run[1:] for run in told.runs()[0]] == [
        (0, 70, "active (checkpointed)"),
        (130, 170, "active"),
        (170, 270, "failed"),
    ]


def test_where_nothing_is_saved_checkpoints_cost_nothing():
    told = story(nodes=1, checkpoint={"every": "10s", "cost": "9s"}, work=BAG | {"tasks": 1})
    assert told.runs()[0] == [("node-0", 0, 100, "completed")]
