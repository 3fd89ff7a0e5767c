"""A worker knows a scenario from the first time on, and imports little."""

import pickle

import pytest
from shells import python

from sim.experiments.running import worker
from sim.experiments.running.chunks import Chunk
from sim.experiments.running.jobs import Job
from sim.files import loads
from sim.simulation import Simulation

TEXT = """\
horizon: 1h
seed: SEED
systems:
  shop: {kind: cloud_service, roles: {WebRole: {instances: 4}}}
operations:
  - at: 1min
    upgrade_deployment: {build: "42"}
"""


def job(seed):
    return Job(Simulation(loads(TEXT.replace("SEED", str(seed)))), range(3))


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    monkeypatch.setattr(worker, "_made_ready", type(worker._made_ready)())


def test_scenario_is_known_from_the_first_time_on():
    pickled, digest = job(1).pickled
    assert worker.work(digest, None, Chunk([0])) is None
    first = worker.work(digest, pickled, Chunk([0]))
    assert first.numbers.tolist() == [0]
    assert worker.work(digest, None, Chunk([1])).numbers.tolist() == [1]


def test_the_oldest_scenarios_are_forgotten():
    for seed in range(worker.MOST_KEPT + 1):
        pickled, digest = job(seed).pickled
        worker.work(digest, pickled, Chunk([0]))
    assert worker.work(job(0).pickled[1], None, Chunk([0])) is None
    assert worker.work(job(1).pickled[1], None, Chunk([0])) is not None


def test_process_of_a_pool_keeps_freed_memory(monkeypatch):
    told = []
    monkeypatch.setattr(worker, "keep_freed_memory", lambda: told.append("kept"))
    monkeypatch.setattr(worker.signal, "signal", lambda *_: None)
    monkeypatch.setattr(worker.threading.Thread, "start", lambda _: None)
    worker.begin()
    assert told == ["kept"]


ASKED = """
import pickle, sys
from sim.experiments.running.worker import work
from sim.experiments.running.chunks import Chunk
content, digest = pickle.loads(sys.stdin.buffer.read())
assert len(work(digest, content, Chunk(range(50))).numbers) == 50
libraries = {"pandas", "matplotlib", "scipy.stats", "pyarrow", "tqdm"}
rss = [line for line in open("/proc/self/status") if line.startswith("VmHWM")] if sys.platform == "linux" else ["VmHWM: 0 kB"]
print(sorted(libraries.intersection(sys.modules)), int(rss[0].split()[1]) < 150_000)
"""


def test_worker_needs_no_tables_no_pictures_and_little_memory(tmp_path):
    (tmp_path / "job").write_bytes(pickle.dumps(job(1).pickled))
    code = ASKED.replace("sys.stdin.buffer.read()", "open('job', 'rb').read()")
    done = python("-c", code, cwd=tmp_path)
    assert (done.stdout, done.stderr) == ("[] True\n", "")
