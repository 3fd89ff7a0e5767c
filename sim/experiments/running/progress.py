"""One bar over all replications of a command: how many are made, how fast, how long it takes yet.

In a terminal and in a notebook it is a bar of its own; elsewhere it is a line every ten seconds.
"""

from __future__ import annotations

import sys
from time import monotonic
from typing import Any

from sim.core.units import show_duration

EVERY = 10.0
"""Seconds between two lines."""


class Progress:
    """Counts replications; where it is not to be `shown` it counts in silence."""

    def __init__(self, shown: bool = False) -> None:
        self.total = self.made = self._skipped = 0
        self._told = ""
        self._bar = _bar() if shown else None
        self._began = self._last = monotonic()
        self._has_lines = shown and self._bar is None

    @property
    def left(self) -> int:
        """How many are expected yet."""
        return max(0, self.total - self.made)

    @property
    def reached(self) -> str:
        """How far it came, in words."""
        total = f" of {self.total:,}" if self.total >= self.made else ""
        return f"{self.made:,}{total} replications"

    def expect(self, runs: int) -> None:
        """So many more are to be made, or fewer."""
        self.total += runs
        if self._bar is not None:
            self._bar.total = self.total or None
            self._bar.refresh()

    def skip(self, runs: int) -> None:
        """So many were there already."""
        self._skipped += runs
        self.made += runs
        if self._bar is not None:
            self._bar.initial += runs
            self._bar.update(runs)

    def advance(self, runs: int) -> None:
        """So many more are made."""
        self.made += runs
        if self._bar is not None:
            self._bar.update(runs)
        elif self._has_lines and monotonic() - self._last >= EVERY:
            self._last = monotonic()
            sys.stderr.write(f"{self._line()}\n")
            sys.stderr.flush()

    def tell(self, what: str) -> None:
        """What else is known so far, beside the counts."""
        self._told = what
        if self._bar is not None:
            self._bar.set_postfix_str(what)

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()

    def _line(self) -> str:
        """``1,200 of 10,000 replications, 120 a second, about 1min13s left; ...``."""
        rate = (self.made - self._skipped) / max(monotonic() - self._began, 1e-9)
        shown = f"{rate:,.0f}" if rate >= 10 else f"{rate:.2g}"  # noqa: PLR2004  (two digits)
        line = f"{self.reached}, {shown} a second"
        if self.left and rate:
            line += f", about {show_duration(float(max(1, round(self.left / rate))))} left"
        return f"{line}; {self._told}" if self._told else line


def _bar() -> Any:
    """A bar where somebody can see it move, else None."""
    from tqdm.auto import tqdm  # noqa: PLC0415  (it looks for a notebook, which takes a while)

    in_notebook = any("notebook" in each.__module__ for each in tqdm.__mro__)
    if not (in_notebook or sys.stderr.isatty()):
        return None
    return tqdm(unit=" runs", leave=False, smoothing=0.05)
