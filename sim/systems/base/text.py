"""Pieces of sentences that every system says before a run: counts, times, windows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sim.core.rounding import at_least
from sim.core.units import format_clock, show_duration
from sim.core.wall_clock import show_instant

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sim.core.rounding import Amount
    from sim.systems.base.operation import Operation, Span, Window


def pluralize(count: int, what: str) -> str:
    """``1 instance``, ``2,000 instances``."""
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def in_common(texts: Sequence[str]) -> str:
    """What texts have in common at both ends, by words, with ``...`` for what they have not:
    ``done in <= ... in 95 % of runs``.
    """
    first, *others = (text.split(" ") for text in dict.fromkeys(texts))
    if not others:
        return " ".join(first)
    shortest = min(map(len, (first, *others)))
    head = next((k for k in range(shortest) if any(o[k] != first[k] for o in others)), shortest)
    most = shortest - head
    tail = next((k for k in range(most) if any(o[-1 - k] != first[-1 - k] for o in others)), most)
    return " ".join([*first[:head], "...", *first[len(first) - tail :]])


def serve(count: int) -> str:
    """``1 serves``, ``2,000 serve``."""
    return f"{count:,} {'serves' if count == 1 else 'serve'}"


def so_often(rate: float, unit: str) -> str:
    """``1 time a year``, ``0.5 times an hour`` of a mean rate; `unit` comes with its article."""
    return f"{rate:,g} {'time' if rate == 1 else 'times'} {unit}"


def be(count: int) -> str:
    """``is`` of one, ``are`` of more or none."""
    return "is" if count == 1 else "are"


def rounded_up(least: Amount, members: int) -> str:
    """`` (75 % of 10, rounded up, is 8)`` of a share that must stay; empty of a count."""
    if least.share is None:
        return ""
    return f" ({least} of {members:,}, rounded up, is {at_least(least, members):,})"


def in_time(operations: Iterable[Operation]) -> list[Operation]:
    """Operations in order of their mean times."""
    return sorted(operations, key=lambda each: each.at.mean)


def as_written(operations: Iterable[Operation]) -> list[Operation]:
    """The same as the file has them: one that is repeated stands once."""
    return [each for each in in_time(operations) if not each.repetition]


def when(operation: Operation, span: Span) -> str:
    """``At 2h (Sat 21 Nov 16:00), upgrade_os-0:``, by the local clock where there is one."""
    at = f"{operation.at}{_local_time(operation, span)}"
    if operation.every:
        at += f" and every {show_duration(operation.every)}, {pluralize(operation.times, 'time')}"
    return f"At {at}, {operation.name}:"


def _local_time(operation: Operation, span: Span) -> str:
    if span.start is None or operation.at.is_random:
        return ""
    return f" ({show_instant(operation.at.highest, span.start)})"


def within(body: Any, what: str) -> str:
    """When something new may begin, as a sentence after others; empty without windows."""
    return f" {what} begins only within {show_windows(body.windows)}." if body.windows else ""


def show_windows(windows: Iterable[Window]) -> str:
    """``22:00 to 05:00 (sat, sun) or 12:00 to 13:00``."""
    return " or ".join(
        f"{format_clock(each.from_)} to {format_clock(each.to)}"
        + (f" ({', '.join(each.days)})" if each.days else "")
        for each in windows
    )
