"""What a pool's part of a file says about its own parts, and what is legal but hardly meant."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar

from sim.core.rounding import at_least, at_most
from sim.core.units import shorten, show_duration, show_share
from sim.formats.checking import nearest
from sim.systems.base.spec import Issue
from sim.systems.base.text import pluralize
from sim.systems.batch_pool.arrivals import Rate
from sim.systems.batch_pool.defaults import resolve, written_jobs
from sim.systems.batch_pool.layout import most_nodes, node_name
from sim.systems.batch_pool.offered_load import OfferedLoad, how_long_it_grows
from sim.systems.batch_pool.requests import Resize, UpgradeImage, UpgradeOs
from sim.systems.batch_pool.selection import ALL, number_of
from sim.systems.batch_pool.states import SHOWN
from sim.systems.batch_pool.workload import is_overload, wait_for_ever

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sim.systems.base.operation import Operation, Span
    from sim.systems.batch_pool.spec import BatchPool
    from sim.systems.batch_pool.workload import Job, Recorded

    Path = tuple[str | int, ...]

MOST_SLOTS = 256
SLOTS_PER_CORE = 4
"""Azure's maxima for a node ("Run tasks concurrently on Batch compute nodes")."""

MOST_NODES = 1_000_000
"""More would need more memory than most machines have: a node takes some 400 bytes."""

MOST_UPGRADES, MOST_RESIZES = 2_000, 10_000
"""More versions or sizes than that have no place in the small numbers of a log's states."""

MOST_OS_VERSIONS = 500
"""Each request for the version * looks at all that are listed; Azure lists some dozens."""

_NEVER_ENDS = "must be below 100% where nothing limits the retries, got 100%"

T = TypeVar("T")


def references(name: str, spec: BatchPool, operations: Sequence[Operation]) -> Iterator[Issue]:
    """Keys that exclude or need each other, limits of a node, nodes that are never there."""
    path = ("systems", name)
    yield from _of_pool(path, spec)
    for place, job in written_jobs(spec).items():
        yield from _of_job((*path, *place), job)
    yield from _of_names(path, name, spec)
    yield from _of_number(operations)
    room = most_nodes(spec, operations)
    yield from _of_size((*path, "nodes"), spec.nodes)
    for operation in operations:
        yield from _of_node(operation, name, room)
        if isinstance(operation.body, Resize):
            yield from _of_size((*operation.path, "nodes"), operation.body.nodes)


def _of_number(operations: Sequence[Operation]) -> Iterator[Issue]:
    upgrades = [each for each in operations if isinstance(each.body, UpgradeOs | UpgradeImage)]
    resizes = [each for each in operations if isinstance(each.body, Resize)]
    for asked, most, what in (
        (upgrades, MOST_UPGRADES, "upgrades"),
        (resizes, MOST_RESIZES, "resizes"),
    ):
        if len(asked) > most:
            rule = f"must be one of at most {most:,} {what} of a pool, got {len(asked):,}"
            yield Issue(asked[most].path, rule)


def _of_size(path: Path, nodes: int) -> Iterator[Issue]:
    if nodes > MOST_NODES:
        yield Issue(path, f"must be at most {MOST_NODES:,}, got {nodes}")


def _of_pool(path: Path, spec: BatchPool) -> Iterator[Issue]:
    most, why = MOST_SLOTS, ""
    if spec.cores is not None and SLOTS_PER_CORE * spec.cores < most:
        most, why = (
            SLOTS_PER_CORE * spec.cores,
            f" ({SLOTS_PER_CORE} for each of {spec.cores} cores)",
        )
    if spec.task_slots_per_node > most:
        rule = f"must be at most {most}{why}, got {spec.task_slots_per_node}"
        yield Issue((*path, "task_slots_per_node"), rule)
    if len(spec.os_versions) > MOST_OS_VERSIONS:
        rule = f"must be at most {MOST_OS_VERSIONS}, got {len(spec.os_versions):,}"
        yield Issue((*path, "os_versions"), rule)
    if spec.max_concurrent.count == 0:
        yield Issue((*path, "max_concurrent"), "must be 1 or more, or a share, got 0")
    if spec.checkpoint.every == 0 and spec.checkpoint.cost > 0:
        rule = "must be 0s where every is 0s: such checkpoints would never end"
        got = show_duration(spec.checkpoint.cost)
        yield Issue((*path, "checkpoint", "cost"), f"{rule}, got {got}")
    if spec.start_task.fails == 1 and spec.start_task.max_retry_count < 0:
        yield Issue((*path, "start_task", "fails"), _NEVER_ENDS)
    listed = [each.version for each in spec.os_versions]
    for number, version in enumerate(listed):
        if version in listed[:number]:
            rule = f"must be listed once, got {version} again"
            yield Issue((*path, "os_versions", number, "version"), rule)


