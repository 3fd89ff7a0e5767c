"""What a cloud service shows of a finished run: series, members, operations, lanes."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.log import (
    COMPLETED,
    ROLLING_BACK,
    Stack,
)
from sim.rules import update_domain
from sim.systems import answers
from sim.systems.answers import Asked
from sim.systems.cloud_service.refusals import answer
from sim.systems.cloud_service.requests import Rollback, UpgradeDeployment, WalkUpgradeDomain
from sim.systems.cloud_service.rollouts import slots_of, upgrade_rows
from sim.systems.cloud_service.states import (
    CREATING,
    CYCLING,
    LIFE,
    READY,
    RESTARTING,
    SLOW,
    STAGED,
    STOPPED,
    UNRESPONSIVE,
    WIDTH,
)
from sim.timelines import Members, Timeline, accumulate, stays, total

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from sim.log import Block, Log
    from sim.systems.cloud_service.model import Model
    from sim.systems.operation import Request

Row = dict[str, Any]


# Series -------------------------------------------------------------------------------------------


def series(model: Model) -> list[tuple[str, str]]:
    """Every (series, group) that a run of the service has."""
    layout = model.layout
    groups = ["", *(role.name for role in layout.roles)]
    names = [(name, group) for group in groups for name in ("capacity", "available", "ready")]
    names.append(("up_to_date", ""))
    names += [(f"by_version:{build}", "") for build in layout.builds]
    names += [(f"by_state:{status}", "") for status in LIFE[1:] if status != LIFE[SLOW]]
    return names + [(f"by_update_domain:{domain}", "") for domain in range(layout.domains)]


def timeline(model: Model, log: Log, name: str, group: str = "") -> Timeline:
    """One series of a run over [0, horizon]. KeyError for a series or group that is not there."""
    stack = Stack([log])
    blocks = [
        block for block in stack.subjects.of(model.name, "instance") if group in ("", block.group)
    ]
    if not blocks:
        raise KeyError(f"no role {group}")
    kind, _, which = name.partition(":")
    members = Members(stack, blocks)
    if kind == "capacity":
        return members.series("capacity").timeline(0, members.initial("capacity"), "share")
    if kind == "available":
        return _available(model, stack, group)
    if kind == "up_to_date":
        return _up_to_date(model, log, group)
    if kind == "by_update_domain":
        return _in_domain(model, members, int(which))
    return members.weigh(_counting(model, kind, which)).timeline(0, 1.0, "count")


def _counting(model: Model, kind: str, which: str) -> Callable[[Block], NDArray[np.int64]]:
    """What a series of counts counts, by code."""
    if kind == "ready":
        return lambda block: block.weights["ready"]
    if kind == "by_state":
        statuses = [READY, SLOW] if which == LIFE[READY] else [LIFE.index(which)]
        return partial(_mask, statuses=statuses)
    if kind == "by_version":
        return partial(_on_build, version=model.layout.versions[which])
    raise KeyError(f"no series {kind}")


def _mask(block: Block, statuses: list[int]) -> NDArray[np.int64]:
    codes = np.arange(len(block.states))
    return np.isin(codes % WIDTH, statuses).astype(np.int64)


def _on_build(block: Block, version: int) -> NDArray[np.int64]:
    on: NDArray[np.bool_] = np.arange(len(block.states)) // WIDTH == version
    return block.weights["ready"] * on


def _available(model: Model, stack: Stack, group: str) -> Timeline:
    layout = model.layout
    enough = []
    for place, role in enumerate(layout.roles):
        if group in ("", role.name):
            blocks = [b for b in stack.subjects.of(model.name, "instance") if b.group == role.name]
            serves = Members(stack, blocks).series("serves")
            up = serves.values >= layout.min_available[place] * 1000
            enough.append(serves.map(up.astype(np.int64)))
    both = total(enough)
    return both.map((both.values == len(enough)).astype(np.int64)).timeline(0, 1.0, "0/1")


def _in_domain(model: Model, members: Members, domain: int) -> Timeline:
    """Members in service that live in one update domain."""
    layout, stack = model.layout, members.stack
    rows, change = members.changes("ready")
    place = (stack.subject[rows] - layout.first_instance()) % layout.instances
    here = np.isin(place, layout.domain_members[domain])
    codes = np.array(layout.initial_codes(0))
    initial = int((codes[layout.domain_members[domain]] != 0).sum())
    steps = accumulate(
        1,
        np.zeros(1 + int(here.sum()), np.intp),
        np.concatenate([[0.0], stack.time[rows[here]]]),
        np.concatenate([[initial], change[here]]),
        stack.horizon,
    )
    return steps.timeline(0, 1.0, "count")


def _up_to_date(model: Model, log: Log, group: str) -> Timeline:
    """Share of the production instances that are Ready on the build their role is to have."""
    stack = Stack([log])
    done, there = [], []
    for block in stack.subjects.of(model.name, "instance"):
        if group not in ("", block.group):
            continue
        members = Members(stack, [block])
        there.append(members.series("present"))
        slot = int(block.first >= model.layout.first_instance(1)) if model.layout.slots > 1 else 0
        targets = _targets(model, log, slot, block.group)
        for version in {version for _, version in targets}:
            line = members.weigh(partial(_on_build, version=version)).timeline(0)
            times = np.array([time for time, _ in targets])
            wanted = np.array([float(each == version) for _, each in targets])
            done.append(line.combine(Timeline(times, wanted, log.horizon), np.multiply))
    share = done[0]
    for line in done[1:]:
        share = share.combine(line, np.add)
    present = total(there).timeline(0)
    share = share.combine(present, lambda a, b: np.where(b > 0, a / np.maximum(b, 1), 0.0))
    return Timeline(share.times, share.values, log.horizon, "share").simplified()


def _targets(model: Model, log: Log, slot: int, role: str) -> list[tuple[float, int]]:
    """When which build became the target of a role's instances in one deployment."""
    layout = model.layout
    settled = target = layout.initial_version(slot)
    targets = {0.0: target}
    slots = slots_of(model, log.rows)
    for row, number in upgrade_rows(model, log.rows):
        body = model.rollout(number).body
        if not isinstance(body, UpgradeDeployment) or body.role_to_upgrade not in (None, role):
            continue
        if slots[number] != slot:
            continue
        state = row["new"]
        if row["old"] == 0:
            target = layout.versions[str(body.build)]
        elif state == ROLLING_BACK:
            target = settled
        elif state == COMPLETED:
            settled = target
        targets[float(row["time"])] = target
    return list(targets.items())


