"""The service of a fleet: requests and releases come in, are rejected or accepted, and end.

What one asks of machines follows from what came in before it and never from what machines have come
to. So requests are taken first, each at its time, then the machines run, in parts of the fleet one
after the other, which keeps what is pending small; then it shows when the requests ended. The
method that takes an operation has the operation's name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sim.core.log import UPGRADING
from sim.systems.arc_fleet.completion import BEFORE, End, FleetRows, PendingRequest, Rollout
from sim.systems.arc_fleet.desired import DesiredState
from sim.systems.arc_fleet.fleet import Action, run
from sim.systems.arc_fleet.machine import Removal, Target
from sim.systems.arc_fleet.rejections import RULES
from sim.systems.arc_fleet.states import ENROLLED, FAILED, INSTALLING, NOT_ENROLLED, WIDTH
from sim.systems.arc_fleet.versions import upgrades
from sim.systems.base import targets
from sim.systems.base.context import APART
from sim.systems.base.service import Service

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sim.core.windows import Windows
    from sim.systems.arc_fleet.desired import Desired
    from sim.systems.arc_fleet.draws import Faults
    from sim.systems.arc_fleet.layout import FleetLayout
    from sim.systems.arc_fleet.machine import Installed, Machines
    from sim.systems.base.context import Context, ScheduledEvent
    from sim.systems.base.service import Call


class FleetService(Service):
    """What takes the operations of one replication, and lets the machines run."""

    def __init__(self, context: Context, layout: FleetLayout) -> None:
        super().__init__(context, RULES)
        self._layout = layout
        self._desired = DesiredState(layout)
        self._targets = [targets.Target(context, each.target) for each in layout.extensions]
        self._actions: list[Action] = []
        """What all of it asks of machines."""
        self._requests: list[tuple[Call, PendingRequest]] = []
        """Those that are no rollouts."""
        self._rollouts: list[Rollout] = []
        self._instant, self._reason = BEFORE, ""
        # At the horizon all requests have come: only then the machines run, from time 0 on.
        context.call(context.horizon, APART, layout.network, self._run)

    def _run(self, _: ScheduledEvent) -> None:
        run(self.context, self._layout, self._actions)
        self._close()

    # What the state of the service forbids.

    def _check_there(self, call: Call) -> str | None:
        return "no such extension" if self._desired.is_missing(call.body) else None

    check_set_automatic_upgrade = check_upgrade_extensions = _check_there
    check_repair_extension = check_remove_extension = _check_there

    # The operations.

    def publish_extension(self, call: Call) -> None:
        """A publisher releases a version: enrolled extensions of the same major version get it."""
        desired = self._desired
        behind, touched = desired.behind(call.body), desired.touched(call.body)
        # A group that has the version already, or a newer one, hears of nothing new.
        news = [each for each in desired.named(call.body) if each.is_news(call.body.version)]
        self._take(call)
        if touched:
            self._begin(call, touched, named=tuple(each.layout for each in news))
        else:
            # Nobody is enrolled, or none of its major version below it: it upgrades nobody.
            self.succeeds(call, call.subject)
        # Machines are told of it also where nobody is enrolled: who opts in later gets it.
        if behind:
            reason = self._discovery(call)
            for each in news:
                self._act(call, each, self._publication(call, each, reason))

    def _publication(self, call: Call, each: Desired, reason: str) -> Publication:
        versions, version = each.layout.versions, call.body.version
        replaced = [k for k, text in enumerate(versions) if upgrades(version, text)]
        number, upgrade = each.layout.number(version), self._layout.upgrade(call.name)
        faults = each.faults(number, self._layout.on[each.group])
        return Publication(number, replaced, call.name, upgrade, reason, faults, _windows(call))

    def _discovery(self, call: Call) -> str:
        """The reason of a discovery, by which it is drawn."""
        # Assumption: a machine discovers together what is released at one instant.
        if self._instant != self.context.now:
            self._instant, self._reason = self.context.now, call.name
        return self._reason

    def set_automatic_upgrade(self, call: Call) -> None:
        """Opt extensions in or out."""
        self._enrol(call, call.body.enabled)
        self._take(call)
        self.succeeds(call, call.subject)

    def _enrol(self, call: Call, enabled: bool) -> None:
        for each in self._desired.meant(call.body):
            if each.enrolled != enabled:
                self._act(call, each, OptIn(call.name) if enabled else OptOut(call.subject))

    def put_extension(self, call: Call) -> None:
        """Create or change an extension; what is failed is installed again."""
        request = self._request(call)
        self._enrol(call, call.body.enable_automatic_upgrade)
        self._take(call)
        for each in self._desired.meant(call.body):
            self._install(call, each, request, call.subject, creates=True)

    def upgrade_extensions(self, call: Call) -> None:
        """The operator's own push, of what is enrolled and what is not."""
        self._take(call)
        meant = [
            each for name in call.body.targets for each in self._desired.targeted(call.body, name)
        ]
        request = PendingRequest(call.name, self.context.now, call.subject)
        upgrade = self._begin(call, meant, request=request)
        for each in meant:
            self._install(call, each, request, upgrade, windows=_windows(call))

    def repair_extension(self, call: Call) -> None:
        """Remove what is failed, and install it again."""
        request = self._request(call)
        self._take(call)
        for each in self._desired.meant(call.body):
            number = each.layout.number
            versions = [number(each.repaired(version)) for version in each.layout.versions]
            self._install(call, each, request, call.subject, versions, repairs=True)

    def remove_extension(self, call: Call) -> None:
        """Remove an extension from all machines that have it."""
        # Assumption: what is removed is no longer enrolled, and what is planned for it lapses.
        self._enrol(call, enabled=False)
        request = self._request(call)
        for each in self._desired.meant(call.body):
            self._act(call, each, Deletion(request, call.subject))
        self._take(call)

    # What they share.

    def _take(self, call: Call) -> None:
        """Want what an operation asks for, and write what changes by it."""
        self._desired.take(call.name, call.body)
        for place in self._layout.meant(call.body):
            each = self._desired.every[place]
            if each.version is None:
                self._targets[place].becomes(0, 0, call.subject)
            else:
                status = ENROLLED if each.enrolled else NOT_ENROLLED
                self._targets[place].becomes(status, each.version, call.subject)

    def _act(self, call: Call, each: Desired, order: Order) -> None:
        self._actions.append(Action(self.context.now, call.subject, each.layout, order))

    def _install(
        self,
        call: Call,
        each: Desired,
        request: PendingRequest,
        cause: int,
        versions: list[int] | None = None,
        **how: Any,
    ) -> None:
        """Ask for the version that is wanted, or for one of `versions` by the one that is there."""
        if versions is None:
            assert each.version is not None
            versions = [each.version] * len(each.layout.versions)
        spec = self._layout.on[each.group]
        faults = {number: each.faults(number, spec) for number in set(versions)}
        self._act(call, each, Installation(request, cause, versions, faults, **how))

    def _request(self, call: Call) -> PendingRequest:
        request = PendingRequest(call.name, self.context.now, call.subject)
        self._requests.append((call, request))
        return request

    def _begin(self, call: Call, extensions: Iterable[Desired], **how: Any) -> int:
        """Begin the upgrade of an operation; its subject."""
        context, upgrade = self.context, self._layout.upgrade(call.name)
        layouts = [each.layout for each in extensions]
        row = context.recorder.count
        self._rollouts.append(
            Rollout(call, context.now, upgrade, row, self._layout, layouts, **how)
        )
        context.record(context.now, upgrade, 0, UPGRADING, call.subject)
        return upgrade

    # Ends.

    def _close(self) -> None:
        """Tell how all that was asked for ended, after the machines have run."""
        rows = FleetRows(self.context.recorder.rows)
        # Whom a release or a push covers is known only now: one that covers nobody is none.
        begun = [each for each in self._rollouts if each.covers_anybody(rows)]
        outcomes = [each.outcome(begun[k:], rows) for k, each in enumerate(begun, 1)]
        del rows  # nothing can be recorded while they are held
        for each in self._rollouts:
            if each not in begun:
                self.context.recorder.retract(each.row)
                at_once = End(each.at, each.call.subject)
                self._succeeds(each.call, at_once if each.request is None else each.request.end)
        for each, outcome in zip(begun, outcomes, strict=True):
            if outcome is not None:
                state, end = outcome
                self.context.record(end.time, each.upgrade, UPGRADING, state, end.cause)
                # Assumption: a release that another one supersedes has done its part.
                self._succeeds(each.call, End(end.time, each.upgrade))
        # Assumption: a request on a group has succeeded when each machine is done with it, well or
        # not.
        for call, request in self._requests:
            self._succeeds(call, request.end)

    def _succeeds(self, call: Call, end: End | None) -> None:
        """An operation has succeeded, unless it has no end."""
        if end is not None:
            self.succeeded(call, end.cause, end.time)