def _of_job(path: Path, job: Job) -> Iterator[Issue]:
    source = job.source
    if job.file and job.service:
        yield Issue((*path, "service"), f"must not be given together with {source}")
    if not job.file and not job.service:
        yield Issue(path, f"missing key service, which {source} needs")
    for key in ("jobs", "slots"):
        if getattr(job, key) is not None and job.swf is None:
            yield Issue((*path, key), f"must not be given without swf, as {source} is the source")
    for key in ("curve", "days"):
        if getattr(job, key) is not None and not job.is_open:
            rule = f"must not be given without load or interarrival, as {source} is the source"
            yield Issue((*path, key), rule)
    if job.curve is not None and not any(job.curve.values()):
        yield Issue((*path, "curve"), "must have a share above 0%")
    if job.slots and job.required_slots != 1:
        rule = f"must not be given together with slots: {job.slots}, got {job.required_slots}"
        yield Issue((*path, "required_slots"), rule)
    if job.fails == 1 and job.max_task_retry_count < 0:
        yield Issue((*path, "fails"), _NEVER_ENDS)
    yield from _of_times(path, job)


def _of_times(path: Path, job: Job) -> Iterator[Issue]:
    """Streams whose tasks would all come at one instant."""
    key = "service" if job.load is not None else "interarrival"
    times = getattr(job, key)
    if times is not None and _read(lambda: times.mean) == 0:
        yield Issue((*path, key), f"must be above 0s, got {times}")


def _never_comes(path: Path, job: Job, span: Span) -> Iterator[Issue]:
    """A stream whose days, or times of the day, do not come within the horizon."""
    if job.is_open and job.has_curve and not Rate.of(job, span).total:
        key = "curve" if job.days is None else "days"
        yield Issue((*path, key), f"no task comes: the rate is 0 {span.told_from(0.0)}")


def _unfit(path: Path, job: Job, given: Recorded | None, slots: int) -> Iterator[Issue]:
    """Tasks that no node has slots for."""
    why = f"as a node has {pluralize(slots, 'slot')} (task_slots_per_node)"
    if given is None:
        if job.required_slots > slots:
            rule = f"its tasks {wait_for_ever(2)}, {why}, got {job.required_slots}"
            yield Issue((*path, "required_slots"), rule)
        return
    count = int((given.slots > slots).sum())
    if count:
        rule = f"{pluralize(count, 'task')} of {job.file} {wait_for_ever(count)}, {why}"
        yield Issue((*path, job.source), rule)


def _read(look: Callable[[], T]) -> T | None:
    """What a file holds; None where it could not be read, which is reported elsewhere."""
    try:
        return look()
    except ValueError:
        return None


def _of_names(path: Path, name: str, spec: BatchPool) -> Iterator[Issue]:
    jobs = written_jobs(spec)
    resolved = zip(jobs.values(), resolve(name, spec).work, strict=True)
    taken = {own.name for job, own in resolved if not job.name}
    for place, job in jobs.items():
        if job.name and job.name in taken:
            rule = f"must be the name of one job only, got {job.name}"
            yield Issue((*path, *place, "name"), rule)
        taken.add(job.name)


def _of_node(operation: Operation, name: str, room: int) -> Iterator[Issue]:
    choice = getattr(operation.body, "node", None)
    if choice is None or choice == ALL or choice in SHOWN:
        return
    path = (*operation.path, "node")
    rule = f"must be a node of {name}, {node_name(0)} to {node_name(room - 1)}"
    if isinstance(choice, str):
        digits = "".join(re.findall(r"[0-9]", choice))
        if digits:
            yield from _of_name(path, choice, room, rule)
        else:
            words = (ALL, *SHOWN)
            yield from _of_name(path, choice, room, f"{rule}, all or a state of nodes", words)
        return
    if not choice:
        yield Issue(path, "must name a node, got an empty list")
    found: set[int] = set()
    for place, each in enumerate(choice):
        yield from _of_name((*path, place), each, room, rule)
        number = number_of(each)
        if number in found:
            yield Issue((*path, place), f"must be named once, got {shorten(each)} again")
        if number is not None:
            found.add(number)


