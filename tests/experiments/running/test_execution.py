"""Results are the same however replications are cut, wherever they are made, whatever ends first."""

import os
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor, ThreadPoolExecutor
from threading import Event

import numpy as np
import pytest
from equality import equal
from failing import fail
from small_shop import CERTAIN
from unsteady import Forgetful, Shuffled, broken

from sim.core.errors import ModelError, ScenarioError, TooMuchError
from sim.experiments.running import execution, places, samples
from sim.experiments.running.execution import Execution
from sim.experiments.running.here import Here
from sim.experiments.running.jobs import Job
from sim.experiments.running.places import Pool
from sim.experiments.running.replications import replicate
from sim.files import loads
from sim.simulation import Simulation


def made(jobs, place=None, **settings):
    with Execution(**({"workers": 1} | settings)) as one:
        if place is not None:
            one._place = place
        return [*one.measured(jobs, 0)]


@pytest.fixture(params=[0.0, 0.002, 10.0])
def chunks_of(request, monkeypatch):
    """Chunks of one replication, of a few, of all that are left."""
    monkeypatch.setattr(execution, "LONG", request.param)
    monkeypatch.setattr(execution, "SHORT", request.param)


@pytest.mark.usefixtures("chunks_of")
def test_chunks_change_nothing(simulation, monkeypatch):
    for runs, steps in ((2_000, 2_000_000), (11, 2_000_000), (2_000, 100)):
        monkeypatch.setattr(samples, "SAMPLE_RUNS", runs)
        monkeypatch.setattr(samples, "SAMPLE_STEPS", steps)
        (one,) = made([Job(simulation, range(40))])
        assert equal(one, replicate(simulation, range(40)))


@pytest.mark.usefixtures("chunks_of")
@pytest.mark.parametrize("seed", range(3))
def test_whatever_ends_first_changes_nothing(simulation, seed):
    with Shuffled(seed) as executor:
        every = [Job(simulation, range(25)), Job(simulation, [3]), Job(simulation, range(5, 60))]
        for one, numbers in zip(
            made(every, executor=executor, workers=None),
            (range(25), [3], range(5, 60)),
            strict=True,
        ):
            assert equal(one, replicate(simulation, numbers))


@pytest.mark.parametrize("workers", [1, 2, 7])
def test_processes_change_nothing(simulation, monkeypatch, workers):
    monkeypatch.setattr(execution, "LONG", 0.01)
    monkeypatch.setattr(execution, "SHORT", 0.001)
    jobs = [Job(simulation, range(120)), Job(Simulation(loads(CERTAIN)), range(50))]
    one, other = made(jobs, Pool(workers))
    assert equal(one, replicate(simulation, range(120)))
    assert equal(other, replicate(Simulation(loads(CERTAIN)), range(50)))
    assert other.numbers.tolist() == [0]


@pytest.mark.usefixtures("chunks_of")
def test_what_fails_fails_in_the_same_way(simulation, monkeypatch):
    fail(monkeypatch, [0, 4, 17], RuntimeError("boom"))
    whole = replicate(simulation, range(20))
    assert [each.replication for each in whole.failures] == [0, 4, 17]
    assert equal(made([Job(simulation, range(20))])[0], whole)
    with Shuffled(3) as executor:
        (one,) = made([Job(simulation, range(20))], executor=executor, workers=None)
    assert [each.replication for each in one.failures] in ([0, 4, 17], [])


@pytest.mark.usefixtures("chunks_of")
def test_first_ones_that_all_fail_raise_the_first_error(simulation, monkeypatch):
    fail(monkeypatch, range(12), RuntimeError("boom"))
    for make in (
        lambda: made([Job(simulation, range(40))]),
        lambda: replicate(simulation, range(40)),
    ):
        with pytest.raises(ModelError, match="boom") as error:
            make()
        assert error.value.replication == 0


@pytest.mark.usefixtures("chunks_of")
def test_memory_that_does_not_suffice_for_the_first_one_is_raised(simulation, monkeypatch):
    fail(monkeypatch, [0], MemoryError())
    with pytest.raises(TooMuchError, match="replication 0"):
        made([Job(simulation, range(40))])


def test_dead_workers_lose_nothing(simulation, monkeypatch):
    monkeypatch.setattr(execution, "LONG", 0.0)
    place = Forgetful(3)
    (one,) = made([Job(simulation, range(40))], place)
    assert equal(one, replicate(simulation, range(40)))
    assert place.renewed > 5