def _windows(call: Call) -> Windows | None:
    """When an attempt may begin; None, which costs nothing, where that is always."""
    return call.windows if call.body.windows else None


# What operations ask of the machines of a section -------------------------------------------------


@dataclass(frozen=True)
class Publication:
    """A release for the extensions that are enrolled."""

    version: int
    upgrades: Sequence[int]
    """The versions that it replaces."""
    name: str
    upgrade: int
    """Subject of the upgrade."""
    discovery: str
    """The reason of its discovery: what was published at the same instant has the same."""
    faults: Faults
    windows: Windows | None

    def __call__(self, section: Machines, installed: Installed) -> None:
        install_draws = section.install_draws(installed, self.name, self.faults)
        target = Target(
            self.version, self.upgrade, install_draws, self.windows, len(section.members)
        )
        for version in self.upgrades:
            installed.newest[version] = target
        if installed.enrolled:
            section.discover(installed, self.discovery)


@dataclass(frozen=True)
class OptIn:
    """From now on releases come by themselves, the newest first."""

    name: str

    def __call__(self, section: Machines, installed: Installed) -> None:
        # Assumption: who opts in discovers the newest release as if it were published then.
        installed.opt_in()
        section.discover(installed, self.name)


@dataclass(frozen=True)
class OptOut:
    """From now on releases are left alone."""

    cause: int

    def __call__(self, _: Machines, installed: Installed) -> None:
        installed.opt_out(self.cause)


