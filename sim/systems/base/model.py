"""One system of a scenario, ready to run, and run in advance: what the rest of the house asks."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeAlias, TypeVar

import numpy as np

from sim.core.log import SCENARIO, UNIT
from sim.core.metrics import NO_ROLLBACKS
from sim.core.stack import Stack
from sim.core.timelines import Members, stays
from sim.systems.base.activity import Activity, Category
from sim.systems.base.context import ACT
from sim.systems.base.layout import Layout
from sim.systems.base.metrics import of_members, of_rollouts, taken_by_upgrades
from sim.systems.base.operation import windows_of
from sim.systems.base.records import OperationRecord, operations_table
from sim.systems.base.series import Series, names_of
from sim.systems.base.service import Call
from sim.systems.base.tables import time_out
from sim.systems.base.text import as_written, pluralize, when

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from sim.core.log import Block, Log
    from sim.core.metrics import Measured
    from sim.core.timelines import Timeline
    from sim.systems.base.context import Context, ScheduledEvent
    from sim.systems.base.operation import Operation, Request
    from sim.systems.base.records import Rejection
    from sim.systems.base.service import Service

L = TypeVar("L", bound=Layout[Any])

Shortfall = Literal["without any member", "without some members", "with unhealthy members"]
"""How a rollout may be completed and yet have fallen short."""


class SystemModel(Generic[L]):
    """One system of a scenario, ready to run: what the rest of the house asks of it.

    All follows from the states of members; a system overrides what it knows better.

    Members are the subjects of kind `member`, whose blocks weigh states in `capacity` and `ready`.
    """

    member = "member"
    """The kind of the members' blocks, as people call one of them."""
    in_service: Collection[str] = ()
    """Statuses of members that are not out of service."""
    unit = UNIT

    def __init__(self, layout: L) -> None:
        self.layout = layout

    def service(self, context: Context) -> Service:
        """The service of one replication; it plans what happens to the system without a request."""
        raise NotImplementedError

    def rule(self, body: Request) -> str | None:
        """The rule by which the service rejects a request by what it says, if any."""

    def answer(self, rule: str, body: Request) -> Rejection:
        """The rejection by a rule."""
        raise NotImplementedError

    # What it is.

    @property
    def operations(self) -> Sequence[Operation]:
        """What the file asks of it, in the file's order."""
        return self.layout.requests

    @property
    def blocks(self) -> list[Block]:
        """Its subjects, numbered."""
        return self.layout.blocks

    @cached_property
    def _members(self) -> list[Block]:
        return [block for block in self.blocks if block.kind == self.member]

    @cached_property
    def nominal(self) -> float:
        """Its members at time 0, weighted."""
        weights = (block.weights["capacity"][block.initial].sum() for block in self._members)
        return float(sum(weights)) / self.unit

    @property
    def size(self) -> str:
        """How large it is, in a few words."""
        return pluralize(
            sum(int((block.initial != 0).sum()) for block in self._members), self.member
        )

    def size_in(self, log: Log) -> str:  # noqa: ARG002
        """The same, and how it grows in a run where that says more."""
        return self.size

    @property
    def headlines(self) -> tuple[str, ...]:
        """The metrics that say most."""
        rollouts = ("rollout_duration",) if self.layout.rollouts else ()
        return ("min_capacity", "capacity_hours_lost", *rollouts)

    def describe(self, dry_run: DryRun | None = None) -> list[str]:
        """What it is, and what is asked of it and how that is answered, in sentences."""
        lines = [f"{self.layout.name}: {self.size}."]
        for operation in as_written(self.operations):
            answer = refused(operation, self.rejection(operation), dry_run)
            does = (operation.body.__doc__ or operation.kind).partition("\n")[0].rstrip(".")
            lines.append(f"{when(operation, self.layout.span)} {answer or does}.")
        return lines

    def rejection(self, operation: Operation) -> Rejection | None:
        """How the service rejects an operation by what it says, whatever the service's state."""
        rule = self.rule(operation.body)
        return self.answer(rule, operation.body) if rule else None

    # How it runs.

    def start(self, context: Context) -> None:
        """Plan all that the file asks for; the rest follows from it."""
        service = self.service(context)
        for operation, call in zip(self.operations, self._calls, strict=True):
            at = operation.drawn_at(context.draws)
            context.call(at, ACT, call.subject, self._ask, (service, call))

    @cached_property
    def _calls(self) -> list[Call]:
        """The file's requests, the same in every replication."""
        return [self.call(number) for number in range(len(self.operations))]

    def call(self, number: int) -> Call:
        """The file's operation `number` as a request."""
        operation, layout = self.operations[number], self.layout
        return Call(
            number,
            layout.first_operation + number,
            operation.name,
            operation.kind,
            operation.body,
            SCENARIO,
            self.rule(operation.body),
            windows_of(getattr(operation.body, "windows", ()), layout.span),
        )

    def _ask(self, event: ScheduledEvent) -> None:
        service, call = event.argument
        service.handle(call)

    # What is asked of a finished run.

    def measure(self, stack: Stack, warm_up: float) -> tuple[Measured, NDArray[np.bool_]]:
        """Metrics by (group, name), and in which replications every rollout came to its end."""
        values = of_members(Members(stack, self._members), self.unit, warm_up)
        ended = np.ones(stack.replications, bool)
        if self.layout.rollouts:
            taken = taken_by_upgrades(self.layout, stack, self._members)
            outcome = of_rollouts(self.layout, stack, taken)
            ended = outcome.rollouts_ended
            values |= {name: each for name, each in outcome.values.items() if name in NO_ROLLBACKS}
        return {("", name): each for name, each in values.items()}, ended

    def audit(self, stack: Stack) -> str | None:  # noqa: ARG002
        """The rule of the system that a stack of logs breaks, if any: the log has its own."""
        return None

    def shortfalls(self, stack: Stack) -> dict[Shortfall, NDArray[np.float64]]:  # noqa: ARG002
        """When the last rollout was completed that took none of those that it is for, left some at
        another version, or left some unhealthy, seconds; NaN where none did; shape (replications,).
        Nothing of a system whose rollouts do none of it.
        """
        return {}

    def run_of(self, log: Log) -> Series:
        """The series of a run."""
        return Series(self.layout.name, log, self.member)

    def series(self) -> list[tuple[str, str]]:
        """Every (series, group) that a run has."""
        return names_of(self._members)

    def timeline(self, log: Log, name: str, group: str = "") -> Timeline:
        """One series of a run over [0, horizon]."""
        return self.run_of(log).timeline(name, group)

    def timelines(self, log: Log) -> dict[tuple[str, str], Timeline]:
        """Every series of a run, by (series, group), all from one stack of its rows."""
        run = self.run_of(log)
        return {name: run.timeline(*name) for name in self.series()}

    def members(self, log: Log) -> list[dict[str, Any]]:
        """One row a member: how it is at the horizon, how often and how long it was out."""
        stack, rows = Stack([log]), []
        for block in self._members:
            spent = stays(stack, [block])
            out = time_out(spent, self._is_out(spent.state, block), block.first, block.count)
            final = stack.final[0, block.first : block.first + block.count].tolist()
            rows += [
                {
                    "system": self.layout.name,
                    "group": block.group,
                    self.member: block.name(k),
                    "status": block.states.status(final[k]),
                    "version": block.states.version(final[k]),
                    "times_out": int(out.times[k]),
                    "out_s": float(out.seconds[k]),
                }
                for k in range(block.count)
                if final[k] or out.times[k]
            ]
        return rows

    def operations_table(self, log: Log) -> list[dict[str, Any]]:
        """One row an operation."""
        asked = [
            OperationRecord(each.name, each.kind, each.body, each.index) for each in self.operations
        ]
        return operations_table(
            log, log.subjects.one(self.layout.name, "operation"), asked, self.answer
        )

    def status(self, log: Log, at: float) -> dict[str, Any]:
        """How many members are in which status and on which version at `at` seconds."""
        states = Stack([log.until(at)]).final[0]
        there = [(block, code) for block in self._members for code in states[block.numbers] if code]
        return {
            "statuses": dict(Counter(block.states.status(code) for block, code in there)),
            "versions": dict(Counter(block.states.version(code) for block, code in there)),
        }

    def activities(self, stack: Stack) -> list[Activity]:
        """What members do over time, and what else a picture has lanes of; of one replication."""
        blocks = self._members
        spent = stays(stack, blocks)
        lane, is_out = np.full(len(spent.state), -1), np.zeros(len(spent.state), bool)
        before = 0
        for block in blocks:
            mine = (spent.subject >= block.first) & (spent.subject < block.first + block.count)
            lane[mine] = spent.subject[mine] - block.first + before
            is_out[mine] = self._is_out(spent.state[mine], block)
            before += block.count
        lane[spent.state == 0] = -1
        names = [partial(block.name, k) for block in blocks for k in range(block.count)]
        what = f"{self.member}s"
        order: tuple[Category, ...] = ("ready", "other")
        return [
            Activity(
                what, "failing", spent, lane, is_out.astype(np.int8), order, lambda k: names[k]()
            )
        ]

    def _is_out(self, state: NDArray[np.int16], block: Block) -> NDArray[np.bool_]:
        """Whether members are there and not in service, by state."""
        statuses = block.states.statuses
        serving = [place for place, name in enumerate(statuses) if name in self.in_service]
        out: NDArray[np.bool_] = (state != 0) & ~np.isin(state % block.states.width, serving)
        return out


