"""How an upgrade goes through a deployment: domain after domain, when told, or all at once.

Sources: "How to update a cloud service" and the requests Upgrade Deployment and Walk Upgrade
Domain. The platform's updates and rollbacks go the same ways.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.core.log import STUCK
from sim.systems.base.context import ACT
from sim.systems.cloud_service.turns import Turn

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from simpy import Event

    from sim.systems.cloud_service.deployment import Deployment, Upgrade

    Steps = Generator[Event, None, None]


class Walk:
    """One walk of an upgrade. Where it is overtaken it wakes once more, sees it, and ends."""

    def __init__(self, deployment: Deployment, upgrade: Upgrade) -> None:
        self._deployment, self._upgrade = deployment, upgrade
        self._context, self._turns = deployment.context, deployment.turns
        self._walker = upgrade.walker
        self._every_domain = range(deployment.layout.domains)

    @property
    def _is_overtaken(self) -> bool:
        return self._upgrade.walker is not self._walker

    # The three modes.

    def auto(self, *, at_once: bool = False) -> Steps:
        """Auto: domain after domain in order, each when the gate of the one before opens."""
        deployment, upgrade = self._deployment, self._upgrade
        last = upgrade.subject
        for domain in self._every_domain:
            members = deployment.covered(upgrade, domain)
            if not members:
                continue
            yield from self._in_turn(domain, members, at_once=at_once)
            at_once = False  # only its first domain does not wait
            if self._is_overtaken:
                return
            last = deployment.first_domain + domain
        deployment.end(upgrade, last)

    def manual(self, domain: int, done: Callable[[bool], None]) -> Steps:
        """Manual: one domain, when asked for. `done` hears whether it was updated."""
        deployment, upgrade = self._deployment, self._upgrade
        upgrade.walking = True
        members = deployment.covered(upgrade, domain)
        if members:
            yield from self._in_turn(domain, members)
        if self._is_overtaken:
            done(False)
            return
        upgrade.walking = False
        upgrade.next_domain = domain + 1
        done(True)
        deployment.end_if_done(upgrade, deployment.first_domain + domain)

    def simultaneous(self) -> Steps:
        """Simultaneous: one turn of all domains, which waits for nobody."""
        deployment, upgrade = self._deployment, self._upgrade
        while self._is_closed():
            yield self._opening()
        if self._is_overtaken:  # while it waited for its window
            return
        self._turns.enter(self._walker)
        domains = {domain: deployment.covered(upgrade, domain) for domain in self._every_domain}
        yield from self._turn({domain: members for domain, members in domains.items() if members})
        self._turns.leave(self._walker)
        if not self._is_overtaken:
            deployment.end(upgrade, upgrade.subject)

    # A turn: ask for it, take the instances out, wait for the gate.

    def _in_turn(self, domain: int, members: list[int], *, at_once: bool = False) -> Steps:
        """One domain, when its turn comes, of those who are still to be taken then."""
        if self._is_closed() or not self._turns.enter_if_idle(self._walker):
            yield from self._wait_for_turn(at_once=at_once)
            members = self._deployment.covered(self._upgrade, domain)
        if members and not self._is_overtaken:
            yield from self._turn({domain: members})
        self._turns.leave(self._walker)

    def _wait_for_turn(self, *, at_once: bool) -> Steps:
        """Wait for the window and for those who asked before; a takeover (`at_once`) for nobody.

        # Assumption: who waits for a window keeps the place in line and holds nobody up meanwhile.
        """
        turns = self._turns
        place = turns.line_up(
            self._upgrade.subject, lambda: not (self._is_overtaken or self._is_closed())
        )
        while not self._is_overtaken:
            if self._is_closed():
                # Who waits for the opening still hears of turns that end, and of a takeover.
                self._opening().callbacks.append(place.look)
            elif at_once or turns.is_free(place):
                break
            yield place.next_look()
        turns.step_out(place)
        turns.enter(self._walker)

    def _is_closed(self) -> bool:
        """Whether nothing new may begin now: outside the windows, or the service is suspended."""
        return self._deployment.suspended or self._upgrade.windows.wait(self._context.now) > 0

    def _opening(self) -> Event:
        """An event for the moment at which to look again whether something new may begin."""
        if self._deployment.suspended:
            return self._deployment.resumed
        delay = self._upgrade.windows.wait(self._context.now)
        return self._context.after(delay, ACT, self._upgrade.subject)

    def _turn(self, domains: dict[int, list[int]]) -> Steps:
        """Take the members of each of `domains` out and wait until the health gate opens."""
        deployment, upgrade = self._deployment, self._upgrade
        turn = Turn(
            self._context,
            upgrade.subject,
            sum(map(len, domains.values())),
            deployment.layout.spec.start_timeout,
            upgrade.taken,
        )
        for domain, members in domains.items():
            deployment.begin_turn(turn, upgrade, domain, members)
        deployment.await_gate(turn)
        # A build that starts in no time has opened the gate by now: nobody need wait.
        while not deployment.gate_opens(turn):
            self._note_stuck(turn)
            yield turn.next_change()
        deployment.gate_opened(turn)
        if upgrade.state == STUCK and not self._is_overtaken:
            deployment.become(upgrade, upgrade.phase, upgrade.subject)
        for domain in domains:
            deployment.end_turn(turn, domain, upgrade.subject)

    def _note_stuck(self, turn: Turn) -> None:
        """Where only health is missing any return may bring it; after the time-out it is stuck.

        A turn of a walk that was overtaken says nothing about the upgrade any more.
        """
        deployment, upgrade = self._deployment, self._upgrade
        late = turn.late
        if late and upgrade.state == upgrade.phase and not self._is_overtaken:
            deployment.become(upgrade, STUCK, upgrade.subject)
        if not turn.awaits_health and (late or not turn.pending):
            turn.awaits_health = True
            deployment.instances.watching.append(turn)
