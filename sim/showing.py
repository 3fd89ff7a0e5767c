"""Values of metrics for people: few digits, and never a number that reads as another one.

A share of 99.96 % is not shown as 100 %, nor a mean of 0.0003 as 0: where rounding would make a
value look exact, digits are added.
"""

from __future__ import annotations

import math

from sim.units import show_duration

NOTHING = "-"
"""What stands where a value does not exist."""

_DIGITS = 3
_MOST_DECIMALS = 6
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


def show_range(low: float, high: float, unit: str) -> str:
    """Write an interval: ``79.1..79.5 %``, ``9min50s..10min``; ``-`` where there is none."""
    if math.isnan(low) or math.isnan(high):
        return NOTHING
    first, last = show(low, unit), show(high, unit)
    return f"{first.removesuffix(' %')}..{last}"


def _duration(seconds: float) -> str:
    shown = show_duration(seconds)
    if shown == "0s" and seconds:
        return "< 1ms" if seconds > 0 else "> -1ms"
    return shown


def _percent(percent: float) -> str:
    """One decimal, and more where that would look like a whole number that it is not.

    The decimals end where the difference to the whole number is shown with one digit.
    """
    apart = abs(percent - round(percent))
    decimals = 1
    while decimals < _MOST_DECIMALS and apart > 1e-9 and round(apart, decimals) == 0:
        decimals += 1
    if apart > 1e-9 and round(apart, decimals) == 0:
        return _about(percent, decimals)
    return _plain(percent, decimals)


def _about(percent: float, decimals: int) -> str:
    """What no decimal tells from a whole number; only at the ends of the scale does it matter."""
    if round(percent) not in (0, 100):
        return _plain(percent, decimals)
    return f"{'>' if percent > round(percent) else '<'} {round(percent)}"


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
    text = f"{value:,.{decimals}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text
