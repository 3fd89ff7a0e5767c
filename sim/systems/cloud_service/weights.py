"""What instances weigh, as whole numbers, so that sums of them are exact in any order.

Each series has a unit: how many go into a weight of 1. It is a power of ten and a thousand at
least, as fine as the shares of a role ask for: each is right to 1e-10 of the role's full weight.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sim.core.log import UNIT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sim.systems.cloud_service.spec import CloudService, Role

_PRECISION = 1e-10  # of a role's full weight: shares of the nominal are then right to 1e-9

LARGEST_SUM = 2**62
"""No total of a series may be larger: half of what the arithmetic of 64 bits holds."""


class Units(NamedTuple):
    """How many whole numbers make up 1 in each series of weights."""

    capacity: int
    serves: int
    demand: int


def units(spec: CloudService) -> Units:
    """The units of a service's series: its roles' weights, instances alone, demand served."""
    roles = spec.roles.values()
    factors = {1.0, *(build.capacity_factor for build in spec.builds.values())}
    shares = [factors | {factor * slow_share(role) for factor in factors} for role in roles]
    return Units(
        _unit([role.weight for role in roles], shares),
        _unit([1.0 for _ in roles], [{slow_share(role)} for role in roles]),
        _unit([role.serves_demand for role in roles], shares),
    )


def slow_share(role: Role) -> float:
    """The share of its weight that an instance serves while it starts slowly."""
    return role.slow_start.serves if role.slow_start else 1.0


def _unit(full: Iterable[float], shares: Iterable[Iterable[float]]) -> int:
    """The smallest power of ten in which roles' full weights and shares of them are whole."""
    unit = UNIT
    for weight, parts in zip(full, shares, strict=True):
        for part in (weight * share for share in parts):
            while abs(round(part * unit) / unit - part) > _PRECISION * weight:
                unit *= 10
    return unit


class Excess(NamedTuple):
    """A role whose weight makes a series' total too large for exact arithmetic."""

    role: str
    key: str
    """Which of its keys says the weight."""
    rule: str


def excess(spec: CloudService, rooms: Mapping[str, int]) -> Iterator[Excess]:
    """The heaviest role of each series whose sum would not be exact.

    `rooms` says for each role how many instances it may ever have in a slot.
    """
    unit = units(spec)
    slots = 1 if spec.staging is None else 2
    count = slots * sum(rooms.values())
    for key, scale in (("weight", unit.capacity), ("serves_demand", unit.demand)):
        full = {name: float(getattr(role, key)) for name, role in spec.roles.items()}
        if slots * sum(rooms[name] * round(full[name] * scale) for name in full) > LARGEST_SUM:
            heaviest = max(full, key=lambda name: full[name] * rooms[name])
            least = min(each for each in full.values() if each)
            rule = f"must be smaller or of fewer digits, so that sums over {count:,} instances are"
            rule += f" exact (the least {key} is {least:g}), got {full[heaviest]:g}"
            yield Excess(heaviest, key, rule)