# Tables -------------------------------------------------------------------------------------------


def members(model: Model, log: Log) -> list[Row]:
    """One row an instance, as it is at the horizon, with what it went through."""
    layout = model.layout
    stack = Stack([log])
    blocks = stack.subjects.of(model.name, "instance")
    spent = stays(stack, blocks)
    status = spent.state % WIDTH % STAGED
    is_out = (status != READY) & (status != SLOW) & (spent.state != 0)
    first = layout.first_instance()
    place = spent.subject - first
    size = layout.instances * layout.slots
    out = np.bincount(place[is_out], (spent.until - spent.since)[is_out], minlength=size)
    began = is_out & ~np.append(False, is_out[:-1] & (place[1:] == place[:-1]))
    times = np.bincount(place[began], minlength=size)
    final = stack.final[0, first : first + size]
    rows = []
    for slot in range(layout.slots):
        for role in layout.roles:
            for k in range(role.room):
                number = slot * layout.instances + role.first + k
                code = int(final[number])
                rows.append(
                    {
                        "system": model.name,
                        "slot": "staging" if code % WIDTH >= STAGED else "production",
                        "role": role.name,
                        "instance": layout.names[role.first + k],
                        "update_domain": update_domain(k, layout.spec.update_domains),
                        "fault_domain": k % layout.spec.fault_domains,
                        "status": LIFE[READY] if _is_ready(code) else LIFE[code % WIDTH % STAGED],
                        "build": layout.builds[code // WIDTH] if code else "",
                        "times_out": int(times[number]),
                        "out_s": float(out[number]),
                    }
                )
    return [row for row in rows if row["times_out"] or row["status"] != LIFE[0]]


def _is_ready(code: int) -> bool:
    return code % WIDTH % STAGED in (READY, SLOW)


def operations_table(model: Model, log: Log) -> list[Row]:
    """One row an operation, the file's and the operators': asked when, answered how, ended when."""
    asked = []
    for number, name in enumerate(model.layout.operations):
        kind, body = request(model, name, number)
        written = number < len(model.operations)
        index = model.operations[number].index if written else None
        asked.append(Asked(name, kind, body, index))
    block = log.subjects.one(model.name, "operation")
    return answers.operations_table(log, block, asked, answer)


def request(model: Model, name: str, number: int) -> tuple[str, Request]:
    """What an operation asks, also those of the modelled operators."""
    if number < len(model.operations):
        return model.operations[number].kind, model.operations[number].body
    if name.endswith("-rollback"):
        return "rollback", Rollback()
    return "walk_upgrade_domain", WalkUpgradeDomain(upgrade_domain=int(name.rpartition("-")[2]))


# Lanes --------------------------------------------------------------------------------------------


def lanes(model: Model, log: Log) -> list[tuple[str, float, float, str]]:
    """For each update domain (label, from, to, category): what its worst member does.

    Categories: ready, updating, failing (cycling or unresponsive), other (out for another reason).
    """
    layout = model.layout
    stack = Stack([log])
    spent = stays(stack, stack.subjects.of(model.name, "instance"))
    status = spent.state % WIDTH
    caused = (spent.begun_by >= layout.first_domain()) & (spent.begun_by < layout.first_instance())
    category = np.where(caused, "updating", "other").astype("<U8")
    category[np.isin(status, (CYCLING, UNRESPONSIVE))] = "failing"
    category[np.isin(status, (RESTARTING, STOPPED, CREATING))] = "other"
    category[np.isin(status, (READY, SLOW))] = "ready"
    counts = (spent.state != 0) & (status < STAGED) & (spent.until > spent.since)
    place = (spent.subject - layout.first_instance()) % layout.instances
    rows = []
    for domain, numbers in enumerate(layout.domain_members):
        here = counts & np.isin(place, numbers)
        for name in ("ready", "other", "updating", "failing"):
            these = here & (category == name)
            rows += [
                (f"domain {domain}", since, until, name)
                for since, until in _union(spent.since[these], spent.until[these])
            ]
    return rows


def _union(since: NDArray[np.float64], until: NDArray[np.float64]) -> list[tuple[float, float]]:
    """Overlapping and touching intervals as one."""
    order = np.argsort(since, kind="stable")
    joined: list[tuple[float, float]] = []
    for a, b in zip(since[order].tolist(), until[order].tolist(), strict=True):
        if joined and a <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(b, joined[-1][1]))
        else:
            joined.append((a, b))
    return joined
