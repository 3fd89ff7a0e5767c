"""A rolling upgrade: batch after batch, with its health checks, its pause, its surge, its end.

Sources: "Configure rolling upgrades on Virtual Machine Scale Sets", "Rolling upgrades with
MaxSurge" and "Automatic OS image upgrades". Both thresholds are compared strictly: 2 of 10 at 20 %
go on, 3 stop it.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from sim.core.log import ROLLING_BACK
from sim.systems.base.context import ACT
from sim.systems.vm_scale_set.instances import Batch
from sim.systems.vm_scale_set.layout import batch_limit
from sim.systems.vm_scale_set.rejections import (
    BREACH_BEFORE,
    BREACH_DURING,
    BREACH_UPGRADED,
    CANCELLED,
)
from sim.systems.vm_scale_set.states import (
    AT_REST,
    BATCH_UPGRADING,
    CREATING,
    EXTENSIONS_UPDATING,
    GIVEN_UP,
    IN_SERVICE,
    PAUSING,
    REIMAGING,
    RESTORING,
    UPDATING,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Sequence

    from simpy import Event

    from sim.systems.base.context import Context
    from sim.systems.base.service import Call
    from sim.systems.vm_scale_set.draws import Starts
    from sim.systems.vm_scale_set.instances import Instances
    from sim.systems.vm_scale_set.layout import SetLayout

    Steps = Generator[Event, None, None]

_NEARLY = 1e-9
"""A share that a float only nearly holds must not be exceeded by itself: 3 of 10 at 30 %."""


class Upgrade:
    """An upgrade: what it brings, and how far it is."""

    def __init__(
        self, context: Context, call: Call, subject: int, version: int, starts: Starts
    ) -> None:
        self._context = context
        self.call = call
        """The request for it."""
        self.subject = subject
        self.version = version
        """The model that it brings, by number."""
        self.starts = starts
        self.restores = False
        """Whether an instance that does not get healthy gets its former OS disk back."""
        self._state = 0

    def becomes(self, state: int, cause: int) -> None:
        """It begins, goes back, or ends."""
        self._context.record(self._context.now, self.subject, self._state, state, cause)
        self._state = state


class RollingUpgrade:
    """One rolling upgrade while it runs."""

    def __init__(
        self,
        context: Context,
        instances: Instances,
        upgrade: Upgrade,
        skipped: Callable[[int], bool],
        ended: Callable[[str | None], None],
    ) -> None:
        """`skipped` says which instances it passes over; `ended` hears the rule by which it failed,
        if any.
        """
        self._context, self._instances, self._upgrade = context, instances, upgrade
        self._layout: SetLayout = instances.layout
        self._policy = self._layout.spec.upgrade_policy
        self._windows = upgrade.call.windows
        self._skipped, self._ended = skipped, ended
        self._batch_state = AT_REST
        self._upgraded: set[int] = set()
        """Instances that were brought to its model."""
        self._former: dict[int, int] = {}
        """The model that each of them had."""
        self._restored: set[int] = set()
        """Those that got their former OS disk back."""
        self._cancelled = False
        self._rest: Event | None = None
        """What it waits for between two batches."""

    def cancel(self) -> None:
        """Stop before the next batch; the one under way is finished."""
        self._cancelled = True
        if self._rest is not None:
            self._context.trigger_now(self._rest)

    # The walk.

    def run(self) -> Steps:
        """Batch after batch, until none is left or a threshold is exceeded."""
        rule = BREACH_BEFORE
        while True:
            pending = self._pending()
            if not pending:
                yield from self._end(None)
                return
            if self._windows.wait(self._context.now) and not self._cancelled:
                yield from self._sleep(self._windows.wait(self._context.now))
                continue  # what is pending may have changed
            if self._cancelled:
                yield from self._end(CANCELLED)
                return
            if self._are_too_many_unhealthy():
                yield from self._end(rule)
                return
            yield from self._take(self._next_batch(pending))
            if self._are_too_many_failed():
                yield from self._end(BREACH_UPGRADED)
                return
            rule = BREACH_DURING
            if self._pending() and not self._cancelled:
                yield from self._pause()

    def _pause(self) -> Steps:
        seconds = self._policy.pause_time_between_batches
        if seconds:
            self._becomes(PAUSING)
            yield from self._sleep(seconds)
        self._becomes(AT_REST)

    def _sleep(self, seconds: float) -> Steps:
        self._rest = self._context.event()
        self._context.trigger(self._rest, seconds, ACT, self._upgrade.subject)
        yield self._rest
        self._rest = None

    def _end(self, rule: str | None) -> Steps:
        """It is over; after a breach failed instances may go back to their former model first."""
        self._becomes(AT_REST)
        goes_back = self._policy.rollback_failed_instances_on_policy_breach
        if rule == BREACH_UPGRADED and goes_back:
            failed = [each for each in self._failed() if each not in self._restored]
            if failed:
                self._upgrade.becomes(ROLLING_BACK, self._upgrade.subject)
                yield from self._restore(failed)
        self._ended(rule)

    # Batches.

    def _pending(self) -> list[int]:
        """Those that are to be upgraded still, by number.

        One that got its former OS disk back had its turn.
        """
        version, instances = self._upgrade.version, self._instances
        return [
            each
            for each in instances.present
            if instances.version(each) != version
            and each not in self._restored
            and not self._skipped(each)
        ]

    def _next_batch(self, pending: Sequence[int]) -> list[int]:
        """The first ones of one zone and one update domain, at most as many as a batch may have.

        # Assumption: zones, domains and instances go by number; unhealthy ones shrink no batch.
        """
        layout, policy = self._layout, self._policy

        def place(instance: int) -> tuple[int, int]:
            zone = 0 if policy.enable_cross_zone_upgrade else layout.zone_of[instance]
            return zone, instance % layout.domains

        def order(instance: int) -> tuple[bool, tuple[int, int], int]:
            comes_first = policy.prioritize_unhealthy_instances and self._instances.is_given_up(
                instance
            )
            return not comes_first, place(instance), instance

        ordered = sorted(pending, key=order)
        here = place(ordered[0])
        limit = batch_limit(layout.spec, len(self._instances.present))
        return [each for each in ordered if place(each) == here][:limit]

    def _take(self, batch: list[int]) -> Steps:
        self._becomes(BATCH_UPGRADING)
        if self._policy.max_surge and self._has_room(len(batch)):
            yield from self._surge(batch)
        else:
            yield from self._in_place(batch)
        self._becomes(AT_REST)

    def _in_place(self, batch: list[int]) -> Steps:
        """Take the batch out, upgrade it, wait until each is healthy or given up."""
        instances, upgrade = self._instances, self._upgrade
        self._former |= {each: instances.version(each) for each in batch}
        self._upgraded.update(batch)
        settled = Batch(self._context, upgrade.subject, batch)
        for status, members in by_work(self._layout, instances, batch, upgrade.version).items():
            instances.start(
                members, upgrade.version, status, upgrade.starts, self._layout.batch, settled
            )
        yield settled.over
        if upgrade.restores:
            yield from self._restore(
                [each for each in settled.failed if instances.status(each) in GIVEN_UP]
            )

    def _restore(self, failed: Iterable[int]) -> Steps:
        """Give instances their former OS disks back, all at once."""
        failed = list(failed)
        if not failed:
            return
        self._restored.update(failed)
        settled = Batch(self._context, self._upgrade.subject, failed)
        for each in failed:
            self._instances.restore(
                each, self._former[each], self._upgrade.starts, self._upgrade.subject, settled
            )
        yield settled.over

    # Surge.

    def _has_room(self, more: int) -> bool:
        """Whether the quota allows so many instances more."""
        quota = self._layout.spec.quota
        return quota is None or len(self._instances.present) + more <= quota

    def _surge(self, batch: list[int]) -> Steps:
        """Create as many at the new model; when they are healthy, delete as many old ones.

        # Assumption: the next batch waits for the deletions; a new instance that does not get
        # healthy is deleted, and the old one stays.
        """
        instances, upgrade, cause = self._instances, self._upgrade, self._layout.batch
        created = self._free_numbers(batch)
        settled = Batch(self._context, upgrade.subject, created)
        instances.start(created, upgrade.version, CREATING, upgrade.starts, cause, settled)
        yield settled.over
        failed = set(settled.failed)
        pairs = list(zip(batch, created, strict=True))
        # Of a pair that failed the old one counts, which stays.
        self._upgraded.update(old if new in failed else new for old, new in pairs)
        self._restored.update(old for old, new in pairs if new in failed)
        leaving = [new if new in failed else old for old, new in pairs]
        gone = Batch(self._context, upgrade.subject, leaving)
        for each in leaving:
            instances.delete(each, upgrade.starts, cause, gone)
        yield gone.over

    def _free_numbers(self, batch: list[int]) -> list[int]:
        """Numbers for new instances in the zones of a batch.

        # Assumption: the numbers of deleted instances are used again; Azure counts on.
        """
        zone_of, by_zone = self._layout.zone_of, defaultdict(list)
        for each in reversed(self._instances.free):
            by_zone[zone_of[each]].append(each)
        return [by_zone[zone_of[old]].pop() for old in batch]

    # Thresholds.

    def _are_too_many_unhealthy(self) -> bool:
        """Whether more of all instances are unhealthy than may be, for whatever reason."""
        present = self._instances.present
        unhealthy = sum(map(self._instances.counts_unhealthy, present))
        return unhealthy > self._policy.max_unhealthy_instance_percent * len(present) + _NEARLY

    def _are_too_many_failed(self) -> bool:
        """Whether more of the upgraded instances are unhealthy than may be."""
        most = self._policy.max_unhealthy_upgraded_instance_percent * len(self._upgraded)
        return len(self._failed()) > most + _NEARLY

    def _failed(self) -> list[int]:
        """Those of the upgraded instances that are unhealthy now, or that had to be restored."""
        return [
            each
            for each in sorted(self._upgraded | self._restored)
            if each in self._restored or self._instances.counts_unhealthy(each)
        ]

    def _becomes(self, state: int) -> None:
        if state != self._batch_state:
            self._context.record(
                self._context.now,
                self._layout.batch,
                self._batch_state,
                state,
                self._upgrade.subject,
            )
            self._batch_state = state


def by_work(
    layout: SetLayout, instances: Instances, members: Iterable[int], version: int
) -> dict[int, list[int]]:
    """What brings each instance to a model, as a status: a new image replaces the OS disk, a new
    size restarts, new extensions leave it in service.
    """
    new, found = layout.models[version], defaultdict(list)
    for each in members:
        old, status = layout.models[instances.version(each)], instances.status(each)
        if status == CREATING:
            found[CREATING].append(each)
        # One whose disk is replaced has its version only when that is over.
        elif old.image != new.image or status in (REIMAGING, RESTORING):
            found[REIMAGING].append(each)
        elif old.size != new.size or status not in IN_SERVICE:
            found[UPDATING].append(each)
        else:
            found[EXTENSIONS_UPDATING].append(each)
    return found
