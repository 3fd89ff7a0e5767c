"""The numbering of a system's subjects, fixed by the scenario and the same in every replication."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np

from sim.core.log import OPERATION, UPGRADE, Block, States
from sim.systems.base.spec import System

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from sim.systems.base.operation import Operation, Span

S = TypeVar("S", bound=System)

ACTOR = States(("absent",))
"""Who does what no operation asks for: never there itself, only a cause."""


def operation_states(rules: Iterable[str]) -> States:
    """The states of the operations of a service that rejects by these rules."""
    return States(OPERATION.statuses, ("", *rules))


class Numbering:
    """Subjects of one system, numbered in the order in which they are added."""

    def __init__(self, system: str, first: int) -> None:
        self._system, self.next = system, first
        self.blocks: list[Block] = []

    def add(
        self,
        kind: str,
        states: States,
        name: Callable[[int], str] | Sequence[str],
        initial: Sequence[int] | NDArray[np.int16] | None = None,
        *,
        group: str = "",
        weights: Mapping[str, NDArray[np.int64]] | None = None,
    ) -> Block:
        """Number alike subjects: as many as have an initial state, or as have names.

        Names that are no list come from a function that pickles. Without initial states all are
        absent at first.
        """
        if not callable(name):
            initial = [0] * len(name) if initial is None else initial
            name = tuple(name).__getitem__
        codes = np.asarray(initial, np.int16)
        block = Block(
            self._system, kind, group, self.next, len(codes), states, codes, name, weights or {}
        )
        self.blocks.append(block)
        self.next += block.count
        return block


class Layout(Generic[S]):
    """A system in a scenario: what it is, what is asked of it, and the numbers of its subjects.

    Actors, operations and upgrades are numbered first; a system adds its own with `self.add`.
    """

    def __init__(
        self,
        name: str,
        spec: S,
        requests: Sequence[Operation],
        first: int,
        span: Span,
        *,
        actors: Sequence[str] = (),
        rules: Iterable[str] = (),
        rollouts: Sequence[str] = (),
        platform_updates: Sequence[str] = (),
        clients: Sequence[str] = (),
    ) -> None:
        """`rules` are those by which the service rejects; `rollouts` and `platform_updates` name
        the operations that begin an upgrade, `clients` those that modelled clients may ask for.
        """
        self.name, self.spec, self.span = name, spec, span
        self.requests = tuple(requests)
        """What the file asks for, in its order."""
        self.operations = (*(each.name for each in requests), *clients)
        """Names by number: the file's, then those of modelled clients."""
        self.upgrades = (*rollouts, *platform_updates)
        """Names of the operations that begin an upgrade, by number: rollouts in front."""
        self.rollouts = len(rollouts)
        """How many of the upgrades users asked for; the rest are the platform's."""
        # A file may have thousands of both: no name is looked for in a list.
        self._operations, self._upgrades = _numbers(self.operations), _numbers(self.upgrades)
        self._numbering = Numbering(name, first)
        self.add = self._numbering.add
        self._actors = tuple(actors)
        self._actor = self.add("actor", ACTOR, actors).first
        self.first_operation = self.add("operation", operation_states(rules), self.operations).first
        """Subject of the first operation."""
        named = [f"upgrade by {operation}" for operation in self.upgrades]
        self.first_upgrade = self.add("upgrade", UPGRADE, named).first
        """Subject of the first upgrade."""

    @property
    def blocks(self) -> list[Block]:
        """The system's subjects, in order of number."""
        return self._numbering.blocks

    def actor(self, name: str) -> int:
        """Subject of an actor."""
        return self._actor + self._actors.index(name)

    def operation_number(self, operation: str) -> int:
        """Number of an operation, by name."""
        return self._operations[operation]

    def operation(self, operation: str) -> int:
        """Subject of an operation."""
        return self.first_operation + self._operations[operation]

    def begins_upgrade(self, operation: str) -> bool:
        """Whether an operation begins an upgrade, if it is accepted."""
        return operation in self._upgrades

    def upgrade_number(self, operation: str) -> int:
        """Number of the upgrade that an operation begins."""
        return self._upgrades[operation]

    def upgrade(self, operation: str) -> int:
        """Subject of the upgrade that an operation begins."""
        return self.first_upgrade + self._upgrades[operation]

    def request(self, operation: str) -> Operation:
        """An operation of the file, by name."""
        return self.requests[self._operations[operation]]


def _numbers(names: Sequence[str]) -> dict[str, int]:
    """Number of each name: the file's, where a client's operation happens to be called the same."""
    return {name: number for number, name in reversed([*enumerate(names)])}
