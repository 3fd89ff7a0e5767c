"""A rolling upgrade: batch after batch, with its health checks, its pause, its surge, its end.

Sources: "Configure rolling upgrades on Virtual Machine Scale Sets", "Rolling upgrades with
MaxSurge" and "Automatic OS image upgrades". Both thresholds are compared strictly: 2 of 10 at 20 %
go on, 3 stop it.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from sim.core.log import ROLLING_BACK
from sim.systems.base.context import ACT
from sim.systems.vm_scale_set.batch import Batch
from sim.systems.vm_scale_set.rejections import (
    BREACH_BEFORE,
    BREACH_DURING,
    BREACH_UPGRADED,
    CANCELLED,
)
from sim.systems.vm_scale_set.rules import allowed, batch_limit, next_batch
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
    WIDTH,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Generator, Iterable, Sequence

    from numpy.typing import NDArray
    from simpy import Event

    from sim.systems.base.context import Context
    from sim.systems.base.service import Call
    from sim.systems.vm_scale_set.draws import Starts
    from sim.systems.vm_scale_set.instances import Instances
    from sim.systems.vm_scale_set.layout import SetLayout

    Steps = Generator[Event, None, None]


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

    @property
    def has_begun(self) -> bool:
        """Whether it has: one of a published image has not before that is discovered."""
        return self._state > 0

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
        protected: Collection[int],
        ended: Callable[[str | None], None],
    ) -> None:
        """It passes over those that are `protected` by then; `ended` hears the rule by which it
        failed, if any.
        """
        self._context, self._instances, self._upgrade = context, instances, upgrade
        self._layout: SetLayout = instances.layout
        self._policy = self._layout.spec.upgrade_policy
        self._windows = upgrade.call.windows
        self._protected, self._ended = protected, ended
        self._batch_state = AT_REST
        self._upgraded: set[int] = set()
        """Instances that were brought to its model."""
        self._former: dict[int, int] = {}
        """The model that each of them had that was upgraded in place, where one may go back."""
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
            # Assumption: a cancel in the last batch comes too late: the upgrade is completed, as no
            # other batch is left that it could stop.
            if not len(pending):
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
            if len(self._pending()) and not self._cancelled:
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
        goes_back = self._policy.rollback_failed_instances_on_policy_breach
        if rule == BREACH_UPGRADED and goes_back:
            # What a surge created has no former model.
            failed = [each for each in self._failed() if each in self._former]
            failed = [each for each in failed if each not in self._restored]
            if failed:
                self._upgrade.becomes(ROLLING_BACK, self._upgrade.subject)
                yield from self._restore(failed)
        self._ended(rule)

    # Batches.

    def _pending(self) -> NDArray[np.int64]:
        """Those that are to be upgraded still: one that got its OS disk back had its turn."""
        return self._instances.pending(self._upgrade.version, self._restored, self._protected)

    def _next_batch(self, pending: NDArray[np.int64]) -> list[int]:
        """Whom it takes, in the order in which it does."""
        layout, instances = self._layout, self._instances
        waits, urgent = np.zeros((1, layout.room), bool), None
        waits[0, pending] = True
        if self._policy.prioritize_unhealthy_instances:
            urgent = np.zeros((1, layout.room), bool)
            urgent[0, pending] = [instances.is_given_up(each) for each in pending.tolist()]
        limit = np.array([batch_limit(layout.spec, instances.count)])
        members = np.flatnonzero(next_batch(layout.place_of, waits, urgent, limit))
        if urgent is not None:
            members = members[np.argsort(~urgent[0, members], kind="stable")]
        batch: list[int] = members.tolist()
        return batch

    def _take(self, batch: list[int]) -> Steps:
        self._becomes(BATCH_UPGRADING)
        if self._policy.max_surge and self._instances.have_room(len(batch)):
            yield from self._surge(batch)
        else:
            yield from self._in_place(batch)
        self._becomes(AT_REST)

    def _in_place(self, batch: list[int]) -> Steps:
        """Take the batch out, upgrade it, wait until each is healthy or given up."""
        instances, upgrade = self._instances, self._upgrade
        if upgrade.restores or self._policy.rollback_failed_instances_on_policy_breach:
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

    def _surge(self, batch: list[int]) -> Steps:
        """Create as many at the new model; when they are healthy, delete as many old ones."""
        # Assumption: the next batch waits for the deletions; a new instance that does not get
        # healthy is deleted, and the old one stays.
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
        """Numbers for new instances in the zones of a batch."""
        # Assumption: the numbers of deleted instances are used again; Azure counts on.
        zone_of, by_zone = self._layout.zone_of, defaultdict(list)
        for each in reversed(self._instances.free):
            by_zone[zone_of[each]].append(each)
        return [by_zone[zone_of[old]].pop() for old in batch]

    # Thresholds.

    def _are_too_many_unhealthy(self) -> bool:
        """Whether more of all instances are unhealthy than may be, for whatever reason."""
        most = allowed(self._policy.max_unhealthy_instance_percent, self._instances.count)
        return bool(len(self._instances.unhealthy) > most)

    def _are_too_many_failed(self) -> bool:
        """Whether more of the upgraded instances are unhealthy than may be."""
        most = allowed(self._policy.max_unhealthy_upgraded_instance_percent, len(self._upgraded))
        return bool(len(self._failed()) > most)

    def _failed(self) -> list[int]:
        """Those of the upgraded instances that are unhealthy now, or that had to be restored."""
        return sorted(self._restored.union(self._upgraded.intersection(self._instances.unhealthy)))

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
    layout: SetLayout, instances: Instances, members: Sequence[int], version: int
) -> dict[int, list[int]]:
    """What brings each instance to a model, as a status: a new image replaces the OS disk, a new
    size restarts, new extensions leave it in service.
    """
    codes = list(map(instances.codes.__getitem__, members))
    found = {code: work(layout, code, version) for code in dict.fromkeys(codes)}
    if len(found) == 1:
        return dict.fromkeys(found.values(), sorted(members))
    pairs = sorted(zip(members, map(found.__getitem__, codes), strict=True))
    return {each: [k for k, its in pairs if its == each] for each in dict.fromkeys(found.values())}


def work(layout: SetLayout, code: int, version: int) -> int:
    """The status by which an instance in a state comes to a model."""
    status = code % WIDTH
    old, new = layout.models[code // WIDTH], layout.models[version]
    if status == CREATING:
        return CREATING
    # One whose disk is replaced has its version only when that is over.
    if old.image != new.image or status in (REIMAGING, RESTORING):
        return REIMAGING
    if old.size != new.size or status not in IN_SERVICE:
        return UPDATING
    return EXTENSIONS_UPDATING
