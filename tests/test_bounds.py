"""Files that ask for a run without end: each ends, and is told what makes it so long.

What ends a run is a number of events or of rows, never a time. The limits are small here.
"""

from __future__ import annotations

import pickle
import re

import pytest

import sim
from sim import bounds
from sim.cli import main
from sim.core import random_streams
from sim.core.errors import ScenarioError, TooMuchError
from sim.core.random_streams import draws
from sim.forecast import explanation
from sim.formats.distributions import Distribution
from sim.scenario import Scenario
from sim.simulation import Simulation

ROWS, EVENTS = 5_000, 20_000


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    monkeypatch.setattr(bounds, "MOST_ROWS", ROWS)
    monkeypatch.setattr(bounds, "MOST_EVENTS", EVENTS)


FAILING_SERVICE = """\
horizon: 1h
systems:
  shop:
    kind: cloud_service
    roles:
      Web:
        instances: 2
        failures: {per_year: 1e9, recovery: 0s}
"""

FAILING_POOL = """\
horizon: 1h
systems:
  pool:
    kind: batch_pool
    nodes: 2
    failures: {per_year: 1e9, recovery: 0s}
"""

FAILING_WHILE_OUT = """\
horizon: 1h
systems:
  pool:
    kind: batch_pool
    nodes: 2
    failures: {per_year: 1e9, recovery: 1h}
"""

ENDLESS_TASK = """\
horizon: 1h
systems:
  pool:
    kind: batch_pool
    nodes: 1
    work: {tasks: 1, service: 0s, fails: 99.9999999999%, max_task_retry_count: -1}
"""

ENDLESS_START_TASK = """\
horizon: 1h
systems:
  pool:
    kind: batch_pool
    nodes: 2
    start_task: {duration: 0s, fails: 99.9999999999%, max_retry_count: -1}
operations:
  - {at: 1min, reboot_node: {node: node-0}}
"""

NEVER_READY = """\
horizon: 1h
systems:
  shop:
    kind: cloud_service
    builds: {"2": {fails_to_start: 99.9999999%}}
    roles:
      Web: {instances: 2, restart: 0s}
operations:
  - {at: 1min, upgrade_deployment: {mode: Simultaneous}}
"""

NEVER_HEALTHY = """\
horizon: 1h
systems:
  plant:
    kind: arc_fleet
    machines: 2
    discovery: 1ms
    install: 1ms
    health_window: 1ms
    rollback: 1ms
    retry_after: 1ms
    also_supported: [P/T]
    extensions:
      - {publisher: P, type: T, version: 1.0.0, enable_automatic_upgrade: true}
operations:
  - {at: 1min, publish_extension: {type: T, version: 1.1.0, unhealthy: {machines: 100%}}}
"""

FLICKERING = """\
horizon: 90d
systems:
  plant:
    kind: arc_fleet
    groups:
      ships: {count: 3, disconnected: {share: 100%, on: 1ms, off: 1ms}}
    extensions:
      - {publisher: P, type: T, version: 1.0.0}
"""

LOOKING = """\
horizon: 1d
systems:
  shop:
    kind: cloud_service
    roles:
      Web: {instances: 10}
operations:
  - at: 1min
    upgrade_deployment:
      mode: Manual
      operator: {bake: 2h, look_every: 1ms, stop_above: 50%}
"""

