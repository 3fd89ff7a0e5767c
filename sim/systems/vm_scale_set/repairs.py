"""Automatic instance repairs: unhealthy instances are replaced, reimaged or restarted.

Source: "Automatic instance repairs for Azure Virtual Machine Scale Sets".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.core.rounding import Amount, at_most
from sim.systems.base.context import ACT
from sim.systems.vm_scale_set.batch import Batch
from sim.systems.vm_scale_set.draws import Starts
from sim.systems.vm_scale_set.states import CREATING, REIMAGING, REPAIRS, RESTARTING

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from simpy import Event

    from sim.systems.base.context import Context, ScheduledEvent
    from sim.systems.vm_scale_set.instances import Instances
    from sim.systems.vm_scale_set.spec import Repairs

AT_ONCE = Amount(share=0.05)
"""At most 5 % of the set are repaired at once; of fewer than 20 instances one."""


class InstanceRepairs:
    """The repairs of one set while it runs."""

    def __init__(
        self,
        context: Context,
        instances: Instances,
        repairs: Repairs,
        bad: Sequence[bool],
        *,
        held: Callable[[int], bool],
        version: Callable[[], int],
        repaired: Callable[[], None],
    ) -> None:
        """`held` says of an instance that it is passed over, or that nothing is repaired now;
        `version` is the model that new instances follow, `repaired` is called after each repair.
        """
        self._context, self._instances, self._repairs = context, instances, repairs
        self._held, self._version, self._repaired = held, version, repaired
        self._layout = instances.layout
        self._cause = self._layout.actor(REPAIRS)
        self._starts = Starts(context, self._layout, REPAIRS, bad)
        self._waiting: dict[int, None] = {}
        """Unhealthy ones, in the order in which they turned so."""
        self._under_way = 0
        self._planned: set[float] = set()
        """When it will look, seconds: once an instant, however many turn unhealthy then."""
        self._changed = -self._repairs.grace_period
        """When the set was changed last."""
        instances.watching.append(self)

    def begin(self) -> None:
        """Instances may be unhealthy at time 0."""
        for each in self._instances.present:
            self.changed(each)

    def set_changed(self) -> None:
        """A request was accepted: the grace period begins again."""
        self._changed = self._context.now
        if self._waiting:
            self._look_in(self._repairs.grace_period)

    def changed(self, instance: int) -> None:
        """One that is unhealthy waits for its repair."""
        if self._instances.is_given_up(instance):
            self._waiting.pop(instance, None)  # it may wait from an earlier time on
            self._waiting[instance] = None
            self._look_in(max(0.0, self._due(instance) - self._context.now))

    def look_soon(self) -> None:
        """Look at this instant, once what happens now is over."""
        self._look_in(0.0)

    def look(self) -> None:
        """Repair whoever may be repaired now, in the order in which they turned unhealthy."""
        most = at_most(AT_ONCE, self._instances.count + len(self._instances.reserved))
        left = []
        for each in self._waiting:
            if self._under_way >= most:
                break  # so thousands that wait are not looked at each time
            if not self._instances.is_given_up(each):
                left.append(each)
            elif not self._held(each):
                wait = self._due(each) - self._context.now
                if wait > 0:
                    self._look_in(wait)
                    continue
                left.append(each)
                self._under_way += 1
                self._context.start(self._repair(each))
        for each in left:
            del self._waiting[each]

    def _due(self, instance: int) -> float:
        changed = self._instances.changed_at.get(instance, self._changed)
        return max(self._changed, changed) + self._repairs.grace_period

    def _look_in(self, seconds: float) -> None:
        at = self._context.now + seconds
        if at not in self._planned:
            self._planned.add(at)
            self._context.call(seconds, ACT, self._cause, self._looks)

    def _looks(self, _: ScheduledEvent) -> None:
        self._planned.discard(self._context.now)
        self.look()

    def _repair(self, instance: int) -> Generator[Event, None, None]:
        instances, starts, cause = self._instances, self._starts, self._cause
        version, status = self._version(), REIMAGING
        if self._repairs.action == "replace":
            # Assumption: the new instance takes the number of the one that it replaces.
            gone = Batch(self._context, cause, [instance])
            instances.reserved.add(instance)
            instances.delete(instance, starts, cause, gone)
            yield gone.over
            instances.reserved.discard(instance)
            version, status = self._version(), CREATING
        elif self._repairs.action == "restart":
            version, status = instances.version(instance), RESTARTING
        settled = Batch(self._context, cause, [instance])
        instances.start([instance], version, status, starts, cause, settled)
        yield settled.over
        self._under_way -= 1
        self._repaired()
        self.look()
