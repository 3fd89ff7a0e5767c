"""The work of a Batch pool: jobs by load, gaps, bags and files, and what could not be."""

from __future__ import annotations

import pytest
from any_pool import FILES, LOAD, job, noted, pool, refused
from places import DATA

from sim.core.errors import ScenarioError
from sim.formats.distributions import Distribution
from sim.scenario import Scenario

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
            LOAD | {"required_slots": 3},
            "work.required_slots: must be at most 2, the slots of a node (task_slots_per_node), "
            "got 3",
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
        f"systems.p.work: {share} of the pool's slots is asked for: the queue grows without end"
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
