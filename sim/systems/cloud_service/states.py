"""States of a cloud service: what instances, domains and builds can be in, and what they weigh.

Source: the InstanceStatus values of Get Cloud Service Properties. An instance's state is its status
with the build it is on. Instances of the staging slot have the same statuses in a second half of
the table, where all weighs nothing: a swap is one row an instance.

What an instance weighs is a whole number, so that sums are exact in any order. Each series has a
unit: how many go into a weight of 1. It is a power of ten and a thousand at least, as fine as the
shares of a role ask for: each is right to 1e-10 of the role's full weight.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.core.log import UNIT, States

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from sim.systems.cloud_service.spec import CloudService, Role

LIFE = (
    "absent",
    "ReadyRole",
    "ReadyRole (slow start)",
    "StoppingRole",
    "StoppingVM",
    "StoppedVM",
    "CreatingVM",
    "StartingVM",
    "StartingRole",
    "BusyRole",
    "CyclingRole",
    "RestartingRole",
    "UnresponsiveRole",
)
(
    READY,
    SLOW,
    STOPPING_ROLE,
    STOPPING_VM,
    STOPPED,
    CREATING,
    STARTING_VM,
    STARTING_ROLE,
    BUSY,
    CYCLING,
    RESTARTING,
    UNRESPONSIVE,
) = range(1, len(LIFE))
STAGED = len(LIFE)
"""Added to a production status it gives the same status in the staging slot."""
WIDTH = 2 * len(LIFE)

STATUSES = LIFE + tuple(f"{status} (staging)" for status in LIFE)

DEPLOYMENT = States(("absent", "production", "staging", "production (locked)", "staging (locked)"))
"""Which slot a deployment is in, and whether an upgrade of a user is in progress (Locked in Get
Deployment): the cause of the row is that upgrade."""
PRODUCTION, STAGING = 1, 2
LOCKED = 2
"""Added to a slot it says that the deployment in it is locked."""

DOMAIN = States(("absent", "at rest", "updating"))
AT_REST, UPDATING = 1, 2
BUILD = States(("absent", "good", "bad"))
GOOD, BAD = 1, 2
ACTORS = ("operator", "platform", "failures")

_PRECISION = 1e-10  # of a role's full weight: shares of the nominal are then right to 1e-9

LARGEST_SUM = 2**62
"""No total of a series may be larger: half of what the arithmetic of 64 bits holds."""


def is_ready(code: int) -> bool:
    """Whether an instance is Ready, in whatever slot; a cold one is."""
    return code % WIDTH % STAGED in (READY, SLOW)


def all_updated(codes: Mapping[int, int], version: int | None, taken: Collection[int]) -> bool:
    """Whether all that an upgrade covers are up to date: then it can be rolled back no more.

    `codes` are by number those that it covers. Without a `version`, as restarts keep builds, it is
    who was `taken` since it began.
    """
    return all(
        is_ready(code) and (i in taken if version is None else code // WIDTH == version)
        for i, code in codes.items()
        if code
    )


def is_out(status: int) -> bool:
    """Whether the status counts as out for `max_domains_out`: neither ready nor created or gone."""
    return status < STAGED and status not in (0, READY, SLOW, CREATING)


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


def weights(role: Role, factors: Sequence[float], unit: Units) -> dict[str, NDArray[np.int64]]:
    """What an instance of `role` weighs by code; `factors` are the builds' `capacity_factor`."""
    serves = np.zeros((len(factors), WIDTH))
    serves[:, READY], serves[:, SLOW] = 1.0, slow_share(role)
    useful = serves * np.array(factors)[:, None]
    ready, out, present = np.zeros((3, len(factors), WIDTH), np.int64)
    ready[:, [READY, SLOW]] = 1
    out[:, [status for status in range(STAGED) if is_out(status)]] = 1
    present[:, 1:STAGED] = 1
    return {
        "capacity": _whole(useful * role.weight * unit.capacity),
        "serves": _whole(serves * unit.serves),
        "demand": _whole(useful * role.serves_demand * unit.demand),
        "ready": ready.ravel(),
        "out": out.ravel(),
        "present": present.ravel(),
    }


def _whole(weights: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.rint(weights).astype(np.int64).ravel()


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
