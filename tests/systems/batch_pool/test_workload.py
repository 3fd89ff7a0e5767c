"""The work of a Batch pool: by load, gaps, bags and files, and what could not be."""

from __future__ import annotations

import numpy as np
import pytest
from any_pool import CSV, FILES, LOAD, SWF, job, noted, pool, refused
from places import DATA

from sim.core.errors import ScenarioError
from sim.formats.distributions import Distribution
from sim.scenario import Document, Scenario

LOGS = DATA / "swf"
real = pytest.mark.skipif(not LOGS.is_dir(), reason="the real logs are not beside the repository")

# Work --------------------------------------------------------------------------------------------


def test_a_job_has_the_documented_defaults():
    only = job(**LOAD)
    assert (only.name, only.priority, only.required_slots) == ("job", 0, 1)
    assert (only.max_task_retry_count, only.fails) == (0, 0.0)


def test_jobs_are_named_after_their_place_unless_told():
    names = [each.name for each in pool(work=[LOAD, LOAD | {"name": "mine"}, LOAD]).work]
    assert names == ["job-0", "mine", "job-2"]
    assert [each.name for each in pool(work=[LOAD]).work] == ["job"]


def test_a_load_sets_the_mean_gap_between_tasks():
    only = job(load="80%", service="10min", required_slots=2, node=2)
    gaps = only.gaps(100)
    assert (gaps.mean, gaps.is_random) == (2 * 600 / (0.8 * 100), True)
    assert only.offered(100) == pytest.approx(80)
    assert only.is_open


def test_gaps_may_be_given_themselves():
    only = job(interarrival="8s", service="10min")
    assert only.gaps(100) == Distribution.fixed(8.0)
    assert only.offered(100) == 75
    assert only.is_open


def test_a_bag_brings_no_load():
    only = job(tasks=5000, service="10min")
    assert (only.is_open, only.offered(100), only.recorded) == (False, 0.0, None)


@pytest.mark.parametrize(("written", "load"), [("120%", 1.2), (0.8, 0.8), ("0.5%", 0.005)])
def test_a_load_may_exceed_the_whole(written, load):
    assert job(load=written, service="10min").load == load


@pytest.mark.parametrize("priority", [-1000, 0, 1000])
def test_a_priority_has_limits(priority):
    assert job(**LOAD, priority=priority).priority == priority
    over = priority + (1 if priority > 0 else -1 if priority < 0 else 1001)
    rule = "systems.p.work.priority: must be from -1000 to 1000, got "
    assert refused(work=LOAD | {"priority": over}) == [f"{rule}{over}"]


# What must not be, or hardly is meant ------------------------------------------------------------


