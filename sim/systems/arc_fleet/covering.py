"""Whom a rollout covers: by what an extension was in when it began, before it did anything.

A release covers what is enrolled and has a lower version of the same major; a push covers what it
names and is there. Who is enrolled is asked elsewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.systems.arc_fleet.states import WIDTH
from sim.systems.arc_fleet.versions import upgrades

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sim.systems.arc_fleet.layout import ExtensionLayout


def covered_codes(each: ExtensionLayout, release: str | None) -> NDArray[np.bool_]:
    """By code whether an extension is covered by a release, or by a push where that is None."""
    covered = np.zeros((len(each.versions), WIDTH), bool)
    for number, version in enumerate(each.versions):
        covered[number, 1:] = release is None or upgrades(release, version)
    return covered.ravel()


def came_before(
    time: Any, cause: Any, since: Any, operation: int, upgrade: int, first_upgrade: int
) -> Any:
    """Which rows of extensions came before a rollout began: at its instant not those of its own.

    `operation` and `upgrade` are its subjects, whose operations and upgrades stand in the order of
    the file. Times may be numbers or arrays of them.
    """
    later = (cause >= upgrade) | ((cause >= operation) & (cause < first_upgrade))
    return (time < since) | ((time == since) & ~later)
