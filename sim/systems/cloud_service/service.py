"""The service that hosts a deployment: requests come in, are rejected or accepted, and end.

Everyone uses it: the scenario's operations, the modelled operator, scripted walks. A rejected
request changes nothing. The method that runs an operation has the operation's name, and
``check_NAME`` is the rule by which the state of the service rejects it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.core.log import ASKED, COMPLETED, OPERATION, UPGRADING
from sim.core.windows import Windows
from sim.systems.base.context import LOOK
from sim.systems.base.service import Call, Service
from sim.systems.cloud_service.belongings import Belongings
from sim.systems.cloud_service.deployment import Deployment, Upgrade
from sim.systems.cloud_service.draws import RestartDraws
from sim.systems.cloud_service.rejections import RULES, SECOND_CHANGE, is_too_old
from sim.systems.cloud_service.requests import (
    ChangeConfiguration,
    UpdateStatus,
    UpgradeDeployment,
    begins_walk,
)
from sim.systems.cloud_service.states import STARTING_VM
from sim.systems.cloud_service.turns import Return
from sim.systems.cloud_service.walk import Walk

if TYPE_CHECKING:
    from simpy import Event

    from sim.formats.distributions import Distribution
    from sim.systems.base.context import Context
    from sim.systems.base.operation import Request
    from sim.systems.cloud_service.deployment import Take
    from sim.systems.cloud_service.layout import Layout
    from sim.systems.cloud_service.requests import (
        AddExtension,
        RebootInstance,
        Rollback,
        WalkUpgradeDomain,
    )


"""What the versions of the API call it: see `FIRST_VERSIONS`."""


class HostedService(Service):
    """A hosted service: its deployments and what else belongs to it."""

    def __init__(self, context: Context, layout: Layout, bad: list[bool]) -> None:
        super().__init__(context, RULES)
        self.layout = layout
        self._deployments = [Deployment(context, layout, slot, bad) for slot in range(layout.slots)]
        """The one in production, then the one in staging, if any."""
        self._names = {layout.spec.deployment: self.production}
        if layout.spec.staging is not None:
            self._names[layout.spec.staging.deployment] = self._deployments[1]
        self._belongings = Belongings(context, layout)
        self._awaited: dict[int, Event] = {}

    @property
    def production(self) -> Deployment:
        """The deployment in the production slot."""
        return self._deployments[0]

    # What clients see.

    def status(self, call: Call) -> int:
        """Get Operation Status: InProgress, Succeeded, Failed, or rejected."""
        return self._states[call.number] % OPERATION.width

    def end_of(self, call: Call) -> Event:
        """An event for the end of an accepted request, for a client that looks."""
        return self._awaited.setdefault(call.number, self.context.event())

    def handle(self, call: Call) -> bool:
        """Take a request; what is complete at this instant is complete for it already."""
        # Gates look last at an instant, after all returns. A walk asked for when its predecessor's
        # domain comes back would be rejected as too early if they did not look before it.
        for deployment in self._deployments:
            deployment.open_gates()
        return super().handle(call)

    def _becomes(self, call: Call, state: int, cause: int) -> None:
        super()._becomes(call, state, cause)
        # A client looks when the instant is over, so that it sees all that happens at it.
        if call.number in self._awaited and state != ASKED:
            self.context.trigger(self._awaited[call.number], 0.0, LOOK, call.subject)

    # What its state forbids.

    def _check(self, call: Call) -> str | None:
        # "How to update a cloud service" lists what changes a deployment.
        changes = isinstance(call.body, UpgradeDeployment | ChangeConfiguration | UpdateStatus)
        if changes and is_too_old(call.body, SECOND_CHANGE) and self.deployment(call.body).upgrade:
            return f"version of {SECOND_CHANGE}"
        return super()._check(call)

    def check_upgrade_deployment(self, call: Call) -> str | None:
        body: UpgradeDeployment | ChangeConfiguration = call.body
        return self._belongings.forbid(body)

    check_change_configuration = check_upgrade_deployment

    def _walked(self, call: Call) -> Deployment:
        """The deployment that a walk or a rollback, which name no slot, mean.

        The one whose upgrade is in progress, production before staging; for a walk a Manual one.
        """
        if call.target is not None:
            target: Deployment = call.target
            return target
        slots = [each for each in self._deployments if each.upgrade]
        walks = call.kind == "walk_upgrade_domain"
        manual = [each for each in slots if walks and each.upgrade and each.upgrade.manual]
        return next(iter(manual + slots), self.production)

    def check_walk_upgrade_domain(self, call: Call) -> str | None:
        body: WalkUpgradeDomain = call.body
        deployment = self._walked(call)
        upgrade = deployment.upgrade
        if body.upgrade_domain >= deployment.domains:
            return "no such domain"
        if upgrade is None:
            return "no update"
        if not upgrade.manual:
            return "not manual"
        if upgrade.walking:
            # "Walk Upgrade Domain": poll the operation to its end before the next walk.
            return "still walking"
        return None if deployment.may_walk(upgrade, body.upgrade_domain) else "out of order"

    def check_rollback(self, call: Call) -> str | None:
        body: Rollback = call.body
        deployment = self._walked(call)
        upgrade = deployment.upgrade
        if upgrade is None:
            return "no update"
        if not deployment.rollback_allowed():
            return "cannot roll back"
        if not upgrade.reversible:
            return "local resources"
        return "force" if upgrade.loses_data and not body.force else None

    def check_reboot_instance(self, call: Call) -> str | None:
        body: RebootInstance = call.body
        if not self.production.instances.exists(self.layout.names.index(body.instance)):
            return "no such instance"
        return "suspended" if self.production.suspended else None

    check_reimage_instance = check_reboot_instance

    def check_swap(self, _call: Call) -> str | None:
        # Assumption: slots cannot be swapped while an update is in progress.
        production, staging = self._deployments
        if production.upgrade or staging.upgrade:
            return "locked"
        same = production.configuration.endpoints == staging.configuration.endpoints
        return None if same else "endpoints differ"

    def check_add_extension(self, call: Call) -> str | None:
        return "extension there" if self._belongings.has_extension(call.body.id) else None

    def check_delete_extension(self, call: Call) -> str | None:
        extension = call.body.id
        if not self._belongings.has_extension(extension):
            return "no such extension"
        used = any(each.configuration.uses(extension) for each in self._deployments)
        return "extension in use" if used else None

    # The operations.

    def upgrade_deployment(self, call: Call) -> None:
        """Upgrade Deployment: a new build, by the mode asked for."""
        body: UpgradeDeployment = call.body
        roles = [
            place
            for place, role in enumerate(self.layout.roles)
            if body.role_to_upgrade in (None, role.name)
        ]
        self._belongings.remember(body.extended_properties)
        self._roll(call, self.deployment(body), roles, self.layout.versions[str(body.build)])

    def change_configuration(self, call: Call) -> None:
        """Change Deployment Configuration: other counts; `restarts` walks to the same build."""
        body: ChangeConfiguration = call.body
        deployment = self.deployment(body)
        self._belongings.remember(body.extended_properties)
        if begins_walk(body):
            self._roll(call, deployment, list(range(len(self.layout.roles))), None)
            return
        created = self._scale(call, deployment)
        deployment.configuration.settle_change(body)
        if created:
            watching = deployment.instances.watching
            Return(created, watching, lambda: self.succeeds(call, call.subject))
        else:
            self.succeeds(call, call.subject)

    def walk_upgrade_domain(self, call: Call) -> None:
        """Walk Upgrade Domain: the next domain of a Manual upgrade."""
        deployment = self._walked(call)
        upgrade = deployment.upgrade
        assert upgrade is not None

        def done(updated: bool) -> None:
            if updated:
                self.succeeds(call, upgrade.subject)
            else:
                self.fails(call, "overtaken", upgrade.subject)

        domain = call.body.upgrade_domain
        self.context.start(Walk(deployment, upgrade).manual(domain, done))

    def rollback(self, call: Call) -> None:
        """Rollback Update Or Upgrade: the updated instances go back, from domain 0 on, at once."""
        deployment = self._walked(call)
        upgrade = deployment.upgrade
        assert upgrade is not None
        upgrade.overtaken(call.subject)
        restart_draws = self.restart_draws(call.name)

        def take(members: list[int], cause: int) -> None:
            settled, role_of = deployment.settled, self.layout.role_of
            for i in members:  # each role may have come to another build
                deployment.instances.take([i], settled[role_of[i]], restart_draws, cause)

        deployment.roll_back(take, call.subject)
        changed = deployment.configuration.take_back(call.subject)
        if upgrade.version is None:  # what it rolls back is an update of every configuration
            changed = set(upgrade.roles)
        deployment.configuration.update(changed, deployment.instances.exists, call.subject)
        # A rollback starts at once, whatever windows the upgrade was given: it ends the harm.
        upgrade.windows = Windows((), None)
        self._go(call, deployment, upgrade, call.body.mode, at_once=True)

    def reboot_instance(self, call: Call) -> None:
        """Reboot Role Instance: the restart of its role."""
        instances = self.production.instances
        instance = self.layout.names.index(call.body.instance)

        def done() -> None:
            if instances.exists(instance):
                self.succeeds(call, call.subject)
            else:
                self.fails(call, "gone", call.subject)

        instances.take([instance], None, self.restart_draws(call.name), call.subject)
        Return({instance}, instances.watching, done)

    reimage_instance = reboot_instance

    def update_status(self, call: Call) -> None:
        """Update Deployment Status: Suspended stops all instances at once, Running starts them."""
        body: UpdateStatus = call.body
        deployment = self.production
        if body.status == "Suspended" and not deployment.suspended:
            deployment.suspend(call.subject)
        elif body.status == "Running" and deployment.suspended:
            deployment.resume(self.restart_draws(call.name), call.subject)
        self.succeeds(call, call.subject)

    def swap(self, call: Call) -> None:
        """Swap Deployment: the two slots change places in no time."""
        upgrade = self.layout.upgrade(call.name)
        self.context.record(self.context.now, upgrade, 0, COMPLETED, call.subject)
        for deployment in self._deployments:
            deployment.swap(self.restart_draws(call.name), upgrade)
        self._deployments.reverse()
        self.succeeds(call, upgrade)

    def add_extension(self, call: Call) -> None:
        """Add Extension: a deployment may have it from now on."""
        body: AddExtension = call.body
        self._belongings.add_extension(body.id, json=body.json_, cause=call.subject)
        self.succeeds(call, call.subject)

    def delete_extension(self, call: Call) -> None:
        """Delete Extension: nobody uses it."""
        self._belongings.delete_extension(call.body.id, call.subject)
        self.succeeds(call, call.subject)

    # The platform's own updates: their walks take turns with the user's, never two domains at once.
    # Sources: "Role instance restarts caused by Azure VM operating system upgrades" with its FAQ,
    # "Azure Host OS Updates".
    # Assumption: OS updates of the platform concern the production deployment only.

    def guest_os_update(self, call: Call) -> None:
        """A restart of every instance, domain by domain: a graceful shutdown, a new OS disk."""
        restart_draws = self.restart_draws(call.name, call.body.duration)
        instances = self.production.instances  # it goes on with these also after a swap

        def take(members: list[int], cause: int) -> None:
            instances.take(members, None, restart_draws, cause)

        self._platform_walks(call, take)

    def host_os_update(self, call: Call) -> None:
        """The hosts of a domain restart together, each taking its own time.

        # Assumption: each instance has a host of its own.
        """
        layout, instances = self.layout, self.production.instances
        restart_draws = self.restart_draws(call.name)

        def take(members: list[int], cause: int) -> None:
            for i in members:
                role = layout.roles[layout.role_of[i]]
                path = f"{layout.name}/{role.name}/host_update/{call.name}"
                times = self.context.draws.times(path, call.body.duration, role.room)
                seconds = times[i - role.first, 0]
                instances.hold(i, instances.version(i), STARTING_VM, seconds, restart_draws, cause)

        self._platform_walks(call, take)

    def _platform_walks(self, call: Call, take: Take) -> None:
        roles = range(len(self.layout.roles))
        upgrade = Upgrade(self.layout.upgrade(call.name), roles, take, call.windows)
        self.production.become(upgrade, UPGRADING, call.subject)
        upgrade.completed = lambda cause: self.succeeds(call, cause)
        self.context.start(Walk(self.production, upgrade).auto())

    # What they share.

    def deployment(self, body: Request) -> Deployment:
        """The deployment that a request addresses, by its slot or by its name."""
        name = getattr(body, "deployment", None)
        if name is not None:
            return self._names[name]
        in_staging = getattr(body, "slot", None) == "staging"
        return self._deployments[-1] if in_staging else self.production

    def restart_draws(self, reason: str, whole: Distribution | None = None) -> list[RestartDraws]:
        """By role what is drawn for instances that restart because of the operation `reason`."""
        name = self.layout.name
        return [RestartDraws(self.context, name, role, reason, whole) for role in self.layout.roles]

    def _roll(
        self, call: Call, deployment: Deployment, roles: list[int], version: int | None
    ) -> None:
        """Begin an upgrade, which takes over from the one in progress."""
        restart_draws = self.restart_draws(call.name)

        def take(members: list[int], cause: int) -> None:
            deployment.instances.take(members, version, restart_draws, cause)

        upgrade = Upgrade(self.layout.upgrade(call.name), roles, take, call.windows)
        upgrade.version = version
        upgrade.reversible = "local_storage" not in call.body.changes
        upgrade.loses_data = "vm_size" in call.body.changes
        takes_over = deployment.begin(upgrade, call.subject)
        self._scale(call, deployment)
        self._go(call, deployment, upgrade, call.body.mode, at_once=takes_over)

    def _go(
        self, call: Call, deployment: Deployment, upgrade: Upgrade, mode: str, *, at_once: bool
    ) -> None:
        """Start the walk of `mode`; the operation ends with it, a Manual one when accepted."""
        upgrade.manual = mode == "Manual"
        upgrade.completed = lambda cause: self.succeeds(call, cause)
        # Assumption: a request whose update another one takes over has failed, with 409.
        upgrade.overtaken = lambda cause: self.fails(call, "overtaken", cause)
        if mode == "Auto":
            self.context.start(Walk(deployment, upgrade).auto(at_once=at_once))
        elif mode == "Simultaneous":
            self.context.start(Walk(deployment, upgrade).simultaneous())
        else:
            # Assumption: a Manual request has succeeded when it is accepted.
            self.succeeds(call, call.subject)
            deployment.end_if_done(upgrade, call.subject)

    def _scale(self, call: Call, deployment: Deployment) -> set[int]:
        """Bring roles to the counts and what else is asked for; the instances that come new."""
        created: set[int] = set()
        is_scaled = False
        for place, role in enumerate(self.layout.roles) if call.body.configuration else ():
            wanted = call.body.configuration.get(role.name)
            if wanted is not None and wanted != deployment.counts[place]:
                is_scaled = True
                # Drawn apart: the walk of the same request may take the new ones too.
                restart_draws = self.restart_draws(f"{call.name}/create")
                created |= deployment.scale(place, wanted, restart_draws, call.subject)
        self._configure(call, deployment, is_scaled=is_scaled)
        return created

    def _configure(self, call: Call, deployment: Deployment, *, is_scaled: bool) -> None:
        """Change the configurations of roles, and tell their instances."""
        body: UpgradeDeployment | ChangeConfiguration = call.body
        # "Upgrade Deployment": one that adds or removes instances is an update of all roles.
        whole = is_scaled or (isinstance(body, ChangeConfiguration) and begins_walk(body))
        roles = range(len(self.layout.roles)) if whole else ()
        changed = deployment.configuration.change(body, call.subject)
        exists = deployment.instances.exists
        deployment.configuration.update({*roles, *changed}, exists, call.subject)
