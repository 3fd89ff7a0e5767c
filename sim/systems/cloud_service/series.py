"""The series of a cloud service's run: capacity, availability, who is in which state, over time."""

from __future__ import annotations

from functools import cache, cached_property, partial
from typing import TYPE_CHECKING

import numpy as np

from sim.core.log import Stack
from sim.core.timelines import Members, Timeline, accumulate, total
from sim.systems.base.targets import Targets, up_to_date
from sim.systems.cloud_service.states import LIFE, READY, SLOW, WIDTH
from sim.systems.cloud_service.updated import in_production

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from sim.core.log import Block, Log
    from sim.core.timelines import Steps
    from sim.systems.cloud_service.model import Model


def names(model: Model) -> list[tuple[str, str]]:
    """Every (series, group) that a run of the service has."""
    layout = model.layout
    groups = ["", *(role.name for role in layout.roles)]
    named = [(name, group) for group in groups for name in ("capacity", "available", "ready")]
    named.append(("up_to_date", ""))
    named += [(f"by_version:{build}", "") for build in layout.builds]
    named += [(f"by_state:{status}", "") for status in LIFE[1:] if status != LIFE[SLOW]]
    return named + [(f"by_update_domain:{domain}", "") for domain in range(layout.domains)]


class Series:
    """The series of one run, each over [0, horizon]; what several of them need is made once."""

    def __init__(self, model: Model, log: Log) -> None:
        self._model, self._log = model, log
        self._stack = Stack([log])
        self._blocks = self._stack.subjects.of(model.name, "instance")
        self._members: dict[str, Members] = {}
        self._enough: dict[str, Steps] = {}

    def timeline(self, series: str, group: str = "") -> Timeline:
        """One of them. KeyError for a series or group that is not there."""
        members = self._of(group)
        kind, _, which = series.partition(":")
        if kind == "capacity":
            return members.share("capacity")
        if kind == "available":
            return self._available(group)
        if kind == "up_to_date":
            return self._up_to_date()
        if kind == "by_update_domain":
            return self._in_domain(int(which))
        return members.weigh(self._counting(kind, which)).timeline(0, 1.0, "count")

    def _of(self, group: str) -> Members:
        """The rows of a role's instances, or of all."""
        found = self._members.get(group)
        if found is None:
            blocks = [block for block in self._blocks if group in ("", block.group)]
            if not blocks:
                raise KeyError(f"no role {group}")
            found = self._members[group] = Members(self._stack, blocks)
        return found

    def _counting(self, kind: str, which: str) -> Callable[[Block], NDArray[np.int64]]:
        """What a series of counts counts, by code."""
        if kind == "ready":
            return lambda block: block.weights["ready"]
        if kind == "by_state":
            return partial(_in_status, status=LIFE.index(which))
        if kind == "by_version":
            return partial(_on_build, version=self._model.layout.versions[which])
        raise KeyError(f"no series {kind}")

    def _available(self, group: str) -> Timeline:
        roles = [role.name for role in self._model.layout.roles if group in ("", role.name)]
        whole = total([self._enough_serve(role) for role in roles])
        return whole.map((whole.values == len(roles)).astype(np.int64)).timeline(0, 1.0, "0/1")

    def _enough_serve(self, role: str) -> Steps:
        """1 where a role has its `min_available` in service."""
        found = self._enough.get(role)
        if found is None:
            place = [each.name for each in self._model.layout.roles].index(role)
            serves = self._of(role).series("serves")
            up = serves.values >= self._least(place)
            found = self._enough[role] = serves.map(up.astype(np.int64))
        return found

    def _least(self, place: int) -> int:
        """What a role must serve to be available."""
        layout = self._model.layout
        return layout.min_available[place] * layout.units.serves

    @cached_property
    def _comings_and_goings(self) -> tuple[NDArray[np.intp], NDArray[np.int64], NDArray[np.int64]]:
        """The rows in which an instance comes into service or goes, which one, and +1 or -1."""
        layout, subject = self._model.layout, self._stack.subject
        rows, change = self._of("").changes("ready")
        return rows, (subject[rows] - layout.first_instance()) % layout.instances, change

    def _in_domain(self, domain: int) -> Timeline:
        """Members in service that live in one update domain."""
        layout, stack = self._model.layout, self._stack
        rows, place, change = self._comings_and_goings
        lives = np.zeros(layout.instances, bool)
        lives[layout.domain_members[domain]] = True
        here = lives[place]
        initial = np.array(layout.initial_codes(0))[lives]
        steps = accumulate(
            1,
            np.zeros(1 + int(here.sum()), np.intp),
            np.concatenate([[0.0], stack.time[rows[here]]]),
            np.concatenate([[(initial != 0).sum()], change[here]]),
            stack.horizon,
        )
        return steps.timeline(0, 1.0, "count")

    def _up_to_date(self) -> Timeline:
        """Share of the production instances that are Ready on the build their role is to have."""
        layout = self._model.layout
        groups = [
            in_production(layout, slot, role)
            for slot in range(layout.slots)
            for role in range(len(layout.roles))
        ]
        return up_to_date(Targets(self._stack, layout.targets), groups)


@cache
def _codes(size: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The builds and the statuses of so many codes."""
    builds, statuses = np.divmod(np.arange(size), WIDTH)
    return builds, statuses


def _in_status(block: Block, status: int) -> NDArray[np.int64]:
    """A cold instance shows the status of a warm one."""
    _, statuses = _codes(len(block.states))
    here: NDArray[np.bool_] = (statuses == status) | ((status == READY) & (statuses == SLOW))
    return here.astype(np.int64)


def _on_build(block: Block, version: int) -> NDArray[np.int64]:
    """Those in service on a build."""
    builds, _ = _codes(len(block.states))
    on: NDArray[np.int64] = block.weights["ready"] * (builds == version)
    return on
