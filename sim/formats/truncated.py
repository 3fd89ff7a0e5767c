"""Distributions that are cut: of a family only the times between a shortest and a longest one.

A uniform number u becomes the time at F(min) + u (F(max) - F(min)) of the family's distribution
function F, so a draw keeps its rank and common random numbers hold. Above the median the same is
said by what lies above (1 - F), so that far tails keep all their digits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from sim.core.units import GRID, show_duration
from sim.formats.families import (
    Empirical,
    Exponential,
    Family,
    Lognormal,
    Triangular,
    Uniform,
    Weibull,
    in_time_along,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_LEAST_SHARE = 1e-200
"""Of a family's draws: what is rarer never comes, nor has it numbers to calculate with."""
_HALF = 0.5


@dataclass(frozen=True)
class Truncated:
    """A family of which only the times from `low` to `high` are drawn."""

    family: Family
    low: float
    high: float
    """Seconds; infinite where there is no longest time."""

    def require_times(self) -> None:
        """ValueError where no time of the family lies between."""
        if self._left is None:
            raise ValueError(f"must have times between min and max, got {self.short}")

    @property
    def law(self) -> Law:
        """What is left of the family."""
        assert self._left
        return self._left

    @cached_property
    def _left(self) -> Law | None:
        return _left_of(self.family, self.low, self.high)

    @property
    def short(self) -> str:
        """The family with what says most, and where it is cut."""
        return f"{self.family.short}, {self._bounds}"

    def __str__(self) -> str:
        return f"{self.family} {self._bounds}"

    @property
    def _bounds(self) -> str:
        low = show_duration(self.low)
        if math.isinf(self.high):
            return f"of at least {low}"
        high = show_duration(self.high)
        return f"between {low} and {high}" if self.low else f"of at most {high}"


def _left_of(family: Family, low: float, high: float) -> Law | None:
    """What is left of a family between `low` and `high`; None where that is nothing."""
    match family:
        case Triangular():
            low, high = max(low, family.low), min(high, family.high)
            return _Part(_Triangle(family), low, high) if low < high else _straight(low, high)
        case Uniform():
            return _straight(max(low, family.low), min(high, family.high))
        case Empirical():
            return _observed(family, low, high)
        case Exponential():
            curve: _Curve = _Ageing(1.0, family.mean)
        case Weibull():
            curve = _Ageing(family.shape, family.scale)
        case Lognormal():
            curve = _LogNormal(*family.median_and_sigma)
        case _:
            raise AssertionError(family)
    if min(curve.above(low), curve.below(high)) < _LEAST_SHARE:
        return None
    return _Part(curve, low, high) if low < high else _straight(low, high)


def _straight(low: float, high: float) -> Uniform | None:
    return Uniform.model_construct(low=low, high=high) if low <= high else None


# Families with a density --------------------------------------------------------------------------


class _Curve:
    """A distribution function and its inverse, from below and from above."""

    def below(self, x: float) -> float:
        """The share of the draws up to `x`."""
        raise NotImplementedError

    def above(self, x: float) -> float:
        """The share of the draws beyond `x`."""
        raise NotImplementedError

    def inverse(self, below: Floats) -> Floats:
        """The times up to which such shares of the draws lie."""
        raise NotImplementedError

    def inverse_above(self, above: Floats) -> Floats:
        """The times beyond which such shares of the draws lie."""
        raise NotImplementedError

    def in_time(self) -> _Curve:
        """The same of the draws that random instants fall into."""
        raise NotImplementedError

    def mean(self, part: _Part) -> float:
        """The integral of a part's inverse, by the tanh-sinh rule (Takahasi and Mori 1974).

        Its nodes crowd at both ends, down to shares of 1e-101, where the inverse may have no bound.
        """
        t = np.arange(-80, 81) / 16
        y = np.pi / 2 * np.sinh(t)
        u, rest = 1 / (1 + np.exp(-2 * y)), 1 / (1 + np.exp(2 * y))
        weights = np.pi * np.cosh(t) * u * rest
        return float(weights @ part.times(u, rest) / weights.sum())


