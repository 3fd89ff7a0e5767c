"""How many instances a batch takes, and whom, and how many may be unhealthy: asked by rolling
upgrades, by `explain`, and by those who check a run.

Source: "Configure rolling upgrades on Virtual Machine Scale Sets".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sim.systems.vm_scale_set.spec import VmScaleSet

    Mask = NDArray[np.bool_]
    Integers = NDArray[np.int64]

_NEARLY = 1e-9
"""A share that a float only nearly holds must not be exceeded by itself: 3 of 10 at 30 %."""
_FAR = 2**62
"""A place that comes after all others."""


def allowed(share: float, whole: int | Integers) -> Integers:
    """How many are not more than a share of a whole; shape as `whole`."""
    return np.floor(share * whole + _NEARLY).astype(np.int64)


def batch_limit(spec: VmScaleSet, instances: int | Integers) -> Integers:
    """How many instances a batch takes at most; shape as `instances`, how many there are."""
    # Assumption: Azure does not say how it rounds; down, at least one, as only so "at most" holds.
    return np.maximum(1, allowed(spec.upgrade_policy.max_batch_instance_percent, instances))


def next_batch(place_of: Integers, pending: Mask, urgent: Mask | None, limit: Integers) -> Mask:
    """Whom a batch takes of those that are pending: of one zone and one update domain those that
    come first, those that are urgent, if any may be, before the others.

    `place_of` is by instance, shape (room,); `limit` is how many it takes at most, shape (n,); all
    else has shape (n, room).
    """
    # Assumption: zones, domains and instances go by number; unhealthy ones shrink no batch.
    first, hurried = pending, None
    if urgent is not None:
        hurried = pending & urgent
        first = np.where(hurried.any(axis=1, keepdims=True), hurried, pending)
    alike = pending & (place_of == np.where(first, place_of, _FAR).min(axis=1, keepdims=True))
    if hurried is None:
        return lowest(alike, limit)
    hurried &= alike
    return lowest(hurried, limit) | lowest(alike & ~hurried, limit - hurried.sum(axis=1))


def lowest(which: Mask, count: Integers) -> Mask:
    """Those of some instances that have the lowest numbers, `count` of them; shape (n, room)."""
    found: Mask = which & (np.cumsum(which, axis=1, dtype=np.int32) <= count[:, None])
    return found
