"""An extension on some machines of a group: replaced, watched, rolled back, tried again.

Source: "Automatic Extension Upgrade for Azure Arc-enabled servers": the new version replaces the
old one; where the machine is not healthy five minutes after that, the previous version comes back;
a failed upgrade is tried again every few days.

Nothing stops what is under way on a machine. So its rows are written ahead when it begins, and
one event, at its end, is all that an attempt takes; a wait is written when it ends.
"""

from __future__ import annotations

from dataclasses import InitVar, dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

from sim.systems.arc_fleet.completion import BEFORE
from sim.systems.arc_fleet.states import (
    BACKING_OFF,
    CURRENT,
    FAILED,
    INSTALLING,
    ROLLING_BACK,
    UNHEALTHY,
    WAITING,
    WATCHING,
    WIDTH,
)
from sim.systems.base.context import LOOK, RETURN, SUBMIT

if TYPE_CHECKING:
    from sim.core.windows import Windows
    from sim.systems.arc_fleet.completion import PendingRequest
    from sim.systems.arc_fleet.draws import Faults, InstallDraws
    from sim.systems.arc_fleet.layout import ExtensionLayout
    from sim.systems.base.context import Context, ScheduledEvent


@dataclass(eq=False)
class Target:
    """A version that is to be installed on some machines, and why."""

    version: int
    cause: int
    install_draws: InstallDraws
    windows: Windows | None
    members: InitVar[int]
    """How many machines they are."""
    request: PendingRequest | None = None
    """Who asks for it; None for a release, which enrolled extensions get by themselves."""

    def __post_init__(self, members: int) -> None:
        self.attempts = [0] * members
        """How many attempts each machine has begun."""


@dataclass(frozen=True)
class Removal:
    """That an extension is to go from machines."""

    cause: int
    request: PendingRequest
    windows: None = None
    """It may go at any time."""


class Attempt(NamedTuple):
    """One that is under way on a machine."""

    machine: int
    target: Target
    number: int
    """Counted from 0 for the machine and the target."""
    former: int
    """Code of the former version with status absent."""
    code: int
    """The state that its end will change."""


class Wait(NamedTuple):
    """One that is due, and waits for its machine. They go in this order."""

    # Assumption: extensions of a machine go in the order in which they fall due, then in that of
    # the file; Azure promises none.

    due: float
    place: int
    """The extension's place in the machine's list."""
    code: int
    """The state in which it fell due."""
    cause: int


class Machines(Protocol):
    """The machines that an extension is on: each does one thing at a time."""

    context: Context
    members: range
    """Their numbers in the group."""
    most_attempts: int | None

    def install_draws(self, extension: Installed, reason: str, faults: Faults) -> InstallDraws:
        """The draws of these machines when they install an extension for a reason."""

    def discover(self, extension: Installed, reason: str, machine: int | None = None) -> None:
        """Each machine, or one, finds out what is newest."""

    def join(self, machine: int, extension: Installed, target: Target | Removal) -> None:
        """An extension is due, and waits for its machine."""

    def leave(self, machine: int, extension: Installed) -> Wait:
        """It waits no longer."""

    def look(self, machine: int) -> None:
        """What waits for a machine may have changed."""

    def free(self, machine: int) -> None:
        """A machine is done with an extension."""


