"""Which instances a change of the capacity creates and deletes: it balances zones.

Source: "Custom scale-in policies", the default policy; the balance is the same when instances come.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from sim.systems.vm_scale_set.instances import Instances


def new_numbers(instances: Instances, count: int) -> list[int]:
    """Free numbers, each in the zone that has fewest instances by then, the lowest there first."""
    zone_of = instances.layout.zone_of
    filled = Counter(zone_of[each] for each in instances.present)
    free = _by_zone(reversed(instances.free), zone_of)
    found = []
    for _ in range(count):
        zone = min(free, key=lambda each: (filled[each], each))
        filled[zone] += 1
        found.append(free[zone].pop())
        if not free[zone]:
            del free[zone]
    return found


def to_go(instances: Instances, count: int, kept: Collection[int]) -> list[int]:
    """Those that a scale-in deletes: of the zone that has most by then, the newest not `kept`."""
    zone_of, present = instances.layout.zone_of, instances.present
    left = Counter(zone_of[each] for each in present)
    free = _by_zone((each for each in present if each not in kept), zone_of)
    found = []
    for _ in range(count):
        zone = min(free, key=lambda each: (-left[each], each))
        left[zone] -= 1
        found.append(free[zone].pop())
        if not free[zone]:
            del free[zone]
    return found


def _by_zone(numbers: Iterable[int], zone_of: list[int]) -> dict[int, list[int]]:
    by_zone = defaultdict[int, list[int]](list)
    for each in numbers:
        by_zone[zone_of[each]].append(each)
    return by_zone
