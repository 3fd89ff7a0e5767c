"""Pieces of sentences that every system says before a run: counts, times, windows, refusals."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from sim.units import format_clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sim.systems.answers import Refusal
    from sim.systems.operation import Operation, Request, Span


def counted(count: int, what: str) -> str:
    """``1 instance``, ``2,000 instances``."""
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def be(count: int) -> str:
    """``is`` of one, ``are`` of more or none."""
    return "is" if count == 1 else "are"


def when(operation: Operation, span: Span) -> str:
    """``At 2h (Sat 21 Nov 16:00), upgrade_os-0:``, by the local clock where there is one."""
    return f"At {operation.at}{_local_time(operation, span)}, {operation.name}:"


def _local_time(operation: Operation, span: Span) -> str:
    if span.start is None or operation.at.is_random:
        return ""
    at = span.start + dt.timedelta(seconds=operation.at.highest)
    return f" ({at:%a} {at.day} {at:%b %H:%M})"


def within(body: Any, what: str) -> str:
    """When something new may begin, as a sentence after others; empty without windows."""
    shown = [
        f"{format_clock(each.from_)} to {format_clock(each.to)}"
        + (f" ({', '.join(each.days)})" if each.days else "")
        for each in body.windows
    ]
    return f" {what} begins only within {' or '.join(shown)}." if shown else ""


def refusals(
    operations: Iterable[Operation],
    rule: Callable[[Operation], str | None],
    answer: Callable[[str, Request], Refusal],
) -> list[tuple[tuple[str | int, ...], str]]:
    """The refusals that are foretold: where in the file, and what the service will answer.

    `rule` tells which rule an operation breaks, if any, `answer` how the service refuses it then.
    """
    rules = ((each, rule(each)) for each in operations)
    return [_refused(each, answer(broken, each.body)) for each, broken in rules if broken]


def _refused(operation: Operation, refusal: Refusal) -> tuple[tuple[str | int, ...], str]:
    return operation.path, (
        f"{operation.name} will be refused: {refusal.http_status} {refusal.code}: {refusal.message}"
    )
