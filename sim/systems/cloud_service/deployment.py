"""A deployment and its upgrade: what is wanted of it, whom a turn covers, when a gate opens.

Sources: "How to update a cloud service" and the requests Upgrade Deployment, Walk Upgrade Domain,
Rollback Update Or Upgrade and Swap Deployment. How an upgrade goes through it: see `walk`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.core.log import (
    COMPLETED,
    ROLLED_BACK,
    ROLLING_BACK,
    SUPERSEDED,
    UPGRADING,
)
from sim.systems.base import targets
from sim.systems.base.context import ACT
from sim.systems.base.targets import INITIAL, KEPT, REACHED, REQUESTED, Target
from sim.systems.cloud_service.configuration import Configuration
from sim.systems.cloud_service.instance import Instances
from sim.systems.cloud_service.layout import domains_in_use
from sim.systems.cloud_service.states import (
    AT_REST,
    CREATING,
    LOCKED,
    PRODUCTION,
    STAGING,
    UPDATING,
    all_updated,
)
from sim.systems.cloud_service.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sim.core.windows import Windows
    from sim.systems.base.context import Context
    from sim.systems.cloud_service.draws import RestartDraws
    from sim.systems.cloud_service.layout import Layout
    from sim.systems.cloud_service.turns import Turn

    Take = Callable[[list[int], int], None]


def _nobody(_cause: int) -> None:
    """Nobody asked to hear of it."""


class Upgrade:
    """An upgrade: whom it covers, what it does to them, how far it is."""

    def __init__(self, subject: int, roles: Sequence[int], take: Take, windows: Windows) -> None:
        self.subject = subject
        self.roles = roles
        """Places of the roles that it covers."""
        self.take = take
        """Takes given instances out; the second argument is the cause."""
        self.windows = windows
        self.version: int | None = None
        """The build that it brings; None where it keeps every instance's own."""
        self.state = 0
        self.phase = UPGRADING
        """UPGRADING or ROLLING_BACK: what it is doing unless it is stuck or over."""
        self.walker = object()
        """The walk that may go on. A takeover replaces it; it is also who holds the turn."""
        self.taken: dict[int, list[int]] = {role: [] for role in roles}
        """By role the instances that the walk has taken out so far."""
        self.next_domain = 0
        self.walking = False
        """Whether a Manual walk has been asked for and is not done."""
        self.manual = False
        self.reversible = True
        """Whether it can be rolled back at all."""
        self.loses_data = False
        """Whether it loses what instances keep on local disks, as its rollback does again."""
        self.completed: Callable[[int], None] = _nobody
        """Who hears that it has come to its end, with the cause."""
        self.overtaken: Callable[[int], None] = _nobody
        """Who hears that another took over, or turned it round, with the cause."""

    @property
    def rolling_back(self) -> bool:
        """Whether its instances are given their former build."""
        return self.phase == ROLLING_BACK