TOLD = {
    FAILING_SERVICE: (
        "t.yaml:8:30: systems.shop.roles.Web.failures.per_year: asks for too much: "
        "replication 0 has 5,001 rows of the log at 38s of 1h, and 5,000 are the most; 5,001 "
        "of them are of instances of Web that fail"
    ),
    FAILING_POOL: (
        "t.yaml:6:26: systems.pool.failures.per_year: asks for too much: replication 0 has "
        "5,001 rows of the log at 40s of 1h, and 5,000 are the most; 5,001 of them are of "
        "nodes that fail"
    ),
    FAILING_WHILE_OUT: (
        "t.yaml:6:26: systems.pool.failures.per_year: asks for too much: replication 0 has "
        "had 20,000 events at 5min19s of 1h, the maximum; the last of them "
        "were of nodes that fail"
    ),
    ENDLESS_TASK: (
        "t.yaml:6:80: systems.pool.work.max_task_retry_count: asks for too much: replication "
        "0 has 5,002 rows of the log at 0s of 1h, and 5,000 are the most; 5,002 of them are "
        "of tasks of job, which fail and run again"
    ),
    ENDLESS_START_TASK: (
        "t.yaml:6:72: systems.pool.start_task.max_retry_count: asks for too much: replication "
        "0 has had 20,000 events at 1min of 1h, the maximum; the last of them "
        "were of start tasks, which fail and run again"
    ),
    NEVER_READY: (
        "t.yaml:5:36: systems.shop.builds.2.fails_to_start: asks for too much: replication 0 "
        "has had 20,000 events at 1min of 1h, the maximum; the last of them "
        "were of instances of Web that try again to start"
    ),
    NEVER_HEALTHY: (
        "t.yaml:15:35: operations.0.publish_extension: asks for too much: replication 0 has "
        "5,001 rows of the log at 1min2s of 1h, and 5,000 are the most; 4,998 of them are of "
        "installations of T because of publish_extension-0, again and again"
    ),
    FLICKERING: (
        "t.yaml:6:39: systems.plant.groups.ships.disconnected: asks for too much: replication "
        "0 has more than 5,000 rows of the log at 0s of 90d, the maximum; the "
        "next ones would be of machines of ships that connect and disconnect"
    ),
    LOOKING: (
        "t.yaml:11:40: operations.0.upgrade_deployment.operator.look_every: asks for too "
        "much: replication 0 has had 20,000 events at 4min48s of 1d, the maximum; "
        "the last of them were of looks of the operator of upgrade_deployment-0"
    ),
}


def simulation(text):
    return Simulation(Scenario.from_text(text, "t.yaml"))


@pytest.mark.parametrize("text", TOLD)
def test_a_run_without_end_ends_and_what_makes_it_so_long_is_told(text):
    with pytest.raises(TooMuchError) as error:
        simulation(text).run(0)
    assert str(error.value) == TOLD[text]


def test_more_failures_than_can_be_calculated_with_are_refused_at_once():
    with pytest.raises(ScenarioError, match=r"t.yaml:8:30: .*per_year: must be 0 or from .* 1e12"):
        simulation(FAILING_SERVICE.replace("1e9", "1e12"))


@pytest.mark.filterwarnings("ignore::sim.core.errors.LongRunWarning")
@pytest.mark.parametrize("text", TOLD)
def test_every_way_to_run_it_tells_so(text, tmp_path, monkeypatch, capsys):
    (tmp_path / "t.yaml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    made = sim.load("t.yaml").with_variants({"one": {}, "two": {}})
    for run in (sim.run_one, sim.run, sim.compare):
        with pytest.raises(TooMuchError, match="asks for too much: replication 0 has"):
            run(made, force=True)
    assert main(["run", "t.yaml", "--no-files", "--quiet", "--force"]) == 2
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", f"{TOLD[text]}\n")


@pytest.mark.parametrize("text", TOLD)
def test_what_is_told_before_a_run_comes_all_the_same(text):
    made = simulation(text)
    assert made.scenario.name in explanation.describe(made)
    explanation.predicted_rejections(made)


def test_so_many_rows_and_events_are_no_more_than_there_may_be(monkeypatch):
    """The last event is that of the horizon."""
    made = simulation(
        "horizon: 1h\nsystems: {pool: {kind: batch_pool, nodes: 1, work: {tasks: 5, service: 1s}}}\n"
    )
    rows, events = 15, 1 + 5 + 1
    monkeypatch.setattr(bounds, "MOST_ROWS", rows)
    monkeypatch.setattr(bounds, "MOST_EVENTS", events)
    assert len(made.run(0)) == rows
    monkeypatch.setattr(bounds, "MOST_ROWS", rows - 1)
    with pytest.raises(TooMuchError, match=r"has 15 rows of the log at .*, and 14 are"):
        made.run(0)
    monkeypatch.setattr(bounds, "MOST_ROWS", rows)
    monkeypatch.setattr(bounds, "MOST_EVENTS", events - 1)
    with pytest.raises(TooMuchError, match="has had 6 events"):
        made.run(0)


def test_an_operator_who_looks_at_many_instances_has_fewer_looks():
    few, many = (LOOKING.replace("instances: 10", f"instances: {n}") for n in (10, 1000))
    at = []
    for text in (few, many):
        with pytest.raises(TooMuchError) as error:
            simulation(text.replace("mode: Manual", "mode: Manual\n      build: '2'")).run(0)
        at.append(re.search(r"at (\S+) of 1d", str(error.value))[1])
    assert at[0] != at[1]


def test_the_error_survives_pickling():
    error = TooMuchError.of("asks for too much", path="systems.shop")
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), again.problems) == (TooMuchError, error.problems)


