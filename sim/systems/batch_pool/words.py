"""A Batch pool in sentences: what will happen, before anything runs, with its arithmetic."""

from __future__ import annotations

import datetime as dt
import math
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.rules import at_least, at_most
from sim.systems.batch_pool.layout import node_name
from sim.systems.batch_pool.refusals import answer, by_request, by_version
from sim.systems.batch_pool.requests import (
    DisableScheduling,
    EnableScheduling,
    RebootNode,
    ReimageNode,
    Resize,
    UpgradeImage,
    UpgradeOs,
)
from sim.systems.batch_pool.work import is_overload, offered_slots
from sim.systems.sentences import be, counted, refusals, when, within
from sim.units import show_duration, show_share

if TYPE_CHECKING:
    from sim.systems.batch_pool.model import Model
    from sim.systems.batch_pool.recorded import Recorded
    from sim.systems.batch_pool.spec import BatchPool, StartTask
    from sim.systems.batch_pool.work import Job
    from sim.systems.operation import Operation

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


def before(model: Model) -> list[str]:
    """The pool, its work, what each operation does, how low capacity goes, what is refused."""
    lines = [_pool(model), *_nodes(model.spec), *_work(model)]
    nodes = model.spec.nodes
    for operation in sorted(model.operations, key=lambda each: each.at.mean):
        if _rule(model, operation) is None:
            lines += _operation(model, operation, nodes)
        if isinstance(operation.body, Resize):
            nodes = operation.body.nodes
    return lines + [f"Refused: {sentence}" for _, sentence in foretold(model)]


def foretold(model: Model) -> list[tuple[tuple[str | int, ...], str]]:
    """The refusals that follow from the file alone: where, and what the service will answer."""
    return refusals(model.operations, partial(_rule, model), answer)


def size(model: Model) -> str:
    """How large a pool is at time 0."""
    spec = model.spec
    return f"{counted(spec.nodes, 'node')}, {counted(spec.slots, 'slot')}"


def _rule(model: Model, operation: Operation) -> str | None:
    body, spec = operation.body, model.spec
    rule = by_request(body, spec)
    if rule is not None or not isinstance(body, UpgradeOs):
        return rule
    start = model.span.start
    now = start and not operation.at.is_random and start + dt.timedelta(seconds=operation.at.mean)
    rule = by_version(body.target_os_version, spec, now or None)
    equal = model.layout.target(operation.name) == 0 and _is_first(model, operation)
    return rule or ("version equal" if equal else None)


def _is_first(model: Model, operation: Operation) -> bool:
    """Whether no upgrade can come before."""
    upgrades = [each for each in model.operations if isinstance(each.body, UpgradeOs)]
    earliest = [float(each.at.quantile(np.zeros(1))[0]) for each in upgrades if each != operation]
    return all(operation.at.highest < each for each in earliest)


# The pool and its work ---------------------------------------------------------------------------


def _pool(model: Model) -> str:
    spec = model.spec
    runs = "" if spec.configuration == "virtual_machine" else f" on {spec.current_os_version}"
    least = at_least(spec.min_available, spec.slots)
    share = "" if spec.min_available.share is None else f" ({spec.min_available}, rounded up)"
    return (
        f"{model.name}: a {spec.configuration} pool of {counted(spec.nodes, 'node')}{runs}, "
        f"{counted(spec.task_slots_per_node, 'slot')} each: {counted(spec.slots, 'slot')}; "
        f"available while at least {least:,}{share} of them {be(least)} in service."
    )


def _nodes(spec: BatchPool) -> list[str]:
    lines = []
    if spec.task_slots_per_node > 1:
        lines.append(f"A task goes to {FILLS[spec.node_fill_type]} ({spec.node_fill_type}).")
    if spec.start_task.duration.highest > 0 or spec.start_task.fails:
        lines.append(_start_task(spec.start_task))
    if spec.failures:
        fate = _interrupted(spec.interruptions.on_failure, spec)
        lines.append(
            f"A node fails {spec.failures.per_year:,g} times a year and is back after "
            f"{spec.failures.recovery}; a task on it {fate}."
        )
    return lines