Model: TypeAlias = SystemModel[Any]
"""Any system of a scenario, ready to run: what the rest of the house asks of it."""


@dataclass(frozen=True, eq=False)
class DryRun:
    """A system that was run in advance."""

    model: Model
    log: Log
    is_brief: bool = False
    """Whether the run leaves out what does not matter for the answers of the service."""

    @property
    def is_certain(self) -> bool:
        """Whether nothing is random: then this is the only run there is."""
        return not self.log.drew

    @cached_property
    def operations(self) -> dict[str, dict[str, Any]]:
        """What the service answered to each of the operations, by name."""
        return {row["name"]: row for row in self.model.operations_table(self.log)}

    def answer(self, operation: Operation) -> str | None:
        """How an operation is refused; None where it is not, or not sent."""
        row = self.operations[operation.name]
        if row["status"] != "Refused":
            return None
        will = "will be refused" if self.is_certain else "is refused in the mean case"
        return f"{will}: {row['http_status']} {row['code']}: {row['message']}"

    def does_nothing(self, operation: Operation) -> bool:
        """Whether it is accepted and causes no change but in itself and in its own upgrade."""
        row = self.operations[operation.name]
        if row["status"] in ("not sent", "Refused"):
            return False
        own = {
            block.first + number
            for block in self.model.blocks
            if block.kind in ("operation", "upgrade")
            for number in range(block.count)
            if block.name(number) in (operation.name, f"upgrade by {operation.name}")
        }
        rows = self.log.rows
        caused = np.isin(rows["cause"], list(own)) & ~np.isin(rows["subject"], list(own))
        return not caused.any()


def refused(operation: Operation, anyway: Rejection | None, dry_run: DryRun | None) -> str | None:
    """That an operation is refused, as the end of a sentence about it; None where it is not.

    `anyway` is the refusal that follows from what it says, whatever the state of the service.
    """
    if anyway is not None:
        return f"will be refused: {anyway.http_status} {anyway.code}: {anyway.message}"
    return None if dry_run is None else dry_run.answer(operation)
