"""Defaults of a Batch pool that depend on other fields, and which of them are assumptions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sim.formats.tree import dotted
from sim.systems.base.assumptions import CHOICE, NONE_FAIL, RULE, Assumption
from sim.systems.base.spec import Headcount
from sim.systems.batch_pool.layout import node_name
from sim.systems.batch_pool.requests import (
    WAITING,
    OfNodes,
    RebootNode,
    ReimageNode,
    Resize,
    UpgradeImage,
    UpgradeOs,
)
from sim.systems.batch_pool.selection import names_one, numbers_of
from sim.systems.batch_pool.workload import Job

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sim.systems.base.assumptions import Path
    from sim.systems.base.operation import Operation, Request
    from sim.systems.base.spec import System
    from sim.systems.batch_pool.spec import BatchPool

HORIZON = 86400.0
"""Seconds."""

GROUP_METRICS: tuple[str, ...] = ()
"""A pool's nodes are all alike: it has no groups."""


def headcount(spec: BatchPool, operations: Sequence[Operation], _: str) -> Headcount:
    """How many slots a pool has."""
    sizes = [each.body.nodes for each in operations if isinstance(each.body, Resize)]
    return Headcount(spec.slots, max([spec.nodes, *sizes]) * spec.task_slots_per_node, "slot")


STARTER = """\
# Question: how much work is thrown away while the pool's operating system is upgraded?
horizon: 12h
seed: 1
replications: 200
systems:
  render:
    kind: batch_pool
    nodes: 100
    node_upgrade:
      lognormal:
        median: 5min
        p95: 9min
    max_concurrent: 20%
    interruptions:
      on_upgrade: requeue
    work:
      load: 80%
      service:
        lognormal:
          median: 8min
          p95: 25min
operations:
  - at: 2h
    upgrade_os:
      target_os_version: WA-GUEST-OS-5.31_201905-01
objectives:
  - metric: min_capacity
    at_least: 80%
    in_runs: 95%
"""


def written_jobs(spec: BatchPool) -> dict[tuple[str | int, ...], Job]:
    """Where a job stands below the pool -> the job; `spec` is as written or resolved."""
    work: Any = spec.work
    if isinstance(work, Job):
        return {("work",): work}
    return {("work", place): job for place, job in enumerate(work)}


def resolve(_: str, spec: BatchPool) -> BatchPool:
    """Fill in the time of a reimage, make a single job a list of one, name the jobs."""
    jobs = written_jobs(spec).values()
    alone = len(jobs) == 1
    named = (
        job if job.name else job.model_copy(update={"name": "job" if alone else f"job-{place}"})
        for place, job in enumerate(jobs)
    )
    return spec.model_copy(
        update={"work": tuple(named), "reimage": spec.reimage or spec.node_upgrade}
    )


def resolved_place(path: Path) -> Path:
    """A single job becomes a list of one."""
    is_single = path[:1] == ("work",) and not isinstance((*path, 0)[1], int)
    return ("work", 0, *path[1:]) if is_single else path


def resolve_bodies(spec: BatchPool, bodies: Sequence[Request]) -> list[Request]:
    """Fill in what requests leave open."""
    return [_resolve_body(spec, body) for body in bodies]


def _resolve_body(spec: BatchPool, body: Request) -> Request:
    """Fill in what a resize does to running tasks; name nodes by their names, in order."""
    if isinstance(body, Resize):
        option = body.node_deallocation_option or spec.node_deallocation_option
        return body.model_copy(update={"node_deallocation_option": option})
    if isinstance(body, OfNodes):
        numbers = numbers_of(body.node)
        if numbers is not None:
            names = tuple(node_name(number) for number in numbers)
            return body.model_copy(update={"node": names[0] if names_one(body.node) else names})
    return body


def active_assumptions(spec: BatchPool, operations: Sequence[Operation]) -> list[Assumption]:
    """The defaults in force that Azure does not publish; `spec` is as written."""
    bodies = [operation.body for operation in operations]
    cloud_service = spec.configuration == "cloud_service"
    upgraded = any(
        isinstance(body, UpgradeOs if cloud_service else UpgradeImage) for body in bodies
    )
    reimaged = cloud_service and any(isinstance(body, ReimageNode) for body in bodies)
    grown = any(isinstance(body, Resize) and body.nodes > spec.nodes for body in bodies)
    in_force = {
        "node_upgrade": upgraded or (reimaged and spec.reimage is None),
        "create": grown,
        "reboot": any(isinstance(body, RebootNode) for body in bodies),
    }
    found = [
        Assumption(f"{name} ({getattr(spec, name).short})", [(name,)])
        for name, holds in in_force.items()
        if holds and name not in spec.model_fields_set
    ]
    if spec.work and spec.saves and "checkpoint" not in spec.model_fields_set:
        found.append(Assumption("checkpoint every 10min, at no cost", [("checkpoint", "every")]))
    restarts = [body for body in bodies if isinstance(body, RebootNode | ReimageNode)]
    rules = {
        "a deferred node waits until it is idle": (
            upgraded and spec.work and spec.walk_rules.mode == "taskcompletion"
        ),
        "a reboot or reimage that waits is lost to the upgrade": (
            upgraded and spec.work and any(body.option in WAITING for body in restarts)
        ),
        "of several nodes each answers a request by itself": (
            any(isinstance(body, OfNodes) and not names_one(body.node) for body in bodies)
        ),
    }
    found += [Assumption(text, no_number=RULE) for text, holds in rules.items() if holds]
    found += [
        Assumption(f"{name} {getattr(spec, name)}", *_WHAT_IS_CHOSEN[name])
        for name in _chosen(spec, upgraded=upgraded)
        if name not in spec.model_fields_set
    ]
    if reimaged and spec.reimage is None:
        found.append(Assumption("reimage as node_upgrade", [("reimage",)]))
    if upgraded and spec.preemptions and not spec.preemptions.are_final:
        text = "a preempted node returns at the version that the pool is to have"
        found.append(Assumption(text, no_number=RULE))
    if not spec.failures:
        found.append(Assumption("no failures", no_number=NONE_FAIL))
    return found


_WHAT_IS_CHOSEN: dict[str, tuple[list[tuple[str]], str]] = {
    "max_concurrent": ([("max_concurrent",)], ""),
    "pace": ([], CHOICE),
    "order": ([], CHOICE),
    "requeue_to": ([], CHOICE),
}
"""Key of a walk -> where its number stands, or why it has none."""


def _chosen(spec: BatchPool, *, upgraded: bool) -> list[str]:
    """The keys by which a walk goes."""
    chosen = []
    if upgraded and spec.configuration == "cloud_service":
        chosen = ["max_concurrent", "pace", "order"]
    if upgraded and spec.work and spec.walk_rules.mode in ("requeue", "checkpoint"):
        chosen.append("requeue_to")
    return chosen


def default_variants(
    operations: Sequence[Operation], _: Mapping[str, System]
) -> dict[str, dict[str, object]]:
    """What happens to running tasks, for the first pool that is upgraded."""
    for operation in operations:
        pool = dotted(("systems", operation.system))
        if isinstance(operation.body, UpgradeOs):
            modes = ("requeue", "taskcompletion", "terminate", "checkpoint")
            return {mode: {f"{pool}.interruptions.on_upgrade": mode} for mode in modes}
        if isinstance(operation.body, UpgradeImage):
            deferral = f"{pool}.upgrade_policy.os_rolling_upgrade_deferral"
            return {"requeue": {deferral: False}, "taskcompletion": {deferral: True}}
    return {}