@dataclass(frozen=True)
class _Part:
    """The part of a curve from `low` to `high`, which is above `low`."""

    curve: _Curve
    low: float
    high: float
    is_random = True

    @cached_property
    def expected(self) -> float:
        return self.curve.mean(self)

    @property
    def highest(self) -> float:
        return self.high

    def inverse(self, u: Floats) -> Floats:
        return self.times(u, 1 - u)

    def inverse_in_time(self, u: Floats) -> Floats:
        return _Part(self.curve.in_time(), self.low, self.high).inverse(u)

    def times(self, u: Floats, rest: Floats) -> Floats:
        """The times at shares u of the part; `rest` is 1 - u to its last digit."""
        curve, low, high = self.curve, self.low, self.high
        below = curve.below(low) + u * (curve.below(high) - curve.below(low))
        above = curve.above(high) + rest * (curve.above(low) - curve.above(high))
        is_low = below < _HALF
        found = np.empty(len(u))
        found[is_low] = curve.inverse(below[is_low])
        found[~is_low] = curve.inverse_above(above[~is_low])
        np.clip(found, low, high, out=found)  # what the last digit of a share is off
        return found


@dataclass(frozen=True)
class _Ageing(_Curve):
    """Weibull: (x / scale) ** shape is exponential with mean 1."""

    shape: float
    scale: float

    def _age(self, x: float) -> float:
        with np.errstate(over="ignore"):
            return float(np.float64(x / self.scale) ** self.shape)

    def below(self, x: float) -> float:
        return -math.expm1(-self._age(x))

    def above(self, x: float) -> float:
        return math.exp(-self._age(x))

    def inverse(self, below: Floats) -> Floats:
        return self.scale * (-np.log1p(-below)) ** (1 / self.shape)

    def inverse_above(self, above: Floats) -> Floats:
        return self.scale * (-np.log(above)) ** (1 / self.shape)

    def in_time(self) -> _Curve:
        return _AgeingInTime(self.shape, self.scale)


class _AgeingInTime(_Ageing):
    """Weighted by length: (x / scale) ** shape is of the gamma distribution 1 + 1 / shape."""

    def below(self, x: float) -> float:
        from scipy.special import gammainc  # noqa: PLC0415  (see `families`)

        return float(gammainc(1 + 1 / self.shape, self._age(x)))

    def above(self, x: float) -> float:
        from scipy.special import gammaincc  # noqa: PLC0415  (see `families`)

        return float(gammaincc(1 + 1 / self.shape, self._age(x)))

    def inverse(self, below: Floats) -> Floats:
        from scipy.special import gammaincinv  # noqa: PLC0415  (see `families`)

        ages: Floats = np.asarray(gammaincinv(1 + 1 / self.shape, below), np.float64)
        return self.scale * ages ** (1 / self.shape)

    def inverse_above(self, above: Floats) -> Floats:
        from scipy.special import gammainccinv  # noqa: PLC0415  (see `families`)

        ages: Floats = np.asarray(gammainccinv(1 + 1 / self.shape, above), np.float64)
        return self.scale * ages ** (1 / self.shape)


@dataclass(frozen=True)
class _LogNormal(_Curve):
    """The logarithm is normal. Weighted by length it is so too, with another median."""

    median: float
    sigma: float

    def _deviations(self, x: float) -> float:
        return math.log(x / self.median) / self.sigma if x > 0 else -math.inf

    def below(self, x: float) -> float:
        return math.erfc(-self._deviations(x) / math.sqrt(2)) / 2

    def above(self, x: float) -> float:
        return math.erfc(self._deviations(x) / math.sqrt(2)) / 2

    def inverse(self, below: Floats) -> Floats:
        from scipy.special import ndtri  # noqa: PLC0415  (see `families`)

        return self.median * np.exp(self.sigma * np.asarray(ndtri(below), np.float64))

    def inverse_above(self, above: Floats) -> Floats:
        from scipy.special import ndtri  # noqa: PLC0415  (see `families`)

        return self.median * np.exp(-self.sigma * np.asarray(ndtri(above), np.float64))

    def in_time(self) -> _LogNormal:
        return _LogNormal(self.median * math.exp(self.sigma**2), self.sigma)


