"""Tasks that a file recorded: CSV files and job logs."""

from __future__ import annotations

import numpy as np
import pytest
from any_pool import CSV, SWF, job, noted, pool, refused
from places import DATA

from sim.scenario import Document, Scenario

LOGS = DATA / "swf"
real = pytest.mark.skipif(not LOGS.is_dir(), reason="the real logs are not beside the repository")


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


def test_a_task_of_a_csv_must_fit_into_a_node():
    (told,) = refused(work=[{"csv": "tasks.csv"}])
    rule = "must be at most 1, the slots of a node (task_slots_per_node)"
    assert told == f"systems.p.work.0.csv: {rule}, got 2 in column required_slots of tasks.csv"


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