def _starts_slowly(task: StartTask) -> bool:
    """Whether a start task keeps a node out of service."""
    return task.wait_for_success and task.duration.highest > 0


def _start_task(task: StartTask) -> str:
    text = f"Whenever a node starts, its start task takes {task.duration}"
    if task.fails:
        text += f" and fails with {show_share(task.fails)}, {_retried(task.max_retry_count)}"
    if not task.wait_for_success:
        return f"{text}; tasks do not wait for it."
    lost = task.fails and task.max_retry_count >= 0
    return text + ("; where it fails for good the node takes no tasks." if lost else ".")


def _retried(most: int) -> str:
    if most < 0:
        return "retried without limit"
    return f"retried up to {counted(most, 'time')}" if most else "not retried"


def _work(model: Model) -> list[str]:
    spec = model.spec
    if not spec.work:
        return ["There is no work: capacity alone is measured."]
    lines = [_job(job, spec, model.span.horizon) for job in spec.work]
    load = offered_slots(spec.work, spec.slots) / spec.slots
    if load:
        lines.append(
            f"Offered load: {show_share(load)} of {counted(spec.slots, 'slot')}{_over(load)}."
        )
    return lines


def _over(load: float) -> str:
    return "; WARNING: at 100 % or above the queue grows without end" if is_overload(load) else ""


def _job(job: Job, spec: BatchPool, horizon: float) -> str:
    if job.recorded is not None:
        fitting = job.recorded.fitting(spec.task_slots_per_node)
        source = _recorded(fitting, str(job.file), spec.slots, horizon)
    elif job.tasks is not None:
        assert job.service
        least = job.tasks * job.required_slots * job.service.mean / spec.slots
        source = (
            f"{counted(job.tasks, 'task')}, all submitted at the start, each of {job.service}; "
            f"at least {show_duration(least)} of work for all slots"
        )
    else:
        gaps = job.gaps(spec.slots)
        expected = counted(round(horizon / gaps.mean), "task")
        source = f"tasks of {job.service}, {gaps} apart; about {expected} in all"
    return f"{job.name}: {source}{_traits(job)}."


def _recorded(tasks: Recorded, file: str, slots: int, horizon: float) -> str:
    text = f"{counted(len(tasks.submit), 'task')} of {file}"
    if len(tasks.submit):
        first, last = float(tasks.submit[0]), float(tasks.submit[-1])
        work = float((tasks.service * tasks.slots).sum())
        text += (
            f", submitted from {show_duration(first)} to {show_duration(last)}; "
            f"at least {show_duration(work / slots)} of work for all slots"
        )
        late = int(np.count_nonzero(tasks.submit > horizon))
        if late:
            text += f"; {late:,} of them {'comes' if late == 1 else 'come'} after the horizon"
    dropped = [f"{counted(count, 'job')} dropped: {why}" for why, count in tasks.dropped.items()]
    return "; ".join([text, *dropped])


def _traits(job: Job) -> str:
    """What is not as usual about its tasks."""
    traits = []
    if job.priority:
        traits.append(f"priority {job.priority}")
    if job.required_slots > 1:
        traits.append(f"{job.required_slots} slots each")
    if job.fails:
        chance = show_share(job.fails)
        traits.append(f"a run fails with {chance}, {_retried(job.max_task_retry_count)}")
    return "".join(f"; {trait}" for trait in traits)


# Operations --------------------------------------------------------------------------------------


