"""Running tasks that an interruption ended as failed: the price of `terminate`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.core.formatting import format_compact
from sim.core.log import Stack
from sim.systems.base.text import pluralize
from sim.systems.batch_pool.executions import TERMINATE, executions

if TYPE_CHECKING:
    from sim.core.log import Log
    from sim.systems.batch_pool.model import PoolModel


def progress_text(model: PoolModel, log: Log) -> list[str]:
    """How many tasks of one run were killed, in a sentence; nothing where none was."""
    runs = executions(model.layout, Stack([log]))
    killed = runs.ending == TERMINATE
    count = int(killed.sum())
    if not count:
        return []
    hours = float(runs.elapsed[killed].sum()) / 3600.0
    lost = format_compact(hours, "task-hours")
    what = f"{pluralize(count, 'running task')} killed by terminate, never to be completed"
    return [f"{what} ({lost} task-hours of work)"]
