"""Execution: where the replications of a command are made, and how what is lost is made again.

Whatever they are made for, they come as jobs, are cut into chunks and go to a `concurrent.futures`
executor. Results do not depend on how they were cut, on who measured them or on what ended first:
each chunk comes to the same everywhere, and is put into its place.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import FIRST_COMPLETED, wait
from dataclasses import dataclass, replace
from math import inf
from time import perf_counter
from typing import TYPE_CHECKING, Self

from sim.core.errors import ScenarioError
from sim.core.units import shorten_any
from sim.experiments.running.chunks import lost
from sim.experiments.running.cluster import Cluster
from sim.experiments.running.here import Here
from sim.experiments.running.meanwhile import import_next
from sim.experiments.running.places import MOST_WORKERS, Pool, Workers, cores
from sim.experiments.running.progress import Progress
from sim.files.memory import available
from sim.forecast.estimate import estimate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Executor, Future

    from sim.experiments.running.chunks import Chunk, Part
    from sim.experiments.running.jobs import Job, Kept
    from sim.experiments.running.places import Place
    from sim.experiments.running.replications import Measured

LONG, SHORT = 0.5, 0.2
"""Seconds that a chunk takes where there is much to do, and at least where it is shared out."""

WORTHWHILE = 2.0
"""Seconds of work left above which it is worth starting processes, which takes about one."""

SILENCE = 5.0
"""Seconds without news after which it is looked whether there can be any."""

MOST_DEATHS = 3
"""So often a chunk may be lost with its worker; the last time it is measured alone."""


class Execution:
    """How the replications of a command are made: to be used by `with`, once for all of them.

    Without `executor` and `workers` they begin in this process, and move to all its cores where
    what is left is worth that.
    """

    def __init__(
        self,
        executor: Executor | str | Pool | None = None,
        *,
        workers: int | None = None,
        progress: bool = False,
        kept: Kept | None = None,
    ) -> None:
        """`workers` processes of this machine, or an `executor` that stays open.

        A text in its place is the address of a Dask scheduler, such as ``tcp://host:8786``; a pool
        of ours, which may have been started, is closed at the end. What is finished is `kept`, and
        not made again where it is there already.

        Raises
        ------
        ScenarioError
            If both are given, or no such number, or there is no such scheduler.
        """
        _check(executor, workers)
        self.kept = kept
        self.progress = Progress(progress)
        self._place: Place = Here()
        self._may_move = False
        self._next_place: Pool | None = None
        if isinstance(executor, Pool):
            self._place = executor
        elif isinstance(executor, str):
            self._place = Cluster(executor)
        elif executor is not None:
            self._place = Workers(executor)
        elif workers is None:
            self._may_move = cores() > 1
        elif workers > 1:
            self._place = Pool(workers)
        self._seconds: float | None = None
        """Of a replication, as the last chunk of any job took."""
        self._chunks = 0
        self._began = perf_counter()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.progress.close()
        self._place.close()
        if self._next_place is not None:
            self._next_place.close()

    def measured(self, jobs: Iterable[Job], runs: int) -> Iterator[Measured]:
        """What jobs came to, in their order, made as they are asked for; `runs` in all, if known.

        Raises
        ------
        ModelError
            If every run of a job breaks an invariant of its own model, or the first ten do.
        TooMuchError
            If a run passes a bound, or a first one needs more memory than there is.
        """
        for job in self.completed(jobs, runs):
            yield job.measured()

    def completed(self, jobs: Iterable[Job], runs: int) -> Iterator[Job]:
        """The jobs themselves, once it is known what they came to, or that it cannot be."""
        self.progress.expect(runs)
        agenda = _Agenda(map(self._filled, jobs))
        try:
            while self._go_on(agenda):
                while agenda.jobs and agenda.jobs[0].is_complete:
                    yield agenda.jobs.popleft()
        except KeyboardInterrupt as interruption:
            if self.progress.made:
                interruption.add_note(self.progress.reached)
            raise
        finally:
            agenda.cancel()
            if self.kept is not None:
                self.kept.close()

    def _filled(self, job: Job) -> Job:
        """With what is there of it already."""
        if self.kept is not None:
            job.keeper = self.kept.keeper(job)
            job.fill(self.kept.found(job))
            self.progress.skip(job.taken)
            if job.is_complete:
                self.progress.expect(job.taken - len(job.numbers))
        return job

    def _go_on(self, agenda: _Agenda) -> bool:
        """Hand out chunks and take what has ended; False where there is nothing more to do."""
        while len(agenda.under_way) < self._place.room:
            task = agenda.next_task(self._size, most_jobs=2 * self._place.room)
            if task is None:
                break
            future = self._place.submit(task.job, task.chunk, whole=task.whole)
            agenda.under_way[future] = task
        if agenda.under_way:
            if self._must_wait(agenda):
                import_next()
            ended, _ = wait(agenda.under_way, SILENCE, return_when=FIRST_COMPLETED)
            if not ended:
                self._place.check()
            if any(map(self._is_lost, ended)):
                ended, _ = wait(agenda.under_way)  # what else is lost is told of now
            broken = [agenda.under_way.pop(each) for each in ended if self._is_lost(each)]
            for future in ended:
                task = agenda.under_way.pop(future, None)
                if task is not None:  # else it is of a job that needs no more
                    self._take(agenda, task, future)
            if broken:
                self._renew(agenda, broken)
            self._move_if_worthwhile(agenda)
        return bool(agenda.jobs)

    def _must_wait(self, agenda: _Agenda) -> bool:
        """Whether others are at work, and for as long as chunks take where there is much to do."""
        runs = sum(len(task.chunk.numbers) for task in agenda.under_way.values())
        takes_long = (self._seconds or 0.0) * runs >= SHORT * self._place.room
        return takes_long and not any(future.done() for future in agenda.under_way)

    def _take(self, agenda: _Agenda, task: _Task, future: Future[Part | None]) -> None:
        """What a chunk came to."""
        if future.cancelled():  # and not by us
            raise self._place.gone()
        error = future.exception()
        if error is None:
            made = future.result()
            if made is None:  # its worker does not know the scenario
                agenda.again.append(replace(task, whole=True))
                return
            self._chunks += 1
            self._seconds = made.seconds / len(task.chunk.numbers)
            if self.kept is not None:
                made = self.kept.add(task.job, made)
            self._give(agenda, task, made)
        elif isinstance(error, Exception):
            self._give(agenda, task, error)
        else:
            raise error

    def _is_lost(self, future: Future[Part | None]) -> bool:
        error = None if future.cancelled() else future.exception()
        return error is not None and self._place.is_lost(error)

    def _give(self, agenda: _Agenda, task: _Task, made: Part | Exception) -> None:
        task.job.take(task.chunk, made)
        self.progress.advance(len(task.chunk.numbers))
        if task.job.is_complete:
            self.progress.expect(-agenda.forget(task.job))

    def _renew(self, agenda: _Agenda, broken: list[_Task]) -> None:
        """Make again what died with a worker; what dies by itself again and again has failed."""
        if not self._place.renew():
            raise self._place.gone()
        for task in broken:
            for each in task.after_a_death():
                if each.deaths < MOST_DEATHS:
                    agenda.again.append(each)
                else:
                    self._give(agenda, each, lost(each.job.simulation, each.chunk.numbers[0]))

    def _size(self, job: Job) -> int:
        """How many replications the next chunk of a job has: less where few are left for all, and
        while other processes are starting.
        """
        seconds = job.seconds or self._seconds
        if not seconds:
            return 1
        share = max(SHORT, seconds * job.left / self._place.room)
        longest = LONG if self._next_place is None else SHORT
        return max(1, int(min(longest, share) / seconds))

    def _move_if_worthwhile(self, agenda: _Agenda) -> None:
        """Leave this process where what is left takes long, as far as the chunks so far tell.

        It goes on until the others have started.
        """
        if self._next_place is not None and self._next_place.is_warm:
            self._place, self._next_place = self._next_place, None
        # The first chunk of all takes longer: much is imported when it is first needed.
        if not self._may_move or not self._seconds:
            return
        if self._chunks == 1 and self._seconds < WORTHWHILE:
            return
        left = max(self.progress.left, sum(job.left for job in agenda.jobs))
        long_so_far = perf_counter() - self._began > 2 * WORTHWHILE
        if self._seconds * left < (SHORT if long_so_far else WORTHWHILE):
            return
        self._may_move = False
        needed = max((estimate(job.simulation, 1).bytes for job in agenda.jobs), default=1.0)
        workers = int(min(cores(), (available() or inf) / needed))
        if workers > 1:
            self._next_place = Pool(workers)
            self._next_place.start()


def _check(executor: object, workers: object) -> None:
    if workers is None:
        return
    if executor is not None:
        raise ScenarioError.of("must not be given together with an executor", where="workers")
    if (
        not isinstance(workers, int)
        or isinstance(workers, bool)
        or not 1 <= workers <= MOST_WORKERS
    ):
        rule = f"must be a whole number from 1 to {MOST_WORKERS:,}, got {shorten_any(workers)}"
        raise ScenarioError.of(rule, where="workers")


@dataclass(frozen=True)
class _Task:
    """A chunk on its way to a worker."""

    job: Job
    chunk: Chunk
    deaths: int = 0
    """How often its worker died while it had it: others may have been to blame."""
    whole: bool = False
    """Whether its worker needs the scenario too."""

    @property
    def is_alone(self) -> bool:
        """Whether nothing else may run meanwhile, so that it is known what its worker dies of."""
        return self.deaths == MOST_DEATHS - 1

    def after_a_death(self) -> list[_Task]:
        """What is to be made again; of what is to blame the two halves, down to one replication."""
        numbers, middle = self.chunk.numbers, len(self.chunk.numbers) // 2
        if not self.is_alone or not middle:
            return [replace(self, deaths=self.deaths + 1)]
        halves = (
            replace(self.chunk, numbers=numbers[:middle]),
            replace(self.chunk, numbers=numbers[middle:], is_first=False),
        )
        return [replace(self, chunk=half) for half in halves]


class _Agenda:
    """What is to be made, and what is under way."""

    def __init__(self, source: Iterator[Job]) -> None:
        self._source = source
        self.jobs: deque[Job] = deque()
        """Those that have begun, in order."""
        self.again: list[_Task] = []
        """Chunks that were handed out and did not come back."""
        self.under_way: dict[Future[Part | None], _Task] = {}

    def next_task(self, size: Callable[[Job], int], most_jobs: int) -> _Task | None:
        """What to hand out next; None where there is nothing, or nothing yet."""
        if any(task.is_alone for task in self.under_way.values()):
            return None
        for place, task in enumerate(self.again):
            if not task.is_alone:
                return self.again.pop(place)
        job = self._unfinished(most_jobs)
        if job is not None:
            return _Task(job, job.cut(size(job)))
        return self.again.pop() if self.again and not self.under_way else None

    def _unfinished(self, most_jobs: int) -> Job | None:
        """A job of which replications are left: more of one only where they are known to differ,
        or where there is nothing else to do.
        """
        unfinished = [job for job in self.jobs if job.left]
        for job in unfinished:
            if job.is_random:
                return job
        while len(self.jobs) < most_jobs:
            new = next(self._source, None)
            if new is None:
                break
            self.jobs.append(new)
            if new.left:
                return new
        return unfinished[0] if unfinished else None

    def forget(self, job: Job) -> int:
        """Let go what is under way of a job that needs no more; how many were never made."""
        self.again = [task for task in self.again if task.job is not job]
        for future, task in list(self.under_way.items()):
            if task.job is job:
                future.cancel()
                del self.under_way[future]
        return len(job.numbers) - job.taken

    def cancel(self) -> None:
        """Nobody wants to know any more."""
        for future in self.under_way:
            future.cancel()
