"""Runs that ask for too much, and which part of a file makes them so long."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

from sim.core.errors import NoMemoryError, Problem, TooMuchError
from sim.core.units import show_duration
from sim.scenario.issues import as_problems
from sim.systems.base.cost import Part
from sim.systems.base.spec import Issue

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sim.core.log import Block, Recorder, Subjects
    from sim.scenario import Scenario
    from sim.systems.base.context import TooLongError
    from sim.systems.base.system_type import SystemType

    Path = tuple[str | int, ...]

MOST_ROWS = 50_000_000
"""Rows of the log that a replication may have. They take a gigabyte, and their analysis several."""

MOST_EVENTS = 50_000_000
"""Events that a replication may have; the rows above take fewer."""


STACK = 100_000
"""Rows of several replications that are analysed together: large enough for the fixed costs, small
enough for the cache."""

LOOKED_AT = 1_000_000
"""So many rows tell of which subjects most of them are."""


class Numbered(Protocol):
    """A scenario made ready: its subjects are numbered. A `Simulation` is one."""

    scenario: Scenario
    subjects: Subjects
    models: dict[str, Any]
    kinds: dict[str, SystemType[Any]]


def too_long(
    simulation: Numbered, replication: int, error: TooLongError, recorder: Recorder
) -> TooMuchError:
    """What is told of a replication that has too many events or rows."""
    scenario = simulation.scenario
    subjects = np.array(error.subjects, np.int64)
    at = f"at {show_duration(error.now)} of {show_duration(scenario.horizon)}"
    if error.what == "events":
        has = f"has had {MOST_EVENTS:,} events {at}, the maximum"
        of_these = "the last of them were"
    elif error.subjects:
        has = f"has more than {MOST_ROWS:,} rows of the log {at}, the maximum"
        of_these = "the next ones would be"
    else:
        subjects = recorder.rows["subject"]
        has = f"has {len(subjects):,} rows of the log {at}, and {MOST_ROWS:,} are the most"
        of_these = ""
    block = _largest(simulation, subjects)
    of_these = of_these or f"{_count(subjects, block):,} of them are"
    part = _part(simulation, block, error.what)
    rule = f"asks for too much: replication {replication} {has}; {of_these} of {part.what}"
    return TooMuchError([located(scenario, part.path, rule)])


def no_memory(
    simulation: Numbered, replication: int, recorder: Recorder | None = None
) -> NoMemoryError:
    """What is told where the memory does not suffice for a replication, or for what follows it."""
    subjects = simulation.subjects
    if recorder is not None and recorder.count > subjects.count:
        rows = recorder.rows["subject"]
        block = _largest(simulation, rows)
        many, part = f"{len(rows):,} rows of the log", _part(simulation, block, "rows")
        count, what = _count(rows, block), f"of {part.what}"
    else:
        block = max(subjects.blocks, key=attrgetter("count"))
        many, part = f"{subjects.count:,} subjects", _subjects(block)
        count, what = block.count, part.what
    rule = (
        f"asks for too much: this machine does not have the memory for replication {replication}; "
        f"{count:,} of {many} are {what}"
    )
    return NoMemoryError([located(simulation.scenario, part.path, rule)])


def located(scenario: Scenario, path: Path, rule: str) -> Problem:
    """A rule about a part of a scenario, with its place in the file as written."""
    (problem,) = as_problems(scenario.written.tree, [Issue(_as_written(scenario, path), rule)])
    return problem


def _as_written(scenario: Scenario, path: Path) -> Path:
    """The path of a part in the file, where a single job is written as no list."""
    node, kept = scenario.written.tree, list[str | int]()
    for place, key in enumerate(path):
        if isinstance(key, int) and isinstance(node.value, dict):
            continue
        kept.append(key)
        below = node.below(key)
        if below is None:
            return (*kept, *path[place + 1 :])
        node = below
    return tuple(kept)


def _largest(simulation: Numbered, subjects: NDArray[Any]) -> Block:
    """The block that most of the subjects belong to."""
    some = subjects[:: max(1, len(subjects) // LOOKED_AT)]
    blocks = simulation.subjects.blocks
    place = np.searchsorted([block.first for block in blocks], some, side="right") - 1
    return blocks[int(np.bincount(place).argmax())]


def _count(subjects: NDArray[Any], block: Block) -> int:
    own = (subjects >= block.first) & (subjects < block.first + block.count)
    return int(np.count_nonzero(own))


def _part(simulation: Numbered, block: Block, what: Literal["events", "rows"]) -> Part:
    """The part of the file that makes most of what is about the subjects of a block."""
    if not block.system:
        return Part((), "the scenario itself", block.kind, block.group)
    kind, model = simulation.kinds[block.system], simulation.models[block.system]
    own = [
        each
        for each in kind.parts(model)
        if each.kind == block.kind and each.group in (None, block.group)
    ]
    if own:
        return max(own, key=attrgetter(what))
    return _subjects(block)


def _subjects(block: Block) -> Part:
    """The part of the file that has the subjects of a block, whatever they do."""
    what = f"{block.kind.replace('_', ' ')}s of {block.group or block.system}"
    return Part(("systems", block.system), what, block.kind, block.group)
