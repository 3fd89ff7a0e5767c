"""A system run in advance: the mean case, of which `explain` and the warnings read the log.

So what they say is what the model does, and no rule of a service is told a second time.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from sim.core.log import Log
    from sim.systems.base.operation import Operation
    from sim.systems.base.records import Rejection
    from sim.systems.base.system_type import Model


MEAN = "every time at its mean, nothing happens whose chance is below 100 %"


def _itself(spec: Any) -> Any:
    return spec


def _nothing(_: str) -> bool:
    return False


class DryRunRules(NamedTuple):
    """How the systems of one kind are run in advance."""

    spec: Callable[[Any], Any] = _itself
    """What is run in the place of a spec, at a bearable cost."""
    brief: Callable[[Any], Any] = _itself
    """The same where it matters only what the service answers to requests."""
    is_spread: Callable[[str], bool] = _nothing
    """Paths of draws that keep their laws, spread evenly over the members; the rest is its mean. In
    `brief` form nothing is spread."""
    is_sample: bool = False
    """Whether it is members that are spread: then averages over them are told and nothing else."""
    case: str = MEAN
    """What is run, in words."""
    brief_case: str = MEAN
    """The same of what is run in `brief` form."""


AS_IT_IS = DryRunRules()
"""All members, each time at its mean."""


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
