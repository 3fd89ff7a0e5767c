"""Whether batches take, create, delete and restore whom they should."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from sim.systems.vm_scale_set.requests_audit import Requests
from sim.systems.vm_scale_set.rules import batch_limit, lowest, next_batch
from sim.systems.vm_scale_set.states import DELETING, WIDTH

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sim.systems.vm_scale_set.decisions import Decisions

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]
    Mask = NDArray[np.bool_]

OTHERS = "a batch took or created other instances than those whose turn it was"
DELETED = "a surge deleted others than those whose successors were healthy"
RESTORED = "others were given their former model back than had failed, or another model"


class Batches(Requests):
    """The batches of rolling upgrades beside whom they should have."""

    def _begin(self, first: int, count: int) -> None:
        super()._begin(first, count)
        shape = count, self._layout.room
        self._upgraded, self._restored, self._failed = np.zeros((3, *shape), bool)
        """Those that the upgrade that is on brought to its model; that it gave their former one
        back, or could not replace; that may have to be given it.
        """
        self._former = np.full(shape, -1)
        """The models that those had which it upgraded in place, else -1."""
        self._created, self._replaced = np.zeros((2, *shape), bool)
        """Of the batch: those that it creates, and is to delete for them."""
        self._went = np.zeros(count, bool)
        """Whether it goes back after a breach."""

    def take(self, some: Decisions, left: Mask) -> Mask:
        """Whom batches take of those that are left, or create where they surge; whether they do,
        shape (decisions,).
        """
        place, codes = some.place, self._codes[some.place]
        hurries = self._policy.prioritize_unhealthy_instances
        urgent = self._layout.is_given_up[codes] if hurries else None
        limit = batch_limit(self._spec, self._layout.is_there[codes].sum(axis=1))
        chosen = next_batch(self._spot, left, urgent, limit)
        has_room = self.used(place) + chosen.sum(axis=1) <= self.quota
        surges: Mask = self._policy.max_surge & has_room
        members, self._replaced[place] = chosen & ~surges[:, None], chosen & surges[:, None]
        self._created[place] = self._successors(some)
        takes = self._takes[place] > 0
        self._check(OTHERS, takes != (members | self._created[place]))
        self._upgraded[place] |= members
        self._former[place] = np.where(members, codes // WIDTH, self._former[place])
        self._failed[place] = takes & ~self._well[place]
        return surges

    @cached_property
    def _spot(self) -> Integers:
        """By number its zone and domain in one, made from these themselves: a batch must stay
        inside of both.
        """
        layout, crosses = self._layout, self._policy.enable_cross_zone_upgrade
        zone = np.zeros(layout.room, int) if crosses else np.array(layout.zone_of, int)
        return zone * layout.domains + np.arange(layout.room) % layout.domains

    def left(self, some: Decisions) -> Mask:
        """Those that are still to be upgraded."""
        return self._pending(some) & ~self._restored[some.place]

    def _successors(self, some: Decisions) -> Mask:
        """Whom a surge creates for those of its batch: the lowest numbers free in their zones."""
        replaced = self._replaced[some.place]
        found = np.zeros_like(replaced)
        if replaced.any():
            free = (self._codes[some.place] == 0) & ~self._reserved[some.place]
            for zone in np.unique(self._history.zone_of):
                here = self._history.zone_of == zone
                found |= lowest(free & here, (replaced & here).sum(axis=1))
        return found

    def delete(self, some: Decisions) -> None:
        """A surge deletes as many old ones as new ones are healthy, and the other new ones."""
        place, gone = some.place, self._takes[some.place] % WIDTH == DELETING
        created, replaced = self._created[place], self._replaced[place]
        failed = created & self._failed[place]
        well, stays = created & ~failed, replaced & ~gone
        self._check(DELETED, (gone & ~replaced) != failed)
        self._check(DELETED, (gone & replaced).sum(axis=1) != well.sum(axis=1))
        self._upgraded[place] |= stays | well
        self._restored[place] |= stays
        self._failed[place] = False

    @cached_property
    def _restores(self) -> Mask:
        """By number whether an upgrade restores instances that do not get healthy."""
        layout, automatic = self._layout, self._spec.automatic_os_upgrade
        published = [layout.is_published(each) for each in range(len(layout.upgrades))]
        return np.array(published, bool) & (not automatic.disable_automatic_rollback)

    def to_restore(self, place: Integers) -> Mask:
        """Whom an automatic upgrade gives a former model back, or any one after a breach."""
        given_up = (
            self._layout.is_given_up[self._codes[place]] & self._restores[self._on[place], None]
        )
        found: Mask = self._failed[place] & (self._went[place, None] | given_up)
        return found

    def restore(self, some: Decisions) -> None:
        """Each of those is given the model that it had."""
        place, codes = some.place, self._takes[some.place]
        expected = np.where(self.to_restore(place), self._former[place], -1)
        self._check(RESTORED, np.where(codes > 0, codes // WIDTH, -1) != expected)
        self._restored[place] |= codes > 0
        self._failed[place] = False

    def settle(self, some: Decisions) -> Floats:
        """When all have settled who are taken now, seconds."""
        until = np.where(self._takes[some.place] > 0, self._until[some.place], -np.inf)
        last: Floats = np.maximum(until.max(axis=1), self._time(some))
        return last
