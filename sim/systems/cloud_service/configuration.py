"""What the roles of a running deployment are configured with, and what its instances know of it.

Sources: see `configured`.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from sim.systems.cloud_service.configured import EXTENSION, FIRST, UNINSTALL, states

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from sim.systems.base.context import Context
    from sim.systems.cloud_service.layout import Layout
    from sim.systems.cloud_service.requests import ChangeConfiguration, UpgradeDeployment

    Change = UpgradeDeployment | ChangeConfiguration
    Extensions = Mapping[tuple[int, str], int]


class Configuration:
    """Numbers of configurations, extensions and endpoints of one deployment."""

    def __init__(self, context: Context, layout: Layout, slot: int) -> None:
        self._context, self._layout, self._slot = context, layout, slot
        self._subjects = layout.configured
        self._numbers = [FIRST] * len(layout.roles)
        self._extensions: Extensions = {}
        self.endpoints = FIRST
        """A number: deployments that have the same one may be swapped."""
        self._settled: Extensions = {}
        """The extensions that a rollback gives back: those of the last completed upgrade."""
        self._settled_endpoints = FIRST

    @cached_property
    def _known(self) -> list[int]:
        """The number that each instance knows: asked for only where configurations change."""
        return [FIRST * (code != 0) for code in self._layout.initial_codes[self._slot]]

    def update(self, roles: Iterable[int], exists: Callable[[int], bool], cause: int) -> None:
        """Roles get a new configuration; each of their instances that `exists` is told.

        # Assumption: all instances are told at once (topologyChangeDiscovery Blast), and whether
        # they restart for it is up to the request.
        """
        subjects, now = self._subjects, self._context.now
        record = self._context.record
        for role in sorted(roles):
            assert subjects.numbers is not None
            place = self._layout.target(self._slot, role)
            subject, number = subjects.numbers.first + place, self._numbers[role] + 1
            record(now, subject, self._numbers[role], number, cause)
            self._numbers[role] = number
            first = subjects.known[place].first
            for k, i in enumerate(self._layout.roles[role].members):
                old, new = self._known[i], number if exists(i) else 0
                if old != new:
                    record(now, first + k, old, new, subject)
                    self._known[i] = new

    def change(self, body: Change, cause: int) -> set[int]:
        """Extensions and endpoints as a request asks for them; the roles that this changes."""
        changed = set[int]()
        if body.extension_configuration is not None:
            # Assumption: an extension configuration takes the place of the former one as a whole.
            roles = [role.name for role in self._layout.roles]
            changed = self._become(states(body.extension_configuration, roles), cause)
        if "endpoints" in body.changes:
            # Assumption: the n-th change of one slot's endpoints and the n-th of the other's come
            # to the same ones.
            self._become_endpoints(self.endpoints + 1, cause)
        return changed

    def settle(self) -> None:
        """The upgrade that has made changes is completed: no rollback takes them back."""
        self._settled, self._settled_endpoints = self._extensions, self.endpoints

    def settle_change(self, body: Change) -> None:
        """A request that begins no upgrade has made changes: no rollback takes them back either."""
        if body.extension_configuration is not None:
            self._settled = self._extensions
        if "endpoints" in body.changes:
            self._settled_endpoints += 1

    def take_back(self, cause: int) -> set[int]:
        """A rollback: all is as the last completed upgrade left it; the roles that this changes."""
        self._become_endpoints(self._settled_endpoints, cause)
        return self._become(self._settled, cause)

    def uses(self, extension: str) -> bool:
        """Whether a role has an extension, or a rollback would give it back.

        # Assumption: an extension that is to be uninstalled is not used.
        """
        return any(
            code % EXTENSION.width != UNINSTALL
            for extensions in (self._extensions, self._settled)
            for (_, each), code in extensions.items()
            if each == extension
        )

    def _become(self, extensions: Extensions, cause: int) -> set[int]:
        former, self._extensions = self._extensions, extensions
        changed = {
            (self._subjects.place(self._slot, *key), key)
            for key in {**former, **extensions}
            if former.get(key, 0) != extensions.get(key, 0)
        }
        for place, key in sorted(changed):
            block = self._subjects.states
            assert block is not None
            old, new = former.get(key, 0), extensions.get(key, 0)
            self._context.record(self._context.now, block.first + place, old, new, cause)
        return {scope - 1 for _, (scope, _) in changed if scope}

    def _become_endpoints(self, number: int, cause: int) -> None:
        block = self._subjects.endpoints
        if block is not None and number != self.endpoints:
            subject = block.first + self._slot
            self._context.record(self._context.now, subject, self.endpoints, number, cause)
        self.endpoints = number
