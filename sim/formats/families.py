"""Families of distributions of times, each by its mean and its inverse distribution function.

scipy.special gives the normal quantiles; a frozen draw of scipy.stats costs 13 us. It takes longer
to import than a scenario takes to be checked, so it is imported when such times are first drawn.
"""

from __future__ import annotations

import math
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Annotated, Any, Self

import numpy as np
from pydantic import Field, PrivateAttr, model_validator
from pydantic.json_schema import SkipJsonSchema

from sim.core.units import GRID, LONGEST, show_duration
from sim.formats.columns import read_column
from sim.formats.fields import Duration, Flag, PositiveDuration, PositiveNumber, Spec, Text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_Z95 = 1.6448536269514722  # 95 % of a normal distribution lie below mean + _Z95 standard deviations
_WIDEST = 1_000_000  # this and the next keep every draw and every mean a finite number
_LEAST_SHAPE = 0.05
_HALVINGS = 60  # of an interval, to its last bit
LONGEST_MEAN = _WIDEST * LONGEST
"""Seconds."""


class Family(Spec):
    """A family of distributions of times, in seconds, none of them negative."""

    @property
    def expected(self) -> float:
        """The mean."""
        raise NotImplementedError

    @property
    def highest(self) -> float:
        """The time that no draw exceeds."""
        return math.inf

    @property
    def is_random(self) -> bool:
        """Whether two draws may differ."""
        return True

    def inverse(self, u: Floats) -> Floats:
        """The time that a share u of the draws stays below, for each u in [0, 1); a new array."""
        raise NotImplementedError

    def inverse_in_time(self, u: Floats) -> Floats:
        """The same for the draw that a random instant falls into, when one follows the other.

        A draw is met so with a chance that is proportional to its length. The mean is above 0.
        """
        raise NotImplementedError

    @property
    def short(self) -> str:
        """The family and the parameter that says most."""
        return f"{self._family}, {self._parameters()[0]}"

    def __str__(self) -> str:
        return f"{self._family} ({', '.join(self._parameters())})"

    @property
    def _family(self) -> str:
        return type(self).__name__.lower()

    def _parameters(self) -> list[str]:
        given = self.model_dump(exclude_none=True)
        return [f"{name} {show_duration(getattr(self, name))}" for name in given]

    def _require(self, holds: bool, rule: str) -> None:
        if not holds:
            got = ", ".join(f"{k} {v}" for k, v in self.model_dump(exclude_none=True).items())
            raise ValueError(f"must have {rule}, got {got}")


