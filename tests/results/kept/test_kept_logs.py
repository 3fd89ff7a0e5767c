"""What a worker keeps of logs: rows of each sound replication, or nothing where the disk is full."""

import pickle

import pyarrow.parquet as pq
import pytest
from failing import fail
from made_results import CHANCE

import sim
from sim.core.errors import ScenarioError
from sim.experiments.running import chunks
from sim.experiments.running.auditing import fault
from sim.experiments.running.chunks import Chunk, measure
from sim.files.part_files import PartFile, PartsFolder
from sim.results import tables
from sim.results.events import EVENTS
from sim.results.kept.kept_logs import KEEP, LogKeeper, check_keep
from sim.results.replication import Replication
from sim.simulation import Simulation


@pytest.fixture
def folder(tmp_path):
    return PartsFolder.at(tmp_path / "parts")


@pytest.fixture
def simulation():
    return Simulation(sim.loads(CHANCE))


def kept(simulation, folder, what, numbers=range(2, 5)):
    keeper = pickle.loads(pickle.dumps(LogKeeper(folder, "a" * 64, what)))
    return measure(simulation, Chunk(numbers, keeper=keeper)).kept


def expected(simulation, numbers):
    runs = [Replication.of(simulation, number, "") for number in numbers]
    return tables.joined([piece for run in runs for piece in KEEP["events"](run)], EVENTS)


def test_nothing_is_kept_unless_it_is_asked_for(simulation):
    assert measure(simulation, Chunk(range(3))).kept == {}


def test_a_chunk_has_a_file_of_what_is_kept_of_its_logs(simulation, folder):
    files = kept(simulation, folder, ("events", "timelines"))
    assert set(files) == {"events", "timelines"}
    table = pq.read_table(folder.path / files["events"]).to_pylist()
    assert table == expected(simulation, range(2, 5)).to_pylist()


def breaks_a_rule(monkeypatch, number):
    """Let the log of a replication break a rule of its model, which is seen when it is made."""

    def audit(simulation, stack, logs):
        if number in stack.numbers:
            raise fault(simulation, "boom", number, 0.0)
        real(simulation, stack, logs)

    real = chunks.audit
    monkeypatch.setattr(chunks, "audit", audit)


@pytest.mark.parametrize("how", ["in its run", "in its audit"])
def test_what_failed_is_not_kept(how, simulation, folder, monkeypatch):
    if how == "in its run":
        fail(monkeypatch, [3], RuntimeError("boom"))
    else:
        breaks_a_rule(monkeypatch, 3)
    files = kept(simulation, folder, ("events",))
    table = pq.read_table(folder.path / files["events"])
    assert set(table.column("replication").to_pylist()) == {2, 4}


def test_a_full_disk_costs_what_would_be_kept_and_no_replication(simulation, folder, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(PartFile, "add", full)
    keeper = LogKeeper(folder, "a" * 64, ("events",))
    part = measure(simulation, Chunk(range(3), keeper=keeper))
    assert (part.kept, part.numbers.tolist()) == ({}, [0, 1, 2])
    assert [each for each in folder.path.iterdir() if each.suffix != ".token"] == []


def test_an_interruption_leaves_nothing_half_written(simulation, folder, monkeypatch):
    keeper = LogKeeper(folder, "a" * 64, ("events",))

    def interrupted(*_):
        assert len([each for each in folder.path.iterdir() if each.suffix == ".new"]) == 1
        raise KeyboardInterrupt

    monkeypatch.setattr("sim.files.tables.ROW_GROUP", 10)
    monkeypatch.setattr(PartFile, "close", interrupted)
    with pytest.raises(KeyboardInterrupt):
        measure(simulation, Chunk(range(3), keeper=keeper))
    assert [each for each in folder.path.iterdir() if each.suffix != ".token"] == []


@pytest.mark.parametrize("keep", ["events", 3, ["event"]])
def test_what_cannot_be_kept_is_refused(keep):
    with pytest.raises(ScenarioError, match=r"keep must be a list|must be something to keep"):
        check_keep(keep)
