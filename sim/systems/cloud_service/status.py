"""Get Deployment: what the service would show of production at an instant of a finished run.

Source: "Get Deployment" and "Get Cloud Service Properties" (Status, Locked, RollbackAllowed,
UpgradeStatus, UpgradeDomainCount, RoleInstanceList, RoleList, ExtensionConfiguration).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.core.log import ROLLING_BACK, STUCK, UPGRADE
from sim.core.stack import Stack
from sim.core.wall_clock import show_instant
from sim.systems.cloud_service.configuration_shown import Shown
from sim.systems.cloud_service.history import taken
from sim.systems.cloud_service.layout import domains_in_use
from sim.systems.cloud_service.requests import UpgradeDeployment
from sim.systems.cloud_service.states import (
    LIFE,
    LOCKED,
    PRODUCTION,
    READY,
    STOPPED,
    UPDATING,
    WIDTH,
    all_updated,
    is_ready,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sim.core.log import Log
    from sim.systems.cloud_service.layout import Layout

Row = dict[str, Any]


def status(layout: Layout, log: Log, at: float) -> Row:
    """What Get Deployment would show of production at an instant (seconds)."""
    return _Shown(layout, log.until(at)).answer()


class _Shown:
    """A service as the rows of `log`, cut at the instant, have made it."""

    def __init__(self, layout: Layout, log: Log) -> None:
        self._layout, self._log = layout, log
        self._rows = log.rows
        state = log.subjects.initial.astype(np.int64)
        state[self._rows["subject"]] = self._rows["new"]
        self._state = state
        slots = state[self._layout.deployments.numbers]
        self._slot = int(np.argmax(np.isin(slots, (PRODUCTION, PRODUCTION + LOCKED))))
        """The deployment in production: 0 began there, 1 in staging."""
        self._first = self._layout.first_instance(self._slot)
        self._codes = state[self._first : self._first + self._layout.instances].tolist()

    def answer(self) -> Row:
        """The answer, under the names of its elements."""
        layout = self._layout
        number = self._in_progress()
        configured = Shown(layout, self._log)
        stopped = all(code % WIDTH == STOPPED for code in self._codes if code)
        return {
            "Status": "Suspended" if stopped else "Running",
            "Locked": number is not None,
            "RollbackAllowed": number is not None and self._rollback_allowed(number),
            "UpgradeStatus": None if number is None else self._upgrade_status(number),
            "UpgradeDomainCount": domains_in_use(layout.spec.update_domains, self._largest()),
            "RoleInstanceList": self._instances(),
            "RoleList": configured.role_list(self._slot),
            "ExtensionConfiguration": configured.extension_configuration(self._slot),
        }

    def _instances(self) -> list[Row]:
        layout = self._layout
        return [
            {
                "RoleName": role.name,
                "InstanceName": layout.names[role.first + k],
                "InstanceStatus": LIFE[READY] if is_ready(code) else LIFE[code % WIDTH],
                "InstanceUpgradeDomain": int(layout.domain_of[role.first + k]),
                "InstanceFaultDomain": k % layout.spec.fault_domains,
                "Build": layout.builds[code // WIDTH],
            }
            for role in layout.roles
            for k, code in enumerate(self._codes[role.first : role.first + role.room])
            if code
        ]

    def _largest(self) -> int:
        """The largest instance count that a role has had."""
        seen = self._rows["subject"] - self._first
        seen = seen[(seen >= 0) & (seen < self._layout.instances)].tolist()
        ever = set(seen) | {i for i, c in enumerate(self._layout.initial_codes[self._slot]) if c}
        return max(sum(i in ever for i in role.members) for role in self._layout.roles)

    def _in_progress(self) -> int | None:
        """The number of the user's upgrade that is in progress."""
        subject = self._layout.deployments.first + self._slot
        if self._state[subject] != PRODUCTION + LOCKED:
            return None
        locks = self._rows["cause"][self._rows["subject"] == subject]
        return int(locks[-1]) - self._layout.first_upgrade

    def _upgrade_status(self, number: int) -> Row:
        """UpgradeType, and whether the walk is before or within which domain."""
        layout = self._layout
        subject = layout.first_upgrade + number
        turned = self._turned(number)
        rows = self._rows if turned is None else self._rows[turned:]
        first = layout.first_domain(self._slot)
        turns = rows[
            (rows["subject"] >= first)
            & (rows["subject"] < first + layout.domains)
            & (rows["cause"] == subject)
            & (rows["new"] == UPDATING)
        ]
        walked = (turns["subject"] - first).tolist()
        out = [domain for domain in walked if self._is_out(first + domain, subject)]
        return {
            "UpgradeType": self._type(number, turned),
            "CurrentUpgradeDomainState": "During" if out else "Before",
            "CurrentUpgradeDomain": out[-1] if out else max([-1, *walked]) + 1,
        }

    def _is_out(self, domain: int, upgrade: int) -> bool:
        """Whether a domain is having its turn, and this upgrade's."""
        last = self._rows[self._rows["subject"] == domain][-1]
        return bool(last["new"] == UPDATING and last["cause"] == upgrade)

    def _turned(self, number: int) -> int | None:
        """The row by which an upgrade began to roll back."""
        subject = self._layout.first_upgrade + number
        found = (self._rows["subject"] == subject) & (self._rows["new"] == ROLLING_BACK)
        rows: NDArray[np.intp] = np.flatnonzero(found)
        return int(rows[0]) if len(rows) else None

    def _type(self, number: int, turned: int | None) -> str:
        """The mode of the request that the upgrade follows now: a rollback has its own."""
        body: Any = self._layout.rollout(number).body
        if turned is not None:
            asked = int(self._rows[turned]["cause"]) - self._layout.first_operation
            _, body = self._layout.asked(asked)
        return str(body.mode)

    def _rollback_allowed(self, number: int) -> bool:
        """Whether an instance that the upgrade covers is not up to date, and it can go back."""
        layout, body = self._layout, self._layout.rollout(number).body
        if self._turned(number) is not None or "local_storage" in getattr(body, "changes", ()):
            return False
        version, only = None, None
        if isinstance(body, UpgradeDeployment):
            version, only = layout.versions[str(body.build)], body.role_to_upgrade
        rows, upgrade = taken(self._layout, Stack([self._log]))
        mine = rows[upgrade == layout.first_upgrade + number]
        out = set((self._rows["subject"][mine] - self._first).tolist())
        covered = {
            i: code
            for i, code in enumerate(self._codes)
            if only in (None, layout.roles[layout.role_of[i]].name)
        }
        return not all_updated(covered, version, out)


