"""What a service answers to requests: refusals, and the table of a run's operations."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple

from sim.core.log import ASKED, FAILED, OPERATION, REFUSED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from sim.core.log import Block, Log
    from sim.systems.base.operation import Request

    Row = dict[str, Any]


class Rejection(NamedTuple):
    """An answer that is not a success."""

    http_status: int
    code: str
    message: str


def answers(
    rejections: Mapping[str, Rejection], rules_of: Mapping[str, Sequence[str]]
) -> dict[str, tuple[Rejection, ...]]:
    """Operation -> its rejections, from those by rule and from the rules of each operation."""
    return {name: tuple(rejections[rule] for rule in rules) for name, rules in rules_of.items()}


class OperationRecord(NamedTuple):
    """One that may be asked for in a run: the file's, or a modelled client's."""

    name: str
    kind: str
    body: Request
    place: int | None
    """Its place in the file; None for a client's, which are told only where they were sent."""
    http_status: int | None = 200
    """What the service answers when it accepts; None where nobody sends a request."""


def operations_table(
    log: Log,
    block: Block,
    asked: Sequence[OperationRecord],
    answer: Callable[[str, Request], Rejection],
) -> list[Row]:
    """One row an operation of `block`: asked when, answered how, ended when.

    `answer(rule, body)` tells the refusal by the rule that stands in the operation's state.
    """
    table = []
    for number, each in enumerate(asked):
        rows = log.rows[log.rows["subject"] == block.first + number]
        if not len(rows) and each.place is None:
            continue
        row: Row = {
            "operation": "" if each.place is None else f"operations.{each.place}",
            "name": each.name,
            "kind": each.kind,
            "system": block.system,
            "at_s": float(rows[0]["time"]) if len(rows) else None,
            "ended_s": None,
            "status": "not sent",
            "http_status": None,
            "code": "",
            "message": "",
            "request_id": "",
        }
        if len(rows):
            row |= _outcome(each, rows, block, answer)
        table.append(row)
    return table


def _outcome(
    asked: OperationRecord,
    rows: NDArray[np.void],
    block: Block,
    answer: Callable[[str, Request], Rejection],
) -> Row:
    state = int(rows[-1]["new"])
    status = state % OPERATION.width
    outcome: Row = {
        "status": OPERATION.statuses[status],
        "http_status": asked.http_status,
        "request_id": _request_id(f"{block.system}/{asked.name}") if asked.http_status else "",
    }
    if status != ASKED:
        outcome["ended_s"] = float(rows[-1]["time"])
    if status in (FAILED, REFUSED):
        rejection = answer(block.states.version(state), asked.body)
        outcome |= {"code": rejection.code, "message": rejection.message}
        outcome["http_status"] = rejection.http_status
    return outcome


def _request_id(identity: str) -> str:
    """A request id that is the same in every run."""
    return blake2b(identity.encode(), digest_size=16).hexdigest()