def _operation(model: Model, operation: Operation, nodes: int) -> list[str]:
    """What an operation does to a pool that has `nodes` nodes by then."""
    at, body, spec = when(operation, model.span), operation.body, model.spec
    if isinstance(body, UpgradeOs | UpgradeImage):
        what = _version(model, operation.name, body)
        if not nodes:
            return [f"{at} {what} for every node; there is none by then."]
        start = " and its start task" if _starts_slowly(spec.start_task) else ""
        text = f"{at} {what} for every node; each is out for {spec.node_upgrade}{start}."
        return [f"{text} {_how(spec, nodes)}{_during(spec, body)}", *_low(spec, nodes)]
    if isinstance(body, Resize):
        return [f"{at} {_resize(body, spec, nodes)}."]
    return [f"{at} {_of_node(body, spec)}."]


def _version(model: Model, operation: str, body: UpgradeOs | UpgradeImage) -> str:
    """What is asked for; of the latest version also which that is."""
    if isinstance(body, UpgradeImage):
        return "a new image"
    asked = body.target_os_version
    version = model.layout.os_versions[model.layout.target(operation)]
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
        who = f"{counted(at_once, 'node')}{share} at a time"
        then = f"as one is back{pause}, the next one goes"
    else:
        waves = counted(math.ceil(nodes / at_once), "wave")
        who = f"{waves} of up to {counted(at_once, 'node')}{share}"
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


def _low(spec: BatchPool, nodes: int) -> list[str]:
    """The arithmetic of the lowest capacity and of the load on what is left."""
    at_once, slots = at_most(spec.walk_rules.limit, nodes), spec.task_slots_per_node
    left = (nodes - at_once) * slots
    least = at_least(spec.min_available, spec.slots)
    text = (
        f"While {counted(at_once, 'node')} of {nodes:,} {be(at_once)} out, {left:,} of "
        f"{counted(nodes * slots, 'slot')} serve: {_capacity(spec, left)}"
    )
    if not left:
        text += "; the whole pool is out, and no task runs"
    elif left < least:
        text += f"; not available: it needs {least:,}"
    else:
        text += "; the pool stays available"
    load = offered_slots(spec.work, spec.slots) / left if left else 0.0
    return [f"{text}.", *([_meanwhile(load)] if load else [])]


def _meanwhile(load: float) -> str:
    text = f"Offered load meanwhile: {show_share(load)} of the slots that are left"
    return (
        f"{text}; WARNING: the queue grows until the upgrade is over."
        if is_overload(load)
        else f"{text}."
    )


def _capacity(spec: BatchPool, slots: int) -> str:
    """What so many slots are, in numbers: 12 of the 10 at the start are 120 %."""
    grown = "" if slots <= spec.slots else f" of the {counted(spec.slots, 'slot')} at the start"
    return f"capacity {show_share(slots / spec.slots)}{grown}"


def _resize(body: Resize, spec: BatchPool, nodes: int) -> str:
    if body.nodes == nodes:
        return f"the pool has {counted(nodes, 'node')} already"
    then = f"{counted(body.nodes, 'node')} then: "
    then += _capacity(spec, body.nodes * spec.task_slots_per_node)
    if body.nodes > nodes:
        start = " and its start task" if _starts_slowly(spec.start_task) else ""
        added = counted(body.nodes - nodes, "new node")
        return f"{added}, each there after {spec.create}{start}; {then}"
    first, last = node_name(body.nodes), node_name(nodes - 1)
    who = f"{last} goes" if first == last else f"{first} to {last} go"
    return f"{who}; {_option(str(body.node_deallocation_option), spec)}; {then}"


def _of_node(body: Any, spec: BatchPool) -> str:
    match body:
        case RebootNode():
            return f"{body.node} reboots ({spec.reboot}); {_option(body.option, spec)}"
        case ReimageNode():
            return f"{body.node} is reimaged ({spec.reimage}); {_option(body.option, spec)}"
        case DisableScheduling():
            stays = body.option == "taskcompletion"
            running = "running ones go on" if stays else _option(body.option, spec)
            return f"{body.node} takes no new tasks; {running}"
        case EnableScheduling():
            return f"{body.node} takes tasks again"
    raise AssertionError(body)


def _option(option: str, spec: BatchPool) -> str:
    return OPTIONS[option].format(retention=show_duration(spec.retention_time))
