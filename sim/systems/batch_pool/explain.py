"""A Batch pool in sentences: what will happen, before anything runs, with its arithmetic."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.core.rounding import at_least, at_most
from sim.core.units import format_clock, show_duration, show_share
from sim.core.wall_clock import show_instant
from sim.systems.base.dry_run import MEAN, DryRunRules
from sim.systems.base.model import refused
from sim.systems.base.text import be, in_time, pluralize, rounded_up, so_often, when, within
from sim.systems.batch_pool.layout import node_name
from sim.systems.batch_pool.offered_load import of_all_slots, of_slots_left
from sim.systems.batch_pool.relaxation import told
from sim.systems.batch_pool.requests import (
    DisableScheduling,
    EnableScheduling,
    RebootNode,
    ReimageNode,
    Resize,
    UpgradeImage,
    UpgradeOs,
)
from sim.systems.batch_pool.selection import ALL, names_one
from sim.systems.batch_pool.workload import wait_for_ever

if TYPE_CHECKING:
    from collections.abc import Callable

    from sim.systems.base.model import DryRun
    from sim.systems.base.operation import Operation, Span
    from sim.systems.base.records import Rejection
    from sim.systems.batch_pool.layout import JobLayout, PoolLayout
    from sim.systems.batch_pool.spec import BatchPool, Preemptions, StartTask
    from sim.systems.batch_pool.workload import Job, Recorded

INTERRUPTIONS = {
    "requeue": "goes back to the {end} of the queue and starts again from the beginning",
    "taskcompletion": "ends first: the node takes no new tasks and waits for it",
    "terminate": "ends as failed",
    "checkpoint": "goes back to the {end} of the queue and starts again from its last checkpoint",
}
OPTIONS = {
    "requeue": "running tasks go back to the queue",
    "terminate": "running tasks end as failed",
    "taskcompletion": "running tasks end first",
    "retaineddata": "running tasks end first, and their data is kept for {retention}",
}
ORDERS = {
    "number": "in order of number",
    "idle_first": "idle ones first",
    "least_work_lost": "those first whose tasks lose least",
}
FILLS = {"spread": "the least busy node", "pack": "the busiest node with room"}


def _without_work(spec: BatchPool) -> BatchPool:
    return spec.model_copy(update={"work": ()})


def _is_of_tasks(path: str) -> bool:
    return path.endswith(("/service", "/interarrival"))


DRY_RUN_RULES = DryRunRules(
    brief=_without_work,
    is_spread=_is_of_tasks,
    case=f"{MEAN}; only the tasks' times are spread evenly over their distributions",
    brief_case=f"{MEAN}; without the work, which is too much to be walked through in advance",
)


def describe(
    layout: PoolLayout,
    rejection_of: Callable[[Operation], Rejection | None],
    dry_run: DryRun | None,
) -> list[str]:
    """The pool, its work, what each operation does or how it is rejected."""
    lines = [_pool(layout), *_nodes(layout), *_work(layout)]
    nodes = layout.spec.nodes
    for operation in in_time(layout.requests):
        rejection = refused(operation, rejection_of(operation), dry_run)
        if not operation.repetition:  # what is repeated is told the first time
            what = [f"{when(operation, layout.span)} it {rejection}."]
            lines += what if rejection else _operation(layout, operation, nodes, dry_run)
        if isinstance(operation.body, Resize) and rejection is None:
            nodes = operation.body.nodes
    return lines


def size(spec: BatchPool) -> str:
    """How large a pool is at time 0."""
    return f"{pluralize(spec.nodes, 'node')}, {pluralize(spec.slots, 'slot')}"


# The pool and its work ---------------------------------------------------------------------------


def _pool(layout: PoolLayout) -> str:
    spec = layout.spec
    runs = "" if spec.configuration == "virtual_machine" else f" on {spec.current_os_version}"
    least = at_least(spec.min_available, spec.slots)
    share = rounded_up(spec.min_available, spec.slots)
    return (
        f"{layout.name}: a {spec.configuration} pool of {pluralize(spec.nodes, 'node')}{runs}, "
        f"{pluralize(spec.task_slots_per_node, 'slot')} each: {pluralize(spec.slots, 'slot')}; "
        f"available while at least {least:,}{share} of them {be(least)} in service."
    )


def _nodes(layout: PoolLayout) -> list[str]:
    spec, lines = layout.spec, []
    if spec.task_slots_per_node > 1:
        lines.append(f"A task goes to {FILLS[spec.node_fill_type]} ({spec.node_fill_type}).")
    if spec.start_task.duration.highest > 0 or spec.start_task.fails:
        lines.append(_start_task(spec.start_task))
    if spec.failures:
        fate = _interrupted(spec.interruptions.on_failure, spec)
        lines.append(
            f"A node fails {so_often(spec.failures.per_year, 'a year')} and is back after "
            f"{spec.failures.recovery}; a task on it {fate}."
        )
    if spec.preemptions and spec.preemptions.per_hour:
        lines.append(_preempted(spec.preemptions, spec, layout.span.horizon))
    return lines


def _preempted(preemptions: Preemptions, spec: BatchPool, horizon: float) -> str:
    """What happens to spot nodes."""
    share = show_share(round(preemptions.share_there(horizon), 3))
    if isinstance(preemptions.returns, str):
        returns, there = "never returns", f"{share} of them are left at the end"
    else:
        start = " and its start task" if _starts_slowly(spec.start_task) else ""
        returns = f"returns after {preemptions.returns}{start}"
        there = f"{share} of them are there in the mean"
    return (
        f"Spot nodes: each is preempted {so_often(preemptions.per_hour, 'an hour')} in service and "
        f"{returns}; a task on it {_interrupted('requeue', spec)}; {there} (the mean "
        "case has no preemptions)."
    )


def _starts_slowly(task: StartTask) -> bool:
    """Whether a start task keeps a node out of service."""
    return task.wait_for_success and task.duration.highest > 0


def _start_task(task: StartTask) -> str:
    text = f"Whenever a node starts, its start task takes {task.duration}"
    if task.fails:
        chance = show_share(task.fails)
        text += f" and fails with a chance of {chance}, {_retried(task.max_retry_count)}"
    if not task.wait_for_success:
        return f"{text}; tasks do not wait for it."
    lost = task.fails and task.max_retry_count >= 0
    return text + ("; where it fails for good the node takes no tasks." if lost else ".")


def _retried(most: int) -> str:
    if most < 0:
        return "retried without limit"
    return f"retried up to {pluralize(most, 'time')}" if most else "not retried"


def _work(layout: PoolLayout) -> list[str]:
    spec = layout.spec
    if not spec.work:
        return ["There is no work: capacity alone is measured."]
    lines = [_job(job, spec, layout.span) for job in layout.jobs]
    return [*lines, *of_all_slots(spec, layout.span), *told(spec)]


def _job(layout: JobLayout, spec: BatchPool, span: Span) -> str:
    job = layout.spec
    given = job.given(spec.task_slots_per_node)
    if given is not None:
        source = _recorded(given, str(job.file), spec, span)
    elif job.tasks is not None:
        assert job.service
        source = (
            f"{pluralize(job.tasks, 'task')}, all submitted at the start, each of {job.service}"
        )
        if job.required_slots <= spec.task_slots_per_node:
            least = job.tasks * job.required_slots * job.service.mean / spec.slots
            source += f"; at least {show_duration(least)} of work for all slots"
    else:
        gaps = job.gaps(spec.slots)
        expected = pluralize(round(layout.rate.total / gaps.mean), "task")
        source = f"tasks of {job.service}, {gaps} apart{_curve(job)}; about {expected} in all"
    return f"{job.name}: {source}{_traits(job, spec.task_slots_per_node)}."


def _curve(job: Job) -> str:
    """At which times of the day and the week its tasks come."""
    if not job.has_curve:
        return ""
    curve = ", ".join(
        f"{format_clock(clock)} {show_share(share)}" for clock, share in (job.curve or {}).items()
    )
    days = ", ".join(job.days or ())
    return f" at 100 % of its curve ({'; '.join(filter(None, [curve, days]))})"


def _recorded(tasks: Recorded, file: str, spec: BatchPool, span: Span) -> str:
    text = f"{pluralize(len(tasks.submit), 'task')} of {file}"
    if len(tasks.submit):
        first, last = (show_instant(float(tasks.submit[k]), span.start) for k in (0, -1))
        fits = tasks.slots <= spec.task_slots_per_node
        work = float((tasks.service * tasks.slots)[fits].sum())
        text += (
            f", submitted from {first} to {last}; "
            f"at least {show_duration(work / spec.slots)} of work for all slots"
        )
        never = int(np.count_nonzero(~fits))
        if never:
            text += f"; {never:,} of them {wait_for_ever(never)}, as no node has that many slots"
        late = int(np.count_nonzero(tasks.submit > span.horizon))
        if late:
            text += f"; {late:,} of them {'comes' if late == 1 else 'come'} after the horizon"
    dropped = [f"{pluralize(count, 'job')} dropped: {why}" for why, count in tasks.dropped.items()]
    return "; ".join([text, *dropped])


def _traits(job: Job, node: int) -> str:
    """What is not as usual about its tasks, where a node has so many slots."""
    traits = []
    if job.priority:
        traits.append(f"priority {job.priority}")
    if job.required_slots > 1:
        never = job.required_slots > node and job.recorded is None
        more = f": they {wait_for_ever(2)}, as no node has that many slots" if never else ""
        traits.append(f"{job.required_slots} slots each{more}")
    if job.fails:
        chance = show_share(job.fails)
        traits.append(
            f"a run fails with a chance of {chance}, {_retried(job.max_task_retry_count)}"
        )
    return "".join(f"; {trait}" for trait in traits)


# Operations --------------------------------------------------------------------------------------


def _operation(
    layout: PoolLayout, operation: Operation, nodes: int, dry_run: DryRun | None
) -> list[str]:
    """What an operation does to a pool that has `nodes` nodes by then."""
    at, body, spec = when(operation, layout.span), operation.body, layout.spec
    if isinstance(body, UpgradeOs | UpgradeImage):
        what = _version(layout, operation.name, body)
        if not nodes:
            return [f"{at} {what} for every node; nothing happens: there is none by then."]
        if dry_run is not None and dry_run.does_nothing(operation):
            return [f"{at} {what}; nothing happens: the pool is being upgraded to it already."]
        start = " and its start task" if _starts_slowly(spec.start_task) else ""
        text = f"{at} {what} for every node; each is out for {spec.node_upgrade}{start}."
        return [
            f"{text} {_how(spec, nodes)}{_during(spec, body)}",
            *of_slots_left(spec, nodes, operation.at.mean, layout.span),
        ]
    if isinstance(body, Resize):
        first = "the first time " if operation.every else ""
        return [f"{at} {first}{_resize(body, spec, nodes)}."]
    return [f"{at} {_of_nodes(operation, spec, dry_run)}."]


def _version(layout: PoolLayout, operation: str, body: UpgradeOs | UpgradeImage) -> str:
    """What is asked for; of the latest version also which that is."""
    if isinstance(body, UpgradeImage):
        return "a new image"
    asked = body.target_os_version
    version = layout.os_versions[layout.brings(operation)]
    return asked if asked == version else f"{asked}, which is {version},"


def _how(spec: BatchPool, nodes: int) -> str:
    """Who goes when."""
    rules = spec.walk_rules
    at_once = at_most(rules.limit, nodes)
    share = "" if rules.limit.share is None else f" ({rules.limit} of {nodes:,}, rounded down)"
    pause = f" and {show_duration(rules.pause)} have passed" if rules.pause else ""
    if at_once == nodes:
        return f"All go at once{share}."
    if rules.rolling:
        who = f"{pluralize(at_once, 'node')}{share} at a time"
        then = f"as one is back{pause}, the next one goes"
    else:
        waves = pluralize(math.ceil(nodes / at_once), "wave")
        who = f"{waves} of up to {pluralize(at_once, 'node')}{share}"
        then = f"the next wave goes when all of this one are back{pause}"
    return f"{who}, {ORDERS[rules.order]}; {then}."


def _during(spec: BatchPool, body: UpgradeOs | UpgradeImage) -> str:
    """What becomes of running tasks, and when nodes may be taken."""
    rules = spec.walk_rules
    task = f" A task that runs on a node {_interrupted(rules.mode, spec)}."
    return task + within(body, "A node's upgrade" if rules.rolling else "A wave")


def _interrupted(mode: str, spec: BatchPool) -> str:
    text = INTERRUPTIONS[mode].format(end=spec.requeue_to)
    if mode == "checkpoint":
        every, cost = spec.checkpoint.every, spec.checkpoint.cost
        text += f" (one every {show_duration(every)}, of {show_duration(cost)})"
    return text


def _resize(body: Resize, spec: BatchPool, nodes: int) -> str:
    if body.nodes == nodes:
        return f"nothing happens: the pool has {pluralize(nodes, 'node')} already"
    slots = body.nodes * spec.task_slots_per_node
    then = f"{pluralize(body.nodes, 'node')} then: capacity {show_share(slots / spec.slots)}"
    if slots > spec.slots:
        then += f" of the {pluralize(spec.slots, 'slot')} at the start"
    if body.nodes > nodes:
        start = " and its start task" if _starts_slowly(spec.start_task) else ""
        added = pluralize(body.nodes - nodes, "new node")
        return f"{added}, each there after {spec.create}{start}; {then}"
    first, last = node_name(body.nodes), node_name(nodes - 1)
    who = f"{last} goes" if first == last else f"{first} to {last} go"
    return f"{who}; {_option(str(body.node_deallocation_option), spec)}; {then}"


def _of_nodes(operation: Operation, spec: BatchPool, dry_run: DryRun | None) -> str:
    body: Any = operation.body
    if dry_run is not None and not names_one(body.node):
        row = dry_run.operations[operation.name]
        if row["status"] == "Succeeded" and row["message"]:
            case = "" if dry_run.is_certain else "in the mean case "
            return f"{case}nothing happens: no node is {body.node} by then"
    who, several = _who(body.node)
    match body:
        case RebootNode():
            does = "reboot" if several else "reboots"
            return f"{who} {does} ({spec.reboot}); {_option(body.option, spec)}"
        case ReimageNode():
            does = "are reimaged" if several else "is reimaged"
            return f"{who} {does} ({spec.reimage}); {_option(body.option, spec)}"
        case DisableScheduling():
            stays = body.option == "taskcompletion"
            running = "running ones go on" if stays else _option(body.option, spec)
            return f"{who} {'take' if several else 'takes'} no new tasks; {running}"
        case EnableScheduling():
            return f"{who} {'take' if several else 'takes'} tasks again"
    raise AssertionError(body)


NAMED = 5
"""So many nodes of a list are named."""


def _who(choice: str | tuple[str, ...]) -> tuple[str, bool]:
    """The nodes that are meant, in words, and whether these are in the plural."""
    if isinstance(choice, tuple):
        more = len(choice) - NAMED
        return ", ".join(choice[:NAMED]) + (f" and {more:,} more" if more > 0 else ""), True
    if choice == ALL:
        return "all nodes", True
    return (choice, False) if names_one(choice) else (f"all nodes that are {choice} then", True)


def _option(option: str, spec: BatchPool) -> str:
    return OPTIONS[option].format(retention=show_duration(spec.retention_time))
