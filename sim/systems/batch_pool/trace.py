"""Tasks that a file recorded: when each was submitted, how long it runs, what it asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sim.core.units import GRID, LONGEST
from sim.formats.columns import read_columns
from sim.formats.swf import read_jobs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

LOWEST_PRIORITY, HIGHEST_PRIORITY = -1000, 1000
"""Source: "Jobs and tasks in Azure Batch"."""


@dataclass(frozen=True, eq=False)
class Recorded:
    """Tasks in order of submission, each column of shape (tasks,)."""

    submit: Floats
    """Seconds after the scenario's start, on the grid."""
    service: Floats
    """Seconds of work, on the grid."""
    priority: Integers
    slots: Integers
    """Slots that each task requires."""
    dropped: Mapping[str, int]
    """Why jobs of the file became no tasks -> how many; each counts once."""

    def fitting(self, task_slots_per_node: int) -> Recorded:
        """Those that one node has slots for."""
        reason = f"larger than a node of {task_slots_per_node}"
        return self._without({reason: self.slots > task_slots_per_node})

    def _without(self, reasons: Mapping[str, NDArray[np.bool_]]) -> Recorded:
        """Drop tasks, each for the first of the reasons that holds."""
        kept = np.ones(len(self.submit), bool)
        dropped = dict(self.dropped)
        for reason, holds in reasons.items():
            count = int(np.count_nonzero(kept & holds))
            if count:
                dropped[reason] = count
            kept &= ~holds
        return Recorded(
            self.submit[kept], self.service[kept], self.priority[kept], self.slots[kept], dropped
        )


def from_csv(content: bytes, priority: int, slots: int) -> Recorded:
    """Rows of a CSV file with the columns submit_s and service_s. ValueError(rule).

    Its columns priority and required_slots, where it has them, go before `priority` and `slots`.
    """
    columns = read_columns(
        content, ["submit_s", "service_s"], optional=["priority", "required_slots"]
    )
    table = {name: np.frombuffer(values) for name, values in columns.items()}
    for name in ("submit_s", "service_s"):
        _require(table[name], 0, LONGEST, f"0 or more seconds, at most 10,000 years, in {name}")
    count = len(table["submit_s"])
    priorities = table.get("priority", np.full(count, float(priority)))
    sizes = table.get("required_slots", np.full(count, float(slots)))
    lowest, highest = LOWEST_PRIORITY, HIGHEST_PRIORITY
    _require_whole(priorities, lowest, highest, "priority", f"from {lowest} to {highest}")
    _require_whole(sizes, 1, np.iinfo(np.int32).max, "required_slots", "1 or more")
    return _in_order(table["submit_s"], table["service_s"], priorities, sizes)


def from_swf(content: bytes, jobs: int | None, priority: int, slots: int | None) -> Recorded:
    """The first `jobs` job lines of a Standard Workload Format log, or all. ValueError(rule).

    Each is one task; without `slots` it requires as many as the job had processors. A job whose
    submission, run time or processors nobody knows is dropped.
    """
    log = read_jobs(content, jobs)
    _require(log.submit, -LONGEST, LONGEST, "submit times of at most 10,000 years")
    _require(log.run_time, -LONGEST, LONGEST, "run times of at most 10,000 years")
    count = len(log.submit)
    sizes = np.ceil(log.processors) if slots is None else np.full(count, float(slots))
    tasks = _in_order(log.submit, log.run_time, np.full(count, float(priority)), sizes)
    return tasks._without(  # noqa: SLF001  (of its own kind)
        {
            "submit time -1": tasks.submit < 0,
            "run time -1": tasks.service < 0,
            # Assumption: a job of a log whose processors nobody counted is dropped where they are
            # its slots.
            "processors -1": tasks.slots < 1,
        }
    )


def _in_order(submit: Floats, service: Floats, priority: Floats, slots: Floats) -> Recorded:
    order = np.argsort(submit, kind="stable")
    return Recorded(
        _on_grid(submit[order]),
        _on_grid(service[order]),
        priority[order].astype(np.int64),
        slots[order].astype(np.int64),
        {},
    )


def _on_grid(seconds: Floats) -> Floats:
    return np.rint(seconds / GRID) * GRID


def _require(values: Floats, low: float, high: float, rule: str) -> None:
    wrong = values[(values < low) | (values > high)]
    if len(wrong):
        raise ValueError(f"must have {rule}, got {wrong[0]:g}")


def _require_whole(values: Floats, low: float, high: float, column: str, rule: str) -> None:
    wrong = values[(values < low) | (values > high) | (values != np.rint(values))]
    if len(wrong):
        raise ValueError(f"must have whole numbers {rule} in column {column}, got {wrong[0]:g}")
