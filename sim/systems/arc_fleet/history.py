"""What the log tells of a fleet's extensions, and of who asked what of them when.

A row about an extension is a change of its state on one machine; what the service wants of it, and
what operations and rollouts are accepted, have rows of their own.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.core.log import ASKED, OPERATION
from sim.systems.arc_fleet.layout import is_meant
from sim.systems.arc_fleet.requests import PublishExtension
from sim.systems.arc_fleet.states import (
    ENROLLED,
    INSTALLING,
    NOT_ENROLLED,
    TARGET_WIDTH,
    WIDTH,
)
from sim.systems.base.targets import Targets

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sim.core.log import Block
    from sim.core.stack import Stack
    from sim.systems.arc_fleet.layout import ExtensionLayout, FleetLayout

NEVER = np.inf
"""When something happens that does not happen."""


class Wanted(NamedTuple):
    """What an operation made the service want of an extension."""

    operation: int
    """Its number."""
    at: NDArray[np.float64]
    """When, shape (replications,), seconds; `NEVER` where it changed nothing."""
    state: NDArray[np.int64]
    """The state of what is wanted from then on, shape (replications,)."""


class Changes(NamedTuple):
    """The rows of a stack about one extension, each column of shape (rows,)."""

    row: NDArray[np.intp]
    """The place in the stack."""
    replication: NDArray[np.intp]
    machine: NDArray[np.int64]
    """The number within the group of machines."""
    time: NDArray[np.float64]
    old: NDArray[np.int16]
    new: NDArray[np.int16]
    cause: NDArray[np.int32]

    @property
    def status(self) -> NDArray[np.int16]:
        """The status that each row brings, as its number."""
        return self.new % WIDTH

    @property
    def attempts(self) -> NDArray[np.intp]:
        """Those by which an installation begins, whatever asks for it; shape (attempts,)."""
        return np.flatnonzero(self.status == INSTALLING)


class History:
    """The rows of one fleet in a stack, and what they say was wanted and asked.

    Extensions and rollouts are given by their places in the layout's lists.
    """

    def __init__(self, layout: FleetLayout, stack: Stack) -> None:
        self.layout, self.stack = layout, stack
        self.numbers = [layout.operation_number(name) for name in layout.upgrades]
        """By rollout the number of its operation."""
        self._changes: dict[int, Changes] = {}
        self._targets: dict[int, list[Wanted]] = {}

    def changes(self, place: int) -> Changes:
        """The rows about an extension, by replication and time."""
        if place not in self._changes:
            each = self.layout.extensions[place]
            rows = np.flatnonzero(self.stack.about(each.first, each.count))
            self._changes[place] = self._rows(each, rows)
        return self._changes[place]

    def history(self, place: int) -> Changes:
        """The same by replication, machine and time."""
        each = self.layout.extensions[place]
        return self._rows(each, self.stack.histories(each.first, each.count))

    def _rows(self, each: ExtensionLayout, rows: NDArray[np.intp]) -> Changes:
        stack = self.stack
        return Changes(
            rows,
            stack.replication[rows],
            stack.subject[rows] - each.first,
            stack.time[rows],
            stack.old[rows],
            stack.new[rows],
            stack.cause[rows],
        )

    def block(self, each: ExtensionLayout) -> Block:
        """The block of an extension's subjects."""
        return self.stack.subjects.block_of(each.first)

    def blocks(self, kind: str) -> list[Block]:
        """The blocks of a type, or of all types where empty."""
        return [self.block(self.layout.extensions[place]) for place in self.places(kind)]

    def initial(self, place: int) -> int:
        """The state of an extension at time 0."""
        return self.layout.extensions[place].initial_code

    def final(self, place: int) -> NDArray[np.int16]:
        """States of an extension at the horizon, shape (replications, machines)."""
        each = self.layout.extensions[place]
        return self.stack.final[:, each.first : each.first + each.count]

    def since(self, place: int) -> NDArray[np.float64]:
        """When each machine's extension came to its last state, seconds; of the first replication.

        0 for those that never changed.
        """
        rows = self.changes(place)
        since = np.zeros(self.layout.extensions[place].count)
        since[rows.machine] = rows.time  # in order of time: the last one stays
        return since

    # Who asked what, and when.

    @cached_property
    def accepted(self) -> NDArray[np.float64]:
        """When each operation was accepted, shape (replications, operations)."""
        layout = self.layout
        begins = self.stack.new % OPERATION.width == ASKED
        return self._first(layout.first_operation, len(layout.operations), begins)

    @cached_property
    def began(self) -> NDArray[np.float64]:
        """When each rollout began, shape (replications, rollouts)."""
        layout = self.layout
        return self._first(layout.first_upgrade, layout.rollouts, self.stack.old == 0)

    def _first(self, first: int, count: int, which: NDArray[np.bool_]) -> NDArray[np.float64]:
        stack = self.stack
        times = np.full((stack.replications, count), NEVER)
        rows = np.flatnonzero(stack.about(first, count) & which)
        times[stack.replication[rows], stack.subject[rows] - first] = stack.time[rows]
        return times

    def body(self, rollout: int) -> Any:
        """What the operation asks that begins a rollout."""
        return self.layout.requests[self.numbers[rollout]].body

    def asked_at(self, rollout: int) -> NDArray[np.float64]:
        """When the operation that may begin a rollout was accepted, shape (replications,)."""
        at: NDArray[np.float64] = self.accepted[:, self.numbers[rollout]]
        return at

    def is_published(self, rollout: int) -> bool:
        """Whether a rollout is a publisher's release, not an operator's push."""
        return isinstance(self.body(rollout), PublishExtension)

    @cached_property
    def is_release(self) -> NDArray[np.bool_]:
        """By subject whether it is the rollout of a release."""
        found = np.zeros(self.stack.subjects.count, bool)
        for rollout in range(self.layout.rollouts):
            found[self.layout.first_upgrade + rollout] = self.is_published(rollout)
        return found

    def asked(self, kind: str) -> list[int]:
        """The rollouts that ask for a version of a type."""
        places = self.places(kind)
        return [
            rollout
            for rollout in range(self.layout.rollouts)
            if any(self.asks(rollout, place) for place in places)
        ]

    def places(self, kind: str) -> list[int]:
        """The extensions of a type, one for each group of machines, or those on a group; all where
        empty.
        """
        return self.layout.places.get(kind, [])

    def asks(self, rollout: int, place: int) -> bool:
        """Whether a rollout asks for a version of an extension."""
        return is_meant(self.layout.extensions[place], self.body(rollout), self.layout.spec)

    # What the service wants.

    def wanted(self, place: int) -> list[Wanted]:
        """What operations made the service want of an extension, in the order of the file."""
        found = self._targets.get(place)
        if found is None:
            stack, found = self.stack, []
            targets = Targets(stack, self.layout.extensions[place].target)
            causes = stack.cause[targets.row]
            for cause in np.unique(causes).tolist():
                # An operation changes what is wanted at once, or not at all: one row.
                mine, where = targets.row[causes == cause], targets.replication[causes == cause]
                at, state = np.full(stack.replications, NEVER), np.zeros(stack.replications, int)
                at[where], state[where] = stack.time[mine], stack.new[mine]
                found.append(Wanted(cause - self.layout.first_operation, at, state))
            self._targets[place] = found
        return found

    def target(
        self,
        place: int,
        replication: NDArray[np.intp],
        when: NDArray[np.float64],
        before: int | None = None,
    ) -> NDArray[np.int64]:
        """What the service wants of an extension at the instants `when` of replications: its state.

        What is asked at the instant itself counts, `before` an operation only what comes before it.
        """
        state = np.full(len(when), self.layout.extensions[place].initial_target)
        latest = np.full(len(when), -np.inf)
        for one in self.wanted(place):
            at = one.at[replication]
            newest = is_past(at, when, one.operation, before) & (at >= latest)
            state[newest], latest[newest] = one.state[replication[newest]], at[newest]
        return state

    def enrolled(
        self,
        place: int,
        replication: NDArray[np.intp],
        when: NDArray[np.float64],
        before: int | None = None,
    ) -> NDArray[np.bool_]:
        """Whether an extension upgrades itself at those instants."""
        states = self.target(place, replication, when, before)
        is_enrolled: NDArray[np.bool_] = states % TARGET_WIDTH == ENROLLED
        return is_enrolled

    def opt_outs(self, place: int) -> list[NDArray[np.float64]]:
        """When operations end the enrolment of an extension, each of shape (replications,)."""
        return [
            np.where(one.state % TARGET_WIDTH == NOT_ENROLLED, one.at, NEVER)
            for one in self.wanted(place)
        ]


def is_past(at: Any, when: Any, number: int, before: int | None) -> Any:
    """Whether operation `number`, accepted `at`, came by `when`; then, if `before` another, first.

    Times may be numbers or arrays of them; `NEVER` is never past.
    """
    first = before is None or number < before
    return (at < NEVER) & ((at <= when) if first else (at < when))
