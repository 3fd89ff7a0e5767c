"""Places where chunks are measured."""

import os
import signal
import sys
import time
from concurrent.futures import BrokenExecutor
from pathlib import Path

import pytest
from shells import python
from unsteady import Shuffled

from sim.experiments.running import places
from sim.experiments.running.jobs import Job
from sim.experiments.running.places import UNKNOWN_ROOM, Pool, Workers, cores
from sim.files import loads
from sim.simulation import Simulation

TEXT = """\
horizon: 1h
systems:
  shop: {kind: cloud_service, roles: {WebRole: {instances: 4}}}
operations:
  - at: 1min
    upgrade_deployment: {build: "42"}
"""


@pytest.fixture
def job():
    return Job(Simulation(loads(TEXT)), range(100))


def test_room_of_an_executor_is_that_of_its_workers():
    with Shuffled(1, workers=3) as executor:
        assert Workers(executor).room == 7
        del executor._max_workers
        assert Workers(executor).room == UNKNOWN_ROOM


def test_scenario_goes_along_with_the_first_chunks_only(job):
    given = []

    class Taking(Shuffled):
        def submit(self, _, *task):
            given.append(task[1] is not None)

    with Taking(1, workers=1) as executor:
        place = Workers(executor)
        for _ in range(5):
            place.submit(job, job.cut(1), whole=False)
        place.submit(job, job.cut(1), whole=True)
    assert given == [True, True, True, False, False, True]


def test_daemons_have_no_processes(monkeypatch):
    assert cores() >= 1

    class Daemon:
        daemon = True

    monkeypatch.setattr(places.multiprocessing, "current_process", Daemon)
    assert cores() == 1


SCRIPT = """
import sim
from pathlib import Path
with open("began", "a") as file:
    file.write("x")
print(len(sim.run("random.yaml", workers=2).replications) > 0)
"""


def test_script_without_a_guard_runs_once(folder):
    (folder / "script.py").write_text(SCRIPT, "utf-8")
    done = python("script.py", cwd=folder)
    assert (done.stdout, done.stderr) == ("True\n", "")
    assert (folder / "began").read_text("utf-8") == "x"


def test_processes_start_before_there_is_work_no_more_than_cores(monkeypatch):
    monkeypatch.setattr(places, "cores", lambda: 2)
    pool = Pool(3)
    try:
        assert not pool.is_warm
        pool.start()
        assert len(pool._context.started) == 2
        for each in pool._warming:
            each.result()
        assert pool.is_warm
    finally:
        pool.close()


def test_what_starts_processes_waits_for_no_model():
    heavy = "numpy pydantic simpy yaml"
    code = "import sys, sim.experiments.running.places; print(*sys.modules)"
    done = python("-c", code)
    assert set(heavy.split()).isdisjoint(done.stdout.split())


@pytest.mark.skipif(sys.platform != "linux", reason="threads are counted in /proc")
def test_processes_have_no_threads_for_matrices(monkeypatch):
    for name in ("OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "OMP_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    assert len(threads()) == 2  # what measures, and what ends with its parent
    assert "OPENBLAS_NUM_THREADS" not in os.environ


def threads():
    pool = Pool(1)
    try:
        pool.start()
        return pool.executor.submit(os.listdir, "/proc/self/task").result()
    finally:
        pool.close()


HALF = """
import os, time
from sim.experiments.running.places import Pool
pool = Pool(1)
pool.executor.submit(os.getpid).result()
pool.executor.submit(time.sleep, 60)
# As a process does that dies while it sends: the length of a message, and nothing more.
os.write(pool._context._results._writer.fileno(), b"\\0\\0\\1\\0")
time.sleep(0.2)
pool.close()
print("closed")
"""


def test_a_pool_ends_though_a_process_died_while_it_sent_a_result(tmp_path):
    done = python("-c", HALF, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "closed\n")


DEAF = """
import os, time
from sim.experiments.running.places import Pool
pool = Pool(1)
pool.start()
os.kill(pool._context.started[0].pid, 2)  # while it is importing
pool._warming[0].result()
pool.close()
"""


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_processes_never_hear_of_an_interruption(tmp_path):
    done = python("-c", DEAF, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


ORPHANS = """
import os, sys, time
from sim.experiments.running.places import Pool
pool = Pool(2)
for _ in range(2):
    pool.executor.submit(time.sleep, 0.2).result()
print(*[process.pid for process in pool._context.started], flush=True)
os.kill(os.getpid(), 9)
"""


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_processes_die_with_a_parent_that_is_killed(tmp_path):
    done = python("-c", ORPHANS, cwd=tmp_path)
    assert done.returncode == -signal.SIGKILL
    pids = [int(word) for word in done.stdout.split()]
    assert pids
    for _ in range(100):
        if not any(alive(pid) for pid in pids):
            return
        time.sleep(0.1)
    pytest.fail("a process has outlived its parent by 10 seconds")


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # In a container nobody may ask how a process ended: then its number stays.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.parametrize("error", [BrokenExecutor("a process died"), OSError("handle is closed")])
def test_pool_that_breaks_while_it_takes_a_chunk_has_lost_it(job, error, monkeypatch):
    pool = Pool(1)

    def breaking(*_):
        raise error

    monkeypatch.setattr(pool.executor, "submit", breaking)
    pool._context.Process(target=int)  # never started
    future = pool.submit(job, job.cut(1), whole=True)
    assert pool.is_lost(future.exception())
    assert pool.renew()
    assert pool.submit(job, job.cut(1), whole=True).result().numbers.tolist() == [1]
    pool.close()


def test_closed_pool_has_no_processes(job):
    pool = Pool(1)
    pool.submit(job, job.cut(1), whole=True).result()
    pool.close()
    assert not any(process.is_alive() for process in pool._context.started)