@dataclass(frozen=True)
class Installation:
    """A request for a version on every machine, or only where the extension is failed.

    What is failed is replaced by any of them, whatever version it has.
    """

    request: PendingRequest
    cause: int
    versions: Sequence[int]
    """By the version that is installed the one that is to be."""
    faults: Mapping[int, Faults]
    """By version."""
    windows: Windows | None = None
    creates: bool = False
    """Whether it is for machines too that do not have the extension."""
    repairs: bool = False

    def __call__(self, section: Machines, installed: Installed) -> None:
        targets: dict[int, Target] = {}
        for machine, code in enumerate(installed.codes):
            if self._concerns(installed, machine, code):
                version = self.versions[code // WIDTH]
                if version not in targets:
                    targets[version] = self._target(section, installed, version)
                installed.ask(machine, targets[version])

    def _target(self, section: Machines, installed: Installed, version: int) -> Target:
        install_draws = section.install_draws(installed, self.request.name, self.faults[version])
        members = len(section.members)
        return Target(version, self.cause, install_draws, self.windows, members, self.request)

    def _concerns(self, installed: Installed, machine: int, code: int) -> bool:
        version, status = divmod(code, WIDTH)
        # Assumption: a PUT or a push installs again what is failed, whatever version that has.
        if self.repairs or status == FAILED:
            return status == FAILED
        if status == 0:
            return self.creates
        differs = self.versions[version] != version
        return differs or status == INSTALLING or machine in installed.asked


@dataclass(frozen=True)
class Deletion:
    """A request to remove an extension from every machine that has it, or is to get it."""

    request: PendingRequest
    cause: int

    def __call__(self, _: Machines, installed: Installed) -> None:
        for machine, code in enumerate(installed.codes):
            if code:
                installed.ask(machine, Removal(self.cause, self.request))


Order = Publication | OptIn | OptOut | Installation | Deletion
