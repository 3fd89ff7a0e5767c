"""The axes of a sweep in pictures: numbers with their unit, or words; and metrics in theirs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import NullLocator

from sim.core.formatting import show
from sim.plots.parts import clock, style
from sim.plots.parts.text import fitted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axis import Axis
    from numpy.typing import NDArray

MOST_TICKS = 8
_MOST_WORDS = 16
_WORD = 90.0
"""Points of a word at a tick."""
_RATIO = 1.5
"""From each value to the next, at least, where values with equal ratios stand at equal distances.
"""


@dataclass(frozen=True, eq=False)
class Along:
    """An axis of a sweep: its values in order, numbers in `unit` or words."""

    name: str
    unit: str
    """``s``, ``share`` or empty."""
    texts: Sequence[str]
    numbers: NDArray[np.float64] | None
    """None where they are words."""

    @property
    def positions(self) -> NDArray[np.float64]:
        """Where the values stand."""
        return np.arange(len(self.texts), dtype=float) if self.numbers is None else self.numbers

    @property
    def is_logarithmic(self) -> bool:
        """Whether the values have equal ratios."""
        if self.numbers is None or len(self.numbers) < 3 or (self.numbers <= 0).any():  # noqa: PLR2004
            return False
        ratios = self.numbers[1:] / self.numbers[:-1]
        return bool(ratios.min() >= _RATIO and ratios.max() <= 1.2 * ratios.min())

    @property
    def label(self) -> str:
        """Its name with the unit in which it is written."""
        if self.unit == "s":
            return self._scale().label(self.name)
        return f"{self.name} (%)" if self.unit == "share" else self.name

    def short(self, place: int) -> str:
        """A value as a tick says it."""
        if self.numbers is None:
            return fitted(self.texts[place], _WORD, style.SMALL)
        if self.unit == "s":
            return self._scale().show(float(self.numbers[place]))
        return show(float(self.numbers[place]), self.unit).removesuffix(" %")

    def ticks(self, most: int = MOST_TICKS) -> list[int]:
        """Which values get a tick: all, or some of them at equal distances."""
        if self.numbers is None:
            most = _MOST_WORDS
        step = -(-len(self.texts) // most)
        return list(range(0, len(self.texts), step))

    def _scale(self) -> clock.Scale:
        assert self.numbers is not None
        low, high = float(self.numbers.min()), float(self.numbers.max())
        return clock.Scale.of(min(low, 0.0), max(high, low + 1.0), MOST_TICKS)

    def put(self, axis: Axis) -> None:
        """Give an axis the ticks and the name of this one."""
        if self.is_logarithmic:
            axis._set_axes_scale("log")  # type: ignore[attr-defined]  # noqa: SLF001  (of either axis)
            axis.set_minor_locator(NullLocator())
        places = self.ticks()
        axis.set_ticks([float(self.positions[k]) for k in places], [self.short(k) for k in places])
        axis.set_label_text(self.label)


def metric_axis(axis: Axis, low: float, high: float, unit: str, most: int = 6) -> str:
    """Give an axis ticks in a metric's unit; what is to be said of the unit beside the name."""
    if unit in ("share", "0/1"):
        style.percent_axis(axis)
        return ""
    if unit == "s":
        high = max(high, low + 1.0)
        scale, ticks = clock.Scale.of(low, high, most), clock.ticks(low, high, None, most)
        axis.set_ticks(list(ticks), [scale.show(each) for each in ticks])
        return scale.label("")
    return f" ({unit})" if unit not in ("", "count", "mean") else ""
