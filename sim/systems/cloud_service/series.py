"""The series of a cloud service's run: capacity, availability, who is in which state, over time."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property, partial, reduce
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from sim.core.timelines import Members, accumulate, total
from sim.systems.base import series
from sim.systems.base.metrics import at_least
from sim.systems.base.series import in_statuses
from sim.systems.base.targets import Targets, up_to_date
from sim.systems.cloud_service.history import in_production
from sim.systems.cloud_service.states import LIFE, LOCKED, PRODUCTION, READY, SLOW

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from sim.core.log import Block, Log
    from sim.core.timelines import Steps, Timeline
    from sim.systems.cloud_service.layout import Layout


class Series(series.Series):
    """The series of one run, each over [0, horizon]; what several of them need is made once."""

    units: ClassVar[Mapping[str, str]] = {**series.Series.units, "configuration": ""}

    def __init__(self, layout: Layout, log: Log) -> None:
        super().__init__(layout.name, log, "instance")
        self._layout = layout
        self._enough: dict[str, Steps] = {}

    @staticmethod
    def names_in(layout: Layout) -> list[tuple[str, str]]:
        """Every (series, group) that a run of a service has."""
        groups = ["", *(role.name for role in layout.roles)]
        named = [(name, group) for group in groups for name in ("capacity", "available", "ready")]
        named.append(("up_to_date", ""))
        if layout.configured.numbers is not None:
            named += [("configuration", role.name) for role in layout.roles]
        named += [(f"by_version:{build}", "") for build in layout.builds]
        named += [(f"by_state:{status}", "") for status in LIFE[1:] if status != LIFE[SLOW]]
        return named + [(f"by_update_domain:{domain}", "") for domain in range(layout.domains)]

    def names(self) -> list[tuple[str, str]]:
        """Every (series, group) that the run has."""
        return self.names_in(self._layout)

    def available(self, group: str) -> Timeline:
        """1 where each role has its `min_available` in service."""
        roles = [role.name for role in self._layout.roles if group in ("", role.name)]
        whole = total([self._enough_serve(role) for role in roles])
        return at_least(whole, len(roles)).timeline(0, 1.0, "0/1")

    def _enough_serve(self, role: str) -> Steps:
        """1 where a role has its `min_available` in service."""
        found = self._enough.get(role)
        if found is None:
            place = [each.name for each in self._layout.roles].index(role)
            serves = self.members(role).series("serves")
            found = self._enough[role] = at_least(serves, self._layout.least_served(place))
        return found

    def configuration(self, role: str) -> Timeline:
        """The number of a role's configuration, of the deployment that is in production."""
        layout = self._layout
        block, slots = layout.configured.numbers, layout.deployments
        assert block is not None
        place = [each.name for each in layout.roles].index(role)
        lines = [
            self._of(_one(block, layout.target(slot, place)), _number_of).combine(
                self._of(_one(slots, slot), _is_production), np.multiply
            )
            for slot in range(layout.slots)
        ]
        return reduce(lambda a, b: a.combine(b, np.add), lines).simplified()

    def _of(self, block: Block, weight: Callable[[Block], NDArray[np.int64]]) -> Timeline:
        return Members(self.stack, [block]).weigh(weight).timeline(0)

    def by_state(self, group: str, status: str) -> Timeline:
        """Instances in a status; a cold one shows that of a warm one."""
        names = (status, LIFE[SLOW]) if status == LIFE[READY] else (status,)
        weight = partial(in_statuses, names=names)
        return self.members(group).weigh(weight).timeline(0, 1.0, "count")

    @cached_property
    def _comings_and_goings(self) -> tuple[NDArray[np.intp], NDArray[np.int64], NDArray[np.int64]]:
        """The rows in which an instance comes into service or goes, which one, and +1 or -1."""
        layout, subject = self._layout, self.stack.subject
        rows, change = self.members("").changes("ready")
        return rows, (subject[rows] - layout.first_instance()) % layout.instances, change

    def by_update_domain(self, _group: str, domain: str) -> Timeline:
        """Members in service that live in one update domain."""
        layout, stack = self._layout, self.stack
        rows, place, change = self._comings_and_goings
        lives = layout.domain_of == int(domain)
        here = lives[place]
        initial = np.array(layout.initial_codes[0])[lives]
        steps = accumulate(
            1,
            np.zeros(1 + int(here.sum()), np.intp),
            np.concatenate([[0.0], stack.time[rows[here]]]),
            np.concatenate([[(initial != 0).sum()], change[here]]),
            stack.horizon,
        )
        return steps.timeline(0, 1.0, "count")

    def up_to_date(self, _group: str) -> Timeline:
        """Share of the production instances that are Ready on the build their role is to have."""
        layout = self._layout
        groups = [
            in_production(layout, slot, role)
            for slot in range(layout.slots)
            for role in range(len(layout.roles))
        ]
        return up_to_date(Targets(self.stack, layout.targets), groups)


def _one(block: Block, place: int) -> Block:
    """One subject of a block."""
    return replace(
        block, first=block.first + place, count=1, initial=block.initial[place : place + 1]
    )


def _number_of(block: Block) -> NDArray[np.int64]:
    """By code of a configuration its number."""
    return np.arange(len(block.states))


def _is_production(block: Block) -> NDArray[np.int64]:
    """By code of a deployment 1 for the production slot, locked or not."""
    return np.isin(np.arange(len(block.states)), (PRODUCTION, PRODUCTION + LOCKED)).astype(np.int64)
