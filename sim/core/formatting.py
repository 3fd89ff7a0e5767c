"""Values of metrics for people: few digits, and never a number that reads as another one.

A share of 99.96 % is not shown as 100 %, nor a mean of 0.0003 as 0: where rounding would make a
value look exact, digits are added.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sim.core.units import show_duration, without_zeros
from sim.core.wall_clock import show_instant

if TYPE_CHECKING:
    import datetime as dt

    from sim.core.metrics import Metric

NOTHING = "-"
"""What stands where a value does not exist."""

_MINUTE, _DAY = 60.0, 86400.0
_DIGITS = 3
_MOST_DECIMALS = 6
TOLERANCE = 1e-9
"""Two percentages closer than this are equal."""
_LARGE = 1e9


def show(value: float, unit: str) -> str:
    """Write a value of a metric with `unit` (see `Metric.unit`); ``-`` where it is NaN."""
    if math.isnan(value):
        return NOTHING
    if unit in ("share", "0/1"):
        return f"{_percent(100 * value)} %"
    if unit == "s":
        return _duration(value)
    if unit.endswith("hours") and 0.9995 <= abs(value) < 9.995:  # noqa: PLR2004  (1.0: no count)
        shown = _number(value)
        return shown if "." in shown else f"{shown}.0"
    return _number(value)


def show_of(value: float, metric: Metric, start: dt.datetime | None) -> str:
    """Write a value of a metric: an instant by the clock where the scenario has a `start`."""
    if metric.is_instant and start is not None and not math.isnan(value):
        return show_instant(value, start)
    return show(value, metric.unit)


def format_compact(value: float, unit: str) -> str:
    """As `show`, a time of ten minutes or more in minutes, of ten days or more in days.

    For what was measured; a bound that was asked for is shown in full.
    """
    for size in (_DAY, _MINUTE):
        if unit == "s" and abs(value) >= 10 * size:
            return show(round(value / size) * size, unit)
    return show(value, unit)


def show_difference(value: float, unit: str) -> str:
    """Write a difference with its sign: ``+12min``; that of two shares in percentage points, as
    ``+20 %`` might be a fifth of one of them: ``+20 points``.
    """
    shown = format_compact(value, unit)
    if shown.endswith(" %"):
        shown = f"{shown.removesuffix(' %')} points"
    return f"+{shown}" if value > 0 else shown


def show_range(low: float, high: float, unit: str) -> str:
    """Write an interval: ``79.1..79.5 %``, ``9min50s..10min``; ``-`` where there is none."""
    if math.isnan(low) or math.isnan(high):
        return NOTHING
    first, last = format_compact(low, unit), format_compact(high, unit)
    return f"{first.removesuffix(' %')}..{last}"


def show_differences(low: float, high: float, unit: str) -> str:
    """The interval of a difference: ``-2..20 points``."""
    shown = show_range(low, high, unit)
    return f"{shown.removesuffix(' %')} points" if shown.endswith(" %") else shown


def _duration(seconds: float) -> str:
    shown = show_duration(seconds)
    if shown == "0s" and seconds:
        return "< 1ms" if seconds > 0 else "> -1ms"
    return shown


def _percent(percent: float) -> str:
    """One decimal, and more near 0 and 100 or where it would look like a whole number."""
    apart = abs(percent - round(percent))
    if apart < TOLERANCE:
        return _plain(percent, 0)
    end = min(abs(percent), abs(100 - percent))
    digits = 1 - math.floor(math.log10(end)) if end < 1 else 1
    decimals = next((d for d in range(digits, _MOST_DECIMALS + 1) if round(apart, d)), 0)
    if decimals or end > 1:
        return _plain(percent, decimals)
    # Closer to the end of the scale than any decimal shows: it must not read as certainty.
    return f"> {round(percent)}" if percent > round(percent) else f"< {round(percent)}"


def _number(value: float) -> str:
    """Three digits, thousands parted by commas."""
    if not value:
        return "0"
    size = math.floor(math.log10(abs(value)))
    if abs(value) >= _LARGE or size < -_MOST_DECIMALS:
        return f"{value:.{_DIGITS - 1}e}"
    rounded = round(value, _DIGITS - 1 - size)
    return _plain(rounded, max(0, _DIGITS - 1 - size))


def _plain(value: float, decimals: int) -> str:
    return without_zeros(f"{value:,.{decimals}f}")