class Deadly(Here):
    """Its process dies of some replications."""

    room = 3

    def __init__(self, numbers):
        self.numbers, self.alone = set(numbers), []

    def submit(self, job, chunk, *, whole):
        if not self.numbers.intersection(chunk.numbers):
            return super().submit(job, chunk, whole=whole)
        self.alone.append(len(chunk.numbers))
        return broken()

    def renew(self):
        return True


def test_replication_that_kills_its_worker_is_named_and_left_out(simulation, monkeypatch):
    monkeypatch.setattr(execution, "LONG", 10.0)
    monkeypatch.setattr(execution, "SHORT", 10.0)
    place = Deadly([13, 14])
    (one,) = made([Job(simulation, range(40))], place)
    whole = replicate(simulation, range(40))
    assert equal(
        one,
        execution.replace(
            whole.only(~np.isin(whole.numbers, [13, 14])),
            failures=one.failures,
            sampled=one.sampled,
        ),
    )
    assert [each.replication for each in one.failures] == [13, 14]
    assert "was killed each time" in one.failures[0].message
    assert place.alone[-1] == 1


def test_scenario_whose_every_replication_kills_its_worker_raises(simulation):
    with pytest.raises(ModelError, match="was killed each time") as error:
        made([Job(simulation, range(40))], Deadly(range(40)))
    assert error.value.replication == 0


def test_executor_of_the_caller_is_not_made_again(simulation):
    class Broken(Shuffled):
        def submit(self, *_):
            return broken()

    with Broken(1) as executor, pytest.raises(BrokenExecutor, match="make another one"):
        made([Job(simulation, range(4))], executor=executor, workers=None)


@pytest.mark.parametrize("workers", [0, -1, True, 2.5, "2", 10**6])
def test_number_of_workers_is_a_whole_number(workers):
    with pytest.raises(ScenarioError, match="workers: must be a whole number from 1 to 1,000, got"):
        Execution(workers=workers)


def test_workers_are_not_asked_of_an_executor():
    with Shuffled(1) as executor, pytest.raises(ScenarioError, match="together with an executor"):
        Execution(executor, workers=2)


def test_executor_of_the_caller_stays_open(simulation):
    with Shuffled(1) as executor:
        made([Job(simulation, range(4))], executor=executor, workers=None)
        assert executor.submit(int, "7").result() == 7


class Watched(Here):
    """Remembers what it got, and pretends to be several."""

    def __init__(self, room):
        self.room, self.got = room, []

    def submit(self, job, chunk, *, whole):
        self.got.append((job, chunk))
        return super().submit(job, chunk, whole=whole)


def test_workers_are_kept_busy_across_jobs_and_few_of_them_are_begun(simulation):
    place, begun = Watched(3), []

    def jobs():
        for number in range(30):
            begun.append(number)
            yield Job(simulation, range(2))

    with Execution(workers=1) as one:
        one._place = place
        ahead = [len(begun) - done for done, _ in enumerate(one.measured(jobs(), 0))]
    assert len(ahead) == 30
    assert max(ahead) > 1
    assert max(ahead) <= 2 * place.room + 1


def test_what_need_not_be_random_is_not_tried_twice_at_once():
    simulations = [Simulation(loads(CERTAIN)) for _ in range(4)]
    place = Watched(3)
    every = made([Job(each, range(50)) for each in simulations], place)
    assert [len(one.numbers) for one in every] == [1] * 4
    first = [chunk.is_first for _, chunk in place.got[:3]]
    assert first == [True] * 3


@pytest.mark.skipif("ROLLOUT_SIM_DASK" in os.environ, reason="it begins elsewhere")
def test_work_moves_to_all_cores_only_where_it_is_worth_it(simulation, monkeypatch):
    moved = []

    class Instead(Here):
        is_warm = True

        def __init__(self, workers):
            moved.append(workers)

        def start(self):
            pass

    monkeypatch.setattr(execution, "Pool", Instead)
    monkeypatch.setattr(execution, "cores", lambda: 4)
    monkeypatch.setattr(execution, "available", lambda: 1e12)
    made([Job(simulation, range(20))], workers=None)
    assert moved == []
    for least in ("WORTHWHILE", "SHORT"):
        monkeypatch.setattr(execution, least, 1e-9)
    made([Job(simulation, range(20))], workers=None)
    assert moved == [4]
    monkeypatch.setattr(execution, "available", lambda: 5e8)  # there is memory for two
    made([Job(simulation, range(20))], workers=None)
    assert moved == [4, 2]


