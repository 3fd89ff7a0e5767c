"""Executors for tests: they end chunks in a wild order, in threads, or lose their workers."""

from __future__ import annotations

import random
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from itertools import count
from time import sleep


class Shuffled(Executor):
    """Runs nothing before several things are waiting, and then ends them in a random order."""

    def __init__(self, seed, workers=4):
        self._random = random.Random(seed)
        self._pool = ThreadPoolExecutor(workers)
        self._max_workers = workers

    def submit(self, fn, /, *args, **kwargs):
        delay = self._random.random() / 100

        def later():
            sleep(delay)
            return fn(*args, **kwargs)

        return self._pool.submit(later)

    def shutdown(self, wait=True, *, cancel_futures=False):
        self._pool.shutdown(wait, cancel_futures=cancel_futures)


class Forgetful(Executor):
    """One worker that dies of every n-th chunk, and takes no more until it is renewed."""

    room = 3

    def __init__(self, every):
        self._numbers, self._every = count(1), every
        self.renewed = 0

    def submit(self, job, chunk, *, whole):
        from sim.experiments.running.here import Here  # noqa: PLC0415

        if next(self._numbers) % self._every:
            return Here().submit(job, chunk, whole=whole)
        return broken()

    def check(self):
        pass

    def is_lost(self, error):
        return isinstance(error, BrokenExecutor)

    def renew(self):
        self.renewed += 1
        return True

    def close(self):
        pass


def broken():
    """What becomes of a chunk whose worker died."""
    future = Future()
    future.set_exception(BrokenExecutor("a process died"))
    return future