class Deployment:
    """The role instances of one slot with the upgrade that is rolling through them."""

    def __init__(self, context: Context, layout: Layout, slot: int, bad: list[bool]) -> None:
        self.context, self.layout = context, layout
        self.instances = Instances(context, layout, slot, bad)
        self.turns = Turns(context)
        self.upgrade: Upgrade | None = None
        """The user's upgrade in progress. The platform's are none of it."""
        version = layout.initial_version(slot)
        self.settled = [version] * len(layout.roles)
        """By role the build of the last upgrade that was completed."""
        places = (layout.target(slot, role) for role in range(len(layout.roles)))
        self.targets = [Target(context, layout.targets, place) for place in places]
        """By role the build that its instances are to have, and why."""
        self.configuration = Configuration(context, layout, slot)
        self._subject = layout.deployments.first + slot
        self._state = int(layout.deployments.initial[slot])
        self.counts = [role.count for role in layout.roles]
        self.suspended = False
        self.resumed = context.event()
        self.first_domain = layout.first_domain(slot)
        self._domains = [AT_REST] * layout.domains
        self._domain_turn: list[Turn | None] = [None] * layout.domains
        self._gates: list[Turn] = []
        """The turns that are not done."""
        self._largest = max(self.counts)
        self._goes_on_when_late = layout.spec.on_start_timeout == "continue"

    # What it is like.

    @property
    def domains(self) -> int:
        """Update domains in use."""
        return domains_in_use(self.layout.spec.update_domains, self._largest)

    def covered(self, upgrade: Upgrade, domain: int) -> list[int]:
        """The instances that the upgrade's turn of `domain` takes."""
        codes, role_of = self.instances.codes, self.layout.role_of
        members = self.layout.domain_members[domain]
        covers = upgrade.taken  # its keys are the roles: a list of many would be gone through
        there = [i for i in members if codes[i] and role_of[i] in covers]
        if not upgrade.rolling_back:
            return there
        return [i for i in there if self.instances.version(i) != self.settled[role_of[i]]]

    def rollback_allowed(self) -> bool:
        """Whether an instance that the upgrade in progress covers is not up to date yet."""
        upgrade = self.upgrade
        if upgrade is None or upgrade.rolling_back:
            return False
        taken = {i for role in upgrade.roles for i in upgrade.taken[role]}
        members = (i for role in upgrade.roles for i in self.layout.roles[role].members)
        codes = {i: self.instances.codes[i] for i in members}
        return not all_updated(codes, upgrade.version, taken)

    def upgraded(self, upgrade: Upgrade) -> list[int]:
        """The instances that its walk has taken out so far and that still exist."""
        return [i for role in upgrade.roles for i in self.instances.of(upgrade.taken[role])]

    # What is asked of it beside upgrades.

    def scale(
        self, role: int, wanted: int, restart_draws: Sequence[RestartDraws], cause: int
    ) -> set[int]:
        """Bring a role to `wanted` instances; those that come new. The highest numbers go first."""
        layout = self.layout.roles[role]
        count, self.counts[role] = self.counts[role], wanted
        self._largest = max(self._largest, wanted)  # domains that are in use stay so
        for i in range(layout.first + count - 1, layout.first + wanted - 1, -1):
            self.instances.remove(i, cause)
        # What comes during an upgrade is on its build already, and goes in its domain's turn too.
        created = set(range(layout.first + count, layout.first + wanted))
        target = self.targets[role].version
        for i in sorted(created):
            seconds = restart_draws[role].creation(i)
            self.instances.hold(i, target, CREATING, seconds, restart_draws, cause)
            if self.suspended:
                self.instances.suspend(i, cause)
        # Of a Manual upgrade all who were still to be walked may be gone now.
        if self.upgrade is not None:
            self.end_if_done(self.upgrade, cause)
        return created

    def suspend(self, cause: int) -> None:
        """Stop all instances at once; no walk goes on until `resume`."""
        self.suspended = True
        for i in self.instances.of(range(self.layout.instances)):
            self.instances.suspend(i, cause)

    def resume(self, restart_draws: list[RestartDraws], cause: int) -> None:
        """Start all instances by a restart, and let the walks go on."""
        self.suspended = False
        self.context.trigger(self.resumed, 0.0, ACT, cause)
        self.resumed = self.context.event()
        self.instances.take(
            self.instances.of(range(self.layout.instances)), None, restart_draws, cause
        )

    # Which upgrade is in progress, and what it wants.

    def begin(self, upgrade: Upgrade, cause: int) -> bool:
        """Make `upgrade` the one in progress; whether it takes over from another."""
        # Assumption: a second change during an update takes over at once and begins at domain 0,
        # while the domain that is out goes on to its own end.
        former, self.upgrade = self.upgrade, upgrade
        if former is not None:
            # The former one ends before the new one begins: a deployment has one at a time.
            self._overtake(former)
            self.become(former, SUPERSEDED, cause)
            self._unlock(former)
            former.overtaken(cause)
        self.become(upgrade, UPGRADING, cause)
        self._is_in(self._state + LOCKED, upgrade.subject)
        if upgrade.version is None:
            self.keep(upgrade.roles, upgrade.subject)
        else:
            for role in upgrade.roles:
                self.targets[role].becomes(REQUESTED, upgrade.version, upgrade.subject)
        return former is not None

    def keep(self, roles: Iterable[int], cause: int) -> None:
        """Roles of which no build was asked for so far are to keep the one that they have.

        What was asked for before stays wanted, also where its upgrade was overtaken half-way.
        """
        for target in (self.targets[role] for role in roles):
            if target.status == INITIAL:
                target.becomes(KEPT, target.version, cause)

    def swap(self, restart_draws: Sequence[RestartDraws], cause: int) -> None:
        """Move to the other slot; what comes into production is covered by the swap."""
        self._is_in(STAGING if self._state == PRODUCTION else PRODUCTION, cause)
        if self._state == PRODUCTION:
            self.keep(range(len(self.targets)), cause)
        self.instances.swap(restart_draws, cause)

    def _unlock(self, upgrade: Upgrade) -> None:
        self._is_in(self._state - LOCKED, upgrade.subject)

    def _is_in(self, state: int, cause: int) -> None:
        self.context.record(self.context.now, self._subject, self._state, state, cause)
        self._state = state

    def _overtake(self, upgrade: Upgrade) -> None:
        """Its walk ends; the domain that is out goes on to its own end and blocks nobody."""
        walker, upgrade.walker = upgrade.walker, object()
        self.turns.leave(walker)

    def roll_back(self, take: Take, cause: int) -> None:
        """Turn the upgrade in progress round: upgraded instances get their former build.

        # Assumption: a rollback leaves the numbers of instances as they are.
        """
        upgrade = self.upgrade
        assert upgrade is not None
        self._overtake(upgrade)
        upgrade.phase = ROLLING_BACK
        upgrade.take = take
        upgrade.taken = {role: [] for role in upgrade.roles}
        # A walk may be asked for at once, though the one that was overtaken still goes on.
        upgrade.next_domain, upgrade.walking = 0, False
        self.become(upgrade, ROLLING_BACK, cause)
        for role in upgrade.roles:
            # A restart that is turned round has asked for no build, so it takes none back.
            if self.targets[role].status == REQUESTED:
                self.targets[role].becomes(targets.ROLLED_BACK, self.settled[role], cause)

    def may_walk(self, upgrade: Upgrade, domain: int) -> bool:
        """Whether a Manual walk of `domain` is in order; domains without anyone may be left out."""
        skipped = range(upgrade.next_domain, domain)
        return domain >= upgrade.next_domain and not any(
            self.covered(upgrade, each) for each in skipped
        )

    def is_left(self, upgrade: Upgrade) -> bool:
        """Whether a Manual upgrade has someone to take in the domains that it has not walked."""
        rest = range(upgrade.next_domain, self.layout.domains)
        return any(self.covered(upgrade, domain) for domain in rest)

    def end_if_done(self, upgrade: Upgrade, cause: int) -> None:
        """End a Manual upgrade whose last turn is done: empty domains take no walk."""
        if upgrade.manual and not upgrade.walking and not self.is_left(upgrade):
            self.end(upgrade, cause)

    def end(self, upgrade: Upgrade, cause: int) -> None:
        """The last turn of an upgrade is done: it is completed, or rolled back."""
        self.become(upgrade, ROLLED_BACK if upgrade.rolling_back else COMPLETED, cause)
        if upgrade is self.upgrade:
            self.upgrade = None
            self._unlock(upgrade)
            if not upgrade.rolling_back:
                self.configuration.settle()
            if upgrade.version is not None and not upgrade.rolling_back:
                for role in upgrade.roles:
                    self.settled[role] = upgrade.version
                    self.targets[role].becomes(REACHED, upgrade.version, upgrade.subject)
        upgrade.completed(cause)

    def become(self, upgrade: Upgrade, state: int, cause: int) -> None:
        """An upgrade comes to another state."""
        self.context.record(self.context.now, upgrade.subject, upgrade.state, state, cause)
        upgrade.state = state

    # Turns of its domains, and their gates.

    def begin_turn(self, turn: Turn, upgrade: Upgrade, domain: int, members: list[int]) -> None:
        """Take the members of a domain out; the gate is then asked about them."""
        self._domain_turn[domain] = turn
        self._mark(domain, UPDATING, upgrade.subject)
        turns, role_of, taken = self.instances.turns, self.layout.role_of, upgrade.taken
        for i in members:
            taken[role_of[i]].append(i)
            former, turns[i] = turns[i], turn
            if former is not None:  # it was out already: its former turn waits for it no more
                former.arrived(i)
        upgrade.take(members, self.first_domain + domain)

    def end_turn(self, turn: Turn, domain: int, cause: int) -> None:
        """A domain is at rest, unless a takeover has begun another turn of it meanwhile."""
        if self._domain_turn[domain] is turn:
            self._domain_turn[domain] = None
            self._mark(domain, AT_REST, cause)

    def await_gate(self, turn: Turn) -> None:
        """The turn has taken all its members: from now on its gate may open."""
        self._gates.append(turn)

    def gate_opened(self, turn: Turn) -> None:
        """Nobody waits for the turn any more."""
        turn.is_done = True
        self._gates.remove(turn)
        if turn in self.instances.watching:
            self.instances.watching.remove(turn)

    def gate_opens(self, turn: Turn) -> bool:
        """Every member Ready once or late, and enough of the upgraded of each role Ready now."""
        # "How to update a cloud service" says both that an instance is waited for 30 minutes at
        # most, and that a walk whose upgraded instances keep crashing is stuck. So the time-out
        # lets go of single instances, never of a role's health.
        if turn.pending and not (turn.late and self._goes_on_when_late):
            return False
        return all(self._is_healthy(role, taken) for role, taken in turn.upgraded.items())

    def _is_healthy(self, role: int, taken: list[int]) -> bool:
        """At least min(min_healthy, upgraded so far) of a role's upgraded instances are Ready."""
        instances, least = self.instances, self.layout.min_healthy[role]
        ready = 0
        for i in taken:
            if ready >= least:
                return True
            ready += instances.is_ready(i)
        return ready >= least or ready >= len(instances.of(taken))

    def open_gates(self) -> None:
        """Open every gate whose condition holds: a request finds complete what is at its instant.

        By then all returns of the instant have been.
        """
        for turn in tuple(self._gates):
            if turn.is_about_to_look() and self.gate_opens(turn):
                turn.look_now()

    def _mark(self, domain: int, state: int, cause: int) -> None:
        subject = self.first_domain + domain
        self.context.record(self.context.now, subject, self._domains[domain], state, cause)
        self._domains[domain] = state
