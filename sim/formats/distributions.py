"""Distributions of times: what a file may write for a duration, and the times that it stands for.

Any of them may be cut, so that only times from `min` to `max` are drawn.

A time is drawn by its inverse distribution function from a uniform number in [0, 1) and rounded to
the grid of 2**-10 s, which absorbs the last bit in which exp, log and power differ between
processors.
"""

from __future__ import annotations

import math
import re
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from pydantic import ConfigDict, RootModel, model_validator
from pydantic.json_schema import SkipJsonSchema

from sim.core.units import GRID, parse_duration, shorten, show_duration
from sim.formats.families import (
    LONGEST_MEAN,
    Empirical,
    Exponential,
    Family,
    Lognormal,
    Triangular,
    Uniform,
    Weibull,
)
from sim.formats.fields import Duration, OneOf
from sim.formats.truncated import Truncated

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from sim.formats.truncated import Law

    Floats = NDArray[np.float64]


class OneFamily(OneOf):
    """A distribution of times: its family and the parameters, and where it is cut."""

    uniform: Uniform | SkipJsonSchema[None] = None
    """Every time from low to high is equally likely."""
    triangular: Triangular | SkipJsonSchema[None] = None
    """Likeliest at the mode."""
    exponential: Exponential | SkipJsonSchema[None] = None
    """Memoryless, with a mean."""
    lognormal: Lognormal | SkipJsonSchema[None] = None
    """Skewed to long times: {median, p95} or {mean, sd}."""
    weibull: Weibull | SkipJsonSchema[None] = None
    """Times to a failure that depends on age: {shape, scale}."""
    empirical: Empirical | SkipJsonSchema[None] = None
    """Observed times: {values} or {csv, column}."""
    min: Duration | SkipJsonSchema[None] = None
    """Only times from here on are drawn. Default: all."""
    max: Duration | SkipJsonSchema[None] = None
    """Only times up to here are drawn. Default: all."""

    @classmethod
    @cache
    def choices(cls) -> dict[str, str]:
        """The families."""
        return {name: name for name in cls.model_fields if name not in ("min", "max")}

    @cached_property
    def shape(self) -> Family | Truncated:
        """The family with its parameters, or what is left of it between min and max."""
        family: Family = self.chosen[1]
        if self.min is None and self.max is None:
            return family
        return Truncated(family, self.min or 0.0, math.inf if self.max is None else self.max)

    @model_validator(mode="after")
    def _has_times(self) -> Self:
        if self.min is not None and self.max is not None and self.min > self.max:
            got = f"min {show_duration(self.min)}, max {show_duration(self.max)}"
            raise ValueError(f"must have min <= max, got {got}")
        shape = self.shape
        if isinstance(shape, Truncated) and (self.empirical is None or self.empirical.csv is None):
            shape.require_times()
        return self


class Distribution(RootModel[Duration | OneFamily]):
    """A time, fixed or random: 4min, or the key of one family with its parameters."""

    model_config = ConfigDict(frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _is_no_range(cls, value: Any) -> Any:
        """``3..8min``, ``3 to 8 min``: two times where one is written."""
        ends = _range_of(value) if isinstance(value, str) else None
        if ends is not None:
            uniform = f"{{uniform: {{low: {ends[0]}, high: {ends[1]}}}}}"
            raise ValueError(
                f"must be a duration such as 5min or a distribution such as {uniform}, "
                f"got {shorten(value)}"
            )
        return value

    @classmethod
    def fixed(cls, seconds: float) -> Distribution:
        """Always the same time."""
        return cls.model_construct(float(seconds))

    @classmethod
    def memoryless(cls, mean: float) -> Distribution:
        """Exponential with a mean in seconds that was computed, off the grid and however long."""
        law = Exponential.model_construct(mean=min(mean, LONGEST_MEAN))
        return cls.model_construct(OneFamily.model_construct(exponential=law))

    @cached_property
    def shape(self) -> Family | Truncated:
        """The family with its parameters, or what is left of it between min and max."""
        if isinstance(self.root, OneFamily):
            return self.root.shape
        return Uniform.model_construct(low=self.root, high=self.root)

    @cached_property
    def law(self) -> Law:
        """What is asked of it."""
        return self.shape.law if isinstance(self.shape, Truncated) else self.shape

    @property
    def mean(self) -> float:
        """Seconds, before the rounding to the grid."""
        return self.law.expected

    @property
    def highest(self) -> float:
        """Seconds that no draw exceeds; infinite where there is no such bound."""
        return self.law.highest

    @property
    def is_random(self) -> bool:
        """Whether two draws may differ."""
        return self.law.is_random

    def quantile(self, u: Floats) -> Floats:
        """The time that a share u of the draws stays below, for each u in [0, 1).

        Seconds on the grid, never negative; an array of its own.
        """
        return _on_grid(self.law.inverse(u))

    def quantile_in_time(self, u: Floats) -> Floats:
        """The same for the draw that a random instant falls into, when one follows the other.

        Long draws take more time, so such an instant meets them more often. The mean is above 0.
        """
        return _on_grid(self.law.inverse_in_time(u))

    @property
    def files(self) -> dict[tuple[str, ...], str]:
        """The file that holds its times, as the scenario names it, by the keys that name it."""
        observed = self.root.empirical if isinstance(self.root, OneFamily) else None
        source = None if observed is None else observed.csv
        return {} if source is None else {("empirical", "csv"): source}

    def with_contents(self, contents: Mapping[str, bytes]) -> Distribution:
        """The same with the `files` read; it still dumps as written. ValueError(rule)."""
        if not isinstance(self.root, OneFamily) or self.root.empirical is None or not self.files:
            return self
        root, observed = self.root, self.root.empirical.with_contents(contents)
        filled = OneFamily.model_construct(
            root.model_fields_set, empirical=observed, min=root.min, max=root.max
        )
        if isinstance(filled.shape, Truncated):
            filled.shape.require_times()
        return type(self).model_construct(filled)

    @property
    def short(self) -> str:
        """For a footer: ``4min``, ``lognormal, median 4min``."""
        return self.shape.short

    def __str__(self) -> str:
        """For an explanation: ``4min``, ``lognormal (median 4min, p95 9min)``."""
        return str(self.shape)


def _on_grid(times: Floats) -> Floats:
    """Rounded in place."""
    times *= 1 / GRID
    np.rint(times, out=times)
    times *= GRID
    return times


def _range_of(text: str) -> tuple[str, str] | None:
    """The two durations of what is written as a range, or None."""
    parts = re.split(r"\s*(?:\.\.+|-|\u2013|\bto\b)\s*", text.strip())
    if len(parts) != 2:  # noqa: PLR2004
        return None
    low, high = ("".join(part.split()) for part in parts)
    if re.fullmatch(r"[0-9.]+", low):
        low += high.lstrip("0123456789.")
    try:
        return show_duration(parse_duration(low)), show_duration(parse_duration(high))
    except ValueError:
        return None
