"""The numbering of what roles are configured with, and which requests change it.

Each role's configuration has a number, 1 at time 0, and each instance is told of a new one. An
extension belongs to the service; a deployment has it in all roles, or in those that are named.

Sources: "Upgrade Deployment" (an update that adds or removes instances is a configuration update of
all roles; instances are notified), "Change Deployment Configuration" and "Get Deployment" (their
ExtensionConfiguration), "Add Extension", "Delete Extension", "Swap Deployment" (endpoints).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from sim.core.log import Block, States
from sim.systems.cloud_service.requests import (
    AddExtension,
    ChangeConfiguration,
    Rollback,
    UpgradeDeployment,
    begins_walk,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sim.systems.base.operation import Operation, Request
    from sim.systems.cloud_service.requests import ExtensionConfiguration
    from sim.systems.cloud_service.spec import CloudService

EXTENSION = States(("absent", "Enable", "Disable", "Uninstall"), ("AllRoles", "NamedRoles"))
"""What a role is to do with an extension, and which element says so."""
NAMED = EXTENSION.width
"""Added to a state it says that the role itself is named."""
UNINSTALL = EXTENSION.statuses.index("Uninstall")

ADDED = States(("absent", "added"), ("XML", "JSON"))
"""An extension of the service, by how it is configured."""

FIRST = 1
"""The number of every configuration, and of the endpoints of a deployment, at time 0."""

MOST_UPDATES = 32_000
"""So many configurations of a role are numbered: a state in the log has room for no more."""


def updates(body: Request) -> bool:
    """Whether a request may be an update of roles' configurations."""
    if not isinstance(body, UpgradeDeployment | ChangeConfiguration):
        return False
    restarts = isinstance(body, ChangeConfiguration) and begins_walk(body)
    return restarts or bool(body.configuration) or body.extension_configuration is not None


def count_of_updates(bodies: Iterable[Request]) -> int:
    """How many updates requests may make: a rollback takes back what its update has changed."""
    return sum(updates(body) or isinstance(body, Rollback) for body in bodies)


def extensions_ever(spec: CloudService, requests: Iterable[Operation]) -> dict[str, set[bool]]:
    """By identifier whether an extension that the service ever has is configured by JSON.

    One that is deleted may come back configured in another way.
    """
    ever: dict[str, set[bool]] = {each.id: {each.json_} for each in spec.extensions}
    for body in (each.body for each in requests):
        if isinstance(body, AddExtension):
            ever.setdefault(body.id, set()).add(body.json_)
    return ever


def states(
    configuration: ExtensionConfiguration, roles: Sequence[str]
) -> dict[tuple[int, str], int]:
    """What a configuration means, by scope and extension: codes of `EXTENSION`.

    Scope 0 is what AllRoles says, scope k + 1 what role k has: its own entry wins over AllRoles.
    """
    code = EXTENSION.statuses.index
    shared = {each.id: code(each.state or "Enable") for each in configuration.all_roles}
    found = {(0, extension): state for extension, state in shared.items()}
    for scope, role in enumerate(roles, 1):
        named = configuration.named_roles.get(role, ())
        own = {each.id: code(each.state or "Enable") + NAMED for each in named}
        found |= {(scope, extension): state for extension, state in (shared | own).items()}
    return found


class Configured:
    """The subjects of configurations, numbered only where a scenario changes them."""

    def __init__(
        self,
        numbering: Callable[..., Block],
        spec: CloudService,
        requests: Sequence[Operation],
        bodies: Sequence[Request],
        instances: Sequence[Block],
        whose: Sequence[str],
    ) -> None:
        """`bodies` are all that may be asked, `instances` the blocks of the roles, deployment by
        deployment, and `whose` tells the names of deployments apart.
        """
        roles = [block.group for block in instances[: len(instances) // len(whose)]]
        self._add = numbering
        self._scopes = 1 + len(roles)
        self.ever = extensions_ever(spec, requests)
        """Extensions that the service ever has: see `extensions_ever`."""
        self.extensions = {extension: place for place, extension in enumerate(self.ever)}
        """Place of each of them."""
        self.numbers: Block | None = None
        """The configuration of each role, by the place of its target; None where none changes."""
        self.known: list[Block] = []
        """The configuration that each instance knows, in blocks as those of instances."""
        self.states: Block | None = None
        """What deployments are to do with extensions: see `place`."""
        self.added: Block | None = None
        """The extensions of the service, in the order of `extensions`."""
        self.endpoints: Block | None = None
        """A number by deployment; deployments that have the same one may be swapped."""
        if any(map(updates, bodies)):
            names = [f"{role}{each}" for each in whose for role in roles]
            self._number(names, instances, 1 + count_of_updates(bodies))
        if self.ever:
            initial = [0] * len(self.ever)
            for each in spec.extensions:
                initial[self.extensions[each.id]] = 1 + ADDED.width * each.json_
            names = [f"extension {extension}" for extension in self.ever]
            self.added = numbering("service_extension", ADDED, names, initial)
        if self.ever and any(getattr(b, "extension_configuration", None) for b in bodies):
            names = [f"{scope}{each}" for each in whose for scope in ("all roles", *roles)]
            name = partial(_extension_name, tuple(self.ever), tuple(names))
            initial = [0] * (len(names) * len(self.ever))
            self.states = numbering("extension", EXTENSION, name, initial)
        changes = sum("endpoints" in getattr(body, "changes", ()) for body in bodies)
        if changes and len(whose) > 1:
            names = [f"endpoints{each}" for each in whose]
            initial = [FIRST] * len(whose)
            self.endpoints = numbering("endpoints", _numbers(FIRST + changes), names, initial)

    def _number(self, roles: Sequence[str], instances: Sequence[Block], most: int) -> None:
        numbers = _numbers(most)
        names = [f"configuration of {role}" for role in roles]
        self.numbers = self._add("configuration", numbers, names, [FIRST] * len(names))
        self.known = [
            self._add(
                "known_configuration",
                numbers,
                partial(_known_name, block.name),
                (block.initial != 0) * FIRST,
                group=block.group,
            )
            for block in instances
        ]

    def place(self, slot: int, scope: int, extension: str) -> int:
        """The place in `states` of an extension in a scope of a deployment: see `states`."""
        return (slot * self._scopes + scope) * len(self.ever) + self.extensions[extension]


def _numbers(most: int) -> States:
    return States(("absent", *map(str, range(FIRST, most + 1))))


def _known_name(instance_name: Callable[[int], str], k: int) -> str:
    return f"configuration of {instance_name(k)}"


def _extension_name(extensions: tuple[str, ...], scopes: tuple[str, ...], k: int) -> str:
    scope, extension = divmod(k, len(extensions))
    return f"extension {extensions[extension]} of {scopes[scope]}"
