"""The build that each role of each deployment is to have, as a run's rows about rollouts tell it.

The target of a role is the build of the last accepted upgrade that covers it, or the former one
after a rollback: that of the last completed upgrade. A restart that keeps builds requests none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.core.log import COMPLETED, ROLLING_BACK
from sim.systems.cloud_service.requests import UpgradeDeployment
from sim.systems.cloud_service.rollouts import slots_of, upgrade_rows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sim.systems.cloud_service.model import Model


class Wanted:
    """What rollouts want of one role in one deployment. Builds are numbers of the layout."""

    def __init__(self, build: int) -> None:
        self.covered = False
        """Whether any rollout that began covers the role."""
        self.requested = build
        """The build last asked for, rolled back or not."""
        self.targets = {0.0: build}
        """Since when (seconds) which build is the target."""
        self.half_way = False
        """Whether the build last asked for has been neither brought to all nor taken back. Its
        upgrade may go on, or may have been overtaken by a restart, which does not bring it."""
        self._settled = build

    def asks(self, time: float, build: int) -> None:
        """An upgrade to `build` begins."""
        self.requested = self.targets[time] = build
        self.half_way = True

    def goes_back(self, time: float) -> None:
        """A rollback begins."""
        self.targets[time] = self._settled
        self.half_way = False

    def settles(self, build: int) -> None:
        """An upgrade to `build` is completed."""
        self._settled = build
        self.half_way = False


def wanted(model: Model, rows: NDArray[np.void]) -> dict[tuple[int, str], Wanted]:
    """By deployment (0 began in production, 1 in staging) and role; `rows` are of one log."""
    layout = model.layout
    found = {
        (deployment, role.name): Wanted(layout.initial_version(deployment))
        for deployment in range(layout.slots)
        for role in layout.roles
    }
    deployments = slots_of(model, rows)
    for row, number in upgrade_rows(model, rows):
        body = model.rollout(number).body
        brings = layout.versions[str(body.build)] if isinstance(body, UpgradeDeployment) else None
        only = getattr(body, "role_to_upgrade", None)
        for role in layout.roles:
            if only in (None, role.name):
                _follow(found[deployments[number], role.name], row, brings)
    return found


def _follow(role: Wanted, row: np.void, brings: int | None) -> None:
    """What one row about a rollout that covers the role, and brings a build or none, changes."""
    role.covered = True
    if row["new"] == ROLLING_BACK:
        role.goes_back(float(row["time"]))
    elif brings is not None and row["old"] == 0:
        role.asks(float(row["time"]), brings)
    elif brings is not None and row["new"] == COMPLETED:
        role.settles(brings)
