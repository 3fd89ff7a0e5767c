"""An x axis of time: durations from the start, or a wall clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.ticker import Formatter, Locator

from sim.plots.parts import clock

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from matplotlib.axes import Axes


def time_axis(axes: Axes, shown: clock.View, start: dt.datetime | None, most: int = 9) -> None:
    """Give `axes` the x axis of `shown`, its ticks, its label and a note on what is cut."""
    axes.set_xlim(shown.left, shown.right if shown.right > shown.left else shown.left + 1.0)
    axes.xaxis.set_major_locator(_Ticks(start, most))
    scale = clock.Scale.of(shown.left, shown.right, most)
    axes.xaxis.set_major_formatter(_Durations(scale) if start is None else _Instants(start))
    axes.set_xlabel(clock.time_label(shown, start, most))


class _Ticks(Locator):
    """At most `most` + 1 ticks, wherever the view is."""

    def __init__(self, start: dt.datetime | None, most: int) -> None:
        self._start, self._most = start, most

    def __call__(self) -> Sequence[float]:
        assert self.axis is not None
        return self.tick_values(*self.axis.get_view_interval())

    def tick_values(self, vmin: float, vmax: float) -> Sequence[float]:
        return clock.ticks(vmin, vmax, self._start, self._most)


class _Durations(Formatter):
    """Numbers in the one unit of a scale."""

    def __init__(self, scale: clock.Scale) -> None:
        self._scale = scale

    def __call__(self, x: float, pos: int | None = None) -> str:
        del pos
        return self._scale.show(x)


class _Instants(Formatter):
    """Times of the day."""

    def __init__(self, start: dt.datetime) -> None:
        self._start = start

    def __call__(self, x: float, pos: int | None = None) -> str:
        del pos
        return self.format_ticks([x])[0]

    def format_ticks(self, values: Sequence[float]) -> list[str]:
        return clock.labels(values, self._start)