# Memory -------------------------------------------------------------------------------------------

TWO_SYSTEMS = """\
horizon: 1h
systems:
  large: {kind: cloud_service, roles: {Web: {instances: 300}, Small: {instances: 2}}}
  small:
    kind: batch_pool
    nodes: 3
    work: {tasks: 90, service: 1s, required_slots: 1}
operations:
  - {at: 1min, upgrade_deployment: {system: large}}
"""


def exhausted(*_, **__):
    raise MemoryError


def test_a_run_without_memory_tells_what_there_is_most_of(monkeypatch):
    """As long as there are few rows these are the subjects."""
    monkeypatch.setattr("sim.systems.batch_pool.model.Pool", exhausted)
    with pytest.raises(TooMuchError) as error:
        simulation(TWO_SYSTEMS).run(3)
    assert str(error.value) == (
        "t.yaml:3:10: systems.large: asks for too much: this machine does not have the memory for "
        "replication 3; 300 of 417 subjects are instances of Web"
    )


def test_a_run_without_memory_tells_of_what_most_rows_are(monkeypatch):
    """Where there are more of them than of subjects."""
    monkeypatch.setattr("sim.systems.batch_pool.scheduler.Scheduler._failed", exhausted)
    text = TWO_SYSTEMS.replace("tasks: 90", "tasks: 180").replace("service: 1s", "service: 30s")
    text = text.replace("Web: {instances: 300}", "Web: {instances: 3}")
    rare = "required_slots: 1, fails: 1%"
    with pytest.raises(TooMuchError) as error:
        simulation(text.replace("required_slots: 1", rare)).run(0)
    assert str(error.value).startswith(
        "t.yaml:7:11: systems.small.work: asks for too much: this machine does not have the memory for "
        "replication 0; "
    )
    assert str(error.value).endswith("rows of the log are of tasks of job")


@pytest.mark.parametrize(
    "place", ["sim.core.stack.Stack.audit", "sim.systems.cloud_service.model.metrics.measure"]
)
def test_an_analysis_without_memory_tells_the_same(place, monkeypatch):
    monkeypatch.setattr(place, exhausted)
    with pytest.raises(TooMuchError, match=r"t.yaml:3:10: .* memory for replication 0; 300 of 328"):
        sim.run(Scenario.from_text(TWO_SYSTEMS.replace("tasks: 90", "tasks: 1"), "t.yaml"))


def test_subjects_without_memory_name_their_system(monkeypatch):
    monkeypatch.setattr("sim.systems.batch_pool.layout.PoolLayout.__init__", exhausted)
    with pytest.raises(
        TooMuchError, match=r"t.yaml:5:5: systems.small: .* not have the memory for its"
    ):
        simulation(TWO_SYSTEMS)


def test_the_shell_tells_of_no_memory_as_of_wrong_input(shell, folder, monkeypatch):
    (folder / "two.yaml").write_text(TWO_SYSTEMS, encoding="utf-8")
    for place in ("sim.simulation.Context.run", "sim.cli.inputs.load"):
        with monkeypatch.context() as patch:
            patch.setattr(place, exhausted)
            code, out, err = shell("run", "two.yaml", "--no-files")
        assert (code, out) == (2, "")
        assert len(err.splitlines()) == 1
        assert "asks for too much: this machine does not have the memory for" in err


def test_an_answer_stands_whose_results_need_more_memory_than_there_is(shell, monkeypatch):
    monkeypatch.setattr("sim.results.results.Results.save", exhausted)
    code, out, err = shell("run", "random.yaml")
    assert code == 5
    assert "20 instances" in out
    assert err.splitlines()[-1] == (
        "rollout-sim: this machine does not have the memory to save the results; nothing is saved"
    )


def test_what_is_dropped_is_drawn_again(monkeypatch):
    seconds = Distribution.memoryless(60.0)
    asked = [(member, attempt) for attempt in range(20) for member in (0, 5, 3, 0)]

    def drawn():
        times = draws(1, 2).times("path", seconds, 8)
        return [times[each] for each in asked]

    kept = drawn()
    monkeypatch.setattr(random_streams, "KEPT", 200)
    assert drawn() == kept
    times = draws(1, 2).times("path", seconds, 8)
    for attempt in range(100):
        _ = times[0, attempt]
    assert len(times._blocks) <= 6
