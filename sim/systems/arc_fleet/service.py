"""The service of a fleet: requests and releases come in, are rejected or accepted, and end.

What one asks of machines follows from what came in before it and never from what machines have come
to. So requests are taken first, each at its time, then the machines run, in parts of the fleet one
after the other, which keeps what is pending small; then it shows when the requests ended. The
method that takes an operation has the operation's name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sim.core.log import (
    COMPLETED,
    SUPERSEDED,
    UPGRADE_FAILED,
    UPGRADING,
)
from sim.systems.arc_fleet.commands import Installation, OptIn, OptOut, Publication
from sim.systems.arc_fleet.completion import BEFORE, End, FleetRows, Rollout, end_of
from sim.systems.arc_fleet.desired import DesiredState
from sim.systems.arc_fleet.fleet import Action, run
from sim.systems.arc_fleet.machine import Request
from sim.systems.arc_fleet.rejections import RULES
from sim.systems.arc_fleet.states import ENROLLED, NOT_ENROLLED
from sim.systems.arc_fleet.versions import major, upgrades
from sim.systems.base.context import APART
from sim.systems.base.service import Service
from sim.systems.base.targets import Target

if TYPE_CHECKING:
    from sim.core.windows import Windows
    from sim.systems.arc_fleet.commands import Order
    from sim.systems.arc_fleet.desired import Desired
    from sim.systems.arc_fleet.layout import ExtensionLayout, FleetLayout
    from sim.systems.base.context import Context, ScheduledEvent
    from sim.systems.base.service import Call


@dataclass(eq=False)
class Begun:
    """A rollout that has begun, as far as its request can tell."""

    call: Call
    rollout: Rollout
    place: int
    """Of its row in the log."""
    named: tuple[ExtensionLayout, ...] = ()
    """Of a release all that may get it."""
    request: Request | None = None
    """Of a push what became of it."""


class FleetService(Service):
    """What takes the operations of one replication, and lets the machines run."""

    def __init__(self, context: Context, layout: FleetLayout) -> None:
        super().__init__(context, RULES)
        self._layout = layout
        self._desired = DesiredState(layout)
        self._targets = [Target(context, each.target) for each in layout.extensions]
        self._actions: list[Action] = []
        """What all of it asks of machines."""
        self._requests: list[tuple[Call, Request]] = []
        """Those that are no rollouts."""
        self._rollouts: list[Begun] = []
        self._instant, self._reason = BEFORE, ""
        context.call(context.horizon, APART, layout.network, self._run)

    def _run(self, _: ScheduledEvent) -> None:
        run(self.context, self._layout, self._actions)
        self._close()

    # What the state of the service forbids.

    def _check_there(self, call: Call) -> str | None:
        return "no such extension" if self._desired.is_missing(call.body) else None

    check_set_automatic_upgrade = check_upgrade_extensions = check_repair_extension = _check_there

    # The operations.

    def publish_extension(self, call: Call) -> None:
        """A publisher releases a version: enrolled extensions of the same major version get it."""
        desired, version = self._desired, call.body.version
        named, behind = desired.named(call.body), desired.behind(call.body)
        touched = tuple(each.layout for each in desired.touched(call.body))
        self._take(call)
        if touched:
            layouts = tuple(each.layout for each in named)
            self._begin(call, touched, version, named=layouts)
        else:
            # Nobody is enrolled, or none of its major version below it: it upgrades nobody.
            self.succeeds(call, call.subject)
        if behind:
            reason = self._discovery(call)
            for each in named:
                self._act(call, each, self._publication(call, each, reason))

    def _publication(self, call: Call, each: Desired, reason: str) -> Publication:
        versions, version = each.layout.versions, call.body.version
        replaced = [k for k, text in enumerate(versions) if upgrades(version, text)]
        number, upgrade = each.layout.number(version), self._layout.upgrade(call.name)
        faults = each.faults(number, self._layout.spec)
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
        """Create or change an extension; what is failed is installed anew."""
        request = self._request(call)
        self._enrol(call, call.body.enable_automatic_upgrade)
        self._take(call)
        for each in self._desired.meant(call.body):
            versions = [_wanted(each)] * len(each.layout.versions)
            order = self._installation(each, request, call.subject, versions, creates=True)
            self._act(call, each, order)

    def upgrade_extensions(self, call: Call) -> None:
        """The operator's own push, of what is enrolled and what is not."""
        self._take(call)
        meant = [
            each for name in call.body.targets for each in self._desired.targeted(call.body, name)
        ]
        request = Request(call.name, self.context.now, call.subject)
        layouts = tuple(each.layout for each in meant)
        upgrade = self._begin(call, layouts, None, request=request)
        for each in meant:
            versions = [_wanted(each)] * len(each.layout.versions)
            order = self._installation(each, request, upgrade, versions, windows=_windows(call))
            self._act(call, each, order)

    def repair_extension(self, call: Call) -> None:
        """Remove what is failed, and install it again."""
        request = self._request(call)
        self._take(call)
        for each in self._desired.meant(call.body):
            number = each.layout.number
            versions = [number(each.repaired(version)) for version in each.layout.versions]
            order = self._installation(each, request, call.subject, versions, repairs=True)
            self._act(call, each, order)

    # What they share.

    def _take(self, call: Call) -> None:
        """Want what an operation asks for, and write what changes by it."""
        self._desired.take(call.name, call.body)
        for place in self._layout.meant(call.body):
            each = self._desired.every[place]
            if each.version is not None:
                status = ENROLLED if each.enrolled else NOT_ENROLLED
                self._targets[place].becomes(status, each.version, call.subject)

    def _installation(
        self, each: Desired, request: Request, cause: int, versions: list[int], **how: Any
    ) -> Installation:
        faults = {number: each.faults(number, self._layout.spec) for number in set(versions)}
        return Installation(request, cause, versions, faults, **how)

    def _act(self, call: Call, each: Desired, order: Order) -> None:
        self._actions.append(Action(self.context.now, call.subject, each.layout, order))

    def _request(self, call: Call) -> Request:
        request = Request(call.name, self.context.now, call.subject)
        self._requests.append((call, request))
        return request

    def _begin(
        self,
        call: Call,
        extensions: tuple[ExtensionLayout, ...],
        release: str | None,
        **how: Any,
    ) -> int:
        """Begin the upgrade of an operation; its subject."""
        now, upgrade = self.context.now, self._layout.upgrade(call.name)
        rollout = Rollout(now, call.subject, upgrade, self._layout, release, extensions)
        self._rollouts.append(Begun(call, rollout, self.context.recorder.count, **how))
        self.context.record(now, upgrade, 0, UPGRADING, call.subject)
        return upgrade

    # Ends.

    def _close(self) -> None:
        """Tell how all that was asked for ended, after the machines have run."""
        rows = FleetRows(self.context.recorder.rows)
        covers = [any(part.any() for part in each.rollout.covered(rows)) for each in self._rollouts]
        begun = [each for each, some in zip(self._rollouts, covers, strict=True) if some]
        ends = [self._outcome(each, begun, rows) for each in begun]
        del rows  # nothing can be recorded while they are held
        # Whom a release or a push would cover is known only now: one that covers nobody is none.
        for each in self._rollouts:
            if each not in begun:
                self.context.recorder.retract(each.place)
                at_once = End(each.rollout.at, each.call.subject)
                self._succeeds(each.call, at_once if each.request is None else each.request.end)
        for each, outcome in zip(begun, ends, strict=True):
            if outcome is not None:
                self._ends(each, *outcome)
        # Assumption: a request on a group has succeeded when each machine is done with it, well or
        # not.
        for call, request in self._requests:
            self._succeeds(call, request.end)

    def _outcome(self, each: Begun, begun: list[Begun], rows: FleetRows) -> tuple[int, End] | None:
        """How a rollout ends, and when; None where it has not ended."""
        if each.request is None:
            return self._end_of_release(each, begun, rows)
        request, end = each.request, each.request.end
        if end is None:
            return None
        # Assumption: a push has failed where an attempt of it ended badly, as only releases are
        # tried again.
        if request.failed or each.rollout.leaves_failed(end.time, rows):
            return UPGRADE_FAILED, end
        return SUPERSEDED if request.overtaken else COMPLETED, end

    def _end_of_release(
        self, each: Begun, begun: list[Begun], rows: FleetRows
    ) -> tuple[int, End] | None:
        end = end_of(each.rollout, each.call.body.version, each.named, rows)
        overtaken = self._superseded(each, begun)
        if overtaken is not None and (end is None or end.time >= overtaken.time):
            return SUPERSEDED, overtaken
        if end is None:
            return None
        failed = each.rollout.leaves_failed(end.time, rows)
        return UPGRADE_FAILED if failed else COMPLETED, end

    def _superseded(self, each: Begun, begun: list[Begun]) -> End | None:
        """When the next release of the same major version takes the place of one."""
        later = begun[begun.index(each) + 1 :]
        for other in later:
            same = other.named == each.named
            if same and major(other.call.body.version) == major(each.call.body.version):
                return End(other.rollout.at, other.rollout.upgrade)
        return None

    def _ends(self, each: Begun, state: int, end: End) -> None:
        """An upgrade ends, and its operation with it, well or not."""
        upgrade = each.rollout.upgrade
        self.context.record(end.time, upgrade, UPGRADING, state, end.cause)
        # Assumption: a release that another one supersedes has done its part.
        self._succeeds(each.call, End(end.time, upgrade))

    def _succeeds(self, call: Call, end: End | None) -> None:
        """An operation has succeeded, unless it has no end."""
        if end is not None:
            self.succeeded(call, end.cause, end.time)


def _wanted(each: Desired) -> int:
    """The version that is wanted of what is there."""
    assert each.version is not None
    return each.version


def _windows(call: Call) -> Windows | None:
    """When an attempt may begin; None, which costs nothing, where that is always."""
    return call.windows if call.body.windows else None
