"""Who is up to date at the horizon: with the build, or the restart, that was last requested."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.systems.cloud_service.requests import ChangeConfiguration, Swap, UpgradeDeployment
from sim.systems.cloud_service.rollouts import accepted, addressed, taken
from sim.systems.cloud_service.states import READY, SLOW, STAGED, WIDTH

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sim.log import Stack
    from sim.systems.cloud_service.model import Model


def updated_share(model: Model, stack: Stack) -> dict[tuple[str, str], NDArray[np.float64]]:
    """Members up to date with what was last requested, of those that it covers, at the horizon."""
    layout = model.layout
    last, physical = _last_requested(model, stack)
    codes = np.empty((stack.replications, layout.instances), np.int64)
    for slot in range(layout.slots):
        first = layout.first_instance(slot)
        here = physical == slot
        codes[here] = stack.final[here, first : first + layout.instances]
    covers, versions = _coverage(model)
    ready = np.isin(codes % WIDTH % STAGED, (READY, SLOW))
    scope = (codes != 0) & covers[last] & (last >= 0)[:, None]
    at_target = (codes // WIDTH == versions[last][:, None]) | (versions[last] < 0)[:, None]
    done = scope & ready & at_target & _touched(model, stack, last, physical)
    role_of = np.array(layout.role_of)
    shares = {
        (role.name, "updated_share"): _share(done[:, role_of == place], scope[:, role_of == place])
        for place, role in enumerate(layout.roles)
    }
    return {**shares, ("", "updated_share"): _share(done, scope)}


def _share(done: NDArray[np.bool_], scope: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Of nothing in scope nothing is updated."""
    share: NDArray[np.float64] = done.sum(axis=1) / np.maximum(scope.sum(axis=1), 1)
    return share


def _last_requested(model: Model, stack: Stack) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """By replication the number of the last rollout that began (-1: none), and its deployment.

    A deployment is 0 if it began in production, 1 if it began in staging.
    """
    layout, began = model.layout, accepted(model, stack)
    last = layout.rollouts - 1 - np.argmax(began[:, ::-1], axis=1)
    when = began[np.arange(len(last)), last]
    slot = np.zeros(len(last), np.intp)
    if layout.slots > 1:
        bodies = [model.rollout(number).body for number in range(layout.rollouts)]
        swaps = np.array([isinstance(body, Swap) for body in bodies])
        swapped = (began[:, swaps] <= when[:, None]) & (began[:, swaps] >= 0)
        deployment, by_slot = np.array([addressed(model, body) for body in bodies]).T
        slot = (deployment[last] + swapped.sum(axis=1) * by_slot[last]) % 2
    return np.where(np.isneginf(when), -1, last), slot


def _coverage(model: Model) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """For each rollout which instances it covers, and the build that it brings (-1: any)."""
    layout = model.layout
    covers = np.ones((layout.rollouts, layout.instances), bool)
    versions = np.full(layout.rollouts, -1)
    for number in range(layout.rollouts):
        body = model.rollout(number).body
        if isinstance(body, UpgradeDeployment):
            versions[number] = layout.versions[str(body.build)]
            for role in layout.roles:
                if body.role_to_upgrade not in (None, role.name):
                    covers[number, role.members] = False
    return covers, versions


def _touched(
    model: Model, stack: Stack, last: NDArray[np.intp], physical: NDArray[np.intp]
) -> NDArray[np.bool_]:
    """Which instances a rollout that keeps the build has restarted; true for all the others.

    Shape (replications, instances of the deployment `physical`).
    """
    layout = model.layout
    touched = np.ones((stack.replications, layout.instances), bool)
    keeps = [isinstance(model.rollout(n).body, ChangeConfiguration) for n in range(layout.rollouts)]
    here = np.isin(last, np.flatnonzero(keeps))
    if not here.any():
        return touched
    touched[here] = False
    first = layout.first_instance()
    rows, upgrade = taken(model, stack)
    rows = rows[upgrade == layout.first_upgrade + last[stack.replication[rows]]]
    # One that was created since is on the new configuration too.
    new = np.flatnonzero((stack.old == 0) & (stack.subject >= first))
    new = new[stack.subject[new] < first + layout.instances * layout.slots]
    began = accepted(model, stack)[stack.replication[new], last[stack.replication[new]]]
    rows = np.concatenate([rows, new[stack.time[new] >= began]])
    slot, member = np.divmod(stack.subject[rows] - first, layout.instances)
    mine = slot == physical[stack.replication[rows]]
    touched[stack.replication[rows[mine]], member[mine]] = True
    return touched
