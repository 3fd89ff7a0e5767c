"""The result of a run of the mean case in sentences: every claim is read from its log."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.core.log import (
    STUCK,
    SUPERSEDED,
    UPGRADE,
    UPGRADE_CANCELLED,
    UPGRADE_ENDS,
    UPGRADE_FAILED,
)
from sim.core.timelines import TOLERANCE
from sim.core.units import show_duration, show_share
from sim.core.wall_clock import show_instant
from sim.systems.base.text import as_written, pluralize

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sim.core.timelines import Timeline
    from sim.systems.base.dry_run import DryRunRules
    from sim.systems.base.model import DryRun
    from sim.systems.base.system_type import SystemType

TOO_LARGE = (
    "It is too large to be walked through in advance: how low capacity goes, for how long, and "
    "when it is over is what `run` tells."
)

STEPS = 8
"""So many shares over time are told."""

GROUPS = 12
"""Of so many groups: types, then groups of machines."""

SLOWEST = "With random times an upgrade usually takes longer, as it waits for the slowest."

WEEK = 7
"""Days."""


def foreseen(dry_run: DryRun, kind: SystemType[Any], warm_up: float) -> list[str]:
    """What a system that was run in advance comes to, over [warm_up, horizon]."""
    how = kind.dry_run_rules
    if dry_run.is_brief and how.is_sample:
        return [TOO_LARGE]
    ends: list[str] = []
    told = [*_spread(kind.progress(dry_run.model, dry_run.log))]
    if dry_run.is_certain or not how.is_sample:
        told = [_capacity(dry_run, how, warm_up), *_availability(dry_run, warm_up), *told]
        ends = [*_ends(dry_run), *kind.progress_text(dry_run.model, dry_run.log)]
    told += [*ends, *_failures(dry_run), *_repetitions(dry_run)]
    if not told:
        return []
    if dry_run.is_certain:
        head = "Deterministic, one run suffices: this is what happens"
    else:
        case = how.brief_case if dry_run.is_brief else how.case
        head = f"In the mean case ({case})"
    takes_time = any("completed" in each for each in ends)
    slower = f" {SLOWEST}" if takes_time and not dry_run.is_certain else ""
    return [f"{head}: {'; '.join(told)}.{slower}"]


# Capacity -----------------------------------------------------------------------------------------


def _capacity(dry_run: DryRun, how: DryRunRules, warm_up: float) -> str:
    line = dry_run.model.timeline(dry_run.log, "capacity").crop(warm_up, dry_run.log.horizon)
    lowest = line.minimum()
    nominal = dry_run.model.nominal
    members = "" if how.is_sample or not nominal else f" ({lowest * nominal:g} of {nominal:g})"
    share = show_share(lowest)
    if len(set(line.values.tolist())) == 1:
        return f"capacity stays at {share}"
    if lowest >= 1 - TOLERANCE:
        return f"capacity stays at {share} or above"
    since = float(line.times[np.argmax(line.values <= lowest + TOLERANCE)])
    return f"lowest capacity {share}{members}, first at {_at(dry_run, since)}"


def _availability(dry_run: DryRun, warm_up: float) -> Iterator[str]:
    """Whether it is available all the time; nothing where the file does not say what it needs."""
    model, log = dry_run.model, dry_run.log
    groups = [group for name, group in model.series() if name == "available"]
    if not groups:
        return
    lines = {group: model.timeline(log, "available", group) for group in groups}
    outages = lines[groups[0]].crop(warm_up, log.horizon).intervals_below(1.0)
    if not outages:
        yield "available throughout"
        return
    total = sum(end - start for start, end in outages)
    many = f" in {len(outages):,} outages, the first" if len(outages) > 1 else ""
    yield f"downtime {show_duration(total)}{many}{_outage(dry_run, lines, outages[0])}"


def _outage(dry_run: DryRun, lines: Mapping[str, Timeline], outage: tuple[float, float]) -> str:
    """From when to when, and of which groups."""
    start, end = outage
    short = [group for group, line in lines.items() if group and line.at(start) < 1]
    whose = f" ({', '.join(short)})" if short else ""
    until = "the end" if end >= dry_run.log.horizon else _at(dry_run, end)
    return f"{whose} from {_at(dry_run, start)} to {until}"


def _at(dry_run: DryRun, seconds: float) -> str:
    """An instant, by the clock where the scenario has one."""
    return show_instant(seconds, dry_run.model.layout.span.start)


# Upgrades -----------------------------------------------------------------------------------------


def _ends(dry_run: DryRun) -> Iterator[str]:
    """How each upgrade that takes time ends, and when it was stuck before."""
    repeated = {each.name for each in dry_run.model.operations if each.repetition}
    for name, times, states in _upgrades(dry_run):
        if name in repeated:
            continue
        for state, since, until in zip(states[:-1], times, times[1:], strict=False):
            if state == STUCK:
                yield f"{name} is stuck from {_at(dry_run, since)} to {_at(dry_run, until)}"
        took = times[-1] - times[0]
        if states[-1] == UPGRADE_FAILED and dry_run.operations[name]["status"] == "Failed":
            continue  # it is told with the reason
        if states[-1] in UPGRADE_ENDS and took:
            yield f"{name} is {_words(states[-1])} after {show_duration(took)}"
        elif states[-1] not in (*UPGRADE_ENDS, STUCK):
            yield f"{name} is not over at the end ({_at(dry_run, dry_run.log.horizon)})"


def _upgrades(dry_run: DryRun) -> Iterator[tuple[str, list[float], list[int]]]:
    """Each upgrade that is asked for: the operation, when it moved, what it became then."""
    (block,) = [each for each in dry_run.model.blocks if each.kind == "upgrade"]
    for subject in block.numbers:
        rows = dry_run.log.rows[dry_run.log.rows["subject"] == subject]
        if len(rows):
            name = block.name(subject - block.first).removeprefix("upgrade by ")
            states = [int(code) % UPGRADE.width for code in rows["new"]]
            yield name, rows["time"].tolist(), states


def _words(status: int) -> str:
    return UPGRADE.statuses[status].replace("_", " ")


def _failures(dry_run: DryRun) -> Iterator[str]:
    """Requests that are accepted and fail, and those that do not come."""
    # That another request ends an upgrade is told with how it ends.
    given_up = (UPGRADE_CANCELLED, SUPERSEDED)
    ended_by_others = {name for name, _, states in _upgrades(dry_run) if states[-1] in given_up}
    for operation in as_written(dry_run.model.operations):
        if operation.name in ended_by_others:
            continue
        row = dry_run.operations[operation.name]
        if row["at_s"] is None:
            yield f"{operation.name} does not come by the end"
        elif row["status"] == "Failed":
            at = _at(dry_run, row["ended_s"])
            # What the platform does by itself is answered by no code of HTTP.
            code = " ".join(str(each) for each in (row["http_status"], row["code"]) if each)
            yield f"{operation.name} fails at {at}: {code}: {row['message']}"


def _repetitions(dry_run: DryRun) -> Iterator[str]:
    """How those end that the file has but once."""
    for operation in as_written(dry_run.model.operations):
        names = map(operation.name_of, range(1, operation.times))
        ended = Counter(str(dry_run.operations[name]["status"]) for name in names)
        if ended:
            ends = ", ".join(f"{count:,} {status}" for status, count in ended.items())
            yield f"repetitions of {operation.name}: {ends}"


def _spread(days: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """How many are up to date with the last version, by day or week since it was asked for."""
    groups = [group for group in dict.fromkeys(row["group"] for row in days) if group]
    for group in groups[:GROUPS]:
        shares = [row["up_to_date"] for row in days if row["group"] == group]
        unit, step = ("week", WEEK) if len(shares) > 2 * WEEK else ("day", 1)
        times = range(step, min(len(shares) + step - 1, step * STEPS + 1), step)
        told = [(day // step, shares[min(day, len(shares) - 1)]) for day in times]
        last = shares[-1]
        text = ", ".join(f"{show_share(share)} after {pluralize(n, unit)}" for n, share in told)
        if not told or told[-1][1] < last:
            text += f"{', ' if text else ''}{show_share(last)} in the end"
        head = "up to date with what was last released or pushed, " if group == groups[0] else ""
        yield f"{head}{group}: {text}"
    if groups[GROUPS:]:
        yield f"{pluralize(len(groups[GROUPS:]), 'more group')}: see `run`"