@pytest.mark.skipif("ROLLOUT_SIM_DASK" in os.environ, reason="it begins elsewhere")
def test_this_process_goes_on_until_the_others_have_started(simulation, monkeypatch):
    asked, got, closed = [], [], []

    class Starting(Here):
        def __init__(self, _):
            pass

        def start(self):
            pass

        @property
        def is_warm(self):
            asked.append(self)
            return len(asked) > 3

        def submit(self, job, chunk, *, whole):
            got.append(chunk)
            return super().submit(job, chunk, whole=whole)

        def close(self):
            closed.append(self)

    monkeypatch.setattr(execution, "Pool", Starting)
    monkeypatch.setattr(execution, "cores", lambda: 4)
    for least in ("WORTHWHILE", "SHORT"):
        monkeypatch.setattr(execution, least, 1e-9)
    (one,) = made([Job(simulation, range(20))], workers=None)
    assert equal(one, replicate(simulation, range(20)))
    first = got[0].numbers[0]
    assert first >= 4  # one to know how long they take, three while it was asked
    assert sum(len(chunk.numbers) for chunk in got) == 20 - first
    assert closed == asked[:1]
    asked.clear()
    (one,) = made([Job(simulation, range(4))], workers=None)  # is over before they have started
    assert len(closed) == 2


def test_while_others_work_this_process_imports_what_is_needed_later(simulation, monkeypatch):
    """It must not while it could hand out work, or take what has ended: chunks are short then."""
    imported = Event()

    def work(*task):
        assert imported.wait(10)
        return measure_there(*task)

    measure_there = places.work
    monkeypatch.setattr(places, "work", work)
    monkeypatch.setattr(execution, "import_next", imported.set)
    monkeypatch.setattr(execution, "SHORT", 0.0)
    with ThreadPoolExecutor(1) as executor:
        made([Job(simulation, range(20))], executor=executor, workers=None)


@pytest.mark.parametrize("short", [0.0, 1e6])
def test_it_imports_nothing_that_work_would_wait_for(simulation, monkeypatch, short):
    imported = []
    monkeypatch.setattr(execution, "import_next", lambda: imported.append(1))
    monkeypatch.setattr(execution, "SHORT", short)
    made([Job(simulation, range(20))])
    if short:
        with ThreadPoolExecutor(2) as executor:
            made([Job(simulation, range(20))], executor=executor, workers=None)
    assert imported == []


def test_pool_that_was_started_is_taken_and_closed(simulation):
    pool = Pool(2)
    pool.start()
    started = list(pool._context.started)
    with Execution(pool) as one:
        (job,) = one.completed([Job(simulation, range(40))], 40)
    assert equal(job.measured(), replicate(simulation, range(40)))
    assert pool._context.started == started
    assert not any(each.is_alive() for each in started)


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
# Before Python 3.12 a pool that ends may trip over a process that is just started: by then all that
# it had is known to be lost, and is made again.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_killed_processes_lose_nothing(simulation, monkeypatch):
    monkeypatch.setattr(execution, "LONG", 0.02)
    monkeypatch.setattr(execution, "SHORT", 0.01)
    pool, killed = Pool(2), []
    submit = pool.submit

    def killing(job, chunk, *, whole):
        alive = [each for each in pool._context.started if each.is_alive()]
        if len(killed) < 10 and chunk.numbers[0] > 40 * len(killed) and alive:
            alive[0].kill()  # which the pool may have noticed to be gone in this very moment
            killed.append(alive[0].pid)
        return submit(job, chunk, whole=whole)

    monkeypatch.setattr(pool, "submit", killing)
    (one,) = made([Job(simulation, range(500))], pool)
    assert len(killed) == 10
    assert equal(one, replicate(simulation, range(500)))


def test_pool_of_the_caller_is_taken(simulation):
    with ProcessPoolExecutor(1, execution.Pool(1)._context) as executor:
        (one,) = made([Job(simulation, range(10))], executor=executor, workers=None)
    assert equal(one, replicate(simulation, range(10)))
