"""Tasks that require more slots than a node has: they wait forever and hold up nobody."""

from __future__ import annotations

import math

import pytest
from pool_rules import Reading
from pool_story import reboot, story

from sim.systems.batch_pool.cost import parts
from sim.systems.batch_pool.tables import progress_text

LARGE = {"name": "large", "tasks": 3, "required_slots": 3, "priority": 1000, "service": "1min"}
SMALL = {"name": "small", "tasks": 6, "required_slots": 2, "service": "1min"}
CSV = b"submit_s,service_s,required_slots\n0,60,2147483647\n10,60,1\n20,60,3\n30,60,2\n"


def told(*asked, work, **more):
    one = story(*asked, nodes=2, task_slots_per_node=2, work=work, horizon="1h", **more)
    Reading(one.simulation, one.log)
    return one


def measured(one):
    values, _ = one.model.measure(one.stack, 0.0)
    return {name: value[0] for (_, name), value in values.items()}


def test_the_others_run_as_if_they_were_not_there():
    alone, beside = told(work=[SMALL]), told(work=[LARGE, SMALL])
    assert beside.runs("small") == alone.runs("small")
    assert beside.runs("large") == {0: [], 1: [], 2: []}
    assert [run[0][2] for run in beside.runs("small").values()] == [60, 60, 120, 120, 180, 180]


def test_they_are_counted_as_waiting_and_the_work_is_never_all_done():
    values = measured(told(work=[LARGE, SMALL]))
    assert (values["tasks_waiting"], values["tasks_completed"]) == (3, 6)
    assert math.isnan(values["makespan"])
    assert values["wait_p95"] == 3600


def test_of_a_file_only_those_wait_that_are_too_large():
    one = told(work={"csv": "tasks.csv"}, contents={"tasks.csv": CSV})
    assert {task: len(runs) for task, runs in one.runs("job").items()} == {0: 0, 1: 1, 2: 0, 3: 1}
    assert measured(one)["tasks_waiting"] == 2


def test_an_interrupted_task_still_goes_before_them():
    at = (20, reboot("node-0"))
    one = told(at, work=[LARGE, SMALL | {"tasks": 3}])
    assert all(runs[-1][3] == "completed" for runs in one.runs("small").values())
    assert measured(one)["tasks_waiting"] == 3


def test_explain_says_so_and_counts_no_load_of_them():
    one = told(work=[LARGE, {"load": "50%", "service": "1min", "required_slots": 4}])
    text = " ".join(" ".join(one.model.describe(None)).split())
    assert "large: 3 tasks, all submitted at the start, each of 1min; priority 1000" in text
    assert (
        text.count(
            "slots each: they wait forever and hold up no others, as no node has that many slots"
        )
        == 2
    )
    assert "Offered load" not in text
    file = told(work={"csv": "tasks.csv"}, contents={"tasks.csv": CSV})
    text = " ".join(" ".join(file.model.describe(None)).split())
    assert (
        "at least 45s of work for all slots; 2 of them wait forever and hold up no others, as no "
        "node has that many slots"
    ) in text


def test_the_answer_and_the_status_count_those_that_have_come():
    late = {"interarrival": "10min", "required_slots": 3, "service": "1min"}
    one = told(work=[LARGE, SMALL, late])
    text = "{} tasks wait forever and hold up no others: no node has that many slots"
    (said,) = progress_text(one.model.layout, one.stack)
    assert said == text.format(9)  # three at once, and six that came by the end
    assert one.model.status(one.log, 0.0)["tasksThatNeverRun"] == 3
    assert one.model.status(one.log, 1900.0)["tasksThatNeverRun"] == 6
    single = told(work=[LARGE | {"tasks": 1}])
    (said,) = progress_text(single.model.layout, single.stack)
    assert said.startswith("1 task waits forever and holds up no others: ")


def test_where_each_task_fits_nothing_is_said_of_them():
    one = told(work=[SMALL])
    assert progress_text(one.model.layout, one.stack) == []
    assert "tasksThatNeverRun" not in one.model.status(one.log, 60.0)


def test_they_cost_their_submission():
    layout = told(work=[LARGE, SMALL]).model.layout
    assert [part.rows for part in parts(layout)[:2]] == [3, 6 + 2 * 6]


@pytest.mark.parametrize("fill", ["spread", "pack"])
def test_all_may_be_too_large(fill):
    one = told(work=[LARGE], node_fill_type=fill)
    assert measured(one)["tasks_waiting"] == 3