class Installed:
    """One extension on the machines of a section, which are given by their number in it."""

    def __init__(self, section: Machines, layout: ExtensionLayout, place: int) -> None:
        self.layout, self._section, self.place = layout, section, place
        self._context = section.context
        self._record, self._horizon = section.context.record, section.context.horizon
        self.first = layout.first + section.members.start
        count = len(section.members)
        self.codes = [layout.initial_code] * count
        """The state of each, as this side believes; `installing` for all that is under way."""
        self.enrolled = layout.written is not None and layout.written.enable_automatic_upgrade
        self.enrolment = 0
        """Counts how often it was opted out: discoveries that began before have lapsed."""
        self.newest: list[Target | None] = [None] * len(layout.versions)
        """By version the newest release that is above it and of the same major version."""
        self.asked: dict[int, Target | Removal] = {}
        """What requests want on machines that have not begun with it."""
        self._tried: dict[int, Target] = {}
        """What each machine last began to install."""
        self._begun: dict[int, float] = {}
        """When each machine last began with a release."""
        self._failed: dict[int, tuple[Target, int]] = {}
        """What each machine last failed with, and how often since it last succeeded."""
        self._overdue: set[int] = set()
        """Machines that discovered another release while one was under way."""
        self._retries: dict[int, float] = {}
        """When the next attempt is due; what was planned for another time has lapsed."""

    def wanted(self, machine: int) -> Target | Removal | None:
        """What is to be done next: what a request asks for, or the newest release."""
        return self.asked.get(machine) or self.newest[self.codes[machine] // WIDTH]

    # What falls due.

    def has_news(self, machine: int) -> bool:
        """Whether there is a release for a machine that it is not at already."""
        return self._news(machine) is not None

    def _news(self, machine: int) -> Target | None:
        """The release that is newer than what a machine has, or than what it is getting.

        The two differ where a PUT or a push installs an older version: a release between them is
        news for what is under way.
        """
        code = self.codes[machine]
        if code % WIDTH != INSTALLING:
            return self.newest[code // WIDTH]
        tried = self._tried[machine]
        found = (self.newest[version] for version in (code // WIDTH, tried.version))
        return next((each for each in found if each is not None and each is not tried), None)

    def discover(self, machine: int, since: float) -> None:
        """A machine finds out what is newest, unless it began with a release `since` then."""
        if self._begun.get(machine, BEFORE) >= since:
            return  # that one was the newest already
        # Assumption: a retry or a pending discovery takes the newest release that there is by then,
        # and what was planned for an older one lapses.
        status, news = self.codes[machine] % WIDTH, self._news(machine)
        # Assumption: a newer release does not wait for the retry of an older one.
        retries = status == BACKING_OFF and news is not self._tried.get(machine)
        if status == CURRENT or retries:
            self._fall_due(machine)
        elif status == INSTALLING and news is not None:
            self._overdue.add(machine)

    def _fall_due(self, machine: int) -> None:
        """The newest release is due; what would bring nothing new lapses."""
        code = self.codes[machine]
        release = self.newest[code // WIDTH]
        if self.enrolled and release is not None and code % WIDTH in (CURRENT, BACKING_OFF):
            self._section.join(machine, self, release)

    def ask(self, machine: int, target: Target | Removal) -> None:
        """A request wants a version, or none; the one that it overtakes, if any, is over."""
        former = self._forget(machine)
        if former is not None:
            former.overtaken = True
        assert target.request is not None
        target.request.begins()
        self.asked[machine] = target
        status = self.codes[machine] % WIDTH
        if status == WAITING:
            self._section.look(machine)
        elif status != INSTALLING:
            self._section.join(machine, self, target)

    def _forget(self, machine: int) -> PendingRequest | None:
        """What a machine was asked for is over without an attempt; whose request that was."""
        target = self.asked.pop(machine, None)
        request = None if target is None else target.request
        if request is not None:
            request.ends(self._context.now, self.first + machine)
        return request

    def opt_in(self) -> None:
        """Releases come by themselves from now on."""
        self.enrolled = True

    def opt_out(self, cause: int) -> None:
        """What waits does not start; what is under way finishes."""
        # Assumption: opting out stops what waits or backs off, and not what is under way.
        self.enrolled = False
        self.enrolment += 1
        self._overdue.clear()
        for machine, code in enumerate(self.codes):
            status = code % WIDTH
            if status == WAITING and machine not in self.asked:
                self.end_wait(machine, self._section.leave(machine, self), self._context.now)
            elif status != BACKING_OFF:
                continue
            self._becomes(machine, self.codes[machine], code - status + CURRENT, cause)

    # An attempt.

    def end_wait(self, machine: int, wait: Wait, now: float) -> None:
        """Write a wait, which ends `now`, unless it took no time.

        What is not in service anyway, as it is not there or failed, remains so while it waits.
        """
        if wait.code % WIDTH in (CURRENT, BACKING_OFF) and wait.due < now:
            waiting = self.codes[machine]
            self._record(wait.due, self.first + machine, wait.code, waiting, wait.cause)
        else:
            self.codes[machine] = wait.code

    def install(self, machine: int) -> None:
        """Replace the version, watch the machine's health; roll back where it is not healthy."""
        target = self.asked.pop(machine, None) or self.newest[self.codes[machine] // WIDTH]
        assert target is not None
        if isinstance(target, Removal):
            self._remove(machine, target)
            return
        context, record, subject = self._context, self._record, self.first + machine
        now, code, new = context.now, self.codes[machine], target.version * WIDTH
        # Assumption: an extension that is installed for the first time, or again, and turns out
        # unhealthy has failed: it has no version to go back to.
        again = code % WIDTH in (0, FAILED)
        former = new if again else code - code % WIDTH
        number = target.attempts[machine]
        target.attempts[machine] = number + 1
        self._tried[machine] = target
        if target.request is None:
            self._begun[machine] = now
        self.codes[machine] = former + INSTALLING
        record(now, subject, code, former + INSTALLING, target.cause)
        seconds, watched, unhealthy = target.install_draws.installation(number)
        installed = now + seconds[machine]
        watching = new + (UNHEALTHY if unhealthy[machine] else WATCHING)
        if installed <= self._horizon:  # what happens at the horizon itself is in the log
            record(installed, subject, former + INSTALLING, watching, target.cause)
        attempt = Attempt(machine, target, number, former, watching)
        # A verdict looks at what holds once all else of its instant has happened; the end of a
        # rollback is a return to service, before anything of its instant.
        verdict = installed + watched[machine]
        if unhealthy[machine] and not again:
            self._roll_back(attempt, verdict)
        else:
            end = self._fail if unhealthy[machine] else self._succeed
            context.call(verdict - now, LOOK, subject, end, attempt)

    def _remove(self, machine: int, removal: Removal) -> None:
        """An extension goes from a machine."""
        # Assumption: a removal waits for its machine as an installation does, and takes no time.
        if self.codes[machine]:
            self._becomes(machine, self.codes[machine], 0, removal.cause)
        self._section.free(machine)
        removal.request.ends(self._context.now, self.first + machine)
        self._section.look(machine)

    def _roll_back(self, attempt: Attempt, verdict: float) -> None:
        machine, target = attempt.machine, attempt.target
        subject, code = self.first + machine, target.version * WIDTH + ROLLING_BACK
        if verdict <= self._horizon:
            self._record(verdict, subject, attempt.code, code, target.cause)
        seconds, fails = target.install_draws.rollback(attempt.number)
        end = self._fail if fails[machine] else self._try_again
        delay = verdict + seconds[machine] - self._context.now
        self._context.call(delay, RETURN, subject, end, attempt._replace(code=code))

    # Its end.

    def _succeed(self, event: ScheduledEvent) -> None:
        attempt: Attempt = event.argument
        self._failed.pop(attempt.machine, None)
        self._rests(attempt, attempt.target.version * WIDTH + CURRENT)

    def _fail(self, event: ScheduledEvent) -> None:
        """The new version stays, and does not work."""
        # Assumption: a failed rollback leaves the new version.
        attempt: Attempt = event.argument
        self._rests(attempt, attempt.target.version * WIDTH + FAILED)

    def _try_again(self, event: ScheduledEvent) -> None:
        """The former version is back; an enrolled extension gets another chance."""
        # Assumption: only releases are tried again, a request is one attempt.
        attempt: Attempt = event.argument
        if attempt.target.request is None and self._was_last(attempt):
            self._rests(attempt, attempt.former + FAILED)
        elif self.enrolled and self.newest[attempt.former // WIDTH] is not None:
            self._plan_retry(attempt)
            self._rests(attempt, attempt.former + BACKING_OFF)
        else:
            self._rests(attempt, attempt.former + CURRENT)

    def _was_last(self, attempt: Attempt) -> bool:
        """Whether a release has failed on a machine as often as it may."""
        # Assumption: attempts are counted from zero after a success, such as a repair.
        most = self._section.most_attempts
        if most is None:
            return False
        target, count = self._failed.get(attempt.machine, (None, 0))
        count = count + 1 if target is attempt.target else 1
        self._failed[attempt.machine] = attempt.target, count
        return count >= most

    def _plan_retry(self, attempt: Attempt) -> None:
        machine, context = attempt.machine, self._context
        delay = attempt.target.install_draws.retry_after(attempt.number)[machine]
        self._retries[machine] = context.now + delay
        context.call(delay, SUBMIT, self.first + machine, self._retry, machine)

    def _retry(self, event: ScheduledEvent) -> None:
        machine, now = event.argument, self._context.now
        # No event can be taken back: of an overtaken one the time is no longer the one that is due.
        if self.codes[machine] % WIDTH == BACKING_OFF and self._retries[machine] == now:
            self._fall_due(machine)

    def _rests(self, attempt: Attempt, code: int) -> None:
        """An attempt is over; what was asked for, or discovered, meanwhile is due."""
        machine, target = attempt.machine, attempt.target
        self._becomes(machine, attempt.code, code, target.cause)
        self._section.free(machine)
        if target.request is not None:
            target.request.ends(self._context.now, self.first + machine)
            target.request.failed |= code != target.version * WIDTH + CURRENT
            if self.enrolled and code % WIDTH == CURRENT:
                self._section.discover(self, target.request.name, machine)
        if self._has_what_is_asked(machine):
            self._forget(machine)
        if machine in self.asked:
            self._section.join(machine, self, self.asked[machine])
        elif machine in self._overdue:
            self._overdue.discard(machine)
            self._fall_due(machine)
        self._section.look(machine)

    def _has_what_is_asked(self, machine: int) -> bool:
        """Whether a machine has come to what a request wants without an attempt for it."""
        code, target = self.codes[machine], self.asked.get(machine)
        is_at = isinstance(target, Target) and code // WIDTH == target.version
        return is_at and code % WIDTH != FAILED

    def _becomes(self, machine: int, old: int, new: int, cause: int) -> None:
        self._record(self._context.now, self.first + machine, old, new, cause)
        self.codes[machine] = new
