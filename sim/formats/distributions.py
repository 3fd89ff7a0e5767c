"""Distributions of times: what a file may write for a duration, and the times that it stands for.

A time is drawn by its inverse distribution function from a uniform number in [0, 1) and rounded to
the grid of 2**-10 s, which absorbs the last bit in which exp, log and power differ between
processors.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from pydantic import ConfigDict, RootModel
from pydantic.json_schema import SkipJsonSchema

from sim.core.units import GRID
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

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


class OneFamily(OneOf):
    """A distribution of times: its family, and the parameters."""

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


class Distribution(RootModel[Duration | OneFamily]):
    """A time, fixed or random: 4min, or the key of one family with its parameters."""

    model_config = ConfigDict(frozen=True)

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
    def shape(self) -> Family:
        """The family with its parameters."""
        if isinstance(self.root, OneFamily):
            shape: Family = self.root.chosen[1]
            return shape
        return Uniform.model_construct(low=self.root, high=self.root)

    @property
    def mean(self) -> float:
        """Seconds, before the rounding to the grid."""
        return self.shape.expected

    @property
    def highest(self) -> float:
        """Seconds that no draw exceeds; infinite where there is no such bound."""
        return self.shape.highest

    @property
    def is_random(self) -> bool:
        """Whether two draws may differ."""
        return self.shape.is_random

    def quantile(self, u: Floats) -> Floats:
        """The time that a share u of the draws stays below, for each u in [0, 1).

        Seconds on the grid, never negative; an array of its own.
        """
        return _on_grid(self.shape.inverse(u))

    def quantile_in_time(self, u: Floats) -> Floats:
        """The same for the draw that a random instant falls into, when one follows the other.

        Long draws take more time, so such an instant meets them more often. The mean is above 0.
        """
        return _on_grid(self.shape.inverse_in_time(u))

    @property
    def files(self) -> dict[tuple[str, ...], str]:
        """The file that holds its times, as the scenario names it, by the keys that name it."""
        source = self.shape.csv if isinstance(self.shape, Empirical) else None
        return {} if source is None else {("empirical", "csv"): source}

    def with_contents(self, contents: Mapping[str, bytes]) -> Distribution:
        """The same with the `files` read; it still dumps as written. ValueError(rule)."""
        if not isinstance(self.shape, Empirical) or not self.files:
            return self
        filled = OneFamily.model_construct(empirical=self.shape.with_contents(contents))
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