@dataclass(frozen=True)
class _Triangle(_Curve):
    """Two straight lines; `rise` and `fall` are how long they are."""

    family: Triangular

    @property
    def _lines(self) -> tuple[float, float]:
        return self.family.mode - self.family.low, self.family.high - self.family.mode

    def below(self, x: float) -> float:
        return self._beyond(x - self.family.low, *self._lines)

    def above(self, x: float) -> float:
        return self._beyond(self.family.high - x, *reversed(self._lines))

    def _beyond(self, x: float, near: float, far: float) -> float:
        """The share within `x` of the end where the line `near` begins."""
        width = near + far
        return x * x / (width * near) if x < near else 1 - (width - x) ** 2 / (width * (far or 1))

    def inverse(self, below: Floats) -> Floats:
        return self.family.inverse(below)

    def inverse_above(self, above: Floats) -> Floats:
        rise, fall = self._lines
        width = rise + fall
        falling = self.family.high - np.sqrt(width * fall * above)
        rising = self.family.low + np.sqrt(width * rise * (1 - above))
        return np.where(width * above < fall, falling, rising)

    def mean(self, part: _Part) -> float:
        """By the trapezoids on both sides of the mode."""
        family, (rise, fall) = self.family, self._lines
        middle = min(max(family.mode, part.low), part.high)
        mass = moment = 0.0
        for left, right in ((part.low, middle), (middle, part.high)):
            if left < right:
                is_rising = right <= family.mode
                begin, end = (
                    ((x - family.low) / rise if is_rising else (family.high - x) / fall)
                    for x in (left, right)
                )
                here = (begin + end) / 2 * (right - left)
                mass += here
                moment += here * left + (right - left) ** 2 * (begin + 2 * end) / 6
        return moment / mass

    def in_time(self) -> _TriangleInTime:
        return _TriangleInTime(self.family)


class _TriangleInTime(_Triangle):
    """Weighted by length; what lies above needs no digits of its own, as `high` is an end."""

    def below(self, x: float) -> float:
        return float(self.family.share_of_time(np.array(x)))

    def above(self, x: float) -> float:
        return 1 - self.below(x)

    def inverse(self, below: Floats) -> Floats:
        return self.family.inverse_in_time(below)

    def inverse_above(self, above: Floats) -> Floats:
        return self.family.inverse_in_time(1 - above)


# Observed times -----------------------------------------------------------------------------------


def _observed(family: Empirical, low: float, high: float) -> Law | None:
    times = np.rint(family.times / GRID) * GRID  # where the bounds are: 0.1 s is at most 100 ms
    if family.interpolate and times.size > 1:
        return _line(times, low, high)
    left = tuple(times[(low <= times) & (times <= high)].tolist())
    return Empirical.model_construct(values=left) if left else None


def _line(times: Floats, low: float, high: float) -> Law | None:
    low, high = max(low, float(times[0])), min(high, float(times[-1]))
    if low >= high:
        return _straight(low, high)
    within = np.flatnonzero((low <= times) & (times <= high))
    places, left = within.astype(np.float64), times[within]
    # A bound that falls on a line between two times ends the part within it.
    first, last = np.interp([low, high], times, np.arange(times.size))
    if not left.size or low < left[0]:
        places, left = np.insert(places, 0, first), np.insert(left, 0, low)
    if left[-1] < high:
        places, left = np.append(places, last), np.append(left, high)
    return _Line(places, left)


@dataclass(frozen=True, eq=False)
class _Line:
    """Times whose inverse distribution function runs through points in straight lines."""

    places: Floats
    """Ascending, evenly spread over the draws."""
    times: Floats
    is_random = True

    @property
    def expected(self) -> float:
        return float(self._pieces.sum() / (self.places[-1] - self.places[0]))

    @property
    def highest(self) -> float:
        return float(self.times[-1])

    @property
    def _pieces(self) -> Floats:
        """What each straight line adds to the mean."""
        pieces: Floats = np.diff(self.places) * (self.times[:-1] + self.times[1:]) / 2
        return pieces

    def inverse(self, u: Floats) -> Floats:
        first, last = self.places[0], self.places[-1]
        times: Floats = np.interp(first + u * (last - first), self.places, self.times)
        return times

    def inverse_in_time(self, u: Floats) -> Floats:
        times: Floats = in_time_along(self.times, self._pieces, u)
        return times


if TYPE_CHECKING:
    Law = Family | _Part | _Line