@pytest.mark.parametrize(
    ("work", "told"),
    [
        ({"load": "80%"}, "work: missing key service, which load needs"),
        ({"tasks": 3}, "work: missing key service, which tasks needs"),
        (
            {"swf": "jobs.swf", "service": "1s"},
            "work.service: must not be given together with swf",
        ),
        (LOAD | {"jobs": 3}, "work.jobs: must not be given without swf, as load is the source"),
        (
            {"csv": "c", "slots": "processors"},
            "work.slots: must not be given without swf, as csv is the source",
        ),
        (
            {"swf": "jobs.swf", "slots": "processors", "required_slots": 2},
            "work.required_slots: must not be given together with slots: processors, got 2",
        ),
        (
            {"load": "80%", "service": "0s"},
            "work.service: must be above 0s, got 0s",
        ),
        (
            {"interarrival": "0s", "service": "1s"},
            "work.interarrival: must be above 0s, got 0s",
        ),
        (
            LOAD | {"fails": "100%", "max_task_retry_count": -1},
            "work.fails: must be below 100% where nothing limits the retries, got 100%",
        ),
        (
            [LOAD, LOAD | {"name": "job-0"}],
            "work.1.name: must be the name of one job only, got job-0",
        ),
        (
            {"load": "80%", "tasks": 3, "service": "1s"},
            "work: must have exactly one of load, interarrival, tasks, csv or swf, "
            "got load and tasks",
        ),
        ({"load": "0%", "service": "1s"}, "work.load: must be a load above 0%, at most 10000%"),
        (
            {"load": 80, "service": "1s"},
            "work.load: must be a load such as 80% or 0.8, got 80 (write 80% if that is meant)",
        ),
        (
            {"tasks": 3, "service": "1s", "curve": {"09:00": "100%"}},
            "work.curve: must not be given without load or interarrival, as tasks is the source",
        ),
        (
            {"csv": "c", "curve": {"09:00": "100%"}},
            "work.curve: must not be given without load or interarrival, as csv is the source",
        ),
        (
            LOAD | {"curve": {"09:00": "0%", "10:00": "0%"}},
            "work.curve: must have a share above 0%",
        ),
        (
            LOAD | {"curve": {"09:00": 50}},
            "work.curve.09:00: must be a share such as 0%, 80% or 120%, got 50 (write 50% if that",
        ),
        (
            LOAD | {"curve": {"09:00": 0.0}},
            "work.curve.09:00: must be a share such as 0%, 80% or 120%, got 0.0 (write 0%)",
        ),
        (
            LOAD | {"curve": {"09:00": "10001%"}},
            "work.curve.09:00: must be a share from 0% to 10000%, got 10001%",
        ),
        (
            LOAD | {"curve": {"09:00": "50%", "10:00": "0%", "09:00:00": "60%"}},
            "work.curve: must name each time of day once, got 09:00:00 again",
        ),
        (LOAD | {"curve": {}}, "work.curve: must not be empty"),
        (
            LOAD | {"max_task_retry_count": -2},
            "work.max_task_retry_count: must be 0 or more, or -1 for no limit, got -2",
        ),
    ],
)
def test_a_job_that_could_not_be_is_refused(work, told):
    contents = FILES | {"c": b"submit_s,service_s\n1,1\n"}
    (rule,) = refused(work=work, task_slots_per_node=2, contents=contents)
    assert rule.startswith(f"systems.p.{told}")


def test_retries_without_limit_need_some_chance_to_succeed():
    assert job(**LOAD, fails="99%", max_task_retry_count=-1).max_task_retry_count == -1


@pytest.mark.parametrize("load", ["100%", "120%"])
def test_a_load_that_no_pool_can_bear_is_noted(load):
    share = load.replace("%", " %")
    told = noted(work=[{"load": load, "service": "1s"}])
    assert told == [
        f"systems.p.work: the offered load is {share} of the pool's slots: the queue grows without "
        "end"
    ]
    assert noted(work={"load": "99%", "service": "1s"}) == []


def test_loads_of_jobs_add_up():
    half = {"load": "50%", "service": "1s"}
    (told,) = noted(work=[half, {"interarrival": "1s", "service": "2s"}])
    assert "100 % of the pool's slots" in told


MANY = """\
systems:
  pool:
    kind: batch_pool
    nodes: 2
    work:
      - {interarrival: 1ms, service: 1ms, name: stream}
"""


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (f"horizon: 9h\n{MANY}", "pool.yaml:7:7: systems.pool.work"),
        (
            f"horizon: 1h\n{MANY}variants:\n  fits: {{horizon: 2h}}\n  long: {{horizon: 9h}}\n",
            "pool.yaml:10:3: variants.long: systems.pool.work",
        ),
    ],
    ids=["of the file", "of a variant"],
)
def test_more_tasks_than_there_is_room_for_are_found_when_the_file_is_read(text, place):
    with pytest.raises(ScenarioError) as caught:
        Scenario.from_text(text, "pool.yaml")
    rule = "must bring at most 20,000,000 tasks within the horizon, got 33,177,601"
    assert str(caught.value) == f"{place}: {rule}"


# Files --------------------------------------------------------------------------------------------


