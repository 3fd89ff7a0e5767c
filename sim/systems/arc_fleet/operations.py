"""The service of a fleet: requests and releases come in, are rejected or accepted, and end.

Whether one is accepted, and what it asks of machines, follows from what came in before it and never
from what machines have come to. So all of them are taken first, then the fleet runs, then it shows
when they ended. The method that takes an operation has the operation's name.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from sim.core.log import (
    ASKED,
    COMPLETED,
    OPERATION,
    REFUSED,
    SCENARIO,
    SUCCEEDED,
    SUPERSEDED,
    UPGRADE_FAILED,
    UPGRADING,
)
from sim.systems.arc_fleet.commands import Installation, OptIn, OptOut, Publication, Request
from sim.systems.arc_fleet.completion import (
    BEFORE,
    End,
    Enrolment,
    MachineRows,
    Rollout,
    end_of,
)
from sim.systems.arc_fleet.defaults import first_versions, groups_with
from sim.systems.arc_fleet.draws import Faults
from sim.systems.arc_fleet.fleet import Action
from sim.systems.arc_fleet.rejections import RULES, by_request
from sim.systems.arc_fleet.requests import (
    RepairExtension,
    SetAutomaticUpgrade,
    UpgradeExtensions,
)
from sim.systems.arc_fleet.versions import installed_as, major, newest_minor, upgrades
from sim.systems.base.operation import windows_of

if TYPE_CHECKING:
    from sim.core.windows import Windows
    from sim.systems.arc_fleet.commands import Order
    from sim.systems.arc_fleet.layout import ExtensionLayout, Layout
    from sim.systems.arc_fleet.requests import PublishExtension, PutExtension
    from sim.systems.base.context import Context
    from sim.systems.base.operation import Window


class Call(NamedTuple):
    """A request that has come in."""

    at: float
    """Seconds."""
    name: str
    subject: int
    body: Any


@dataclass
class Standing:
    """What the service has of an extension of one group, whatever its machines have come to."""

    extension: ExtensionLayout
    enrolment: Enrolment
    is_there: bool
    newest_minor: bool
    """Whether an installation picks the newest minor version."""
    wanted: set[int]
    """The versions that some machine may have been asked to have."""
    known: list[str]
    """Its versions that anyone has seen so far: those of time 0, on any machine, and releases."""
    released: dict[int, Call] = field(default_factory=dict)
    """By version its first publication."""


@dataclass(eq=False)
class Begun:
    """A rollout that has begun, as far as its request can tell."""

    call: Call
    rollout: Rollout
    place: int
    """Of its row in the log."""
    enrolments: tuple[Enrolment, ...] = ()
    """Of a release those of all who may get it."""
    request: Request | None = None
    """Of a push what became of it."""


class Service:
    """What takes the operations of one replication."""

    def __init__(self, context: Context, layout: Layout) -> None:
        self._context, self._layout = context, layout
        self._standings = [self._standing(each) for each in layout.extensions]
        self.actions: list[Action] = []
        """What all of it asks of machines."""
        self._requests: list[tuple[Call, Request]] = []
        """Those that are no rollouts."""
        self._rollouts: list[Begun] = []
        self._instant, self._reason = BEFORE, ""

    def _standing(self, each: ExtensionLayout) -> Standing:
        enrolment = Enrolment(each)
        written = each.written
        if written is not None and written.enable_automatic_upgrade:
            enrolment.change(BEFORE, value=True, cause=SCENARIO)
        return Standing(
            each,
            enrolment,
            written is not None,
            written is not None and written.auto_upgrade_minor_version,
            set() if each.initial is None else {each.initial},
            first_versions(each.publisher, each.type, self._layout.spec),
        )

    # Receiving.

    def handle(self, number: int, at: float, kind: str, body: Any) -> None:
        """Take the file's operation `number` at `at` seconds; they come in order of time."""
        layout = self._layout
        call = Call(at, layout.operations[number], layout.first_operation + number, body)
        rule = by_request(body, layout.spec) or self._by_state(body)
        if rule is not None:
            state = REFUSED + OPERATION.width * (RULES.index(rule) + 1)
            self._context.record(at, call.subject, 0, state, SCENARIO)
        else:
            self._context.record(at, call.subject, 0, ASKED, SCENARIO)
            getattr(self, kind)(call)

    def _by_state(self, body: Any) -> str | None:
        """The rule by which what is there, or not, forbids a request."""
        if isinstance(body, UpgradeExtensions):
            found = all(self._targeted(body, target) for target in body.targets)
        elif isinstance(body, SetAutomaticUpgrade | RepairExtension):
            found = bool(self._there(body))
        else:
            return None
        return None if found else "no such extension"

    def _there(self, body: SetAutomaticUpgrade | RepairExtension) -> list[Standing]:
        """What a request names, in each group that has it."""
        return [
            each
            for each in self._standings
            if each.is_there and each.extension.is_named(body.type, body.publisher, body.group)
        ]

    def _targeted(self, body: UpgradeExtensions, target: str) -> list[Standing]:
        return [
            each
            for each in self._standings
            if each.is_there
            and each.extension.name.lower() == target.lower()
            and body.group in (None, each.extension.group)
        ]

    # The operations.

    def publish_extension(self, call: Call) -> None:
        """A publisher releases a version: enrolled extensions of the same major version get it."""
        body: PublishExtension = call.body
        named = [
            each for each in self._standings if each.extension.is_named(body.type, body.publisher)
        ]
        concerned = [each for each in named if self._concerns(body.version, each)]
        for each in named:
            each.known.append(body.version)
            each.released.setdefault(each.extension.number(body.version), call)
        enrolled = [each.extension for each in concerned if each.enrolment.now]
        if enrolled:
            enrolments = tuple(each.enrolment for each in named)
            self._begin(call, enrolled, body.version, enrolments=enrolments)
        else:
            # Nobody is enrolled, or none of its major version below it: it upgrades nobody.
            self._succeeds(call, End(call.at, call.subject))
        if concerned:
            reason = self._discovery(call)
            for each in named:
                self._act(call, each, self._publication(call, each, reason))

    def _concerns(self, version: str, each: Standing) -> bool:
        """Whether a release is the newest of its major version and above what is installed."""
        number, versions = each.extension.number(version), each.extension.versions
        newer = [k for k in each.released if k >= number and major(versions[k]) == major(version)]
        installed = [versions[k] for k in each.wanted]
        return not newer and any(upgrades(version, text) for text in installed)

    def _publication(self, call: Call, each: Standing, reason: str) -> Publication:
        body: PublishExtension = call.body
        versions = each.extension.versions
        replaced = [k for k, text in enumerate(versions) if upgrades(body.version, text)]
        number = each.extension.number(body.version)
        faults = self._faults(each, number)
        windows = self._windows(body.windows)
        upgrade = self._layout.upgrade(call.name)
        return Publication(number, replaced, call.name, upgrade, reason, faults, windows)

    def _discovery(self, call: Call) -> str:
        """The reason of a discovery, by which it is drawn."""
        # Assumption: a machine discovers together what is released at one instant.
        if self._instant != call.at:
            self._instant, self._reason = call.at, call.name
        return self._reason

    def set_automatic_upgrade(self, call: Call) -> None:
        """Opt extensions in or out."""
        body: SetAutomaticUpgrade = call.body
        for each in self._there(body):
            self._enrol(call, each, enabled=body.enabled)
        self._succeeds(call, End(call.at, call.subject))

    def _enrol(self, call: Call, each: Standing, *, enabled: bool) -> None:
        if each.enrolment.now != enabled:
            each.enrolment.change(call.at, enabled, call.subject)
            self._act(call, each, OptIn(call.name) if enabled else OptOut(call.subject))

    def put_extension(self, call: Call) -> None:
        """Create or change an extension; what is failed is installed anew."""
        body: PutExtension = call.body
        request = self._request(call)
        groups = groups_with(body, self._layout.spec.groups)
        for each in self._standings:
            extension = each.extension
            if extension.is_named(body.type, body.publisher) and extension.group in groups:
                each.is_there = True
                each.newest_minor = body.auto_upgrade_minor_version
                self._enrol(call, each, enabled=body.enable_automatic_upgrade)
                pick = newest_minor if each.newest_minor else installed_as
                number = extension.number(pick(body.version, each.known))
                versions = [number] * len(extension.versions)
                order = self._installation(each, request, call.subject, versions, creates=True)
                self._act(call, each, order)

    def upgrade_extensions(self, call: Call) -> None:
        """The operator's own push, of what is enrolled and what is not."""
        body: UpgradeExtensions = call.body
        meant = [
            (each, version)
            for target, version in body.targets.items()
            for each in self._targeted(body, target)
        ]
        request = Request(call.name, call.at, call.subject)
        extensions = [each.extension for each, _ in meant]
        upgrade = self._begin(call, extensions, None, request=request)
        windows = self._windows(body.windows)
        for each, version in meant:
            number = each.extension.number(installed_as(version, each.known))
            versions = [number] * len(each.extension.versions)
            order = self._installation(each, request, upgrade, versions, windows=windows)
            self._act(call, each, order)

    def repair_extension(self, call: Call) -> None:
        """Remove what is failed, and install it again."""
        request = self._request(call)
        for each in self._there(call.body):
            # Assumption: what is repaired gets its own version again, or, where the newest minor
            # version is picked at installations, that.
            number, written = each.extension.number, each.extension.versions
            pick = newest_minor if each.newest_minor else lambda version, _: version
            versions = [number(pick(version, each.known)) for version in written]
            order = self._installation(each, request, call.subject, versions, repairs=True)
            self._act(call, each, order)

    # What they share.

    def _installation(
        self,
        each: Standing,
        request: Request,
        cause: int,
        versions: list[int],
        **how: Any,
    ) -> Installation:
        each.wanted.update(versions)
        faults = {number: self._faults(each, number) for number in set(versions)}
        return Installation(request, cause, versions, faults, **how)

    def _faults(self, each: Standing, version: int) -> Faults:
        """How bad a version is: as its publication says, else as all are."""
        call = each.released.get(version)
        if call is None or call.body.unhealthy is None:
            return Faults("", self._layout.spec.unhealthy)
        return Faults(call.name, call.body.unhealthy)

    def _windows(self, windows: tuple[Window, ...]) -> Windows | None:
        return windows_of(windows, self._layout.span.start) if windows else None

    def _act(self, call: Call, each: Standing, order: Order) -> None:
        self.actions.append(Action(call.at, call.subject, each.extension, order))

    def _request(self, call: Call) -> Request:
        request = Request(call.name, call.at, call.subject)
        self._requests.append((call, request))
        return request

    def _begin(
        self, call: Call, extensions: list[ExtensionLayout], release: str | None, **how: Any
    ) -> int:
        """Begin the upgrade of an operation; its subject."""
        layout, recorder = self._layout, self._context.recorder
        upgrade = layout.upgrade(call.name)
        rollout = Rollout(call.at, call.subject, upgrade, layout.first_upgrade, release, extensions)
        self._rollouts.append(Begun(call, rollout, recorder.count, **how))
        self._context.record(call.at, upgrade, 0, UPGRADING, call.subject)
        return upgrade

    # Ends.

    def close(self) -> None:
        """Tell how all that was asked for ended, after the machines have run."""
        rows = MachineRows(self._context.recorder.rows)
        covers = [any(part.any() for part in each.rollout.covered(rows)) for each in self._rollouts]
        begun = [each for each, some in zip(self._rollouts, covers, strict=True) if some]
        ends = [self._outcome(each, begun, rows) for each in begun]
        del rows  # nothing can be recorded while they are held
        # Whom a release or a push would cover is known only now: one that covers nobody is none.
        for each in reversed([each for each in self._rollouts if each not in begun]):
            self._context.recorder.retract(each.place)
            at_once = End(each.call.at, each.call.subject)
            end = at_once if each.request is None else each.request.end
            if end is not None:
                self._succeeds(each.call, end)
        for each, outcome in zip(begun, ends, strict=True):
            if outcome is not None:
                self._ends(each, *outcome)
        # Assumption: a request on a group has succeeded when each machine is done with it, well or
        # not.
        for call, request in self._requests:
            if request.end is not None:
                self._succeeds(call, request.end)

    def _outcome(
        self, each: Begun, begun: list[Begun], rows: MachineRows
    ) -> tuple[int, End] | None:
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
        self, each: Begun, begun: list[Begun], rows: MachineRows
    ) -> tuple[int, End] | None:
        version = each.call.body.version
        end = end_of(each.rollout, version, each.enrolments, rows)
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
            same = other.enrolments == each.enrolments
            if same and major(other.call.body.version) == major(each.call.body.version):
                return End(other.rollout.at, other.rollout.upgrade)
        return None

    def _ends(self, each: Begun, state: int, end: End) -> None:
        """An upgrade ends, and its operation with it, well or not."""
        upgrade = each.rollout.upgrade
        self._context.record(end.time, upgrade, UPGRADING, state, end.cause)
        # Assumption: a release that another one supersedes has done its part.
        self._succeeds(each.call, End(end.time, upgrade))

    def _succeeds(self, call: Call, end: End) -> None:
        self._context.record(end.time, call.subject, ASKED, SUCCEEDED, end.cause)
