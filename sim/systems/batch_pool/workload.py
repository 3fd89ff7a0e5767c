"""The work of a Batch pool: jobs as a user writes them, and the tasks that a file recorded."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import TYPE_CHECKING, Annotated, Literal, Self

import numpy as np
from pydantic import AfterValidator, Field, PrivateAttr
from pydantic.json_schema import SkipJsonSchema

from sim.core.units import GRID, LONGEST
from sim.formats.columns import read_columns
from sim.formats.distributions import Distribution
from sim.formats.fields import (
    Clock,
    Integer,
    Level,
    Load,
    Name,
    OneOf,
    PositiveCount,
    Share,
    Text,
)
from sim.formats.swf import read_jobs
from sim.formats.time_fields import EACH_CLOCK_ONCE
from sim.systems.base.operation import Day

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]


def _priority(value: int) -> int:
    if not LOWEST_PRIORITY <= value <= HIGHEST_PRIORITY:
        raise ValueError(f"must be from {LOWEST_PRIORITY} to {HIGHEST_PRIORITY}")
    return value


def _retries(value: int) -> int:
    if value < -1:
        raise ValueError("must be 0 or more, or -1 for no limit")
    return value


Priority = Annotated[Integer, AfterValidator(_priority)]
Retries = Annotated[Integer, AfterValidator(_retries)]
"""How often something is tried again; -1 is without limit."""

DailyCurve = Annotated[dict[Clock, Level], Field(min_length=1), EACH_CLOCK_ONCE]

SOURCES = ("load", "interarrival", "tasks", "csv", "swf")


class Job(OneOf):
    """Tasks of one kind, from one source: a stream, a bag, or a file."""

    name: Name | SkipJsonSchema[None] = None
    """Name of the job. Default: job where it is the only one, else job-0, job-1 and so on."""
    priority: Priority = 0
    """From -1000 to 1000: tasks of a higher one start first; running ones stay. Default: 0."""
    required_slots: PositiveCount = 1
    """Slots that a task takes on its node; if no node has so many, it waits for ever and holds up
    no others. Default: 1."""
    max_task_retry_count: Retries = 0
    """How often a task that failed by itself is run again; -1: without limit. A requeue does not
    count. Default: 0."""
    fails: Share = 0.0
    """Chance that a run of a task ends, after its whole time, in a failure. Default: 0%."""
    load: Load | SkipJsonSchema[None] = None
    """A stream: tasks arrive at random, so many that their mean work is this share of the pool's
    slots. It may be above 100%."""
    interarrival: Distribution | SkipJsonSchema[None] = None
    """A stream: the time from one task's submission to the next one's, and to the first."""
    curve: DailyCurve | SkipJsonSchema[None] = None
    """Of a stream: time of day and the share of its rate from then on, such as "09:00": 100%. Each
    holds until the next, the last one over midnight. Default: always 100%."""
    days: tuple[Day, ...] | SkipJsonSchema[None] = Field(default=None, min_length=1)
    """Of a stream: days on which its tasks come: mon, tue, wed, thu, fri, sat, sun. Default: every
    day. Naming days needs a `start` in the file."""
    tasks: PositiveCount | SkipJsonSchema[None] = None
    """A bag: so many tasks, all submitted at the start."""
    csv: Text | SkipJsonSchema[None] = None
    """A file with the columns submit_s and service_s, in seconds after the start and of work, and
    where wanted priority and required_slots."""
    swf: Text | SkipJsonSchema[None] = None
    """A job log in the Standard Workload Format (.swf, .swf.gz). Its time 0 is the start, and each
    job is one task, of one slot unless `slots` or `required_slots` says otherwise."""
    jobs: PositiveCount | SkipJsonSchema[None] = None
    """Of an swf: only so many job lines, the first ones. Default: all."""
    slots: Literal["processors"] | SkipJsonSchema[None] = None
    """Of an swf: a task requires as many slots as the job had processors; what is larger than a
    node is dropped. Default: `required_slots`."""
    service: Distribution | SkipJsonSchema[None] = None
    """Time that a task runs, one draw for its life. Needed by load, interarrival and tasks."""

    _content: bytes | None = PrivateAttr(default=None)

    @classmethod
    @cache
    def choices(cls) -> dict[str, str]:
        """Map the sources of tasks to themselves."""
        return {source: source for source in SOURCES}

    @property
    def source(self) -> str:
        """Which of the five sources the tasks come from."""
        return self.chosen[0]

    @property
    def is_open(self) -> bool:
        """Whether tasks go on arriving for ever."""
        return self.load is not None or self.interarrival is not None

    @property
    def has_curve(self) -> bool:
        """Whether its rate changes over the day or the week."""
        return self.curve is not None or self.days is not None

    @property
    def file(self) -> str | None:
        """The file that holds the tasks, as the scenario names it."""
        return self.swf if self.csv is None else self.csv

    @property
    def files(self) -> dict[tuple[str, ...], str]:
        """The same by its key, where there is one."""
        return {} if self.file is None else {(self.source,): self.file}

    def with_contents(self, contents: Mapping[str, bytes]) -> Self:
        """The same with the `files` read; it still dumps as written. ValueError(rule)."""
        filled = self.model_copy()
        filled._content = contents[self.file] if self.file else None  # noqa: SLF001  (a copy of self)
        _ = filled.recorded
        return filled

    @cached_property
    def recorded(self) -> Recorded | None:
        """The tasks of a csv or swf; None for the other sources."""
        # Kept beside the fields: two models that are compared compare all that they hold, and
        # arrays have no truth value.
        if self.file is None:
            return None
        if self._content is None:
            raise ValueError(f"the contents of {self.file} were not given")
        if self.csv is not None:
            return from_csv(self._content, self.priority, self.required_slots)
        slots = None if self.slots else self.required_slots
        return from_swf(self._content, self.jobs, self.priority, slots)

    def given(self, task_slots_per_node: int) -> Recorded | None:
        """The same without the jobs of a log whose processors are more than a node has slots.

        Any other number above those of a node is one more than these.
        """
        if self.recorded is None:
            return None
        if self.slots is not None:
            return self.recorded.fitting(task_slots_per_node)
        slots = np.minimum(self.recorded.slots, task_slots_per_node + 1)
        return replace(self.recorded, slots=slots)

    def gaps(self, slots: int) -> Distribution:
        """Time from one submission to the next at its full rate, in a pool of so many slots.

        Of an open job.
        """
        if self.load is None:
            assert self.interarrival
            return self.interarrival
        assert self.service
        return Distribution.memoryless(self.required_slots * self.service.mean / self.load / slots)

    def offered(self, slots: int) -> float:
        """Slots that its tasks keep busy at its full rate, where each starts at once.

        In a pool of so many slots; 0 unless the job is open.
        """
        if not self.is_open:
            return 0.0
        assert self.service
        return self.required_slots * self.service.mean / self.gaps(slots).mean


def is_overload(load: float) -> bool:
    """Whether a queue grows without end under this load, a share of the slots there are."""
    return load >= 1 - 1e-9  # 160 of 160 slots may come out a little below 1


LOWEST_PRIORITY, HIGHEST_PRIORITY = -1000, 1000
"""Source: "Jobs and tasks in Azure Batch"."""

# Assumption: a task that no node has slots for never runs, as documented, and holds up no other
# one, of which the documents say nothing.
UNFIT_PRIORITY = LOWEST_PRIORITY - 1
"""Of tasks that require more slots than a node has: they wait behind all others, for ever.

Source: "Run tasks concurrently on Batch compute nodes", which says that such a task never runs.
"""


def wait_for_ever(count: int) -> str:
    """What becomes of so many of such tasks, in words."""
    if count == 1:
        return "waits forever and holds up no others"
    return "wait forever and hold up no others"


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
        fits = np.ones(len(self.submit), bool)
        dropped = dict(self.dropped)
        for reason, holds in reasons.items():
            count = int(np.count_nonzero(fits & holds))
            if count:
                dropped[reason] = count
            fits &= ~holds
        return Recorded(
            self.submit[fits], self.service[fits], self.priority[fits], self.slots[fits], dropped
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
