"""A real Dask scheduler with workers, on this machine, each a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from places import ROOT

PATIENT = {
    "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "120s",
    "DASK_DISTRIBUTED__COMM__TIMEOUTS__TCP": "120s",
}
"""A busy machine may take long to answer: a worker that hears nothing for 30 s would end."""


class DaskCluster:
    """The processes, and where the scheduler listens."""

    def __init__(self, folder, workers):
        self._folder, self._file = Path(folder), Path(folder, "scheduler.json")
        self.scheduler = self._begin("scheduler", "--port", "0", "--host", "127.0.0.1")
        while not self._file.exists():
            time.sleep(0.05)
        self.workers = [self.add() for _ in range(workers)]

    def add(self):
        """One more worker, with a single thread and without a nanny that would start it again."""
        return self._begin("worker", "--nthreads", "1", "--no-nanny")

    def _begin(self, what, *options):
        return subprocess.Popen(
            [
                *(sys.executable, "-m", f"distributed.cli.dask_{what}"),
                *("--scheduler-file", self._file, "--no-dashboard", *options),
            ],
            env=os.environ | PATIENT | {"PYTHONPATH": str(ROOT)},
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    @property
    def address(self):
        """Of the scheduler."""
        return json.loads(self._file.read_text("utf-8"))["address"]

    def end(self):
        for process in (*self.workers, self.scheduler):
            process.kill()
        for process in (*self.workers, self.scheduler):
            process.wait()


@contextmanager
def dask_cluster(workers):
    """A cluster for a while."""
    with TemporaryDirectory() as folder:
        cluster = DaskCluster(folder, workers)
        try:
            yield cluster
        finally:
            cluster.end()