def columns(recorded):
    return [each.tolist() for each in (recorded.submit, recorded.service, recorded.slots)]


def test_tasks_of_a_csv_stand_in_order_of_submission():
    recorded = job(csv="tasks.csv", node=2).recorded
    assert columns(recorded) == [[0, 60, 60], [7.5, 5, 0], [1, 2, 1]]
    assert recorded.priority.tolist() == [4, -3, 0]
    assert recorded.dropped == {}
    assert recorded.slots.dtype == recorded.priority.dtype == np.int64


def test_a_csv_without_priorities_has_those_of_its_job():
    contents = {"t": b"service_s,submit_s\n3,1\n4,2\n"}
    (only,) = pool(
        work={"csv": "t", "priority": 5, "required_slots": 2},
        task_slots_per_node=4,
        contents=contents,
    ).work
    assert columns(only.recorded) == [[1, 2], [3, 4], [2, 2]]
    assert only.recorded.priority.tolist() == [5, 5]


def test_recorded_times_are_on_the_grid():
    (only,) = pool(work={"csv": "t"}, contents={"t": b"submit_s,service_s\n0.1,0.7\n"}).work
    assert columns(only.recorded)[:2] == [[102 / 1024], [717 / 1024]]


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"submit_s\n1\n", "must have one column service_s, got none in: submit_s"),
        (b"submit_s,service_s\n-1,5\n", "0 or more seconds, at most 10,000 years, in submit_s"),
        (b"submit_s,service_s\n1,-5\n", "10,000 years, in service_s, got -5"),
        (b"submit_s,service_s\n1,1e300\n", "10,000 years, in service_s, got 1e+300"),
        (
            b"submit_s,service_s,priority\n1,5,1001\n",
            "must have whole numbers from -1000 to 1000 in column priority, got 1001",
        ),
        (
            b"submit_s,service_s,required_slots\n1,5,1.5\n",
            "must have whole numbers 1 or more in column required_slots, got 1.5",
        ),
        (b"submit_s,service_s,priority,priority\n1,5,1,1\n", "got more than one in: "),
    ],
)
def test_what_is_no_csv_of_tasks_is_refused(content, rule):
    (told,) = refused(work={"csv": "t"}, contents={"t": content})
    assert told.startswith("systems.p.work.csv: t: must have ")
    assert rule in told


@pytest.mark.parametrize(
    ("work", "told"),
    [
        (
            LOAD | {"required_slots": 3},
            "work.required_slots: its tasks wait forever and hold up no others, as a node has 2 slots "
            "(task_slots_per_node), got 3",
        ),
        (
            [{"tasks": 1, "service": "1s"}, LOAD | {"required_slots": 9}],
            "work.1.required_slots: its tasks wait forever and hold up no others, as a node has 2 slots "
            "(task_slots_per_node), got 9",
        ),
        (
            {"csv": "c"},
            "work.csv: 2 tasks of c wait forever and hold up no others, as a node has 2 slots (task_slots_per_node)",
        ),
        (
            {"swf": "jobs.swf", "required_slots": 3},
            "work.swf: 3 tasks of jobs.swf wait forever and hold up no others, as a node has 2 slots "
            "(task_slots_per_node)",
        ),
    ],
)
def test_tasks_that_no_node_has_slots_for_are_warned_of_at_their_place(work, told):
    contents = FILES | {"c": b"submit_s,service_s,required_slots\n1,1,3\n1,1,2\n2,1,2147483647\n"}
    assert f"systems.p.{told}" in noted(work=work, task_slots_per_node=2, contents=contents)


def test_each_job_of_a_log_is_a_task_of_one_slot():
    recorded = job(swf="jobs.swf").recorded
    assert columns(recorded) == [[0, 30, 90], [60, 0, 10.5], [1, 1, 1]]
    assert recorded.dropped == {"submit time -1": 1, "run time -1": 1}