def stuck(layout: Layout, log: Log) -> list[str]:
    """The upgrades that are stuck at the end of a run, in sentences."""
    return [*_stuck(layout, Stack([log]))]


def _stuck(layout: Layout, stack: Stack) -> Iterator[str]:
    final = stack.final[0]
    opened = stack.subject[stack.new == UPDATING], stack.cause[stack.new == UPDATING]
    for number, name in enumerate(layout.upgrades):
        upgrade = layout.first_upgrade + number
        if final[upgrade] % UPGRADE.width != STUCK:
            continue
        since = float(stack.time[(stack.subject == upgrade) & (stack.new == STUCK)][-1])
        domains = [
            (domain - layout.first_domain()) % layout.domains
            for domain in np.unique(opened[0][opened[1] == upgrade]).tolist()
            if domain in layout.domain_numbers and final[domain] == UPDATING
        ]
        where = f" in {_named(domains)}" if domains else ""
        # A rollback is one of the user's upgrades; the platform's walks go on by themselves alone.
        clears = "a rollback or a fresh upgrade clears it"
        rest = clears if number < layout.rollouts else "it waits for its instances"
        yield f"{name} is stuck{where} since {show_instant(since, layout.span.start)}; {rest}"


def _named(domains: list[int]) -> str:
    """``domain 2``, ``domains 0 to 3`` or ``domains 0, 2, 3``; the numbers are in order."""
    if len(domains) == 1:
        return f"domain {domains[0]}"
    if domains[-1] - domains[0] == len(domains) - 1 > 1:
        return f"domains {domains[0]} to {domains[-1]}"
    return f"domains {', '.join(map(str, domains))}"