class Uniform(Family):
    """Every time from low to high is equally likely. A fixed time is one of no width."""

    low: Duration
    """The shortest time."""
    high: Duration
    """The longest time."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        self._require(self.low <= self.high, "low <= high")
        return self

    @property
    def expected(self) -> float:
        return (self.low + self.high) / 2

    @property
    def highest(self) -> float:
        return self.high

    @property
    def is_random(self) -> bool:
        return self.low < self.high

    def inverse(self, u: Floats) -> Floats:
        return self.low + (self.high - self.low) * u

    def inverse_in_time(self, u: Floats) -> Floats:
        return _straight_in_time(self.low, self.high, u) if self.is_random else self.inverse(u)

    @property
    def short(self) -> str:
        low, high = show_duration(self.low), show_duration(self.high)
        return f"{self._family}, {low} to {high}" if self.is_random else low

    def __str__(self) -> str:
        return super().__str__() if self.is_random else self.short


class Triangular(Uniform):
    """Likeliest at the mode, falling off in straight lines to low and high."""

    mode: Duration
    """The likeliest time."""

    @model_validator(mode="after")
    def _mode_between(self) -> Self:
        self._require(self.low <= self.mode <= self.high, "low <= mode <= high")
        return self

    @property
    def expected(self) -> float:
        return (self.low + self.mode + self.high) / 3

    def inverse(self, u: Floats) -> Floats:
        width, rise, fall = self.high - self.low, self.mode - self.low, self.high - self.mode
        rising = self.low + np.sqrt(width * rise * u)
        falling = self.high - np.sqrt(width * fall * (1 - u))
        return np.where(width * u < rise, rising, falling)

    def inverse_in_time(self, u: Floats) -> Floats:
        low: Floats = np.full(len(u), self.low)
        high: Floats = np.full(len(u), self.high)
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            above = self.share_of_time(middle) > u
            low, high = np.where(above, low, middle), np.where(above, middle, high)
        return (low + high) / 2

    def share_of_time(self, x: Floats) -> NDArray[Any]:
        """What draws up to `x` add to the mean, as a share of it."""
        low, high = self.low, self.high
        width = max(high - low, GRID)
        rise, fall = max(self.mode - low, GRID), max(high - self.mode, GRID)
        below = np.minimum(x, self.mode)
        rising = 2 * ((below**3 - low**3) / 3 - low * (below**2 - low**2) / 2) / (width * rise)
        left = high * (high**2 - x**2) / 2 - (high**3 - x**3) / 3
        falling = self.expected - 2 * left / (width * fall)
        return np.where(x < self.mode, rising, falling) / self.expected


class Exponential(Family):
    """The time to what is as likely at any moment, however long it has been waited for."""

    mean: PositiveDuration
    """The mean time."""

    @property
    def expected(self) -> float:
        return self.mean

    def inverse(self, u: Floats) -> Floats:
        return -self.mean * np.log1p(-u)

    def inverse_in_time(self, u: Floats) -> Floats:
        from scipy.special import gammaincinv  # noqa: PLC0415  (see the module)

        times: Floats = np.asarray(gammaincinv(2.0, u), np.float64)
        return self.mean * times


class Lognormal(Family):
    """Skewed to long times, as work and repair are: by median and p95, or by mean and sd."""

    median: PositiveDuration | SkipJsonSchema[None] = None
    """Half of the times are shorter."""
    p95: PositiveDuration | SkipJsonSchema[None] = None
    """95 % of the times are shorter."""
    mean: PositiveDuration | SkipJsonSchema[None] = None
    """The mean time."""
    sd: PositiveDuration | SkipJsonSchema[None] = None
    """The standard deviation of the times."""

    @model_validator(mode="after")
    def _one_pair(self) -> Self:
        given = list(self.model_dump(exclude_none=True))
        if given not in (["median", "p95"], ["mean", "sd"]):
            got = ", ".join(given) or "none of them"
            raise ValueError(f"must have median and p95, or mean and sd, got {got}")
        if self.median and self.p95:
            self._require(self.median < self.p95, "median < p95")
            self._require(self.p95 <= _WIDEST * self.median, "p95 <= a million medians")
        if self.mean and self.sd:
            self._require(self.sd <= _WIDEST * self.mean, "sd <= a million means")
        return self

    @cached_property
    def median_and_sigma(self) -> tuple[float, float]:
        """The median, and the standard deviation of the logarithm."""
        if self.median and self.p95:
            return self.median, math.log(self.p95 / self.median) / _Z95
        assert self.mean
        assert self.sd
        variance = math.log1p((self.sd / self.mean) ** 2)
        return self.mean * math.exp(-variance / 2), math.sqrt(variance)

    @property
    def expected(self) -> float:
        median, sigma = self.median_and_sigma
        return self.mean or median * math.exp(sigma**2 / 2)

    def inverse(self, u: Floats) -> Floats:
        from scipy.special import ndtri  # noqa: PLC0415  (see the module)

        median, sigma = self.median_and_sigma
        times: Floats = ndtri(u)
        times *= sigma
        np.exp(times, out=times)
        times *= median
        return times

    def inverse_in_time(self, u: Floats) -> Floats:
        _, sigma = self.median_and_sigma
        return self.inverse(u) * math.exp(sigma**2)


class Weibull(Family):
    """Times to a failure that grows likelier with age (shape above 1) or less likely (below 1)."""

    shape: PositiveNumber
    """How the risk changes with age; 1 is the exponential distribution."""
    scale: PositiveDuration
    """63 % of the times are shorter."""

    @model_validator(mode="after")
    def _not_too_wide(self) -> Self:
        self._require(self.shape >= _LEAST_SHAPE, f"shape >= {_LEAST_SHAPE}")
        return self

    @property
    def expected(self) -> float:
        return self.scale * math.gamma(1 + 1 / self.shape)

    def inverse(self, u: Floats) -> Floats:
        return self.scale * (-np.log1p(-u)) ** (1 / self.shape)

    def inverse_in_time(self, u: Floats) -> Floats:
        from scipy.special import gammaincinv  # noqa: PLC0415  (see the module)

        powers: Floats = np.asarray(gammaincinv(1 + 1 / self.shape, u), np.float64)
        return self.scale * powers ** (1 / self.shape)

    def _parameters(self) -> list[str]:
        return [f"scale {show_duration(self.scale)}", f"shape {self.shape:g}"]


class Empirical(Family):
    """Times that were observed, each as likely as the others.

    With `interpolate` also what lies between: of the n times in ascending order, the k-th (from 0)
    stands at k / (n - 1), and the quantile function runs through them in straight lines.
    """

    values: Annotated[tuple[Duration, ...], Field(min_length=1)] | SkipJsonSchema[None] = None
    """The times; the same one may come more than once."""
    csv: Text | SkipJsonSchema[None] = None
    """Instead of `values`: a CSV file with a header."""
    column: Text | SkipJsonSchema[None] = None
    """The column of the CSV file that holds the times, in seconds."""
    interpolate: Flag = False
    """Whether times between the given ones come too. Default: false."""

    _read: tuple[float, ...] | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        given = [name for name in ("values", "csv", "column") if getattr(self, name) is not None]
        if given not in (["values"], ["csv", "column"]):
            got = ", ".join(given) or "none of them"
            raise ValueError(f"must have values, or csv and column, got {got}")
        return self

    def with_contents(self, contents: Mapping[str, bytes]) -> Self:
        """The same, with its CSV file read. ValueError(rule)."""
        if self.csv is None or self.column is None:
            return self
        filled = self.model_copy()
        seconds = read_column(contents[self.csv], self.column)
        if not all(0 <= value <= LONGEST for value in seconds):
            raise ValueError(
                f"must be 0 or more seconds, at most 10,000 years, in column {self.column}, "
                f"got {min(seconds):g} to {max(seconds):g}"
            )
        filled._read = seconds  # noqa: SLF001  (a copy of self)
        return filled

    @property
    def times(self) -> Floats:
        """The times in ascending order."""
        given = self.values if self.csv is None else self._read
        if given is None:
            raise ValueError(f"the contents of {self.csv} were not given")
        return _ascending(given)

    @property
    def expected(self) -> float:
        x = self.times
        if not self.interpolate or x.size == 1:
            return math.fsum(x) / x.size
        return (math.fsum(x) - float(x[0] + x[-1]) / 2) / (x.size - 1)

    @property
    def highest(self) -> float:
        return float(self.times[-1])

    @property
    def is_random(self) -> bool:
        return bool(self.times[0] < self.times[-1])

    def inverse(self, u: Floats) -> Floats:
        x = self.times
        if self.interpolate:
            return np.interp(u * (x.size - 1), np.arange(x.size), x)
        return x[(u * x.size).astype(np.intp)]

    def inverse_in_time(self, u: Floats) -> Floats:
        x = self.times
        if self.interpolate and x.size > 1:
            return in_time_along(x, x[:-1] + x[1:], u)
        return x[_parts(np.cumsum(x), u)]

    def _parameters(self) -> list[str]:
        if self.csv:
            source = f"column {self.column} of {self.csv}"
        else:
            source = f"{self.times.size:,} time{'s' * (self.times.size != 1)}"
        return [source, "interpolated"] if self.interpolate else [source]


def _straight_in_time(low: Any, high: Any, u: Floats) -> Floats:
    """Of times that are evenly spread the one that a random instant falls into."""
    times: Floats = np.sqrt(low**2 + (high**2 - low**2) * u)
    return times


def in_time_along(times: Floats, weights: Floats, u: Floats) -> Floats:
    """The same of times along straight lines from one to the next, each with its weight."""
    ends = np.cumsum(weights)
    part = _parts(ends, u)
    within = 1 - (ends[part] - u * ends[-1]) / weights[part]
    return _straight_in_time(times[part], times[part + 1], within)


def _parts(ends: Floats, u: Floats) -> NDArray[np.intp]:
    """The parts in which shares of their sum fall, by where each of them ends."""
    found: NDArray[np.intp] = np.searchsorted(ends, u * ends[-1], side="right")
    return np.minimum(found, ends.size - 1)


@lru_cache(maxsize=64)
def _ascending(times: tuple[float, ...]) -> Floats:
    # Kept here and not in the model: two models that are compared compare all that they hold, and
    # arrays have no truth value.
    return np.sort(np.array(times, dtype=np.float64))