def _of_name(
    path: Path, given: str, room: int, rule: str, words: Sequence[str] = ()
) -> Iterator[Issue]:
    """The name of one node; `words` are those that might have been meant too."""
    number = number_of(given)
    if number is not None and number < room:
        return
    digits = "".join(re.findall(r"[0-9]", given))
    meant = int(digits[:9] or room)
    near = node_name(meant) if meant < room else nearest(given, words)
    hint = f"; did you mean {near}?" if near else ""
    yield Issue(path, f"{rule}, got {shorten(given)}{hint}")


def warnings(
    name: str, spec: BatchPool, operations: Sequence[Operation], span: Span
) -> list[Issue]:
    """What is legal and yet hardly meant, or changes nothing."""
    path = ("systems", name)
    findings = [*_of_work(path, spec, span), *_of_walk(path, spec, operations)]
    least = at_least(spec.min_available, spec.slots)
    if least > spec.slots:
        rule = f"the pool has only {spec.slots} slots, so it is never available, got {least}"
        findings.append(Issue((*path, "min_available"), rule))
    return findings + [
        Issue((*path, *key), f"changes nothing: {reason}")
        for key, reason in _unused(spec, operations)
    ]


def _of_work(path: Path, spec: BatchPool, span: Span) -> Iterator[Issue]:
    offered = OfferedLoad.of(spec.served, spec.slots, span)
    load, grows = offered.mean / spec.slots, f"the queue grows {how_long_it_grows(offered)}"
    asked = f"the offered load is {show_share(load)} of the pool's slots"
    asked += " on average" if offered.changes else ""
    there = spec.share_there(span.horizon)
    if is_overload(load):
        yield Issue((*path, "work"), f"{asked}: {grows}")
    elif load and is_overload(load / max(there, 1e-9)):
        share = show_share(round(there, 3))
        at_last = " in the end" if spec.preemptions and spec.preemptions.are_final else ""
        left = f"more than preemptions leave{at_last} ({share})"
        yield Issue((*path, "work"), f"{asked}, {left}: {grows}")
    for place, job in enumerate(spec.work):
        given = job.given(spec.task_slots_per_node)
        if given is not None:
            for reason, count in given.dropped.items():
                jobs = f"{pluralize(count, 'job')} of {job.file}"
                yield Issue((*path, "work"), f"{jobs} dropped: {reason}")
        # A single job stands there itself, in a list or not.
        at = (*path, "work") if len(spec.work) == 1 else (*path, "work", place)
        yield from _unfit(at, job, given, spec.task_slots_per_node)
        yield from _never_comes(at, job, span)


def _of_walk(path: Path, spec: BatchPool, operations: Sequence[Operation]) -> Iterator[Issue]:
    image = spec.configuration == "virtual_machine"
    upgrade = UpgradeImage if image else UpgradeOs
    if not any(isinstance(operation.body, upgrade) for operation in operations):
        return
    if at_most(spec.walk_rules.limit, spec.nodes) >= spec.nodes:
        key = ("upgrade_policy", "max_batch_instance_percent") if image else ("max_concurrent",)
        which = "the only node" if spec.nodes == 1 else f"all {spec.nodes:,} nodes at once"
        yield Issue((*path, *key), f"an upgrade may take {which}: no task then runs")


CLOUD_SERVICE_ONLY = (
    "current_os_version",
    "os_versions",
    "max_concurrent",
    "pace",
    "pause",
    "order",
)
"""Keys that a virtual_machine pool has no use for."""


def _unused(spec: BatchPool, operations: Sequence[Operation]) -> Iterator[tuple[Path, str]]:
    """Keys with a value of their own that only another mode uses, and why."""
    fields = type(spec).model_fields
    given = {key for key, field in fields.items() if getattr(spec, key) != field.default}
    if spec.configuration == "virtual_machine":
        reason = "a virtual_machine pool goes by its upgrade_policy"
        yield from (((key,), reason) for key in CLOUD_SERVICE_ONLY if key in given)
        if spec.interruptions.on_upgrade != "requeue":
            yield ("interruptions", "on_upgrade"), reason
    elif "upgrade_policy" in given:
        yield ("upgrade_policy",), "it is for virtual_machine pools"
    modes = {spec.interruptions.on_upgrade, spec.interruptions.on_failure}
    if "checkpoint" in given and "checkpoint" not in modes:
        yield ("checkpoint",), "no interruption is checkpoint"
    if spec.preemptions is not None and not spec.preemptions.per_hour:
        yield ("preemptions",), "per_hour is 0"
    options = {getattr(operation.body, "option", None) for operation in operations}
    options |= {getattr(each.body, "node_deallocation_option", None) for each in operations}
    if "retention_time" in given and "retaineddata" not in options:
        yield ("retention_time",), "nothing asks for retaineddata"
