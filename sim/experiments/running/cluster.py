"""A cluster as the place of replications: Dask's own scheduler and workers, on any machines.

It hands work out, and hands out again what a worker was lost with, by itself.
"""

from __future__ import annotations

import gc
import logging
from importlib import import_module
from time import monotonic
from typing import Any

from sim.core.errors import ScenarioError
from sim.core.version import __version__
from sim.experiments.running.places import Workers
from sim.experiments.running.worker import version

PATIENCE = 10.0
"""Seconds that a scheduler has to answer, and then for its first worker to come."""

LOOKS = 5.0
"""Seconds after which it is asked again how many workers there are."""


ALONE = 300.0
"""Seconds that a scheduler may be without any worker: new machines take minutes to start."""


class Cluster(Workers):
    """The workers of a Dask scheduler, which may come and go."""

    def __init__(self, address: str) -> None:
        """`address` is such as ``tcp://host:8786``.

        Raises
        ------
        ScenarioError
            If Dask is not installed, or no scheduler answers there, or none of its workers can
            run this version.
        """
        self._where = f"cluster {address}"
        self._client = self._connected(address)
        self._looked, self._workers = -LOOKS, 1
        self._alone_since: float | None = None
        super().__init__(self._client.get_executor())

    def _connected(self, address: str) -> Any:
        try:
            distributed = import_module("distributed")
        except ImportError:
            rule = "needs Dask, which is not installed: pip install 'rollout-sim[cluster]'"
            raise ScenarioError.of(rule, where=self._where) from None
        # What it would say of a scheduler that is gone is said here, in one line.
        logging.getLogger("distributed").setLevel(logging.CRITICAL)
        client, rule = None, ""
        try:
            client = distributed.Client(address, timeout=PATIENCE, set_as_default=False)
        except (OSError, ValueError, TypeError) as error:
            rule = f"must be the address of a Dask scheduler that answers, got: {error}"
        if client is None:
            # One that did not get through ends as it is collected. Where that happens while another
            # one starts, both wait for ever.
            gc.collect()
            raise ScenarioError.of(rule.splitlines()[0], where=self._where)
        try:
            self._check(client)
        except BaseException:
            client.close(timeout=1)
            raise
        return client

    def _check(self, client: Any) -> None:
        """See that there are workers, and what they would run."""
        try:
            client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError:
            rule = f"must have workers, got none in {PATIENCE:g} s: start some with `dask worker`"
            raise ScenarioError.of(rule, where=self._where) from None
        try:
            versions = set(client.run(version).values())
        except (ImportError, AttributeError) as error:
            versions = {f"none ({error})"}
        if versions != {__version__}:
            rule = f"must have workers with rollout-sim {__version__}, got"
            raise ScenarioError.of(f"{rule} {', '.join(sorted(versions))}", where=self._where)

    @property
    def room(self) -> int:
        """Two chunks a worker's thread, and one more."""
        if monotonic() - self._looked > LOOKS:
            self._looked, self._workers = monotonic(), sum(self._client.nthreads().values())
        return 2 * self._workers + 1

    def is_lost(self, error: BaseException) -> bool:
        """Whether its worker died with a chunk, so often that Dask gave it up."""
        return super().is_lost(error) or type(error).__name__ == "KilledWorker"

    def check(self) -> None:
        """Dask itself waits for workers for ever."""
        if self._client.scheduler_info()["workers"]:
            self._alone_since = None
            return
        self._alone_since = self._alone_since or monotonic()
        if monotonic() - self._alone_since >= ALONE:
            rule = f"must have workers to the end, got none for {ALONE:g} s: start some with"
            raise ScenarioError.of(f"{rule} `dask worker`", where=self._where)

    def renew(self) -> bool:
        """It has other workers."""
        return True

    def gone(self) -> Exception:
        """What is told of a scheduler that is there no more."""
        return ScenarioError.of("must answer to the end, got no scheduler", where=self._where)

    def close(self) -> None:
        """Let go what is under way there; scheduler and workers stay."""
        self.executor.shutdown(wait=False)
        self._client.close(timeout=1)