def test_a_log_brings_tasks_of_the_slots_and_priority_of_its_job():
    recorded = job(swf="jobs.swf", required_slots=2, priority=7, node=2).recorded
    assert recorded.slots.tolist() == [2, 2, 2]
    assert recorded.priority.tolist() == [7, 7, 7]


def test_the_first_lines_of_a_log_are_taken_before_any_is_dropped():
    recorded = job(swf="jobs.swf", jobs=2).recorded
    assert (columns(recorded), recorded.dropped) == ([[0], [60], [1]], {"run time -1": 1})


def test_jobs_of_a_log_may_ask_for_their_processors():
    """The last job's are not known."""
    recorded = job(swf="jobs.swf", slots="processors", node=4).recorded
    assert columns(recorded) == [[0, 30], [60, 0], [2, 8]]
    assert recorded.dropped == {"submit time -1": 1, "run time -1": 1, "processors -1": 1}
    fitting = recorded.fitting(4)
    assert columns(fitting) == [[0], [60], [2]]
    assert fitting.dropped == recorded.dropped | {"larger than a node of 4": 1}
    assert recorded.fitting(8).dropped == recorded.dropped


def test_what_a_log_drops_is_said():
    note = "systems.p.work: 1 job of jobs.swf dropped: "
    told = noted(work={"swf": "jobs.swf", "slots": "processors"}, task_slots_per_node=4)
    reasons = ("submit time -1", "run time -1", "processors -1", "larger than a node of 4")
    assert told == [f"{note}{reason}" for reason in reasons]


def test_a_file_that_is_missing_is_told_once():
    (told,) = refused(work={"csv": "gone.csv", "service": "3min"}, contents={})[:1]
    assert told.startswith("systems.p.work.csv: must name a file that can be read")
    service = {"empirical": {"csv": "gone.csv", "column": "s"}}
    (told,) = refused(work={"load": "80%", "service": service}, contents={})
    assert told.startswith(
        "systems.p.work.service.empirical.csv: must name a file that can be read"
    )


def test_files_are_found_at_every_depth():
    text = """
systems:
  p:
    kind: batch_pool
    nodes: 1
    start_task: {duration: {empirical: {csv: a.csv, column: s}}}
    work:
      - {tasks: 1, service: {empirical: {csv: b.csv, column: s}}}
      - {csv: c.csv}
      - {swf: d.swf.gz}
"""
    assert Document.of_text(text).files == ("a.csv", "b.csv", "c.csv", "d.swf.gz")
    contents = {"a.csv": b"s\n5\n", "b.csv": b"s\n7\n", "c.csv": CSV, "d.swf.gz": SWF}
    p = Scenario.from_text(
        text.replace("nodes: 1", "nodes: 1\n    task_slots_per_node: 2"), contents=contents
    ).systems["p"]
    assert (p.start_task.duration.mean, p.work[0].service.mean) == (5.0, 7.0)
    assert [len(each.recorded.submit) for each in p.work[1:]] == [3, 3]


@real
def test_the_first_2000_jobs_of_the_nasa_log_become_as_many_tasks():
    content = (LOGS / "NASA-iPSC-1993-3.1-cln.swf").read_bytes()
    (only,) = pool(work={"swf": "nasa.swf", "jobs": 2000}, contents={"nasa.swf": content}).work
    recorded = only.recorded
    assert (len(recorded.submit), recorded.dropped) == (2000, {})
    assert np.count_nonzero(recorded.service == 0) == 14
    assert recorded.submit[:3].tolist() == [0, 1460, 5198]
    assert recorded.service[:3].tolist() == [1451, 3726, 1067]


@real
def test_a_log_with_unknown_run_times_is_read():
    content = (LOGS / "hpc2n-alea-2023.swf").read_bytes()
    (only,) = pool(work={"swf": "hpc2n.swf"}, contents={"hpc2n.swf": content}).work
    assert (len(only.recorded.submit), only.recorded.dropped) == (3145, {"run time -1": 25})
